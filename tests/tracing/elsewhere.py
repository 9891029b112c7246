"""A module of its own, in which a trace does not reach NumPy's name."""

from __future__ import annotations

from typing import Any

from numpy import array, zeros


def pair(x: Any, y: Any) -> Any:
    """Return both in one array."""
    return array([x, y])


def filled(x: Any) -> Any:
    """Write into an array that is made here."""
    out = zeros(2)
    out[0] = x
    return out
