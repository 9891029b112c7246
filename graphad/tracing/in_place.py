"""Operators that leave their result in the object on their left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from graphad.tracing.tracers import Tracer


def in_place(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """Return the operator in place of a ufunc, for a class of `InPlace`."""

    def operator(self: InPlace, other: Any) -> InPlace:
        return self.fill_with(self._recorder.call(ufunc, (self, other)))

    return operator


class InPlace(Tracer):
    """A traced object that can be written to as a whole, element by element."""

    __slots__ = ()

    def fill_with(self, result: Any) -> Self:
        """Write the result of an operation here; return this object."""
        raise NotImplementedError

    __iadd__ = in_place(np.add)
    __isub__ = in_place(np.subtract)
    __imul__ = in_place(np.multiply)
    __itruediv__ = in_place(np.divide)
    __ifloordiv__ = in_place(np.floor_divide)
    __imod__ = in_place(np.remainder)
    __ipow__ = in_place(np.power)
    __iand__ = in_place(np.bitwise_and)
    __ior__ = in_place(np.bitwise_or)
    __ixor__ = in_place(np.bitwise_xor)
