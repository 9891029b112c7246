"""Polynomials by their coefficients, and convolution, which multiplies them."""

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
    emit,
    known_array,
    known_int,
)
from graphad.tracing.lowering.complex import conjugated
from graphad.tracing.lowering.indexing import getitem
from graphad.tracing.lowering.reductions import part
from graphad.tracing.lowering.registry import ArrayLike, lowers


@lowers(np.polyval)
def _polyval(builder: Builder, p: ArrayLike, x: ArrayLike) -> Value:
    """Horner's scheme."""
    coefficients, value = common_dtype([as_value(builder, p), as_value(builder, x)])
    if coefficients.ndim != 1 or coefficients.shape[0] == 0:
        raise TraceError(f"coefficients of shape {coefficients.shape} are not a vector")
    first, *rest = [getitem(coefficients, i) for i in range(coefficients.shape[0])]
    result = first if rest else broadcasted(first, value.shape)
    for coefficient in rest:
        result = emit("add", emit("multiply", result, value), coefficient)
    return result


@lowers(np.convolve)
def _convolve(builder: Builder, a: ArrayLike, v: ArrayLike, mode: str = "full") -> Value:
    """Products of the shorter vector with each window of the longer one."""
    x, y = common_dtype([as_value(builder, a), as_value(builder, v)])
    if x.ndim > 1 or y.ndim > 1 or not x.type.size or not y.type.size:
        raise TraceError(f"shapes {x.shape} and {y.shape} are not of two vectors with elements")
    x, y = [emit("reshape", z, shape=(1,)) if z.ndim == 0 else z for z in (x, y)]
    if x.shape[0] < y.shape[0]:
        x, y = y, x
    n, m = x.shape[0], y.shape[0]
    margin = np.zeros(m - 1, x.type.dtype)
    wide = emit("concatenate", margin, x, margin, axis=0) if m > 1 else x
    windows = np.arange(n + m - 1)[:, None] + np.arange(m)
    reverse = emit("flip", y, axes=(0,))
    full = emit("einsum", emit("take", wide, windows, axis=0), reverse, spec="ij,j->i")
    return _cut(full, n, m, mode)


def _cut(full: Value, n: int, m: int, mode: str) -> Value:
    """Return the part of all sums of products that a mode asks for; n is at least m."""
    if mode == "full":
        return full
    if mode == "same":
        start = (m - 1) // 2
        return part(full, 0, start, start + n)
    if mode == "valid":
        return part(full, 0, m - 1, n)
    raise TraceError(f"mode={mode!r} is not 'full', 'same' or 'valid'")


@lowers(np.correlate)
def _correlate(builder: Builder, a: ArrayLike, v: ArrayLike, mode: str = "valid") -> Value:
    """The convolution with the second vector reversed; where it is longer, NumPy swaps them."""
    x, y = common_dtype([as_value(builder, a), as_value(builder, v)])
    y = conjugated(y)
    if x.ndim != 1 or y.ndim != 1:
        raise TraceError(f"shapes {x.shape} and {y.shape} are not of two vectors with elements")
    if x.shape[0] < y.shape[0]:
        return emit("flip", _convolve(builder, y, emit("flip", x, axes=(0,)), mode), axes=(0,))
    return _convolve(builder, x, emit("flip", y, axes=(0,)), mode)


@lowers(np.polymul)
def _polymul(builder: Builder, a1: ArrayLike, a2: ArrayLike) -> Value:
    return _convolve(builder, a1, a2)


# --- fits ----------------------------------------------------------------------------------------


@lowers(np.polyfit, positional="x y deg rcond full w cov")
def _polyfit(
    builder: Builder,
    x: ArrayLike,
    y: ArrayLike,
    deg: Any,
    rcond: float | None = None,
    full: bool = False,
    w: ArrayLike = None,
    cov: Any = False,
) -> Value:
    """Multiply by the fixed matrix that takes heights at fixed places to coefficients."""
    if full or cov:
        raise TraceError("full= and cov= are not supported; only the coefficients are given")
    places, degree = known_array(x, "the places of a fit"), known_int(deg, "the degree")
    weights = None if w is None else known_array(w, "the weights of a fit")
    if places.ndim != 1 or not places.size:
        raise TraceError(f"places of shape {places.shape} are not a vector with elements")
    heights = as_value(builder, y)
    if heights.ndim not in (1, 2) or heights.shape[0] != places.shape[0]:
        raise TraceError(f"heights of shape {heights.shape} do not go with {places.size} places")
    fitted = np.polyfit(places, np.eye(places.size), degree, rcond, w=weights)
    heights = cast_to(heights, np.result_type(heights.type.dtype, fitted.dtype))
    matrix = builder.constant(fitted.astype(heights.type.dtype))
    return emit("einsum", matrix, heights, spec="ij,j->i" if heights.ndim == 1 else "ij,jk->ik")
