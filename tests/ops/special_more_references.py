"""Special functions that are made of others, or others by another name, and their definitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from tests.ops.special_polynomial_references import POLYNOMIALS
from tests.ops.special_references import (
    LINE,
    POSITIVE,
    Reference,
    bessel_k,
    log_points,
    mp,
    spread,
)

OTHERS = (0.5, 2.25)


def _parts(t: Any) -> list[Any]:
    return [mp.exp(t * t), *[mp.exp(mp.mpf(x)) for x in OTHERS]]


def _vector(t: Any) -> Any:
    return np.stack([t * t, *[0 * t + x for x in OTHERS]])


def _huber(r: Any) -> Any:
    delta = mp.mpf(1.25)
    return r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)


def _box(x: Any, power: float) -> Any:
    return (x**power - 1) / power


def _derived(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The derivative, by a step that is small against the digits."""
    step = mp.mpf(10) ** -30

    def slope(x: Any) -> Any:
        return (function(x + step) - function(x - step)) / (2 * step)

    return slope


MORE = (
    *POLYNOMIALS,
    *POLYNOMIALS,
    Reference("boxcox", lambda x: special.boxcox(x, 0.3), lambda x: _box(x, mp.mpf(0.3)), POSITIVE),
    Reference(
        "boxcox1p", lambda x: special.boxcox1p(x, 0.3), lambda x: _box(x + 1, mp.mpf(0.3)), POSITIVE
    ),
    Reference(
        "inv_boxcox",
        lambda x: special.inv_boxcox(x, 0.3),
        lambda x: (x * mp.mpf(0.3) + 1) ** (1 / mp.mpf(0.3)),
        POSITIVE,
    ),
    Reference(
        "inv_boxcox1p",
        lambda x: special.inv_boxcox1p(x, 0.3),
        lambda x: (x * mp.mpf(0.3) + 1) ** (1 / mp.mpf(0.3)) - 1,
        POSITIVE,
    ),
    Reference("cbrt", lambda x: special.cbrt(x), mp.cbrt, POSITIVE),
    Reference("cosm1", lambda x: special.cosm1(x), lambda x: mp.cos(x) - 1, (*LINE, 1e-9)),
    Reference("exp10", lambda x: special.exp10(x), lambda x: mp.power(10, x), LINE),
    Reference("exp2", lambda x: special.exp2(x), lambda x: mp.power(2, x), LINE),
    Reference("expm1", lambda x: special.expm1(x), mp.expm1, (*LINE, 1e-9)),
    Reference("log1p", lambda x: special.log1p(x), mp.log1p, POSITIVE),
    Reference(
        "chdtr",
        lambda x: special.chdtr(5, x),
        lambda x: mp.gammainc(mp.mpf(2.5), 0, x / 2, regularized=True),
        log_points(0.05, 40),
    ),
    Reference(
        "chdtrc",
        lambda x: special.chdtrc(5, x),
        lambda x: mp.gammainc(mp.mpf(2.5), x / 2, mp.inf, regularized=True),
        log_points(0.05, 40),
    ),
    Reference("huber", lambda x: special.huber(1.25, x), _huber, LINE),
    Reference(
        "pseudo_huber",
        lambda x: special.pseudo_huber(1.25, x),
        lambda x: mp.mpf(1.25) ** 2 * (mp.sqrt(1 + (x / mp.mpf(1.25)) ** 2) - 1),
        LINE,
    ),
    Reference("softplus", lambda x: special.softplus(x), lambda x: mp.log1p(mp.exp(x)), LINE),
    Reference("psi", lambda x: special.psi(x), lambda x: mp.psi(0, x), POSITIVE),
    Reference("loggamma", lambda x: special.loggamma(x), mp.loggamma, POSITIVE),
    Reference("sinc", lambda x: special.sinc(x), lambda x: mp.sincpi(x), LINE),
    Reference("perm", lambda n: special.perm(n, 4), lambda n: mp.ff(n, 4), spread(5, 40)),
    *[
        Reference(f"j{n}", lambda x, f=f: f(x), lambda x, n=n: mp.besselj(n, x), spread(-9, 12))
        for n, f in enumerate((special.j0, special.j1))
    ],
    *[
        Reference(
            f"y{n}", lambda x, f=f: f(x), lambda x, n=n: mp.bessely(n, x), log_points(0.01, 30)
        )
        for n, f in enumerate((special.y0, special.y1))
    ],
    *[
        Reference(f"i{n}", lambda x, f=f: f(x), lambda x, n=n: mp.besseli(n, x), spread(-9, 12))
        for n, f in enumerate((special.i0, special.i1))
    ],
    *[
        Reference(
            f"i{n}e",
            lambda x, f=f: f(x),
            lambda x, n=n: mp.exp(-x) * mp.besseli(n, x),
            log_points(0.01, 1e3),
        )
        for n, f in enumerate((special.i0e, special.i1e))
    ],
    *[
        Reference(
            f"k{n}", lambda x, f=f: f(x), lambda x, n=n: bessel_k(n, x), log_points(0.01, 100)
        )
        for n, f in enumerate((special.k0, special.k1))
    ],
    *[
        Reference(
            f"k{n}e",
            lambda x, f=f: f(x),
            lambda x, n=n: mp.exp(x) * bessel_k(n, x),
            log_points(0.01, 100),
        )
        for n, f in enumerate((special.k0e, special.k1e))
    ],
    Reference("jn", lambda x: special.jn(2, x), lambda x: mp.besselj(2, x), spread(-9, 12)),
    Reference("jve", lambda x: special.jve(2, x), lambda x: mp.besselj(2, x), spread(-9, 12)),
    Reference("yn", lambda x: special.yn(3, x), lambda x: mp.bessely(3, x), log_points(0.1, 30)),
    Reference("yve", lambda x: special.yve(3, x), lambda x: mp.bessely(3, x), log_points(0.1, 30)),
    Reference("kn", lambda x: special.kn(3, x), lambda x: bessel_k(3, x), log_points(0.01, 100)),
    Reference(
        "jvp", lambda x: special.jvp(2, x), _derived(lambda x: mp.besselj(2, x)), spread(-9, 12)
    ),
    Reference(
        "yvp",
        lambda x: special.yvp(2, x),
        _derived(lambda x: mp.bessely(2, x)),
        log_points(0.1, 30),
    ),
    Reference(
        "ivp", lambda x: special.ivp(2, x), _derived(lambda x: mp.besseli(2, x)), spread(-9, 12)
    ),
    Reference(
        "kvp",
        lambda x: special.kvp(2, x),
        _derived(lambda x: bessel_k(2, x)),
        log_points(0.01, 100),
    ),
    Reference(
        "logsumexp",
        lambda t: special.logsumexp(_vector(t), axis=0),
        lambda t: mp.log(sum(_parts(t))),
        spread(-1.5, 1.7),
    ),
    Reference(
        "softmax",
        lambda t: special.softmax(_vector(t), axis=0)[0],
        lambda t: _parts(t)[0] / sum(_parts(t)),
        spread(-1.5, 1.7),
    ),
    Reference(
        "log_softmax",
        lambda t: special.log_softmax(_vector(t), axis=0)[1],
        lambda t: mp.log(_parts(t)[1] / sum(_parts(t))),
        spread(-1.5, 1.7),
    ),
)
"""Those that `REFERENCES` leaves out."""
