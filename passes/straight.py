"""Entries by one variable alone: a univariate Taylor polynomial along it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import factorial

from graphad.builder import Builder, G, Value, copy_nodes, live_marks, paused_gc
from graphad.errors import DerivativeError
from graphad.ir import Node
from graphad.op import Operand
from graphad.passes.entries import Entry, entry_dtype, finish_entries, request, scalars
from graphad.passes.pipeline import graph_pass
from graphad.passes.series import Expansion, Term, coefficient
from graphad.passes.taylor import check_factorial

SHOWN = 3


@graph_pass(preserves=False)
def straight(
    graph: G,
    order: int = 2,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
) -> G:
    """Derive entries (i, i, …) by univariate Taylor polynomials, in O(k²) operations each.

    Identity: ``∂ᵏf/∂x_iᵏ = k!·y_k`` with ``f(x + t·e_i) = Σ y_k tᵏ``. It is the whole derivative of
    a function of one variable, and the diagonal of others.

    Parameters
    ----------
    graph : Graph
        The function.
    order : int
        k.
    wrt : str or sequence of str, optional
        Inputs whose elements are the variables; all if not given.
    entries : iterable of Entry, optional
        The wanted entries; all unique ones if not given.

    Returns
    -------
    Graph
        One output, the vector of the entries.

    Raises
    ------
    DerivativeError
        If a mixed derivative is asked for, an op has no rule for series, or k! is out of range.
    """
    wanted = request(graph, order, wrt, entries)
    mixed = [index for _, index in wanted.entries if len(set(index)) > 1]
    if mixed:
        shown = ", ".join(map(str, mixed[:SHOWN])) + (", …" if len(mixed) > SHOWN else "")
        raise DerivativeError(
            f"Taylor polynomials along single variables do not give the mixed derivatives {shown}; "
            'use the mode "multivariate" or "directions", or entries="diagonal"'
        )
    check_factorial(order, entry_dtype(graph))
    with paused_gc():
        lowered = scalars(graph, wanted.wrt)
        builder = Builder()
        fresh = copy_nodes(builder, lowered.graph)
        by_variable: dict[int, list[Value | None]] = {}
        values: list[Operand | Node | None] = []
        places = {row: i for i, row in enumerate(dict.fromkeys(row for row, _ in wanted.entries))}
        rows = [lowered.rows[row] for row in places]
        for row, index in wanted.entries:
            if not index:
                values.append(fresh[lowered.rows[row].id])
                continue
            if index[0] not in by_variable:
                by_variable[index[0]] = _tops(
                    builder, lowered.graph.nodes, live_marks(lowered.graph), fresh,
                    lowered.variables[index[0]], rows, order,
                )  # fmt: skip
            values.append(by_variable[index[0]][places[row]])
        return finish_entries(builder, graph, values)


def _tops(
    builder: Builder,
    nodes: Sequence[Node],
    live: bytearray,
    fresh: Sequence[Node],
    variable: Node | None,
    rows: Sequence[Node],
    order: int,
) -> list[Value | None]:
    """Emit k!·y_k of each row along one variable."""
    expansion = Expansion(builder, order)
    terms: dict[int, Term] = {}
    for node in nodes:
        if not live[node.id]:
            continue
        args = tuple([terms[operand.id] for operand in node.inputs])
        value = builder.value(fresh[node.id])
        origin = builder.origins[fresh[node.id].id]
        builder.origin = builder.derive(origin, "straight", node.op.name, order)
        if node is variable:
            one = builder.constant(node.type.dtype.type(1))
            terms[node.id] = expansion.line(value, one)
        elif all(arg.is_constant for arg in args):
            terms[node.id] = expansion.constant(value)
        else:
            terms[node.id] = expansion.apply(node.op, args, node.attrs)
    expansion.expand(order)
    found: list[Value | None] = []
    for node in rows:
        part = coefficient(terms[node.id], order)
        if part is None or order == 1:
            found.append(part)
            continue
        made = part * float(factorial(order))
        assert isinstance(made, Value)
        found.append(made)
    return found
