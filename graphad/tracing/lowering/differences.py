"""Differences of neighbours, and integrals by the trapezoidal rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import (
    as_value,
    broadcasted,
    cast_to,
    common_dtype,
    constant_array,
    emit,
    known_int,
    many_axes,
    one_axis,
    operands,
    reshaped,
)
from graphad.tracing.lowering.joining import joined
from graphad.tracing.lowering.reductions import part, reduced
from graphad.tracing.lowering.registry import ArrayLike, lowers, present


def _ends(x: Value, axis: int) -> tuple[Value, Value]:
    """Return all elements but the first, and all but the last."""
    n = x.shape[axis]
    return part(x, axis, 1, n), part(x, axis, 0, n - 1)


def _border(x: Value, border: ArrayLike, axis: int) -> Value:
    """Return what ``prepend=`` or ``append=`` adds; a scalar becomes one layer."""
    value = as_value(x.builder, border)
    if value.ndim == 0:
        value = broadcasted(value, (*x.shape[:axis], 1, *x.shape[axis + 1 :]))
    return value


@lowers(np.diff)
def _diff(
    builder: Builder,
    a: ArrayLike,
    n: int = 1,
    axis: int = -1,
    prepend: ArrayLike = None,
    append: ArrayLike = None,
) -> Value:
    x = as_value(builder, a)
    if x.ndim == 0:
        raise TraceError("a scalar has no differences")
    along = one_axis(axis, x.ndim)
    count = known_int(n, "n")
    if count < 0:
        raise TraceError(f"n={count} must not be negative")
    if count == 0:
        return x
    parts = [x]
    if prepend is not None:
        parts.insert(0, _border(x, prepend, along))
    if append is not None:
        parts.append(_border(x, append, along))
    x = joined(parts, along)
    name = "not_equal" if x.type.dtype.kind == "b" else "subtract"
    for _ in range(min(count, x.shape[along])):
        x = emit(name, *_ends(x, along))
    return x


@lowers(np.ediff1d)
def _ediff1d(
    builder: Builder, ary: ArrayLike, to_end: ArrayLike = None, to_begin: ArrayLike = None
) -> Value:
    x = as_value(builder, ary)
    flat = reshaped(x, (x.type.size,))
    parts = [emit("subtract", *_ends(flat, 0)) if x.type.size else flat]
    for place, border in ((0, to_begin), (len(parts) + 1, to_end)):
        if border is not None:
            value = as_value(builder, border)
            parts.insert(place, cast_to(reshaped(value, (value.type.size,)), x.type.dtype))
    return joined(parts, 0)


@lowers(*present("trapezoid", "trapz"))
def _trapezoid(
    builder: Builder, y: ArrayLike, x: ArrayLike = None, dx: ArrayLike = 1.0, axis: int = -1
) -> Value:
    values = as_value(builder, y)
    along = one_axis(axis, values.ndim)
    if x is None:
        step = as_value(builder, dx, values)
    else:
        places = as_value(builder, x)
        if places.ndim == 1:
            step = _diff(builder, places)
            step = reshaped(step, (step.type.size,) + (1,) * (values.ndim - 1 - along))
        else:
            step = _diff(builder, places, axis=axis)
    step, heights = common_dtype([step, emit("add", *_ends(values, along))])
    areas = emit("divide", emit("multiply", step, heights), 2.0)
    return reduced("sum", areas, (along,))


# --- gradient ------------------------------------------------------------------------------------


@lowers(np.gradient)
def _gradient(
    builder: Builder, f: ArrayLike, *varargs: Any, axis: Any = None, edge_order: int = 1
) -> Any:
    x = as_value(builder, f)
    if not x.type.is_inexact:
        x = cast_to(x, np.dtype(np.float64))
    axes = many_axes(axis, x.ndim)
    if edge_order not in (1, 2):
        raise TraceError(f"edge_order={edge_order} is not 1 or 2")
    if len(varargs) not in (0, 1, len(axes)):
        raise TraceError(f"{len(varargs)} spacings do not go with {len(axes)} axes")
    spacings = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    results = tuple(
        [_slope(x, i, spacing, edge_order) for i, spacing in zip(axes, spacings, strict=True)]
    )
    return results[0] if len(results) == 1 else results


def _slope(x: Value, axis: int, spacing: ArrayLike, edge_order: int) -> Value:
    """Return central differences inside and one-sided ones at both ends.

    Inside these are slopes of the parabolas through three neighbours, and so they are at the ends
    if `edge_order` is 2.
    """
    n = x.shape[axis]
    if n <= edge_order:
        raise TraceError(
            f"a gradient needs at least {edge_order + 1} elements along an axis, not {n}"
        )
    given = as_value(x.builder, spacing)
    if given.ndim == 0:
        return _even(x, axis, as_value(x.builder, spacing, x), edge_order)
    if given.shape != (n,):
        raise TraceError(f"places of shape {given.shape} do not go with {n} elements")
    column = (n - 1,) + (1,) * (x.ndim - 1 - axis)
    steps = constant_array(given)
    if steps is not None:
        lengths = _Steps(np.diff(steps).astype(x.type.dtype).reshape(column))
    else:
        distances = emit("subtract", *_ends(cast_to(given, x.type.dtype), 0))
        lengths = _Steps(reshaped(distances, column))
    return _uneven(x, axis, lengths, edge_order)


class _Steps:
    """Distances of neighbours, along the first axis: an array, or a value."""

    def __init__(self, lengths: Any) -> None:
        self._lengths = lengths

    def __call__(self, start: int, stop: int) -> Any:
        """Return some of them."""
        if isinstance(self._lengths, Value):
            return part(self._lengths, 0, start, stop)
        return self._lengths[start:stop]


def _even(x: Value, axis: int, h: Value, edge_order: int) -> Value:
    n = x.shape[axis]

    def at(i: int) -> Value:
        return part(x, axis, i % n, i % n + 1)

    if edge_order == 1:
        first, last = emit("subtract", at(1), at(0)), emit("subtract", at(-1), at(-2))
    else:
        first, last = (
            emit(
                "add",
                emit("multiply", at(i), -1.5 * sign),
                emit("multiply", at(j), 2.0 * sign),
                emit("multiply", at(k), -0.5 * sign),
            )
            for i, j, k, sign in ((0, 1, 2, 1.0), (-1, -2, -3, -1.0))
        )
    ends = [emit("divide", end, h) for end in (first, last)]
    if n == 2:
        return joined(ends, axis)
    inside = emit("subtract", part(x, axis, 2, n), part(x, axis, 0, n - 2))
    return joined([ends[0], emit("divide", inside, emit("multiply", h, 2.0)), ends[1]], axis)


def _uneven(x: Value, axis: int, steps: _Steps, edge_order: int) -> Value:
    n = x.shape[axis]
    ends = []
    for at in (0, n - 2):
        rise = emit("subtract", part(x, axis, at + 1, at + 2), part(x, axis, at, at + 1))
        ends.append(emit("divide", rise, steps(at, at + 1)))
    if n == 2:
        return joined(ends, axis)
    left, right = steps(0, n - 2), steps(1, n - 1)
    middle = _combined(
        x,
        axis,
        0,
        (
            -right / (left * (left + right)),
            (right - left) / (left * right),
            left / (right * (left + right)),
        ),
    )
    if edge_order == 2:
        left, right = steps(0, 1), steps(1, 2)
        weights = (
            -(2.0 * left + right) / (left * (left + right)),
            (left + right) / (left * right),
            -left / (right * (left + right)),
        )
        ends[0] = _combined(x, axis, 0, weights)
        left, right = steps(n - 3, n - 2), steps(n - 2, n - 1)
        weights = (
            right / (left * (left + right)),
            -(left + right) / (left * right),
            (2.0 * right + left) / (right * (left + right)),
        )
        ends[1] = _combined(x, axis, n - 3, weights)
    return joined([ends[0], middle, ends[1]], axis)


def _combined(x: Value, axis: int, start: int, weights: tuple[Any, Any, Any]) -> Value:
    """Return a weighted sum of each element from `start` on and the two after it."""
    count = weights[0].shape[0]
    terms = [
        emit("multiply", part(x, axis, start + i, start + i + count), weight)
        for i, weight in enumerate(weights)
    ]
    return emit("add", *terms)


# --- phases --------------------------------------------------------------------------------------


@lowers(np.unwrap)
def _unwrap(
    builder: Builder,
    p: ArrayLike,
    discont: ArrayLike = None,
    axis: int = -1,
    *,
    period: ArrayLike = 2 * np.pi,
) -> Value:
    """Add whole periods, of which the number does not move."""
    (x,) = operands(builder, np.fabs, [p])
    along = one_axis(axis, x.ndim)
    if x.shape[along] < 2:
        return x
    whole = as_value(builder, period, x)
    half = emit("multiply", whole, 0.5)
    steps = emit("subtract", *_ends(x, along))
    turns = emit("floor_divide", *common_dtype([emit("add", steps, half), whole]))
    added = emit("negative", emit("multiply", turns, whole))
    lowest = emit("equal", emit("add", steps, added), emit("negative", half))
    down = emit("logical_and", lowest, emit("greater", steps, 0.0))
    added = emit("where", down, emit("add", added, whole), added)
    limit = half if discont is None else as_value(builder, discont, x)
    small = emit("less", emit("absolute", steps), limit)
    added = emit("where", small, x.builder.constant(np.zeros((), added.type.dtype)), added)
    later = emit("add", part(x, along, 1, x.shape[along]), emit("cumsum", added, axis=along))
    return joined([part(x, along, 0, 1), later], along)
