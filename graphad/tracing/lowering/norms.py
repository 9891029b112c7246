"""Norms of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import (
    Shape,
    as_value,
    cast_to,
    emit,
    many_axes,
    permuted,
    reshaped,
)
from graphad.tracing.lowering.complex import size, squared_size
from graphad.tracing.lowering.elementwise import raised
from graphad.tracing.lowering.reductions import Axis, kept_shape, reduced
from graphad.tracing.lowering.registry import ArrayLike, lowers, present


def _floating(builder: Builder, x: ArrayLike) -> Value:
    value = as_value(builder, x)
    return value if value.type.is_inexact else cast_to(value, np.dtype(np.float64))


def _euclidean(x: Value, axes: Shape) -> Value:
    return emit("length", reduced("sum", squared_size(x), axes))


def _vector_norm(x: Value, axes: Shape, order: Any) -> Value:
    if order is None or order == 2:
        return _euclidean(x, axes)
    if isinstance(order, str):
        raise TraceError(f"ord={order!r} is a norm of matrices, not of vectors")
    power = float(order)
    sizes = size(x)
    if power == 0:
        nonzero = emit("not_equal", x, 0.0)
        return reduced("sum", cast_to(nonzero, sizes.type.dtype), axes)
    if abs(power) == np.inf:
        return reduced("max" if power > 0 else "min", sizes, axes)
    if power == 1:
        return reduced("sum", sizes, axes)
    base = x if power % 2 == 0 and not x.type.is_complex else sizes
    total = reduced("sum", _to_power(base, power), axes)
    return _to_power(total, 1 / power)


def _to_power(x: Value, power: float) -> Value:
    return raised(x, as_value(x.builder, power, x))


def singular_values(x: Value, axes: Shape) -> Value:
    """Return the singular values of matrices that lie along two axes, along a new last axis."""
    if x.type.is_complex:
        raise TraceError("singular values of complex matrices are not supported")
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    return emit("svdvals", permuted(x, (*rest, *axes)))


def matrix_norm(x: Value, axes: Shape, order: Any) -> Value:
    """Return a norm of the matrices that lie along two axes.

    Raises
    ------
    TraceError
        If there is no such norm.
    """
    row, column = axes
    if order is None or order == "fro":
        return _euclidean(x, axes)
    if order == "nuc" or order in (2, -2):
        values = singular_values(x, axes)
        how = "sum" if order == "nuc" else "max" if order == 2 else "min"
        return reduced(how, values, (values.ndim - 1,))
    if isinstance(order, str) or order not in (1, -1, np.inf, -np.inf):
        raise TraceError(f"ord={order!r} is not a norm of matrices")
    summed, left = (row, column) if abs(order) == 1 else (column, row)
    sums = reduced("sum", size(x), (summed,))
    return reduced("max" if order > 0 else "min", sums, (left - (left > summed),))


def _kept(result: Value, x: Value, axes: Shape, keepdims: bool) -> Value:
    return reshaped(result, kept_shape(x.shape, axes)) if keepdims else result


@lowers(np.linalg.norm)
def _norm(
    builder: Builder, x: ArrayLike, ord: Any = None, axis: Axis = None, keepdims: bool = False
) -> Value:
    value = _floating(builder, x)
    axes = many_axes(axis, value.ndim)
    if (axis is None and ord is None) or len(axes) == 1:
        result = _vector_norm(value, axes, ord)
    elif len(axes) == 2:
        result = matrix_norm(value, axes, ord)
    else:
        raise TraceError(f"a norm is over one axis or two, not {len(axes)}; give axis=")
    return _kept(result, value, axes, keepdims)


@lowers(*present("linalg.vector_norm"), positional="x")
def _vector_norm_function(
    builder: Builder, x: ArrayLike, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2
) -> Value:
    value = _floating(builder, x)
    axes = many_axes(axis, value.ndim)
    return _kept(_vector_norm(value, axes, ord), value, axes, keepdims)


@lowers(*present("linalg.matrix_norm"), positional="x")
def _matrix_norm_function(
    builder: Builder, x: ArrayLike, *, keepdims: bool = False, ord: Any = "fro"
) -> Value:
    value = _floating(builder, x)
    if value.ndim < 2:
        raise TraceError(f"an array of shape {value.shape} is not a matrix")
    axes = (value.ndim - 2, value.ndim - 1)
    return _kept(matrix_norm(value, axes, ord), value, axes, keepdims)
