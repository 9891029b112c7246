"""Continuous distributions of `scipy.stats`, by formulas of their standard variable.

Each is written such that tails keep their digits: distribution functions from the nearer end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from graphad.op import Operand
from graphad.tracing.lowering.stats_parts import (
    halved,
    log_beta,
    log_gamma,
    shifted,
    times_log,
    times_log1p,
)
from graphad.tracing.lowering.stats_table import POSITIVE, Family, o, with_generic

_LOG_2 = math.log(2)
_LOG_PI = math.log(math.pi)
_HALF_LOG_2PI = math.log(2 * math.pi) / 2
_POSITIVE_LINE = (0.0, math.inf)


def _halved_square(y: Operand) -> Operand:
    return o("multiply", o("integer_power", y, exponent=2), -0.5)


def _powered(y: Operand, exponent: Operand) -> Operand:
    return o("power", y, exponent)


def _complement(exponent: Operand) -> Operand:
    """Return ``1 - exp(-exponent)``, of which the derivatives keep their digits in the tail."""
    near = o("less", exponent, 0.5)
    close = -o("expm1", o("where", near, -exponent, 0.0))
    return o("where", near, close, 1.0 - o("exp", -exponent))


NORM = Family(
    {},
    with_generic(
        logpdf=lambda y: _halved_square(y) - _HALF_LOG_2PI,
        pdf=lambda y: o("exp", _halved_square(y)) * (1 / math.sqrt(2 * math.pi)),
        cdf=lambda y: o("ndtr", y),
        sf=lambda y: o("ndtr", -y),
        logcdf=lambda y: o("log_ndtr", y, derivative=0),
        logsf=lambda y: o("log_ndtr", -y, derivative=0),
        ppf=lambda q: o("ndtri", q),
        isf=lambda q: -o("ndtri", q),
    ),
)
UNIFORM = Family(
    {},
    with_generic(
        pdf=lambda y: y * 0.0 + 1.0,  # NaN stays NaN
        logpdf=lambda y: y * 0.0,
        cdf=lambda y: y,
        sf=lambda y: 1.0 - y,
        logsf=lambda y: o("log1p", -y),
        ppf=lambda q: q,
        isf=lambda q: 1.0 - q,
    ),
    support=(0.0, 1.0),
    inside=0.5,
)
EXPON = Family(
    {},
    with_generic(
        logpdf=lambda y: -y,
        cdf=_complement,
        logsf=lambda y: -y,
        ppf=lambda q: -o("log1p", -q),
        isf=lambda q: -o("log", q),
    ),
    support=_POSITIVE_LINE,
)
GAMMA = Family(
    {"a": POSITIVE},
    with_generic(
        logpdf=lambda y, a: times_log(shifted(a, -1.0), y) - y - log_gamma(a),
        cdf=lambda y, a: o("gammainc", a, y),
        sf=lambda y, a: o("gammaincc", a, y),
    ),
    support=_POSITIVE_LINE,
)
CHI2 = Family(
    {"df": POSITIVE},
    with_generic(
        logpdf=lambda y, df: (
            times_log(shifted(halved(df), -1.0), y * 0.5) - y * 0.5 - _LOG_2 - log_gamma(halved(df))
        ),
        cdf=lambda y, df: o("gammainc", df * 0.5, y * 0.5),
        sf=lambda y, df: o("gammaincc", df * 0.5, y * 0.5),
    ),
    support=_POSITIVE_LINE,
)
INVGAMMA = Family(
    {"a": POSITIVE},
    with_generic(
        logpdf=lambda y, a: -(a + 1.0) * o("log", y) - log_gamma(a) - 1.0 / y,
        cdf=lambda y, a: o("gammaincc", a, 1.0 / y),
        sf=lambda y, a: o("gammainc", a, 1.0 / y),
    ),
    support=_POSITIVE_LINE,
    low_open=True,
)
BETA = Family(
    {"a": POSITIVE, "b": POSITIVE},
    with_generic(
        logpdf=lambda y, a, b: (
            times_log1p(shifted(b, -1.0), -y) + times_log(shifted(a, -1.0), y) - log_beta(a, b)
        ),
        cdf=lambda y, a, b: o("betainc", a, b, y),
        sf=lambda y, a, b: o("betaincc", a, b, y),
    ),
    support=(0.0, 1.0),
    inside=0.5,
)


# --- Student's t ---------------------------------------------------------------------------------


def _t_logpdf(y: Operand, df: Operand) -> Operand:
    half = halved(df)
    constant = log_gamma(shifted(half, 0.5)) - log_gamma(half) - o("log", df) * 0.5 - _LOG_PI / 2
    return constant - (half + 0.5) * o("log1p", y * y / df)


def _t_tail(y: Operand, df: Operand, upper: bool) -> Operand:
    """``I(w; df/2, df/2)`` with ``w = (1 - |y|/√(y² + df)) / 2``, which is smooth at 0.

    The form by ``I(df/(df + y²); df/2, 1/2)`` has derivatives of 0·∞ there (M. Abramowitz and
    I. A. Stegun, 1964, 26.7.1, with the duplication 26.5.14).
    """
    below = o("less", y, 0.0)
    down = o("where", below, y, -y)  # not the absolute value, of which the slope at 0 is 0
    root = o("sqrt", y * y + df)
    w = df * 0.5 / (root * (root - down))
    half = df * 0.5
    near, far = o("betainc", half, half, w), o("betaincc", half, half, w)
    return o("where", below, far, near) if upper else o("where", below, near, far)


T = Family(
    {"df": POSITIVE},
    with_generic(
        logpdf=_t_logpdf,
        cdf=lambda y, df: _t_tail(y, df, upper=False),
        sf=lambda y, df: _t_tail(y, df, upper=True),
    ),
)


# --- others with elementary functions ------------------------------------------------------------


def _cauchy_quantile(q: Operand) -> Operand:
    """``tan(π(q - 1/2))``, towards the ends by the distance from these."""
    low, high = o("less", q, 0.25), o("less", 0.75, q)
    middle = o("tan", (o("where", o("logical_or", low, high), 0.5, q) - 0.5) * math.pi)
    end = o("where", low, q, 1.0 - q)
    cotangent = 1.0 / o("tan", end * math.pi)
    return o("where", low, -cotangent, o("where", high, cotangent, middle))


def _laplace_tail(y: Operand, upper: bool) -> Operand:
    below = o("less", y, 0.0)
    tail = o("exp", o("where", below, y, -y)) * 0.5
    return o("where", below, 1.0 - tail, tail) if upper else o("where", below, tail, 1.0 - tail)


def _laplace_log_tail(y: Operand) -> Operand:
    """The logarithm of the distribution function."""
    below = o("less", y, 0.0)
    down = o("where", below, y, -y)
    return o("where", below, down - _LOG_2, o("log1p", o("exp", down) * -0.5))


def _laplace_quantile(q: Operand) -> Operand:
    low = o("less", q, 0.5)
    tail = o("log", o("where", low, q, 1.0 - q) * 2.0)
    return o("where", low, tail, -tail)


CAUCHY = Family(
    {},
    with_generic(
        pdf=lambda y: (1 / math.pi) / (1.0 + y * y),
        logpdf=lambda y: -o("log1p", y * y) - _LOG_PI,
        cdf=lambda y: o("arctan2", 1.0, -y) * (1 / math.pi),
        sf=lambda y: o("arctan2", 1.0, y) * (1 / math.pi),
        ppf=_cauchy_quantile,
        isf=lambda q: -_cauchy_quantile(q),
    ),
)
LAPLACE = Family(
    {},
    with_generic(
        logpdf=lambda y: -o("absolute", y) - _LOG_2,
        cdf=lambda y: _laplace_tail(y, upper=False),
        sf=lambda y: _laplace_tail(y, upper=True),
        logcdf=_laplace_log_tail,
        logsf=lambda y: _laplace_log_tail(-y),
        ppf=_laplace_quantile,
        isf=lambda q: -_laplace_quantile(q),
    ),
)
LOGISTIC = Family(
    {},
    with_generic(
        pdf=lambda y: o("expit", y) * o("expit", -y),
        logpdf=lambda y: o("log_expit", y) + o("log_expit", -y),
        cdf=lambda y: o("expit", y),
        sf=lambda y: o("expit", -y),
        logcdf=lambda y: o("log_expit", y),
        logsf=lambda y: o("log_expit", -y),
        ppf=lambda q: o("logit", q),
        isf=lambda q: -o("logit", q),
    ),
)


def _lognorm_z(y: Operand, s: Operand) -> Operand:
    return o("log", y) / s


LOGNORM = Family(
    {"s": POSITIVE},
    with_generic(
        logpdf=lambda y, s: (
            _halved_square(_lognorm_z(y, s)) - o("log", s) - o("log", y) - _HALF_LOG_2PI
        ),
        cdf=lambda y, s: o("ndtr", _lognorm_z(y, s)),
        sf=lambda y, s: o("ndtr", -_lognorm_z(y, s)),
        logcdf=lambda y, s: o("log_ndtr", _lognorm_z(y, s), derivative=0),
        logsf=lambda y, s: o("log_ndtr", -_lognorm_z(y, s), derivative=0),
        ppf=lambda q, s: o("exp", s * o("ndtri", q)),
        isf=lambda q, s: o("exp", -(s * o("ndtri", q))),
    ),
    support=_POSITIVE_LINE,
    low_open=True,
)
WEIBULL_MIN = Family(
    {"c": POSITIVE},
    with_generic(
        logpdf=lambda y, c: o("log", c) + times_log(shifted(c, -1.0), y) - _powered(y, c),
        cdf=lambda y, c: _complement(_powered(y, c)),
        logsf=lambda y, c: -_powered(y, c),
        ppf=lambda q, c: _powered(-o("log1p", -q), 1.0 / c),
        isf=lambda q, c: _powered(-o("log", q), 1.0 / c),
    ),
    support=_POSITIVE_LINE,
)
PARETO = Family(
    {"b": POSITIVE},
    with_generic(
        logpdf=lambda y, b: o("log", b) - (b + 1.0) * o("log", y),
        cdf=lambda y, b: _complement(b * o("log", y)),
        logsf=lambda y, b: -b * o("log", y),
        ppf=lambda q, b: o("exp", -o("log1p", -q) / b),
        isf=lambda q, b: o("exp", -o("log", q) / b),
    ),
    support=(1.0, math.inf),
    inside=2.0,
)
HALFNORM = Family(
    {},
    with_generic(
        logpdf=lambda y: _halved_square(y) - (_HALF_LOG_2PI - _LOG_2),
        cdf=lambda y: o("erf", y * math.sqrt(0.5)),
        sf=lambda y: o("ndtr", -y) * 2.0,
        logsf=lambda y: o("log_ndtr", -y, derivative=0) + _LOG_2,
        ppf=lambda q: o("erfinv", q) * math.sqrt(2),
        isf=lambda q: o("erfcinv", q) * math.sqrt(2),
    ),
    support=_POSITIVE_LINE,
)
RAYLEIGH = Family(
    {},
    with_generic(
        pdf=lambda y: y * o("exp", _halved_square(y)),
        logpdf=lambda y: o("log", y) + _halved_square(y),
        cdf=lambda y: _complement(-_halved_square(y)),
        logsf=_halved_square,
        ppf=lambda q: o("sqrt", o("log1p", -q) * -2.0),
        isf=lambda q: o("sqrt", o("log", q) * -2.0),
    ),
    support=_POSITIVE_LINE,
)
GUMBEL_R = Family(
    {},
    with_generic(
        logpdf=lambda y: -y - o("exp", -y),
        logcdf=lambda y: -o("exp", -y),
        sf=lambda y: _complement(o("exp", -y)),
        ppf=lambda q: -o("log", -o("log", q)),
        isf=lambda q: -o("log", -o("log1p", -q)),
    ),
)

CONTINUOUS: Mapping[str, Family] = {
    "norm": NORM,
    "uniform": UNIFORM,
    "expon": EXPON,
    "gamma": GAMMA,
    "chi2": CHI2,
    "invgamma": INVGAMMA,
    "beta": BETA,
    "t": T,
    "cauchy": CAUCHY,
    "laplace": LAPLACE,
    "logistic": LOGISTIC,
    "lognorm": LOGNORM,
    "weibull_min": WEIBULL_MIN,
    "pareto": PARETO,
    "halfnorm": HALFNORM,
    "rayleigh": RAYLEIGH,
    "gumbel_r": GUMBEL_R,
}
"""Families by the name in `scipy.stats`."""
