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
    if edge_order != 1:
        raise TraceError(f"edge_order={edge_order} is not supported; use edge_order=1")
    if len(varargs) not in (0, 1, len(axes)):
        raise TraceError(f"{len(varargs)} spacings do not go with {len(axes)} axes")
    spacings = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    results = tuple([_slope(x, i, spacing) for i, spacing in zip(axes, spacings, strict=True)])
    return results[0] if len(results) == 1 else results


def _slope(x: Value, axis: int, spacing: ArrayLike) -> Value:
    """Return central differences inside and one-sided ones at both ends."""
    n = x.shape[axis]
    if n < 2:
        raise TraceError(f"a gradient needs at least 2 elements along an axis, not {n}")
    steps = constant_array(spacing)
    if steps is None or steps.ndim == 0:
        h = as_value(x.builder, spacing, x)
        inner_step = emit("multiply", h, 2.0)
        inside = emit("subtract", part(x, axis, 2, n), part(x, axis, 0, n - 2))
        middle = emit("divide", inside, inner_step)
        first_step = last_step = h
    else:
        if steps.shape != (n,):
            raise TraceError(f"places of shape {steps.shape} do not go with {n} elements")
        lengths = np.diff(steps).astype(x.type.dtype)
        middle = _uneven(x, axis, lengths)
        first_step, last_step = as_value(x.builder, lengths[0]), as_value(x.builder, lengths[-1])
    first = emit("subtract", part(x, axis, 1, 2), part(x, axis, 0, 1))
    last = emit("subtract", part(x, axis, n - 1, n), part(x, axis, n - 2, n - 1))
    ends = [emit("divide", first, first_step), emit("divide", last, last_step)]
    return joined([ends[0], middle, ends[1]] if n > 2 else ends, axis)


def _uneven(x: Value, axis: int, lengths: Any) -> Value:
    """Return slopes of the parabolas through three neighbours at uneven distances."""
    n = x.shape[axis]
    shape = (n - 2,) + (1,) * (x.ndim - 1 - axis)
    left, right = lengths[:-1], lengths[1:]
    weights = (
        -right / (left * (left + right)),
        (right - left) / (left * right),
        left / (right * (left + right)),
    )
    terms = [
        emit("multiply", part(x, axis, i, n - 2 + i), weight.reshape(shape))
        for i, weight in enumerate(weights)
    ]
    return emit("add", *terms)
