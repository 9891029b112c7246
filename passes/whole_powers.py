"""Powers by constant whole numbers as products: smooth at 0, where powers in general are not."""

from __future__ import annotations

from graphad.builder import Builder, G, rebuild
from graphad.ir import CONST, Node
from graphad.ops import OPS
from graphad.ops.powers import LARGEST_CHAIN
from graphad.passes.pipeline import graph_pass

POWER = OPS["power"]


@graph_pass
def whole_powers(graph: G) -> G:
    """Write scalar powers by constants as products, where the constants are whole numbers.

    Identities: ``x**0 -> 1``, ``x**1 -> x``, ``x**n -> x · x · …`` and ``x**0.5 -> sqrt(x)``, as
    tracing has it where the exponent is one number. Arrays of exponents come apart only at scalar
    grain, so this follows `scalarize`; there each derivative of ``x**n`` is right at 0 too.

    Parameters
    ----------
    graph : Graph
        Any graph; arrays stay as they are.

    Returns
    -------
    Graph
        With the same values up to rounding; the graph itself where there is no such power.
    """
    if not any(_exponent(node, node.inputs) is not None for node in graph.nodes):
        return graph

    def apply(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        exponent = _exponent(node, operands)
        if exponent is None:
            return None
        builder.origin = builder.derive(builder.origin, "whole_powers", "power")
        if exponent == 0:
            return builder.constant(node.type.dtype.type(1)).node
        if exponent == 1:
            return operands[0]
        if exponent == -1:
            return builder.emit(OPS["reciprocal"], operands[:1])
        if exponent == 0.5:
            return builder.emit(OPS["sqrt"], operands[:1])
        return builder.emit(OPS["integer_power"], operands[:1], (int(exponent),))

    return rebuild(graph, apply)


def _exponent(node: Node, operands: tuple[Node, ...]) -> float | None:
    """Return the exponent of a power that has another form; None if it has not."""
    if node.op is not POWER or node.type.shape or operands[1].op is not CONST:
        return None
    if not node.type.is_inexact or operands[0].type != node.type:
        return None
    number = complex(operands[1].attrs[0].array[()])
    exponent = number.real
    if number.imag != 0 or not abs(exponent) <= LARGEST_CHAIN:
        return None
    return exponent if exponent.is_integer() or exponent == 0.5 else None
