"""Sums as linear combinations, numbered by value.

The part of the pass `collect` that speaks of sums; the identities stand there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import frexp

from graphad.builder import Builder
from graphad.ir import Graph, Node
from graphad.ops import OPS
from graphad.passes.products import (
    MULTIPLY,
    NEGATIVE,
    Products,
    is_moderate,
    number_of,
    split,
)
from graphad.types import DType, Type, broadcast_shapes

ADD, SUBTRACT, MASK = OPS["add"], OPS["subtract"], OPS["mask"]
EXPANDED = 64
"""Most terms of a shared sum that another sum may write out."""
SUMS = (ADD, SUBTRACT, NEGATIVE)


@dataclass(slots=True)
class Terms:
    """A sum that is not emitted yet: coefficients by term, a number, and a sign for all of it."""

    sign: float = 1.0
    number: float = 0.0
    has_number: bool = False
    by_node: dict[Node, float] = field(default_factory=dict)

    def add(self, coefficient: float, node: Node) -> None:
        """Add ``coefficient·node``."""
        coefficient *= self.sign
        self.by_node[node] = self.by_node.get(node, 0.0) + coefficient

    def add_number(self, number: float) -> None:
        """Add a number."""
        self.number += self.sign * number
        self.has_number = True

    def merged(self, other: Terms, sign: float) -> Terms:
        """Return self plus sign times other; the larger one is extended, the smaller is lost."""
        if len(other.by_node) > len(self.by_node):
            other.sign *= sign
            return other.merged(self, 1.0)
        for node, coefficient in other.by_node.items():
            self.add(sign * other.sign * coefficient, node)
        if other.has_number:
            self.add_number(sign * other.sign * other.number)
        return self


class Sums:
    """Emits sums in one form, so that equal ones, up to a number, are one node.

    Parameters
    ----------
    builder : Builder
        Where they go.
    products : Products
        Emits their terms.
    """

    def __init__(self, builder: Builder, products: Products) -> None:
        self.builder = builder
        self.products = products
        self.pending: dict[int, Terms] = {}
        self.sums: dict[Node, tuple[dict[Node, float], float]] = {}
        self.numbered: dict[tuple[object, float], tuple[float, Node]] = {}

    def terms(self, node: Node, fresh: Sequence[Node]) -> Terms:
        """Return the terms of a node; `fresh` has what old ids became."""
        if node.op is MULTIPLY:
            return self.multiple(node, fresh)
        found = Terms()
        for position, operand in enumerate(node.inputs):
            negated = node.op is NEGATIVE or (node.op is SUBTRACT and position == 1)
            sign = -1.0 if negated else 1.0
            waiting = self.pending.pop(operand.id, None)
            if waiting is not None:
                found = found.merged(waiting, sign)
                continue
            made = fresh[operand.id]
            coefficient, core = self.products.scaled(made)
            number = number_of(core)
            if number is None:
                found.add(sign * coefficient, core)
            else:
                found.add_number(sign * coefficient * number)
        return found

    def multiple(self, node: Node, fresh: Sequence[Node]) -> Terms:
        """The terms of a number times a sum that goes into another sum."""
        place = 1 if number_of(node.inputs[0]) is not None else 0
        factor = number_of(node.inputs[1 - place])
        assert factor is not None
        waiting = self.pending.pop(node.inputs[place].id, None)
        found = Terms()
        if waiting is None:
            made = fresh[node.inputs[place].id]
            coefficient, core = self.products.scaled(made)
            found.add(factor * coefficient, core)
            return found
        factor *= waiting.sign
        for term, coefficient in waiting.by_node.items():
            found.add(factor * coefficient, term)
        if waiting.has_number:
            found.add_number(factor * waiting.number)
        return found

    def emit_sum(self, terms: Terms, type: Type) -> Node:
        """Emit collected terms, those with a minus sign in one subtraction."""
        self.expand(terms)
        if len(terms.by_node) > 1:
            self.select_out(terms)
        if type.shape and len(terms.by_node) > 1:
            self.factor_out(terms)
        sign, number = terms.sign, terms.sign * terms.number
        items = sorted(terms.by_node.items(), key=lambda item: item[0].id)
        has_number = terms.has_number and (number != 0.0 or not items)
        sizes = {abs(coefficient) for _, coefficient in items}
        common = 1.0 if has_number or len(sizes) != 1 or 0.0 in sizes else sizes.pop()
        if items and not has_number and all(sign * coefficient < 0 for _, coefficient in items):
            common, sign = -common, -sign
        size = abs(common)
        parts = [self.products.scale(sign * value / size, node) for node, value in items]
        if has_number:
            parts.append(self.products.number(number, type))
        core = self.number_sum(
            {node: sign * coefficient / size for node, coefficient in items},
            number if has_number else None,
            parts,
        )
        return self.products.fitted(self.products.scale(common * core[0], core[1]), type)

    def factor_out(self, terms: Terms) -> None:
        """Sum what multiplies one array before it is repeated: ``s·A + t·A`` is ``(s + t)·A``."""
        groups: dict[Node, list[tuple[Node, Node | None]]] = {}
        for node in terms.by_node:
            small, large = split(node)
            groups.setdefault(large, []).append((node, small))
        for large, members in groups.items():
            smalls = [small for _, small in members if small is not None]
            if len(members) < 2:
                continue
            shape = broadcast_shapes(tuple([small.type.shape for small in smalls]))
            if shape == large.type.shape:
                continue
            inner = Terms()
            for node, small in members:
                coefficient = terms.by_node.pop(node)
                if small is None:
                    inner.add_number(coefficient)
                else:
                    inner.add(coefficient, small)
            factor = self.emit_sum(inner, large.type.with_shape(shape))
            coefficient, core = self.products.scaled(factor)
            made = self.builder.emit(MULTIPLY, (core, large))
            terms.by_node[made] = terms.by_node.get(made, 0.0) + coefficient

    def select_out(self, terms: Terms) -> None:
        """Sum what one condition selects before it does: ``c(x) + c(y)`` is ``c(x + y)``."""
        groups: dict[tuple[Node, DType], list[Node]] = {}
        for node in terms.by_node:
            if node.op is MASK:
                groups.setdefault((node.inputs[0], node.type.dtype), []).append(node)
        for (condition, _), members in groups.items():
            if len(members) < 2:
                continue
            inner = Terms()
            for node in members:
                inner.add(terms.by_node.pop(node), node.inputs[1])
            shape = broadcast_shapes(tuple([node.inputs[1].type.shape for node in members]))
            summed = self.emit_sum(inner, members[0].type.with_shape(shape))
            coefficient, core = self.products.scaled(summed)
            made = self.builder.emit(MASK, (condition, core))
            terms.by_node[made] = terms.by_node.get(made, 0.0) + coefficient

    def number_sum(
        self, by_node: dict[Node, float], number: float | None, parts: list[Node]
    ) -> tuple[float, Node]:
        """Emit a sum, or return (c, a) with c·a equal to it, where a is a sum that is there.

        Sums are known by what they are when all sums among their terms are written out, up to a
        factor: value numbering of linear combinations.
        """
        if len(parts) == 1:
            return 1.0, parts[0]
        whole: dict[Node, float] = {}
        total = number or 0.0
        for node, coefficient in by_node.items():
            inner, constant = self.sums.get(node, ({node: 1.0}, 0.0))
            total += coefficient * constant
            for term, factor in inner.items():
                whole[term] = whole.get(term, 0.0) + coefficient * factor
            if len(whole) > EXPANDED:
                return 1.0, self.add_all(parts)
        ordered = sorted(whole, key=lambda node: node.id)
        lead = whole[ordered[0]] or 1.0
        key = tuple([(node, whole[node] / lead) for node in ordered]), total / lead
        known = self.numbered.get(key)
        if known is not None and is_moderate(lead / known[0]):
            return lead / known[0], known[1]
        core = self.add_all(parts)
        self.numbered[key] = lead, core
        self.sums[core] = whole, total
        return 1.0, core

    def expand(self, terms: Terms) -> None:
        """Replace shared sums among the terms by their own terms, where that adds no term.

        It makes equal what was derived in two ways, such as ``(a + 2b) + 4b`` and ``a + 6b``.
        """
        by_node = terms.by_node
        waiting = [node for node in by_node if node in self.sums]
        while waiting:
            node = waiting.pop()
            if node not in by_node:
                continue
            inner, constant = self.sums[node]
            if sum(term not in by_node for term in inner) > 1:
                continue
            scale = by_node[node]
            if not all(map(is_moderate, [scale * coefficient for coefficient in inner.values()])):
                continue
            del by_node[node]
            for term, coefficient in inner.items():
                by_node[term] = by_node.get(term, 0.0) + scale * coefficient
            if constant:
                terms.has_number = True
                terms.number += scale * constant

    def add_all(self, parts: list[Node]) -> Node:
        """Emit a sum as one node, so that it is found again as it is at the next order."""
        if len(parts) == 1:
            return parts[0]
        if len(parts) == 2:
            left, right = parts
            if self.opposite(left) is not None:
                left, right = right, left
            opposite = self.opposite(right)
            if opposite is not None:
                return self.difference(left, opposite)
        return self.builder.emit(ADD, tuple(parts))

    def opposite(self, node: Node) -> Node | None:
        """Emit the negative of a term with a minus sign; ``None`` for other terms."""
        number = number_of(node)
        if number is not None:
            return self.products.number(-number, node.type) if number < 0 else None
        coefficient, core = self.products.scaled(node)
        return self.products.scale(-coefficient, core) if coefficient < 0 else None

    def difference(self, left: Node, right: Node) -> Node:
        """Emit ``left - right``, as the negative of ``right - left`` where that is there."""
        if self.builder.has(SUBTRACT, (right, left)):  # a - b is there as -(b - a)
            return self.builder.emit(NEGATIVE, (self.builder.emit(SUBTRACT, (right, left)),))
        return self.builder.emit(SUBTRACT, (left, right))


def absorbed_sums(graph: Graph) -> bytearray:
    """Mark sums, and powers of two times sums, whose one use is a sum of the same type."""
    uses = graph.use_counts()
    marks = bytearray(len(graph.nodes))
    for node in reversed(graph.nodes):
        takes = marks[node.id] or (node.op in SUMS and node.type.is_inexact)
        if not takes:
            continue
        for operand in node.inputs:
            summing = operand.op in SUMS or is_multiple(operand)
            if summing and uses[operand.id] == 1 and operand.type == node.type:
                marks[operand.id] = 1
    return marks


def is_multiple(node: Node) -> bool:
    """Whether a node is ±2ᵏ times a value of its own type, which is exact for each term of a sum.

    Other numbers stay in front of a sum: ``100·(a - b)`` is more accurate than ``100·a - 100·b``
    where a and b are close.
    """
    if node.op is not MULTIPLY or len(node.inputs) != 2:
        return False
    left, right = node.inputs
    number, other = number_of(left), right
    if number is None:
        number, other = number_of(right), left
    if number is None or other.type != node.type:
        return False
    return frexp(number)[0] in (0.5, -0.5)
