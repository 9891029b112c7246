"""The 20th derivative by differentiating 20 times: small, and right."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest

import graphad as ga

ORDER = 20
TOLERANCE = 1e-12
POINTS = (0.3, 1.1, 2.0, -1.7)

FUNCTIONS: list[tuple[Callable[[Any], Any], Callable[[Any], Any], int]] = [
    (
        lambda x: np.exp(np.sin(x)) * np.log1p(x**2),
        lambda x: mpmath.exp(mpmath.sin(x)) * mpmath.log(1 + x**2),
        2200,
    ),
    (
        lambda x: np.exp(-(x**2) / 2) * np.cos(3 * x),
        lambda x: mpmath.exp(-(x**2) / 2) * mpmath.cos(3 * x),
        2200,
    ),
    (
        lambda x: np.sqrt(1 + np.exp(x)) / (2 + np.sin(x)),
        lambda x: mpmath.sqrt(1 + mpmath.exp(x)) / (2 + mpmath.sin(x)),
        3000,
    ),
]
NAMES = ("exp sin · log1p", "wave packet", "quotient")


@cache
def derivatives(number: int) -> list[ga.Graph]:
    """Return the derivatives of a function, orders 1 to `ORDER`."""
    graph, found = ga.trace(FUNCTIONS[number][0], name="f"), []
    for _ in range(ORDER):
        graph = graph.diff()
        found.append(graph)
    return found


def exact(function: Callable[[Any], Any], x: float, order: int) -> float:
    """Return a derivative from Cauchy's integral, by trapezoidal sums on a circle, 60 digits."""
    with mpmath.workdps(60):
        radius, count = mpmath.mpf(1) / 4, 512
        circle = [mpmath.expjpi(mpmath.mpf(2 * k) / count) for k in range(count)]
        total = sum(function(mpmath.mpf(x) + radius * z) / z**order for z in circle)
        return float((mpmath.factorial(order) * total / count / radius**order).real)


@pytest.mark.parametrize("number", range(len(FUNCTIONS)), ids=NAMES)
def test_twentieth_derivative(number: int) -> None:
    """It has at most 2,200 nodes or so, grows like a polynomial, and is right to 1e-12."""
    _, reference, most = FUNCTIONS[number]
    sizes = [len(graph) for graph in derivatives(number)]
    assert sizes[-1] <= most
    # of degree p, doubling the order multiplies the size by 2ᵖ; an exponential squares it
    assert sizes[19] <= 2**3.5 * sizes[9]
    for x in POINTS:
        found = derivatives(number)[-1](x)
        assert found == pytest.approx(exact(reference, x, ORDER), rel=TOLERANCE)


def test_derivatives_on_the_way() -> None:
    """Each of the 20 orders is right at one point."""
    reference = FUNCTIONS[0][1]
    for order, graph in enumerate(derivatives(0), 1):
        assert graph(0.8) == pytest.approx(exact(reference, 0.8, order), rel=TOLERANCE)


def test_text_of_the_twentieth_derivative() -> None:
    """Its text parses to the same graph."""
    last = derivatives(0)[-1]
    assert ga.parse(str(last)) == last
