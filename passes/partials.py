"""Partials of all orders of a single op, and their Bell polynomials, as edge pushing needs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations_with_replacement
from math import factorial, prod
from typing import TypeAlias

from graphad.ir import CONST, Node
from graphad.op import OPS, Attrs, Op
from graphad.passes.entries import MultiIndex
from graphad.passes.local import MASK, MULTIPLY, NEGATIVE, Lean, Local, times
from graphad.passes.masks import bits

POWER = OPS["integer_power"]
Blocks: TypeAlias = dict[tuple[MultiIndex, ...], int]
"""Products of partials, each with how often it stands in a sum."""


class Shape:
    """The partials of an op, up to an order, over stand-ins for its distinct operands.

    Parameters
    ----------
    node : Node
        A node of the op.
    operands : sequence of Node
        Its operands, each once, without constants.
    order : int
        The highest order.

    Attributes
    ----------
    nodes : list of Node
        An arena, which begins with the stand-ins.
    partials : dict of tuple of int to Node
        For each sorted multi-index of operands the partial; structural zeros are left out.
    """

    def __init__(self, node: Node, operands: Sequence[Node], order: int) -> None:
        builder = Lean()
        stand_ins = [builder.input(f"u{i}", item.type).node for i, item in enumerate(operands)]
        places = dict(zip(operands, stand_ins, strict=True))
        inputs = [
            builder.emit(CONST, (), item.attrs) if item.op is CONST else places[item]
            for item in node.inputs
        ]
        local = Local(builder, stand_ins, "edge_pushing")
        self.nodes = builder.nodes
        self.order = order
        self.partials: dict[MultiIndex, Node] = {}
        out = builder.emit(node.op, tuple(inputs), node.attrs)
        level: dict[MultiIndex, Node] = {(): out}
        for _ in range(order):
            raised: dict[MultiIndex, Node] = {}
            for index, partial in level.items():
                for i in bits(local.mask(partial)):
                    if not index or i >= index[-1]:
                        (tangent,) = local.push([partial], i)
                        if tangent is not None:
                            raised[*index, i] = tangent.node
            self.partials.update(raised)
            level = raised
        self._powers: dict[int, dict[MultiIndex, Blocks]] = {}

    def powers(self, count: int) -> dict[MultiIndex, Blocks]:
        """Return the Bell polynomials B(β, count) by β, those that are not 0.

        B(β, m) is β! times the coefficient of ``u^β`` in ``(Σ φ_b u^b / b!)^m / m!``: a product of
        partials for each way to part β into m blocks.
        """
        found = self._powers.get(count)
        if found is None:
            found = self._powers[count] = {}
            for blocks in self._choices(count):
                beta = tuple(sorted([i for block in blocks for i in block]))
                number = _factorials(beta)
                for block in blocks:
                    number //= _factorials(block)
                number //= prod([factorial(n) for n in Counter(blocks).values()])
                found.setdefault(beta, {})[blocks] = number
        return found

    def _choices(self, count: int) -> list[tuple[MultiIndex, ...]]:
        longest = self.order - count + 1
        blocks = [index for index in self.partials if len(index) <= longest]
        if count == 1:
            return [(block,) for block in blocks]
        return [
            chosen
            for chosen in combinations_with_replacement(blocks, count)
            if sum(map(len, chosen)) <= self.order
        ]


def _factorials(index: MultiIndex) -> int:
    return prod([factorial(n) for n in Counter(index).values()])


class Partials:
    """The partials of one node, emitted when they are asked for.

    Parameters
    ----------
    shape : Shape
        Those of its op.
    operands : sequence of Node
        The operands, in the order of the stand-ins.
    builder : Lean
        Where they are and where partials go.
    """

    def __init__(self, shape: Shape, operands: Sequence[Node], builder: Lean) -> None:
        self.shape = shape
        self.operands = operands
        self.builder = builder
        self._made = dict(enumerate(operands))
        self._known: dict[tuple[int, MultiIndex], Node] = {}

    def powers(self, count: int) -> Sequence[MultiIndex]:
        """Return the multi-indices of operands with a Bell polynomial other than 0."""
        return list(self.shape.powers(count))

    def power(self, count: int, beta: MultiIndex) -> Node:
        """Return the Bell polynomial B(beta, count) of the partials."""
        known = self._known.get((count, beta))
        if known is None:
            terms = []
            for blocks, number in self.shape.powers(count)[beta].items():
                made = self._product([self._partial(block) for block in blocks])
                terms.append(made if number == 1 else times(self.builder, number, made))
            known = terms[0] if len(terms) == 1 else self.builder.emit(OPS["add"], tuple(terms))
            self._known[count, beta] = known
        return known

    def _partial(self, index: MultiIndex) -> Node:
        wanted, made = self.shape.partials[index], self._made
        if wanted.id in made:
            return made[wanted.id]
        needed: dict[int, Node] = {}
        waiting = [wanted]
        while waiting:
            node = waiting.pop()
            if node.id not in made and node.id not in needed:
                needed[node.id] = node
                waiting.extend(node.inputs)
        for id in sorted(needed):
            node = needed[id]
            inputs = tuple([made[operand.id] for operand in node.inputs])
            made[id] = self.builder.emit(node.op, inputs, node.attrs)
        return made[wanted.id]

    def _product(self, factors: Sequence[Node]) -> Node:
        """Multiply, equal factors as a power; signs, masks and numbers are left to the builder."""
        if len(factors) == 1:
            return factors[0]
        parts: list[Node] = []
        for node, count in Counter(factors).items():
            if count == 1 or node.op in (CONST, NEGATIVE, MASK):
                parts.extend([node] * count)
            else:
                parts.append(self.builder.emit(POWER, (node,), (count,)))
        made = parts[0]
        for part in parts[1:]:
            made = self.builder.emit(MULTIPLY, (made, part))
        return made


class Shapes:
    """Partials of ops, derived once for each op, attributes, and pattern of operands.

    Parameters
    ----------
    order : int
        The highest order.
    """

    def __init__(self, order: int) -> None:
        self.order = order
        self._known: dict[tuple[Op, Attrs, tuple[object, ...]], Shape] = {}

    def of(self, node: Node, builder: Lean) -> Partials:
        """Return the partials of a node of `builder`."""
        operands = [operand for operand in dict.fromkeys(node.inputs) if operand.op is not CONST]
        places = {operand: i for i, operand in enumerate(operands)}
        slots = tuple(
            [
                operand.attrs if operand.op is CONST else (places[operand], operand.type)
                for operand in node.inputs
            ]
        )
        key = node.op, node.attrs, slots
        if key not in self._known:
            self._known[key] = Shape(node, operands, self.order)
        return Partials(self._known[key], operands, builder)
