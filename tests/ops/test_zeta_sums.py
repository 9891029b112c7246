"""Derivatives of the zeta functions by s, to high orders and far out, against mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import special

from graphad.ops.zeta_sums import hurwitz_derivative, riemann_derivative

FAR_LEFT = (-250.3, -170.9, -33.0, -12.7, -8.0, -4.01)
AROUND = (-3.99, -2.5, -1.0, -0.1, 0.5, 0.999, 1.001, 2.0, 4.99)
FAR_RIGHT = (5.01, 8.0, 20.5, 100.0, 700.0)
TINY = mpmath.mpf(10) ** -40
"""Beside trivial zeros, where mpmath's derivatives are 0/0."""


@pytest.mark.parametrize("derivative", [1, 2, 4, 8])
@pytest.mark.parametrize("points", [FAR_LEFT, AROUND, FAR_RIGHT], ids=["left", "pole", "right"])
def test_riemann(points: tuple[float, ...], derivative: int) -> None:
    """Each of the three ways to compute it is right to 13 digits."""
    found = riemann_derivative(np.array(points), derivative, special)
    digits = 300 if points is FAR_RIGHT else 60  # mpmath's precision is absolute
    with mpmath.workdps(digits):
        for s, number in zip(points, found, strict=True):
            expected = mpmath.zeta(mpmath.mpf(s) + TINY, 1, derivative)
            assert abs(number / expected - 1) < 1e-13, s


@pytest.mark.parametrize("s", [-4.0, 5.0])
def test_ways_join(s: float) -> None:
    """On both sides of where one way ends and another begins, values are the same."""
    beside = np.array([np.nextafter(s, -9), np.nextafter(s, 9)])
    for derivative in (1, 4, 7):
        low, high = riemann_derivative(beside, derivative, special)
        assert low == pytest.approx(high, rel=1e-13)


PAIRS = [(s, q) for s in (1.0001, 1.5, 7.0, 30.0) for q in (1e-3, 0.4, 1.0, 1.7, 20.0, 300.0)]


@pytest.mark.parametrize("derivative", [1, 2, 4, 7])
def test_hurwitz(derivative: int) -> None:
    """From the pole to large s and q, derivatives are right to 13 digits."""
    s, q = np.array(PAIRS).T
    found = hurwitz_derivative(s, q, derivative)
    with mpmath.workdps(120):
        for number, (a, b) in zip(found, PAIRS, strict=True):
            expected = mpmath.zeta(mpmath.mpf(a), mpmath.mpf(b), derivative)
            assert abs(number / expected - 1) < 1e-13, (a, b)


def test_outside() -> None:
    """Where the sum has no meaning, NaN; what is too small is 0."""
    s = np.array([0.5, 2.0, 2.0, np.nan, 1e300, np.inf])
    q = np.array([1.0, 0.0, -1.5, 1.0, 1.0, 2.0])
    found = hurwitz_derivative(s, q, 1)
    np.testing.assert_array_equal(found, [np.nan] * 4 + [0.0, 0.0])
