"""Patterns on arrays: against patterns of scalars, values, and by hand for large ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.errors import DerivativeError
from graphad.ir import Graph
from graphad.op import Array
from graphad.passes import array_pattern as module, nested
from graphad.passes.array_pattern import Entries, array_pattern
from graphad.passes.entries import Entry, request
from graphad.passes.pattern import pattern
from tests.passes.functions import CASES
from tests.passes.sparse_functions import SPARSE
from tests.strategies import arguments, graphs


def listed(found: Entries) -> list[Entry]:
    """Return entries as tuples."""
    indices = map(tuple, found.indices.tolist())
    return list(zip(found.rows.tolist(), indices, strict=True))


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", SPARSE)
def test_patterns_are_those_of_scalars(name: str, order: int) -> None:
    """What is found on arrays is what is found scalar by scalar."""
    case = SPARSE[name]
    graph = ga.trace(case.function, *case.point(6))
    assert listed(array_pattern(graph, order)) == pattern(graph, order)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_missed(name: str, order: int) -> None:
    """Entries that scalars have are found on arrays too, in lexicographic order."""
    graph = CASES[name].graph
    found = listed(array_pattern(graph, order))
    assert set(pattern(graph, order)) <= set(found)
    assert found == sorted(found)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_nothing_is_missed_on_random_graphs(data: st.DataObject) -> None:
    """Entries with a value other than zero are in the pattern, whatever the graph."""
    graph: Graph = data.draw(graphs(steps=6, grain="array", max_inputs=2))
    if any(node.type.dtype != np.float64 for node in graph.outputs):
        return
    point = data.draw(arguments(graph))
    for order in (1, 2):
        entries = request(graph, order).entries
        if len(entries) > 3_000:
            continue
        found = set(listed(array_pattern(graph, order)))
        assert set(pattern(graph, order)) <= found
        with np.errstate(all="ignore"):
            (values,) = _run(nested(graph, order), point)
        there = {entry for entry, value in zip(entries, values, strict=True) if value != 0}
        assert there <= found


def _run(graph: Graph, point: tuple[Array, ...]) -> list[Array]:
    from graphad.evaluate.interpreter import Program

    return list(Program(graph)(*point))


def test_a_large_band() -> None:
    """A chain of 10,000 has a diagonal and one beside it."""
    n = 10_000
    graph = ga.trace(lambda x: np.sum(np.sin(x[:-1] * x[1:])), np.zeros(n))
    found = array_pattern(graph, 2)
    i = np.arange(n)
    expected = np.concatenate([np.stack([i, i], 1), np.stack([i[:-1], i[1:]], 1)])
    order = np.lexsort((expected[:, 1], expected[:, 0]))
    assert np.array_equal(found.indices, expected[order])
    assert not found.rows.any()
    assert array_pattern(graph, 1).indices[:, 0].tolist() == i.tolist()


def test_some_inputs_and_constants() -> None:
    """Only what is asked for counts; what depends on nothing has no entries."""
    graph = ga.trace(lambda x, y: (x * y, y**2, 3.0), np.zeros(2), np.zeros(2))
    assert listed(array_pattern(graph, 1, "y")) == [(0, (0,)), (1, (1,)), (2, (0,)), (3, (1,))]
    assert listed(array_pattern(graph, 2, "x")) == []
    assert listed(array_pattern(graph, 2, ("x", "y"))) == [
        (0, (0, 2)),
        (1, (1, 3)),
        (2, (2, 2)),
        (3, (3, 3)),
    ]
    assert listed(array_pattern(ga.trace(lambda x: np.ones(2), np.zeros(2)), 1)) == []
    assert listed(array_pattern(ga.trace(lambda x: np.sum(x**2), np.zeros(0)), 2)) == []


def test_long_products() -> None:
    """A product of many factors counts as any function of them, with the diagonal."""
    graph = ga.trace(lambda x: np.prod(x), np.zeros(40))
    few = pattern(graph, 2)
    assert set(few) <= set(listed(array_pattern(graph, 2)))


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other orders and what is not sparse are refused, with what to ask for instead."""
    graph = ga.trace(lambda x: np.sum(x) ** 3, np.zeros(20))
    with pytest.raises(DerivativeError, match=r"are of order 1 or 2, and not 3; pattern\(\)"):
        array_pattern(graph, 3)
    monkeypatch.setattr(module, "SPARSE_FROM", 100)
    with pytest.raises(
        DerivativeError, match=r"210 of 210 second derivatives of .* not sparse; ask"
    ):
        array_pattern(graph, 2)
