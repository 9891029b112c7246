"""Symbols against numbers, and orders that share against what is left after simplification."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, strategies as st

import graphad as ga
from benchmarks.workloads import robot_arm
from graphad.passes import Pipeline, eliminate
from graphad.passes.eliminate import PREPARED, eliminated
from graphad.passes.elimination_sharing import Shared, Symbol, Symbols
from graphad.passes.elimination_structure import Linearized
from tests.passes.graphs import graph_of

STEPS = st.lists(
    st.tuples(st.sampled_from("+-*"), st.integers(0, 99), st.integers(0, 99)), max_size=12
)


@given(steps=STEPS)
def test_equal_symbols_are_equal_values(steps: list[tuple[str, int, int]]) -> None:
    """Values that get one symbol are one number, and opposite signs are opposite numbers."""
    symbols = Symbols()
    numbers = [Fraction(7, 3), Fraction(-5, 11), Fraction(2), Fraction(1), Fraction(-1)]
    made: list[Symbol] = [symbols.fresh(), symbols.fresh(), (1, 2.0), (1, 1.0), (-1, 1.0)]
    for op, i, j in steps:
        i, j = i % len(made), j % len(made)
        if op == "*":
            made.append(symbols.product(made[i], made[j]))
            numbers.append(numbers[i] * numbers[j])
        else:
            sign = 1 if op == "+" else -1
            made.append(symbols.total([made[i], (sign * made[j][0], made[j][1])]))
            numbers.append(numbers[i] + sign * numbers[j])
    known: dict[Any, Fraction] = {}
    for (sign, value), number in zip(made, numbers, strict=True):
        key = type(value), value
        assert known.setdefault(key, sign * number) == sign * number
        assert not isinstance(value, float) or value == abs(number)


def test_what_is_known_costs_nothing() -> None:
    """Products count once in any order and with any sign; numbers and ±1 do not count."""
    symbols = Symbols()
    x, y = symbols.fresh(), symbols.fresh()
    first = symbols.product(x, y)
    assert symbols.product((-1, y[1]), x) == (-1, first[1])
    assert symbols.product(x, (-1, 1.0)) == (-1, x[1])
    assert symbols.product((-1, 3.0), (1, 2.0)) == (-1, 6.0)
    assert symbols.spent == 1
    total = symbols.total([x, (-1, y[1])])
    assert symbols.total([y, (-1, x[1])]) == (-total[0], total[1])
    assert symbols.spent == 2
    assert symbols.total([x, (-1, x[1])]) == (1, 0.0)
    assert symbols.total([x, x, y]) != symbols.total([x, y])
    assert symbols.spent == 5  # 2·x + y and x + y
    symbols.keep()
    symbols.total([x, x, x])
    assert symbols.spent == 1
    symbols.forget()
    assert symbols.spent == 0
    symbols.product(x, y)
    assert symbols.spent == 0


def test_constants_and_values_are_told_apart() -> None:
    """The number 2.0 is not the second value."""
    symbols = Symbols()
    x, y = symbols.fresh(), symbols.fresh()
    assert y[1] == 2
    assert symbols.product(x, (1, 2.0)) != symbols.product(x, y)


def test_nodes_of_a_graph() -> None:
    """What is equal by sharing, signs and the order of operands is one symbol."""
    graph = graph_of(lambda x, y: (x * y - y, y - y * x, -(x * y), x * y * 2.0), "[]", "[]")
    found = Symbols().of_nodes(graph.nodes)
    difference, reverse, negative, double = [found[node.id] for node in graph.outputs]
    product = found[graph.outputs[2].inputs[0].id]
    assert reverse == (-difference[0], difference[1])
    assert negative == (-product[0], product[1])
    assert double[1] not in {product[1], difference[1]}


def test_equal_edges_share() -> None:
    """Two variables that come in by equal edges cost no more than one."""
    linear = Linearized(((), (), (0, 1), (2,)), (0, 1), (3,))
    x, y, z = (1, 1), (1, 2), (1, 3)
    useful = [15] * 4
    assert Shared(linear, Symbols(), [{2: x}, {2: y}, {3: z}, {}], useful).cost((2,)) == 2
    equal = Shared(linear, Symbols(), [{2: x}, {2: (-1, 1)}, {3: z}, {}], useful)
    assert equal.cost((2,)) == 1
    assert equal.cost((2,)) == 1  # nothing is left over from the time before
    assert equal.improve((2,), 100) == (2,)


def test_moves_find_better_orders() -> None:
    """A chain of values between two variables and two rows is eliminated from its middle."""
    predecessors = ((), (), (0, 1), *[(i,) for i in range(2, 8)], (8,), (8,))
    linear = Linearized(predecessors, (0, 1), (9, 10))
    symbols = Symbols()
    edges: list[dict[int, Symbol]] = [{} for _ in predecessors]
    for k, before in enumerate(predecessors):
        for i in before:
            edges[i][k] = symbols.fresh()
    shared = Shared(linear, symbols, edges, [(1 << 11) - 1] * 11)
    start = linear.intermediates
    best = shared.improve(start, 20_000)
    assert (shared.cost(start), shared.cost(best)) == (16, 5 + 2 + 4)
    assert shared.improve(start, 20_000) == best
    assert shared.improve(start, 20_000, seconds=-1.0) == start


def test_the_search_leaves_fewest_operations() -> None:
    """Two joints of the arm turn about parallel axes; orders that share that win."""
    graph = ga.trace(robot_arm, np.zeros(6) + 0.1)
    made, record = eliminated(graph)
    left = {"search": Pipeline(PREPARED)(made).cost().total}
    for by in ("forward", "reverse", "markowitz"):
        left[by] = Pipeline(PREPARED)(eliminate(graph, by=by)).cost().total
    assert left["search"] < min(left["forward"], left["reverse"], left["markowitz"])
    assert left["search"] <= 180
    assert sorted(record.orders[0]) == sorted(eliminated(graph, by="forward")[1].orders[0])
