"""Sums, products and extrema over axes; running sums and products."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.constant import Span
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import (
    Shape,
    as_value,
    cast_to,
    emit,
    float_dtype,
    many_axes,
    one_axis,
    permuted,
    reshaped,
)
from graphad.tracing.lowering.registry import ArrayLike, lowers, present
from graphad.types import DType

Axis = Any
"""``None`` for all axes, an int, or a tuple of ints."""

_ARRAY_FIRST = "a axis dtype out keepdims initial where"


@lru_cache(maxsize=64)
def _sum_dtype(dtype: DType) -> DType:
    """Return the dtype NumPy sums in: small integers and booleans in a wide integer."""
    total: np.generic = np.sum(np.zeros(1, dtype))
    return total.dtype


def summable(x: Value, dtype: object = None) -> Value:
    """Return `x` in the dtype that NumPy sums it in."""
    return float_dtype(dtype, x) if dtype is not None else cast_to(x, _sum_dtype(x.type.dtype))


def kept_shape(shape: Shape, axes: Shape) -> Shape:
    """Return `shape` with length 1 along `axes`."""
    return tuple([1 if axis in axes else n for axis, n in enumerate(shape)])


def reduced(name: str, x: Value, axes: Shape, keepdims: bool = False) -> Value:
    """Return the op `name` over axes; over no axes, `x` itself."""
    if not axes:
        return x
    result = emit(name, x, axes=tuple(sorted(axes)))
    return reshaped(result, kept_shape(x.shape, axes)) if keepdims else result


# --- sums and extrema ----------------------------------------------------------------------------


@lowers(np.sum, positional=_ARRAY_FIRST)
def _sum(
    builder: Builder,
    a: ArrayLike,
    axis: Axis = None,
    dtype: object = None,
    keepdims: bool = False,
) -> Value:
    x = summable(as_value(builder, a), dtype)
    return reduced("sum", x, many_axes(axis, x.ndim), keepdims)


def _extremum(
    name: str, builder: Builder, a: ArrayLike, axis: Axis, keepdims: bool = False
) -> Value:
    x = as_value(builder, a)
    axes = many_axes(axis, x.ndim)
    if not all(x.shape[axis] for axis in axes):
        raise TraceError(f"an array of shape {x.shape} has no largest or smallest element")
    return reduced(name, x, axes, keepdims)


@lowers(*present("max", "amax"), positional="a axis out keepdims initial where")
def _max(builder: Builder, a: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Value:
    return _extremum("max", builder, a, axis, keepdims)


@lowers(*present("min", "amin"), positional="a axis out keepdims initial where")
def _min(builder: Builder, a: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Value:
    return _extremum("min", builder, a, axis, keepdims)


@lowers(np.ptp, positional="a axis out keepdims")
def _ptp(builder: Builder, a: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Value:
    x = as_value(builder, a)
    return emit(
        "subtract",
        _extremum("max", builder, x, axis, keepdims),
        _extremum("min", builder, x, axis, keepdims),
    )


# --- products ------------------------------------------------------------------------------------


def part(x: Value, axis: int, start: int, stop: int) -> Value:
    """Return the elements from `start` to `stop` along an axis."""
    if (start, stop) == (0, x.shape[axis]):
        return x
    spans = [Span(0, n, 1) for n in x.shape]
    spans[axis] = Span(start, stop, 1)
    return emit("slice", x, spans=tuple(spans))


def _product(x: Value, axis: int) -> Value:
    """Multiply along an axis, halves by halves; the axis stays, of length 1.

    Only products appear, no quotients, so that derivatives of every order are right where elements
    are zero.
    """
    odd: list[Value] = []
    while x.shape[axis] > 1:
        n = x.shape[axis]
        half = n // 2
        if n % 2:
            odd.append(part(x, axis, n - 1, n))
        x = emit("multiply", part(x, axis, 0, half), part(x, axis, half, 2 * half))
    for rest in reversed(odd):
        x = emit("multiply", x, rest)
    return x


@lowers(np.prod, positional=_ARRAY_FIRST)
def _prod(
    builder: Builder,
    a: ArrayLike,
    axis: Axis = None,
    dtype: object = None,
    keepdims: bool = False,
) -> Value:
    x = summable(as_value(builder, a), dtype)
    axes = many_axes(axis, x.ndim)
    if not axes:
        return x
    rest = tuple([i for i in range(x.ndim) if i not in axes])
    left = tuple([x.shape[i] for i in rest])
    shape = kept_shape(x.shape, axes) if keepdims else left
    count = prod(x.shape[i] for i in axes)
    if count == 0:
        return builder.constant(np.ones(shape, x.type.dtype))
    last = reshaped(permuted(x, (*rest, *sorted(axes))), (*left, count))
    return reshaped(_product(last, len(left)), shape)


# --- running sums and products -------------------------------------------------------------------


def _along(x: Value, axis: object) -> tuple[Value, int]:
    """Return `x` and the axis to run along; without an axis, `x` is raveled."""
    if axis is None:
        return reshaped(x, (x.type.size,)), 0
    return x, one_axis(axis, x.ndim)


@lowers(np.cumsum, positional="a axis dtype out")
def _cumsum(builder: Builder, a: ArrayLike, axis: int | None = None, dtype: object = None) -> Value:
    x, along = _along(summable(as_value(builder, a), dtype), axis)
    return emit("cumsum", x, axis=along)


@lowers(np.cumprod, positional="a axis dtype out")
def _cumprod(
    builder: Builder, a: ArrayLike, axis: int | None = None, dtype: object = None
) -> Value:
    """The recurrence ``y_t = x_t·y_{t-1}`` that starts with the first element.

    Its derivatives are recurrences too, without quotients, and so are right at zeros.
    """
    x, along = _along(summable(as_value(builder, a), dtype), axis)
    if x.shape[along] < 2:
        return x
    start = [Span(0, n, 1) for n in x.shape]
    start[along] = Span(0, 1, 1)
    first = emit("place", part(x, along, 0, 1), spans=tuple(start), shape=x.shape)
    return emit("recurrence", x, first, axis=along)


def _cumulative(
    run: Any,
    first: float,
    builder: Builder,
    x: ArrayLike,
    axis: int | None,
    dtype: object,
    include_initial: bool,
) -> Value:
    value = as_value(builder, x)
    if axis is None and value.ndim != 1:
        raise TraceError(f"an array of {value.ndim} dimensions needs axis=")
    result: Value = run(builder, value, axis, dtype)
    if not include_initial:
        return result
    along = one_axis(0 if axis is None else axis, result.ndim)
    shape = (*result.shape[:along], 1, *result.shape[along + 1 :])
    start = builder.constant(np.full(shape, first, result.type.dtype))
    return emit("concatenate", start, result, axis=along)


@lowers(*present("cumulative_sum"), positional="x")
def _cumulative_sum(
    builder: Builder,
    x: ArrayLike,
    *,
    axis: int | None = None,
    dtype: object = None,
    include_initial: bool = False,
) -> Value:
    return _cumulative(_cumsum, 0, builder, x, axis, dtype, include_initial)


@lowers(*present("cumulative_prod"), positional="x")
def _cumulative_prod(
    builder: Builder,
    x: ArrayLike,
    *,
    axis: int | None = None,
    dtype: object = None,
    include_initial: bool = False,
) -> Value:
    return _cumulative(_cumprod, 1, builder, x, axis, dtype, include_initial)
