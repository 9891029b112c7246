"""Functions that leave NaN out: elements that are NaN have the derivative 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.tracing.lowering.coerce import as_value, cast_to, emit, float_dtype, many_axes
from graphad.tracing.lowering.complex import real_part, squared_size
from graphad.tracing.lowering.conditions import over
from graphad.tracing.lowering.reductions import Axis, reduced
from graphad.tracing.lowering.registry import LOWERINGS, ArrayLike, lowers


def _split(builder: Builder, a: ArrayLike, dtype: object = None) -> tuple[Value, Value | None]:
    """Return an array in a dtype, and where it is NaN; ``None`` where it cannot be."""
    x = float_dtype(dtype, as_value(builder, a))
    return x, emit("isnan", x) if x.type.is_inexact else None


def _filled(x: Value, missing: Value | None, instead: float) -> Value:
    if missing is None:
        return x
    number = x.builder.constant(np.asarray(instead, x.type.dtype))
    return emit("where", missing, number, x)


def _enter_total(function: Any, plain: Any, neutral: float) -> None:
    @lowers(function, positional="a axis dtype out keepdims")
    def _total(
        builder: Builder,
        a: ArrayLike,
        axis: Axis = None,
        dtype: object = None,
        keepdims: bool = False,
    ) -> Value:
        filled = _filled(*_split(builder, a, dtype), neutral)
        total: Value = LOWERINGS[plain](builder, filled, axis, None, keepdims=keepdims)
        return total


def _enter_running(function: Any, plain: Any, neutral: float) -> None:
    @lowers(function, positional="a axis dtype out")
    def _running(
        builder: Builder, a: ArrayLike, axis: int | None = None, dtype: object = None
    ) -> Value:
        filled = _filled(*_split(builder, a, dtype), neutral)
        result: Value = LOWERINGS[plain](builder, filled, axis)
        return result


_enter_total(np.nansum, np.sum, 0.0)
_enter_total(np.nanprod, np.prod, 1.0)
_enter_running(np.nancumsum, np.cumsum, 0.0)
_enter_running(np.nancumprod, np.cumprod, 1.0)


# --- extrema -------------------------------------------------------------------------------------


def _enter_extremum(function: Any, plain: Any, lost: float) -> None:
    @lowers(function, positional="a axis out keepdims")
    def _extremum(
        builder: Builder, a: ArrayLike, axis: Axis = None, keepdims: bool = False
    ) -> Value:
        """Return the extremum of what is not NaN; NaN where all are."""
        x, missing = _split(builder, a)
        found: Value = LOWERINGS[plain](builder, _filled(x, missing, lost), axis, keepdims=keepdims)
        if missing is None:
            return found
        none = over("min", missing, axis, keepdims)
        return _filled(found, none, np.nan)


_enter_extremum(np.nanmax, np.max, -np.inf)
_enter_extremum(np.nanmin, np.min, np.inf)


# --- means ---------------------------------------------------------------------------------------


def _real(builder: Builder, a: ArrayLike, dtype: object) -> tuple[Value, Value]:
    x = as_value(builder, a)
    if not x.type.is_inexact:
        x = cast_to(x, np.dtype(np.float64))
    x, missing = _split(builder, x, dtype)
    assert missing is not None
    return x, missing


def _count(x: Value, missing: Value, axes: tuple[int, ...], keepdims: bool) -> Value:
    there = cast_to(emit("logical_not", missing), x.type.dtype)
    return reduced("sum", there, axes, keepdims)


def _mean(x: Value, missing: Value, axes: tuple[int, ...], keepdims: bool) -> Value:
    total = reduced("sum", _filled(x, missing, 0.0), axes, keepdims)
    return emit("divide", total, _count(x, missing, axes, keepdims))


@lowers(np.nanmean, positional="a axis dtype out keepdims")
def _nanmean(
    builder: Builder,
    a: ArrayLike,
    axis: Axis = None,
    dtype: object = None,
    keepdims: bool = False,
) -> Value:
    x, missing = _real(builder, a, dtype)
    return _mean(x, missing, many_axes(axis, x.ndim), keepdims)


@lowers(np.nanvar, positional="a axis dtype out ddof keepdims")
def _nanvar(
    builder: Builder,
    a: ArrayLike,
    axis: Axis = None,
    dtype: object = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    correction: float | None = None,
) -> Value:
    """Return the variance of what is not NaN; NaN where no degree of freedom is left."""
    x, missing = _real(builder, a, dtype)
    axes = many_axes(axis, x.ndim)
    centred = emit("subtract", x, _mean(x, missing, axes, keepdims=True))
    squares = squared_size(_filled(centred, missing, 0.0))
    lost = float(ddof if correction is None else correction)
    freedom = real_part(emit("subtract", _count(x, missing, axes, keepdims), lost))
    variance = emit("divide", reduced("sum", squares, axes, keepdims), freedom)
    return _filled(variance, emit("less_equal", freedom, 0.0), np.nan)


@lowers(np.nanstd, positional="a axis dtype out ddof keepdims")
def _nanstd(
    builder: Builder,
    a: ArrayLike,
    axis: Axis = None,
    dtype: object = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    correction: float | None = None,
) -> Value:
    return emit("length", _nanvar(builder, a, axis, dtype, ddof, keepdims, correction=correction))
