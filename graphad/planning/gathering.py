"""Entries and packed arrays gathered from a dense derivative at array grain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphad.builder import Builder, G, Value, copy_nodes
from graphad.op import Operand
from graphad.ops import OPS
from graphad.passes.entries import Entry
from graphad.planning.layouts import packed_shapes
from graphad.planning.target import Target


def gathered(graph: G, target: Target, entries: Sequence[Entry], packed: bool) -> G:
    """Return the graph of `entries` as a vector, or packed as the outputs of the base are.

    Parameters
    ----------
    graph : Graph
        The derivative, dense.
    target : Target
        What it is.
    entries : sequence of Entry
        What is wanted.
    packed : bool
        Whether `entries` are all unique ones, to be given as packed arrays.
    """
    builder = Builder()
    fresh = copy_nodes(builder, graph)
    parts: list[Operand] = []
    place: dict[Entry, int] = {}
    wanted = set(entries)
    start = 0
    for block, node in zip(target.blocks, graph.outputs, strict=True):
        if not block.size:
            continue
        rows, indices = block.entries()
        keys = zip(rows.tolist(), map(tuple, indices.tolist()), strict=True)
        for flat, key in enumerate(keys):
            if key in wanted:
                place.setdefault(key, start + flat)
        parts.append(_flat(builder.value(fresh[node.id])))
        start += block.size
    dtype = target.base.outputs[0].type.dtype
    if not parts:
        whole: Operand = builder.constant(np.zeros(0, dtype))
    else:
        whole = parts[0] if len(parts) == 1 else OPS["concatenate"](*parts, axis=0)
    positions = [place[entry] for entry in entries]
    if not packed:
        return builder.finish(
            graph.name, [_taken(whole, positions, (len(entries),))], make=type(graph)
        )
    outputs, start = [], 0
    for shape in packed_shapes(target):
        size = int(np.prod(shape))
        outputs.append(_taken(whole, positions[start : start + size], shape))
        start += size
    return builder.finish(graph.name, outputs, target.base.tree, make=type(graph))


def _flat(value: Value) -> Operand:
    return value if value.ndim == 1 else OPS["reshape"](value, shape=(value.type.size,))


def _taken(whole: Operand, positions: Sequence[int], shape: tuple[int, ...]) -> Operand:
    index = np.array(positions, np.int64).reshape(shape)
    return OPS["take"](whole, index, axis=0)
