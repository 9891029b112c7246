"""Functions of `scipy.linalg` that put vectors and blocks into matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "block_diag",
    "circulant",
    "companion",
    "convolution_matrix",
    "hankel",
    "khatri_rao",
    "matmul_toeplitz",
    "solve_circulant",
    "solve_toeplitz",
    "toeplitz",
]


def block_diag(*arrs: Any) -> Any:
    """Return matrices along the diagonal of a larger one."""
    blocks = [np.atleast_2d(np.asarray(block)) for block in arrs] or [np.zeros((1, 0))]
    width = sum(block.shape[1] for block in blocks)
    rows, start = [], 0
    for block in blocks:
        if block.ndim != 2:
            raise ValueError(f"a block of shape {block.shape} is no matrix; call it for each")
        height, inner = block.shape
        rest = width - start - inner
        rows.append(
            np.concatenate([np.zeros((height, start)), block, np.zeros((height, rest))], axis=1)
        )
        start += inner
    return np.concatenate(rows, axis=0)


def _vector(x: Any) -> Any:
    vector = np.asarray(x)
    if vector.ndim > 1:
        raise ValueError(f"a vector is expected, not an array of shape {vector.shape}")
    return vector.reshape(-1)


def toeplitz(c: Any, r: Any = None) -> Any:
    """Return the matrix with constant diagonals of a first column and a first row."""
    column = _vector(c)
    row = np.conj(column) if r is None else _vector(r)
    along = np.concatenate([column[::-1], row[1:]])
    places = np.arange(row.size) - np.arange(column.size)[:, None] + column.size - 1
    return along[places]


def hankel(c: Any, r: Any = None) -> Any:
    """Return the matrix with constant antidiagonals of a first column and a last row."""
    column = _vector(c)
    row = np.zeros(column.size) if r is None else _vector(r)
    along = np.concatenate([column, row[1:]])
    return along[np.arange(column.size)[:, None] + np.arange(row.size)]


def circulant(c: Any) -> Any:
    """Return the matrix of which each column is the one before, turned by one place."""
    column = _vector(c)
    order = np.arange(column.size)
    return column[(order[:, None] - order) % column.size]


def companion(a: Any) -> Any:
    """Return the matrix of which the eigenvalues are the roots of a polynomial."""
    coefficients = _vector(a)
    if coefficients.size < 2:
        raise ValueError("The length of `a` along the last axis must be at least 2.")
    n = coefficients.size - 1
    first = -coefficients[1:] / (1.0 * coefficients[0])
    return np.concatenate([first[None, :], np.eye(n - 1, n)], axis=0)


def convolution_matrix(a: Any, n: int, mode: str = "full") -> Any:
    """Return the matrix by which a vector of `n` elements is convolved with `a`."""
    vector = _vector(a)
    if mode not in ("full", "same", "valid"):
        raise ValueError("'mode' argument must be one of ('full', 'valid', 'same')")
    lead = np.zeros(n)
    full = toeplitz(np.concatenate([vector, lead[1:]]), np.concatenate([vector[:1], lead[1:]]))
    short, long = min(n, vector.size), max(n, vector.size)
    if mode == "same":
        start = (short - 1) // 2
        return full[start : start + long]
    return full[short - 1 : long] if mode == "valid" else full


def khatri_rao(a: Any, b: Any) -> Any:
    """Return the products of Kronecker of columns."""
    x, y = np.asarray(a), np.asarray(b)
    return (x[:, None, :] * y[None, :, :]).reshape(x.shape[0] * y.shape[0], x.shape[1])


# --- equations -----------------------------------------------------------------------------------


def _of_column_and_row(c_or_cr: Any) -> Any:
    return toeplitz(*c_or_cr) if isinstance(c_or_cr, tuple) else toeplitz(c_or_cr)


def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Any:
    """Return the solution of equations with a matrix of Toeplitz."""
    return np.linalg.solve(_of_column_and_row(c_or_cr), np.asarray(b))


def matmul_toeplitz(c_or_cr: Any, x: Any, check_finite: bool = False, workers: Any = None) -> Any:
    """Return the product of a matrix of Toeplitz with vectors."""
    return _of_column_and_row(c_or_cr) @ np.asarray(x)


def solve_circulant(c: Any, b: Any) -> Any:
    """Return the solution of equations with a circulant matrix."""
    return np.linalg.solve(circulant(c), np.asarray(b))
