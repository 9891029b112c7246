"""Diagonals and sums of outer products are found: operations beside those of code by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga

N = 40
M = 70
HAND = 1.5
"""At most so many times the operations of the derivative written by hand."""
ARITHMETIC = {"add", "subtract", "multiply", "divide", "where", "mask", "sum", "negative"}

ELEMENTWISE: list[tuple[str, Callable[[Any], Any], int]] = [
    # each with the operations of one element of its derivative, written by hand with what it shares
    ("tanh", np.tanh, 3),  # t = tanh x; 1 - t·t
    ("sin_squares", lambda x: np.sin(x) * x**2, 7),  # x·(2·sin x + x·cos x), with a spare
    ("bell", lambda x: np.exp(-(x**2) / 2), 4),  # -x·exp(-x·x/2)
    ("weighted", lambda x: np.linspace(1, 2, N) * np.log1p(np.exp(x)), 4),  # w / (1 + exp(-x))
    ("silu", lambda x: x / (1 + np.exp(-x)), 7),  # s = 1/(1 + e); s·(1 + x·(1 - s)), and e
    ("rational", lambda x: (x**3 - 2 * x) / (1 + x**2), 11),
    ("arctan", lambda x: np.sqrt(1 + x * x) * np.arctan(x), 8),  # (1 + x·arctan x) / sqrt(1 + x·x)
    ("elu", lambda x: np.where(x > 0, x, 0.1 * np.expm1(x)), 4),  # a select of 1 and 0.1·exp(x)
    ("relu_cubed", lambda x: np.maximum(x, 0) ** 3, 8),  # 3·r²·slope; slope ½ where x is 0
]


def values_of(graph: ga.Graph, point: Any) -> list[Any]:
    """Return the value of every node of a graph of one input."""
    values: list[Any] = []
    for node in graph.nodes:
        if node.op.name == "input":
            values.append(np.asarray(point))
        else:
            operands = [values[operand.id] for operand in node.inputs]
            values.append(np.asarray(node.op.evaluate(*operands, *node.attrs)))
    return values


def zeros_computed_with(graph: ga.Graph, point: Any) -> list[str]:
    """Return the nodes that do arithmetic on a matrix of which most is zeros."""
    values = values_of(graph, point)
    found = []
    for node in graph.nodes:
        if node.op.name in ARITHMETIC or (node.op.name == "einsum" and len(node.inputs) > 1):
            for operand in node.inputs:
                value = values[operand.id]
                if value.ndim >= 2 and np.count_nonzero(value) < value.size / 2:
                    found.append(repr(node))
    return found


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
@pytest.mark.parametrize(
    ("name", "function", "hand"), ELEMENTWISE, ids=lambda value: str(value)[:12]
)
def test_elementwise_jacobian(
    name: str, function: Callable[[Any], Any], hand: int, mode: str
) -> None:
    """The Jacobian is a diagonal matrix, and takes 1.5 times the work by hand at most."""
    point = np.linspace(0.1, 2.0, N)
    jacobian = ga.trace(function, point, name=name).diff(mode=mode)
    assert jacobian.cost().total <= HAND * hand * N
    assert zeros_computed_with(jacobian, point) == []
    (out,) = jacobian.outputs
    assert (out.op.name, out.attrs) == ("einsum", ("i->ii",))
    slope = function(point + 1e-150j).imag / 1e-150 if name not in ("elu", "relu_cubed") else None
    if slope is not None:
        np.testing.assert_allclose(jacobian(point), np.diag(slope), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "function", "hand"), ELEMENTWISE, ids=lambda value: str(value)[:12]
)
def test_higher_orders_stay_diagonal(name: str, function: Callable[[Any], Any], hand: int) -> None:
    """The second and third derivatives do no arithmetic on n×n matrices either."""
    point = np.linspace(0.1, 2.0, N)
    graph = ga.trace(function, point, name=name).diff()
    for _ in range(2):
        graph = graph.diff()
        assert zeros_computed_with(graph, point) == []
        assert graph.cost().total <= 60 * N


def data() -> tuple[Any, Any]:
    """Return features of shape (M, N) and labels of ±1."""
    draw = np.random.default_rng(0)
    return draw.standard_normal((M, N)) / np.sqrt(N), draw.choice([-1.0, 1.0], M)


def margin_loss(w: Any) -> Any:
    """Return the logistic loss as it is written for labels of ±1."""
    features, labels = data()
    return np.sum(np.log1p(np.exp(-labels * (features @ w))))


def cross_entropy(w: Any) -> Any:
    """Return the logistic loss as it is written for labels of 0 and 1."""
    features, labels = data()
    p, t = 1 / (1 + np.exp(-(features @ w))), (labels + 1) / 2
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))


@pytest.mark.parametrize(("loss", "scale"), [(margin_loss, 1.0), (cross_entropy, 1 / M)])
def test_logistic_regression(loss: Callable[[Any], Any], scale: float) -> None:
    """The Hessian is Xᵀ·diag(p·(1 - p))·X, for 1.5 times the work of that at most."""
    features, _ = data()
    w = np.linspace(-1, 1, N)
    hessian = ga.trace(loss, w).diff().diff()

    p = 1 / (1 + np.exp(-features @ w))
    by_hand = scale * (features.T * (p * (1 - p))) @ features
    np.testing.assert_allclose(hessian(w), by_hand, rtol=1e-11, atol=1e-14)

    curvature = 6 * M  # exp, 1 + e, 1/…, 1 - p, p·(1 - p), · scale
    work = M * (2 * N - 1) + curvature + M * N + N * N * (2 * M - 1)
    assert hessian.cost().total <= HAND * work
    assert zeros_computed_with(hessian, w) == []
    assert all(node.type.shape != (M, M) for node in hessian.nodes)
    assert hessian.symmetry == ((((0,), (1,)),),)


def test_least_squares_with_a_penalty() -> None:
    """The Hessian of |A·x - b|² + λ·|x|² is a matrix with λ added on its diagonal."""
    features, labels = data()
    graph = ga.trace(
        lambda x: np.sum((features @ x - labels) ** 2) + 0.1 * np.sum(x**2), np.zeros(N)
    )
    hessian = graph.diff().diff()
    by_hand = 2 * features.T @ features + 0.2 * np.eye(N)
    np.testing.assert_allclose(hessian(np.zeros(N)), by_hand, rtol=1e-12, atol=1e-14)
    work = N * N * (2 * M - 1) + M * N + N
    assert hessian.cost().total <= HAND * work
