"""Sums of weighted products, with like terms merged and each weight multiplied by once."""

from __future__ import annotations

from math import isfinite

from graphad.builder import Builder, Value
from graphad.ir import CONST
from graphad.op import Operand
from graphad.ops import OPS
from graphad.ops.factories import total
from graphad.types import Type

LARGEST_FACTOR = 1 << 20
"""Whole constants up to here are taken into weights, where they are exact."""


class Sum:
    """A sum ``Σ w·a·b`` that is being collected.

    Parameters
    ----------
    builder : Builder
        Where it is emitted.
    type : Type
        Of the sum.
    """

    def __init__(self, builder: Builder, type: Type) -> None:
        self.builder = builder
        self.type = type
        self._terms: dict[tuple[int, ...], tuple[list[Value], float]] = {}

    def add(self, weight: float, *factors: Value) -> None:
        """Add a product; whole constants go into its weight."""
        kept: list[Value] = []
        for factor in factors:
            number = whole(factor)
            if number is None:
                kept.append(factor)
            else:
                weight *= number
        kept.sort(key=lambda value: value.node.id)
        key = tuple([value.node.id for value in kept])
        before = self._terms.get(key)
        self._terms[key] = (kept, weight if before is None else weight + before[1])

    def value(self, divisor: Value | None = None) -> Value | None:
        """Emit the sum, over a divisor if there is one; None if nothing is left of it."""
        groups: dict[float, tuple[list[Operand], list[Operand]]] = {}
        for values, weight in self._terms.values():
            if weight == 0:
                continue
            size, product = self._sized(values, abs(weight))
            groups.setdefault(size, ([], []))[weight < 0].append(product)
        pluses: list[Operand] = []
        minuses: list[Operand] = []
        for size, (plus, minus) in groups.items():
            if size == 1:
                pluses += plus
                minuses += minus
                continue
            sign, inner = difference(plus, minus)
            (minuses if sign < 0 else pluses).append(size * inner)
        if not pluses and not minuses:
            return None
        sign, made = difference(pluses, minuses)
        if divisor is not None:
            made = made / divisor
        made = -made if sign < 0 else made
        assert isinstance(made, Value)
        return made

    def _sized(self, values: list[Value], weight: float) -> tuple[float, Operand]:
        """A product and its weight; what is a number altogether is one value."""
        if not values:
            return 1, self.builder.constant(self.type.dtype.type(weight))
        return weight, OPS["multiply"](*values) if len(values) > 1 else values[0]


def difference(pluses: list[Operand], minuses: list[Operand]) -> tuple[int, Operand]:
    """Return the sign and the size of a sum of `pluses` less one of `minuses`, not both empty."""
    plus, minus = total(pluses), total(minuses)
    if plus is None:
        assert minus is not None
        return -1, minus
    return 1, plus if minus is None else plus - minus


def whole(value: Value) -> int | None:
    """Return the whole number that a value is, if it is a small one."""
    if value.node.op is not CONST or value.shape:
        return None
    number = value.node.attrs[0].array[()]
    if number.imag != 0 or not isfinite(number.real) or abs(number.real) > LARGEST_FACTOR:
        return None
    return int(number.real) if number.real == int(number.real) else None
