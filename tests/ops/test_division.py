"""Remainders and parts of numbers at their edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.op import OPS

EDGES = [-np.inf, -3.0, -1.0, -0.0, 0.0, 1.0, 3.0, np.inf, np.nan]


@pytest.mark.parametrize("x", EDGES)
def test_exponents(x: float) -> None:
    """Mantissa and exponent are NumPy's; they give back the number."""
    exponent = OPS["exponent"].evaluate(np.float64(x))
    assert exponent == np.frexp(x)[1]
    with np.errstate(all="ignore"):
        back = OPS["ldexp"].evaluate(np.frexp(x)[0], exponent)
    np.testing.assert_array_equal(back, x)
    assert OPS["signbit"].evaluate(np.float64(x)) == np.signbit(x)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(
    ("function", "x", "wanted"),
    [
        (lambda x: np.mod(x, 3.0), 6.0, 1.0),
        (lambda x: np.mod(7.0, x), 3.0, -2.0),
        (lambda x: np.mod(-7.0, x), 3.0, 3.0),
        (lambda x: np.fmod(-7.0, x), 3.0, 2.0),
        (lambda x: np.fmod(x, 3.0), 3.0, 1.0),
        (lambda x: x // 2.0, 4.0, 0.0),
        (lambda x: np.modf(x)[0], 2.0, 1.0),
        (lambda x: np.modf(x)[1], 2.0, 0.0),
        (lambda x: np.frexp(x)[0], 8.0, 1 / 16),
        (lambda x: np.ldexp(x, -3), 8.0, 0.125),
        (lambda x: np.copysign(x, -1.0), 2.0, -1.0),
        (lambda x: np.copysign(x, -1.0), 0.0, 0.0),
        (lambda x: np.round(x, 1), 0.25, 0.0),
    ],
)
def test_derivative_at_edges(function: Any, x: float, wanted: float, mode: str) -> None:
    """At jumps the derivative is that of the smooth part."""
    assert ga.trace(function).diff(mode=mode)(x) == wanted
