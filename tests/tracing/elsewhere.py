"""A module of its own, with functions of NumPy's by their bare names; and the same as installed."""

from __future__ import annotations

import linecache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from numpy import array, cos, sin, zeros

GAIN = 2.0
calls = 0


def pair(x: Any, y: Any) -> Any:
    """Return both in one array."""
    return array([x, y])


def filled(x: Any) -> Any:
    """Write into an array that is made here."""
    out = zeros(2)
    out[0] = x
    return out


def counted(x: Any) -> Any:
    """Count calls, and scale by what the module says."""
    global calls  # noqa: PLW0603
    calls += 1
    return GAIN * x


class Turn:
    """A rotation about the third axis."""

    def __init__(self, angle: Any) -> None:
        self.angle = angle

    def matrix(self) -> Any:
        """Return the matrix."""
        c, s = cos(self.angle), sin(self.angle)
        return array([[c, -s], [s, c]])

    def __matmul__(self, x: Any) -> Any:
        """Return a vector turned."""
        return self.matrix() @ x


class Steps(NamedTuple):
    """Functions by name."""

    first: Any
    second: Any


STEPS = Steps(pair, [filled])


def installed() -> ModuleType:
    """Return this module as if it were of a package that has been installed."""
    file = "site-packages/elsewhere.py"
    source = Path(__file__).read_text(encoding="utf-8")
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType("elsewhere")
    module.__file__ = file
    exec(compile(source, file, "exec"), vars(module))  # noqa: S102
    return module
