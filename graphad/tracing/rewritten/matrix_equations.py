"""Functions of `scipy.linalg` that factorise a matrix, or solve for one."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "lstsq",
    "polar",
    "qr",
    "solve_continuous_lyapunov",
    "solve_discrete_lyapunov",
    "solve_sylvester",
]


def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    """Return the factors Q and R."""
    if pivoting:
        raise NotImplementedError("pivoting= chooses columns by values; leave it out")
    matrix = np.asarray(a)
    rows, columns = matrix.shape[-2:]
    if mode == "economic":
        return tuple(np.linalg.qr(matrix))
    if mode == "r":
        r: Any = np.linalg.qr(matrix, mode="r")
        if rows <= columns:
            return (r,)
        below = np.zeros((*r.shape[:-2], rows - columns, columns))
        return (np.concatenate([r, below], axis=-2),)
    if mode != "full":
        raise NotImplementedError(f"mode={mode!r} is not traced; use mode='economic'")
    if rows > columns:
        raise NotImplementedError(
            "mode='full' adds columns that the matrix does not determine; use mode='economic'"
        )
    return tuple(np.linalg.qr(matrix))


def lstsq(
    a: Any,
    b: Any,
    cond: Any = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    lapack_driver: Any = None,
) -> Any:
    """Return the solution of least squares, residues, rank and singular values."""
    if cond is not None:
        raise NotImplementedError(
            "cond= changes the rank, at which the solution jumps; leave it out"
        )
    right = np.asarray(b)
    x, residues, rank, values = np.linalg.lstsq(np.asarray(a), right)
    if residues.size and right.ndim == 1:
        residues = residues[0]
    return x, residues, rank, values


def polar(a: Any, side: str = "right") -> Any:
    """Return a matrix as a product of one with orthonormal columns and a symmetric one."""
    if side not in ("right", "left"):
        raise ValueError("`side` must be either 'right' or 'left'")
    w, s, vh = np.linalg.svd(np.asarray(a), full_matrices=False)
    factor = (np.conj(vh.T) * s) @ vh if side == "right" else (w * s) @ np.conj(w.T)
    return w @ vh, factor


# --- equations of matrices, by products of Kronecker: n⁶ operations ------------------------------


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """Return X with ``a X + X b = q``."""
    left, right, target = np.asarray(a), np.asarray(b), np.asarray(q)
    m, n = left.shape[0], right.shape[0]
    whole = np.kron(left, np.eye(n)) + np.kron(np.eye(m), right.T)
    return np.linalg.solve(whole, target.reshape(-1)).reshape(m, n)


def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """Return X with ``a X + X aᴴ = q``."""
    matrix = np.asarray(a)
    return solve_sylvester(matrix, np.conj(matrix.T), q)


def solve_discrete_lyapunov(a: Any, q: Any, method: Any = None) -> Any:
    """Return X with ``a X aᴴ - X + q = 0``."""
    matrix, target = np.asarray(a), np.asarray(q)
    n = matrix.shape[0]
    whole = np.eye(n * n) - np.kron(matrix, np.conj(matrix))
    return np.linalg.solve(whole, target.reshape(-1)).reshape(n, n)
