"""Truth over axes and comparisons within a tolerance: booleans of the graph, to select by."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.tracing.lowering.coerce import (
    as_value,
    cast_to,
    emit,
    many_axes,
    promoted,
    reshaped,
    truth,
)
from graphad.tracing.lowering.reductions import Axis, kept_shape, reduced
from graphad.tracing.lowering.registry import ArrayLike, lowers


def over(name: str, x: Value, axis: Axis, keepdims: bool = False) -> Value:
    """Return whether any element (``"max"``) is true over axes, or all (``"min"``).

    Over no elements, none is true, and all are.
    """
    axes = many_axes(axis, x.ndim)
    test = truth(x)
    if prod(x.shape[i] for i in axes):
        return reduced(name, test, axes, keepdims)
    left = tuple([n for i, n in enumerate(x.shape) if i not in axes])
    shape = kept_shape(x.shape, axes) if keepdims else left
    return x.builder.constant(np.full(shape, name == "min"))


@lowers(np.any, positional="a axis out keepdims")
def _any(builder: Builder, a: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Value:
    return over("max", as_value(builder, a), axis, keepdims)


@lowers(np.all, positional="a axis out keepdims")
def _all(builder: Builder, a: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Value:
    return over("min", as_value(builder, a), axis, keepdims)


@lowers(np.count_nonzero)
def _count_nonzero(
    builder: Builder, a: ArrayLike, axis: Axis = None, *, keepdims: bool = False
) -> Value:
    x = cast_to(truth(as_value(builder, a)), np.dtype(np.int64))
    return reduced("sum", x, many_axes(axis, x.ndim), keepdims)


# --- closeness -----------------------------------------------------------------------------------


@lowers(np.isclose)
def _isclose(
    builder: Builder,
    a: ArrayLike,
    b: ArrayLike,
    rtol: ArrayLike = 1e-5,
    atol: ArrayLike = 1e-8,
    equal_nan: bool = False,
) -> Value:
    x, y = promoted(builder, [a, b])
    if not x.type.is_inexact:
        x, y = (cast_to(value, np.dtype(np.float64)) for value in (x, y))
    _, absolute, relative = promoted(builder, [x, atol, rtol])
    bound = emit("add", absolute, emit("multiply", relative, emit("absolute", y)))
    near = emit("less_equal", emit("absolute", emit("subtract", x, y)), bound)
    near = emit("logical_and", near, emit("isfinite", y))
    result = emit("logical_or", near, emit("equal", x, y))
    return _or_both_nan(result, x, y) if equal_nan else result


def _or_both_nan(result: Value, x: Value, y: Value) -> Value:
    both = emit("logical_and", emit("isnan", x), emit("isnan", y))
    return emit("logical_or", result, both)


@lowers(np.allclose)
def _allclose(
    builder: Builder,
    a: ArrayLike,
    b: ArrayLike,
    rtol: ArrayLike = 1e-5,
    atol: ArrayLike = 1e-8,
    equal_nan: bool = False,
) -> Value:
    return over("min", _isclose(builder, a, b, rtol, atol, equal_nan), None)


def _equal(x: Value, y: Value, equal_nan: bool) -> Value:
    result = emit("equal", x, y)
    if equal_nan and x.type.is_inexact:
        result = _or_both_nan(result, x, y)
    return over("min", result, None)


@lowers(np.array_equal)
def _array_equal(builder: Builder, a1: ArrayLike, a2: ArrayLike, equal_nan: bool = False) -> Any:
    x, y = promoted(builder, [a1, a2])
    return _equal(x, y, equal_nan) if x.shape == y.shape else False


@lowers(np.array_equiv)
def _array_equiv(builder: Builder, a1: ArrayLike, a2: ArrayLike) -> Any:
    x, y = promoted(builder, [a1, a2])
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return _equal(x, y, False)


@lowers(np.isin)
def _isin(
    builder: Builder,
    element: ArrayLike,
    test_elements: ArrayLike,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: str | None = None,
) -> Value:
    x, tested = promoted(builder, [element, test_elements])
    wide = reshaped(x, (*x.shape, 1))
    same = emit("equal", wide, reshaped(tested, (tested.type.size,)))
    found = over("max", same, (x.ndim,))
    return emit("logical_not", found) if invert else found


# --- kinds of numbers ----------------------------------------------------------------------------


def _enter_infinite(function: Any, bound: float) -> None:
    @lowers(function, positional="x out")
    def _infinite(builder: Builder, x: ArrayLike) -> Value:
        value = as_value(builder, x)
        if not value.type.is_inexact:
            return builder.constant(np.zeros(value.shape, bool))
        return emit("equal", value, bound)


_enter_infinite(np.isposinf, np.inf)
_enter_infinite(np.isneginf, -np.inf)
