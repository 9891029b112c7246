"""Elements put between others, chosen among arrays, and added up in bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import (
    as_value,
    as_values,
    broadcasted,
    cast_to,
    common_dtype,
    constant_array,
    emit,
    known_array,
    known_int,
    known_ints,
    promoted,
    reshaped,
)
from graphad.tracing.lowering.joining import rows
from graphad.tracing.lowering.ordering import along
from graphad.tracing.lowering.registry import ArrayLike, lowers
from graphad.types import broadcast_shapes


@lowers(np.insert)
def _insert(
    builder: Builder, arr: ArrayLike, obj: Any, values: ArrayLike, axis: int | None = None
) -> Value:
    """Let NumPy insert numbers of elements, and take the elements at these."""
    x, place = along(arr, builder, axis)
    new = cast_to(as_value(builder, values), x.type.dtype)
    at = obj if isinstance(obj, slice) else known_array(obj, "the places to insert at")
    n = x.type.size
    own = np.arange(n).reshape(x.shape)
    numbers = n + np.arange(new.type.size).reshape(new.shape)
    try:
        source = np.insert(own, at, numbers, axis=place)
    except (IndexError, ValueError) as error:
        raise TraceError(str(error)) from None
    both = emit("concatenate", reshaped(x, (n,)), reshaped(new, (new.type.size,)), axis=0)
    return emit("take", both, source.astype(np.int64), axis=0)


@lowers(np.resize)
def _resize(builder: Builder, a: ArrayLike, new_shape: Any) -> Value:
    x, _ = along(a, builder, None)
    source = np.resize(np.arange(x.type.size), new_shape)
    if not x.type.size:
        return builder.constant(np.zeros(source.shape, x.type.dtype))
    return emit("take", x, source.astype(np.int64), axis=0)


# --- choosing ------------------------------------------------------------------------------------


@lowers(np.choose, positional="a choices out mode")
def _choose(builder: Builder, a: ArrayLike, choices: ArrayLike, mode: str = "raise") -> Value:
    """Select by each number in turn; numbers out of range are the caller's mistake."""
    which = as_value(builder, a)
    if which.type.dtype.kind not in "iub":
        raise TraceError(f"choices are made by integers, not by {which.type}")
    listed = isinstance(choices, list | tuple)
    options = promoted(builder, choices if listed else rows(builder, choices))
    n = len(options)
    known = constant_array(which)
    if known is not None and mode == "raise" and np.any((known < 0) | (known >= n)):
        raise TraceError(f"there are {n} choices, counted from 0")
    which = cast_to(which, np.dtype(np.int64))
    if mode == "wrap":
        which = emit("remainder", which, n)
    elif mode not in ("raise", "clip"):
        raise TraceError(f"mode={mode!r} is not 'raise', 'wrap' or 'clip'")
    result = options[-1]
    for i in range(n - 2, -1, -1):
        test = emit("less_equal" if i == 0 else "equal", which, i)
        result = emit("where", test, options[i], result)
    shape = broadcast_shapes((which.shape, *[option.shape for option in options]))
    return broadcasted(result, shape)


# --- numbers of elements -------------------------------------------------------------------------


@lowers(np.unravel_index)
def _unravel_index(
    builder: Builder, indices: ArrayLike, shape: Any, order: str = "C"
) -> tuple[Value, ...]:
    """Return the position along each axis, from the number of an element."""
    rest = as_value(builder, indices)
    found: list[Value] = []
    for n in reversed(known_ints(shape, "the shape")) if order == "C" else known_ints(shape, "it"):
        found.append(emit("remainder", rest, n))
        rest = emit("floor_divide", rest, n)
    return tuple(reversed(found)) if order == "C" else tuple(found)


@lowers(np.ravel_multi_index)
def _ravel_multi_index(
    builder: Builder, multi_index: ArrayLike, dims: Any, mode: Any = "raise", order: str = "C"
) -> Value:
    if mode != "raise":
        raise TraceError(f"mode={mode!r} is not supported; write indices in range")
    lengths = known_ints(dims, "the lengths")
    places = common_dtype(rows(builder, multi_index))
    if len(places) != len(lengths):
        raise TraceError(f"{len(places)} indices do not go with {len(lengths)} axes")
    pairs = list(zip(places, lengths, strict=True))
    total: Value | None = None
    for place, n in pairs if order == "C" else reversed(pairs):
        total = place if total is None else emit("add", emit("multiply", total, n), place)
    assert total is not None
    return total


# --- bins ----------------------------------------------------------------------------------------


@lowers(np.bincount)
def _bincount(
    builder: Builder, x: ArrayLike, weights: ArrayLike = None, minlength: int = 0
) -> Value:
    bins = constant_array(x)
    if bins is None:
        raise TraceError(
            "how many bins there are depends on an input; compare with all of them, "
            "np.sum(np.where(x == np.arange(n)[:, None], weights, 0.0), axis=1)"
        )
    if bins.ndim != 1 or bins.dtype.kind not in "iub" or np.any(bins < 0):
        raise TraceError("bins are a vector of integers that are not negative")
    least = known_int(minlength, "minlength")
    if weights is None:
        return builder.constant(np.bincount(bins, minlength=least))
    (w,) = as_values(builder, [weights])
    if not bins.size and w.shape == (0,):  # integers then, whatever the weights
        return builder.constant(np.bincount(bins.astype(np.int64), minlength=least))
    if w.shape != bins.shape:
        raise TraceError(f"weights of shape {w.shape} do not go with {bins.size} bins")
    size = max(least, int(bins.max(initial=-1)) + 1)
    heights = cast_to(w, np.dtype(np.float64))
    return emit("scatter_add", heights, bins.astype(np.int64), axis=0, size=size)
