"""Derivatives of plain NumPy functions by differences, which share nothing with graphad.

Central differences of order 8 (B. Fornberg, 1988), with steps from coarse to fine; of the values
that they give, the one is taken that changes least with the step. Where the function takes complex
numbers and the differences agree, the first derivative is that of a complex step (W. Squire and
G. Trapp, 1998), which has no error of differences.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Curve = Callable[[float], Array]

FIRST = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
SECOND = np.array([8 / 5, -1 / 5, 8 / 315, -1 / 560])
SECOND_MIDDLE = -205 / 72
"""Weights of the values at 1 to 4 steps, and of the value in the middle."""
STEPS = (0.04, 0.02, 0.01, 0.005, 0.0025, 0.001, 0.0004)
WIDEST = 7
"""Of so many variables all pairs are tried as directions; of more, a few directions at random."""


def leaves(structure: Any) -> list[Array]:
    """Return the arrays in nested tuples, lists and dictionaries, dictionaries by sorted keys."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in leaves(structure[key])]
    if isinstance(structure, tuple | list):
        return [leaf for part in structure for leaf in leaves(part)]
    return [np.asarray(structure)]


def filled(structure: Any, values: Iterator[Array]) -> Any:
    """Return a structure like another one, of other arrays."""
    if isinstance(structure, dict):
        made = {key: filled(structure[key], values) for key in sorted(structure)}
        return {key: made[key] for key in structure}
    if isinstance(structure, tuple | list):
        return type(structure)([filled(part, values) for part in structure])
    return np.array(next(values)).reshape(np.shape(structure))[()]


class Flat:
    """A function of structures as a function of one vector, which gives one vector.

    Parameters
    ----------
    function : callable
        Plain NumPy code.
    point : tuple
        What it is called with, to know the shapes.
    """

    def __init__(self, function: Callable[..., Any], point: tuple[Any, ...]) -> None:
        self._function = function
        self._point = point
        self._sizes = [leaf.size for leaf in leaves(point)]
        self.x = np.concatenate([leaf.ravel() for leaf in leaves(point)])
        self.scale = np.maximum(np.abs(self.x), 0.1)

    def __call__(self, x: Array) -> Array:
        """Return the function's values at x, one after the other."""
        parts = np.split(x, np.cumsum(self._sizes)[:-1])
        with np.errstate(all="ignore"):
            result = self._function(*filled(self._point, iter(parts)))
        return np.concatenate([leaf.ravel() for leaf in leaves(result)])

    def along(self, direction: Array) -> Curve:
        """Return the function on a line through the point, in units of the variables' sizes."""
        return lambda t: self(self.x + t * self.scale * direction)


def _settled(found: list[Array]) -> Array:
    """Return, for each element, the estimate that differs least from the one before it."""
    rows = np.array(found)
    changes = np.abs(np.diff(rows, axis=0))
    changes[~np.isfinite(changes)] = np.inf
    best = np.argmin(changes, axis=0) + 1
    return np.take_along_axis(rows, best[None], axis=0)[0]


def differences(curve: Curve) -> tuple[Array, Array]:
    """Return the first and second derivative of a curve at 0."""
    middle = curve(0.0)
    first, second = [], []
    for h in STEPS:
        above = np.array([curve(k * h) for k in (1, 2, 3, 4)])
        below = np.array([curve(-k * h) for k in (1, 2, 3, 4)])
        first.append(FIRST @ (above - below) / h)
        second.append((SECOND @ (above + below) + SECOND_MIDDLE * middle) / h**2)
    return _settled(first), _settled(second)


def complex_step(curve: Curve) -> Array | None:
    """Return the first derivative of a curve by a complex step; ``None`` if it takes none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # ComplexWarning, of a part that is dropped
            stepped = curve(1e-30j)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeWarning, np.exceptions.ComplexWarning):
        return None
    if stepped.dtype.kind != "c":
        return None
    made: Array = stepped.imag / 1e-30
    return made


def directions(count: int) -> Array:
    """Return directions whose second derivatives are those of all pairs of variables."""
    units = np.eye(count)
    if count <= WIDEST:
        pairs = [units[i] + units[j] for i, j in combinations(range(count), 2)]
        return np.array([*units, *pairs])
    chance = np.random.default_rng(5)
    return np.concatenate([units, chance.choice([-1.0, 0.0, 0.0, 1.0], size=(14, count))])
