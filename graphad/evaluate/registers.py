"""Registers of a plan: cells that hold values while a graph is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from graphad.types import Type


class _Recipe(NamedTuple):
    """How a register that keeps its array from call to call gets it; `source` -1 for none."""

    register: int
    source: int
    make: Callable[..., Any]
    extra: tuple[Any, ...]


class Registers:
    """Numbers of registers, and how to fill those that keep what they hold from call to call."""

    def __init__(self) -> None:
        self.prototype: list[Any] = []
        """The first set of registers, filled while planning."""
        self.buffer_bytes = 0
        """Memory that the buffers of one set take."""
        self._recipes: list[_Recipe] = []
        self._free: list[int] = []
        self._count = 0

    def take(self) -> int:
        """Return a free register."""
        if self._free:
            return self._free.pop()
        self.prototype.append(None)
        return len(self.prototype) - 1

    def give_back(self, register: int) -> None:
        """Free a register that `take` gave."""
        self._free.append(register)

    def is_kept(self, register: int) -> bool:
        """Return whether a register keeps what it holds from call to call."""
        return self.prototype[register] is not None

    def constant(self, value: Any) -> int:
        """Return a register that holds `value` in every set."""
        return self._keep(-1, lambda: value, ())

    def buffer(self, type: Type) -> int:
        """Return a register that holds an array to write to, another one in each set."""
        self.buffer_bytes += type.size * type.dtype.itemsize
        return self._keep(-1, np.empty, (type.shape, type.dtype))

    def view(self, source: int, make: Callable[..., Any], extra: tuple[Any, ...]) -> int | None:
        """Return a register that holds a view of what `source` keeps, or None if there is none."""
        array = self.prototype[source]
        if not np.may_share_memory(make(array, *extra), array):
            return None
        return self._keep(source, make, extra)

    def _keep(self, source: int, make: Callable[..., Any], extra: tuple[Any, ...]) -> int:
        register = len(self.prototype)
        self.prototype.append(_made(self.prototype, source, make, extra))
        self._recipes.append(_Recipe(register, source, make, extra))
        return register

    def make(self) -> list[Any]:
        """Return a new set of registers, once planning is over."""
        if self.prototype:
            made, self._count, self.prototype = self.prototype, len(self.prototype), []
            return made
        made = [None] * self._count
        for register, source, make, extra in self._recipes:
            made[register] = _made(made, source, make, extra)
        return made


def _made(held: list[Any], source: int, make: Callable[..., Any], extra: tuple[Any, ...]) -> Any:
    return make(*extra) if source < 0 else make(held[source], *extra)
