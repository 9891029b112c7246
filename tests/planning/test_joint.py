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


def process(x: Any) -> Any:
    """Return a likelihood that takes a Cholesky factor."""
    times = np.linspace(0, 1, 30)
    kernel = np.exp(x[0] - 0.5 * ((times[:, None] - times) / np.exp(x[1])) ** 2)
    factor = np.linalg.cholesky(kernel + np.exp(x[2]) * np.eye(30))
    residual = np.linalg.solve(factor, np.sin(6 * times))
    return 0.5 * residual @ residual + np.log(np.diag(factor)).sum()


ARRAYS: dict[str, Any] = {
    "cholesky": process,
    "fft": lambda x: np.sum(np.abs(np.fft.rfft(x)) ** 2) * x[0],
    "eigh": lambda x: np.linalg.eigvalsh(np.outer(x, x) + np.diag([1.0, 2.0, 3.0]))[0],
    "sort": lambda x: np.sum(x[np.argsort(x)][1:] ** 3),
    "complex": lambda x: np.abs(x[0] + 1j * x[1] * x[2]) ** 2,
    "solve": lambda x: np.linalg.solve(np.eye(5) * (1 + x @ x) + 0.1, np.ones(5)) @ np.ones(5),
}
"""Functions that have no form in scalars, or none that is analytic."""


@pytest.mark.parametrize("layout", ["dense", "packed"])
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_where_scalars_do_not_do(name: str, layout: str) -> None:
    """All orders at once, and a packed Hessian, are those of `.diff()` one by one."""
    graph = ga.trace(ARRAYS[name], POINT)
    found = graph.compile(layout, orders=(0, 1, 2))(POINT)
    alone = graph.diff(order=2).compile(layout)(POINT)
    hessian = graph.diff(order=2)(POINT)
    expected = hessian if layout == "dense" else hessian[np.triu_indices(3)]
    for item, right in zip(
        (*found, alone), (graph(POINT), graph.diff()(POINT), expected, expected), strict=True
    ):
        np.testing.assert_allclose(item, right, rtol=1e-9, atol=1e-12)
        assert np.shape(item) == np.shape(right)


def test_arrays_share_what_orders_have_in_common() -> None:
    """Together, derivatives at array grain take fewer operations than one by one."""
    graph = ga.trace(process, POINT)
    together = joint_graph([whole_target(graph, order) for order in (0, 1, 2)], "dense")
    alone = [graph.diff(order=order).cost().total for order in (0, 1, 2)]
    assert together.cost().total < 0.9 * sum(alone)


def test_arrays_nest_as_diff_does() -> None:
    """Several inputs and outputs at array grain, of a derivative in turn, nest as ever."""
    graph = ga.trace(lambda a, b: (np.linalg.det(a) * b, np.sort(b)), np.eye(4), np.ones(2))
    point = (np.eye(4) + 0.1, np.array([3.0, 1.0]))
    for base in (graph, graph.diff("b")):
        made = base.compile(orders=(2, 0))(*point)
        for found, order in zip(made, (2, 0), strict=True):
            for left, right in zip(flat(found), flat(base.diff(order=order)(*point)), strict=True):
                np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-10)
                assert left.shape == right.shape


def test_large_data_stays_an_array(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of a large matrix is not taken apart, and its orders are a few loops."""

    def refuse(*args: Any) -> None:
        raise AssertionError("it was taken apart")

    monkeypatch.setattr("graphad.planning.joint.estimate", refuse)
    data = np.random.default_rng(0).standard_normal((1000, 20))
    graph = ga.trace(lambda b: np.sum(np.logaddexp(0, data @ b)), np.zeros(20))
    made = joint_graph([whole_target(graph, order) for order in (0, 1, 2)], "packed")
    assert len(made) < 40
    values = made(np.ones(20))
    expected = graph.diff(order=2)(np.ones(20))[np.triu_indices(20)]
    np.testing.assert_allclose(values[2], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("layout", "orders", "message"),
    [
        (
            "distinct",
            (0, 1, 2),
            (
                r"^the orders 0, 1, 2 of process at once have no form in the layout .* is not made "
                r'of scalars .*; ask for the layout "dense" or "packed"$'
            ),
        ),
        ("dense", (), r"^orders= names no order; write orders=\(0, 1, 2\), say$"),
    ],
)
def test_refusals_of_arrays(layout: str, orders: tuple[int, ...], message: str) -> None:
    """What has no form is refused in one sentence that says what to ask for."""
    with pytest.raises(DerivativeError, match=message):
        ga.trace(process, POINT).compile(layout, orders=orders)


def test_a_layout_without_a_form() -> None:
    """A single order in a layout of scalars only is refused alike."""
    graph = ga.trace(ARRAYS["sort"], POINT)
    with pytest.raises(DerivativeError, match=r'no form in the layout "coo": .*; ask for the'):
        graph.diff(order=2).plan("coo")
