"""The reference evaluator: one NumPy call per node, in arrays that are written again and again."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.errors import InputError, MatrixError
from graphad.evaluate.failures import explained
from graphad.evaluate.plan import (
    BINARY,
    BINARY_INTO,
    DROP,
    GENERAL,
    ITEM,
    UNARY,
    UNARY_INTO,
    Step,
    make_plan,
)
from graphad.ir import Graph
from graphad.op import Array

KEPT_SETS = 8
"""At most so many sets of registers are kept for later calls, one for each call at a time."""
KEPT_BYTES = 1 << 28
"""Sets of registers whose buffers are larger are not kept."""


class Program:
    """A graph made ready to be evaluated many times, from several threads if need be.

    Parameters
    ----------
    graph : Graph
        What to evaluate.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> Program(b.finish("f", [x * x, x + 1]))(np.float64(3.0))
    [np.float64(9.0), np.float64(4.0)]
    """

    def __init__(self, graph: Graph) -> None:
        plan = make_plan(graph)
        self._steps = plan.steps
        self._inputs = tuple(
            [
                (register, None if node.type.shape else node.type.dtype.type)
                for register, node in zip(plan.inputs, graph.inputs, strict=True)
            ]
        )
        self._outputs = plan.outputs
        self._cleared = plan.cleared
        self._registers = plan.registers
        self._name = graph.name
        self._graph = graph
        self._pool: list[list[Any]] = [plan.registers.make()]

    def __call__(self, *arrays: Array) -> list[Any]:
        """Return the values of the outputs: arrays of their own, NumPy scalars for the shape ().

        Parameters
        ----------
        *arrays : array
            One for each input, of just its shape and dtype; they are only read.

        Raises
        ------
        InputError
            If there are not as many arrays as inputs. Their types are not looked at.
        MatrixError
            If a matrix cannot be inverted or factorised.
        """
        if len(arrays) != len(self._inputs):
            raise InputError(
                f"graph {self._name} takes {len(self._inputs)} inputs, not {len(arrays)}"
            )
        try:
            held = self._pool.pop()
        except IndexError:
            held = self._registers.make()
        for (register, scalar), array in zip(self._inputs, arrays, strict=True):
            held[register] = array if scalar is None else scalar(array)
        with np.errstate(all="ignore"):
            try:
                _run(self._steps, held)
            except np.linalg.LinAlgError as error:
                if isinstance(error, MatrixError):  # of a graph within this one
                    raise
                raise explained(self._graph, arrays, error) from error
        results = [
            np.array(held[register], order="C") if copied else held[register]
            for register, copied in self._outputs
        ]
        for register in self._cleared:
            held[register] = None
        if len(self._pool) < KEPT_SETS and self._registers.buffer_bytes <= KEPT_BYTES:
            self._pool.append(held)
        return results


def _run(steps: list[Step], held: list[Any]) -> None:
    """Take the steps; the commonest kinds are asked for first."""
    for kind, run, out, a, b in steps:
        if kind == BINARY:
            held[out] = run(held[a], held[b])
        elif kind == UNARY:
            held[out] = run(held[a])
        elif kind == BINARY_INTO:
            run(held[a], held[b], out=held[out])
        elif kind == UNARY_INTO:
            run(held[a], out=held[out])
        elif kind == ITEM:
            held[out] = held[a][b]
        elif kind == GENERAL:
            held[out] = run(*[held[register] for register in a], *b)
        elif kind == DROP:
            held[out] = None
        else:  # SCALAR
            held[out] = run(*[held[register] for register in a], *b)[()]


def program_of(graph: Graph) -> Program:
    """Return the program of a graph, made at the first call and kept with the graph."""
    program: Program | None = graph._cache.get("program")
    if program is None:
        program = graph._cache["program"] = Program(graph)
    return program
