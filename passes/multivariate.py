"""Packed Taylor polynomials in several variables: every mixed derivative at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphad.builder import Builder, G, Value, paused_gc
from graphad.ir import Node
from graphad.passes.entries import Entry, finish_entries, request, scalars
from graphad.passes.multivariate_expansion import Packed, Polynomials, expand_terms
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
        for node in graph.inputs:
            builder.input(*node.attrs)
        polynomials = Polynomials(builder, order, "multivariate")
        roots = dict.fromkeys([lowered.rows[row] for row, _ in wanted.entries])
        positions = {node: i for i, node in enumerate(lowered.variables) if node is not None}

        def seed(node: Node, value: Value) -> Packed | None:
            return polynomials.variable(value, positions[node]) if node in positions else None

        terms = expand_terms(polynomials, lowered.graph, tuple(roots), seed)
        for row, index in wanted.entries:
            polynomials.want(terms[lowered.rows[row]], index)
        polynomials.expand()
        values = [terms[lowered.rows[row]].coefficients.get(index) for row, index in wanted.entries]
        return finish_entries(builder, graph, values)
