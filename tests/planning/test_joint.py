"""Several orders at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import DerivativeError
from graphad.planning.joint import joint_graph
from graphad.planning.target import target_of, whole_target
from tests.acceptance.test_composed import flat

POINT = np.array([0.7, -0.4, 0.9])


def f(x: Any) -> Any:
    """Return a function whose derivatives share much."""
    return np.log(np.sum(np.exp(x))) * x[0]


@pytest.mark.parametrize("layout", ["dense", "packed"])
def test_orders_are_those_of_single_plans(layout: str) -> None:
    """Each order is what its own plan gives, and all of them cost less together."""
    graph = ga.trace(f, POINT)
    orders = (0, 1, 2, 3)
    made = joint_graph([whole_target(graph, order) for order in orders], layout)
    plans = [graph.diff(order=order).plan(layout=layout) for order in orders]
    for found, plan in zip(made(POINT), plans, strict=True):
        np.testing.assert_allclose(found, plan(POINT), rtol=1e-12)
        assert np.shape(found) == np.shape(plan(POINT))
    assert made.cost().total < sum(plan.cost().total for plan in plans)


def test_several_inputs_nest_as_diff_does() -> None:
    """Results are nested tuples like those of `diff`, one for each order."""
    graph = ga.trace(lambda x, y: (x * np.sum(y), np.sin(x)), 0.3, np.array([0.5, 0.2]))
    point = (0.3, np.array([0.5, 0.2]))
    made = graph.compile(orders=(0, 2))
    for found, order in zip(made(*point), (0, 2), strict=True):
        expected = graph.diff(order=order)(*point)
        for left, right in zip(flat(found), flat(expected), strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-14)
            assert left.shape == right.shape


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_whole_targets(order: int) -> None:
    """A target made from inputs and an order is that of the derivative graph."""
    graph = ga.trace(lambda x, y: (x * y, np.sin(x) * np.sum(y)), 0.3, np.zeros(2))
    derivative = graph.diff(order=order)
    history = derivative.derivation.leaves if derivative.derivation else ()
    if order:
        assert whole_target(graph, order) == target_of(derivative, graph, history)
    assert whole_target(graph, order).order == order


def test_one_polynomial_gives_all_orders() -> None:
    """All derivatives of a function of one variable cost little more than the last."""
    graph = ga.trace(lambda t: np.exp(np.sin(t)) * np.log1p(t * t))
    made = graph.compile(orders=range(13))
    last = graph.diff(order=12).plan().cost().total
    assert made.graph.cost().total < 2 * last
    expected = [graph.diff(order=order)(1.1) for order in range(13)]
    np.testing.assert_allclose(made(1.1), expected, rtol=1e-12)


def test_refusals() -> None:
    """Layouts that several orders do not come in are refused."""
    with pytest.raises(DerivativeError, match='layouts dense, packed, distinct, and not "csr"'):
        ga.trace(f, POINT).compile("csr", orders=(1, 2))
    with pytest.raises(DerivativeError, match="more than 1,073,741,824; ask for"):
        ga.trace(lambda x: np.sum(x**4), np.zeros(300)).compile(orders=(0, 4))
