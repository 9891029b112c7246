"""Piecewise polynomials, as `scipy.interpolate` evaluates them."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__: list[str] = []


def piecewise(coefficients: Any, breaks: Any, x: Any, extrapolate: Any) -> Any:
    """Return values at places `x`; at a break those of the piece on its right.

    Parameters
    ----------
    coefficients : array_like
        Of falling powers of the distance from a break, of pieces, and of functions.
    breaks : array_like
        Ends of pieces, rising.
    x : array_like
        Where.
    extrapolate : bool or 'periodic'
        Whether the first and last piece go on, or values outside are NaN.
    """
    places = np.asarray(x) * 1.0
    low, high = breaks[0], breaks[-1]
    if isinstance(extrapolate, str):
        places = low + np.mod(places - low, high - low)
    piece = np.clip(np.searchsorted(breaks, places, side="right") - 1, 0, breaks.size - 2)
    functions = coefficients.shape[2:]
    shape = np.shape(places)
    wide = (*shape, *[1 for _ in functions])
    distance = np.reshape(places - np.take(breaks, piece), wide)
    found = np.take(coefficients[0], piece, axis=0)
    for row in coefficients[1:]:
        found = found * distance + np.take(row, piece, axis=0)
    if not extrapolate:
        outside = np.reshape(np.logical_or(places < low, places > high), wide)
        found = np.where(outside, np.nan, found)
    return found
