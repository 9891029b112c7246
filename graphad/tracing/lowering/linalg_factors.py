"""Factorisations, eigenvalues, singular values and least squares of `numpy.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import as_value, common_dtype, emit, reshaped
from graphad.tracing.lowering.linalg import flipped, inexact, matrices, part, solved
from graphad.tracing.lowering.norms import matrix_norm, singular_values
from graphad.tracing.lowering.products import matrix_product
from graphad.tracing.lowering.reductions import reduced
from graphad.tracing.lowering.registry import ArrayLike, lowers, present

_EIGH: Any = type(np.linalg.eigh(np.eye(1)))
_SVD: Any = type(np.linalg.svd(np.eye(1)))
_QR: Any = type(np.linalg.qr(np.eye(1)))

# --- Cholesky ------------------------------------------------------------------------------------


def cholesky_factor(x: Value, upper: bool) -> Value:
    """Return the factor of Cholesky: lower, of the lower triangle, or upper, of the upper one."""
    return flipped(emit("cholesky", flipped(x))) if upper else emit("cholesky", x)


@lowers(np.linalg.cholesky)
def _cholesky(builder: Builder, a: ArrayLike, *, upper: bool = False) -> Value:
    return cholesky_factor(matrices(builder, a, square=True), bool(upper))


# --- QR and least squares ------------------------------------------------------------------------


def factored(x: Value) -> tuple[Value, Value]:
    """Return the factors Q and R of matrices; of wide ones Q is that of the first columns."""
    m, n = x.shape[-2:]
    k = min(m, n)
    packed = emit("qr", x if n <= m else part(x, 0, m, axis=-1))
    q, r = part(packed, 0, m), flipped(part(packed, m, m + k))
    if n > m:
        rest = matrix_product(flipped(q), part(x, m, n, axis=-1))
        r = emit("concatenate", r, rest, axis=x.ndim - 1)
    return q, r


@lowers(np.linalg.qr)
def _qr(builder: Builder, a: ArrayLike, mode: str = "reduced") -> Any:
    value = matrices(builder, a)
    m, n = value.shape[-2:]
    if mode == "complete" and m > n:
        raise TraceError(
            "mode='complete' adds columns that the matrix does not determine; "
            "use mode='reduced', the default"
        )
    if mode not in ("reduced", "complete", "r"):
        raise TraceError(f"mode={mode!r} is not supported; use mode='reduced', the default")
    q, r = factored(value)
    return r if mode == "r" else _QR(q, r)


@lowers(np.linalg.lstsq)
def _lstsq(builder: Builder, a: ArrayLike, b: ArrayLike, rcond: Any = None) -> Any:
    if rcond is not None and not (type(rcond) in (int, float) and rcond == -1):
        raise TraceError("rcond= changes the rank, at which the solution jumps; leave it out")
    left, right = matrices(builder, a), inexact(as_value(builder, b))
    if left.ndim != 2 or right.ndim not in (1, 2) or right.shape[0] != left.shape[0]:
        raise TraceError(
            f"shapes {left.shape} and {right.shape} do not fit: a matrix is expected, and a "
            "vector or matrix with as many rows"
        )
    left, right = common_dtype([left, right])
    m, n = left.shape
    columns = right if right.ndim == 2 else reshaped(right, (m, 1))
    if m >= n:
        q, r = factored(left)
        rotated = matrix_product(flipped(q), columns)
        x = solved("triangular_solve", r, rotated, lower=False, transposed=False)
    else:  # the shortest of the solutions
        q, r = factored(flipped(left))
        x = matrix_product(q, solved("triangular_solve", r, columns, lower=False, transposed=True))
    if m > n:
        missed = emit("subtract", columns, matrix_product(left, x))
        residuals = reduced("sum", emit("multiply", missed, missed), (0,))
    else:
        residuals = builder.constant(np.empty(0, left.type.dtype))
    solution = x if right.ndim == 2 else reshaped(x, (n,))
    return solution, residuals, min(m, n), singular_values(left, (0, 1))


# --- eigenvalues ---------------------------------------------------------------------------------


def _triangle(builder: Builder, a: ArrayLike, uplo: str) -> Value:
    """Return matrices such that the lower triangle is the one to be read."""
    if str(uplo).upper() not in ("L", "U"):
        raise TraceError(f"UPLO={uplo!r} is neither 'L' nor 'U'")
    value = matrices(builder, a, square=True)
    return flipped(value) if str(uplo).upper() == "U" else value


def eigen(x: Value) -> tuple[Value, Value]:
    """Return eigenvalues and eigenvectors of symmetric matrices, of their lower triangles.

    Values are those of an op of their own: its derivatives are finite where some are equal.
    """
    vectors = part(emit("eigh", x), 1, x.shape[-1] + 1)
    return emit("eigvalsh", x), vectors


@lowers(np.linalg.eigh)
def _eigh(builder: Builder, a: ArrayLike, UPLO: str = "L") -> Any:
    return _EIGH(*eigen(_triangle(builder, a, UPLO)))


@lowers(np.linalg.eigvalsh)
def _eigvalsh(builder: Builder, a: ArrayLike, UPLO: str = "L") -> Value:
    return emit("eigvalsh", _triangle(builder, a, UPLO))


# --- singular values -----------------------------------------------------------------------------


@lowers(np.linalg.svd)
def _svd(
    builder: Builder,
    a: ArrayLike,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
) -> Any:
    value = matrices(builder, a)
    m, n = value.shape[-2:]
    if hermitian:
        raise TraceError("hermitian= is not supported; use np.linalg.eigh, or leave it out")
    if not compute_uv:
        return emit("svdvals", value)
    if full_matrices and m != n:
        raise TraceError(
            f"full_matrices= adds vectors that a matrix of shape {(m, n)} does not determine; "
            "pass full_matrices=False"
        )
    packed = emit("svd", value)
    s = emit("svdvals", value)  # an op of its own, for the same reason as above
    return _SVD(part(packed, 0, m), s, flipped(part(packed, m + 1, m + 1 + n)))


@lowers(*present("linalg.svdvals"))
def _svdvals(builder: Builder, x: ArrayLike) -> Value:
    return emit("svdvals", matrices(builder, x))


@lowers(np.linalg.cond)
def _cond(builder: Builder, x: ArrayLike, p: Any = None) -> Value:
    value = matrices(builder, x)
    axes = (value.ndim - 2, value.ndim - 1)
    if p is None or p in (2, -2):
        values = singular_values(value, axes)
        last = (values.ndim - 1,)
        ends = [reduced(name, values, last) for name in ("max", "min")]
        return emit("divide", *(ends[::-1] if p == -2 else ends))
    inverted = emit("inverse", matrices(builder, value, square=True))
    return emit("multiply", *[matrix_norm(each, axes, p) for each in (value, inverted)])
