"""Functions of `scipy.linalg` of matrices of which the diagonals are given: made whole first."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["eigvalsh_tridiagonal", "solve_banded", "solveh_banded"]


def _whole(bands: Any, above: int) -> Any:
    """Return the matrix with the diagonals that are rows, the first of them `above` the main."""
    n = bands.shape[1]
    row, column = np.arange(n)[:, None], np.arange(n)
    band = above + row - column
    inside = (band >= 0) & (band < bands.shape[0])
    found = bands[np.where(inside, band, 0), np.broadcast_to(column, (n, n))]
    return np.where(inside, found, 0.0)


def solve_banded(
    l_and_u: Any,
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Return the solution of equations with a banded matrix."""
    below, above = l_and_u
    bands = np.asarray(ab)
    if bands.ndim != 2 or bands.shape[0] != below + above + 1:
        raise ValueError(f"{below + above + 1} diagonals are expected, not shape {bands.shape}")
    return np.linalg.solve(_whole(bands, above), np.asarray(b))


def solveh_banded(
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    lower: bool = False,
    check_finite: bool = True,
) -> Any:
    """Return the solution of equations with a banded matrix that is positive definite."""
    bands = np.asarray(ab)
    half = _whole(bands, 0 if lower else bands.shape[0] - 1)
    matrix = half + np.conj(half.T) - np.diag(np.diag(half))
    return np.linalg.solve(matrix, np.asarray(b))


def eigvalsh_tridiagonal(
    d: Any, e: Any, select: str = "a", select_range: Any = None, check_finite: bool = True
) -> Any:
    """Return the eigenvalues of a symmetric matrix of which two diagonals are given."""
    if select not in ("a", "all", 0):
        raise NotImplementedError("select= is not traced; take a part of all eigenvalues")
    return np.linalg.eigvalsh(np.diag(np.asarray(d)) + np.diag(np.asarray(e), -1))
