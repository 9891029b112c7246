"""Polynomials by their coefficients, and convolution, which multiplies them."""

from __future__ import annotations

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import as_value, broadcasted, common_dtype, emit
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
    if mode == "full":
        return full
    if mode == "same":
        start = (m - 1) // 2
        return part(full, 0, start, start + n)
    if mode == "valid":
        return part(full, 0, m - 1, n)
    raise TraceError(f"mode={mode!r} is not 'full', 'same' or 'valid'")
