"""Bessel functions of real orders, near integers and below 0 too, against mpmath."""

from __future__ import annotations

from math import comb

import mpmath
import numpy as np
import pytest
from scipy import special

from graphad.ops.bessel_orders import cylinder_derivative, scaled_i_derivative

X = np.array([0.01, 0.3, 1.7, 5.2, 13.0, 48.0])
ORDERS = np.array([0.5, 1 / 3, 7.3, 1e-8, 15.5, -0.5, -3.999, -9.6, 1.0, -2.0])
SIGNS = {"j": (1, -1), "y": (1, -1), "i": (1, 1), "k": (-1, -1)}
ROUNDING = 8 * np.finfo(np.float64).eps


def _exact(kind: str, v: float, x: float, k: int) -> mpmath.mpf:
    lower, upper = SIGNS[kind]
    function, order, at = getattr(mpmath, f"bessel{kind}"), mpmath.mpf(v), mpmath.mpf(x)
    total = mpmath.mpf(0)
    for j in range(k + 1):
        sign = lower ** (k - j) * upper**j
        total += sign * comb(k, j) * function(order - k + 2 * j, at)
    return total / mpmath.mpf(2) ** k


@pytest.mark.parametrize("kind", "jyik")
@pytest.mark.parametrize("derivative", [0, 1, 4])
def test_orders(kind: str, derivative: int) -> None:
    """An array of orders gives each of them, right to 13 digits or to what rounding x changes."""
    found = cylinder_derivative(kind, ORDERS[:, None], X, derivative, special)
    with mpmath.workdps(35):
        for i, v in enumerate(ORDERS):
            for j, x in enumerate(X):
                expected = _exact(kind, v, x, derivative)
                slope = _exact(kind, v, x, derivative + 1)
                error = abs(found[i, j] - expected)
                assert error <= 1e-13 * abs(expected) + ROUNDING * abs(x * slope), (v, x)


@pytest.mark.parametrize("derivative", [0, 1, 4])
def test_scaled(derivative: int) -> None:
    """Derivatives of exp(-x) I(x), where they cancel as sums, are right to 13 digits."""
    x = np.array([0.01, 0.4, 2.5, 7.0, 21.0, 100.0, 1e3, 1e6])
    at, v = (array.reshape(-1) for array in np.meshgrid(x, ORDERS))
    found = scaled_i_derivative(v, at, derivative, special)
    for number, order, z in zip(found, v, at, strict=True):
        with mpmath.workdps(35 + 8 * derivative):
            values = [_scaled(order, z, k) for k in (derivative, derivative + 1)]
            error = abs(number - values[0])
            assert error <= 1e-13 * abs(values[0]) + ROUNDING * abs(z * values[1]), (order, z)


def _scaled(v: float, x: float, k: int) -> mpmath.mpf:
    terms = [comb(k, j) * (-1) ** (k - j) * _exact("i", v, x, j) for j in range(k + 1)]
    return mpmath.exp(-mpmath.mpf(x)) * mpmath.fsum(terms)


def test_poles() -> None:
    """At 0, functions of a negative order have the infinities of their first term."""
    v = np.array([-0.5, -1.5, -2.0, 0.5])
    found = [cylinder_derivative(kind, v, np.zeros(4), 0, special) for kind in "jyi"]
    expected = [
        [np.inf, -np.inf, 0.0, 0.0],
        [0.0, 0.0, -np.inf, -np.inf],
        [np.inf, -np.inf, 0.0, 0.0],
    ]
    np.testing.assert_array_equal(found, expected)
