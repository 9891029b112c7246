"""Distributions and their derivatives of orders 0 to 4, against definitions in 90 digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import graphad as ga
from graphad.tracing.lowering.stats_continuous import CONTINUOUS
from graphad.tracing.lowering.stats_discrete import DISCRETE
from tests.ops.special_references import Reference, exact_derivatives, log_points, mp, spread
from tests.tracing.lowering.stats_references import MASSES, method_of, points_of
from tests.tracing.lowering.test_stats import SHAPES

ORDERS = range(5)
ROUNDING = 8 * np.finfo(np.float64).eps


def check(reference: Reference, tolerance: float = 1e-12, least: float = 1e-300) -> None:
    """Assert that derivatives are right, but for what rounding the argument changes."""
    x, exact = np.array(reference.points), exact_derivatives(reference)
    graph = ga.trace(reference.call, x[0])
    for order in ORDERS:
        found = graph.diff(order=order)(x) if order else graph(x)
        allowed = tolerance * abs(exact[order]) + ROUNDING * abs(x * exact[order + 1])
        error = abs(found - exact[order])
        allowed = allowed + least
        assert np.all(error <= allowed), (order, x[error > allowed], (error / allowed).max())


CALLS = [(name, method) for name, family in CONTINUOUS.items() for method in family.formulas]


@pytest.mark.parametrize(("name", "method"), CALLS)
def test_in_the_variable(name: str, method: str) -> None:
    """Each method is right to 1e-12 with its derivatives in its variable."""
    shapes, exact = SHAPES.get(name, ()), method_of(name, method)

    def function(x: Any) -> Any:
        return getattr(getattr(stats, name), method)(x, *shapes)

    points = points_of(name, method)
    check(Reference(name, function, lambda x: exact(x, *map(mp.mpf, shapes)), points))


DENSITIES = [(name, i) for name in CONTINUOUS for i in range(len(SHAPES.get(name, ())) + 2)]


@pytest.mark.parametrize(("name", "place"), DENSITIES)
def test_in_the_parameters(name: str, place: int) -> None:
    """Logarithms of densities are right with their derivatives in shapes, location and scale."""
    shapes, exact = SHAPES.get(name, ()), method_of(name, "logpdf")
    fixed = [*shapes, 0.25, 1.5]
    x = 2.0 if name == "pareto" else 0.6875

    def given(value: Any, number: Callable[[Any], Any]) -> list[Any]:
        return [value if i == place else number(each) for i, each in enumerate(fixed)]

    def function(value: Any) -> Any:
        return getattr(stats, name).logpdf(x, *given(value, float))

    def definition(value: Any) -> Any:
        *parameters, loc, scale = given(value, mp.mpf)
        return exact((x - loc) / scale, *parameters) - mp.log(scale)

    location, last = place == len(shapes), place == len(fixed) - 1
    low = 0.5 if last and name != "pareto" else 0.3
    high = 1.5 if last else 9.0
    points = spread(-0.3, 0.4) if location else log_points(low, high)
    check(Reference(name, function, definition, points[::2]))


CHANCES = [
    (name, method)
    for name in DISCRETE
    for method in ("pmf", "logpmf", "cdf", "sf", "logcdf", "logsf")
]


@pytest.mark.parametrize(("name", "method"), CHANCES)
def test_in_the_chance(name: str, method: str) -> None:
    """Methods of distributions of counts are right with their derivatives in the last shape."""
    *first, _ = SHAPES[name]
    count = 0 if name == "bernoulli" else 3
    mass = MASSES[name]

    def function(p: Any) -> Any:
        return getattr(getattr(stats, name), method)(count, *first, p)

    def definition(p: Any) -> Any:
        fixed = [*map(mp.mpf, first), p]
        if method.endswith("pmf"):
            found = mass(count, *fixed)
        else:
            below = [mass(k, *fixed) for k in range(1 if name == "geom" else 0, count + 1)]
            found = sum(below) if method.endswith("cdf") else 1 - sum(below)
        return mp.log(found) if method.startswith("log") else found

    points = log_points(0.1, 9) if name == "poisson" else spread(0.1, 0.95)
    check(Reference(name, function, definition, points[::2]), 4e-12, 1e-12)


WAYS = ("norm", "t", "lognorm", "beta")


@pytest.mark.parametrize("name", WAYS)
def test_ways_agree(name: str) -> None:
    """Forward, reverse, plans, compiled graphs and texts give the same second derivative."""
    shapes, x = SHAPES.get(name, ()), np.array([0.2, 0.5, 0.7])
    graph = ga.trace(lambda x, s: np.sum(getattr(stats, name).logpdf(x, *shapes, scale=s)), x, 1.25)
    expected = graph.diff("x", order=2)(x, 1.25)
    reverse = graph.diff("x", order=2, mode="reverse")
    ways = [
        graph.diff("x", order=2, mode="forward"),
        reverse,
        reverse.plan(),
        reverse.compile(),
        ga.parse(str(reverse)),
    ]
    for way in ways:
        np.testing.assert_allclose(way(x, 1.25), expected, rtol=1e-12, atol=1e-13)
