"""Packed Taylor polynomials in several variables: every mixed derivative at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphad.builder import Builder, G, Value, paused_gc
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.ops import OPS
from graphad.passes.entries import Entry, Scalars, finish_entries, request, scalars
from graphad.passes.multivariate_expansion import Packed, Polynomials
from graphad.passes.pipeline import graph_pass


@graph_pass(preserves=False)
def multivariate(
    graph: G,
    order: int = 2,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
) -> G:
    """Derive entries of order k by truncated Taylor polynomials in several variables.

    Each scalar carries its partial derivatives of all orders up to k, one for each sorted
    multi-index: a variable starts at ``[x_i, e_i, 0]``, and the others follow by recurrences
    (Neidinger 2010; Griewank and Walther 2008, chapter 13; Berz 1991). Of these, only what wanted
    entries are made of is derived, and what vanishes for lack of variables or of degree is not.

    Parameters
    ----------
    graph : Graph
        The function.
    order : int
        k.
    wrt : str or sequence of str, optional
        Inputs to differentiate by; all of them if not given.
    entries : iterable of (int, tuple of int), optional
        Rows and sorted multi-indices that are wanted; all if not given.

    Returns
    -------
    Graph
        With the inputs of `graph` and one output, the vector of the entries.

    Raises
    ------
    DerivativeError
        If an input or an entry is not there, dtypes differ, or an op has no rule.

    Examples
    --------
    >>> import numpy as np
    >>> from graphad import trace
    >>> g = trace(lambda x, y: x * x * y)
    >>> multivariate(g, order=2)(3.0, 2.0).tolist()
    [4.0, 6.0, 0.0]
    """
    wanted = request(graph, order, wrt, entries)
    lowered = scalars(graph, wanted.wrt)
    with paused_gc():
        builder = Builder()
        polynomials = Polynomials(builder, order, "multivariate")
        roots = dict.fromkeys([lowered.rows[row] for row, _ in wanted.entries])
        terms = _terms(polynomials, graph, lowered, tuple(roots))
        for row, index in wanted.entries:
            polynomials.want(terms[lowered.rows[row]], index)
        polynomials.expand()
        values = [terms[lowered.rows[row]].coefficients.get(index) for row, index in wanted.entries]
        return finish_entries(builder, graph, values)


def _terms(
    polynomials: Polynomials, graph: Graph, lowered: Scalars, roots: Sequence[Node]
) -> dict[Node, Packed]:
    """The polynomials of all nodes that the roots depend on."""
    builder = polynomials.builder
    inputs = {node.attrs[0]: builder.input(*node.attrs) for node in graph.inputs}
    positions = {node: i for i, node in enumerate(lowered.variables) if node is not None}
    terms: dict[Node, Packed] = {}
    nodes = needed(lowered.graph, roots)
    inner = inner_products(nodes, roots)
    for node in nodes:
        origin = lowered.graph.origins[node.id]
        builder.origin = origin
        if node.op is INPUT:
            value = inputs[node.attrs[0]]
        elif node.op is OPS["element"] and node.inputs[0].op is INPUT:
            operand = inputs[node.inputs[0].attrs[0]].node
            value = builder.value(builder.emit(node.op, (operand,), node.attrs))
        elif node.op is CONST or not node.inputs:
            value = builder.value(builder.emit(node.op, (), node.attrs))
        else:
            if node not in inner:
                args = tuple([terms[operand] for operand in factors(node, inner)])
                terms[node] = polynomials.apply(node.op, args, node.attrs)
            continue
        terms[node] = (
            polynomials.variable(value, positions[node])
            if node in positions
            else polynomials.constant(value)
        )
    return terms


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
            uses[operand] = uses.get(operand, 0) + (1 if node.op is OPS["multiply"] else 2)
    return {node for node in nodes if node.op is OPS["multiply"] and uses[node] == 1}


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
