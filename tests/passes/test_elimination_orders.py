"""Orders of elimination against figures of the literature, brute force and a plain elimination."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

import graphad as ga
from graphad.passes.elimination_orders import (
    ORDERS,
    Elimination,
    beam,
    find_order,
    markowitz,
    search,
)
from graphad.passes.elimination_structure import (
    Linearized,
    Remaining,
    cost_of,
    useful_edges,
)
from graphad.passes.masks import bits

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CHAIN = Linearized(((), (0,), (1,), (2,)), (0,), (3,))
# Two variables, a waist of two vertices, two rows.
BOW = Linearized(((), (), (0, 1), (2,), (3,), (3,)), (0, 1), (4, 5))


@pytest.fixture
def jacobians(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program that counts multiplications."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("jacobians")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("robot_arm", (278, 266, 205, 181)), ("heart_dipole", (240, 180, 194, 148))],
)
def test_multiplications_as_written(jacobians: Any, name: str, wanted: Sequence[int]) -> None:
    """Forward, reverse and Markowitz take what the literature counts; the search takes less."""
    found = jacobians.counts_as_written(*jacobians.COUNTED[name])
    assert tuple(found[by] for by in ("forward", "reverse", "markowitz", "search")) == wanted


@pytest.mark.parametrize(("name", "most"), [("robot_arm", 169), ("heart_dipole", 112)])
def test_multiplications_simplified(jacobians: Any, name: str, most: int) -> None:
    """Equal values shared and sums of several terms as one vertex take fewer still."""
    found = jacobians.counts_simplified(*jacobians.COUNTED[name])
    assert found["search"][0] == most
    assert found["search"][0] <= min(multiplications for multiplications, _ in found.values())


def eliminated_plainly(linear: Linearized, order: Sequence[int]) -> tuple[int, set[Any]]:
    """Return multiplications, and the edges in the end, by sets of edges."""
    edges = {(i, k) for k, before in enumerate(linear.predecessors) for i in before}
    total = 0
    for vertex in order:
        before = [i for i, k in edges if k == vertex]
        after = [k for i, k in edges if i == vertex]
        total += len(before) * len(after)
        edges = {edge for edge in edges if vertex not in edge}
        edges |= {(i, k) for i in before for k in after}
    return total, edges


@st.composite
def structures(draw: st.DrawFn, most: int = 6) -> Linearized:
    """Random linearised graphs: each intermediate vertex is between a column and a row."""
    inner = draw(st.integers(0, most))
    first, last = 2, 2 + inner
    before: list[tuple[int, ...]] = [(), ()]
    for vertex in range(first, last + 2):
        possible = st.integers(0, min(vertex, last) - 1)
        before.append(tuple(sorted(draw(st.sets(possible, min_size=1, max_size=3)))))
    used = {i for into in before for i in into}
    loose = tuple(vertex for vertex in range(first, last) if vertex not in used)
    before[last] = tuple(sorted({*before[last], *loose}))
    return Linearized(tuple(before), (0, 1), (last, last + 1))


@given(linear=structures())
def test_cost_is_that_of_plain_elimination(linear: Linearized) -> None:
    """Bits count what sets of edges count, in every order, and leave the same edges."""
    for order in (linear.intermediates, linear.intermediates[::-1], markowitz(linear)):
        total, edges = eliminated_plainly(linear, order)
        assert cost_of(linear, order) == total
        remaining = Remaining(linear)
        for vertex in order:
            remaining.eliminate(vertex)
        left = [(i, k) for i, after in enumerate(remaining.successors) for k in bits(after)]
        assert sorted(edges) == left


@given(linear=structures(5))
def test_search_finds_the_best(linear: Linearized) -> None:
    """On small graphs the search finds what trying all orders finds."""
    least = min(cost_of(linear, order) for order in permutations(linear.intermediates))
    assert cost_of(linear, search(linear)) == least
    assert cost_of(linear, find_order(linear, "search", "multiplications")) == least


@given(linear=structures(12), count=st.sampled_from(("operations", "multiplications")))
def test_search_is_never_worse(linear: Linearized, count: str) -> None:
    """Every named order takes each vertex once, and none costs less than that of the search."""
    costs = {}
    for by in ORDERS:
        order = find_order(linear, by, count)
        assert sorted(order) == list(linear.intermediates)
        costs[by] = cost_of(linear, order, count)
    assert costs["search"] == min(costs.values())


@given(linear=structures(8), wanted=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_edges_that_are_in_vain(linear: Linearized, wanted: tuple[int, int]) -> None:
    """An edge is kept where a path from a wanted column to its row may go through it."""
    some = Linearized(linear.predecessors, linear.columns, linear.rows, wanted)
    useful = useful_edges(some)
    size = len(linear.predecessors)
    reach = [{vertex} for vertex in range(size)]  # what is before each vertex
    for vertex, before in enumerate(linear.predecessors):
        for i in before:
            reach[vertex] |= reach[i]
    for i in range(size):
        for k in range(i + 1, size):
            needed = any(
                column in reach[i] and k in reach[row] and wanted[r] >> c & 1
                for r, row in enumerate(linear.rows)
                for c, column in enumerate(linear.columns)
            )
            assert bool(useful[i] >> k & 1) == needed
    assert cost_of(some, linear.intermediates) <= cost_of(linear, linear.intermediates)
    whole = Linearized(linear.predecessors, linear.columns, linear.rows, (3, 3))
    assert cost_of(whole, linear.intermediates) == cost_of(linear, linear.intermediates)


def test_orders_of_a_waist() -> None:
    """The short way through the waist goes first: 2 instead of 4 multiplications."""
    assert cost_of(BOW, (2, 3)) == 2 + 4
    assert cost_of(BOW, (3, 2)) == 2 + 4
    longer = Linearized(((), (), (0, 1), (2,), (3,), (4,), (4,)), (0, 1), (5, 6))
    assert markowitz(longer) == (3, 2, 4)
    assert markowitz(longer, late=True) == (3, 4, 2)
    assert [cost_of(longer, order) for order in ((3, 2, 4), (2, 3, 4), (4, 3, 2))] == [7, 8, 8]


def test_numbers_are_multiplied_beforehand() -> None:
    """Products by ±1 and of numbers are no operations; the literature counts them."""
    signs = Linearized(CHAIN.predecessors, (0,), (3,), (), {(0, 1): True, (1, 2): False})
    assert cost_of(signs, (1, 2), "operations") == 1
    assert cost_of(signs, (2, 1), "operations") == 1
    assert cost_of(signs, (1, 2)) == 2
    all_numbers = Linearized(
        CHAIN.predecessors, (0,), (3,), (), {(0, 1): False, (1, 2): False, (2, 3): False}
    )
    assert cost_of(all_numbers, (2, 1), "operations") == 0


def test_sums_are_operations() -> None:
    """An edge that comes to one that is there is an addition, unless both are numbers."""
    double = Linearized(((), (0,), (0, 1)), (0,), (2,))
    assert cost_of(double, (1,), "operations") == 2
    units = {(0, 1): True, (1, 2): True, (0, 2): True}
    one = Linearized(double.predecessors, (0,), (2,), (), units)
    assert cost_of(one, (1,), "operations") == 0
    remaining = Remaining(one, "operations")
    remaining.eliminate(1)
    assert (remaining.numbers[0], remaining.units[0]) == (0b100, 0)  # 1 + 1 is not ±1


def test_the_same_order_each_time() -> None:
    """The search depends on the graph and the steps, and on nothing else."""
    assert search(BOW) == search(BOW)
    assert search(BOW, steps=0) in {(2, 3), (3, 2)}
    assert beam(BOW, 4) == beam(BOW, 4)


def test_a_limit_on_time_ends_the_search() -> None:
    """Without time, the best of the simple orders is left."""
    assert beam(BOW, 4, expired=lambda: True) is None
    assert sorted(search(BOW, seconds=0.0)) == [2, 3]


def test_nothing_to_eliminate() -> None:
    """A graph without intermediate vertices has one order, the empty one."""
    linear = Linearized(((), (0,)), (0,), (1,))
    assert [find_order(linear, by) for by in ORDERS] == [()] * 4


@pytest.mark.parametrize(
    "record",
    [
        Elimination("search", ((3, 2), (7,)), (6, 1)),
        Elimination("reverse", ((),), (0,)),
        Elimination("markowitz", (), ()),
    ],
)
def test_records_read_back(record: Elimination) -> None:
    """An elimination prints as one line, and is read from it."""
    assert Elimination.parse(str(record)) == record
    assert "\n" not in str(record)


@pytest.mark.parametrize("text", ["", "search 6 [3 2", "search [1]", "search 6 [3,2]", "a b"])
def test_texts_that_are_no_records(text: str) -> None:
    """What is not a record is shown, with what one looks like."""
    with pytest.raises(ga.DerivativeError, match="is not an elimination; it is written as 'searc"):
        Elimination.parse(text)


def test_refusals() -> None:
    """Unknown names, orders of other graphs and graphs that are too large are refused."""
    with pytest.raises(ga.DerivativeError, match="there is no order 'best' of elimination; orders"):
        find_order(CHAIN, "best")
    with pytest.raises(ga.DerivativeError, match="operations or multiplications, and not 'time'"):
        find_order(CHAIN, "search", "time")
    with pytest.raises(
        ga.DerivativeError,
        match=r"the order \(1, 1\) does not name each of the vertices \(1, 2\) once; an order is",
    ):
        find_order(CHAIN, (1, 1))
    size = 20_001
    large = Linearized(((), *[(i,) for i in range(size - 1)]), (0,), (size - 1,))
    with pytest.raises(ga.DerivativeError, match="20,001 vertices are too many to look for an ord"):
        find_order(large, "search")
    assert find_order(large, "reverse")[0] == size - 2
