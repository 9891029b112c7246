"""Derivatives of order k by taking first derivatives k times, at scalar grain.

Only sorted multi-indices are derived, each from the one before it: F'(x)[e_i], then
F''(x)[e_i, e_j] for i ≤ j, n(n+1)/2 of them and never n².
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphad.builder import G, copy_nodes, paused_gc
from graphad.errors import DerivativeError
from graphad.ir import Node
from graphad.passes.entries import Entry, Request, Scalars, finish_entries, request, scalars
from graphad.passes.local import Lean, Local
from graphad.passes.masks import bits
from graphad.passes.pipeline import graph_pass

MODES = {
    "forward": ("forward", "forward"),
    "reverse": ("reverse", "reverse"),
    "reverse-forward": ("reverse", "forward"),
}
"""For each mode, the way to take the first derivative, and all others."""


@graph_pass(preserves=False)
def nested(
    graph: G,
    order: int = 2,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
    *,
    mode: str = "forward",
    between: str = "",
) -> G:
    """Derive entries of order k by k first derivatives, one of the other.

    Identity: ``∂(∂^α f)/∂x_j = ∂^(α, j) f`` with j not before the last index of α, by the jvp of
    each node. What is not between a wanted entry and a variable is not visited.

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
    mode : {"forward", "reverse", "reverse-forward"}
        Tangents along each variable, one sweep back from each entry, or one sweep back from each
        row and then tangents.
    between : str
        Passes that derivatives go through from one order to the next, such as
        ``"simplify,collect,cse"``; none if empty. It takes longer, and pays for some functions.

    Returns
    -------
    Graph
        With the inputs of `graph` and one output, the vector of the entries.

    Raises
    ------
    DerivativeError
        If the mode is unknown, or the request does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from graphad import trace
    >>> g = trace(lambda x: x[0] ** 2 * x[1], np.zeros(2))
    >>> nested(g, 2)(np.array([3.0, 5.0])).tolist()
    [10.0, 6.0, 0.0]
    """
    if mode not in MODES:
        listed = ", ".join(repr(name) for name in MODES)
        raise DerivativeError(f"there is no mode {mode!r} of nested derivatives; modes: {listed}")
    wanted = request(graph, order, wrt, entries)
    first, then = MODES[mode]
    with paused_gc():
        level = rows_of(graph, wanted, "nested")
        for k in range(order):
            if between and k:
                level = tidied(graph, wanted, level, between)
            level = next_order(level, wanted, k, first if k == 0 else then)
        return finish_level(graph, wanted, level)


@dataclass(slots=True)
class Level:
    """Derivatives of one order, in a builder.

    Parameters
    ----------
    local : Local
        Their builder and its variables.
    nodes : dict of Entry to Node
        Each derivative that is not a structural zero, by row and multi-index, in order.
    """

    local: Local
    nodes: dict[Entry, Node]


def rows_of(graph: G, wanted: Request, name: str) -> Level:
    """Return the rows of a graph that entries are wanted of: derivatives of order 0."""
    rows = sorted({row for row, _ in wanted.entries})
    return level_of(scalars(graph, wanted.wrt), [(row, ()) for row in rows], rows, name)


def level_of(lowered: Scalars, keys: Sequence[Entry], positions: Sequence[int], name: str) -> Level:
    """Return what stands at some rows of a graph at scalar grain, in a fresh builder."""
    builder = Lean()
    fresh = copy_nodes(builder, lowered.graph)
    variables = [None if node is None else fresh[node.id] for node in lowered.variables]
    nodes = {
        key: fresh[lowered.rows[position].id] for key, position in zip(keys, positions, strict=True)
    }
    return Level(Local(builder, variables, name), nodes)


def following(entries: Iterable[Entry], order: int) -> dict[Entry, int]:
    """Return the variables that derivatives of an order are to be derived by next, as bits.

    Examples
    --------
    >>> following([(0, (0, 1)), (0, (0, 2)), (0, (1, 1))], 1)
    {(0, (0,)): 6, (0, (1,)): 2}
    """
    found: dict[Entry, int] = {}
    for row, index in entries:
        key = row, index[:order]
        found[key] = found.get(key, 0) | 1 << index[order]
    return found


def next_order(level: Level, wanted: Request, order: int, way: str) -> Level:
    """Return the derivatives of order + 1 that entries are made of, by one more derivative.

    Parameters
    ----------
    level : Level
        Derivatives of `order`.
    wanted : Request
        The entries in the end.
    order : int
        The order that `level` has.
    way : {"forward", "reverse"}
        How to derive.
    """
    after = following(wanted.entries, order)
    step = _pushed if way == "forward" else _pulled
    made = step(level, after)
    ordered = {(row, index): made[row, index] for row, index in sorted(made)}
    return Level(level.local, ordered)


def _pushed(level: Level, after: Mapping[Entry, int]) -> dict[Entry, Node]:
    local = level.local
    by_variable: dict[int, list[Entry]] = {}
    for key, node in level.nodes.items():
        for variable in bits(after[key] & local.mask(node)):
            by_variable.setdefault(variable, []).append(key)
    made: dict[Entry, Node] = {}
    for variable in sorted(by_variable):
        keys = by_variable[variable]
        tangents = local.push([level.nodes[key] for key in keys], variable)
        for (row, index), tangent in zip(keys, tangents, strict=True):
            if tangent is not None:
                made[row, (*index, variable)] = tangent.node
    return made


def _pulled(level: Level, after: Mapping[Entry, int]) -> dict[Entry, Node]:
    made: dict[Entry, Node] = {}
    for (row, index), node in level.nodes.items():
        found = level.local.pull(node, after[row, index])
        for variable, cotangent in found.items():
            made[row, (*index, variable)] = cotangent
    return made


def tidied(graph: G, wanted: Request, level: Level, passes: str) -> Level:
    """Return derivatives after passes, in a builder of their own."""
    keys = list(level.nodes)
    made = finish_entries(level.local.builder, graph, [level.nodes[key] for key in keys])
    lowered = scalars(made, wanted.wrt, f"scalarize,{passes}")
    return level_of(lowered, keys, range(len(keys)), level.local.name)


def finish_level(graph: G, wanted: Request, level: Level) -> G:
    """Return the graph of the wanted entries, which are the derivatives of a level."""
    values = [level.nodes.get(entry) for entry in wanted.entries]
    return finish_entries(level.local.builder, graph, values)
