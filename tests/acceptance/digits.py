"""NumPy functions in numbers of many digits, and their derivatives by differences: no graphs.

NumPy's ufuncs on arrays of objects call the elements' methods, `x.sin()` for `np.sin(x)`, so that a
plain NumPy function runs on `Number` as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import total_ordering
from math import comb
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DIGITS = 220
STEP = 40
"""Differences of the order 4 with steps of 1e-40 lose 160 digits, and are wrong by 1e-80."""

FUNCTIONS = {
    name: name
    for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "expm1", "log", "log1p")
} | {
    "sqrt": "sqrt",
    "cbrt": "cbrt",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctanh": "atanh",
    "arctan2": "atan2",
    "hypot": "hypot",
}
"""Methods that NumPy calls, and mpmath's names of the functions."""


@total_ordering
class Number:
    """A real number of many digits that NumPy computes with."""

    __slots__ = ("mp", "value")

    def __init__(self, mp: Any, value: Any) -> None:
        self.mp = mp
        self.value = mp.mpf(float(value)) if isinstance(value, int | float | np.number) else value

    def _with(self, other: Any, combine: Callable[[Any, Any], Any]) -> Any:
        if isinstance(other, np.ndarray):
            if other.ndim:
                return NotImplemented
            other = other[()]
        right = other.value if isinstance(other, Number) else self.mp.mpf(float(other))
        return Number(self.mp, combine(self.value, right))

    def __add__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a / b)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b / a)

    def __pow__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a**b)

    def __rpow__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b**a)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Number:
        return Number(self.mp, -self.value)

    def __abs__(self) -> Number:
        return Number(self.mp, abs(self.value))

    def __eq__(self, other: object) -> bool:
        return bool(self.value == (other.value if isinstance(other, Number) else other))

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < (other.value if isinstance(other, Number) else other))

    __hash__ = None  # type: ignore[assignment]

    def conjugate(self) -> Number:
        """Return the number."""
        return self

    def log2(self) -> Number:
        """Return the logarithm to the base 2."""
        return Number(self.mp, self.mp.log(self.value) / self.mp.log(2))

    def __getattr__(self, name: str) -> Callable[..., Number]:
        if name not in FUNCTIONS:
            raise AttributeError(f"numbers of many digits have no {name}")
        function = getattr(self.mp, FUNCTIONS[name])
        return lambda *others: Number(self.mp, function(self.value, *[x.value for x in others]))


def evaluated(function: Callable[..., Any], args: Sequence[Array]) -> Array:
    """Return a plain NumPy function's result at arrays of numbers of many digits."""
    result = np.asarray(function(*[arg if arg.ndim else arg[()] for arg in args]), dtype=object)
    return np.vectorize(lambda x: x.value if isinstance(x, Number) else x, otypes="O")(result)


def derivatives_along(
    function: Callable[..., Any], point: Sequence[Array], direction: Sequence[Array], highest: int
) -> list[Array]:
    """Return the derivatives of F(t) = f(x + t·v) at 0, orders 1 to `highest`, as floats.

    By central differences of many digits: Fₖ = Σⱼ (-1)ᵏ⁻ʲ·C(k, j)·F((j - k/2)·h) / hᵏ + O(h²).
    """
    mp = mpmath.MPContext()
    mp.dps = DIGITS
    step = mp.mpf(10) ** -STEP
    values: dict[int, Array] = {}

    def at(halves: int) -> Array:
        if halves not in values:
            moved = [
                np.vectorize(
                    lambda a, b: Number(
                        mp, mp.mpf(float(a)) + halves * step / 2 * mp.mpf(float(b))
                    ),
                    otypes="O",
                )(x, v)
                for x, v in zip(point, direction, strict=True)
            ]
            values[halves] = evaluated(function, moved)
        return values[halves]

    def rounded(x: Any) -> float:
        return 0.0 if abs(x) < mp.mpf(10) ** -50 else float(x)

    found = []
    for order in range(1, highest + 1):
        terms = [(-1) ** (order - j) * comb(order, j) * at(2 * j - order) for j in range(order + 1)]
        total = np.asarray(sum(terms) / step**order)
        found.append(np.vectorize(rounded, otypes="d")(total))
    return found
