"""Quotients by powers, as products with powers of an inverse."""

from __future__ import annotations

from graphad.builder import Builder, G, rebuild
from graphad.ir import Node
from graphad.ops import OPS
from graphad.passes.pipeline import graph_pass

DIVIDE, MULTIPLY, POWER = OPS["divide"], OPS["multiply"], OPS["integer_power"]
RECIPROCAL = OPS["reciprocal"]


@graph_pass
def inverse_powers(graph: G) -> G:
    """Write quotients by powers of scalars as products with powers of one inverse.

    Identities: ``a / x**n -> a · (1/x)**n`` and ``1 / x**n -> (1/x)**n``.
    Each derivative of ``s**n`` for ``s = 1/x`` takes one or two more factors s. Those of ``1 / v``
    for ``v = x**n`` are sums of products of ``1 / v**k`` and derivatives of v instead: larger by n
    powers than the result each, so that they overflow where x is small, in SI units say.

    Parameters
    ----------
    graph : Graph
        Any graph; arrays stay as they are.

    Returns
    -------
    Graph
        With the same values up to rounding; the graph itself where there is no such quotient.
    """
    if not any(_is_inverse(node, node.inputs) for node in graph.nodes):
        return graph

    def apply(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        if not _is_inverse(node, operands):
            return None
        builder.origin = builder.derive(builder.origin, "inverse_powers", node.op.name)
        power = operands[-1]
        inverse = builder.emit(RECIPROCAL, power.inputs)
        inverse = builder.emit(POWER, (inverse,), power.attrs)
        return builder.emit(MULTIPLY, (operands[0], inverse)) if node.op is DIVIDE else inverse

    return rebuild(graph, apply)


def _is_inverse(node: Node, operands: tuple[Node, ...]) -> bool:
    if node.op is not DIVIDE and node.op is not RECIPROCAL:
        return False
    if node.type.shape or not node.type.is_inexact:
        return False
    divisor = operands[-1]
    return divisor.op is POWER and divisor.attrs[0] > 1 and divisor.type == node.type
