"""Common subexpressions: equal operations on equal operands are one node."""

from __future__ import annotations

from graphad.builder import Builder, G, rebuild
from graphad.ir import Node
from graphad.passes.pipeline import graph_pass


@graph_pass
def cse(graph: G) -> G:
    """Merge nodes that compute the same; operands of commutative ops are put in one order.

    Identities: ``a ∘ b`` and ``b ∘ a`` are one node if ∘ commutes. Equal operations on equal
    operands are one node in every graph, as they are built.

    Parameters
    ----------
    graph : Graph
        Any graph.

    Returns
    -------
    Graph
        With the same values. A sum or product of more than two may be rounded in another order.
    """

    def apply(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        if not node.op.commutative or len(operands) < 2:
            return None
        ordered = tuple(sorted(operands, key=_by_id))
        return None if ordered == operands else builder.emit(node.op, ordered, node.attrs)

    return rebuild(graph, apply)


def _by_id(node: Node) -> int:
    return node.id
