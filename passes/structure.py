"""What scalar nodes depend on, and through what: the facts that decide how to derive them."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

from graphad.builder import Builder
from graphad.ir import CONST, Node
from graphad.ops import OPS
from graphad.passes.products import is_moderate

ADD, SUBTRACT, NEGATIVE = OPS["add"], OPS["subtract"], OPS["negative"]
MULTIPLY, DIVIDE = OPS["multiply"], OPS["divide"]
WIDEST = 64
"""Frontiers of more nodes than this are not followed."""
MOST = 2_000
"""Nor are those by which there are more entries of the order that is derived."""

Affine = dict[int, float]


class Structure:
    """Facts about the nodes of a builder, found as they are asked for.

    For each node that depends on variables:

    - its *support*: the variables it depends on, as bits;
    - its *affine form*, if it is a linear combination of variables plus something constant;
    - its *top*: the node nearest to the variables that all ways from them to it run through, itself
      if there is none before. It is the first of its dominators (Lengauer and Tarjan 1979) below
      the variables, and takes one comparison: it is the top of all operands, if they have one;
    - its *frontier*: the affine nodes that its other operations start from.

    What is multiplied by a number near the ends of the range of floats is a top and a frontier of
    its own: the k-th power of that number, by which derivatives by less would differ, may be out of
    range.

    Parameters
    ----------
    builder : Builder
        Holds the nodes; more may be added at any time.
    variables : sequence of Node or None
        The variables, in order.
    order : int
        Of the derivatives: by the nodes of a frontier there are to be no more than `MOST` entries.
    """

    def __init__(self, builder: Builder, variables: Sequence[Node | None], order: int = 1) -> None:
        self.builder = builder
        self.widest = next(m for m in range(WIDEST, 0, -1) if comb(m + order - 1, order) <= MOST)
        self.positions = {node.id: i for i, node in enumerate(variables) if node is not None}
        self.supports: list[int] = []
        self.affine_forms: list[Affine | None] = []
        self.tops: list[Node] = []
        self.frontiers: list[tuple[Node, ...] | None] = []

    def support(self, node: Node) -> int:
        """Return the variables that a node depends on, one bit each."""
        self._extend(node.id)
        return self.supports[node.id]

    def affine(self, node: Node) -> Affine | None:
        """Return coefficients by variable, or None for a node that is not affine."""
        self._extend(node.id)
        return self.affine_forms[node.id]

    def top(self, node: Node) -> Node:
        """Return the first node that all ways from the variables to `node` run through."""
        self._extend(node.id)
        return self.tops[node.id]

    def waist(self, node: Node) -> tuple[Node, ...] | None:
        """Return the frontier of a node, if it is narrower than its support."""
        self._extend(node.id)
        frontier = self.frontiers[node.id]
        if frontier is None or len(frontier) >= self.supports[node.id].bit_count():
            return None
        return frontier

    def _extend(self, id: int) -> None:
        for node in self.builder.nodes[len(self.supports) : id + 1]:
            self._enter(node)

    def _enter(self, node: Node) -> None:
        position = self.positions.get(node.id)
        moving = [operand for operand in node.inputs if self.supports[operand.id]]
        if position is not None:
            self.supports.append(1 << position)
            self.affine_forms.append({position: 1.0})
            self.tops.append(node)
            self.frontiers.append((node,))
            return
        if node.type.dtype.kind in "biu":  # steps, whatever they are made of
            moving = []
        support = 0
        for operand in moving:
            support |= self.supports[operand.id]
        self.supports.append(support)
        form = self._affine_form(node, moving)
        self.affine_forms.append(form)
        tops = {self.tops[operand.id].id for operand in moving}
        through = len(tops) == 1 and not self._leaves_range(node)
        self.tops.append(self.tops[moving[0].id] if through else node)
        self.frontiers.append(self._frontier(node, moving, form))

    def _affine_form(self, node: Node, moving: Sequence[Node]) -> Affine | None:
        if not moving:
            return {}
        if node.op is ADD or node.op is SUBTRACT or node.op is NEGATIVE:
            total: Affine = {}
            for place, operand in enumerate(node.inputs):
                form = self.affine_forms[operand.id]
                if form is None:
                    return None
                minus = node.op is NEGATIVE or (node.op is SUBTRACT and place == 1)
                for variable, coefficient in form.items():
                    total[variable] = total.get(variable, 0.0) + (
                        -coefficient if minus else coefficient
                    )
            return total
        scale = self.scale(node)
        form = self.affine_forms[moving[0].id]
        if scale is None or form is None:
            return None
        return {variable: scale * coefficient for variable, coefficient in form.items()}

    def scale(self, node: Node) -> float | None:
        """Return c for a node that is c times its one moving operand, c a number."""
        if node.op is NEGATIVE:
            return -1.0
        if node.op is not MULTIPLY and node.op is not DIVIDE:
            return None
        fixed = [operand for operand in node.inputs if not self.supports[operand.id]]
        if len(fixed) != len(node.inputs) - 1 or any(not _is_real(item) for item in fixed):
            return None
        scale = 1.0
        for item in fixed:
            scale *= float(item.attrs[0].scalar)
        if node.op is DIVIDE:
            if node.inputs[1] is not fixed[0] or scale == 0.0:
                return None
            scale = 1.0 / scale
        return scale

    def _leaves_range(self, node: Node) -> bool:
        scale = self.scale(node)
        return scale is not None and not is_moderate(scale)

    def _frontier(
        self, node: Node, moving: Sequence[Node], form: Affine | None
    ) -> tuple[Node, ...] | None:
        if form is not None:
            if not moving:
                return ()
            if self.scale(node) is None or self._leaves_range(node):
                return (node,)
            return self.frontiers[moving[0].id]
        found: dict[int, Node] = {}
        for operand in moving:
            part = self.frontiers[operand.id]
            if part is None:
                return None
            for item in part:
                found[item.id] = item
        if len(found) > self.widest:
            return None
        return tuple([found[id] for id in sorted(found)])


def _is_real(node: Node) -> bool:
    return node.op is CONST and not node.type.shape and node.type.dtype.kind == "f"


def cone(builder: Builder, roots: Sequence[Node], stops: Sequence[Node]) -> list[Node]:
    """Return the nodes between `stops` and `roots`, operands first, `stops` not among them."""
    stopped = {node.id for node in stops}
    seen: dict[int, Node] = {}
    stack = [node for node in roots if node.id not in stopped]
    while stack:
        node = stack.pop()
        if node.id in seen:
            continue
        seen[node.id] = node
        stack.extend(
            operand
            for operand in node.inputs
            if operand.id not in stopped and operand.id not in seen
        )
    return [seen[id] for id in sorted(seen)]
