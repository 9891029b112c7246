"""Layouts: in what form the entries of a derivative are handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from graphad.builder import Builder, G, Value, copy_nodes
from graphad.errors import DerivativeError
from graphad.ir import CONST, Node, Tree
from graphad.op import Array, Operand
from graphad.ops import OPS
from graphad.passes.entries import Entry, count_unique, unique_indices
from graphad.planning.target import Block, Target

LAYOUTS = ("dense", "packed", "distinct", "coo", "csr")
GATHERED = 4096
"""Arrays of more elements are gathered from the vector of entries by a constant index."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """Where the values of one array of a derivative stand.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    coordinates : tuple of numpy.ndarray of int, each of shape (nnz,)
        Indices of the elements that are no structural zeros, in the order of the values.
    """

    shape: tuple[int, ...]
    coordinates: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Distinct:
    """Which value, with which sign, each packed entry is.

    Parameters
    ----------
    position : numpy.ndarray of int, shape (m,)
        Position of the value of each packed entry; 0 where the sign is 0.
    sign : numpy.ndarray of int8, shape (m,)
        1, -1, or 0 for a structural zero.
    count : int
        How many values there are.
    """

    position: Array
    sign: Array
    count: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph laid out, and how to read what it gives.

    Parameters
    ----------
    graph : Graph
        What runs.
    name : str
        One of `LAYOUTS`, or ``"entries"``.
    sparse : tuple of Sparse
        For ``coo`` and ``csr``: one for each block.
    distinct : Distinct or None
        For ``distinct``.
    """

    graph: Any
    name: str
    sparse: tuple[Sparse, ...] = ()
    distinct: Distinct | None = None


def check_layout(target: Target, layout: str) -> None:
    """Refuse layouts that are unknown, or that the derivative does not have.

    Raises
    ------
    DerivativeError
        With what to ask for instead.
    """
    if layout not in LAYOUTS:
        raise DerivativeError(f"there is no layout {layout!r}; layouts: {', '.join(LAYOUTS)}")
    if layout in {"packed", "distinct"} and not target.same:
        raise DerivativeError(
            f'the layout "{layout}" is that of a derivative by the same inputs each time; '
            'use "dense" or "coo" for single blocks'
        )
    if layout == "csr":
        for block in target.blocks:
            if len(block.shape) != 2:
                raise DerivativeError(
                    f'the layout "csr" is for matrices, and the derivative has the shape '
                    f'{block.shape}; use "coo"'
                )


def laid_out(
    graph: G, target: Target, entries: Sequence[Entry], layout: str, asked: bool = False
) -> Layout:
    """Return a graph of entries in a layout.

    Parameters
    ----------
    graph : Graph
        One output, the vector of `entries`.
    target : Target
        What the entries are of.
    entries : sequence of Entry
        Those that are not among them are structural zeros.
    layout : str
        One of `LAYOUTS`.
    asked : bool
        Whether the user listed the entries; they are then given as they are.
    """
    if asked:
        return Layout(graph, "entries")
    builder = Builder()
    fresh = copy_nodes(builder, graph)
    (packed,) = graph.outputs
    values = [fresh[node.id] for node in packed.inputs] if packed.op is OPS["pack"] else []
    zero = builder.constant(packed.type.dtype.type(0))
    given = dict(zip(entries, values, strict=True))
    laid = arranged(target, given, layout, zero)
    symmetry = target.symmetry if layout == "dense" else None
    made = builder.finish(graph.name, laid.outputs, laid.tree, symmetry, make=type(graph))
    return Layout(made, layout, laid.sparse, laid.distinct)


@dataclass(frozen=True, slots=True)
class Arranged:
    """Outputs of a graph under construction, in a layout, and how to read them."""

    outputs: list[Operand]
    tree: Tree
    sparse: tuple[Sparse, ...] = ()
    distinct: Distinct | None = None


def arranged(target: Target, entries: dict[Entry, Node], layout: str, zero: Value) -> Arranged:
    """Return the outputs of a layout.

    Parameters
    ----------
    target : Target
        What the entries are of.
    entries : dict of Entry to Node
        Their values, nodes of the builder of `zero`; others are structural zeros.
    layout : str
        One of `LAYOUTS`.
    zero : Value
        The number 0.
    """
    builder = zero.builder
    by_entry = {entry: node for entry, node in entries.items() if not is_structural_zero(node)}
    if layout == "dense":
        outputs = [_dense(builder, block, by_entry, zero) for block in target.blocks]
        return Arranged(outputs, target.tree)
    if layout == "packed":
        return Arranged(_packed(target, by_entry, zero), target.base.tree)
    if layout == "distinct":
        distinct, kept = _distinct(target, by_entry)
        return Arranged([_vector(builder, kept, zero)], 0, (), distinct)
    sparse, outputs = [], []
    for block in target.blocks:
        where, nodes = _coordinates(block, by_entry)
        sparse.append(where)
        outputs.append(_vector(builder, nodes, zero))
    return Arranged(outputs, target.tree, tuple(sparse))


def is_structural_zero(node: Node) -> bool:
    """Whether an entry at scalar grain is the constant 0."""
    return node.op is CONST and not node.type.shape and node.attrs[0].scalar == 0


def packed_shapes(target: Target) -> list[tuple[int, ...]]:
    """Return the shape of the packed entries of each output of the base; its own at order 0."""
    if target.order == 0:
        return [node.type.shape for node in target.base.outputs]
    count = count_unique(target.variables, target.order)
    return [(*node.type.shape, count) for node in target.base.outputs]


def _packed(target: Target, by_entry: dict[Entry, Node], zero: Value) -> list[Operand]:
    listed = [zero.builder.value(by_entry.get(entry, zero.node)) for entry in target.needed()]
    outputs, start = [], 0
    for shape in packed_shapes(target):
        size = prod(shape)
        outputs.append(_array(listed[start : start + size], shape, zero))
        start += size
    return outputs


def _array(values: Sequence[Value], shape: tuple[int, ...], zero: Value) -> Operand:
    if not shape:
        return values[0]
    if not values:
        return zero.builder.constant(np.zeros(shape, zero.type.dtype))
    return OPS["pack"](*values, shape=shape)


def _vector(builder: Builder, nodes: Sequence[Node], zero: Value) -> Operand:
    if not nodes:
        return builder.constant(np.zeros(0, zero.type.dtype))
    return OPS["pack"](*[builder.value(node) for node in nodes], shape=(len(nodes),))


def _dense(builder: Builder, block: Block, by_entry: dict[Entry, Node], zero: Value) -> Operand:
    """Put the entries at all their places, by one gather if they are many."""
    rows, indices = block.entries()
    keys = zip(rows.tolist(), map(tuple, indices.tolist()), strict=True)
    nodes = [by_entry.get(key, zero.node) for key in keys]
    if block.size <= GATHERED:
        return _array([builder.value(node) for node in nodes], block.shape, zero)
    place = {node.id: i for i, node in enumerate(dict.fromkeys(nodes))}
    kept = list(dict.fromkeys(nodes))
    index = np.array([place[node.id] for node in nodes], np.int64).reshape(block.shape)
    vector = _vector(builder, kept, zero)
    return OPS["take"](vector, index, axis=0)


def _distinct(target: Target, by_entry: dict[Entry, Node]) -> tuple[Distinct, list[Node]]:
    needed = target.needed()
    position = np.zeros(len(needed), np.int64)
    sign = np.zeros(len(needed), np.int8)
    places: dict[int, int] = {}
    kept: list[Node] = []
    for i, entry in enumerate(needed):
        node = by_entry.get(entry)
        if node is None:
            continue
        sign[i] = 1
        if node.op is OPS["negative"]:
            node, sign[i] = node.inputs[0], -1
        if node.id not in places:
            places[node.id] = len(kept)
            kept.append(node)
        position[i] = places[node.id]
    return Distinct(position, sign, len(kept)), kept


def _coordinates(block: Block, by_entry: dict[Entry, Node]) -> tuple[Sparse, list[Node]]:
    found: list[tuple[int, Node]] = []
    for entry, node in by_entry.items():
        found.extend((position, node) for position in block.positions(entry))
    found.sort(key=lambda item: item[0])
    flat = np.array([position for position, _ in found], np.int64)
    where = np.unravel_index(flat, block.shape) if block.shape else ()
    return Sparse(block.shape, tuple(where)), [node for _, node in found]


# --- reading -------------------------------------------------------------------------------------


def unpacked(target: Target, values: Array, block: Block) -> Array:
    """Return the dense array of a block from packed entries along the last axis.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., *out.shape, m)
        Packed entries of the block's output of the base.
    """
    if target.order == 0:
        return values
    count = count_unique(target.variables, target.order)
    ndim = target.base.outputs[block.output].type.ndim
    lead = values.shape[: values.ndim - ndim - 1]
    flat = values.reshape((*lead, block.rows * count))
    rows, indices = block.entries()
    place = {index: i for i, index in enumerate(unique_indices(target.variables, target.order))}
    columns = np.array([place[tuple(index)] for index in indices.tolist()], np.int64)
    taken = flat[..., (rows - block.row) * count + columns]
    dense: Array = taken.reshape((*lead, *block.shape))
    return dense


def spread_distinct(distinct: Distinct, values: Array) -> Array:
    """Return packed entries, along the last axis, from the distinct values."""
    if not distinct.count:
        return np.zeros((*values.shape[:-1], len(distinct.sign)), values.dtype)
    taken: Array = values[..., distinct.position] * distinct.sign.astype(values.dtype)
    taken[..., distinct.sign == 0] = 0
    return taken


def sparse_array(values: Array, where: Sparse, layout: str) -> Any:
    """Return SciPy's sparse array of values, or a pair of values and coordinates without SciPy.

    Returns
    -------
    scipy.sparse.csr_array or scipy.sparse.coo_array
        The latter for more than two axes where SciPy has it (1.15 or newer). Else, and for numbers,
        the tuple ``(values, coordinates)``.
    """
    try:
        from scipy import sparse
    except ImportError:
        return values, where.coordinates
    if not where.shape:
        return values, where.coordinates
    if layout == "csr":  # coordinates are in order: nothing needs to be sorted
        rows, columns = where.coordinates
        kind = np.int32 if max(*where.shape, len(rows)) < 2**31 else np.int64
        starts = np.zeros(where.shape[0] + 1, kind)
        np.cumsum(np.bincount(rows, minlength=where.shape[0]), out=starts[1:])
        return sparse.csr_array((values, columns.astype(kind), starts), shape=where.shape)
    try:
        return sparse.coo_array((values, where.coordinates), shape=where.shape)
    except (TypeError, ValueError):  # an older SciPy: two axes at most
        return values, where.coordinates
