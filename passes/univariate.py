"""Derivatives of all orders of a function of one scalar, by the way that costs least."""

from __future__ import annotations

from math import factorial

from graphad.builder import Builder, copy_nodes
from graphad.cost import operations
from graphad.errors import DerivativeError
from graphad.ir import Graph, Node
from graphad.op import Operand
from graphad.passes.factor import factor
from graphad.passes.jvp import push_forward
from graphad.passes.pipeline import Pipeline
from graphad.passes.taylor import check_factorial, expanded

NESTED = 6
"""Highest order that is also tried by differentiating again and again."""


def univariate(graph: Graph, order: int) -> Graph:
    """Return the graph of the derivatives 1 to `order` of a scalar by the first input.

    Taylor mode and repeated differentiation are both tried: a power is cheaper by the second, a
    composition of several functions by the first.

    Parameters
    ----------
    graph : Graph
        One scalar output; the first input is the variable, others are parameters.
    order : int
        The highest derivative, at least 1.
    """
    candidates = []
    try:
        candidates.append(_by_taylor(graph, order))
    except DerivativeError:  # an op without a rule for series
        candidates.append(_nested(graph, order))
    if order <= NESTED and len(candidates) == 1:
        candidates.append(_nested(graph, order))
    finished = [factor(Pipeline("fold,simplify,collect,simplify,cse")(item)) for item in candidates]
    return min(finished, key=operations)


def _by_taylor(graph: Graph, order: int) -> Graph:
    builder = Builder()
    inputs = {node.id: builder.input(*node.attrs).node for node in graph.inputs}
    variable = graph.inputs[0]
    check_factorial(order, variable.type.dtype)
    one = builder.constant(variable.type.dtype.type(1)).node
    (term,) = expanded(builder, graph, inputs, {variable.id: one}, order)
    outputs: list[Operand] = []
    for k in range(1, order + 1):
        part = term[k]
        if part is None:
            outputs.append(builder.constant(variable.type.dtype.type(0)))
        else:
            outputs.append(part * float(factorial(k)) if k > 1 else part)
    return builder.finish("derivatives", outputs, tuple(range(order)))


def _nested(graph: Graph, order: int) -> Graph:
    """Differentiate again and again, with simplification in between."""
    builder = Builder()
    given = {node.attrs[0]: builder.input(*node.attrs).node for node in graph.inputs}
    outputs: list[Node] = []
    current = graph
    for _ in range(order):
        current = Pipeline("fold,simplify,collect,simplify,cse")(_derivative(current))
        bound = {node.id: given[node.attrs[0]] for node in current.inputs}
        fresh = copy_nodes(builder, current, given=bound)
        outputs.append(fresh[current.outputs[0].id])
    return builder.finish("derivatives", outputs, tuple(range(order)))


def _derivative(graph: Graph) -> Graph:
    builder = Builder()
    fresh = copy_nodes(builder, graph)
    variable = graph.inputs[0]
    one = builder.constant(variable.type.dtype.type(1)).node
    (slope,) = push_forward(builder, graph, fresh, {variable.id: one})
    if slope is None:
        slope = builder.constant(variable.type.dtype.type(0)).node
    return builder.finish(graph.name, [slope])
