"""The candidate at array grain for sparse derivatives: compressed products, laid out.

Nothing here is done entry by entry, so that it serves where there are too many for lists of them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import prod

import numpy as np

from graphad.builder import Builder, Value, paused_gc
from graphad.cost import Cost, cost
from graphad.errors import DerivativeError, GraphadError
from graphad.ir import Graph
from graphad.op import Array, Operand
from graphad.ops.factories import reshape_to
from graphad.passes.array_pattern import Entries
from graphad.passes.compressed import Reading, find_reading, looked_up, products, taken
from graphad.passes.entries import Entry, count_unique, request
from graphad.passes.moved_inputs import MovedReading, moved_entries, moved_reading
from graphad.passes.pipeline import OPTIMIZE, Pipeline
from graphad.planning.candidates import Candidate
from graphad.planning.layouts import Layout, Sparse, packed_shapes
from graphad.planning.table import counted
from graphad.planning.target import Block, Target

NAME = "compressed"
LARGE = 5_000
"""Sparse derivatives of functions of more scalars than this are derived at array grain, where there
is a way, and scalars are not looked at."""
LARGE_FOR_ENTRIES = 50_000
"""The same where entries are listed: scalars need not derive the others."""


def scalar_count(graph: Graph) -> int:
    """Return how many scalar nodes a graph is, about."""
    return sum(node.type.size for node in graph.nodes)


def compressed_candidate(
    target: Target, layout: str, entries: Sequence[Entry] | None = None
) -> Candidate:
    """Return the candidate that reads entries off products with few directions.

    Parameters
    ----------
    target : Target
        What is asked for.
    layout : str
        In what form.
    entries : sequence of Entry, optional
        Those that the user listed, if any; they come as a vector.

    Returns
    -------
    Candidate
        With its layout; or with the reason why there is none.
    """
    start = time.perf_counter()
    if layout == "distinct":
        return Candidate(NAME, "array", note='gives any layout but "distinct"')
    wanted = None if entries is None else _listed(entries, target.order)
    try:
        request(target.base, target.order, target.wrt, ())
        readings = _readings(target, wanted)
    except GraphadError as error:
        return Candidate(NAME, "array", note=str(error))
    found: list[tuple[Cost, Layout, str, int]] = []
    with paused_gc():
        for reading in readings:
            laid = _laid_out(target, reading, layout, wanted)
            made = Pipeline(OPTIMIZE)(laid.graph)
            laid = Layout(made, laid.name, laid.sparse)
            found.append((cost(made), laid, _said(reading), reading.directions))
    least, laid, detail, directions = min(found, key=lambda item: item[0].total)
    seconds = time.perf_counter() - start
    return Candidate(
        NAME, "array", laid.graph, least, seconds, directions, detail=detail, laid=laid
    )


def _readings(target: Target, wanted: Entries | None) -> list[Reading | MovedReading]:
    """Return the ways to read entries: off products for the inputs, and for moved copies of them.

    Raises
    ------
    DerivativeError
        If there is neither.
    """
    moved = moved_reading(target.base, target.order, target.wrt)
    if moved is not None and moved.whole is not None and target.variables > LARGE:
        return [moved]  # nothing is multiplied by a zero, so the other will hardly be better
    try:
        plain = find_reading(target.base, target.order, target.wrt, wanted)
    except DerivativeError:
        if moved is None:
            raise
        return [moved]
    return [plain] if moved is None else [moved, plain]


def _said(reading: Reading | MovedReading) -> str:
    """Say what the directions are."""
    inner = reading.inner if isinstance(reading, MovedReading) else reading
    parts = []
    if inner.columns is not None:
        what = "moved inputs" if isinstance(reading, MovedReading) else "variables"
        parts.append(f"{counted(inner.columns.count, 'direction')} of {what}")
    if inner.rows is not None and (inner.order == 1 or inner.rows.count > 1):
        count = inner.rows.count
        parts.append(f"{count} of rows" if parts else f"{counted(count, 'direction')} of rows")
    return f"{' by '.join(parts)} for {len(reading.entries):,} entries"


def _listed(entries: Sequence[Entry], order: int) -> Entries:
    rows = np.array([row for row, _ in entries], np.int64)
    indices = np.array([index for _, index in entries], np.int64)
    return Entries(rows, indices.reshape(len(rows), order))


def _laid_out(
    target: Target, reading: Reading | MovedReading, layout: str, wanted: Entries | None
) -> Layout:
    base = target.base
    builder = Builder()
    for node in base.inputs:
        builder.input(*node.attrs)
    if isinstance(reading, MovedReading):
        flat = moved_entries(builder, base, reading)
        all_places = np.arange(len(reading.entries))
    else:
        flat = products(builder, base, target.wrt, reading)
        all_places = reading.places
    make = type(base)
    if wanted is not None:
        at, found = looked_up(reading.entries, wanted, target.variables)
        vector = taken(flat, all_places[at], len(wanted), found)
        return Layout(builder.finish(base.name, [vector], make=make), "entries")
    if layout == "packed":
        packed = _packed(target, reading.entries, flat, all_places)
        return Layout(builder.finish(base.name, packed, base.tree, make=make), layout)
    sparse: list[Sparse] = []
    outputs: list[Operand] = []
    for block in target.blocks:
        positions, entries = block_positions(block, reading.entries)
        places = all_places[entries]
        if layout == "dense":
            whole = taken(flat, places, block.size, positions)
            outputs.append(reshape_to(whole, block.shape))
            continue
        outputs.append(taken(flat, places, len(places)))
        where = np.unravel_index(positions, block.shape) if block.shape else ()
        sparse.append(Sparse(block.shape, tuple(where)))
    symmetry = target.symmetry if layout == "dense" else None
    made = builder.finish(base.name, outputs, target.tree, symmetry, make=make)
    return Layout(made, layout, tuple(sparse))


def _packed(target: Target, entries: Entries, flat: Value, places: Array) -> list[Operand]:
    """Put entries where their multi-indices stand among all, output by output of the base."""
    n = target.variables
    first = entries.indices[:, 0]
    rank = first
    if target.order == 2:
        rank = first * n - first * (first - 1) // 2 + entries.indices[:, 1] - first
    rank = entries.rows * count_unique(n, target.order) + rank
    outputs, start = [], 0
    for shape in packed_shapes(target):
        size = prod(shape)
        inside = np.flatnonzero((rank >= start) & (rank < start + size))
        vector = taken(flat, places[inside], size, rank[inside] - start)
        outputs.append(reshape_to(vector, shape))
        start += size
    return outputs


def block_positions(block: Block, entries: Entries) -> tuple[Array, Array]:
    """Return the flat positions of a block that are no structural zeros, and whose values they are.

    Parameters
    ----------
    block : Block
        An array of the derivative.
    entries : Entries
        Entries of the whole derivative.

    Returns
    -------
    positions : numpy.ndarray of int, shape (nnz,)
        Rising.
    which : numpy.ndarray of int, shape (nnz,)
        Positions in `entries`.
    """
    which = np.arange(len(entries))
    rows, indices = entries.rows, entries.indices
    if indices.shape[1] == 2:  # an entry stands in two places, if its variables differ
        apart = np.flatnonzero(indices[:, 0] != indices[:, 1])
        which = np.concatenate([which, apart])
        rows = np.concatenate([rows, rows[apart]])
        indices = np.concatenate([indices, indices[apart, ::-1]])
    positions = rows - block.row
    inside = (positions >= 0) & (positions < block.rows)
    for column, start, size in zip(indices.T, block.starts, block.sizes, strict=True):
        inside &= (column >= start) & (column < start + size)
        positions = positions * size + (column - start)
    kept = np.flatnonzero(inside)
    kept = kept[np.argsort(positions[kept], kind="stable")]
    return positions[kept], which[kept]
