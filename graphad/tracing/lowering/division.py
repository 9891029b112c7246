"""Division with remainder, rounding to decimals, and the parts of floating-point numbers.

Whole parts, exponents and signs have the derivative 0; a remainder moves with the dividend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import as_value, emit, known_int, operands
from graphad.tracing.lowering.elementwise import elementwise_lowering
from graphad.tracing.lowering.registry import LOWERINGS, ArrayLike, lowers, present


def _enter(ufunc: np.ufunc, build: Callable[..., Any]) -> None:
    LOWERINGS.enter(ufunc, elementwise_lowering(ufunc, build))


def _one_op(name: str) -> Callable[..., Value]:
    return lambda *values: emit(name, *values)


for _ufunc in (np.floor_divide, np.remainder, np.fmod, np.signbit, np.ldexp):
    _enter(_ufunc, _one_op(_ufunc.__name__))


def _divmod(x: Value, y: Value) -> tuple[Value, Value]:
    return emit("floor_divide", x, y), emit("remainder", x, y)


def _modf(x: Value) -> tuple[Value, Value]:
    """Return the fraction and the whole part, both of the sign of `x`."""
    whole = emit("trunc", x)
    infinite = emit("equal", emit("absolute", x), np.inf)
    zero = x.builder.constant(np.zeros((), x.type.dtype))
    taken = emit("where", infinite, zero, whole)  # inf - inf would make NaN, and a warning
    return emit("where", infinite, zero, emit("subtract", x, taken)), whole


def _copysign(x: Value, y: Value) -> Value:
    size = emit("absolute", x)
    return emit("where", emit("signbit", y), emit("negative", size), size)


def _frexp(x: Value) -> tuple[Value, Value]:
    """Return the number scaled into [1/2, 1), and the exponent, which does not move."""
    exponent = emit("exponent", x)
    return emit("ldexp", x, emit("negative", exponent)), exponent


_enter(np.divmod, _divmod)
_enter(np.modf, _modf)
_enter(np.copysign, _copysign)
_enter(np.frexp, _frexp)


@lowers(*present("round", "around"), positional="a decimals out")
def _round(builder: Builder, a: ArrayLike, decimals: int = 0) -> Value:
    digits = known_int(decimals, "decimals")
    if digits == 0:
        return emit("rint", *operands(builder, np.rint, [a]))
    x = as_value(builder, a)
    if not x.type.is_inexact:
        if digits > 0:
            return x
        raise TraceError(
            f"integers are not rounded to {digits} decimals; write x.astype(np.float64) before it"
        )
    scale = float(10 ** abs(digits))
    if digits > 0:
        return emit("divide", emit("rint", emit("multiply", x, scale)), scale)
    return emit("multiply", emit("rint", emit("divide", x, scale)), scale)
