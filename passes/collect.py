"""Like terms, coefficients, signs and powers: the algebra of derivative code.

Sums and products are reassociated as over the real numbers. What cancels, overflows or underflows
on the way may do so at another place; otherwise the last bits change. Numbers beyond 1e±30 stay
where they are. A NaN or an infinity of the user's is never dropped: ``a - a`` and ``0·a`` stay.

Identities, with c, d real constants and k, m positive integers:

======================  ==================================================================
``a + (b + c)``         ``a + b + c``, where the inner sum has no other use
``c·a + d·a``           ``(c + d)·a``
``c·a + c·b``           ``c·(a + b)``, where no other term is there
``(c·a)·(d·b)``         ``(c·d)·(a·b)``, and so for quotients and powers; signs likewise
``aᵏ·aᵐ``               ``aᵏ⁺ᵐ``
``a⁻ᵏ``                 ``(1/a)ᵏ``
``a / b``               ``a·(1/b)``, where ``1/b`` is there anyway
``s·(t·A)``             ``(s·t)·A``, where broadcasting repeats s and t along A
``s·A + t·A``           ``(s + t)·A``, likewise
``c(a) + c(b)``         ``c(a + b)``, c a mask: what it hides is added before it is hidden
======================  ==================================================================

A reciprocal is not squared out of a product, ``(1/s)·((1/s)·A)``: the square leaves the range of
numbers long before the product does.

Products of different factors are left as they are grouped: the derivatives of a product are then
sums of products of the derivatives of its factors, which stay shared from order to order. That is
what keeps repeated differentiation polynomial.
"""

from __future__ import annotations

from graphad.builder import Builder, G, live_marks, paused_gc
from graphad.ir import Graph, Node
from graphad.passes.pipeline import graph_pass
from graphad.passes.products import DIVIDE, POWER, PRODUCTS, RECIPROCAL, Products
from graphad.passes.sums import SUMS, Sums, absorbed_sums

LARGEST = 1024
"""Most terms of a sum that another sum takes over."""


@graph_pass
def collect(graph: G) -> G:
    """Collect like terms, coefficients, signs and powers.

    Parameters
    ----------
    graph : Graph
        Any graph; only floating-point sums and products change.

    Returns
    -------
    Graph
        Equal up to rounding.
    """
    with paused_gc():
        builder = Builder()
        products = Products(builder, _inverted(graph))
        sums = Sums(builder, products)
        fresh: list[Node] = [None] * len(graph.nodes)  # type: ignore[list-item]
        absorbed, live = absorbed_sums(graph), live_marks(graph)
        for node in graph.nodes:
            if not live[node.id]:
                continue
            origin = graph.origins[node.id]
            if absorbed[node.id] or (node.op in SUMS and node.type.is_inexact):
                builder.origin = builder.derive(origin, "collect", "sum")
                terms = sums.terms(node, fresh)
                if absorbed[node.id] and len(terms.by_node) <= LARGEST:
                    sums.pending[node.id] = terms
                else:
                    fresh[node.id] = sums.emit_sum(terms, node.type)
                continue
            operands = tuple([fresh[operand.id] for operand in node.inputs])
            if node.op in PRODUCTS and node.type.is_inexact:
                builder.origin = builder.derive(origin, "collect", "product")
                fresh[node.id] = products.product(node, operands)
            else:
                builder.origin = origin
                fresh[node.id] = builder.emit(node.op, operands, node.attrs)
        outputs = [fresh[node.id] for node in graph.outputs]
        del fresh, sums, products
        made = builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))
    made.carry(graph)
    return made


def _inverted(graph: Graph) -> set[int]:
    """Ids of the nodes that something is divided by more than once, or that are inverted."""
    divisions: dict[int, int] = {}
    for node in graph.nodes:
        if node.op is RECIPROCAL or (node.op is POWER and node.attrs[0] < 0):
            divisions[node.inputs[0].id] = 2
        elif node.op is DIVIDE:
            id = node.inputs[1].id
            divisions[id] = divisions.get(id, 0) + 1
    return {id for id, count in divisions.items() if count > 1}
