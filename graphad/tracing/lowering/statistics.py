"""Means and variances over axes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import (
    Shape,
    as_value,
    broadcasted,
    cast_to,
    common_dtype,
    constant_array,
    emit,
    float_dtype,
    many_axes,
    permuted,
    reshaped,
)
from graphad.tracing.lowering.complex import squared_size
from graphad.tracing.lowering.reductions import Axis, reduced
from graphad.tracing.lowering.registry import ArrayLike, lowers


def _averageable(x: Value, dtype: object = None) -> Value:
    if dtype is not None or x.type.is_inexact:
        return float_dtype(dtype, x)
    return cast_to(x, np.dtype(np.float64))


def _mean_over(x: Value, axes: Shape, keepdims: bool = False) -> Value:
    total = reduced("sum", x, axes, keepdims)
    count = prod(x.shape[axis] for axis in axes)
    if count == 0:
        raise TraceError(f"an array of shape {x.shape} has no mean")
    return total if count == 1 else emit("divide", total, float(count))


@lowers(np.mean, positional="a axis dtype out keepdims")
def _mean(
    builder: Builder,
    a: ArrayLike,
    axis: Axis = None,
    dtype: object = None,
    keepdims: bool = False,
) -> Value:
    x = _averageable(as_value(builder, a), dtype)
    return _mean_over(x, many_axes(axis, x.ndim), keepdims)


@lowers(np.var, positional="a axis dtype out ddof keepdims")
def _var(
    builder: Builder,
    a: ArrayLike,
    axis: Axis = None,
    dtype: object = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    correction: float | None = None,
) -> Value:
    x = _averageable(as_value(builder, a), dtype)
    axes = many_axes(axis, x.ndim)
    lost = ddof if correction is None else correction
    freedom = prod(x.shape[axis] for axis in axes) - lost
    if freedom <= 0:
        raise TraceError(f"ddof={lost} leaves no degree of freedom in the shape {x.shape}")
    centred = emit("subtract", x, _mean_over(x, axes, keepdims=True))
    total = reduced("sum", squared_size(centred), axes, keepdims)
    return total if freedom == 1 else emit("divide", total, float(freedom))


@lowers(np.std, positional="a axis dtype out ddof keepdims")
def _std(
    builder: Builder,
    a: ArrayLike,
    axis: Axis = None,
    dtype: object = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    correction: float | None = None,
) -> Value:
    variance = _var(builder, a, axis, dtype, ddof, keepdims, correction=correction)
    return emit("length", variance)


@lowers(np.average)
def _average(
    builder: Builder,
    a: ArrayLike,
    axis: Axis = None,
    weights: ArrayLike = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    x = _averageable(as_value(builder, a))
    axes = many_axes(axis, x.ndim)
    if weights is None:
        result = _mean_over(x, axes, keepdims)
        count = prod(x.shape[i] for i in axes)
        total = builder.constant(np.full(result.shape, count, x.type.dtype))
        return (result, total) if returned else result
    w = _aligned(as_value(builder, weights), x.shape, axis, axes)
    x, w = common_dtype([x, w])
    array = constant_array(w)
    if array is None:
        total = reduced("sum", broadcasted(w, x.shape), axes, keepdims)
    else:
        added = np.broadcast_to(array, x.shape).sum(axis=axes, keepdims=keepdims)
        if not np.all(added):
            raise TraceError("weights add up to zero, so that there is no average")
        total = builder.constant(added)
    weighted = reduced("sum", emit("multiply", x, w), axes, keepdims)
    result = emit("divide", weighted, total)
    return (result, total) if returned else result


def _aligned(w: Value, shape: Shape, axis: Axis, axes: Shape) -> Value:
    """Return weights in a shape that broadcasts against the values'."""
    if w.shape == shape:
        return w
    if axis is None:
        raise TraceError(f"weights of shape {w.shape} for values of shape {shape} need axis=")
    if w.shape != tuple([shape[i] for i in axes]):
        raise TraceError(f"weights of shape {w.shape} do not fit axis={axis} of shape {shape}")
    order = sorted(range(len(axes)), key=axes.__getitem__)
    kept = tuple([n if i in axes else 1 for i, n in enumerate(shape)])
    array = constant_array(w)
    if array is not None:
        return w.builder.constant(array.transpose(order).reshape(kept))
    return reshaped(permuted(w, order), kept)
