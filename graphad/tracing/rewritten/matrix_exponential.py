"""`scipy.linalg.expm`, by scaling and squaring."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["expm"]

COEFFICIENTS = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0,
    129060195264000.0, 10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0,
    40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
"""Of the diagonal approximant of Padé of degree 13 (N. J. Higham, 2005)."""
LARGEST = 4.0
"""Up to this norm the approximant is right to all digits with its derivatives of order 4.

Higham's bound for values is 5.4, and that of A. H. Al-Mohy and N. J. Higham (2009) for the first
derivative 4.7.
"""
SQUARINGS = 10
"""Matrices of norms up to 4096 are scaled such that they are below the bound."""


def _approximant(a: Any, identity: Any) -> Any:
    b = COEFFICIENTS
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    high = a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2)
    odd = a @ (high + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * identity)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2)
    even = even + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * identity
    return np.linalg.solve(even - odd, even + odd)


def expm(A: Any) -> Any:
    """Return the exponential of square matrices.

    The number of squarings is chosen by the norm, and is a whole number to derivatives: the result
    is the same, but for rounding, with one more.
    """
    a = np.asarray(A) * 1.0
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError("The input must be at least a square matrix")
    norms = np.max(np.sum(np.abs(a), axis=-2, keepdims=True), axis=-1, keepdims=True)
    count = np.ceil(np.log2(np.maximum(norms, LARGEST) / LARGEST))
    found = _approximant(a * np.exp2(-count), np.eye(a.shape[-1]))
    for i in range(SQUARINGS):
        found = np.where(count > i, found @ found, found)
    return np.where(count > SQUARINGS, np.nan, found)
