"""Passes, text and structure on the derivatives of whole functions."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import graphad as ga
from tests.acceptance.functions import CASES, Case

KEEPING = sorted(name for name, entry in ga.PASSES.items() if entry.preserves)
SCALAR = "fold,simplify,scalarize,simplify,collect,symmetry,cse"


@cache
def derivatives(case: Case) -> list[ga.Graph]:
    """Return a function and its derivatives of orders 1 to 3, the last of them not simplified."""
    graph = ga.trace(case.function, *case.point)
    first = graph.diff()
    second = first.diff()
    return [graph, first, second, second.diff(optimize=False)]


def flat(nested: Any) -> list[Any]:
    """Return the arrays of nested tuples, left to right."""
    if isinstance(nested, tuple):
        return [array for item in nested for array in flat(item)]
    return [np.asarray(nested)]


def same_values(one: ga.Graph, other: ga.Graph, case: Case) -> None:
    """Assert that two graphs give the same at a case's point, but for rounding."""
    for a, b in zip(flat(one(*case.point)), flat(other(*case.point)), strict=True):
        assert a.shape == b.shape
        size = np.max(abs(b), initial=1e-300)
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13 * size)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_pass_keeps_values(case: Case) -> None:
    """Each registered pass alone keeps values, inputs and nesting of derivatives."""
    for graph in derivatives(case)[:3]:
        for name in KEEPING:
            made = graph.run(name)
            same_values(made, graph, case)
            assert made.input_names == graph.input_names
            assert made.tree == graph.tree


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_scalar_grain(case: Case) -> None:
    """With a node for each number, second derivatives are the same."""
    second = derivatives(case)[2]
    scalars = second.run(SCALAR)
    same_values(scalars, second, case)
    assert all(node.type.shape == () or node.op.name in ("input", "pack") for node in scalars.nodes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_simplified_third_derivative(case: Case) -> None:
    """What `diff` does to the raw rewriting keeps the values, and makes it no dearer."""
    raw = derivatives(case)[3]
    made = raw.report().graph
    same_values(made, raw, case)
    assert made.cost().total <= raw.cost().total


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_text(case: Case) -> None:
    """Derivatives of orders 0 to 3 come back from their text, and their text from that."""
    for graph in derivatives(case):
        text = str(graph)
        again = ga.parse(text)
        assert again == graph
        assert str(again) == text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_declared_symmetries(case: Case) -> None:
    """Axes that a graph says may be interchanged may be."""
    declared = 0
    for graph in derivatives(case)[2:]:
        for block, groups in zip(flat(graph(*case.point)), graph.symmetry, strict=True):
            for left, right in [pair for group in groups for pair in pairwise(group)]:
                axes = list(range(block.ndim))
                for a, b in zip(left, right, strict=True):
                    axes[a], axes[b] = b, a
                declared += 1
                size = np.max(abs(block), initial=1e-300)
                np.testing.assert_allclose(
                    block.transpose(axes), block, rtol=1e-12, atol=1e-13 * size
                )
    if any(np.ndim(x) for x in case.point):
        assert declared
