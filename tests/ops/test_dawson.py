"""Derivatives of Dawson's function, to high orders, against its recurrence in many digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import special

from graphad.ops.dawson import dawson_derivative

POINTS = np.array([1e-9, 0.3, 0.69, 0.71, 0.95, 1.3, 2.4, 3.3, 5.0, 9.5, 17.6, 32.5, 60.0])
ROUNDING = 8 * np.finfo(np.float64).eps


def _exact(x: float, highest: int) -> list[mpmath.mpf]:
    at = mpmath.mpf(x)
    found = [mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-at * at) * mpmath.erfi(at)]
    found.append(1 - 2 * at * found[0])
    for k in range(1, highest):
        found.append(-2 * (at * found[k] + k * found[k - 1]))
    return found


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_orders_1_to_10(sign: float) -> None:
    """Orders up to 10 are right to 13 digits, or to what rounding x changes."""
    with mpmath.workdps(120):
        exact = np.array([[float(d) for d in _exact(sign * x, 11)] for x in POINTS]).T
    x = sign * POINTS
    for order in range(1, 11):
        error = abs(dawson_derivative(x, order, special.dawsn(x)) - exact[order])
        assert np.all(error <= 1e-13 * abs(exact[order]) + ROUNDING * abs(x * exact[order + 1]))


def test_edges() -> None:
    """Derivatives at 0 are integers, at infinity they are 0."""
    x = np.array([0.0, np.inf, -np.inf, np.nan])
    rows = [dawson_derivative(x, k, special.dawsn(x)) for k in (1, 2, 3)]
    expected = [[1.0, 0.0, 0.0, np.nan], [0.0, 0.0, 0.0, np.nan], [-4.0, 0.0, 0.0, np.nan]]
    np.testing.assert_array_equal(rows, expected)
