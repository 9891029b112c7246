"""Splines of scipy.interpolate are called with traced values, and are SciPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.interpolate
from scipy.interpolate import (
    Akima1DInterpolator,
    CubicSpline,
    PchipInterpolator,
    PPoly,
    make_interp_spline,
)

import graphad as ga
from graphad.errors import TraceError

PLACES = np.array([0.0, 0.5, 1.25, 2.0, 3.5, 4.0])
HEIGHTS = np.array([1.0, -0.5, 0.25, 2.0, 1.5, 1.0])
X = np.array([-0.3, 0.0, 0.2, 0.5, 1.3, 2.0, 3.9, 4.0, 4.5])
CUBIC = CubicSpline(PLACES, HEIGHTS)
WIDE = CubicSpline(PLACES, np.stack([HEIGHTS, HEIGHTS**2], axis=0), axis=1)
ENDED = PchipInterpolator(PLACES, HEIGHTS, extrapolate=False)
PERIODIC = CubicSpline(PLACES, HEIGHTS, bc_type="periodic")
AKIMA = Akima1DInterpolator(PLACES, HEIGHTS)
STEPS = PPoly(np.array([[1.0, -2.0]]), np.array([0.0, 1.0, 3.0]))
B = make_interp_spline(PLACES, HEIGHTS, k=3)

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "cubic": lambda x: CUBIC(x),
    "a number": lambda x: CUBIC(x[2]) * CUBIC(x[4]),
    "a matrix of places": lambda x: CUBIC(x.reshape(3, 3)),
    "several functions": lambda x: WIDE(x),
    "ended": lambda x: ENDED(x),
    "not ended": lambda x: ENDED(x, extrapolate=True),
    "periodic": lambda x: PERIODIC(x),
    "Akima's": lambda x: AKIMA(x),
    "steps": lambda x: STEPS(x),
    "B-splines": lambda x: B(x),
    "a derivative": lambda x: CUBIC(x, 1) + CUBIC.derivative(2)(x) + CUBIC(x, nu=3),
    "an antiderivative": lambda x: CUBIC.antiderivative()(x),
    "made inside": lambda x: CubicSpline(PLACES, HEIGHTS, bc_type="natural")(x),
    "in a module": lambda x: scipy.interpolate.PchipInterpolator(PLACES, HEIGHTS)(x),
    "untraced": lambda x: x * CUBIC(0.3) * CUBIC.integrate(0.0, 1.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values(name: str) -> None:
    """Values are SciPy's at breaks, between them and outside."""
    function = FUNCTIONS[name]
    found, expected = ga.trace(function, X)(X), function(X)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("spline", [CUBIC, PERIODIC, AKIMA, B], ids=["cubic", "periodic", "a", "b"])
def test_derivatives(spline: Any) -> None:
    """Derivatives are those that SciPy gives of the pieces, to the third and beyond."""
    graph, inner = ga.trace(lambda x: spline(x), 0.3), X[1:-2] + 0.05
    for order in range(1, 4):
        np.testing.assert_allclose(
            graph.diff(order=order)(inner), spline(inner, order), rtol=1e-9, atol=1e-9
        )
    assert np.all(graph.diff(order=4)(inner) == 0)


def test_machine_code() -> None:
    """A compiled graph gives the same."""
    graph = ga.trace(lambda x: np.sum(CUBIC(x) ** 2), X).diff()
    np.testing.assert_allclose(graph.compile()(X), graph(X), rtol=1e-13)


def test_refused() -> None:
    """Splines of traced heights are refused with what to write instead."""
    with pytest.raises(
        TraceError, match=r"CubicSpline takes plain arrays(.|\n)*np.eye\(n\)\)\(t\)"
    ):
        ga.trace(lambda y: CubicSpline(PLACES, y)(0.3), HEIGHTS)
    with pytest.raises(TraceError, match="integrate takes plain arrays, not traced ones"):
        ga.trace(lambda b: CUBIC.integrate(0.0, b), 1.0)
    line = scipy.interpolate.interp1d(PLACES, HEIGHTS)
    with pytest.raises(TraceError, match=r"write np.interp\(x, xp, fp\)"):
        ga.trace(lambda x: x * line(0.5) + line(x), 1.0)
    with pytest.raises(TraceError, match=r"interp1d takes plain arrays(.|\n)*np.interp\("):
        ga.trace(lambda y: scipy.interpolate.interp1d(PLACES, y)(0.5), HEIGHTS)
    many = make_interp_spline(PLACES, np.stack([HEIGHTS, HEIGHTS], axis=1))
    with pytest.raises(TraceError, match="make one spline of each"):
        ga.trace(lambda x: many(x), 1.0)
    with pytest.raises(TraceError, match="interpolate"):
        ga.trace(lambda x: scipy.interpolate.griddata(PLACES, HEIGHTS, [x]), 1.0)
