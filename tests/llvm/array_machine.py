"""Programs of array graphs that run in memory with guards, for tests of machine code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.evaluate import Program
from graphad.ir import Graph
from graphad.llvm import array_roles
from graphad.llvm.array_program import ArrayProgram
from graphad.llvm.engine import host
from tests.llvm.machine import Guarded, guarded_copy

Array = np.ndarray[Any, Any]
WIDTH = host().width
TAILS = tuple(range(1, 3 * WIDTH + 1))
LOOPS_FOR_ALL = {"FEW": 1, "ROWS": 2, "NAMED": 4, "TERMS": 3, "MULTIPLIED": 2, "FEW_SUMS": 1}
"""Limits of `array_roles` with which small arrays are treated like large ones."""


def set_limits(monkeypatch: Any, limits: dict[str, int]) -> None:
    """Treat arrays by other limits for the time of a test."""
    for name, limit in limits.items():
        monkeypatch.setattr(array_roles, name, limit)


def guarded_run(graph: Graph, points: Sequence[Array], count: int, at_end: bool) -> list[Array]:
    """Return the outputs of a program at points whose memory ends, or begins, at a guard.

    Parameters
    ----------
    graph : Graph
        What is compiled.
    points : sequence of numpy.ndarray
        For each input, all points along the first axis.
    count : int
        How many there are.
    at_end : bool
        Which guard.
    """
    program = ArrayProgram(graph, 0)
    inputs = [guarded_copy(np.ascontiguousarray(array), at_end) for array in points]
    outputs = []
    for node in graph.outputs:
        memory = Guarded(count * node.type.size)
        flat = memory.at_end if at_end else memory.at_start
        outputs.append(flat.reshape(count, *node.type.shape))
        flat[:] = np.nan
    memory = Guarded(program.work)
    work = memory.at_end if at_end else memory.at_start
    space = program.space()
    where = (*space.where[:2], work.__array_interface__["data"][0])
    steps = [node.type.size for node in graph.inputs]
    program(inputs, outputs, steps, count, space._replace(work=work, where=where))
    return outputs


def reference(graph: Graph, points: Sequence[Array], count: int) -> list[Array]:
    """Return what the interpreter gives, point by point."""
    program = Program(graph)
    rows = [program(*[array[i] for array in points]) for i in range(count)]
    return [np.array([row[j] for row in rows]) for j in range(len(graph.outputs))]


def check(graph: Graph, count: int = 1, seed: int = 0, tolerance: float = 1e-12) -> None:
    """Assert that a program gives what the interpreter gives, within its memory."""
    rng = np.random.default_rng(seed)
    points = [rng.uniform(-1, 1, (count, *node.type.shape)) for node in graph.inputs]
    expected = reference(graph, points, count)
    for at_end in (True, False):
        found = guarded_run(graph, points, count, at_end)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
