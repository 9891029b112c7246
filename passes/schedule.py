"""The order of nodes: a value close to its uses, so that few values are held at a time.

Forward mode puts all values before all tangents. For a chain of n operations each of the n values
waits for its tangent then; in the order of this pass, two do.
"""

from __future__ import annotations

from graphad.builder import Builder, G, paused_gc
from graphad.cost import peak_live
from graphad.ir import Graph, Node
from graphad.passes.pipeline import graph_pass

WORTH = 2
"""How many times fewer values have to be held for the order to change: readers know the old one."""


@graph_pass
def schedule(graph: G) -> G:
    """Order nodes depth first, where far fewer values are held at a time that way.

    From the outputs backwards, the operand that needs most while it is computed comes first (Sethi
    and Ullman, 1970, for expressions without sharing). The order that a graph has is
    kept unless half as many values are held then.

    Parameters
    ----------
    graph : Graph
        Any graph.

    Returns
    -------
    Graph
        The same nodes and values; only the order differs.
    """
    order = _depth_first(graph)
    if WORTH * peak_live(graph, order) > peak_live(graph):
        return graph
    with paused_gc():
        builder = Builder()
        fresh: list[Node] = [None] * len(graph.nodes)  # type: ignore[list-item]
        for node in (*graph.inputs, *order):
            builder.origin = graph.origins[node.id]
            operands = tuple([fresh[operand.id] for operand in node.inputs])
            fresh[node.id] = builder.emit(node.op, operands, node.attrs)
        outputs = [fresh[node.id] for node in graph.outputs]
        del fresh
        made = builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))
    made.carry(graph)
    return made


def _depth_first(graph: Graph) -> list[Node]:
    """Return the nodes that outputs depend on, but for the inputs, operands before their users."""
    surplus = _surplus(graph)
    order: list[Node] = []
    seen = bytearray(len(graph.nodes))
    for node in graph.inputs:
        seen[node.id] = 1
    stack = list(reversed(graph.outputs))
    while stack:
        node = stack[-1]
        if seen[node.id]:
            stack.pop()
            continue
        waiting = [operand for operand in node.inputs if not seen[operand.id]]
        if not waiting:
            seen[node.id] = 1
            order.append(node)
            stack.pop()
            continue
        waiting.sort(key=lambda operand: surplus[operand.id])
        stack.extend(waiting)
    return order


def _surplus(graph: Graph) -> list[int]:
    """Return how many more elements each node needs while it is computed than it leaves behind.

    As if nothing were shared: operands are computed one after the other, those with the largest
    surplus first, and each result waits for the others.
    """
    surplus = [0] * len(graph.nodes)
    for node in graph.nodes:
        if not node.inputs:
            continue
        kept = most = 0
        for operand in sorted(node.inputs, key=lambda operand: -surplus[operand.id]):
            most = max(most, kept + operand.type.size + surplus[operand.id])
            kept += operand.type.size
        surplus[node.id] = max(most, kept + node.type.size) - node.type.size
    return surplus
