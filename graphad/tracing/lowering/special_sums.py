"""The logarithm of a sum of exponentials, and softmax: shifted, so that nothing overflows."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import emit, reshaped
from graphad.tracing.lowering.registry import LOWERINGS, ArrayLike
from graphad.tracing.lowering.special_table import floats, lowers_special


def _shift(builder: Builder, x: Value, axis: Any) -> Value:
    """Return a finite number within 1 above the largest element, as a constant to derivatives.

    Rounded up, it has no derivative; that of the largest element would cancel, but for rounding.
    """
    largest = _reduced(builder, np.max, x, axis)
    limit = float(np.finfo(x.type.dtype).max)
    return emit("minimum", emit("maximum", emit("ceil", largest), -limit), limit)


def _reduced(builder: Builder, function: Any, x: Value, axis: Any) -> Value:
    """Return a reduction that broadcasts with `x`; a scalar, if it is over all axes."""
    whole = axis is None or x.ndim == 1
    made: Value = LOWERINGS[function](builder, x, axis=axis, keepdims=not whole)
    return made


@lowers_special("logsumexp", positional="a axis b keepdims return_sign")
def _logsumexp(
    builder: Builder,
    a: ArrayLike,
    axis: Any = None,
    b: ArrayLike = None,
    keepdims: bool = False,
    return_sign: bool = False,
) -> Value:
    if return_sign:
        raise TraceError("return_sign= is not traced; write the sum out, with its sign")
    if b is None:
        (x,) = floats(builder, a)
        weights = None
    else:
        x, weights = floats(builder, a, b)
        x = emit("where", emit("equal", weights, 0.0), -np.inf, x)
    shift = _shift(builder, x, axis)
    terms = emit("exp", emit("subtract", x, shift))
    if weights is not None:
        terms = emit("multiply", terms, weights)
    total = emit("add", emit("log", _reduced(builder, np.sum, terms, axis)), shift)
    if axis is None or x.ndim == 1:
        return reshaped(total, (1,) * x.ndim if keepdims else ())
    if keepdims:
        return total
    squeezed: Value = LOWERINGS[np.squeeze](builder, total, axis=axis)
    return squeezed


@lowers_special("softmax")
def _softmax(builder: Builder, x: ArrayLike, axis: Any = None) -> Value:
    (value,) = floats(builder, x)
    terms = emit("exp", emit("subtract", value, _shift(builder, value, axis)))
    return emit("divide", terms, _reduced(builder, np.sum, terms, axis))


@lowers_special("log_softmax")
def _log_softmax(builder: Builder, x: ArrayLike, axis: Any = None) -> Value:
    (value,) = floats(builder, x)
    moved = emit("subtract", value, _shift(builder, value, axis))
    return emit("subtract", moved, emit("log", _reduced(builder, np.sum, emit("exp", moved), axis)))
