"""Special functions of numbers alone: one op, or a few that are as accurate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import constant_array, emit
from graphad.tracing.lowering.registry import LOWERINGS, ArrayLike, lowers
from graphad.tracing.lowering.special_table import (
    SPECIAL,
    enter_special,
    fixed_integer,
    floats,
    lowers_special,
    one_op,
)

_DIRECT: Mapping[str, str] = {
    name: name
    for name in (
        *("erf", "erfc", "erfi", "erfinv", "erfcinv", "ndtr", "ndtri"),
        *("gamma", "gammaln", "beta", "betaln"),
        *("gammainc", "gammaincc", "betainc", "betaincc"),
        *("expit", "logit", "log_expit", "xlogy", "xlog1py", "entr", "rel_entr", "kl_div"),
        *("expi", "exp2", "expm1", "log1p", "cbrt"),
    )
}
"""Functions that are one op without attributes."""
_DERIVED: Mapping[str, str] = {
    **{name: name for name in ("dawsn", "erfcx", "log_ndtr", "digamma")},
    "psi": "digamma",
}
"""Functions that are one op of a family of derivatives."""

for _name, _op in _DIRECT.items():
    enter_special(_name, one_op(_op))
for _name, _op in _DERIVED.items():
    enter_special(_name, one_op(_op, derivative=0))


@lowers_special("loggamma")
def _loggamma(builder: Builder, z: ArrayLike) -> Value:
    """SciPy's is NaN for negative numbers, where the logarithm is complex."""
    (x,) = floats(builder, z)
    return emit("where", emit("less", x, 0.0), np.nan, emit("gammaln", x))


@lowers_special("rgamma")
def _rgamma(builder: Builder, z: ArrayLike) -> Value:
    """``x / Γ(x + 1)``, of which the derivatives are right at 0 too."""
    (x,) = floats(builder, z)
    return emit("multiply", x, emit("rgamma", emit("add", x, 1.0)))


@lowers_special("polygamma")
def _polygamma(builder: Builder, n: ArrayLike, x: ArrayLike) -> Value:
    order = fixed_integer(n, "the order n")
    if order < 0:
        raise TraceError(f"the order n must not be negative, and is {order}")
    (value,) = floats(builder, x)
    return emit("digamma", value, derivative=order)


@lowers_special("zeta", positional="x q out")
def _zeta(builder: Builder, x: ArrayLike, q: ArrayLike = None) -> Value:
    if q is None:
        return emit("riemann_zeta", *floats(builder, x), derivative=0)
    return emit("zeta", *floats(builder, x, q), derivative=0)


@lowers_special("lambertw", positional="z k tol")
def _lambertw(builder: Builder, z: ArrayLike, k: ArrayLike = 0, tol: float = 1e-8) -> Value:
    """SciPy's is complex; on the real branches its imaginary part is 0."""
    branch = fixed_integer(k, "the branch k")
    if branch not in (0, -1):
        raise TraceError(f"only the real branches 0 and -1 are traced, not {branch}")
    (x,) = floats(builder, z)
    return emit("cast", emit("lambertw", x, branch=branch), dtype="c128")


# --- combinations of ops -----------------------------------------------------------------------


@lowers_special("softplus", positional="x out")
def _softplus(builder: Builder, x: ArrayLike) -> Value:
    (value,) = floats(builder, x)
    return emit("negative", emit("log_expit", emit("negative", value)))


@lowers_special("exp10")
def _exp10(builder: Builder, x: ArrayLike) -> Value:
    (value,) = floats(builder, x)
    return emit("power", value.type.dtype.type(10), value)


@lowers_special("cosm1")
def _cosm1(builder: Builder, x: ArrayLike) -> Value:
    (value,) = floats(builder, x)
    half = emit("sin", emit("multiply", value, 0.5))
    return emit("multiply", emit("integer_power", half, exponent=2), -2.0)


@lowers_special("huber")
def _huber(builder: Builder, delta: ArrayLike, r: ArrayLike) -> Value:
    d, x = floats(builder, delta, r)
    size = emit("absolute", x)
    inner = emit("multiply", emit("multiply", x, x), 0.5)
    outer = emit("multiply", d, emit("subtract", size, emit("multiply", d, 0.5)))
    found = emit("where", emit("less_equal", size, d), inner, outer)
    return emit("where", emit("less", d, 0.0), np.inf, found)


@lowers_special("pseudo_huber")
def _pseudo_huber(builder: Builder, delta: ArrayLike, r: ArrayLike) -> Value:
    """``r² / (1 + √(1 + (r/δ)²))``, which does not cancel where r is small."""
    d, x = floats(builder, delta, r)
    array = constant_array(d)
    if array is None or not np.all(array > 0):
        raise TraceError("delta must be fixed and positive; write the formula out for others")
    ratio = emit("integer_power", emit("divide", x, d), exponent=2)
    root = emit("sqrt", emit("add", ratio, 1.0))
    return emit("divide", emit("multiply", x, x), emit("add", root, 1.0))


def _boxcox(builder: Builder, x: ArrayLike, lmbda: ArrayLike, logarithm: str) -> Value:
    power = _fixed_power(lmbda)
    (value,) = floats(builder, x)
    logged = emit(logarithm, value)
    if power == 0:
        return logged
    grown = emit("expm1", emit("multiply", logged, power))
    return emit("multiply", grown, 1 / power)


def _inv_boxcox(builder: Builder, y: ArrayLike, lmbda: ArrayLike, exponential: str) -> Value:
    power = _fixed_power(lmbda)
    (value,) = floats(builder, y)
    if power == 0:
        return emit(exponential, value)
    logged = emit("log1p", emit("multiply", value, power))
    return emit(exponential, emit("multiply", logged, 1 / power))


def _fixed_power(lmbda: ArrayLike) -> float:
    array = constant_array(lmbda)
    if array is None or array.size != 1:
        raise TraceError(
            "lmbda must be one fixed number; write np.expm1(lmbda * np.log(x)) / lmbda"
        )
    return float(array.reshape(())[()])


@lowers_special("boxcox")
def _boxcox_of(builder: Builder, x: ArrayLike, lmbda: ArrayLike) -> Value:
    return _boxcox(builder, x, lmbda, "log")


@lowers_special("boxcox1p")
def _boxcox1p(builder: Builder, x: ArrayLike, lmbda: ArrayLike) -> Value:
    return _boxcox(builder, x, lmbda, "log1p")


@lowers_special("inv_boxcox")
def _inv_boxcox_of(builder: Builder, y: ArrayLike, lmbda: ArrayLike) -> Value:
    return _inv_boxcox(builder, y, lmbda, "exp")


@lowers_special("inv_boxcox1p")
def _inv_boxcox1p(builder: Builder, y: ArrayLike, lmbda: ArrayLike) -> Value:
    return _inv_boxcox(builder, y, lmbda, "expm1")


# --- distribution functions of one more name ---------------------------------------------------


@lowers_special("chdtr")
def _chdtr(builder: Builder, v: ArrayLike, x: ArrayLike) -> Value:
    values = [emit("multiply", value, 0.5) for value in floats(builder, v, x)]
    return emit("gammainc", *values)


@lowers_special("chdtrc")
def _chdtrc(builder: Builder, v: ArrayLike, x: ArrayLike) -> Value:
    values = [emit("multiply", value, 0.5) for value in floats(builder, v, x)]
    return emit("gammaincc", *values)


# --- NumPy's own -------------------------------------------------------------------------------


@lowers(np.sinc)
def _sinc(builder: Builder, x: ArrayLike) -> Value:
    (value,) = floats(builder, x)
    return emit("sinc", value, derivative=0)


@lowers(np.i0)
def _i0(builder: Builder, x: ArrayLike) -> Value:
    (value,) = floats(builder, x)
    return emit("bessel_i", value, order=0, derivative=0)


SPECIAL["sinc"] = LOWERINGS[np.sinc]
