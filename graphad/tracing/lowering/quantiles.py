"""Medians, percentiles and quantiles: elements of the sorted values, and means of neighbours.

Where a quantile is one of the values, its derivative is that of this value alone. Where it lies
between two, both share it by their weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.op import Array
from graphad.tracing.lowering.coerce import (
    Shape,
    as_value,
    cast_to,
    constant_array,
    emit,
    many_axes,
    permuted,
    reshaped,
)
from graphad.tracing.lowering.ordering import integers, sorted_along, taken_along
from graphad.tracing.lowering.reductions import Axis, kept_shape
from graphad.tracing.lowering.registry import ArrayLike, lowers
from graphad.types import DType

_CONTINUOUS: Mapping[str, tuple[float, float]] = {
    "linear": (1.0, 1.0),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
"""Methods by the α and β of R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages",
1996: the quantile is at the place n·q + α + q·(1 - α - β) - 1 among the sorted values."""
_ELEMENTS = ("inverted_cdf", "closest_observation", "lower", "higher", "nearest")
"""Methods that give elements as they are, of their own dtype."""
_JUMPING = (
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "lower",
    "higher",
    "midpoint",
    "nearest",
)


class _Rows(NamedTuple):
    """The values that quantiles are taken of, as the last axis, sorted."""

    ordered: Value
    shape: Shape
    kept: Shape
    """The shape of the result for one q, and with ``keepdims=True``."""


def _rows(x: Value, axis: Axis) -> _Rows:
    if x.type.is_complex:
        raise TraceError("complex values have no quantiles; take those of a real part")
    axes = many_axes(axis, x.ndim)
    rest = tuple([i for i in range(x.ndim) if i not in axes])
    lead = tuple([x.shape[i] for i in rest])
    count = prod(x.shape[i] for i in axes)
    if not count:
        raise TraceError(f"an array of shape {x.shape} has no quantiles along axis={axis}")
    flat = reshaped(permuted(x, (*rest, *sorted(axes))), (*lead, count))
    return _Rows(sorted_along(flat, len(lead)), lead, kept_shape(x.shape, axes))


def _finished(result: Value, rows: _Rows, q_shape: Shape, keepdims: bool) -> Value:
    """Put the axes of q first, after those of the rows they stand now."""
    lead = len(rows.shape)
    moved = permuted(result, (*range(lead, result.ndim), *range(lead)))
    return reshaped(moved, (*q_shape, *rows.kept)) if keepdims else moved


def _or_nan(result: Value, rows: _Rows) -> Value:
    """Return NaN for rows with NaN in them: it is sorted last."""
    x = rows.ordered
    lead = len(rows.shape)
    if not x.type.is_inexact:
        return result
    last = emit("take", x, np.asarray(x.shape[-1] - 1), axis=lead)
    wide = reshaped(last, rows.shape + (1,) * (result.ndim - lead))
    return emit("where", emit("isnan", wide), cast_to(wide, result.type.dtype), result)


# --- fixed places --------------------------------------------------------------------------------


def _at_fixed(x: Value, places: Array, dtype: DType) -> Value:
    """Return values at fixed places between neighbours; the last axis becomes those of `places`."""
    axis = x.ndim - 1
    below = np.floor(places).astype(np.int64)
    weight = (places - below).astype(dtype)
    lower = emit("take", x, below, axis=axis)
    if not weight.any():
        return cast_to(lower, dtype)
    above = np.where(weight > 0, below + 1, below)
    upper = emit("take", x, above, axis=axis)
    if np.all(weight == 0.5):
        return cast_to(emit("multiply", emit("add", lower, upper), 0.5), dtype)
    rise = cast_to(emit("subtract", upper, lower), dtype)  # rounded as NumPy does
    far = weight >= 0.5
    nearer = emit("take", x, np.where(far, above, below), axis=axis)
    share = np.where(far, weight - 1, weight).astype(dtype)
    return emit("add", cast_to(nearer, dtype), emit("multiply", rise, share))


def _fixed_places(q: Array, n: int, method: str) -> Array:
    """Return where among n sorted values NumPy finds quantiles: it is asked for those of 0…n-1."""
    if q.dtype.kind not in "fiu" or np.any((q < 0) | (q > 1)) or np.any(np.isnan(q)):
        raise TraceError("quantiles are asked for at numbers from 0 to 1, percentiles to 100")
    try:
        return np.asarray(np.quantile(np.arange(float(n)), q.astype(float), method=method))  # type: ignore[call-overload]
    except ValueError as error:
        raise TraceError(str(error)) from None


# --- places that depend on the inputs ------------------------------------------------------------


def _at_moving(rows: _Rows, q: Value, count: Value | None, method: str) -> Value:
    """Return values at places by the formula of the method.

    Parameters
    ----------
    rows : _Rows
        The sorted values.
    q : Value
        Numbers from 0 to 1.
    count : Value or None
        How many values of each row count, the first ones; all if None.
    method : str
        One of those that are continuous in q.
    """
    x = rows.ordered
    builder, dtype, lead, n = x.builder, x.type.dtype, len(rows.shape), x.shape[-1]
    if method not in _CONTINUOUS:
        what = "jumps as q moves" if method in _JUMPING else "is not known"
        listed = ", ".join(map(repr, _CONTINUOUS))
        raise TraceError(f"method={method!r} {what}; use one of {listed}")
    alpha, beta = _CONTINUOUS[method]
    number = builder.constant(np.asarray(n, dtype))
    if count is not None:
        number = reshaped(count, rows.shape + (1,) * q.ndim)
    top = emit("subtract", number, 1.0)
    if method == "linear":
        place = emit("multiply", q, top)
    else:
        wide = emit("multiply", q, emit("add", number, 1.0 - alpha - beta))
        inside = emit("maximum", emit("add", wide, alpha - 1.0), 0.0)
        place = emit("minimum", inside, top)
    index, highest = (cast_to(emit("floor", v), np.dtype(np.int64)) for v in (place, top))
    below = integers("maximum", integers("minimum", index, integers("subtract", highest, 1)), 0)
    above = integers("maximum", integers("minimum", integers("add", below, 1), highest), 0)
    weight = emit("subtract", place, cast_to(below, dtype))
    if count is None:
        lower, upper = (emit("take", x, i, axis=lead) for i in (below, above))
    else:
        shape = place.shape
        flat = [reshaped(i, (*rows.shape, prod(q.shape))) for i in (below, above)]
        lower, upper = (reshaped(taken_along(x, i, lead, checked=True), shape) for i in flat)
    return emit("add", lower, emit("multiply", emit("subtract", upper, lower), weight))


# --- the functions -------------------------------------------------------------------------------


def _quantile(
    builder: Builder,
    a: ArrayLike,
    q: ArrayLike,
    axis: Axis,
    method: str,
    keepdims: bool,
    skipping: bool,
    percent: bool = False,
) -> Value:
    x, asked = as_value(builder, a), constant_array(q)
    weak = type(q) in (int, float)  # all else is strong, NumPy's numbers too
    given = x.type.dtype if x.type.is_inexact else np.dtype(np.float64)
    kind = given if weak else np.result_type(given, _float_of(asked, q))
    if not x.type.is_inexact and (skipping or method not in _ELEMENTS):
        x = cast_to(x, kind)
    rows = _rows(x if asked is not None and not skipping else cast_to(x, kind), axis)
    n = rows.ordered.shape[-1]
    if asked is not None and percent:
        asked = np.true_divide(asked, 100)
    if asked is not None and not skipping:
        kind = x.type.dtype if method in _ELEMENTS else kind
        found = _at_fixed(rows.ordered, _fixed_places(asked, n, method), kind)
        return _finished(_or_nan(found, rows), rows, asked.shape, keepdims)
    if asked is not None:
        _fixed_places(asked, n, method)  # refuses what is not from 0 to 1
        places = builder.constant(asked.astype(kind))
    else:
        places = cast_to(as_value(builder, q), kind)
        places = emit("divide", places, 100.0) if percent else places
    count = _present(rows) if skipping else None
    found = _at_moving(rows, places, count, method)
    found = found if skipping else _or_nan(found, rows)
    return _finished(found, rows, places.shape, keepdims)


def _float_of(asked: Array | None, q: ArrayLike) -> DType:
    """Return the floating dtype of what is asked for."""
    dtype: DType = asked.dtype if asked is not None else q.type.dtype
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def _present(rows: _Rows) -> Value:
    """Return how many values of each row are not NaN."""
    there = emit("logical_not", emit("isnan", rows.ordered))
    return emit("sum", cast_to(there, rows.ordered.type.dtype), axes=(len(rows.shape),))


def _enter(function: Any, percent: bool, skipping: bool) -> None:
    @lowers(function, positional="a q axis out overwrite_input method keepdims")
    def _quantiles(
        builder: Builder,
        a: ArrayLike,
        q: ArrayLike,
        axis: Axis = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: bool = False,
    ) -> Value:
        return _quantile(builder, a, q, axis, method, bool(keepdims), skipping, percent)


_enter(np.quantile, percent=False, skipping=False)
_enter(np.percentile, percent=True, skipping=False)
_enter(np.nanquantile, percent=False, skipping=True)
_enter(np.nanpercentile, percent=True, skipping=True)


def _enter_median(function: Any, skipping: bool) -> None:
    @lowers(function, positional="a axis out overwrite_input keepdims")
    def _median(
        builder: Builder,
        a: ArrayLike,
        axis: Axis = None,
        overwrite_input: bool = False,
        keepdims: bool = False,
    ) -> Value:
        return _quantile(builder, a, 0.5, axis, "linear", bool(keepdims), skipping)


_enter_median(np.median, skipping=False)
_enter_median(np.nanmedian, skipping=True)
