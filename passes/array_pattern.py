"""The sparsity pattern of Jacobians and Hessians, found on arrays.

`graphad.passes.pattern` looks at scalars one by one. For large arrays, the same is done here for
all elements of an array at once: which variables each depends on (forward), which rows depend on
each (backward), and which variables meet in a product or in a function that is not linear. An
entry of a Hessian can be other than zero only if its two variables meet in some element that its
row depends on (the nonlinear interaction domains of Walther, 2008, found per row).

No entry is missed. Too many are found where numbers would tell: ``0·x`` counts as a function of x,
a constant matrix as one without zeros, and terms that cancel still count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from graphad.builder import live_marks
from graphad.errors import DerivativeError
from graphad.ir import Graph, Node
from graphad.op import Array
from graphad.ops import OPS
from graphad.passes.element_edges import Edges, contraction_places, element_edges
from graphad.passes.entries import request
from graphad.passes.index_sets import (
    IndexSets,
    check_count,
    distinct,
    pairs,
    sets_of_pairs,
    single_sets,
)

LINEAR = tuple(
    OPS[name]
    for name in ("negative", "add", "subtract", "cast", "mask", "where")
    + ("maximum", "minimum", "absolute", "max", "min", "sum", "cumsum", "scatter_add")
    + ("real", "imag", "conjugate", "fft", "ifft")
)
"""Ops that are linear, wherever they are smooth; and those that only move elements."""
MULTIPLY, DIVIDE, POWER = OPS["multiply"], OPS["divide"], OPS["integer_power"]
EINSUM = OPS["einsum"]
FEW_FACTORS = 16
"""Products of more are taken to be any function of their factors."""
SPARSE_FROM = 1_000_000
MOST_DENSE = 10
"""Hessians of more entries than the first have at most one in so many other than zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Entries of derivatives as arrays, in lexicographic order.

    Parameters
    ----------
    rows : numpy.ndarray of int, shape (m,)
        Rows.
    indices : numpy.ndarray of int, shape (m, k)
        Sorted multi-indices.
    """

    rows: Array
    indices: Array

    def __len__(self) -> int:
        return len(self.rows)


def array_pattern(graph: Graph, order: int, wrt: str | Sequence[str] | None = None) -> Entries:
    """Return the entries of the derivative of an order that are not structural zeros.

    Parameters
    ----------
    graph : Graph
        The function; any grain.
    order : {1, 2}
        The order of the derivatives.
    wrt : str or sequence of str, optional
        Inputs to differentiate by; all of them if not given.

    Returns
    -------
    Entries

    Raises
    ------
    DerivativeError
        If the request does not fit; if the pattern is not known from the graph alone, such as where
        indices are computed; or if it is not sparse.

    Examples
    --------
    >>> from graphad import trace
    >>> g = trace(lambda x: np.sum(x[1:] * np.sin(x[:-1])), np.zeros(3))
    >>> array_pattern(g, 2).indices.tolist()
    [[0, 0], [0, 1], [1, 1], [1, 2]]
    """
    wanted = request(graph, order, wrt, ())
    if order not in (1, 2):
        raise DerivativeError(
            f"patterns of arrays are of order 1 or 2, and not {order}; pattern() of a derivative "
            "takes any order, at scalar grain"
        )
    search = _Search(graph, wanted.wrt)
    return search.first() if order == 1 else search.second()


class _Search:
    """Dependences of the elements of a graph, and what comes of them."""

    def __init__(self, graph: Graph, wrt: Sequence[str]) -> None:
        self.graph = graph
        self.edges: dict[int, dict[int, Edges]] = {}
        self.variables = 0
        self.supports: list[IndexSets | None] = [None] * len(graph.nodes)
        by_name = {node.attrs[0]: node for node in graph.inputs}
        for name in wrt:
            node = by_name[name]
            numbers = np.arange(self.variables, self.variables + node.type.size)
            self.supports[node.id] = single_sets(numbers)
            self.variables += node.type.size
        self._push()

    def _push(self) -> None:
        """Find the variables of each element; None for arrays that depend on none."""
        live = live_marks(self.graph)
        for node in self.graph.nodes:
            if not live[node.id] or all(self.supports[x.id] is None for x in node.inputs):
                continue
            edges = {
                i: edge
                for i, edge in element_edges(node).items()
                if self.supports[node.inputs[i].id] is not None
            }
            if edges:
                self.edges[node.id] = edges
                terms = [(self._support(node.inputs[i]), edge) for i, edge in edges.items()]
                self.supports[node.id] = _gathered(terms, node.type.size)

    def _support(self, node: Node) -> IndexSets:
        found = self.supports[node.id]
        assert found is not None
        return found

    def first(self) -> Entries:
        """Return the pattern of the Jacobian."""
        rows, columns, start = [], [], 0
        for node in self.graph.outputs:
            support = self.supports[node.id]
            if support is not None:
                rows.append(support.owners + start)
                columns.append(support.members)
            start += node.type.size
        if not rows:
            return Entries(np.zeros(0, np.int64), np.zeros((0, 1), np.int64))
        return Entries(np.concatenate(rows), np.concatenate(columns)[:, None])

    # --- second order ----------------------------------------------------------------------------

    def second(self) -> Entries:
        """Return the pattern of the Hessians."""
        self.count = sum(node.type.size for node in self.graph.outputs)
        if self.count * self.variables**2 >= 2**63:
            raise DerivativeError(
                f"{self.count:,} Hessians by {self.variables:,} variables have more entries than "
                "can be numbered; ask for some outputs at a time"
            )
        found: list[Array] = []
        needed = self._needed()
        for node in reversed(self.graph.nodes):
            waiting = needed[node.id]
            edges = self.edges.get(node.id)
            if not waiting or edges is None:
                continue
            rows = _united(waiting, node.type.size)
            for i, edge in edges.items():
                needed[node.inputs[i].id].append(_gathered_back(rows, edge, node, i))
            found.extend(self._meetings(node, rows))
        keys = distinct(np.concatenate(found)) if found else np.zeros(0, np.int64)
        self._check_sparse(len(keys))
        rest, second = np.divmod(keys, max(1, self.variables))
        row, first = np.divmod(rest, max(1, self.variables))
        return Entries(row, np.stack([first, second], axis=1))

    def _needed(self) -> list[list[IndexSets]]:
        """Rows that depend on each element, from the outputs alone."""
        needed: list[list[IndexSets]] = [[] for _ in self.graph.nodes]
        start = 0
        for node in self.graph.outputs:
            needed[node.id].append(single_sets(np.arange(start, start + node.type.size)))
            start += node.type.size
        return needed

    def _meetings(self, node: Node, rows: IndexSets) -> list[Array]:
        """Keys of the entries that the curvature of one node makes."""
        edges = self.edges[node.id]
        if node.op in LINEAR or node.op.structural:
            return []
        if node.op is POWER and node.attrs[0] == 1:
            return []
        live = np.flatnonzero(rows.lengths)
        many = len(edges) > FEW_FACTORS
        if node.op is EINSUM:
            return [self._products(node, rows, pair) for pair in combinations(sorted(edges), 2)]
        if node.op is MULTIPLY and not many:
            chosen = list(combinations(sorted(edges), 2))
        elif node.op is DIVIDE:
            chosen = [pair for pair in ((0, 1), (1, 1)) if all(i in edges for i in pair)]
        else:
            whole = self._support(node).at(live)
            return [self._keys(rows.at(live), whole, whole)]
        return [
            self._keys(rows.at(live), self._operand(node, i, live), self._operand(node, j, live))
            for i, j in dict.fromkeys(chosen)
        ]

    def _operand(self, node: Node, position: int, elements: Array) -> IndexSets:
        """Variables of what elements of an elementwise result are made of."""
        source = self.edges[node.id][position].source
        support = self._support(node.inputs[position])
        return support.at(elements if source is None else source[elements])

    def _products(self, node: Node, rows: IndexSets, pair: tuple[int, int]) -> Array:
        out, (left, right) = contraction_places(node, pair)
        kept = rows.lengths[out] > 0
        first, second = (self._support(node.inputs[i]) for i in pair)
        return self._keys(rows.at(out[kept]), first.at(left[kept]), second.at(right[kept]))

    def _keys(self, rows: IndexSets, left: IndexSets, right: IndexSets) -> Array:
        """Numbers of the entries (row, i, j), i ≤ j, of each row, left and right of each set."""
        n = self.variables
        if self.count == 1:
            _, i, j = pairs(left, right)
            return distinct(np.minimum(i, j) * n + np.maximum(i, j))
        which, i, j = pairs(left, right)
        met = sets_of_pairs(which, np.minimum(i, j) * n + np.maximum(i, j), rows.count)
        _, row, met_key = pairs(rows, met)
        return distinct(row * n * n + met_key)

    def _check_sparse(self, count: int) -> None:
        whole = self.count * self.variables * (self.variables + 1) // 2
        check_count(count, "entries that are no structural zeros")
        if whole > SPARSE_FROM and count * MOST_DENSE > whole:
            raise DerivativeError(
                f"{count:,} of {whole:,} second derivatives of {self.graph.name} are no structural "
                "zeros: it is not sparse; ask for products with directions (hvp) instead"
            )


def _gathered(terms: Sequence[tuple[IndexSets, Edges]], size: int) -> IndexSets:
    """Return, for each element of a result, the variables of what it is made of."""
    terms = list(
        {(id(sets), id(edge.out), id(edge.source)): (sets, edge) for sets, edge in terms}.values()
    )
    if len(terms) == 1 and terms[0][1].out is None:
        sets, edge = terms[0]
        return sets if edge.source is None else sets.at(edge.source)
    owners, members = [], []
    for sets, edge in terms:
        out, source = edge.written(size, sets.count)
        taken = sets if edge.source is None else sets.at(source)
        owners.append(np.repeat(out, taken.lengths))
        members.append(taken.members)
    check_count(sum(map(len, owners)))
    return sets_of_pairs(np.concatenate(owners), np.concatenate(members), size)


def _gathered_back(rows: IndexSets, edge: Edges, node: Node, position: int) -> IndexSets:
    """Return, for each element of an operand, the rows of what is made of it."""
    return _gathered([(rows, Edges(edge.source, edge.out))], node.inputs[position].type.size)


def _united(sets: Sequence[IndexSets], size: int) -> IndexSets:
    """Return the unions of sets at the same positions."""
    if len(sets) == 1:
        return sets[0]
    owners = np.concatenate([one.owners for one in sets])
    return sets_of_pairs(owners, np.concatenate([one.members for one in sets]), size)
