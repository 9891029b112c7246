"""Mixed derivatives from univariate ones along rays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from warnings import warn

import numpy as np

from graphad.builder import Builder, G, Value, paused_gc
from graphad.errors import PrecisionWarning
from graphad.ir import Graph, Node
from graphad.passes.entries import (
    Entry,
    Request,
    entry_dtype,
    finish_entries,
    request,
    scalars,
)
from graphad.passes.multivariate_expansion import Packed, Polynomials, expand_terms
from graphad.passes.multivariate_structure import Structure
from graphad.passes.multivariate_sums import Sum
from graphad.passes.pipeline import graph_pass
from graphad.passes.rays import Combination, Ray, combinations_of, condition_of, rays_of


@graph_pass(preserves=False)
def directions(
    graph: G,
    order: int = 2,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
) -> G:
    """Derive entries of order k by univariate Taylor polynomials along rays.

    Along each ray v, the function is expanded in one variable up to order k; entries are linear
    combinations of the derivatives that this gives (Griewank, Utke and Walther 2000). An entry
    takes rays with its own variables only, so that others stay where they are; all entries of one
    row together take one ray each. See `graphad.passes.rays` for the choice of rays.

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
        If an input or an entry is not there, dtypes differ, an op has no rule, or the system is
        too large.

    Warns
    -----
    PrecisionWarning
        If the condition number of the system costs more than half of the digits.

    Examples
    --------
    >>> import numpy as np
    >>> from graphad import trace
    >>> g = trace(lambda x, y: x * x * y)
    >>> directions(g, order=2)(3.0, 2.0).tolist()
    [4.0, 6.0, 0.0]
    """
    wanted = request(graph, order, wrt, entries)
    lowered = scalars(graph, wanted.wrt)
    structure = Structure(lowered)
    kept = _kept(structure, wanted)
    combined = combinations_of([index for _, index in kept])
    _warn(graph, condition_of([index for _, index in kept]))
    with paused_gc():
        builder = Builder()
        for node in graph.inputs:
            builder.input(*node.attrs)
        rows: dict[Ray, dict[Node, None]] = {ray: {} for ray in rays_of(combined.values())}
        for row, index in kept:
            for ray in combined[index]:
                rows[ray][lowered.rows[row]] = None
        along = {ray: _along(builder, structure, order, ray, tuple(rows[ray])) for ray in rows}
        values: list[Value | None] = []
        for entry in wanted.entries:
            node = lowered.rows[entry[0]]
            origin = lowered.graph.origins[node.id]
            builder.origin = builder.derive(origin, "directions", "combination", order)
            combination = combined[entry[1]] if entry in kept else {}
            values.append(_sum(builder, node, combination, along))
        return finish_entries(builder, graph, values)


def directions_condition(
    graph: Graph,
    order: int = 2,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
) -> tuple[int, float]:
    """Return how many rays entries take, and the condition number of their system.

    Parameters
    ----------
    graph, order, wrt, entries
        As for `directions`.

    Examples
    --------
    >>> import numpy as np
    >>> from graphad import trace
    >>> g = trace(lambda x: np.prod(np.sin(x)), np.ones(5))
    >>> count, condition = directions_condition(g, order=2)
    >>> count, round(condition, 1)
    (15, 3.2)
    """
    wanted = request(graph, order, wrt, entries)
    kept = _kept(Structure(scalars(graph, wanted.wrt)), wanted)
    indices = [index for _, index in kept]
    return len(rays_of(combinations_of(indices).values())), condition_of(indices)


def _kept(structure: Structure, wanted: Request) -> dict[Entry, None]:
    """The entries that may differ from zero."""
    rows = structure.lowered.rows
    return {
        (row, index): None
        for row, index in wanted.entries
        if structure.may_differ(rows[row], index)
    }


def _warn(graph: Graph, condition: float) -> None:
    dtype = entry_dtype(graph)
    if dtype.kind in "fc" and condition > np.finfo(dtype).eps ** -0.5:
        warn(
            f"the system of rays for {graph.name} has the condition number {condition:.1e}, more "
            f"than half of the digits of {dtype}; ask for a lower order, or use multivariate",
            PrecisionWarning,
            stacklevel=4,
        )


def _along(
    builder: Builder, structure: Structure, order: int, ray: Ray, rows: Sequence[Node]
) -> dict[Node, Value | None]:
    """The k-th derivative of each row along a ray."""
    polynomials = Polynomials(builder, order, "directions")
    steps = dict(ray)
    positions = structure.positions

    def seed(node: Node, value: Value) -> Packed | None:
        step = steps.get(positions.get(node, -1))
        return None if step is None else polynomials.variable(value, 0, step)

    terms = expand_terms(polynomials, structure.lowered.graph, rows, seed)
    index = (0,) * order
    for row in rows:
        polynomials.want(terms[row], index)
    polynomials.expand()
    return {row: terms[row].coefficients.get(index) for row in rows}


def _sum(
    builder: Builder,
    node: Node,
    combination: Combination,
    along: dict[Ray, dict[Node, Value | None]],
) -> Value | None:
    """``Σ weight·derivative`` of a row."""
    total = Sum(builder, node.type)
    for ray, weight in combination.items():
        value = along[ray][node]
        if value is not None:
            total.add(_plain(weight), value)
    return total.value()


def _plain(weight: Fraction) -> float:
    return int(weight) if weight.denominator == 1 else float(weight)
