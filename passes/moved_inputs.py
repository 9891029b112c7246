"""Sparse derivatives by moved copies of the inputs instead of by the inputs themselves.

Where a function only moves elements of its inputs before it computes, as ``x[1:]`` and ``x[:-1]``
do, it is a function F of the moved arrays. An elementwise F has diagonal blocks, so that one
direction for each moved array does, with 1 for all elements of one array and structural zeros for
the others: nothing is multiplied by a zero. With M the matrix that moves,

    f = F(M·x):    D f = D F·M,    D²f = Mᵀ·D²F·M

and since M has a single 1 in each row, entries of f are sums of entries of F at known places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphad.builder import Builder, Value, copy_nodes, live_marks
from graphad.ir import INPUT, Graph, Node, Origin
from graphad.op import Array, Operand
from graphad.ops import OPS
from graphad.ops.factories import broadcast_to, reshape_to
from graphad.passes.array_pattern import Entries
from graphad.passes.compressed import Reading, bound_inputs, find_reading, products, seeds, taken
from graphad.passes.element_edges import carrying, element_edges
from graphad.passes.jvp import fresh_name, jvp
from graphad.passes.transpose import transpose

LAYERS = 4
"""Entries that are sums of at most so many places are gathered, others are scattered."""


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """A function of moved copies of its inputs.

    Parameters
    ----------
    graph : Graph
        F: the inputs that are not differentiated by, and one for each moved array.
    names : tuple of str
        Of the inputs that stand for moved arrays.
    nodes : tuple of Node
        The moved arrays, nodes of the function.
    variables : numpy.ndarray of int
        Which variable of the function each variable of F is.
    """

    graph: Any
    names: tuple[str, ...]
    nodes: tuple[Node, ...]
    variables: Array


@dataclass(frozen=True, slots=True, eq=False)
class MovedReading:
    """How entries are summed up from those of F.

    Parameters
    ----------
    moved : Moved
        F.
    inner : Reading
        The directions for F.
    entries : Entries
        Of the function itself.
    owners, places : numpy.ndarray of int, shape (m,)
        Which entry gets the product at which place; owners rise.
    """

    moved: Moved
    inner: Reading
    entries: Entries
    owners: Array
    places: Array

    @property
    def directions(self) -> int:
        """How many products are taken."""
        return self.inner.directions

    @property
    def whole(self) -> list[tuple[str, ...]] | None:
        """The moved arrays of each direction, if each is in one as a whole."""
        return _uniform(self.moved, self.inner)


def moved_inputs(graph: Graph, wrt: Sequence[str]) -> Moved | None:
    """Return a function of moved inputs; None if it uses the inputs as they are.

    Parameters
    ----------
    graph : Graph
        The function.
    wrt : sequence of str
        Inputs to differentiate by.
    """
    live = live_marks(graph)
    numbers: dict[int, Array] = {}
    start = 0
    by_name = {node.attrs[0]: node for node in graph.inputs}
    for name in wrt:
        node = by_name[name]
        numbers[node.id] = np.arange(start, start + node.type.size)
        start += node.type.size
    used: dict[int, Node] = {node.id: node for node in graph.outputs if node.id in numbers}
    for node in graph.nodes:
        if not live[node.id] or node.op is INPUT:
            continue
        found = _numbers(node, numbers)
        if found is not None:
            numbers[node.id] = found
            continue
        used.update({x.id: x for x in node.inputs if x.id in numbers})
    used.update({node.id: node for node in graph.outputs if node.id in numbers})
    nodes = tuple([used[id] for id in sorted(used)])
    if not nodes or all(node.op is INPUT for node in nodes):
        return None
    builder = Builder()
    fresh: dict[int, Node] = {}
    for node in graph.inputs:
        if node.id not in numbers:
            fresh[node.id] = builder.input(*node.attrs).node
    names = tuple([fresh_name(f"moved{k}", graph) for k in range(len(nodes))])
    for name, node in zip(names, nodes, strict=True):
        fresh[node.id] = builder.input(name, node.type).node
    for node in graph.nodes:
        if live[node.id] and node.id not in fresh and node.id not in numbers:
            builder.origin = graph.origins[node.id]
            operands = tuple([fresh[x.id] for x in node.inputs])
            fresh[node.id] = builder.emit(node.op, operands, node.attrs)
    outputs = [fresh[node.id] for node in graph.outputs]
    made = builder.finish(graph.name, outputs, graph.tree, make=type(graph))
    return Moved(made, names, nodes, np.concatenate([numbers[node.id] for node in nodes]))


def _numbers(node: Node, numbers: dict[int, Array]) -> Array | None:
    """Return which variable each element is, of an op that moves elements of one operand."""
    if not node.op.structural or carrying(node) != [0] or node.inputs[0].id not in numbers:
        return None
    if any(x.id in numbers for x in node.inputs[1:]):
        return None
    edge = element_edges(node)[0]
    if edge.out is not None:
        return None
    source = numbers[node.inputs[0].id]
    return source if edge.source is None else source[edge.source]


def moved_reading(graph: Graph, order: int, wrt: Sequence[str]) -> MovedReading | None:
    """Return the directions for a function of moved inputs; None if it uses them as they are.

    Raises
    ------
    DerivativeError
        As for `find_reading`.
    """
    moved = moved_inputs(graph, wrt)
    if moved is None:
        return None
    inner = find_reading(moved.graph, order, moved.names)
    rows, places = inner.entries.rows, inner.places
    indices = moved.variables[inner.entries.indices]
    if order == 2:
        twice = (indices[:, 0] == indices[:, 1]) & (
            inner.entries.indices[:, 0] != inner.entries.indices[:, 1]
        )  # both of F's entries (a, b) and (b, a) are at (i, i)
        rows = np.concatenate([rows, rows[twice]])
        places = np.concatenate([places, places[twice]])
        indices = np.sort(np.concatenate([indices, indices[twice]]), axis=1)
    n = sum([node.type.size for node in graph.inputs if node.attrs[0] in wrt])
    key = rows
    for column in indices.T:
        key = key * n + column
    by_entry = np.argsort(key, kind="stable")
    _, first, owners = np.unique(key[by_entry], return_index=True, return_inverse=True)
    chosen = by_entry[first]
    entries = Entries(rows[chosen], indices[chosen])
    return MovedReading(moved, inner, entries, owners, places[by_entry])


def moved_entries(builder: Builder, graph: Graph, reading: MovedReading) -> Value:
    """Emit the entries of the function, as one vector.

    Parameters
    ----------
    builder : Builder
        Has the inputs of `graph`.
    graph : Graph
        The function.
    reading : MovedReading
        The directions.
    """
    made, places = _products(reading)
    copies = copy_nodes(builder, _only(graph, reading.moved.nodes))
    moved = [builder.value(copies[node.id]) for node in reading.moved.nodes]
    bound = bound_inputs(builder, made, len(made.inputs) - len(moved))
    for node, value in zip(made.inputs[len(made.inputs) - len(moved) :], moved, strict=True):
        bound[node.id] = value.node
    fresh = copy_nodes(builder, made, given=bound)
    builder.origin = Origin(rewrite="compressed", rule="add up", order=reading.inner.order)
    flat = builder.value(fresh[made.outputs[0].id])
    return _added(flat, reading.owners, places, len(reading.entries))


def _only(graph: Graph, nodes: Sequence[Node]) -> Graph:
    """Return the graph whose outputs are some nodes, with nothing renumbered or left out."""
    return Graph(
        graph.name,
        graph.nodes,
        graph.inputs,
        tuple(nodes),
        tuple(range(len(nodes))),
        ((),) * len(nodes),
        graph.origins,
    )


def _products(reading: MovedReading) -> tuple[Graph, Array]:
    """Return the graph of products with directions for F, and where the places are in them."""
    moved, inner = reading.moved, reading.inner
    graph = moved.graph
    builder = Builder()
    for node in graph.inputs:
        builder.input(*node.attrs)
    uniform = reading.whole
    if uniform is None or (inner.rows is not None and inner.rows.count != 1):
        flat = products(builder, graph, moved.names, inner)
        return builder.finish(graph.name, [flat]), reading.places
    n = len(graph.inputs)
    linear = graph
    given: list[Value] = []
    if inner.order == 2:
        assert inner.rows is not None
        pushed = jvp(graph, moved.names, values=False)
        linear = transpose(pushed, [node.attrs[0] for node in pushed.inputs[n:]])
        given = seeds(builder, inner.rows, [node.type for node in graph.outputs])
    sizes = [node.type.size for node in linear.outputs]
    bounds = np.concatenate([[0], np.cumsum(sizes * len(uniform))])
    part_of = np.searchsorted(bounds, reading.places, side="right") - 1
    wanted = np.unique(part_of)
    parts: list[Operand] = []
    for direction, names in enumerate(uniform):
        along = jvp(linear, names, values=False)
        bound = bound_inputs(builder, along, n)
        ones = [
            broadcast_to(builder.constant(node.type.dtype.type(1)), node.type.shape)
            for node in along.inputs[len(linear.inputs) :]
        ]
        for node, value in zip(along.inputs[n:], [*given, *ones], strict=True):
            assert isinstance(value, Value)
            bound[node.id] = value.node
        fresh = copy_nodes(builder, along, given=bound)
        for k, node in enumerate(along.outputs):
            if direction * len(sizes) + k in wanted:
                value = builder.value(fresh[node.id])
                parts.append(reshape_to(value, (value.type.size,)))
    shift = np.zeros(len(bounds), np.int64)
    shift[wanted] = np.cumsum([0, *[bounds[k + 1] - bounds[k] for k in wanted]])[:-1]
    whole = parts[0] if len(parts) == 1 else OPS["concatenate"](*parts, axis=0)
    places = reading.places - bounds[part_of] + shift[part_of]
    return builder.finish(graph.name, [whole]), places


def _uniform(moved: Moved, inner: Reading) -> list[tuple[str, ...]] | None:
    """Return the moved arrays of each direction, if each is in one as a whole."""
    if inner.columns is None or not inner.directions:
        return None
    found: list[list[str]] = [[] for _ in range(inner.columns.count)]
    start = 0
    for name, node in zip(moved.names, moved.nodes, strict=True):
        colors = inner.columns.colors[start : start + node.type.size]
        start += node.type.size
        if not len(colors) or colors[0] == inner.columns.count:
            if np.any(colors != inner.columns.count):
                return None
            continue
        if np.any(colors != colors[0]):
            return None
        found[int(colors[0])].append(name)
    return [tuple(names) for names in found]


def _added(flat: Value, owners: Array, places: Array, size: int) -> Value:
    """Return the vector of sums of the elements at places, by owner."""
    many = np.bincount(owners, minlength=size)
    most = int(many.max()) if size else 0
    if most <= 1:
        return taken(flat, places, size)
    if most > LAYERS:
        made = OPS["scatter_add"](taken(flat, places, len(places)), owners, axis=0, size=size)
        assert isinstance(made, Value)
        return made
    zero = flat.builder.constant(np.zeros(1, flat.type.dtype))
    padded = OPS["concatenate"](flat, zero, axis=0)
    starts = np.cumsum(many) - many
    terms: list[Operand] = []
    for layer in range(most):
        chosen = np.full(size, flat.type.size)
        chosen[many > layer] = places[starts[many > layer] + layer]
        terms.append(OPS["take"](padded, chosen, axis=0))
    total = OPS["add"](*terms)
    assert isinstance(total, Value)
    return total
