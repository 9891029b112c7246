"""The real branches of Lambert's W in floating point, and 1 + W, which is small near -1/e."""

from __future__ import annotations

from math import factorial

import numpy as np

from graphad.op import Array

_E_HIGH, _E_LOW = 2.718281828459045, 1.4456468917292502e-16
"""Euler's number in two parts."""
_SERIES = [(n - 1) / factorial(n) for n in range(2, 26)]


def above_branch_point(x: Array) -> Array:
    """Return ``1 + e·x``, exact to rounding also where it is small.

    Parameters
    ----------
    x : array

    Notes
    -----
    The product is split as by Veltkamp and Dekker (1971).
    """
    split = 134217729.0
    high = split * x - (split * x - x)
    low = x - high
    e_high = split * _E_HIGH - (split * _E_HIGH - _E_HIGH)
    e_low = _E_HIGH - e_high
    product = x * _E_HIGH
    error = ((high * e_high - product) + high * e_low + low * e_high) + low * e_low
    return (1 + product) + (error + x * _E_LOW)


def lambertw_above(x: Array, branch: int, w: Array) -> Array:
    """Return ``q = 1 + W(x)`` to full relative accuracy.

    Parameters
    ----------
    x : array
    branch : int
        0 or -1.
    w : array
        W(x), to a few digits near -1/e.

    Notes
    -----
    Newton's method on ``1 + (q - 1) eᑫ = 1 + e·x``, whose left side is ``Σ (n-1)/n! qⁿ``, n ≥ 2.
    """
    side = 1.0 if branch == 0 else -1.0
    with np.errstate(all="ignore"):
        gap = above_branch_point(np.where(abs(x) < 1, x, 0.0))
        gap = np.where((gap < 0) & (gap > -1e-15), 0.0, gap)
        start = side * np.sqrt(2 * gap)
        q = np.where(gap < 1e-3, start - start * abs(start) / 3 * side, 1 + w)
        for _ in range(4):
            value = np.zeros(q.shape)
            for c in reversed(_SERIES):
                value = value * q + c
            step = (value * q * q - gap) / (q * np.exp(q))
            q = np.where((abs(q) < 1) & (gap > 0), q - np.where(np.isfinite(step), step, 0.0), q)
    return np.where(gap == 0, 0.0, np.where(gap < 0, np.nan, q))
