"""What distributions are compared with: their definitions by mpmath, in 90 digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.ops.special_references import log_points, mp, spread

Exact: TypeAlias = Callable[..., Any]

HALF = mp.mpf(1) / 2
LINE = spread(-6, 6.5, -30.0, 30.0, 0.0)
HALF_LINE = (*log_points(0.03, 9)[::2], *spread(0.2, 6)[::2])
UNIT = spread(0, 1, 1e-6, 0.999)[::2]


def _inverse(x: Any) -> Any:
    """Return the quantile of the normal distribution."""
    return mp.sqrt(2) * mp.erfinv(2 * x - 1)


def _t(x: Any, df: Any) -> Any:
    """Return the distribution function of t for x < 0."""
    return mp.betainc(df / 2, HALF, 0, df / (df + x * x), regularized=True) / 2


def _gamma(x: Any, a: Any) -> Any:
    return mp.gammainc(a, 0, x, regularized=True)


DENSITIES: Mapping[str, Exact] = {
    "norm": lambda x: mp.npdf(x),
    "uniform": lambda x: mp.mpf(1),
    "expon": lambda x: mp.exp(-x),
    "gamma": lambda x, a: x ** (a - 1) * mp.exp(-x) / mp.gamma(a),
    "chi2": lambda x, k: (x / 2) ** (k / 2 - 1) * mp.exp(-x / 2) / mp.gamma(k / 2) / 2,
    "invgamma": lambda x, a: x ** (-a - 1) * mp.exp(-1 / x) / mp.gamma(a),
    "beta": lambda x, a, b: x ** (a - 1) * (1 - x) ** (b - 1) / mp.beta(a, b),
    "t": lambda x, n: (1 + x * x / n) ** (-(n + 1) / 2) / mp.sqrt(n) / mp.beta(HALF, n / 2),
    "cauchy": lambda x: 1 / (mp.pi * (1 + x * x)),
    "laplace": lambda x: mp.exp(-abs(x)) / 2,
    "logistic": lambda x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2,
    "lognorm": lambda x, s: mp.npdf(mp.log(x) / s) / (s * x),
    "weibull_min": lambda x, c: c * x ** (c - 1) * mp.exp(-(x**c)),
    "pareto": lambda x, b: b * x ** (-b - 1),
    "halfnorm": lambda x: 2 * mp.npdf(x),
    "rayleigh": lambda x: x * mp.exp(-x * x / 2),
    "gumbel_r": lambda x: mp.exp(-x - mp.exp(-x)),
}
"""Of the standard variable and the shapes."""
DISTRIBUTIONS: Mapping[str, Exact] = {
    "norm": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "uniform": lambda x: x,
    "expon": lambda x: -mp.expm1(-x),
    "gamma": _gamma,
    "chi2": lambda x, k: _gamma(x / 2, k / 2),
    "invgamma": lambda x, a: 1 - _gamma(1 / x, a),
    "beta": lambda x, a, b: mp.betainc(a, b, 0, x, regularized=True),
    "t": lambda x, n: _t(x, n) if x < 0 else 1 - _t(x, n),
    "cauchy": lambda x: mp.atan(x) / mp.pi + HALF,
    "laplace": lambda x: mp.exp(x) / 2 if x < 0 else 1 - mp.exp(-x) / 2,
    "logistic": lambda x: 1 / (1 + mp.exp(-x)),
    "lognorm": lambda x, s: mp.ncdf(mp.log(x) / s),
    "weibull_min": lambda x, c: -mp.expm1(-(x**c)),
    "pareto": lambda x, b: 1 - x**-b,
    "halfnorm": lambda x: mp.erf(x / mp.sqrt(2)),
    "rayleigh": lambda x: -mp.expm1(-x * x / 2),
    "gumbel_r": lambda x: mp.exp(-mp.exp(-x)),
}
QUANTILES: Mapping[str, Exact] = {
    "norm": _inverse,
    "uniform": lambda q: q,
    "expon": lambda q: -mp.log(1 - q),
    "cauchy": lambda q: mp.tan(mp.pi * (q - HALF)),
    "laplace": lambda q: mp.log(2 * q) if q < HALF else -mp.log(2 * (1 - q)),
    "logistic": lambda q: mp.log(q / (1 - q)),
    "lognorm": lambda q, s: mp.exp(s * _inverse(q)),
    "weibull_min": lambda q, c: (-mp.log(1 - q)) ** (1 / c),
    "pareto": lambda q, b: (1 - q) ** (-1 / b),
    "halfnorm": lambda q: _inverse((1 + q) / 2),
    "rayleigh": lambda q: mp.sqrt(-2 * mp.log(1 - q)),
    "gumbel_r": lambda q: -mp.log(-mp.log(q)),
}
POINTS: Mapping[str, tuple[float, ...]] = {
    **dict.fromkeys(DENSITIES, HALF_LINE),
    **dict.fromkeys(("norm", "cauchy", "laplace", "logistic"), LINE),
    "norm": spread(-6, 6.5, -10.0, 10.0, 0.0),
    "laplace": tuple([x for x in LINE if x]),
    "gumbel_r": spread(-3, 6),
    "invgamma": HALF_LINE[1:],
    "t": (*spread(-6, 6.5)[::2], -30.0, 30.0, 0.25),
    "beta": UNIT,
    "uniform": UNIT,
    "pareto": tuple([1 + x for x in HALF_LINE]),
}
"""Away from 0 where a function has a kink, or mpmath's branches meet."""
MASSES: Mapping[str, Exact] = {
    "poisson": lambda k, mu: mp.exp(-mu) * mu**k / mp.factorial(k),
    "bernoulli": lambda k, p: p if k else 1 - p,
    "binom": lambda k, n, p: mp.binomial(n, k) * p**k * (1 - p) ** (n - k),
    "geom": lambda k, p: p * (1 - p) ** (k - 1),
    "nbinom": lambda k, n, p: mp.binomial(n + k - 1, k) * p**n * (1 - p) ** k,
}
"""Of a count and the shapes."""


def method_of(name: str, method: str) -> Exact:
    """Return a method of a continuous distribution, of the standard variable and the shapes."""
    if method in ("ppf", "isf"):
        quantile = QUANTILES[name]
        return quantile if method == "ppf" else lambda q, *args: quantile(1 - q, *args)
    plain = method.removeprefix("log")
    direct: Exact = DENSITIES[name] if plain == "pdf" else DISTRIBUTIONS[name]
    if plain == "sf":
        reached = direct
        turned = name in ("norm", "cauchy", "laplace", "logistic")
        direct = lambda x, *args: reached(-x) if turned else 1 - reached(x, *args)  # noqa: E731
    return direct if plain == method else lambda x, *args: mp.log(direct(x, *args))


def points_of(name: str, method: str) -> tuple[float, ...]:
    """Return where a method is compared, tails of the normal distribution among them."""
    if method in ("ppf", "isf"):
        return UNIT
    if name != "norm":
        return POINTS[name]
    return (*POINTS[name], 30.0 if method.endswith("sf") else -30.0)
