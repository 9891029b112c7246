"""Dead code: nodes that no output depends on are dropped."""

from __future__ import annotations

from graphad.builder import G, rebuild
from graphad.passes.pipeline import graph_pass


@graph_pass
def dce(graph: G) -> G:
    """Drop nodes that no output depends on; inputs stay, so that the signature does.

    Parameters
    ----------
    graph : Graph
        Any graph.

    Returns
    -------
    Graph
        With the same values.
    """
    return rebuild(graph, lambda builder, node, operands: None)
