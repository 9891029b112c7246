"""Ops that hold graphs, written out by the ops in those graphs."""

from __future__ import annotations

from graphad.builder import Builder, G, Value, live_marks, rebuild
from graphad.ir import Node
from graphad.passes.pipeline import graph_pass


@graph_pass
def expand(graph: G) -> G:
    """Write out loops step by step, and branches as selections.

    Identities: a scan is its body applied again and again, and ``cond(c, f, g)`` is
    ``where(c, f, g)``.

    Parameters
    ----------
    graph : Graph
        Any graph; where no op holds a graph, it is returned as it is.

    Returns
    -------
    Graph
        With the same values.

    Raises
    ------
    PassError
        If a loop has too many steps, or their number depends on the inputs.
    """

    def apply(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        if node.op.expand is None:
            return None
        origin = builder.origin
        made = node.op.expand([builder.value(operand) for operand in operands], node.attrs)
        builder.origin = origin
        assert isinstance(made, Value)
        return made.node

    while True:  # bodies may hold graphs themselves
        live = live_marks(graph)
        if not any(live[node.id] and node.op.expand is not None for node in graph.nodes):
            return graph
        graph = rebuild(graph, apply)
