"""Elements picked, repeated, shifted and padded."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.op import Array
from graphad.tracing.lowering.coerce import (
    as_value,
    broadcasted,
    constant_array,
    emit,
    known_array,
    known_int,
    known_ints,
    one_axis,
    reshaped,
)
from graphad.tracing.lowering.indexing import getitem
from graphad.tracing.lowering.reductions import part
from graphad.tracing.lowering.registry import ArrayLike, lowers


def _along(builder: Builder, a: ArrayLike, axis: int | None) -> tuple[Value, int]:
    """Return an array and an axis; without an axis, the raveled array."""
    x = as_value(builder, a)
    if axis is None:
        return reshaped(x, (x.type.size,)), 0
    return x, one_axis(axis, x.ndim)


def _picked(x: Value, positions: Array, axis: int) -> Value:
    return emit("take", x, np.asarray(positions, np.int64), axis=axis)


# --- picking -------------------------------------------------------------------------------------


@lowers(np.take, positional="a indices axis out mode")
def _take(
    builder: Builder,
    a: ArrayLike,
    indices: ArrayLike,
    axis: int | None = None,
    mode: str = "raise",
) -> Value:
    x, along = _along(builder, a, axis)
    array = constant_array(indices)
    if array is None:
        if mode != "raise":
            raise TraceError(f"mode={mode!r} is only supported for fixed indices")
        return getitem(x, (*[slice(None)] * along, indices))
    n = x.shape[along]
    if mode == "wrap" and n:
        array = array % n
    elif mode == "clip" and n:
        array = np.clip(array, 0, n - 1)
    return getitem(x, (*[slice(None)] * along, array))


@lowers(np.compress, positional="condition a axis out")
def _compress(
    builder: Builder, condition: ArrayLike, a: ArrayLike, axis: int | None = None
) -> Value:
    x, along = _along(builder, a, axis)
    (positions,) = np.nonzero(known_array(condition, "the condition"))
    return getitem(x, (*[slice(None)] * along, positions))


@lowers(np.extract)
def _extract(builder: Builder, condition: ArrayLike, arr: ArrayLike) -> Value:
    x, _ = _along(builder, arr, None)
    (positions,) = np.nonzero(np.ravel(known_array(condition, "the condition")))
    return getitem(x, positions)


@lowers(np.delete)
def _delete(builder: Builder, arr: ArrayLike, obj: Any, axis: int | None = None) -> Value:
    x, along = _along(builder, arr, axis)
    n = x.shape[along]
    taken = obj if isinstance(obj, slice) else known_array(obj, "the elements to delete")
    try:
        kept = np.delete(np.arange(n), taken)
    except (IndexError, ValueError) as error:
        raise TraceError(str(error)) from None
    return _picked(x, kept, along)


# --- repeating and shifting ----------------------------------------------------------------------


@lowers(np.tile)
def _tile(builder: Builder, A: ArrayLike, reps: Any) -> Value:
    x = as_value(builder, A)
    counts = known_ints(reps, "reps")
    ndim = max(x.ndim, len(counts))
    counts = (1,) * (ndim - len(counts)) + counts
    shape = (1,) * (ndim - x.ndim) + x.shape
    apart = tuple([n for length in shape for n in (1, length)])
    repeated = tuple([n for pair in zip(counts, shape, strict=True) for n in pair])
    result = tuple([count * n for count, n in zip(counts, shape, strict=True)])
    if all(count == 1 for count in counts):
        return reshaped(x, shape)
    return reshaped(broadcasted(reshaped(x, apart), repeated), result)


@lowers(np.repeat)
def _repeat(builder: Builder, a: ArrayLike, repeats: ArrayLike, axis: int | None = None) -> Value:
    x, along = _along(builder, a, axis)
    counts = known_array(repeats, "the counts of repeats")
    n = x.shape[along]
    if counts.size == 1:
        count = known_int(counts.reshape(()), "the count of repeats")
        before, after = x.shape[: along + 1], x.shape[along + 1 :]
        wide = broadcasted(reshaped(x, (*before, 1, *after)), (*before, count, *after))
        return reshaped(wide, (*before[:-1], n * count, *after))
    if counts.shape != (n,):
        raise TraceError(f"counts of shape {counts.shape} do not repeat {n} elements")
    return _picked(x, np.repeat(np.arange(n), counts), along)


def rolled(x: Value, shift: int, axis: int) -> Value:
    """Return `x` with the elements moved along an axis; those that leave come in at its start."""
    n = x.shape[axis]
    cut = -shift % n if n else 0
    if cut == 0:
        return x
    return emit("concatenate", part(x, axis, cut, n), part(x, axis, 0, cut), axis=axis)


@lowers(np.roll)
def _roll(builder: Builder, a: ArrayLike, shift: Any, axis: Any = None) -> Value:
    x = as_value(builder, a)
    if axis is None:
        flat = reshaped(x, (x.type.size,))
        return reshaped(rolled(flat, sum(known_ints(shift, "shift")), 0), x.shape)
    try:
        moves = np.broadcast(known_ints(shift, "shift"), known_ints(axis, "axis"))
    except ValueError:
        raise TraceError(f"shift={shift} and axis={axis} are not of one length") from None
    for count, along in moves:
        x = rolled(x, int(count), one_axis(along, x.ndim))
    return x


# --- padding -------------------------------------------------------------------------------------

_BY_POSITION = ("edge", "reflect", "symmetric", "wrap")
"""Modes in which every new element is an element of the array."""


def _pairs(x: Any, ndim: int, what: str) -> Array:
    """Return ``(before, after)`` for each axis, by NumPy's broadcasting of such arguments."""
    if isinstance(x, dict):
        pairs = [(0, 0)] * ndim
        for axis, pair in x.items():
            before, after = known_ints(pair, what) * (1 if isinstance(pair, tuple | list) else 2)
            pairs[one_axis(axis, ndim)] = before, after
        return np.array(pairs)
    array = known_array(x, what)
    try:
        return np.broadcast_to(array, (ndim, 2))
    except ValueError:
        raise TraceError(f"{what} of shape {array.shape} is not (before, after) pairs") from None


@lowers(np.pad)
def _pad(
    builder: Builder,
    array: ArrayLike,
    pad_width: Any,
    mode: Any = "constant",
    *,
    constant_values: Any = 0,
    reflect_type: str = "even",
) -> Value:
    x = as_value(builder, array)
    widths = _pairs(pad_width, x.ndim, "pad_width")
    if widths.dtype.kind not in "iu" or (widths < 0).any():
        raise TraceError("pad_width must be integers that are not negative")
    if mode == "constant":
        return _pad_constant(x, widths, constant_values)
    if reflect_type != "even":
        raise TraceError(f"reflect_type={reflect_type!r} is not supported; use np.concatenate")
    if mode not in _BY_POSITION:
        raise TraceError(
            f"mode={mode!r} is not supported; use one of 'constant', "
            f"{', '.join(map(repr, _BY_POSITION))}, or np.concatenate"
        )
    for axis, (before, after) in enumerate(widths.tolist()):
        if before or after:
            line = np.arange(x.shape[axis])
            try:
                positions = np.pad(line, (before, after), mode=mode)
            except ValueError as error:
                raise TraceError(str(error)) from None
            x = _picked(x, positions, axis)
    return x


def _pad_constant(x: Value, widths: Array, constant_values: Any) -> Value:
    """Join constants to both ends of each axis; they are numbers like any other, zeros too."""
    values = _pairs(constant_values, x.ndim, "constant_values")
    for axis, width in enumerate(widths.tolist()):
        ends = []
        for count, number in zip(width, values[axis], strict=True):
            shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
            ends.append(np.full(shape, number, x.type.dtype) if count else None)
        parts = [end for end in (ends[0], x, ends[1]) if end is not None]
        if len(parts) > 1:
            x = emit("concatenate", *parts, axis=axis)
    return x
