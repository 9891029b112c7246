"""Sorts, parts of sorts, positions of extrema, and what is taken at such positions.

Positions are integers of the graph, which have no derivative; what is taken at them moves with the
elements that are chosen. Equal elements stay in their order, and the first of them is the largest.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.ops import OPS
from graphad.tracing.lowering.coerce import (
    Shape,
    as_value,
    broadcasted,
    constant_array,
    emit,
    known_ints,
    one_axis,
    permuted,
    reshaped,
)
from graphad.tracing.lowering.joining import rows
from graphad.tracing.lowering.registry import ArrayLike, lowers
from graphad.types import broadcast_shapes


def integers(name: str, *args: Value | Any, **attrs: Any) -> Value:
    """Return an op that gives integers; of constants it is worked out at once."""
    builder = next(arg.builder for arg in args if isinstance(arg, Value))
    arrays = [constant_array(arg) for arg in args]
    if any(array is None for array in arrays):
        return emit(name, *args, **attrs)
    values = [attrs[key] for key in OPS[name].attrs]
    return builder.constant(np.asarray(OPS[name].evaluate(*arrays, *values)))


def along(x: ArrayLike, builder: Builder, axis: Any) -> tuple[Value, int]:
    """Return an array and an axis; without an axis, the raveled array.

    Raises
    ------
    TraceError
        If there is no such axis.
    """
    value = as_value(builder, x)
    if axis is None:
        return reshaped(value, (value.type.size,)), 0
    return value, one_axis(axis, value.ndim)


# --- taking --------------------------------------------------------------------------------------


def taken_along(x: Value, indices: Value, axis: int, checked: bool = False) -> Value:
    """Return the elements at positions along an axis, for each row its own.

    Parameters
    ----------
    x : Value
        The array.
    indices : Value
        Integers, of the shape of `x` but along the axis.
    axis : int
        Counted from the front.
    checked : bool
        Whether positions are known to be in range, and not negative.
    """
    n, count = x.shape[axis], indices.shape[axis]
    if not checked:
        indices = integers("wrapped_index", indices, size=n)
    if x.ndim == 1:
        return emit("take", x, indices, axis=0)
    order = [*[i for i in range(x.ndim) if i != axis], axis]
    last, places = permuted(x, order), permuted(indices, order)
    lead = last.shape[:-1]
    starts = (np.arange(prod(lead)) * n).reshape((*lead, 1)).astype(places.type.dtype)
    flat = reshaped(last, (x.type.size,))
    taken = emit("take", flat, integers("add", places, x.builder.constant(starts)), axis=0)
    assert taken.shape == (*lead, count)
    return permuted(taken, np.argsort(order).tolist())


@lowers(np.take_along_axis)
def _take_along_axis(
    builder: Builder, arr: ArrayLike, indices: ArrayLike, axis: int | None = -1
) -> Value:
    x, place = along(arr, builder, axis)
    picked = as_value(builder, indices)
    if picked.type.dtype.kind not in "iu":
        raise TraceError(f"indices must be integers, not {picked.type}")
    if picked.ndim != x.ndim:
        raise TraceError(f"indices need {x.ndim} dimensions, as the array has")
    count = picked.shape[place]
    rest = broadcast_shapes((_without(x.shape, place), _without(picked.shape, place)))
    wide = broadcasted(x, _with(rest, place, x.shape[place]))
    spread = integers("broadcast_to", picked, shape=_with(rest, place, count))
    try:
        return taken_along(wide, spread, place)
    except IndexError as error:
        raise TraceError(str(error)) from None


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def _with(shape: Shape, axis: int, length: int) -> Shape:
    return (*shape[:axis], length, *shape[axis:])


# --- sorting -------------------------------------------------------------------------------------


def sorted_along(x: Value, axis: int) -> Value:
    """Return the elements in rising order along an axis, NaN last."""
    if x.shape[axis] < 2 or not x.type.size:
        return x
    return taken_along(x, emit("argsort", x, axis=axis), axis, checked=True)


@lowers(np.sort, positional="a axis kind order")
def _sort(
    builder: Builder,
    a: ArrayLike,
    axis: int | None = -1,
    kind: Any = None,
    *,
    stable: Any = None,
) -> Value:
    x, place = along(a, builder, axis)
    return sorted_along(x, place)


@lowers(np.argsort, positional="a axis kind order")
def _argsort(
    builder: Builder,
    a: ArrayLike,
    axis: int | None = -1,
    kind: Any = None,
    *,
    stable: Any = None,
) -> Value:
    x, place = along(a, builder, axis)
    return emit("argsort", x, axis=place)


@lowers(np.lexsort)
def _lexsort(builder: Builder, keys: ArrayLike, axis: int = -1) -> Value:
    """Sort by each key, the most important one last; sorts are stable."""
    values = rows(builder, keys)
    place = one_axis(axis, values[0].ndim)
    order: Value | None = None
    for key in values:
        if key.shape != values[0].shape:
            raise TraceError(f"keys of shapes {values[0].shape} and {key.shape} do not go together")
        if order is None:
            order = emit("argsort", key, axis=place)
            continue
        key = taken_along(key, order, place, checked=True)
        order = taken_along(order, emit("argsort", key, axis=place), place, checked=True)
    assert order is not None
    return order


def _kth(kth: Any, n: int) -> Shape:
    places = known_ints(kth, "kth")
    for k in places:
        if not -n <= k < n:
            raise TraceError(f"kth={k} is out of range for {n} elements")
    return tuple(sorted({k % n for k in places}))


@lowers(np.partition, positional="a kth axis kind order")
def _partition(
    builder: Builder, a: ArrayLike, kth: Any, axis: int | None = -1, kind: Any = None
) -> Value:
    x, place = along(a, builder, axis)
    order = emit("partition_order", x, kth=_kth(kth, x.shape[place]), axis=place)
    return taken_along(x, order, place, checked=True)


@lowers(np.argpartition, positional="a kth axis kind order")
def _argpartition(
    builder: Builder, a: ArrayLike, kth: Any, axis: int | None = -1, kind: Any = None
) -> Value:
    x, place = along(a, builder, axis)
    return emit("argpartition", x, kth=_kth(kth, x.shape[place]), axis=place)


# --- positions of extrema ------------------------------------------------------------------------


def _position(name: str, x: Value, axis: Any, keepdims: bool) -> Value:
    shape = x.shape
    flat, place = along(x, x.builder, axis)
    found = emit(name, flat, axis=place)
    if not keepdims:
        return found
    ones = (1,) * len(shape) if axis is None else _with(_without(shape, place), place, 1)
    return reshaped(found, ones)


def _enter_position(function: Any, name: str) -> None:
    @lowers(function, positional="a axis out")
    def _found(
        builder: Builder, a: ArrayLike, axis: int | None = None, *, keepdims: bool = False
    ) -> Value:
        return _position(name, as_value(builder, a), axis, keepdims)


def _enter_nan_position(function: Any, name: str, instead: float) -> None:
    @lowers(function, positional="a axis out")
    def _found(
        builder: Builder, a: ArrayLike, axis: int | None = None, *, keepdims: bool = False
    ) -> Value:
        x = as_value(builder, a)
        if x.type.is_inexact:
            x = emit("where", emit("isnan", x), x.type.dtype.type(instead), x)
        return _position(name, x, axis, keepdims)


_enter_position(np.argmax, "argmax")
_enter_position(np.argmin, "argmin")
_enter_nan_position(np.nanargmax, "argmax", -np.inf)
_enter_nan_position(np.nanargmin, "argmin", np.inf)
