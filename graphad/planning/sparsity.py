"""Where a derivative is not structurally zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.ir import Graph, map_tree
from graphad.passes.diff import Leaf
from graphad.passes.pattern import pattern
from graphad.planning.target import target_of


def structure(graph: Graph, base: Graph, history: Sequence[Leaf]) -> Any:
    """Return the indices of the elements of a derivative that are no structural zeros.

    Parameters
    ----------
    graph : Graph
        The derivative.
    base : Graph
        The function.
    history : sequence of Leaf
        What each output of `graph` is.

    Returns
    -------
    tuple of numpy.ndarray of int, or nested tuples of them
        For each array, indices along each axis, sorted.
    """
    target = target_of(graph, base, history)
    found = pattern(base, target.order, target.wrt)
    made = []
    for block in target.blocks:
        flat = np.array(
            sorted(place for entry in found for place in block.positions(entry)), np.int64
        )
        made.append(tuple(np.unravel_index(flat, block.shape)) if block.shape else (flat,))
    return map_tree(target.tree, made)
