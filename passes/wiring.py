"""Graphs put together: results side by side, inputs set to constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.builder import Builder, G, copy_nodes, paused_gc
from graphad.errors import DerivativeError
from graphad.ir import Node
from graphad.passes.jvp import shifted


def joined(graph: G, other: G) -> G:
    """Return the graph of both graphs' results, ``(y, z)``, with the inputs of `other`."""
    with paused_gc():
        builder = Builder()
        given = {node.attrs[0]: builder.input(*node.attrs).node for node in other.inputs}
        outputs: list[Node] = []
        for part in (graph, other):
            bound = {node.id: given[node.attrs[0]] for node in part.inputs}
            fresh = copy_nodes(builder, part, given=bound)
            outputs.extend(fresh[node.id] for node in part.outputs)
        count = len(graph.outputs)
        tree = (graph.tree, shifted(other.tree, count))
        symmetry = graph.symmetry + other.symmetry
        return builder.finish(graph.name, outputs, tree, symmetry, make=type(graph))


def directed(graph: G, moving: Sequence[Node], directions: Sequence[Any]) -> G:
    """Return a Taylor graph with its last inputs set to constants.

    Raises
    ------
    DerivativeError
        If there are not as many directions as inputs, or a shape does not fit.
    """
    if len(directions) != len(moving):
        raise DerivativeError(
            f"{len(moving)} inputs move and {len(directions)} directions are given; "
            "give a tuple of one for each"
        )
    builder = Builder()
    count = len(graph.inputs) - len(moving)
    given = {node.id: builder.input(*node.attrs).node for node in graph.inputs[:count]}
    for node, old, value in zip(graph.inputs[count:], moving, directions, strict=True):
        array = np.asarray(value, dtype=node.type.dtype)
        if array.shape != node.type.shape:
            raise DerivativeError(
                f"the direction of {old.attrs[0]!r} has the shape {array.shape}, "
                f"and the input {node.type.shape}"
            )
        given[node.id] = builder.constant(array).node
    fresh = copy_nodes(builder, graph, given=given)
    outputs = [fresh[node.id] for node in graph.outputs]
    return builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))
