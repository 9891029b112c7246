"""Like terms, coefficients, signs and powers: the algebra of derivative code.

Rounding-level: sums and products are reassociated, so that the last bits may change. A NaN or an
infinity is never dropped: ``a - a`` and ``0·a`` stay.

Identities, with c, d real constants and k, m positive integers:

======================  ==================================================================
``a + (b + c)``         ``a + b + c``, where the inner sum has no other use
``c·a + d·a``           ``(c + d)·a``
``c·a + c·b``           ``c·(a + b)``, where no other term is there
``(c·a)·(d·b)``         ``(c·d)·(a·b)``, and so for quotients and powers; signs likewise
``aᵏ·aᵐ``               ``aᵏ⁺ᵐ``
``a⁻ᵏ``                 ``(1/a)ᵏ``
``a / b``               ``a·(1/b)``, where ``1/b`` is there anyway
======================  ==================================================================

Products of different factors are left as they are grouped: the derivatives of a product are then
sums of products of the derivatives of its factors, which stay shared from order to order. That is
what keeps repeated differentiation polynomial.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite

from graphad.builder import Builder, G, live_marks, paused_gc
from graphad.ir import CONST, Graph, Node
from graphad.op import OPS
from graphad.types import Type
from graphad.passes.pipeline import graph_pass

ADD, SUBTRACT, NEGATIVE = OPS["add"], OPS["subtract"], OPS["negative"]
MULTIPLY, DIVIDE, RECIPROCAL = OPS["multiply"], OPS["divide"], OPS["reciprocal"]
POWER = OPS["integer_power"]
LARGEST = 1024
"""Most terms of a sum that another sum takes over."""
EXPANDED = 64
"""Most terms of a shared sum that another sum may write out."""
SUMS = (ADD, SUBTRACT, NEGATIVE)
PRODUCTS = (MULTIPLY, DIVIDE, RECIPROCAL, POWER)


@graph_pass
def collect(graph: G) -> G:
    """Return the graph with like terms, coefficients, signs and powers collected.

    Parameters
    ----------
    graph : Graph
        Any graph; only floating-point sums and products change.

    Returns
    -------
    Graph
        Equal up to rounding.
    """
    with paused_gc():
        made = _Collector(graph).run(graph)
        made.carry(graph)
        return made


@dataclass(slots=True)
class _Terms:
    """A sum that is not emitted yet: coefficients by term, a number, and a sign for all of it."""

    sign: float = 1.0
    number: float = 0.0
    has_number: bool = False
    by_node: dict[Node, float] = field(default_factory=dict)

    def add(self, coefficient: float, node: Node) -> None:
        coefficient *= self.sign
        self.by_node[node] = self.by_node.get(node, 0.0) + coefficient

    def add_number(self, number: float) -> None:
        self.number += self.sign * number
        self.has_number = True

    def merged(self, other: _Terms, sign: float) -> _Terms:
        """Return self plus sign times other; the larger one is extended, the smaller is lost."""
        if len(other.by_node) > len(self.by_node):
            other.sign *= sign
            return other.merged(self, 1.0)
        for node, coefficient in other.by_node.items():
            self.add(sign * other.sign * coefficient, node)
        if other.has_number:
            self.add_number(sign * other.sign * other.number)
        return self


def number_of(node: Node) -> float | None:
    """Return the value of a finite real scalar constant, ``None`` for any other node."""
    if node.op is not CONST or node.type.shape != () or node.type.dtype.kind != "f":
        return None
    value = float(node.attrs[0].scalar)
    return value if isfinite(value) else None


class _Collector:
    def __init__(self, graph: Graph) -> None:
        self.builder = Builder()
        self.fresh: list[Node | None] = [None] * len(graph.nodes)
        self.pending: dict[int, _Terms] = {}
        self.sums: dict[Node, tuple[dict[Node, float], float]] = {}
        self.numbered: dict[tuple[object, float], tuple[float, Node]] = {}
        self.absorbed = _absorbed(graph)
        self.inverted = _inverted(graph)

    def run(self, graph: G) -> G:
        builder, fresh = self.builder, self.fresh
        live = live_marks(graph)
        for node in graph.nodes:
            if not live[node.id]:
                continue
            origin = graph.origins[node.id]
            if self.absorbed[node.id] or (node.op in SUMS and node.type.is_inexact):
                builder.origin = builder.derive(origin, "collect", "sum")
                terms = self.terms(node)
                if self.absorbed[node.id] and len(terms.by_node) <= LARGEST:
                    self.pending[node.id] = terms
                else:
                    fresh[node.id] = self.emit_sum(terms, node.type)
                continue
            operands = tuple([fresh[operand.id] for operand in node.inputs])
            if node.op in PRODUCTS and node.type.is_inexact:
                builder.origin = builder.derive(origin, "collect", "product")
                fresh[node.id] = self.product(node, operands)  # type: ignore[arg-type]
            else:
                builder.origin = origin
                fresh[node.id] = builder.emit(node.op, operands, node.attrs)  # type: ignore[arg-type]
        outputs = [fresh[node.id] for node in graph.outputs]
        return builder.finish(
            graph.name,
            outputs,  # type: ignore[arg-type]
            graph.tree,
            graph.symmetry,
            make=type(graph),
        )

    # --- coefficients ------------------------------------------------------------------------

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

    # --- sums --------------------------------------------------------------------------------

    def terms(self, node: Node) -> _Terms:
        if node.op is MULTIPLY:
            return self.multiple(node)
        found = _Terms()
        for position, operand in enumerate(node.inputs):
            negated = node.op is NEGATIVE or (node.op is SUBTRACT and position == 1)
            sign = -1.0 if negated else 1.0
            waiting = self.pending.pop(operand.id, None)
            if waiting is not None:
                found = found.merged(waiting, sign)
                continue
            made = self.fresh[operand.id]
            assert made is not None
            coefficient, core = self.scaled(made)
            number = number_of(core)
            if number is None:
                found.add(sign * coefficient, core)
            else:
                found.add_number(sign * coefficient * number)
        return found

    def multiple(self, node: Node) -> _Terms:
        """The terms of a number times a sum that goes into another sum."""
        place = 1 if number_of(node.inputs[0]) is not None else 0
        factor = number_of(node.inputs[1 - place])
        assert factor is not None
        waiting = self.pending.pop(node.inputs[place].id, None)
        found = _Terms()
        if waiting is None:
            made = self.fresh[node.inputs[place].id]
            assert made is not None
            coefficient, core = self.scaled(made)
            found.add(factor * coefficient, core)
            return found
        factor *= waiting.sign
        for term, coefficient in waiting.by_node.items():
            found.add(factor * coefficient, term)
        if waiting.has_number:
            found.add_number(factor * waiting.number)
        return found

    def emit_sum(self, terms: _Terms, type: Type) -> Node:
        """Emit collected terms, those with a minus sign in one subtraction."""
        self.expand(terms)
        sign, number = terms.sign, terms.sign * terms.number
        items = sorted(terms.by_node.items(), key=lambda item: item[0].id)
        has_number = terms.has_number and (number != 0.0 or not items)
        sizes = {abs(coefficient) for _, coefficient in items}
        common = 1.0 if has_number or len(sizes) != 1 or 0.0 in sizes else sizes.pop()
        if items and not has_number and all(sign * coefficient < 0 for _, coefficient in items):
            common, sign = -common, -sign
        size = abs(common)
        parts = [self.scale(sign * coefficient / size, node) for node, coefficient in items]
        if has_number:
            parts.append(self.number(number, type))
        core = self.number_sum(
            {node: sign * coefficient / size for node, coefficient in items},
            number if has_number else None,
            parts,
        )
        return self.fitted(self.scale(common * core[0], core[1]), type)

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
        if known is not None:
            return lead / known[0], known[1]
        core = self.add_all(parts)
        self.numbered[key] = lead, core
        self.sums[core] = whole, total
        return 1.0, core

    def expand(self, terms: _Terms) -> None:
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
            scale = by_node.pop(node)
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
            if left.op is NEGATIVE:
                left, right = right, left
            if right.op is NEGATIVE:
                return self.difference(left, right.inputs[0])
        return self.builder.emit(ADD, tuple(parts))

    def difference(self, left: Node, right: Node) -> Node:
        if self.builder.has(SUBTRACT, (right, left)):  # a - b is there as -(b - a)
            return self.builder.emit(NEGATIVE, (self.builder.emit(SUBTRACT, (right, left)),))
        return self.builder.emit(SUBTRACT, (left, right))

    def fitted(self, node: Node, type: Type) -> Node:
        if node.type == type:
            return node
        return self.builder.emit(OPS["broadcast_to"], (node,), (type.shape,))

    # --- products ----------------------------------------------------------------------------

    def product(self, node: Node, operands: tuple[Node, ...]) -> Node:
        coefficient, core = self.scaled_product(node, operands)
        number = number_of(core)
        if number is not None:
            return self.fitted(self.number(coefficient * number, node.type), node.type)
        return self.scale(coefficient, self.fitted(core, node.type))

    def scaled_product(self, node: Node, operands: tuple[Node, ...]) -> tuple[float, Node]:
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
        if number is not None and number != 0.0 and isfinite(c / (d * number)):
            return c / (d * number), left
        one = number_of(left)
        if one is not None and one != 0.0:
            return self.times(c * one / d, self.invert(right), None)
        if node.inputs[1].id in self.inverted:
            return self.times(c / d, left, self.invert(right))
        return c / d, self.builder.emit(DIVIDE, (left, right))

    def times(self, coefficient: float, left: Node, right: Node | None) -> tuple[float, Node]:
        """Return (c, a) with ``c·a = coefficient·left·right``."""
        if right is None:
            return coefficient, left
        for number, other in ((number_of(left), right), (number_of(right), left)):
            if number is not None and number != 0.0:
                return coefficient * number, other
        (a, k), (b, m) = _base(left), _base(right)
        if a is b:
            return coefficient, self.builder.emit(POWER, (a,), (k + m,))
        ordered = (left, right) if left.id <= right.id else (right, left)
        return coefficient, self.builder.emit(MULTIPLY, ordered)

    def invert(self, node: Node) -> Node:
        base, exponent = _base(node)
        inverse = self.builder.emit(RECIPROCAL, (base,))
        return inverse if exponent == 1 else self.builder.emit(POWER, (inverse,), (exponent,))

    def power(self, operand: Node, exponent: int) -> tuple[float, Node]:
        coefficient, core = self.scaled(operand)
        scale = coefficient**exponent if exponent else 1.0
        if exponent == 0 or not isfinite(scale) or scale == 0.0:
            return 1.0, self.builder.emit(POWER, (operand,), (exponent,))
        if exponent < 0:
            core = self.invert(core)
        base, k = _base(core)
        n = k * abs(exponent)
        return scale, base if n == 1 else self.builder.emit(POWER, (base,), (n,))


def _base(node: Node) -> tuple[Node, int]:
    """Return (a, k) with ``node = aᵏ``, k positive."""
    if node.op is POWER and node.attrs[0] > 0:
        return node.inputs[0], node.attrs[0]
    return node, 1


def _absorbed(graph: Graph) -> bytearray:
    """Mark sums, and numbers times sums, whose one use is a sum of the same type."""
    uses = graph.use_counts()
    marks = bytearray(len(graph.nodes))
    for node in reversed(graph.nodes):
        takes = marks[node.id] or (node.op in SUMS and node.type.is_inexact)
        if not takes:
            continue
        for operand in node.inputs:
            summing = operand.op in SUMS or _is_multiple(operand)
            if summing and uses[operand.id] == 1 and operand.type == node.type:
                marks[operand.id] = 1
    return marks


def _is_multiple(node: Node) -> bool:
    """Whether a node is a nonzero number times a value of the node's own type."""
    if node.op is not MULTIPLY or len(node.inputs) != 2:
        return False
    left, right = node.inputs
    number, other = number_of(left), right
    if number is None:
        number, other = number_of(right), left
    return number is not None and number != 0.0 and other.type == node.type


def _inverted(graph: Graph) -> set[int]:
    """Ids of the nodes that something is divided by more than once, or that are inverted."""
    divisions: dict[int, int] = {}
    for node in graph.nodes:
        if node.op is RECIPROCAL or (node.op is POWER and node.attrs[0] < 0):
            divisions[node.inputs[0].id] = 2
        elif node.op is DIVIDE:
            id = node.inputs[1].id
            divisions[id] = divisions.get(id, 0) + 1
    return {id for id, count in divisions.items() if count > 1}
