"""Edge pushing: derivatives of order k by one sweep back, symmetric and sparse on the way.

For order 2 this is the algorithm of Gower and Mello 2012, "A new framework for the computation of
Hessians", Optimization Methods and Software 27(2). Its invariant, in the words of Wang, Gebremedhin
and Pothen 2016, "Capitalizing on live variables", Mathematical Programming Computation 8, goes for
every order: the sweep keeps the derivatives, up to order k, of the row as a function of the nodes
that are *live*, one for each multiset of them. An *edge* is such a multiset, and its weight is the
derivative. Where the live node y = φ(u, v) is taken away, u and v become live instead, and the
chain rule of order k, with γ and β multisets of nodes, gives

    w(γ + β)  +=  c · w(γ + m·y) · B(β, m)

for each edge with m times y, where B(β, m), a Bell polynomial, sums up products of m partials of φ
that have β together, and c is the product of binomials (γ_i + β_i over β_i), which is 1 unless an
operand was live already. For k = 2: m = 1 with β of one operand *pushes* an edge, with β of two
operands *creates* one, and m = 2 pushes a loop. At the end only variables are live, and the edges
of k variables are the entries, each once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from math import comb, inf, prod
from typing import TypeAlias

from graphad.builder import G, paused_gc
from graphad.errors import DerivativeError
from graphad.ir import Node
from graphad.passes.entries import Entry, MultiIndex, count_unique, request
from graphad.passes.local import CAST, MULTIPLY, Local, times
from graphad.passes.masks import bits
from graphad.passes.nested import Level, finish_level, rows_of
from graphad.passes.partials import Partials, Shapes
from graphad.passes.pipeline import graph_pass
from graphad.types import DTYPE_NAMES

Edge: TypeAlias = tuple[int, ...]
"""Ids of live nodes, sorted."""


@graph_pass(preserves=False)
def edge_pushing(
    graph: G,
    order: int = 2,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
    limit: float = inf,
) -> G:
    """Derive entries by edge pushing: one sweep back from each row gives all of its entries.

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
    limit : float
        Most nodes to make.

    Returns
    -------
    Graph
        With the inputs of `graph` and one output, the vector of the entries.

    Raises
    ------
    DerivativeError
        If the request does not fit, or it would take more nodes than `limit`.

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
        if order:
            by_row: dict[int, dict[MultiIndex, None]] = {}
            for row, index in wanted.entries:
                by_row.setdefault(row, {})[index] = None
            shapes, made = Shapes(order), {}
            for (row, _), node in level.nodes.items():
                found = Sweep(level.local, shapes, list(by_row[row]), limit).run(node)
                made.update({(row, index): entry for index, entry in found.items()})
            level = Level(level.local, made)
        return finish_level(graph, wanted, level)


class Sweep:
    """One sweep back from one row.

    Parameters
    ----------
    local : Local
        The builder, and the variables.
    shapes : Shapes
        Partials of ops, up to the order of the derivatives.
    wanted : sequence of tuple of int
        The multi-indices that are wanted.
    limit : float
        Most nodes that there may be.
    """

    def __init__(
        self, local: Local, shapes: Shapes, wanted: Sequence[MultiIndex], limit: float = inf
    ) -> None:
        self.local = local
        self.limit = limit
        self.builder = local.builder
        self.shapes = shapes
        self.order = shapes.order
        self.all_wanted = len(wanted) == count_unique(local.count, self.order)
        self.extensions = {} if self.all_wanted else _extensions(wanted)
        self.weights: dict[Edge, list[Node]] = {}
        self.edges: dict[int, set[Edge]] = {}
        self.waiting: list[int] = []

    def run(self, root: Node) -> dict[MultiIndex, Node]:
        """Return the entries that are not structural zeros.

        Raises
        ------
        DerivativeError
            If there would be too many nodes.
        """
        if self._leads((root.id,)):
            self._add((root.id,), self.local.one(root).node)
        while self.waiting:
            if len(self.builder.nodes) > self.limit:
                raise DerivativeError(f"edge pushing makes more than {self.limit:,.0f} nodes")
            node = self.builder.nodes[-heappop(self.waiting)]
            self.local.set_origin(node, self.order)
            self._take_away(node)
        variables = self.local.variables
        found: dict[MultiIndex, Node] = {}
        for edge, terms in self.weights.items():
            entry = self.local.total(terms)
            if entry.type != root.type:
                entry = self.builder.emit(CAST, (entry,), (DTYPE_NAMES[root.type.dtype],))
            found[tuple(sorted([variables[id] for id in edge]))] = entry
        return found

    def _take_away(self, node: Node) -> None:
        """Replace a live node by its operands."""
        by_rest: dict[Edge, dict[int, Node]] = {}
        for edge in sorted(self.edges.pop(node.id)):
            rest = tuple([id for id in edge if id != node.id])
            weight = self.local.total(self.weights.pop(edge))
            by_rest.setdefault(rest, {})[len(edge) - len(rest)] = weight
            for id in dict.fromkeys(rest):
                if id in self.edges:
                    self.edges[id].discard(edge)
        partials = self.shapes.of(node, self.builder)
        for rest, weights in by_rest.items():
            self._push(partials, rest, weights)

    def _push(self, partials: Partials, rest: Edge, weights: dict[int, Node]) -> None:
        """Push the edges that have these other nodes, by how often they have the node."""
        terms: dict[Edge, list[Node]] = {}
        for count, weight in weights.items():
            for beta in partials.powers(count):
                if len(beta) + len(rest) > self.order:
                    continue
                added = tuple([partials.operands[i].id for i in beta])
                if self._leads(rest + added):
                    product = (weight, partials.power(count, beta))
                    made = self.builder.emit(MULTIPLY, product)
                    terms.setdefault(added, []).append(made)
        for added, made_terms in terms.items():
            weight = self.local.total(made_terms)
            if not set(rest).isdisjoint(added):
                before, after = Counter(added), Counter(rest + added)
                ways = prod([comb(after[id], count) for id, count in before.items()])
                weight = times(self.builder, ways, weight)
            self._add(tuple(sorted(rest + added)), weight)

    def _add(self, edge: Edge, weight: Node) -> None:
        variables = self.local.variables
        inner = [id for id in dict.fromkeys(edge) if id not in variables]
        if not inner and len(edge) < self.order:
            return  # of too low an order, and nothing can raise it
        self.weights.setdefault(edge, []).append(weight)
        for id in inner:
            if id not in self.edges:
                self.edges[id] = set()
                heappush(self.waiting, -id)
            self.edges[id].add(edge)

    def _leads(self, ids: Sequence[int]) -> bool:
        """Whether an edge can come to a wanted entry: one variable for each node, and then more."""
        nodes = self.builder.nodes
        masks = [self.local.mask(nodes[id]) for id in ids]
        if self.all_wanted:
            return all(masks)
        if len(masks) == 1:
            return bool(self.extensions.get((), 0) & masks[0])
        masks.sort(key=int.bit_count)
        found: dict[MultiIndex, None] = {(): None}
        for position, mask in enumerate(masks):
            following: dict[MultiIndex, None] = {}
            for part in found:
                more = self.extensions.get(part, 0) & mask
                if more and position == len(masks) - 1:
                    return True
                for i in bits(more):
                    following[tuple(sorted((*part, i)))] = None
            found = following
        return False


def _extensions(wanted: Sequence[MultiIndex]) -> dict[MultiIndex, int]:
    """Return for each part of a wanted multi-index the variables that make a larger part, as bits.

    Examples
    --------
    >>> _extensions([(0, 2)])
    {(2,): 1, (0,): 4, (): 5}
    """
    found: dict[MultiIndex, int] = {}
    parts = dict.fromkeys(wanted)
    while parts:
        smaller: dict[MultiIndex, None] = {}
        for part in parts:
            for position, i in enumerate(part):
                rest = part[:position] + part[position + 1 :]
                found[rest] = found.get(rest, 0) | 1 << i
                smaller[rest] = None
        parts = smaller
    return found
