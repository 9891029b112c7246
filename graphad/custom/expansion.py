"""What has rules of its own only while it is differentiated, by the operations it is made of."""

from __future__ import annotations

from graphad.builder import Builder, G, Value, rebuild
from graphad.custom.rule_op import custom_op, expand
from graphad.custom.stopping import stop_op
from graphad.ir import Graph, Node
from graphad.passes.pipeline import graph_pass


def has_rules(graph: Graph) -> bool:
    """Whether there is something in a graph that `expanded` would replace."""
    return any(node.op is custom_op or node.op is stop_op for node in graph.nodes)


@graph_pass
def expanded(graph: G) -> G:
    """Replace functions with rules of their own by what they compute, once nothing more is derived.

    Identities: ``custom(x) = body(x)``, ``stop_gradient(x) = x``. Derivatives of the result are not
    those of the graph, so this is the last pass before machine code.
    """

    def rule(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        if node.op is stop_op:
            return operands[0]
        if node.op is custom_op:
            values = [Value(builder, operand) for operand in operands]
            made = expand(values, node.attrs)
            assert isinstance(made, Value)
            return made.node
        return None

    while has_rules(graph):
        graph = rebuild(graph, rule)
    return graph
