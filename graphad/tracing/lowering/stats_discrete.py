"""Distributions of whole numbers of `scipy.stats`, differentiated by their parameters."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping

from graphad.builder import Value
from graphad.op import Operand
from graphad.tracing.lowering.coerce import constant_array
from graphad.tracing.lowering.stats_table import (
    NOT_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    Family,
    o,
    with_generic,
)

_FROM_0 = (0.0, math.inf)


def _log_gamma(x: Operand) -> Operand:
    """Return ``gammaln``, worked out while tracing if the numbers are fixed."""
    array = constant_array(x)
    if array is None or not isinstance(x, Value):
        return o("gammaln", x)
    return x.builder.constant(sys.modules["scipy.special"].gammaln(array))


def _shifted(x: Operand, by: float) -> Operand:
    """Return a sum, worked out while tracing if it can be."""
    array = constant_array(x)
    if array is None or not isinstance(x, Value):
        return o("add", x, by)
    return x.builder.constant(array + by)


def _between(n: Operand, k: Operand) -> Operand:
    """Return the difference, worked out while tracing if it can be."""
    known = constant_array(n), constant_array(k)
    if known[0] is None or known[1] is None or not isinstance(n, Value):
        return o("subtract", n, k)
    return n.builder.constant(known[0] - known[1])


def _poisson(k: Operand, mu: Operand) -> Operand:
    return o("xlogy", k, mu) - mu - _log_gamma(_shifted(k, 1.0))


def _binom(k: Operand, n: Operand, p: Operand) -> Operand:
    rest = _between(n, k)
    ways = (
        _log_gamma(_shifted(n, 1.0))
        - _log_gamma(_shifted(k, 1.0))
        - _log_gamma(_shifted(rest, 1.0))
    )
    return ways + o("xlogy", k, p) + o("xlog1py", rest, -p)


def _nbinom(k: Operand, n: Operand, p: Operand) -> Operand:
    ways = _log_gamma(o("add", n, k)) - _log_gamma(_shifted(k, 1.0)) - _log_gamma(n)
    return ways + n * o("log", p) + o("xlog1py", k, -p)


POISSON = Family(
    {"mu": NOT_NEGATIVE},
    with_generic(
        logpmf=_poisson,
        cdf=lambda k, mu: o("gammaincc", _shifted(k, 1.0), mu),
        sf=lambda k, mu: o("gammainc", _shifted(k, 1.0), mu),
    ),
    support=_FROM_0,
    counts=True,
)
BERNOULLI = Family(
    {"p": PROBABILITY},
    with_generic(
        pmf=lambda k, p: o("where", o("equal", k, 1.0), p, 1.0 - p),
        logpmf=lambda k, p: o("xlogy", k, p) + o("xlog1py", _shifted(-k, 1.0), -p),
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
        cdf=lambda k, n, p: o("betaincc", _shifted(k, 1.0), _between(n, k), p),
        sf=lambda k, n, p: o("betainc", _shifted(k, 1.0), _between(n, k), p),
    ),
    support=(0.0, "n"),
    inside=0.0,
    counts=True,
)
GEOM = Family(
    {"p": PROBABILITY},
    with_generic(
        logpmf=lambda k, p: o("log", p) + o("xlog1py", _shifted(k, -1.0), -p),
        cdf=lambda k, p: -o("expm1", o("xlog1py", k, -p)),
        logsf=lambda k, p: o("xlog1py", k, -p),
    ),
    support=(1.0, math.inf),
    counts=True,
)
NBINOM = Family(
    {"n": POSITIVE, "p": PROBABILITY},
    with_generic(
        logpmf=_nbinom,
        cdf=lambda k, n, p: o("betainc", n, _shifted(k, 1.0), p),
        sf=lambda k, n, p: o("betaincc", n, _shifted(k, 1.0), p),
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
