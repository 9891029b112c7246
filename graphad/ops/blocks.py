"""Evaluation block by block, for formulas that take many numbers for each element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graphad.op import Array

BLOCK = 4096
"""Elements at a time; with 160 nodes of a quadrature for each, 5 MB an array."""


def in_blocks(function: Callable[..., Array], *arrays: Array) -> Array:
    """Return an elementwise function of arrays of one shape, computed a block at a time.

    Parameters
    ----------
    function : callable
        Of arrays with one axis.
    *arrays : array
        All of one shape.

    Examples
    --------
    >>> in_blocks(lambda x, y: x + y, np.ones((2, 3)), np.ones((2, 3))).shape
    (2, 3)
    """
    shape, flat = arrays[0].shape, [array.reshape(-1) for array in arrays]
    size = flat[0].size
    parts = [
        function(*[array[start : start + BLOCK] for array in flat])
        for start in range(0, max(size, 1), BLOCK)
    ]
    found: Array = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return found.reshape(shape)
