"""Where the values of an array graph lie: buffers, and the places of their elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from graphad.op import Array

Shape = tuple[int, ...]
PLACE = np.dtype(np.int64)


class Kind(Enum):
    """Who owns the memory of a buffer."""

    INPUT = "the caller's, read only; one array to a point, or one for all"
    OUTPUT = "the caller's, written"
    CONSTANT = "the program's, the same for all points"
    WORK = "taken for a call"


@dataclass(eq=False, slots=True)
class Buffer:
    """Memory of one point.

    Parameters
    ----------
    kind : Kind
        Whose.
    size : int
        Doubles.
    slot : int
        Position in the table of addresses, or for work that in the table of work buffers.
    data : numpy.ndarray or None
        Of a constant.
    """

    kind: Kind
    size: int
    slot: int
    data: Array | None = None
    places: Array = field(init=False)
    """0, 1, …: views of this array say where elements of views lie."""

    def __post_init__(self) -> None:
        self.places = np.arange(self.size, dtype=PLACE)


@dataclass(frozen=True, eq=False, slots=True)
class Stored:
    """An array in memory: for each of its elements the place in a buffer."""

    buffer: Buffer
    places: Array


Line = tuple[int, Shape]
"""An offset, and a stride for each axis."""


def line_of(stored: Stored) -> Line | None:
    """Return offset and strides of an array in its buffer, ``None`` if it has none.

    Parameters
    ----------
    stored : Stored
        Not empty.

    Examples
    --------
    >>> buffer = Buffer(Kind.WORK, 12, 0)
    >>> line_of(Stored(buffer, buffer.places.reshape(3, 4)[1:, ::2]))
    (4, (4, 2))
    >>> line_of(Stored(buffer, buffer.places[[0, 3, 6]]))
    (0, (3,))
    >>> line_of(Stored(buffer, buffer.places[[0, 3, 5]])) is None
    True
    """
    places = stored.places
    first = int(places.flat[0])
    strides = []
    for axis, length in enumerate(places.shape):
        second = [0] * places.ndim
        second[axis] = 1
        strides.append(int(places[tuple(second)]) - first if length > 1 else 0)
    if not _is_view(places, stored.buffer.places):
        expected = np.array(first, PLACE)
        for axis, (length, stride) in enumerate(zip(places.shape, strides, strict=True)):
            steps = np.arange(length, dtype=PLACE) * stride
            expected = expected + steps.reshape((length,) + (1,) * (places.ndim - axis - 1))
        if not np.array_equal(places, expected):
            return None
    return first, tuple(strides)


def _is_view(array: Array, base: Array) -> bool:
    """Whether an array lies in the memory of `base`, so that its strides say it all."""
    start = base.__array_interface__["data"][0]
    at = array.__array_interface__["data"][0]
    return bool(start <= at < start + base.nbytes)


def merged_axes(shape: Shape, lines: Sequence[Shape]) -> list[list[int]]:
    """Return the groups of neighbouring axes that are one axis for all of several arrays.

    Axes of length 1 are left out.

    Parameters
    ----------
    shape : tuple of int
        Of all the arrays.
    lines : sequence of tuple of int
        Strides of each.

    Examples
    --------
    >>> merged_axes((2, 3, 4), [(12, 4, 1), (0, 4, 1)])
    [[0], [1, 2]]
    """
    groups: list[list[int]] = []
    for axis, length in enumerate(shape):
        if length == 1:
            continue
        if groups:
            before = groups[-1][-1]
            if all(strides[before] == length * strides[axis] for strides in lines):
                groups[-1].append(axis)
                continue
        groups.append([axis])
    return groups
