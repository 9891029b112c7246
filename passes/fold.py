"""Constants: what does not depend on an input is computed once, now."""

from __future__ import annotations

import numpy as np

from graphad.builder import Builder, G, rebuild
from graphad.ir import CONST, Node
from graphad.ops import OPS
from graphad.passes.pipeline import graph_pass

GROWING = (OPS["broadcast_to"], OPS["identity"])
"""Ops whose results are larger than what they are made of: kept, so that text stays small."""

STRUCTURAL = (OPS["identity"], OPS["place"], OPS["mask"], OPS["scatter_add"], OPS["einsum"])
"""Ops whose zeros are structural, which a constant cannot say."""
SELECTING = (OPS["where"], OPS["mask"])


@graph_pass
def fold(graph: G, limit: int = 1_000_000) -> G:
    """Replace operations on constants by their results.

    Identities: ``φ(c)`` is the constant that NumPy computes for it, and ``where(c, x, y)`` one of x
    and y. What holds structural zeros, and what would only repeat a constant, stays.

    Parameters
    ----------
    graph : Graph
        Any graph.
    limit : int
        Most elements of a result.

    Returns
    -------
    Graph
        With the same values, bit for bit.
    """

    def apply(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        if node.op in SELECTING and operands[0].op is CONST:
            chosen = _selected(builder, node, operands)
            if chosen is not None:
                return chosen
        if not operands or node.op in GROWING or node.op in STRUCTURAL or node.type.size > limit:
            return None
        if any(operand.op is not CONST for operand in operands):
            return None
        builder.origin = builder.derive(builder.origin, "fold", node.op.name)
        arrays = [operand.attrs[0].array for operand in operands]
        with np.errstate(all="ignore"):
            result = np.asarray(node.op.evaluate(*arrays, *node.attrs))
        return builder.constant(result.astype(node.type.dtype, copy=False)).node

    return rebuild(graph, apply)


def _selected(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
    """What a constant condition selects; the zeros of a mask stay structural."""
    condition = operands[0].attrs[0].array
    if condition.all():
        chosen = operands[1]
    elif node.op is OPS["where"] and not condition.any():
        chosen = operands[2]
    else:
        return None
    if chosen.type.dtype != node.type.dtype:
        return None
    builder.origin = builder.derive(builder.origin, "fold", node.op.name)
    if chosen.type.shape == node.type.shape:
        return chosen
    return builder.emit(OPS["broadcast_to"], (chosen,), (node.type.shape,))
