"""Taylor mode: one polynomial along a direction, all orders at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np

from graphad.builder import Builder, G, Value, live_marks, paused_gc
from graphad.errors import DerivativeError
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.op import Operand
from graphad.ops import OPS
from graphad.passes.jvp import named, tangent_inputs, zeros
from graphad.passes.pipeline import graph_pass
from graphad.passes.series import Expansion, Term, coefficient
from graphad.types import DType, Type


@graph_pass(preserves=False)
def taylor(graph: G, order: int = 2, wrt: str | Sequence[str] | None = None) -> G:
    """Expand a graph along a direction: Taylor coefficients up to `order`, in O(order²) operations.

    For ``y = f(x)`` the result is ``(x, dx) -> y_0, …, y_order`` with ``f(x + t dx) = Σ y_k tᵏ``,
    so that ``k! y_k`` is the k-th derivative of f at x in the direction dx, k times.

    Parameters
    ----------
    graph : Graph
        The function.
    order : int
        The highest power of t.
    wrt : str or sequence of str, optional
        Inputs that move; all of them if not given. The direction of ``x`` is ``dx``.

    Returns
    -------
    Graph
        Inputs: those of `graph`, then the directions. Each output has a new last axis of length
        order + 1, the coefficients.

    Raises
    ------
    DerivativeError
        If the order is negative, an input is not there or not floating point, or an op has no rule.
    """
    if order < 0 or order != int(order):
        raise DerivativeError(f"the order of a Taylor series is 0, 1, 2, … and not {order!r}")
    names = named(graph, wrt)
    with paused_gc():
        builder = Builder()
        primals, directions = tangent_inputs(builder, graph, names)
        series = expanded(builder, graph, primals, directions, order)
        pairs = zip(graph.outputs, series, strict=True)
        outputs = [_stacked(builder, node.type, parts) for node, parts in pairs]
        return builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))


def expanded(
    builder: Builder,
    graph: Graph,
    primals: dict[int, Node],
    directions: dict[int, Node],
    order: int,
) -> list[list[Value | None]]:
    """Emit the Taylor coefficients of each output; those that are None are structural zeros.

    Parameters
    ----------
    builder : Builder
        Where they go.
    graph : Graph
        The function.
    primals, directions : dict of int to Node
        Values of all inputs, and directions of those that move, by id.
    order : int
        The highest power.
    """
    expansion = Expansion(builder, order)
    terms = _terms(expansion, graph, primals, directions)
    expansion.expand(order)
    return [[coefficient(terms[node.id], k) for k in range(order + 1)] for node in graph.outputs]


def check_factorial(order: int, dtype: DType) -> None:
    """Refuse orders whose factorial is out of the range of a dtype.

    Raises
    ------
    DerivativeError
        With what to use instead.
    """
    largest = int(np.finfo(dtype).max)
    if factorial(order) > largest:
        raise DerivativeError(
            f"{order}! is beyond the range of {dtype}, so that derivatives of this order do not "
            "follow from Taylor coefficients; take the coefficients themselves, .taylor(order)"
        )


def _terms(
    expansion: Expansion, graph: Graph, primals: dict[int, Node], directions: dict[int, Node]
) -> list[Term]:
    builder = expansion.builder
    live = live_marks(graph)
    terms: list[Term] = [None] * len(graph.nodes)  # type: ignore[list-item]
    for node in graph.nodes:
        if not live[node.id]:
            continue
        builder.origin = builder.derive(graph.origins[node.id], "taylor", node.op.name)
        if node.op is INPUT:
            value = builder.value(primals[node.id])
            slope = directions.get(node.id)
            terms[node.id] = (
                expansion.constant(value)
                if slope is None
                else expansion.line(value, builder.value(slope))
            )
        elif node.op is CONST or not node.inputs:
            made = builder.emit(node.op, (), node.attrs)
            terms[node.id] = expansion.constant(builder.value(made))
        else:
            args = tuple([terms[operand.id] for operand in node.inputs])
            terms[node.id] = expansion.apply(node.op, args, node.attrs)
    return terms


def _stacked(builder: Builder, type: Type, series: Sequence[Value | None]) -> Operand:
    """The coefficients of a series along a new last axis."""
    parts = [part if part is not None else zeros(builder, type) for part in series]
    if not type.shape:
        return OPS["pack"](*parts, shape=(len(parts),))
    columns = [OPS["reshape"](part, shape=(*type.shape, 1)) for part in parts]
    return columns[0] if len(columns) == 1 else OPS["concatenate"](*columns, axis=type.ndim)
