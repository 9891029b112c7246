"""Edge pushing: Hessians by one sweep back, symmetric and sparse on the way.

Gower and Mello 2012, "A new framework for the computation of Hessians", Optimization Methods and
Software 27(2). The sweep keeps adjoints of nodes and weights of *nonlinear edges*: unordered pairs
of nodes that the part of the function above them depends on in a nonlinear way. A node y = φ(u, v)
is taken away by three rules, with w for weights and a bar for adjoints:

=========  ======================================================================================
pushing    the edge {y, p} goes to {u, p} with φ_u w, twice that if u is p; the loop {y, y} goes
           to {u, v} with φ_u φ_v w, for each unordered pair of operands
creating   a new edge {u, v} of weight ȳ φ_uv
adjoint    φ_u ȳ is added to ū
=========  ======================================================================================

At the end, edges between variables are the entries of the Hessian, each once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphad.builder import G, paused_gc
from graphad.ir import CONST, Node
from graphad.op import Attrs, Op
from graphad.passes.entries import Entry, request
from graphad.passes.local import MULTIPLY, Lean, Local, times
from graphad.passes.nested import Level, finish_level, next_order, positions_of, rows_of
from graphad.passes.pipeline import graph_pass


@graph_pass(preserves=False)
def edge_pushing(
    graph: G,
    order: int = 2,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
) -> G:
    """Derive entries by edge pushing: one sweep back from each row gives its Hessian.

    Derivatives of order 1 take the same sweep without edges; those beyond order 2 are tangents of
    entries of the Hessian.

    Parameters
    ----------
    graph : Graph
        The function.
    order : int
        The order of the derivatives.
    wrt : str or sequence of str, optional
        Inputs to differentiate by; all of them if not given.
    entries : iterable of (int, tuple of int), optional
        Rows and sorted multi-indices that are wanted; all unique ones if not given.

    Returns
    -------
    Graph
        With the inputs of `graph` and one output, the vector of the entries.

    Raises
    ------
    DerivativeError
        If the request does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from graphad import trace
    >>> g = trace(lambda x: x[0] ** 2 * x[1], np.zeros(2))
    >>> edge_pushing(g)(np.array([3.0, 5.0])).tolist()
    [10.0, 6.0, 0.0]
    """
    wanted = request(graph, order, wrt, entries)
    with paused_gc():
        level = rows_of(graph, wanted, "edge_pushing")
        if order == 1:
            level = next_order(level, wanted, 0, "reverse")
        elif order > 1:
            pairs = sorted({(row, index[:2]) for row, index in wanted.entries})
            level = _hessians(level, pairs)
            for k in range(2, order):
                level = next_order(level, wanted, k, "forward")
        return finish_level(graph, wanted, level)


def _hessians(level: Level, pairs: Sequence[Entry]) -> Level:
    """Return the wanted entries of the Hessian of each row."""
    shapes = Shapes()
    by_row: dict[int, list[tuple[int, ...]]] = {}
    for row, pair in pairs:
        by_row.setdefault(row, []).append(pair)
    made: dict[Entry, Node] = {}
    for (row, _), node in level.nodes.items():
        found = Sweep(level.local, shapes, by_row[row]).run(node)
        for pair in by_row[row]:
            if pair in found:
                made[row, pair] = found[pair]
    return Level(level.local, made)


class Sweep:
    """One sweep back from one row.

    Parameters
    ----------
    local : Local
        The builder, and the variables.
    shapes : Shapes
        Second partials of ops.
    pairs : sequence of (int, int)
        Entries of the Hessian that are wanted.
    """

    def __init__(self, local: Local, shapes: Shapes, pairs: Sequence[tuple[int, ...]]) -> None:
        self.local = local
        self.shapes = shapes
        self.wanted = 0
        self.partners: dict[int, int] = {}
        for i, j in pairs:
            self.wanted |= 1 << i | 1 << j
            self.partners[i] = self.partners.get(i, 0) | 1 << j
            self.partners[j] = self.partners.get(j, 0) | 1 << i
        self._reach: dict[int, int] = {}
        self.adjoints: dict[int, list[Node]] = {}
        self.edges: dict[int, dict[int, list[Node]]] = {}

    def run(self, root: Node) -> dict[tuple[int, ...], Node]:
        """Return the entries that are not structural zeros."""
        local = self.local
        self.adjoints[root.id] = [local.one(root).node]
        for id in self._below(root):
            node = local.builder.nodes[id]
            weights = {p: local.total(terms) for p, terms in self._taken(id)}
            adjoint = self.adjoints.pop(id, None)
            loop = weights.pop(id, None)
            for p, weight in weights.items():
                self._push(node, p, weight)
            if loop is not None:
                self._push_loop(node, loop)
            if adjoint is not None:
                value = local.total(adjoint)
                self._create(node, value)
                self._adjoin(node, value)
        return self._entries()

    def _below(self, root: Node) -> list[int]:
        """Nodes between wanted variables and the root, without the variables, the last first."""
        found: set[int] = set()
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if node.id in found or node.id in self.local.variables:
                continue
            if self.local.mask(node) & self.wanted:
                found.add(node.id)
                waiting.extend(node.inputs)
        return sorted(found, reverse=True)

    # --- edges -----------------------------------------------------------------------------------

    def _taken(self, id: int) -> list[tuple[int, list[Node]]]:
        """Take the edges of a node away and return them, in the order of the other ends."""
        taken = self.edges.pop(id, {})
        for p in taken:
            if p != id:
                del self.edges[p][id]
        return sorted(taken.items())

    def _add(self, a: int, b: int, weight: Node) -> None:
        self.edges.setdefault(a, {}).setdefault(b, []).append(weight)
        if a != b:
            self.edges.setdefault(b, {})[a] = self.edges[a][b]

    def _leads(self, a: int, b: int) -> bool:
        """Whether an edge between two nodes can come to a wanted entry."""
        reach = self._reach.get(a)
        if reach is None:
            reach = 0
            for i in positions_of(self._mask(a)):
                reach |= self.partners.get(i, 0)
            self._reach[a] = reach
        return bool(reach & self._mask(b))

    def _mask(self, id: int) -> int:
        return self.local.mask(self.local.builder.nodes[id])

    # --- the three rules -------------------------------------------------------------------------

    def _push(self, node: Node, p: int, weight: Node) -> None:
        """Push an edge to another node."""
        for operand, part in self.local.back(node, weight, self.wanted):
            if operand.id == p:
                part = times(self.local.builder, 2, part)
            if self._leads(operand.id, p):
                self._add(operand.id, p, part)

    def _push_loop(self, node: Node, weight: Node) -> None:
        """Push the edge of a node to itself."""
        for operand, part in self.local.back(node, weight, self.wanted):
            for other, product in self.local.back(node, part, self.wanted):
                if operand.id <= other.id and self._leads(operand.id, other.id):
                    self._add(operand.id, other.id, product)

    def _create(self, node: Node, adjoint: Node) -> None:
        """Create edges where the node itself is nonlinear."""
        builder = self.local.builder
        shape, operands = self.shapes.of(node)
        made = dict(enumerate(operands))
        for j, k, partial in shape.seconds:
            a, b = operands[j].id, operands[k].id
            if not self._leads(a, b):
                continue
            second = shape.emit(builder, partial, made)
            self._add(a, b, builder.emit(MULTIPLY, (adjoint, second)))

    def _adjoin(self, node: Node, adjoint: Node) -> None:
        """Add to the adjoints of operands; those of variables are not needed."""
        variables = self.local.variables
        if all(operand.id in variables for operand in node.inputs):
            return
        for operand, part in self.local.back(node, adjoint, self.wanted):
            self.adjoints.setdefault(operand.id, []).append(part)

    def _entries(self) -> dict[tuple[int, ...], Node]:
        variables = self.local.variables
        found: dict[tuple[int, ...], Node] = {}
        for a in sorted(self.edges):
            for b, terms in self.edges[a].items():
                i, j = variables[a], variables[b]
                if i <= j:
                    found[i, j] = self.local.total(terms)
        return found


# --- second partials ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shape:
    """The second partials of an op, as nodes over its distinct operands.

    Parameters
    ----------
    nodes : tuple of Node
        An arena: first a node for each distinct operand, then what partials are made of.
    seconds : tuple of (int, int, Node)
        Positions j ≤ k of operands and ∂²φ/∂u_j∂u_k; structural zeros are left out.
    """

    nodes: tuple[Node, ...]
    seconds: tuple[tuple[int, int, Node], ...]

    def emit(self, builder: Lean, partial: Node, made: dict[int, Node]) -> Node:
        """Emit a partial; `made` has the operands and what was emitted for them, by id."""
        needed: set[int] = set()
        waiting = [partial]
        while waiting:
            node = waiting.pop()
            if node.id not in made and node.id not in needed:
                needed.add(node.id)
                waiting.extend(node.inputs)
        for id in sorted(needed):
            node = self.nodes[id]
            inputs = tuple([made[operand.id] for operand in node.inputs])
            made[id] = builder.emit(node.op, inputs, node.attrs)
        return made[partial.id]


Key = tuple[Op, Attrs, tuple[object, ...]]


class Shapes:
    """Second partials of ops, derived once for each op, attributes and pattern of operands."""

    def __init__(self) -> None:
        self._known: dict[Key, Shape] = {}

    def of(self, node: Node) -> tuple[Shape, list[Node]]:
        """Return the second partials of a node's op, and the operands that they are of."""
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
            self._known[key] = _derived(node, operands)
        return self._known[key], operands


def _derived(node: Node, operands: Sequence[Node]) -> Shape:
    builder = Lean()
    stand_ins = [builder.input(f"u{i}", operand.type).node for i, operand in enumerate(operands)]
    places = {operand: stand_ins[i] for i, operand in enumerate(operands)}
    inputs = [
        builder.emit(CONST, (), operand.attrs) if operand.op is CONST else places[operand]
        for operand in node.inputs
    ]
    out = builder.emit(node.op, tuple(inputs), node.attrs)
    local = Local(builder, stand_ins, "edge_pushing")
    seconds = []
    for j in positions_of(local.mask(out)):
        (first,) = local.push([out], j)
        if first is None:
            continue
        for k in positions_of(local.mask(first.node)):
            if k < j:
                continue
            (second,) = local.push([first.node], k)
            if second is not None:
                seconds.append((j, k, second.node))
    return Shape(tuple(builder.nodes), tuple(seconds))
