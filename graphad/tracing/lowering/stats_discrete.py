"""Distributions of whole numbers of `scipy.stats`, differentiated by their parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping

from graphad.op import Operand
from graphad.tracing.lowering.stats_parts import (
    difference,
    log_gamma,
    shifted,
    times_log,
    times_log1p,
)
from graphad.tracing.lowering.stats_table import (
    NOT_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    Family,
    o,
    with_generic,
)

_FROM_0 = (0.0, math.inf)


def _poisson(k: Operand, mu: Operand) -> Operand:
    return times_log(k, mu) - mu - log_gamma(shifted(k, 1.0))


def _binom(k: Operand, n: Operand, p: Operand) -> Operand:
    rest = difference(n, k)
    ways = log_gamma(shifted(n, 1.0)) - log_gamma(shifted(k, 1.0)) - log_gamma(shifted(rest, 1.0))
    return ways + times_log(k, p) + times_log1p(rest, -p)


def _nbinom(k: Operand, n: Operand, p: Operand) -> Operand:
    ways = log_gamma(o("add", n, k)) - log_gamma(shifted(k, 1.0)) - log_gamma(n)
    return ways + n * o("log", p) + times_log1p(k, -p)


POISSON = Family(
    {"mu": NOT_NEGATIVE},
    with_generic(
        logpmf=_poisson,
        cdf=lambda k, mu: o("gammaincc", shifted(k, 1.0), mu),
        sf=lambda k, mu: o("gammainc", shifted(k, 1.0), mu),
    ),
    support=_FROM_0,
    counts=True,
)
BERNOULLI = Family(
    {"p": PROBABILITY},
    with_generic(
        pmf=lambda k, p: o("where", o("equal", k, 1.0), p, 1.0 - p),
        logpmf=lambda k, p: times_log(k, p) + times_log1p(shifted(-k, 1.0), -p),
        cdf=lambda k, p: (1.0 - p) + k * 0.0,
        sf=lambda k, p: p + k * 0.0,
    ),
    support=(0.0, 1.0),
    counts=True,
)
BINOM = Family(
    {"n": NOT_NEGATIVE, "p": PROBABILITY},
    with_generic(
        logpmf=_binom,
        cdf=lambda k, n, p: o("betaincc", shifted(k, 1.0), difference(n, k), p),
        sf=lambda k, n, p: o("betainc", shifted(k, 1.0), difference(n, k), p),
    ),
    support=(0.0, "n"),
    inside=0.0,
    counts=True,
)
GEOM = Family(
    {"p": PROBABILITY},
    with_generic(
        logpmf=lambda k, p: o("log", p) + times_log1p(shifted(k, -1.0), -p),
        cdf=lambda k, p: -o("expm1", times_log1p(k, -p)),
        logsf=lambda k, p: times_log1p(k, -p),
    ),
    support=(1.0, math.inf),
    counts=True,
)
NBINOM = Family(
    {"n": POSITIVE, "p": PROBABILITY},
    with_generic(
        logpmf=_nbinom,
        cdf=lambda k, n, p: o("betainc", n, shifted(k, 1.0), p),
        sf=lambda k, n, p: o("betaincc", n, shifted(k, 1.0), p),
    ),
    support=_FROM_0,
    counts=True,
)

DISCRETE: Mapping[str, Family] = {
    "poisson": POISSON,
    "bernoulli": BERNOULLI,
    "binom": BINOM,
    "geom": GEOM,
    "nbinom": NBINOM,
}
"""Families by the name in `scipy.stats`."""
