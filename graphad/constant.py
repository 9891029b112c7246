"""Constants of a graph, told apart by dtype, shape and bits, and the spans of a slice."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphad.types import Type, make_type


class Span(NamedTuple):
    """Positions ``start, start + step, …`` below `stop` along one axis; `step` is at least 1."""

    start: int
    stop: int
    step: int

    @property
    def length(self) -> int:
        """How many positions the span selects."""
        return max(0, -(-(self.stop - self.start) // self.step))

    @property
    def slice(self) -> slice:
        """The span as a Python slice."""
        return slice(self.start, self.stop, self.step)

    def __str__(self) -> str:
        step = "" if self.step == 1 else f":{self.step}"
        return f"{self.start}:{self.stop}{step}"


class Constant:
    """A read-only array, equal to another when dtype, shape and every bit are.

    ``0.0``, ``-0.0``, ``0`` and ``False`` are four constants. All NaN are one.

    Parameters
    ----------
    value : array_like
        Copied; of a dtype that graphs hold.

    Raises
    ------
    TypeRuleError
        If the dtype is not one that graphs hold.

    Examples
    --------
    >>> Constant(0.0) == Constant(-0.0)
    False
    >>> Constant(float("nan")) == Constant(-float("nan"))
    True
    """

    __slots__ = ("_hash", "_key", "array", "type")

    array: NDArray[Any]
    type: Type

    def __init__(self, value: object) -> None:
        array = np.array(value, order="C")
        self.type = make_type(array.shape, array.dtype)
        if array.dtype.kind in "fc":
            nan = np.isnan(array)
            if nan.any():
                array[nan] = np.nan
        array.flags.writeable = False
        self.array = array
        self._key = (self.type, array.tobytes())
        self._hash = hash(self._key)

    @property
    def scalar(self) -> float | int | bool | complex:
        """The value of a constant of shape ``()`` as a Python number."""
        number: float | int | bool | complex = self.array.item()
        return number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Constant({self.array.tolist()!r}: {self.type})"
