"""Distributions of scipy.stats are traced, however they are imported and held, and are SciPy's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats
from scipy import stats
from scipy.stats import multivariate_normal, norm

import graphad as ga
from graphad.errors import DerivativeError, TraceError
from graphad.tracing.lowering.stats import FAMILIES, stats_lowering
from graphad.tracing.lowering.stats_continuous import CONTINUOUS
from graphad.tracing.lowering.stats_discrete import DISCRETE

SHAPES: dict[str, tuple[float, ...]] = {
    "gamma": (2.3,),
    "chi2": (3.1,),
    "invgamma": (2.2,),
    "beta": (2.1, 1.7),
    "t": (3.3,),
    "lognorm": (0.7,),
    "weibull_min": (1.6,),
    "pareto": (2.4,),
    "poisson": (2.5,),
    "bernoulli": (0.3,),
    "binom": (7, 0.3),
    "geom": (0.3,),
    "nbinom": (2.5, 0.4),
}
X = np.array([-5.0, -3.0, -1.0, 0.0, 0.2, 0.5, 1.0, 1.3, 2.5, 7.0, np.nan])
Q = np.array([-0.1, 0.0, 0.01, 0.2, 0.5, 0.9, 1.0, 1.1, np.nan])
K = np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 6.0, 7.0, 8.0, 20.0])
COV = np.array([[2.0, 0.3], [0.3, 1.0]])
PLACES = np.array([[0.5, -1.0], [2.0, 0.1], [-0.3, 0.7]])
FROZEN = norm(0.5, scale=2.0)


def calls(names: Any) -> list[tuple[str, str]]:
    """Return the names of distributions, each with each of its methods."""
    return [(name, method) for name in names for method in FAMILIES[name].formulas]


def agree(found: Any, expected: Any) -> None:
    """Assert that arrays are equal but for rounding, infinities and NaN among them."""
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("name", "method"), calls(CONTINUOUS))
def test_continuous(name: str, method: str) -> None:
    """Values are SciPy's, within the support, at its ends and outside."""
    call, shapes = getattr(getattr(stats, name), method), SHAPES.get(name, ())
    x = Q if method in ("ppf", "isf") else X
    agree(ga.trace(call_of(name, method), x, *shapes)(x, *shapes), call(x, *shapes))
    moved = (*shapes, 0.3, 1.7)
    agree(ga.trace(call_of(name, method), x, *moved)(x, *moved), call(x, *moved))


def call_of(name: str, method: str) -> Callable[..., Any]:
    """Return a function that calls a method of a distribution."""
    return lambda x, *args: getattr(getattr(stats, name), method)(x, *args)


@pytest.mark.parametrize(("name", "method"), calls(DISCRETE))
def test_discrete(name: str, method: str) -> None:
    """Values are SciPy's for fixed counts and for traced ones, and for what is no count."""
    call, shapes = getattr(getattr(stats, name), method), SHAPES[name]
    for counts in (K, K + 0.5):
        graph = ga.trace(
            lambda p, k: getattr(getattr(stats, name), method)(k, *shapes[:-1], p),
            shapes[-1],
            counts,
        )
        agree(graph(shapes[-1], counts), call(counts, *shapes))
        fixed = ga.trace(lambda p, k=counts: call_of(name, method)(k, *shapes[:-1], p, 1), 0.25)
        agree(fixed(0.25), call(counts, *shapes[:-1], 0.25, 1))


@pytest.mark.parametrize("name", FAMILIES)
def test_derivatives_outside_of_the_support_are_0(name: str) -> None:
    """Where nothing depends on the argument any more, nor on parameters, derivatives are 0."""
    if name not in CONTINUOUS or not np.isfinite(FAMILIES[name].support[0]):
        return
    shapes = SHAPES.get(name, ())
    for method in ("pdf", "logpdf", "cdf", "sf", "logcdf", "logsf"):
        graph = ga.trace(lambda x, m=method: getattr(getattr(stats, name), m)(x, *shapes), 1.5)
        for order in (1, 2, 3):
            assert graph.diff(order=order)(-2.0) == 0


def test_however_they_are_named() -> None:
    """A distribution is found by name, in a module, in a function, and of fixed parameters."""

    def inside(x: Any) -> Any:
        from scipy.stats import norm as normal

        return normal.logpdf(x, 0.5, 2.0)

    class Model:
        prior = FROZEN

        def __init__(self) -> None:
            self.family = norm

        def inherited(self, x: Any) -> Any:
            return self.prior.logpdf(x)

        def own(self, x: Any) -> Any:
            return self.family.logpdf(x, 0.5, 2.0)

    held = {"family": norm, "frozen": FROZEN}
    model = Model()
    ways: list[Callable[[Any], Any]] = [
        inside,
        lambda x: norm.logpdf(x, 0.5, 2.0),
        lambda x: norm.logpdf(x, loc=0.5, scale=2.0),
        lambda x: norm.logpdf(x=x, scale=2.0, loc=0.5),
        lambda x: stats.norm.logpdf(x, 0.5, scale=2.0),
        lambda x: scipy.stats.norm(0.5, 2.0).logpdf(x),
        lambda x: stats.norm(loc=0.5 + 0 * x[0], scale=2.0).logpdf(x),
        lambda x: FROZEN.logpdf(x),
        lambda x: held["family"].logpdf(x, 0.5, 2.0),
        lambda x: held["frozen"].logpdf(x),
        lambda x: np.log(norm.pdf(x, [0.5], [2.0])),
        lambda x, d=norm: d.logpdf(x, 0.5, 2.0),
        lambda x: model.inherited(x),
        model.own,
    ]
    x = np.array([-1.0, 0.3])
    for way in ways:
        agree(ga.trace(way, x)(x), FROZEN.logpdf(x))


def test_untraced_calls_are_scipys() -> None:
    """Of fixed arguments a method gives numbers, and takes part in the trace."""
    graph = ga.trace(lambda x: x * norm.ppf(0.975) + FROZEN.mean() + stats.gamma.ppf(0.5, 2.0), 1.0)
    assert graph(2.0) == pytest.approx(2 * norm.ppf(0.975) + 0.5 + stats.gamma.ppf(0.5, 2.0))
    assert "ndtri" not in str(graph)


def test_black_scholes() -> None:
    """The price of an option has the delta and the gamma of the textbooks."""

    def price(s: Any, k: Any, t: Any, r: Any, sigma: Any) -> Any:
        d1 = (np.log(s / k) + (r + sigma**2 / 2) * t) / (sigma * np.sqrt(t))
        return s * norm.cdf(d1) - k * np.exp(-r * t) * norm.cdf(d1 - sigma * np.sqrt(t))

    at = (100.0, 95.0, 1.0, 0.05, 0.2)
    graph = ga.trace(price, *at)
    d1 = (np.log(100 / 95) + 0.07) / 0.2
    assert graph(*at) == pytest.approx(price(*at), rel=1e-14)
    assert graph.diff("s")(*at) == pytest.approx(norm.cdf(d1), rel=1e-13)
    gamma = norm.pdf(d1) / (100 * 0.2)
    assert graph.diff("s", order=2)(*at) == pytest.approx(gamma, rel=1e-12)
    assert graph.diff("s", order=2).compile()(*at) == pytest.approx(gamma, rel=1e-12)


# --- several variables ---------------------------------------------------------------------------

FIXED = multivariate_normal([0.5, 0.1], COV)
NORMALS: dict[str, Callable[..., Any]] = {
    "points": lambda x, m, c: multivariate_normal.logpdf(x, m, c),
    "one point": lambda x, m, c: multivariate_normal.logpdf(x[0], m, c),
    "densities": lambda x, m, c: multivariate_normal.pdf(x, mean=m, cov=c),
    "a block of points": lambda x, m, c: multivariate_normal.logpdf([x, x - m], m, c),
    "without a mean": lambda x, m, c: multivariate_normal.logpdf(x - m, cov=c),
    "frozen": lambda x, m, c: multivariate_normal(m, c).logpdf(x),
    "frozen outside": lambda x, m, c: FIXED.logpdf(x),
    "variances": lambda x, m, c: multivariate_normal.logpdf(x, m, c[0]),
    "one variance": lambda x, m, c: multivariate_normal.logpdf(x, m, c[0, 0]),
    "one variable": lambda x, m, c: multivariate_normal.logpdf(x[:, 0], m[0], c[0, 0]),
    "one number": lambda x, m, c: multivariate_normal.logpdf(x[0, 0], m[0], c[0, 0]),
}


@pytest.mark.parametrize("name", NORMALS)
def test_multivariate_normal(name: str) -> None:
    """Values are SciPy's; slopes those of central differences."""
    function, mean = NORMALS[name], np.array([0.3, -0.2])
    graph = ga.trace(function, PLACES, mean, COV)
    found, expected = graph(PLACES, mean, COV), function(PLACES, mean, COV)
    assert np.shape(found) == np.shape(expected)
    agree(found, expected)
    step = 1e-6 * np.array([[1.0, 0.5], [0.5, -2.0]])
    ends = [function(PLACES + s * step[0], mean, COV + s * step) for s in (1, -1)]
    slope = (np.asarray(ends[0]) - ends[1]) / 2e-6
    first, second = graph.diff("x")(PLACES, mean, COV), graph.diff("c")(PLACES, mean, COV)
    moved = np.broadcast_to(step[0] / 1e-6, PLACES.shape)
    total = np.tensordot(first, moved, 2) + np.tensordot(second, step / 1e-6, 2)
    np.testing.assert_allclose(total, slope, rtol=1e-7, atol=1e-8)


# --- what is refused -----------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "draws": (lambda x: norm.rvs(x), r"scipy.stats.norm.rvs draws other numbers each time"),
    "frozen draws": (lambda x: norm(x).rvs(3), r"write loc \+ scale \* drawn"),
    "fits": (lambda x: norm.fit([x, x]), r"scipy.stats.norm.fit is a search"),
    "quantiles": (lambda x: stats.gamma.ppf(x, 2.0), r"cdf\(x\) - q = 0 to graphad.implicit"),
    "moments": (lambda x: norm.mean(x), "scipy.stats.norm.mean is not traced"),
    "others": (lambda x: stats.skewnorm.pdf(x, 1.0), "skewnorm.pdf is not traced"),
    "others of several": (lambda x: stats.dirichlet.pdf([x], [1.0]), "dirichlet.pdf is not traced"),
    "a method": (lambda x: multivariate_normal.cdf([x, x]), "not traced\n.*\nthere are logpdf and"),
    "too many": (lambda x: norm.cdf(x, 1, 2, 3), "4 arguments are given, and it takes x, loc, sca"),
    "too few": (lambda x: stats.gamma.cdf(x), "a is missing; it takes x, a, loc, scale|a is miss"),
    "unknown": (lambda x: norm.cdf(x, mu=1), "mu= is given, and it takes x, loc, scale"),
    "twice": (lambda x: norm.cdf(x, 1.0, loc=2.0), "loc is given twice"),
    "complex": (lambda x: norm.cdf(1j * x), "only real arguments are traced"),
    "singular": (lambda x: multivariate_normal.pdf(x, allow_singular=True), "since the rank jumps"),
    "coordinates": (lambda x: multivariate_normal.pdf([x, x], np.zeros(3)), "do not have 3 coord"),
    "a matrix": (
        lambda x: multivariate_normal.pdf([x, x], [0, 0], np.eye(3)),
        "is not a matrix of",
    ),
    "functions": (lambda x: stats.zscore([x, x]), r"write \(x - np.mean\(x\)\) / np.std\(x\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """What is not traced says what to write instead."""
    function, message = REFUSED[name]
    with pytest.raises(TraceError, match=message):
        ga.trace(function, 0.5)


def test_shapes_of_distribution_functions() -> None:
    """The incomplete gamma function of a traced parameter has a value, and no derivative."""
    graph = ga.trace(lambda a: stats.gamma.cdf(1.0, a), 2.0)
    assert graph(2.0) == pytest.approx(stats.gamma.cdf(1.0, 2.0), rel=1e-14)
    with pytest.raises(DerivativeError, match="no derivative rule in its parameters"):
        graph.diff()


def test_methods_of_others() -> None:
    """Only methods of SciPy's own distributions are looked for."""
    assert stats_lowering(np.sum) is None
    assert stats_lowering("text".upper) is None


def test_scipy_is_not_imported_for_it() -> None:
    """Tracing imports SciPy's distributions only if the user's code does."""
    code = (
        "import graphad, sys; graphad.trace(lambda x: x, 1.0); print('scipy.stats' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
