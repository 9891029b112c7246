"""Functions and classes of numpy.polynomial are NumPy's in traced functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.polynomial import Chebyshev, Polynomial, chebyshev, polynomial
from numpy.polynomial.legendre import legval

import graphad as ga
from graphad.errors import TraceError
from graphad.tracing.polynomial_objects import traced_class

X = np.array([-0.3, 0.1, 0.8])
HELD = Polynomial([1.0, -2.0, 3.0, 0.5])
SHIFTED = Chebyshev([1.0, -2.0, 3.0], domain=[0.0, 2.0])
ONE = np.poly1d([1.0, 2.0, 3.0])
FAMILIES = {
    "polynomial": "polyval",
    "chebyshev": "chebval",
    "legendre": "legval",
    "laguerre": "lagval",
    "hermite": "hermval",
    "hermite_e": "hermeval",
}

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "of a captured polynomial": lambda x: HELD(x),
    "of a number": lambda x: HELD(x[0]) * SHIFTED(x[1]),
    "of a list": lambda x: HELD([x[0], x[1]]),
    "of a domain": lambda x: SHIFTED(x),
    "made inside": lambda x: Chebyshev([1.0, 2.0])(x) + np.polynomial.Legendre([1.0, 2.0])(x),
    "of arithmetic": lambda x: (HELD * HELD - 1)(x) + HELD.deriv(2)(x) + Chebyshev.basis(3)(x),
    "of NumPy's old class": lambda x: ONE(x) + np.poly1d([1.0, 2.0])(x[0]),
    "of traced coefficients": lambda c: chebyshev.chebval(0.25, c) + polynomial.polyval(X, c),
    "of both": lambda x: polynomial.polyval(x, x),
    "of several series": lambda c: polynomial.polyval(X, np.stack([c, c**2], axis=1)),
    "of two variables": lambda x: polynomial.polyval2d(x, x[::-1], np.arange(6.0).reshape(2, 3)),
    "on a grid": lambda x: polynomial.polygrid2d(x, [1.0, 2.0], np.arange(6.0).reshape(2, 3)),
    "by name": lambda x: legval(x, [1.0, 2.0, 3.0]),
    "matrices of Vandermonde": lambda x: chebyshev.chebvander(x, 3),
    "derivatives of series": lambda c: chebyshev.chebder(c),
    "what is fixed": lambda x: x * np.polynomial.legendre.leggauss(3)[0],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values(name: str) -> None:
    """The graph gives what the function gives."""
    function = FUNCTIONS[name]
    np.testing.assert_allclose(ga.trace(function, X)(X), function(X), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("family", FAMILIES)
def test_derivatives_of_series(family: str) -> None:
    """Derivatives of orders 1 to 4 are those of NumPy's derivative of the series."""
    module, draw = getattr(np.polynomial, family), np.random.default_rng(0)
    series = draw.normal(size=7)
    evaluate = getattr(module, FAMILIES[family])
    graph = ga.trace(lambda x: getattr(module, FAMILIES[family])(x, series), 0.5)
    differ = getattr(module, FAMILIES[family].replace("val", "der"))
    for order in range(1, 5):
        expected = evaluate(X, differ(series, order))
        np.testing.assert_allclose(graph.diff(order=order)(X), expected, rtol=1e-11, atol=1e-12)


def test_originals_stay_as_they_are() -> None:
    """Classes and instances outside of the trace are NumPy's after it."""
    ga.trace(lambda x: HELD(x), X)
    assert type(HELD) is Polynomial
    assert isinstance(traced_class(Polynomial)([1.0]), Polynomial)


def test_refused() -> None:
    """Traced coefficients of a class are refused: it trims zeros at the end."""
    with pytest.raises(TraceError, match=r"write np.polynomial.polynomial.polyval\(x, coeff"):
        ga.trace(lambda c: Polynomial(c)(0.5), X)
    with pytest.raises(TraceError, match=r"np.polynomial.polynomial.polymul of a traced value"):
        ga.trace(lambda c: polynomial.polymul(c, c), X)
