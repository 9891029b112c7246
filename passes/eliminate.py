"""Cross-country elimination: Jacobians from the linearised graph, in any order of its vertices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from graphad.builder import G, paused_gc
from graphad.cost import operations
from graphad.errors import DerivativeError
from graphad.ir import CONST, Graph, Node
from graphad.ops import OPS
from graphad.passes.elimination_orders import ORDERS, STEPS, Elimination, find_order
from graphad.passes.elimination_sharing import Shared, Symbols
from graphad.passes.elimination_structure import Linearized, Order, cost_of, useful_edges
from graphad.passes.entries import SCALAR, Entry, Request, Scalars, finish_entries, request, scalars
from graphad.passes.jvp import check_analytic
from graphad.passes.masks import bits
from graphad.passes.nested import Level, finish_level, following, level_of
from graphad.passes.pipeline import Pipeline, graph_pass
from graphad.types import DTYPE_NAMES

PREPARED = "simplify,collect,simplify,cse,dce"
"""What a graph goes through before it is linearised: sums of many terms are one vertex."""
MEASURED = 1_000
"""Most vertices of a graph for which orders are compared by what is left after simplification."""
FEWER = 20
"""A beam does not see what orders share: where that counts, it has so many times fewer steps."""
MULTIPLY, CAST = OPS["multiply"], OPS["cast"]


@graph_pass(preserves=False)
def eliminate(
    graph: G,
    order: int = 1,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
    *,
    by: str | Sequence[int] | Elimination = "search",
    count: str = "operations",
    steps: int = STEPS,
    seconds: float | None = None,
    between: str = PREPARED,
) -> G:
    """Derive entries by eliminating the vertices of the linearised graph, in a cheap order.

    Identity, for each predecessor i and successor k of the vertex j that goes:
    ``c_ik += c_ij · c_jk``, with ``c_ij`` the derivative of j by i (Griewank and Reese, 1991). For
    order k > 1, entries of order k - 1 are linearised again. Products that lead to no wanted entry
    are not made. Values do not depend on the order, but for rounding.

    Parameters
    ----------
    graph : Graph
        The function.
    order : int
        k.
    wrt : str or sequence of str, optional
        Inputs to differentiate by; all of them if not given.
    entries : iterable of (int, tuple of int), optional
        Rows and sorted multi-indices that are wanted; all unique ones if not given.
    by : {"search", "markowitz", "reverse", "forward"}, Elimination, or sequence of int
        Where orders of vertices come from. An `Elimination`, or its text, gives those that it was
        made with; a sequence is the order for a first derivative.
    count : {"operations", "multiplications"}
        What Markowitz's order and the search make few of: operations that really run, or
        multiplications as the literature counts them, by ±1 and other numbers too.
    steps : int
        How long to search, for each derivative: vertices that may be eliminated on the way, in
        moves of single vertices if operations count, and in the beam if multiplications do.
        1,000,000 is a long search.
    seconds : float, optional
        A limit on the time of each of both; where it is what ends it, the result depends on the
        machine.
    between : str
        Passes that rows, and derivatives of each order, go through before they are linearised.

    Returns
    -------
    Graph
        With the inputs of `graph` and one output, the vector of the entries. Nodes that it made
        have the vertex in their origin. `eliminated` gives the orders beside it.

    Raises
    ------
    DerivativeError
        If the request does not fit, or the order is unknown or does not fit the graph.

    Examples
    --------
    >>> import numpy as np
    >>> from graphad import trace
    >>> g = trace(lambda x: np.stack([x[0] * x[1], np.sin(x[0])]), np.zeros(2))
    >>> eliminate(g)(np.array([0.0, 3.0])).tolist()
    [3.0, 0.0, 1.0, 0.0]
    """
    made, _ = eliminated(
        graph,
        order,
        wrt,
        entries,
        by=by,
        count=count,
        steps=steps,
        seconds=seconds,
        between=between,
    )
    return made


def eliminated(
    graph: G,
    order: int = 1,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
    *,
    by: str | Sequence[int] | Elimination = "search",
    count: str = "operations",
    steps: int = STEPS,
    seconds: float | None = None,
    between: str = PREPARED,
) -> tuple[G, Elimination]:
    """Return what `eliminate` gives, and the orders that it was made with.

    Parameters are those of `eliminate`. Given back as `by`, for the same graph and entries, the
    second result makes the first again, without a search.

    Examples
    --------
    >>> import numpy as np
    >>> from graphad import trace
    >>> g = trace(lambda x: np.exp(np.sin(x[0] * x[1])), np.zeros(2))
    >>> made, record = eliminated(g)
    >>> print(record)
    search 3 [3 2]
    >>> eliminate(g, by=str(record)) == made
    True
    """
    wanted = request(graph, order, wrt, entries)
    given = _given(by, order)
    with paused_gc():
        here = _rows(graph, wanted, between)
        orders: list[Order] = []
        counts: list[int] = []
        for k in range(order):
            after = following(wanted.entries, k)
            if isinstance(given, str):
                found = _found(graph, here, after, given, count, steps, seconds)
            else:
                found = find_order(Edges(here.level(), after).linear, given.orders[k], count)
            level, multiplications = _next_order(here, after, found)
            orders.append(found)
            counts.append(multiplications)
            if k < order - 1:
                here = _lowered(graph, wanted, level, between)
        name = given if isinstance(given, str) else given.by
        record = Elimination(name, tuple(orders), tuple(counts))
        return finish_level(graph, wanted, level if order else here.level()), record


def _given(by: str | Sequence[int] | Elimination, order: int) -> str | Elimination:
    """The name of a way to find orders, or the orders themselves, one for each derivative."""
    if isinstance(by, str):
        if "[" not in by:
            return by
        by = Elimination.parse(by)
    if not isinstance(by, Elimination):
        by = Elimination("given", (tuple(by),), (0,))
    if len(by.orders) != order:
        raise DerivativeError(
            f"a derivative of order {order} takes {order} orders of vertices, and {len(by.orders)} "
            "are given; a single sequence is for a first derivative"
        )
    return by


@dataclass(frozen=True, slots=True)
class _Here:
    """Derivatives of one order as a graph at scalar grain, whose rows they are."""

    scalars: Scalars
    keys: tuple[Entry, ...]
    positions: tuple[int, ...]

    def level(self) -> Level:
        """Return them in a builder of their own, to be derived further."""
        return level_of(self.scalars, self.keys, self.positions, "eliminate")


def _rows(graph: Graph, wanted: Request, between: str) -> _Here:
    rows = sorted({row for row, _ in wanted.entries})
    passes = f"scalarize,{between}" if between else SCALAR
    keys = tuple([(row, ()) for row in rows])
    return _Here(scalars(graph, wanted.wrt, passes), keys, tuple(rows))


def _lowered(graph: Graph, wanted: Request, level: Level, between: str) -> _Here:
    made = finish_entries(level.local.builder, graph, list(level.nodes.values()))
    passes = f"scalarize,{between}" if between else "scalarize"
    keys = tuple(level.nodes)
    return _Here(scalars(made, wanted.wrt, passes), keys, tuple(range(len(keys))))


def _found(
    graph: Graph,
    here: _Here,
    after: dict[Entry, int],
    by: str,
    count: str,
    steps: int,
    seconds: float | None,
) -> Order:
    """The order of a name.

    For operations, the search improves on the best of the named orders, and then takes what has
    the fewest after simplification, which no count on edges knows for sure.
    """
    edges = Edges(here.level(), after)
    linear = edges.linear
    shares = by == "search" and count == "operations"
    found = find_order(linear, by, count, steps // FEWER if shares else steps, seconds)
    if not shares or len(linear.intermediates) < 2:
        return found
    shared = edges.shared()
    candidates = [found, *[find_order(linear, name, count) for name in ORDERS[:-1]]]
    best = min(candidates, key=shared.cost)
    candidates.append(shared.improve(best, steps, seconds))
    if len(linear.predecessors) > MEASURED:
        return candidates[-1]

    def left(order: Order) -> int:
        level, _ = _next_order(here, after, order)
        made = finish_entries(level.local.builder, graph, list(level.nodes.values()))
        return operations(Pipeline(PREPARED)(made))

    return min(dict.fromkeys(candidates), key=left)


def _next_order(here: _Here, after: dict[Entry, int], order: Order) -> tuple[Level, int]:
    """Return derivatives by the variables that `after` says, and the multiplications they took."""
    level = here.level()
    edges = Edges(level, after)
    edges.eliminate(order)
    made: dict[Entry, Node] = {}
    for (row, index), node in sorted(level.nodes.items()):
        for variable in bits(after[row, index]):
            entry = edges.entry(node, variable)
            if entry is not None:
                made[row, (*index, variable)] = entry
    return Level(level.local, made), cost_of(edges.linear, order)


class Edges:
    """A linearised graph with its partial derivatives, while vertices are eliminated.

    Parameters
    ----------
    level : Level
        The functions to differentiate.
    after : dict of Entry to int
        For each of them the variables that are wanted, as bits.

    Attributes
    ----------
    linear : Linearized
        The structure at the start. Rows that others depend on, or that are variables, have a
        vertex of their own, at the end of an edge of 1.
    """

    def __init__(self, level: Level, after: dict[Entry, int]) -> None:
        self.local = level.local
        wanted: dict[int, int] = {}
        for key, node in level.nodes.items():
            found = after[key] & self.local.mask(node)
            if found:
                wanted[node.id] = wanted.get(node.id, 0) | found
        partials = self._partials(wanted)
        inner = {i for into in partials.values() for i in into}
        self.nodes = sorted(partials)
        self._vertices = {id: vertex for vertex, id in enumerate(self.nodes)}
        self._columns = {
            self.local.variables[id]: self._vertices[id]
            for id in self.nodes
            if id in self.local.variables
        }
        self._rows = {id: self._vertices[id] for id in wanted}
        for id in sorted(wanted):
            if id in inner or id in self.local.variables:
                self._rows[id] = len(self.nodes)
                self.nodes.append(id)
        # An edge holds terms of a sum; they are added when the edge is used.
        self._after: list[dict[int, list[Node]]] = [{} for _ in self.nodes]
        self._before: list[dict[int, None]] = [{} for _ in self.nodes]
        for id in self.nodes[: len(partials)]:
            for i, partial in partials[id].items():
                self._connect(self._vertices[i], self._vertices[id], partial)
        for id, vertex in self._rows.items():
            if vertex >= len(partials):
                one = self.local.one(self.local.builder.nodes[id]).node
                self._connect(self._vertices[id], vertex, one)
        self.linear = self._structure(wanted)
        self._useful = useful_edges(self.linear)

    def _partials(self, wanted: dict[int, int]) -> dict[int, dict[int, Node]]:
        """For each node between variables and rows, its derivative by each operand, by ids."""
        local = self.local
        needed = dict(wanted)
        waiting = [-id for id in needed]
        waiting.sort()
        found: dict[int, dict[int, Node]] = {}
        while waiting:
            node = local.builder.nodes[-heappop(waiting)]
            found[node.id] = {}
            if node.id in local.variables:
                continue
            check_analytic(node.op, [operand.type for operand in node.inputs])
            for operand, partial in local.back(node, local.one(node).node, needed[node.id]):
                found[node.id][operand.id] = partial
                if operand.id not in needed:
                    needed[operand.id] = 0
                    heappush(waiting, -operand.id)
                needed[operand.id] |= needed[node.id] & local.mask(operand)
        return found

    def _connect(self, i: int, k: int, term: Node) -> None:
        self._after[i].setdefault(k, []).append(term)
        self._before[k][i] = None

    def _structure(self, wanted: dict[int, int]) -> Linearized:
        variables, columns = list(self._columns), tuple(self._columns.values())
        asked = [
            sum(1 << c for c, x in enumerate(variables) if wanted[id] >> x & 1) for id in self._rows
        ]
        numbers = {}
        for i, after in enumerate(self._after):
            for k, (term,) in after.items():
                if term.op is CONST:
                    numbers[i, k] = bool(abs(term.attrs[0].scalar) == 1)
        everything = (1 << len(columns)) - 1
        return Linearized(
            tuple([tuple(before) for before in self._before]),
            columns,
            tuple(self._rows.values()),
            () if all(found == everything for found in asked) else tuple(asked),
            numbers,
        )

    def shared(self) -> Shared:
        """Return the graph with symbols for its edges, before anything is eliminated."""
        symbols = Symbols()
        values = symbols.of_nodes(self.local.builder.nodes)
        edges = [{k: values[term.id] for k, (term,) in after.items()} for after in self._after]
        return Shared(self.linear, symbols, edges, self._useful)

    def eliminate(self, order: Sequence[int]) -> None:
        """Eliminate vertices one after the other."""
        builder = self.local.builder
        for vertex in order:
            origin = builder.origins[self.nodes[vertex]]
            builder.origin = builder.derive(origin, self.local.name, f"vertex {vertex}", 1)
            after = {k: self.local.total(terms) for k, terms in self._after[vertex].items()}
            for i in self._before[vertex]:
                into = self.local.total(self._after[i].pop(vertex))
                for k, out in after.items():
                    if self._useful[i] >> k & 1:
                        self._connect(i, k, self._product(into, out))
            for k in after:
                del self._before[k][vertex]
            self._after[vertex], self._before[vertex] = {}, {}

    def _product(self, into: Node, out: Node) -> Node:
        """The product of two edges, in the dtype of where the first one starts."""
        builder = self.local.builder
        if out.type != into.type:
            out = builder.emit(CAST, (out,), (DTYPE_NAMES[into.type.dtype],))
        return builder.emit(MULTIPLY, (into, out))

    def entry(self, node: Node, variable: int) -> Node | None:
        """Return the derivative of a row by a variable; None is a structural zero."""
        row = self._rows.get(node.id)
        column = self._columns.get(variable)
        if row is None or column is None or row not in self._after[column]:
            return None
        return self.local.total(self._after[column][row])
