"""Which variables a scalar depends on, and which of them meet: what may differ from zero."""

from __future__ import annotations

from collections.abc import Sequence

from graphad.builder import Builder, Value
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.ops import OPS
from graphad.passes.entries import MultiIndex, Scalars
from graphad.passes.masks import bits
from graphad.passes.multivariate_rules import UNBOUNDED
from graphad.passes.series import LINEAR

MULTIPLY, DIVIDE = OPS["multiply"], OPS["divide"]


class Structure:
    """Variables and degrees of the nodes of a scalar graph.

    Parameters
    ----------
    lowered : Scalars
        The graph.
    """

    def __init__(self, lowered: Scalars) -> None:
        graph = lowered.graph
        self.lowered = lowered
        self.positions = {node: i for i, node in enumerate(lowered.variables) if node is not None}
        self.masks = [0] * len(graph.nodes)
        self.degrees = [0] * len(graph.nodes)
        self._summands: dict[Node, dict[int, list[tuple[int, int]]]] = {}
        for node in graph.nodes:
            if node in self.positions:
                self.masks[node.id], self.degrees[node.id] = 1 << self.positions[node], 1
            elif node.op.jvp is not None and node.type.is_inexact:
                for operand in node.inputs:
                    self.masks[node.id] |= self.masks[operand.id]
                self.degrees[node.id] = self._degree(node) if self.masks[node.id] else 0

    def _degree(self, node: Node) -> int:
        degrees = [self.degrees[operand.id] for operand in node.inputs]
        if node.op is MULTIPLY:
            return min(sum(degrees), UNBOUNDED)
        if node.op is OPS["integer_power"] and node.attrs[0] >= 0:
            exponent: int = node.attrs[0]
            return min(exponent * degrees[0], UNBOUNDED)
        return max(degrees) if self._passed_on(node) is not None else UNBOUNDED

    def _passed_on(self, node: Node) -> Sequence[Node] | None:
        """The operands that a node is linear in, each by itself; None if it is not."""
        moving = [operand for operand in node.inputs if self.masks[operand.id]]
        if node in self.positions:
            return None
        scales = (node.op is MULTIPLY and len(moving) == 1) or (
            node.op is DIVIDE and not self.masks[node.inputs[1].id]
        )
        return moving if scales or node.op in LINEAR else None

    def may_differ(self, row: Node, index: MultiIndex) -> bool:
        """Whether a derivative may differ from zero: whether a summand has all these variables."""
        if not index:
            return True
        mask = 0
        for i in index:
            mask |= 1 << i
        if mask & ~self.masks[row.id]:
            return False
        by_variable = self._summands.get(row)
        if by_variable is None:
            by_variable = self._summands[row] = self._found(row)
        return any(
            not mask & ~own and len(index) <= degree for own, degree in by_variable[index[0]]
        )

    def _found(self, row: Node) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = {}
        stack, seen = [row], {row}
        while stack:
            node = stack.pop()
            operands = self._passed_on(node)
            if operands is None:
                mask = self.masks[node.id]
                for i in bits(mask):
                    found.setdefault(i, []).append((mask, self.degrees[node.id]))
                continue
            for operand in operands:
                if operand not in seen:
                    seen.add(operand)
                    stack.append(operand)
        return found


def needed(graph: Graph, roots: Sequence[Node]) -> list[Node]:
    """Return the nodes that some nodes of a graph depend on, operands before their users."""
    marks = bytearray(len(graph.nodes))
    for node in roots:
        marks[node.id] = 1
    for node in reversed(graph.nodes):
        if marks[node.id]:
            for operand in node.inputs:
                marks[operand.id] = 1
    return [node for node in graph.nodes if marks[node.id]]


def inner_products(nodes: Sequence[Node], roots: Sequence[Node]) -> set[Node]:
    """Return the products that nothing but one other product uses."""
    uses = dict.fromkeys(roots, 2)
    for node in nodes:
        for operand in node.inputs:
            uses[operand] = uses.get(operand, 0) + (1 if node.op is MULTIPLY else 2)
    return {node for node in nodes if node.op is MULTIPLY and uses[node] == 1}


def factors(node: Node, inner: set[Node]) -> list[Node]:
    """Return the operands of a node, and for those that are inner products, theirs."""
    found: list[Node] = []
    stack = list(reversed(node.inputs))
    while stack:
        operand = stack.pop()
        if operand in inner:
            stack.extend(reversed(operand.inputs))
        else:
            found.append(operand)
    return found


def leaf_value(builder: Builder, node: Node) -> Value | None:
    """Emit an input, an element of one, or a constant; None for other nodes."""
    if node.op is INPUT:
        return builder.input(*node.attrs)
    if node.op is OPS["element"] and node.inputs[0].op is INPUT:
        operand = builder.input(*node.inputs[0].attrs).node
        return builder.value(builder.emit(node.op, (operand,), node.attrs))
    if node.op is CONST or not node.inputs:
        return builder.value(builder.emit(node.op, (), node.attrs))
    return None
