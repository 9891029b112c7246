"""Diagonals and triangles of matrices.

Zeros that NumPy puts around a diagonal or a triangle are numbers of the user's, not structural
zeros: they come from constants.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.constant import Span
from graphad.errors import TraceError
from graphad.ops.contraction import LETTERS, make_spec
from graphad.tracing.lowering.coerce import as_value, emit, known_int, many_axes, reshaped
from graphad.tracing.lowering.reductions import part, summable
from graphad.tracing.lowering.registry import ArrayLike, lowers, present


def _square(x: Value, offset: Any, axis1: Any, axis2: Any) -> tuple[Value, str, str]:
    """Cut out the square matrices of which the diagonal is the one asked for.

    Returns
    -------
    Value
        The array, of one length along both axes.
    str, str
        Its indices, the diagonal's letter twice, and the other letters.
    """
    first, second = many_axes((axis1, axis2), x.ndim)
    k = known_int(offset, "the offset")
    row, column = max(-k, 0), max(k, 0)
    n = max(0, min(x.shape[first] - row, x.shape[second] - column))
    if n == 0:
        row = column = 0
    x = part(part(x, first, row, row + n), second, column, column + n)
    letters = list(LETTERS[: x.ndim])
    letters[second] = letters[first]
    rest = "".join([c for i, c in enumerate(letters) if i not in (first, second)])
    return x, "".join(letters), rest


def diagonal_of(x: Value, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Value:
    """Return a diagonal, as the last axis.

    Raises
    ------
    TraceError
        If the array has not two axes of these numbers.
    """
    square, term, rest = _square(x, offset, axis1, axis2)
    letter = next(c for c in term if c not in rest)
    return emit("einsum", square, spec=make_spec([term], rest + letter))


@lowers(np.diagonal)
def _diagonal(
    builder: Builder, a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1
) -> Value:
    return diagonal_of(as_value(builder, a), offset, axis1, axis2)


@lowers(np.trace, positional="a offset axis1 axis2 dtype out")
def _trace(
    builder: Builder,
    a: ArrayLike,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    dtype: Any = None,
) -> Value:
    x = summable(as_value(builder, a), dtype)
    square, term, rest = _square(x, offset, axis1, axis2)
    return emit("einsum", square, spec=make_spec([term], rest))


@lowers(*present("linalg.diagonal"), positional="x")
def _linalg_diagonal(builder: Builder, x: ArrayLike, *, offset: int = 0) -> Value:
    return diagonal_of(as_value(builder, x), offset, -2, -1)


@lowers(*present("linalg.trace"), positional="x")
def _linalg_trace(builder: Builder, x: ArrayLike, *, offset: int = 0, dtype: Any = None) -> Value:
    return _trace(builder, x, offset, -2, -1, dtype)


def on_diagonal(x: Value, k: int) -> Value:
    """Return the matrix with a vector on its k-th diagonal and zeros around it."""
    count = x.shape[0]
    n = count + abs(k)
    zeros = x.builder.constant(np.zeros(n * n, x.type.dtype))
    if count == 0:
        return reshaped(zeros, (n, n))
    start = k if k >= 0 else -k * n
    stop = start + (count - 1) * (n + 1) + 1
    step = n + 1 if count > 1 else 1
    return reshaped(emit("update", zeros, x, spans=(Span(start, stop, step),)), (n, n))


@lowers(np.diag)
def _diag(builder: Builder, v: ArrayLike, k: int = 0) -> Value:
    x = as_value(builder, v)
    if x.ndim == 1:
        return on_diagonal(x, known_int(k, "k"))
    if x.ndim == 2:
        return diagonal_of(x, k)
    raise TraceError(f"a vector or a matrix is expected, not an array of shape {x.shape}")


@lowers(np.diagflat)
def _diagflat(builder: Builder, v: ArrayLike, k: int = 0) -> Value:
    x = as_value(builder, v)
    return on_diagonal(reshaped(x, (x.type.size,)), known_int(k, "k"))


def _triangle(builder: Builder, m: ArrayLike, k: int, lower: bool) -> Value:
    x = as_value(builder, m)
    if x.ndim == 1:  # NumPy repeats a vector as the rows of a square
        rows = columns = x.shape[0]
    elif x.ndim == 0:
        raise TraceError("a scalar has no triangle")
    else:
        rows, columns = x.shape[-2:]
    offset = known_int(k, "k")
    kept = np.tri(rows, columns, offset if lower else offset - 1, dtype=bool)
    zero = np.zeros((), x.type.dtype)
    return emit("where", x.builder.constant(kept if lower else ~kept), x, zero)


@lowers(np.tril)
def _tril(builder: Builder, m: ArrayLike, k: int = 0) -> Value:
    return _triangle(builder, m, k, lower=True)


@lowers(np.triu)
def _triu(builder: Builder, m: ArrayLike, k: int = 0) -> Value:
    return _triangle(builder, m, k, lower=False)
