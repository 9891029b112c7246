"""Places among sorted values, and straight lines between points."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import (
    as_value,
    cast_to,
    common_dtype,
    constant_array,
    emit,
    known_array,
    operands,
    promoted,
)
from graphad.tracing.lowering.ordering import integers
from graphad.tracing.lowering.reductions import part
from graphad.tracing.lowering.registry import ArrayLike, lowers

_FLOAT = np.dtype(np.float64)


@lowers(np.searchsorted)
def _searchsorted(
    builder: Builder, a: ArrayLike, v: ArrayLike, side: str = "left", sorter: ArrayLike = None
) -> Value:
    row, wanted = promoted(builder, [a, v])
    if row.ndim != 1:
        raise TraceError(f"a vector is searched, not an array of shape {row.shape}")
    if sorter is not None:
        row = emit("take", row, as_value(builder, sorter), axis=0)
    return integers("searchsorted", row, wanted, side=side, depth=0)


@lowers(np.digitize)
def _digitize(builder: Builder, x: ArrayLike, bins: ArrayLike, right: bool = False) -> Value:
    edges = known_array(bins, "the bins")
    if edges.ndim != 1:
        raise TraceError(f"bins are a vector, not an array of shape {edges.shape}")
    steps = np.diff(edges)
    side = "left" if right else "right"
    if np.all(steps >= 0):
        return _searchsorted(builder, edges, x, side)
    if np.any(steps > 0):
        raise TraceError("bins must be monotonically increasing or decreasing")
    return emit("subtract", edges.size, _searchsorted(builder, edges[::-1], x, side))


# --- interpolation -------------------------------------------------------------------------------


@lowers(np.interp)
def _interp(
    builder: Builder,
    x: ArrayLike,
    xp: ArrayLike,
    fp: ArrayLike,
    left: ArrayLike = None,
    right: ArrayLike = None,
    period: ArrayLike = None,
) -> Value:
    """Return straight lines between points.

    At a point the piece on its right counts; before the first point and from the last one on, the
    function is constant.
    """
    at, places = (cast_to(as_value(builder, value), _FLOAT) for value in (x, xp))
    heights = as_value(builder, fp)
    if heights.type.dtype != _FLOAT:
        heights = cast_to(heights, np.dtype(np.complex128) if heights.type.is_complex else _FLOAT)
    if places.ndim != 1 or places.shape != heights.shape or not places.type.size:
        raise TraceError(f"xp and fp of shapes {places.shape} and {heights.shape} are not points")
    if period is not None:
        left = right = None
        at, places, heights = _periodic(builder, at, places, heights, period)
    n = places.shape[0]
    first, last = (emit("element", places, index=(i,)) for i in (0, n - 1))
    low, high = (emit("element", heights, index=(i,)) for i in (0, n - 1))
    inside = _pieces(at, places, heights) if n > 1 else high
    result = emit("where", emit("greater_equal", at, last), high, inside)
    dtype = heights.type.dtype
    if right is not None:
        beyond = cast_to(as_value(builder, right), dtype)
        result = emit("where", emit("greater", at, last), beyond, result)
    before = low if left is None else cast_to(as_value(builder, left), dtype)
    return emit("where", emit("less", at, first), before, result)


def _pieces(at: Value, places: Value, heights: Value) -> Value:
    """Return the line through the two points around each place."""
    n = places.shape[0]
    after = integers("searchsorted", places, at, side="right", depth=0)
    known = constant_array(places)
    ends = [n - 2] if known is None else np.flatnonzero(np.diff(known) > 0)
    last = int(ends[-1]) if len(ends) else 0  # of equal places at the end, the first
    i = integers("minimum", integers("maximum", integers("subtract", after, 1), 0), last)
    j = integers("add", i, 1)
    a, b = (emit("take", places, index, axis=0) for index in (i, j))
    f, g = (emit("take", heights, index, axis=0) for index in (i, j))
    moved, run, rise = at - a, b - a, g - f
    rise, run, moved = common_dtype([_value(v) for v in (rise, run, moved)])
    line: Any = rise / run * moved + common_dtype([f, rise])[0]
    return _value(line)


def _value(x: Any) -> Value:
    assert isinstance(x, Value)
    return x


def _periodic(
    builder: Builder, at: Value, places: Value, heights: Value, period: ArrayLike
) -> tuple[Value, Value, Value]:
    """Return points sorted within one period, one more on each side, and places in the period."""
    known = constant_array(period)
    if known is not None and not known:
        raise TraceError("period must not be zero")
    length = emit("absolute", cast_to(as_value(builder, period), _FLOAT))
    at, places = (
        emit("remainder", *operands(builder, np.remainder, [value, length]))
        for value in (at, places)
    )
    order = integers("argsort", places, axis=0)
    places, heights = (emit("take", value, order, axis=0) for value in (places, heights))
    n = places.shape[0]
    before = emit("subtract", part(places, 0, n - 1, n), length)
    after = emit("add", part(places, 0, 0, 1), length)
    ends = part(heights, 0, n - 1, n), part(heights, 0, 0, 1)
    return (
        at,
        emit("concatenate", before, places, after, axis=0),
        emit("concatenate", ends[0], heights, ends[1], axis=0),
    )
