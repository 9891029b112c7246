"""What special functions are compared with: the same functions by mpmath, and points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray
from scipy import special

from tests.ops.calculus import HALF, difference_weights

DIGITS = 90
"""Differences of order 5 with a step of 1e-10 leave 40 of them."""
HIGHEST = 4

mp = mpmath.MPContext()
mp.dps = DIGITS


@dataclass(frozen=True)
class Reference:
    """A function to trace, the same by mpmath, and where they are compared.

    Parameters
    ----------
    call : callable
        With SciPy's function in it.
    exact : callable
        Of an mpmath number.
    points : tuple of float
    name : str
        For the table in the documentation; several functions of one name are one line.
    """

    name: str
    call: Callable[[Any], Any]
    exact: Callable[[Any], Any]
    points: tuple[float, ...]


def spread(low: float, high: float, *more: float) -> tuple[float, ...]:
    """Return points between two numbers, and more at the edges."""
    inner = np.linspace(low, high, 22 - len(more))[1:-1]
    return (*[float(x) for x in np.round(inner, 3)], *more)


def log_points(low: float, high: float, *more: float) -> tuple[float, ...]:
    """Return points between two numbers, evenly by their logarithm, and more."""
    return (*[float(f"{x:.3g}") for x in np.geomspace(low, high, 20 - len(more))], *more)


LINE = spread(-3, 3.3)
POSITIVE = log_points(0.05, 40)
ABOVE_1 = tuple([round(1 + x, 4) for x in log_points(1e-3, 40)])
UNIT = spread(0, 1, 1e-8, 0.999)


def _j(n: int) -> Callable[[Any], Any]:
    return lambda x: mp.besselj(n, x)


def bessel_k(n: Any, x: Any) -> Any:
    """Return K by the trapezoidal rule, right to 80 digits; mpmath's takes 50 times as long."""
    count = 220
    ratio = mp.exp(mp.acosh(1 + 250 / x) / count)
    total, grown = mp.exp(-x) / 2, mp.mpf(1)
    for _ in range(count):
        grown *= ratio
        total += mp.exp(-x * (grown + 1 / grown) / 2) * (grown**n + grown**-n) / 2
    return total * mp.log(ratio)


def _spherical(bessel: str, n: int) -> Callable[[Any], Any]:
    half = mp.mpf(1) / 2
    return lambda x: mp.sqrt(mp.pi / (2 * x)) * getattr(mp, bessel)(n + half, x)


def _ratio(x: Any) -> Any:
    z = mp.pi * x
    return mp.sin(z) / z if z else mp.mpf(1)


REFERENCES = (
    Reference("erf", lambda x: special.erf(x), mp.erf, LINE),
    Reference("erfc", lambda x: special.erfc(x), mp.erfc, spread(-3, 6, 10.0, 20.0)),
    Reference("erfi", lambda x: special.erfi(x), mp.erfi, LINE),
    Reference(
        "erfcx",
        lambda x: special.erfcx(x),
        lambda x: mp.exp(x * x) * mp.erfc(x),
        spread(-4, 6, -5.0, 0.0, 10.0, 30.0, 1e3),
    ),
    Reference(
        "dawsn",
        lambda x: special.dawsn(x),
        lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x),
        (*spread(-4, 6, 1e-9, 0.0, 0.69, 0.71, 10.0), *log_points(8, 100)[::4]),
    ),
    Reference(
        "erfinv", lambda x: special.erfinv(x), mp.erfinv, spread(-0.95, 0.98, 0.999, -0.9999)
    ),
    Reference(
        "erfcinv",
        lambda x: special.erfcinv(x),
        lambda x: _inverse_tail(x / 2) / mp.sqrt(2),
        spread(0, 2, 1e-6, 1e-8),
    ),
    Reference("ndtr", lambda x: special.ndtr(x), mp.ncdf, spread(-5, 3, -10.0, -20.0, -30.0)),
    Reference("ndtri", lambda p: special.ndtri(p), lambda p: -_inverse_tail(p), UNIT),
    Reference(
        "log_ndtr",
        lambda x: special.log_ndtr(x),
        lambda x: mp.log(mp.ncdf(x)),
        spread(-6, 4, -10.0, -40.0, -200.0, 8.0),
    ),
    Reference(
        "gammaln",
        lambda x: special.gammaln(x),
        lambda x: mp.re(mp.loggamma(x)),
        (*log_points(0.01, 200), 0.999, 1.001, 1.999, 2.001, -0.5, -3.3),
    ),
    Reference("gamma", lambda x: special.gamma(x), mp.gamma, (*log_points(0.01, 150), -0.4, -3.3)),
    Reference(
        "rgamma", lambda x: special.rgamma(x), mp.rgamma, (*log_points(0.01, 20), -0.4, -3.3)
    ),
    Reference(
        "digamma",
        lambda x: special.digamma(x),
        lambda x: mp.psi(0, x),
        (*log_points(0.01, 300), 1.46, 1.47, -0.7, -3.3),
    ),
    Reference(
        "polygamma",
        lambda x: special.polygamma(1, x),
        lambda x: mp.psi(1, x),
        log_points(0.01, 300),
    ),
    Reference(
        "polygamma",
        lambda x: special.polygamma(3, x),
        lambda x: mp.psi(3, x),
        log_points(0.01, 300),
    ),
    Reference(
        "beta", lambda x: special.beta(x, 2.25), lambda x: mp.beta(x, mp.mpf(2.25)), POSITIVE
    ),
    Reference(
        "betaln",
        lambda x: special.betaln(x, 2.25),
        lambda x: mp.log(mp.beta(x, mp.mpf(2.25))),
        POSITIVE,
    ),
    Reference("zeta", lambda q: special.zeta(2.5, q), lambda q: mp.zeta(mp.mpf(2.5), q), POSITIVE),
    *[
        Reference(
            "zeta", lambda s, q=q: special.zeta(s, q), lambda s, q=q: mp.zeta(s, mp.mpf(q)), ABOVE_1
        )
        for q in (0.75, 40.0)
    ],
    Reference(
        "zeta",
        lambda t: special.zeta(1.125 + t, 0.25 + 3 * t),
        lambda t: mp.zeta(mp.mpf(1.125) + t, mp.mpf(0.25) + 3 * t),
        log_points(0.05, 20),
    ),
    Reference("riemann_zeta", lambda s: special.zeta(s), mp.zeta, (*ABOVE_1, 90.0)),
    Reference("riemann_zeta", lambda s: special.zeta(s), mp.zeta, (*spread(-21, 0.97), 0.0, 0.999)),
    Reference(
        "binom", lambda n: special.binom(n, 6), lambda n: mp.binomial(n, 6), spread(-9, 60, 5.01)
    ),
    Reference("comb", lambda n: special.comb(n, 40), lambda n: mp.binomial(n, 40), spread(41, 1e3)),
    Reference("poch", lambda z: special.poch(z, 5), lambda z: mp.rf(z, 5), spread(-5, 40)),
    Reference(
        "gammainc",
        lambda x: special.gammainc(2.5, x),
        lambda x: mp.gammainc(mp.mpf(2.5), 0, x, regularized=True),
        log_points(0.05, 30),
    ),
    Reference(
        "gammaincc",
        lambda x: special.gammaincc(2.5, x),
        lambda x: mp.gammainc(mp.mpf(2.5), x, mp.inf, regularized=True),
        log_points(0.05, 30),
    ),
    Reference(
        "betainc",
        lambda x: special.betainc(2.5, 1.75, x),
        lambda x: mp.betainc(mp.mpf(2.5), mp.mpf(1.75), 0, x, regularized=True),
        spread(0, 1),
    ),
    Reference(
        "betaincc",
        lambda x: special.betaincc(2.5, 1.75, x),
        lambda x: mp.betainc(mp.mpf(2.5), mp.mpf(1.75), x, 1, regularized=True),
        spread(0, 1),
    ),
    Reference(
        "expit",
        lambda x: special.expit(x),
        lambda x: 1 / (1 + mp.exp(-x)),
        spread(-20, 20, -700.0),
    ),
    Reference("logit", lambda x: special.logit(x), lambda x: mp.log(x / (1 - x)), UNIT),
    Reference(
        "log_expit",
        lambda x: special.log_expit(x),
        lambda x: -mp.log1p(mp.exp(-x)),
        spread(-20, 20, 700.0),
    ),
    Reference(
        "softplus",
        lambda x: -special.log_expit(-x),
        lambda x: mp.log1p(mp.exp(x)),
        spread(-20, 20, -700.0),
    ),
    Reference("xlogy", lambda x: special.xlogy(x, x), lambda x: x * mp.log(x), POSITIVE),
    Reference("xlog1py", lambda x: special.xlog1py(x, x), lambda x: x * mp.log1p(x), POSITIVE),
    Reference("entr", lambda x: special.entr(x), lambda x: -x * mp.log(x), POSITIVE),
    Reference(
        "rel_entr",
        lambda x: special.rel_entr(x, 2.25),
        lambda x: x * mp.log(x / mp.mpf(2.25)),
        POSITIVE,
    ),
    Reference(
        "kl_div",
        lambda x: special.kl_div(x, 2.25),
        lambda x: x * mp.log(x / mp.mpf(2.25)) - x + mp.mpf(2.25),
        POSITIVE,
    ),
    *[
        Reference(
            f"j{n}" if n < 2 else "jv",
            lambda x, n=n: special.jv(n, x),
            _j(n),
            (*spread(-9, 12, 30.0, 0.0, 1e-3), 0.01),
        )
        for n in (0, 1, 3)
    ],
    *[
        Reference(
            f"y{n}" if n < 2 else "yv",
            lambda x, n=n: special.yv(n, x),
            lambda x, n=n: mp.bessely(n, x),
            log_points(0.01, 30),
        )
        for n in (0, 2)
    ],
    *[
        Reference(
            f"i{n}" if n < 2 else "iv",
            lambda x, n=n: special.iv(n, x),
            lambda x, n=n: mp.besseli(n, x),
            (*spread(-9, 12, 0.0, 1e-3, 50.0), 300.0),
        )
        for n in (0, 1, 3)
    ],
    *[
        Reference(
            f"k{n}" if n < 2 else "kv",
            lambda x, n=n: special.kv(n, x),
            lambda x, n=n: bessel_k(n, x),
            log_points(0.01, 300),
        )
        for n in (0, 2)
    ],
    *[
        Reference(
            f"i{n}e" if n < 2 else "ive",
            lambda x, n=n: special.ive(n, x),
            lambda x, n=n: mp.exp(-x) * mp.besseli(n, x),
            log_points(0.01, 1e4),
        )
        for n in (0, 1, 3)
    ],
    *[
        Reference(
            f"k{n}e" if n < 2 else "kve",
            lambda x, n=n: special.kve(n, x),
            lambda x, n=n: mp.exp(x) * bessel_k(n, x),
            log_points(0.01, 1e3),
        )
        for n in (0, 2)
    ],
    *[
        Reference(
            "jv",
            lambda x, v=v: special.jv(v, x),
            lambda x, v=v: mp.besselj(mp.mpf(v), x),
            log_points(0.01, 100),
        )
        for v in (0.5, 2.7, -3.999)
    ],
    *[
        Reference(
            "yv",
            lambda x, v=v: special.yv(v, x),
            lambda x, v=v: mp.bessely(mp.mpf(v), x),
            log_points(0.01, 30),
        )
        for v in (1.001, -1.5)
    ],
    *[
        Reference(
            "iv",
            lambda x, v=v: special.iv(v, x),
            lambda x, v=v: mp.besseli(mp.mpf(v), x),
            log_points(0.01, 300),
        )
        for v in (0.3, -2.7)
    ],
    *[
        Reference(
            "ive",
            lambda x, v=v: special.ive(v, x),
            lambda x, v=v: mp.exp(-x) * mp.besseli(mp.mpf(v), x),
            log_points(0.01, 1e4),
        )
        for v in (0.5, 7.3, -3.999)
    ],
    Reference(
        "kv",
        lambda x: special.kv(1.7, x),
        lambda x: bessel_k(mp.mpf(1.7), x),
        log_points(0.01, 300),
    ),
    Reference(
        "kve",
        lambda x: special.kve(-0.5, x),
        lambda x: mp.sqrt(mp.pi / (2 * x)),
        log_points(0.01, 1e3),
    ),
    *[
        Reference(
            f"spherical_{kind}n",
            lambda x, n=n, kind=kind: getattr(special, f"spherical_{kind}n")(n, x),
            _spherical(f"bessel{kind}", n),
            log_points(0.05, 30),
        )
        for kind in "jyik"
        for n in (0, 2)
    ],
    Reference(
        "expn", lambda x: special.expn(3, x), lambda x: mp.expint(3, x), log_points(0.01, 100)
    ),
    Reference("exp1", lambda x: special.exp1(x), mp.e1, log_points(0.01, 100)),
    Reference("expi", lambda x: special.expi(x), lambda x: mp.re(mp.ei(x)), log_points(0.01, 100)),
    Reference(
        "lambertw",
        lambda x: special.lambertw(x).real,
        lambda x: mp.re(mp.lambertw(x)),
        (*log_points(0.01, 1e6), -0.36, -0.3678, -0.367879, 0.0),
    ),
    Reference(
        "lambertw",
        lambda x: special.lambertw(x, -1).real,
        lambda x: mp.re(mp.lambertw(x, -1)),
        (*spread(-0.36, 0), -0.3678, -0.367879, -1e-5),
    ),
    Reference("np.sinc", np.sinc, _ratio, (*spread(-3.3, 5.2), 0.0, 1e-9, 1e-3, 20.3)),
)
"""One for each function that is traced, those of one op alone left out."""


def _inverse_tail(p: Any) -> Any:
    """Return x with ``erfc(x/√2)/2 = p``, from SciPy's by Newton's method."""
    x = mp.mpf(-special.ndtri(float(p)))
    for _ in range(6):
        x += (mp.erfc(x / mp.sqrt(2)) / 2 - p) / mp.npdf(x)
    return x


@cache
def exact_derivatives(reference: Reference) -> NDArray[np.float64]:
    """Return derivatives of orders 0 to one more than `HIGHEST`, a row each, at the points."""
    rows = [_differences(reference.exact, x) for x in reference.points]
    return np.array(rows).T


def _differences(function: Callable[[Any], Any], x: float) -> list[float]:
    """Return derivatives by differences with a tiny step, in as many digits more as that takes."""
    at, step = mp.mpf(x), mp.mpf(10) ** -10 * max(abs(x), 1e-3)
    values = [function(at + i * step) for i in range(-HALF, HALF + 1)]
    found = [float(mp.re(function(at)))]
    for order in range(1, HIGHEST + 2):
        weights = [mp.mpf(w.numerator) / w.denominator for w in difference_weights(order)]
        total = sum(w * value for w, value in zip(weights, values, strict=True))
        number = float(mp.re(total / step**order))
        found.append(0.0 if abs(number) < 1e-30 * float(abs(values[0])) else number)
    return found
