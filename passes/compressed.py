"""Sparse Jacobians and Hessians from few products with directions, on whole arrays.

The pattern is found first (`graphad.passes.array_pattern`), and variables that do not get in each
other's way share a direction (`graphad.passes.coloring`). Products along all directions are taken
at once, with one leading axis, and the entries are read off them (Curtis, Powell and Reid, 1974):

- order 1: ``f'(x)·S``, or ``Wᵀ·f'(x)`` if rows take fewer directions than columns;
- order 2: ``D²(w·f)(x)·s``, forward over reverse, each w a set of rows whose Hessians have no entry
  in common.

A direction adds up columns, zeros times the rest among them: where a local derivative is infinite
or NaN, other entries of the same row can become NaN with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from graphad.builder import Builder, G, Value, copy_nodes, paused_gc
from graphad.constant import Span
from graphad.errors import DerivativeError
from graphad.evaluate.batching import batch_graph
from graphad.ir import Graph, Node, Origin
from graphad.op import Array, Operand
from graphad.ops import OPS
from graphad.ops.factories import broadcast_to, reshape_to
from graphad.passes.array_pattern import Entries, array_pattern
from graphad.passes.coloring import Coloring, color_columns, color_hessian, color_jacobian, readable
from graphad.passes.entries import Entry, entry_dtype, request, unique_indices
from graphad.passes.index_sets import sets_of_pairs
from graphad.passes.jvp import jvp
from graphad.passes.pipeline import graph_pass
from graphad.passes.transpose import transpose
from graphad.types import DTYPE_NAMES, Type


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Directions of products, and where the entries stand in them.

    Parameters
    ----------
    order : int
        Of the derivative, 1 or 2.
    entries : Entries
        Those that are no structural zeros, of the rows and columns that are wanted.
    columns : Coloring or None
        Variables that share a direction; None for products with rows alone.
    rows : Coloring or None
        Rows that are added up; None for products with columns alone. A color that is the count of
        colors says that a row, or a variable, is in no direction.
    places : numpy.ndarray of int, shape (len(entries),)
        Where each entry stands in the flattened products, direction by direction.
    """

    order: int
    entries: Entries
    columns: Coloring | None
    rows: Coloring | None
    places: Array

    @property
    def directions(self) -> int:
        """How many products are taken."""
        return prod([one.count for one in (self.columns, self.rows) if one is not None])


@graph_pass(preserves=False)
def compressed(
    graph: G,
    order: int = 2,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
) -> G:
    """Derive sparse Jacobians and Hessians from products with few directions, array by array.

    Identities: ``J_rj = (J·s)_r`` where j is the only variable of the direction s that row r
    depends on; ``H_ij = (H·s)_i`` in the same way, or ``(H·t)_j`` with i in the direction t.

    Parameters
    ----------
    graph : Graph
        The function; any grain.
    order : {0, 1, 2}
        The order of the derivatives.
    wrt : str or sequence of str, optional
        Inputs to differentiate by; all of them if not given.
    entries : iterable of Entry, optional
        Rows and sorted multi-indices that are wanted; all if not given.

    Returns
    -------
    Graph
        One output, the vector of entries.

    Raises
    ------
    DerivativeError
        If the request does not fit, the order is higher, or the pattern is not known or not sparse
        (see `array_pattern`).
    """
    wanted = request(graph, order, wrt, () if entries is None else entries)
    variables = _sizes([node for node in graph.inputs if node.attrs[0] in wanted.wrt])
    count = _sizes(graph.outputs)
    if entries is None:
        listed = unique_indices(variables, order)
        unique = np.array(listed, np.int64).reshape(len(listed), order)
        rows, indices = np.repeat(np.arange(count), len(unique)), np.tile(unique, (count, 1))
    else:
        rows = np.array([row for row, _ in wanted.entries], np.int64)
        indices = np.array([index for _, index in wanted.entries], np.int64)
        indices = indices.reshape(len(rows), order)
    with paused_gc():
        builder = Builder()
        for node in graph.inputs:
            builder.input(*node.attrs)
        dtype = entry_dtype(graph)
        if order == 0:
            fresh = copy_nodes(builder, graph, given=bound_inputs(builder, graph))
            values = [builder.value(fresh[node.id]) for node in graph.outputs]
            made = taken(joined(builder, values, (), dtype), rows, len(rows))
        else:
            reading = find_reading(graph, order, wanted.wrt, Entries(rows, indices))
            positions, found = looked_up(reading.entries, Entries(rows, indices), variables)
            flat = products(builder, graph, wanted.wrt, reading)
            made = taken(flat, reading.places[positions], len(rows), found)
        return builder.finish(graph.name, [made], make=type(graph))


# --- pattern and directions ----------------------------------------------------------------------


def find_reading(
    graph: Graph, order: int, wrt: Sequence[str], wanted: Entries | None = None
) -> Reading:
    """Return the directions of products from which entries can be read.

    Parameters
    ----------
    graph : Graph
        The function.
    order : {1, 2}
        Of the derivative.
    wrt : sequence of str
        Inputs to differentiate by.
    wanted : Entries, optional
        Rows of others, and columns of others at order 1, are left out.

    Raises
    ------
    DerivativeError
        If the pattern is not known, or not sparse.
    """
    if order not in (1, 2):
        raise DerivativeError(
            f"products with directions give derivatives of order 1 and 2, and not {order}; "
            "derive higher ones at scalar grain"
        )
    found = array_pattern(graph, order, wrt)
    count = _sizes(graph.outputs)
    variables = _sizes([node for node in graph.inputs if node.attrs[0] in wrt])
    if wanted is not None:
        kept = _marks(wanted.rows, count)[found.rows]
        if order == 1:
            kept &= _marks(wanted.indices[:, 0], variables)[found.indices[:, 0]]
        if not kept.all():
            found = Entries(found.rows[kept], found.indices[kept])
    if order == 1:
        return _jacobian_reading(found, count, variables)
    return _hessian_reading(found, count, variables)


def _jacobian_reading(found: Entries, count: int, variables: int) -> Reading:
    rows, columns = found.rows, found.indices[:, 0]
    forward = color_jacobian(rows, columns, variables)
    assert forward is not None
    reverse = color_jacobian(columns, rows, count, forward.count)
    if reverse is None:
        coloring = _idle(forward, columns)
        places = coloring.colors[columns] * count + rows
        return Reading(1, found, coloring, None, places)
    coloring = _idle(reverse, rows)
    return Reading(1, found, None, coloring, coloring.colors[rows] * variables + columns)


def _hessian_reading(found: Entries, count: int, variables: int) -> Reading:
    i, j = found.indices[:, 0], found.indices[:, 1]
    key = i * variables + j
    unique, pair = np.unique(key, return_inverse=True)
    groups = color_columns(sets_of_pairs(found.rows, pair, count))
    assert groups is not None
    first, second = np.divmod(unique, max(1, variables))
    colors = color_hessian(first, second, variables)
    color, at = readable(first, second, colors, variables)
    rows = _idle(groups, found.rows)
    place = (color[pair] * rows.count + rows.colors[found.rows]) * variables + at[pair]
    return Reading(2, found, _idle(colors, np.concatenate([i, j])), rows, place)


def _idle(coloring: Coloring, used: Array) -> Coloring:
    """Take what has no entries out of all directions."""
    marks = _marks(used, len(coloring.colors))
    return Coloring(np.where(marks, coloring.colors, coloring.count), coloring.count)


def _marks(positions: Array, count: int) -> Array:
    marks = np.zeros(count, bool)
    marks[positions] = True
    return marks


def looked_up(known: Entries, wanted: Entries, variables: int) -> tuple[Array, Array]:
    """Return the positions of wanted entries among known ones, and which of them are known.

    Returns
    -------
    positions : numpy.ndarray of int, shape (f,)
        Of those that are known.
    found : numpy.ndarray of int, shape (f,)
        Their positions among the wanted ones.
    """
    have, ask = (_keys(one, variables) for one in (known, wanted))
    at = np.searchsorted(have, ask)
    hits = np.zeros(len(ask), bool)
    inside = at < len(have)
    hits[inside] = have[at[inside]] == ask[inside]
    return at[hits], np.flatnonzero(hits)


def _keys(entries: Entries, variables: int) -> Array:
    keys = entries.rows
    for column in entries.indices.T:
        keys = keys * variables + column
    return keys


def _sizes(nodes: Iterable[Node]) -> int:
    return sum(node.type.size for node in nodes)


# --- emission ------------------------------------------------------------------------------------


def products(builder: Builder, graph: Graph, wrt: Sequence[str], reading: Reading) -> Value:
    """Emit the products with all directions, as one vector.

    Parameters
    ----------
    builder : Builder
        Has the inputs of `graph`.
    graph : Graph
        The function.
    wrt : sequence of str
        Inputs to differentiate by.
    reading : Reading
        The directions.
    """
    dtype = entry_dtype(graph)
    if not reading.directions:
        return builder.constant(np.zeros(0, dtype))
    n = len(graph.inputs)
    by_name = {node.attrs[0]: node.type for node in graph.inputs}
    inputs = [by_name[name] for name in wrt]
    linear = jvp(graph, wrt, values=False)
    builder.origin = Origin(rewrite="compressed", rule="seed", order=reading.order)
    given: list[Value] = []
    lead: tuple[int, ...] = ()
    rows, columns = reading.rows, reading.columns
    if rows is not None:
        tangents = [node.attrs[0] for node in linear.inputs[n:]]
        linear = transpose(linear, tangents)
        given = seeds(builder, rows, [node.type for node in graph.outputs])
        if rows.count > 1:
            lead = (rows.count,)
            linear = batch_graph(linear, lead, [i >= n for i in range(len(linear.inputs))])
        if columns is not None:
            linear = jvp(linear, wrt, values=False)
    if columns is not None:
        fixed = len(linear.inputs) - len(wrt)
        given += seeds(builder, columns, inputs)
        if columns.count > 1:
            lead = (columns.count, *lead)
            marks = [i >= fixed for i in range(len(linear.inputs))]
            linear = batch_graph(linear, (columns.count,), marks)
    bound = bound_inputs(builder, linear, n)
    for node, seed in zip(linear.inputs[n:], given, strict=True):
        bound[node.id] = seed.node
    fresh = copy_nodes(builder, linear, given=bound)
    builder.origin = Origin(rewrite="compressed", rule="read", order=reading.order)
    return joined(builder, [builder.value(fresh[node.id]) for node in linear.outputs], lead, dtype)


def bound_inputs(builder: Builder, graph: Graph, count: int | None = None) -> dict[int, Node]:
    """Inputs of a graph in a builder that has inputs of those names."""
    return {node.id: builder.input(*node.attrs).node for node in graph.inputs[:count]}


def seeds(builder: Builder, coloring: Coloring, types: Sequence[Type]) -> list[Value]:
    """Return, for arrays of some types, 1 where the color is that of the direction, else 0."""
    made, start = [], 0
    for type in types:
        colors = coloring.colors[start : start + type.size]
        made.append(_seed(builder, colors, coloring.count, type))
        start += type.size
    return made


def _seed(builder: Builder, colors: Array, count: int, type: Type) -> Value:
    """Return the indicators of colors, one after the other; of one color without that axis."""
    shape = (count, *type.shape) if count > 1 else type.shape
    if count == 1 and not colors.any():
        return _value(broadcast_to(builder.constant(type.dtype.type(1)), shape))
    size = max(count, int(colors.max()) + 1 if len(colors) else 0)
    unit = builder.emit(OPS["identity"], (), ((size,), DTYPE_NAMES[type.dtype]))
    chosen: Operand = builder.value(unit)
    if size > count:
        chosen = OPS["slice"](chosen, spans=(Span(0, count, 1), Span(0, size, 1)))
    return _value(reshape_to(OPS["take"](chosen, colors, axis=1), shape))


def joined(
    builder: Builder, values: Sequence[Value], lead: tuple[int, ...], dtype: np.dtype
) -> Value:
    """Return arrays with the leading axes `lead` side by side, as one vector."""
    if not values:
        return builder.constant(np.zeros(0, dtype))
    if len(values) == 1:
        return _value(reshape_to(values[0], (values[0].type.size,)))
    count = prod(lead)
    front = (count,) if count > 1 else ()
    flat = [reshape_to(one, (*front, one.type.size // count)) for one in values]
    whole = OPS["concatenate"](*flat, axis=len(front))
    return _value(reshape_to(whole, (whole.type.size,)))


def taken(flat: Value, places: Array, size: int, found: Array | None = None) -> Value:
    """Return elements of a vector, at the positions `found` of a vector of structural zeros."""
    if not len(places):
        zero = flat.builder.constant(flat.type.dtype.type(0))
        return _value(broadcast_to(zero, (size,)))
    whole = len(places) == flat.type.size and np.array_equal(places, np.arange(len(places)))
    values = flat if whole else OPS["take"](flat, places, axis=0)
    if found is None or len(found) == size:
        return _value(values)
    return _value(OPS["scatter_add"](values, found, axis=0, size=size))


def _value(operand: Operand) -> Value:
    assert isinstance(operand, Value)
    return operand
