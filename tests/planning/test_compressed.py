"""Plans of sparse derivatives at array grain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import DerivativeError
from graphad.passes.array_pattern import Entries, array_pattern
from graphad.planning.compressed import LARGE, block_positions, scalar_count
from graphad.planning.target import target_of
from tests.passes.sparse_functions import SPARSE


def chained(x: Any) -> Any:
    """Return a chain of terms of neighbours, whose Hessian has three diagonals."""
    a, b = x[:-1], x[1:]
    return np.sum(0.5 * a * a + np.sin(a * b) + 0.25 * (b - a * a) ** 2)


def test_a_large_hessian() -> None:
    """10,000 variables: found at array grain, in SciPy's form, and right on all three diagonals."""
    x = np.linspace(0.1, 0.9, 10_000)
    plan = ga.trace(chained, x).diff(order=2).plan(layout="csr")
    assert plan.strategy == "compressed"
    assert plan.winner.rays == 2
    assert len(plan.graph) < 60
    found = plan(x)
    assert type(found).__name__ == "csr_array"
    assert found.nnz == 3 * len(x) - 2
    a, b = x[:-1], x[1:]
    sine, cosine = np.sin(a * b), np.cos(a * b)
    diagonal = np.zeros(len(x))
    diagonal[:-1] += 1 - b * b * sine - (b - a * a) + 2 * a * a
    diagonal[1:] += 0.5 - a * a * sine
    beside = cosine - a * b * sine - a
    np.testing.assert_allclose(found.diagonal(), diagonal, rtol=1e-12)
    np.testing.assert_allclose(found.diagonal(1), beside, rtol=1e-12, atol=1e-15)
    assert np.array_equal(found.diagonal(-1), found.diagonal(1))


def test_the_table_says_so() -> None:
    """The table shows directions and why scalars were not looked at."""
    plan = ga.trace(chained, np.zeros(2_000)).diff(order=2).plan(layout="coo")
    shown = plan.explain()
    assert "all others  scalar  not tried: the function alone is about 25,991 scalars" in shown
    assert "compressed: 2 directions of moved inputs for 3,999 entries" in shown
    assert "no other way is followed" in plan.reason


@pytest.mark.parametrize(
    ("function", "order", "said"),
    [
        (lambda x: np.sum(np.sin(x)), 1, "1 direction of rows for 4 entries"),
        (lambda x: np.sin(x), 2, "1 direction of variables for 4 entries"),
        (lambda x: np.exp(x * x[0]), 2, "2 directions of moved inputs by 4 of rows for 10 entries"),
    ],
)
def test_directions_are_told(function: Any, order: int, said: str) -> None:
    """The table ends with what the directions are of, and for how many entries."""
    derivative = ga.trace(function, np.zeros(4)).diff(order=order)
    assert derivative.plan(layout="coo", mode="compressed").winner.detail == said


@pytest.mark.parametrize("layout", ["dense", "packed", "coo"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", SPARSE)
def test_layouts(name: str, order: int, layout: str) -> None:
    """Every layout gives what `.diff()` gives, in the same nesting."""
    case = SPARSE[name]
    point = case.point(6)
    derivative = ga.trace(case.function, *point).diff(order=order)
    plan = derivative.plan(layout=layout, mode="compressed")
    assert plan.strategy == "compressed"
    found = plan.unpack(plan(*point)) if layout == "packed" else plan(*point)
    waiting = [(found, derivative(*point))]
    while waiting:
        left, right = waiting.pop()
        if isinstance(right, tuple):
            waiting.extend(zip(left, right, strict=True))
            continue
        if isinstance(left, tuple):  # a number has no sparse array
            left = np.sum(left[0])
        made = left.toarray() if hasattr(left, "toarray") else np.asarray(left)
        assert made.shape == np.shape(right)
        np.testing.assert_allclose(made, right, rtol=1e-11, atol=1e-12)


def test_listed_entries() -> None:
    """Listed entries come in their order, zeros among them."""
    x = np.linspace(0.1, 0.9, 8)
    second = ga.trace(chained, x).diff(order=2)
    plan = second.plan(mode="compressed", entries=[(3, 2), (0, 7), (2, 3), (4, 4)])
    dense = second(x)
    np.testing.assert_allclose(plan(x), [dense[2, 3], 0.0, dense[2, 3], dense[4, 4]], rtol=1e-13)
    assert plan.layout == "entries"


def test_small_functions_are_counted() -> None:
    """A small function is derived both ways, and the least wins."""
    plan = ga.trace(chained, np.zeros(5)).diff(order=2).plan(layout="csr")
    totals = {item.name: item.cost.total for item in plan.candidates if item.cost is not None}
    assert "compressed" in totals
    assert len(totals) > 3
    assert totals[plan.strategy] == min(totals.values())


def test_what_is_not_sparse_goes_to_scalars() -> None:
    """A small function that is not sparse is planned as ever."""
    graph = ga.trace(lambda x: np.prod(x) * np.sum(x), np.ones(4))
    plan = graph.diff(order=2).plan(layout="coo")
    np.testing.assert_allclose(plan(np.ones(4)).toarray(), graph.diff(order=2)(np.ones(4)))


@pytest.mark.parametrize(
    ("order", "options", "message"),
    [
        (2, {"layout": "distinct"}, 'mode "compressed" does not give this: gives any layout but'),
        (3, {"layout": "coo"}, "give derivatives of order 1 and 2, and not 3; derive higher ones"),
    ],
)
def test_refusals(order: int, options: dict[str, Any], message: str) -> None:
    """What the mode does not give is refused when it is asked for."""
    derivative = ga.trace(chained, np.zeros(4)).diff(order=order)
    with pytest.raises(DerivativeError, match=message):
        derivative.plan(mode="compressed", **options)


def test_positions_in_blocks() -> None:
    """Entries stand in the blocks of their inputs, mirrored where a block is by one input twice."""
    graph = ga.trace(lambda x, y: np.sum(x[1:] * x[:-1]) * y, np.zeros(2), 0.0)
    second = graph.diff(order=2)
    assert second.derivation is not None
    target = target_of(second, graph, second.derivation.leaves)
    entries: Entries = array_pattern(graph, 2)
    assert entries.indices.tolist() == [[0, 1], [0, 2], [1, 2]]
    found = [tuple(x.tolist() for x in block_positions(one, entries)) for one in target.blocks]
    assert found == [([1, 2], [0, 0]), ([0, 1], [1, 2]), ([0, 1], [1, 2]), ([], [])]


def test_scalars_are_counted() -> None:
    """The size of a function is that of all its values."""
    graph = ga.trace(chained, np.zeros(10))
    assert scalar_count(graph) < LARGE
    assert scalar_count(graph) == sum(node.type.size for node in graph.nodes)
