"""Products with their numbers in front, equal factors as powers, signs outside.

The part of the pass `collect` that speaks of products; the identities stand there.
"""

from __future__ import annotations

from math import log

from graphad.builder import Builder
from graphad.ir import CONST, Node
from graphad.ops import OPS
from graphad.types import Type, broadcast_shapes

NEGATIVE, MULTIPLY, DIVIDE = OPS["negative"], OPS["multiply"], OPS["divide"]
RECIPROCAL, POWER = OPS["reciprocal"], OPS["integer_power"]
PRODUCTS = (MULTIPLY, DIVIDE, RECIPROCAL, POWER)


LARGEST_NUMBER = 1e30
"""Numbers from its inverse up to it are collected; others, which may leave the range of a dtype
when they are multiplied, stay where the user wrote them."""


def is_moderate(number: float) -> bool:
    """Whether a number is far from overflow and underflow, in single precision too."""
    return 1.0 / LARGEST_NUMBER <= abs(number) <= LARGEST_NUMBER


def number_of(node: Node) -> float | None:
    """Return the value of a real scalar constant that is 0 or moderate, else ``None``."""
    if node.op is not CONST or node.type.shape != () or node.type.dtype.kind != "f":
        return None
    value = float(node.attrs[0].scalar)
    return value if value == 0.0 or is_moderate(value) else None


def split(node: Node) -> tuple[Node | None, Node]:
    """Return (s, A) with ``node = s·A``, where broadcasting repeats s along A, or (None, node)."""
    if node.op is MULTIPLY and len(node.inputs) == 2 and node.type.shape:
        left, right = node.inputs
        if right.type == node.type and left.type.size < node.type.size:
            return left, right
        if left.type == node.type and right.type.size < node.type.size:
            return right, left
    return None, node


def _base(node: Node) -> tuple[Node, int]:
    """Return (a, k) with ``node = aᵏ``, k positive."""
    if node.op is POWER and node.attrs[0] > 0:
        return node.inputs[0], node.attrs[0]
    return node, 1


class Products:
    """Emits products in one form, so that equal ones are one node.

    Parameters
    ----------
    builder : Builder
        Where they go.
    inverted : set of int
        Ids, in the graph that is rewritten, of the nodes to multiply by the reciprocal of.
    """

    def __init__(self, builder: Builder, inverted: set[int]) -> None:
        self.builder = builder
        self.inverted = inverted

    def scaled(self, node: Node) -> tuple[float, Node]:
        """Return (c, a) with ``node = c·a``, for nodes that this pass emitted."""
        if node.op is NEGATIVE:
            return -1.0, node.inputs[0]
        if node.op is MULTIPLY and len(node.inputs) == 2:
            number = number_of(node.inputs[0])
            if number is not None and number != 0.0 and node.inputs[1].type == node.type:
                return number, node.inputs[1]
        return 1.0, node

    def scale(self, coefficient: float, node: Node) -> Node:
        """Emit ``coefficient·node``."""
        if coefficient == 1.0:
            return node
        if coefficient == -1.0:
            return self.builder.emit(NEGATIVE, (node,))
        return self.builder.emit(MULTIPLY, (self.number(coefficient, node.type), node))

    def number(self, value: float, like: Type) -> Node:
        """Emit a constant of the dtype of `like`."""
        return self.builder.constant(like.dtype.type(value)).node

    def fitted(self, node: Node, type: Type) -> Node:
        """Repeat a node to the shape of `type`, if it does not have that."""
        if node.type == type:
            return node
        return self.builder.emit(OPS["broadcast_to"], (node,), (type.shape,))

    def product(self, node: Node, operands: tuple[Node, ...]) -> Node:
        """Emit an old product, quotient or power on new operands."""
        coefficient, core = self.scaled_product(node, operands)
        number = number_of(core)
        if not is_moderate(coefficient if not number else coefficient * number):
            return self.builder.emit(node.op, operands, node.attrs)
        if number is not None:
            return self.fitted(self.number(coefficient * number, node.type), node.type)
        return self.scale(coefficient, self.fitted(core, node.type))

    def scaled_product(self, node: Node, operands: tuple[Node, ...]) -> tuple[float, Node]:
        """Return (c, a) with c·a equal to the old node on new operands."""
        if node.op is MULTIPLY:
            coefficient, core = self.scaled(operands[0])
            for other in operands[1:]:
                c, right = self.scaled(other)
                coefficient, core = self.times(coefficient * c, core, right)
            return coefficient, core
        if node.op is RECIPROCAL:
            c, core = self.scaled(operands[0])
            return self.times(1.0 / c, self.invert(core), None)
        if node.op is POWER:
            return self.power(operands[0], node.attrs[0])
        (c, left), (d, right) = self.scaled(operands[0]), self.scaled(operands[1])
        number = number_of(right)
        if number is not None and number != 0.0:
            return c / (d * number), left
        one = number_of(left)
        if one is not None and one != 0.0:
            return self.times(c * one / d, self.invert(right), None)
        if node.inputs[1].id in self.inverted:
            return self.times(c / d, left, self.invert(right))
        return c / d, self.builder.emit(DIVIDE, (left, right))

    def times(self, coefficient: float, left: Node, right: Node | None) -> tuple[float, Node]:
        """Return (c, a) with ``c·a = coefficient·left·right``.

        Factors that broadcasting repeats are multiplied first: ``s·(t·A)`` is ``(s·t)·A``.
        """
        if right is None:
            return coefficient, left
        for number, other in ((number_of(left), right), (number_of(right), left)):
            if number is not None and number != 0.0:
                return coefficient * number, other
        if left.type.size > right.type.size:
            left, right = right, left
        small, large = split(right)
        if small is not None and left.op is RECIPROCAL and _base(small)[0] is left:
            # a/s stays near 1 where 1/s² may underflow: (1/s)·((1/s)·A) stays as it is
            return coefficient, self.builder.emit(MULTIPLY, (left, right))
        if left.type.shape != right.type.shape:
            if (
                small is not None
                and broadcast_shapes((left.type.shape, small.type.shape)) != right.type.shape
            ):
                coefficient, inner = self.times(coefficient, left, small)
                return coefficient, self.builder.emit(MULTIPLY, (inner, large))
            return coefficient, self.builder.emit(MULTIPLY, (left, right))
        repeated, core = split(left)
        if small is None and repeated is None:
            return coefficient, self.merged(left, right)
        factor = small if repeated is None else repeated
        if small is not None and repeated is not None:
            coefficient, factor = self.times(coefficient, repeated, small)
        assert factor is not None
        return coefficient, self.builder.emit(MULTIPLY, (factor, self.merged(core, large)))

    def merged(self, left: Node, right: Node) -> Node:
        """Emit a product of two values of one shape, equal factors as a power."""
        (a, k), (b, m) = _base(left), _base(right)
        if a is b:
            return self.builder.emit(POWER, (a,), (k + m,))
        ordered = (left, right) if left.id <= right.id else (right, left)
        return self.builder.emit(MULTIPLY, ordered)

    def invert(self, node: Node) -> Node:
        """Emit ``1/node``, a power of a reciprocal if `node` is a power."""
        base, exponent = _base(node)
        inverse = self.builder.emit(RECIPROCAL, (base,))
        return inverse if exponent == 1 else self.builder.emit(POWER, (inverse,), (exponent,))

    def power(self, operand: Node, exponent: int) -> tuple[float, Node]:
        """Return (c, a) with c·a equal to an integer power of `operand`."""
        coefficient, core = self.scaled(operand)
        if exponent == 0 or abs(exponent * log(abs(coefficient))) > log(LARGEST_NUMBER):
            return 1.0, self.builder.emit(POWER, (operand,), (exponent,))
        scale = coefficient**exponent
        if exponent < 0:
            core = self.invert(core)
        base, k = _base(core)
        n = k * abs(exponent)
        return scale, base if n == 1 else self.builder.emit(POWER, (base,), (n,))
