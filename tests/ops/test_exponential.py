"""Functions of exponentials far out, where what they are made of overflows or cancels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import graphad as ga
from graphad.ir import Graph
from graphad.op import OPS

FAR = (-800.0, -700.0, -300.0, -40.0, -3.0, 0.0, 3.0, 20.0, 37.0, 40.0, 300.0, 700.0, 800.0)
WAYS: dict[str, Callable[[Graph, int], Any]] = {
    "forward": lambda graph, order: graph.diff(order=order, mode="forward"),
    "reverse": lambda graph, order: graph.diff(order=order, mode="reverse"),
    "compiled": lambda graph, order: graph.diff(order=order).compile(),
    "planned": lambda graph, order: graph.diff(order=order).plan(),
    "operator": lambda graph, order: graph.operator({(0,) * order: 1.0}),
}


def softplus_derivatives(x: float) -> list[float]:
    """Return the derivatives of log(1 + eˣ) of orders 1 to 4, in many digits."""
    with mp.workdps(400):
        s, c = 1 / (1 + mp.exp(-mpf(x))), 1 / (1 + mp.exp(mpf(x)))
        return [float(y) for y in (s, s * c, s * c * (c - s), s * c * ((c - s) ** 2 - 2 * s * c))]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_softplus(order: int, way: str) -> None:
    """All derivatives of logaddexp(0, x) keep their digits, as small as they are."""
    derivative = WAYS[way](ga.trace(lambda x: np.logaddexp(0.0, x)), order)
    for x in FAR:
        wanted = softplus_derivatives(x)[order - 1]
        np.testing.assert_allclose(derivative(x), wanted, rtol=2e-14, atol=1e-320)


def test_mixed_derivatives() -> None:
    """The Hessian of logaddexp of two numbers is that of their difference, in both."""
    hessian = ga.trace(lambda x: np.logaddexp(x[0], x[1]), np.zeros(2)).diff(order=2)
    second = softplus_derivatives(50.0)[1]
    np.testing.assert_allclose(
        hessian(np.array([1.0, 51.0])), second * np.array([[1, -1], [-1, 1]]), rtol=1e-14
    )


@pytest.mark.parametrize("name", ["expit", "expit_negative", "log_expit"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_logistic_functions(name: str, dtype: Any) -> None:
    """Values are right far out and keep their dtype; what is no number stays none."""
    sign = -1 if name == "expit_negative" else 1
    with mp.workdps(400):
        found = [1 / (1 + mp.exp(-sign * mpf(x))) for x in FAR]
        wanted = [float(mp.log(y) if name == "log_expit" else y) for y in found]
    values = OPS[name].evaluate(np.array([*FAR, np.nan], dtype))
    eps = np.finfo(dtype).eps
    assert values.dtype == dtype
    assert np.isnan(values[-1])
    np.testing.assert_allclose(values[:-1], wanted, rtol=4 * eps, atol=np.finfo(dtype).tiny)


def test_logistic_function_of_complex_numbers() -> None:
    """It is the analytic function, on both sides."""
    z = np.array([0.3 + 0.5j, -700.0 + 1.0j, 750.0 - 2.0j])
    graph = ga.trace(lambda z: 1 / (1 + np.exp(-z)), z[:1])
    np.testing.assert_allclose(OPS["expit"].evaluate(z[:1]), graph(z[:1]), rtol=1e-15)
    np.testing.assert_allclose(OPS["expit"].evaluate(z)[1:], [np.exp(z[1]), 1.0], rtol=1e-15)
