"""What is asked for, what a lowered graph has, and how entries are given."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.builder import Builder
from graphad.evaluate import Program
from graphad.op import OPS
from graphad.passes.entries import (
    count_unique,
    entry_dtype,
    finish_entries,
    request,
    scalars,
    unique_indices,
)
from tests.passes.graphs import graph_of, typed


@pytest.mark.parametrize("variables", [0, 1, 3])
@pytest.mark.parametrize("order", [0, 1, 2, 4])
def test_counts(variables: int, order: int) -> None:
    """As many sorted multi-indices are listed as are counted, in lexicographic order."""
    found = unique_indices(variables, order)
    assert found == sorted(combinations_with_replacement(range(variables), order))
    assert count_unique(variables, order) == len(found)


def test_requests() -> None:
    """All rows and indices by all inputs, those of some inputs, or what is listed."""
    graph = ga.trace(lambda x, y: (x * y, y), np.zeros(2), 0.0)
    whole = request(graph, 1)
    assert whole.wrt == ("x", "y")
    assert whole.entries == tuple((row, (i,)) for row in range(3) for i in range(3))
    assert request(graph, 2, "y").entries == ((0, (0, 0)), (1, (0, 0)), (2, (0, 0)))
    listed: Any = [(np.int64(2), [0, np.int64(1)]), (0, (1, 1))]
    assert request(graph, 2, None, listed).entries == ((2, (0, 1)), (0, (1, 1)))
    assert request(graph, 0).entries == ((0, ()), (1, ()), (2, ()))


@pytest.mark.parametrize(
    "entry", [(0, (1, 0)), (0, (0,)), (0, (0, 3)), (3, (0, 0)), (-1, (0, 0)), (0, (-1, 0))]
)
def test_entries_that_are_not_there(entry: Any) -> None:
    """Rows, orders, variables and sorting are checked."""
    graph = ga.trace(lambda x, y: (x * y, y), np.zeros(2), 0.0)
    message = "among the derivatives of order 2 of 3 rows by 3 variables; indices are sorted"
    with pytest.raises(ga.DerivativeError, match=message):
        request(graph, 2, entries=[entry])


def test_refusals() -> None:
    """Negative orders, several dtypes and inputs that are not there are named."""
    graph = ga.trace(lambda x: x * x, 0.0)
    with pytest.raises(ga.DerivativeError, match="0, 1, 2, … and not -1"):
        request(graph, -1)
    with pytest.raises(ga.DerivativeError, match="'q'"):
        request(graph, 1, "q")
    mixed = graph_of(lambda x, y: x * 2.0, "[]", "f32[]")
    with pytest.raises(ga.DerivativeError, match=r"f has float32, float64; use \.diff"):
        request(mixed, 1)


def test_scalars() -> None:
    """Variables are the elements of the inputs; None where nothing depends on one."""
    graph = ga.trace(lambda x, y: (np.exp(x[1]) * y, x[:0], x), np.zeros(2), 0.0)
    lowered = scalars(graph, ("y", "x"))
    assert [None if node is None else node.op.name for node in lowered.variables] == [
        "input",
        "element",
        "element",
    ]
    assert len(lowered.rows) == 3
    assert scalars(ga.trace(lambda x: x[1] * 2, np.zeros(2)), ("x",)).variables[0] is None


def test_finish_entries() -> None:
    """Structural zeros are the constant 0 of the dtype; no entries are an empty vector."""
    graph = graph_of(lambda x: OPS["sin"](x), "f32[]")
    b = Builder()
    x = b.input("x", typed("f32[]"))
    made = finish_entries(b, graph, [x, None, x.node])
    assert Program(made)(np.float32(2))[0].tolist() == [2.0, 0.0, 2.0]
    assert str(made.outputs[0].type) == "f32[3]"
    b = Builder()
    b.input("x", typed("f32[]"))
    assert str(finish_entries(b, graph, []).outputs[0].type) == "f32[0]"
    assert entry_dtype(graph) == np.float32
