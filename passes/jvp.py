"""Forward mode: push tangents through a graph, next to the values."""

from __future__ import annotations

from collections.abc import Sequence

from graphad.builder import Builder, G, Value, copy_nodes, live_marks, paused_gc
from graphad.errors import DerivativeError
from graphad.ir import Graph, Node, Tree
from graphad.op import Op, Operand
from graphad.ops import OPS
from graphad.passes.pipeline import graph_pass
from graphad.structures import graft
from graphad.types import Type


@graph_pass(preserves=False)
def jvp(graph: G, wrt: Sequence[str] | None = None, *, values: bool = True) -> G:
    """Return the graph of the Jacobian–vector product.

    For ``y = f(x)`` the result is ``(x, dx) -> (y, dy)`` with ``dy = f'(x) dx``. Identity, for each
    node ``y = φ(u, v)``: ``dy = ∂φ/∂u du + ∂φ/∂v dv``; a tangent that is a structural zero makes no
    term.

    Parameters
    ----------
    graph : Graph
        The function.
    wrt : sequence of str, optional
        Inputs that get a tangent; all of them if not given. The tangent of ``x`` is ``dx``.
    values : bool
        Whether the outputs of `graph` stay outputs; otherwise only their tangents are.

    Returns
    -------
    Graph
        Inputs: those of `graph`, then the tangents. Outputs: ``(y, dy)``, or ``dy`` alone.

    Raises
    ------
    DerivativeError
        If an input in `wrt` is not there or is not floating point.
    """
    names = named(graph, wrt)
    with paused_gc():
        builder = Builder()
        primals, tangents = tangent_inputs(builder, graph, names)
        fresh = copy_nodes(builder, graph, given=primals)
        moved = push_forward(builder, graph, fresh, tangents)
        outputs = [fresh[node.id] for node in graph.outputs]
        for node, tangent in zip(graph.outputs, moved, strict=True):
            outputs.append(tangent if tangent is not None else zeros(builder, node.type).node)
        if values:
            count = len(graph.outputs)
            tree: Tree = (graph.tree, shifted(graph.tree, count))
            symmetry = graph.symmetry * 2
        else:
            outputs, tree, symmetry = outputs[len(graph.outputs) :], graph.tree, graph.symmetry
        return builder.finish(graph.name, outputs, tree, symmetry, make=type(graph))


def shifted(tree: Tree, by: int) -> Tree:
    """Return `tree` with all positions raised by `by`."""
    return graft(tree, lambda position: position + by)


def named(graph: Graph, wrt: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of inputs that `wrt` says: all for ``None``, one for a string."""
    if wrt is None:
        return graph.input_names
    return (wrt,) if isinstance(wrt, str) else tuple(wrt)


def tangent_inputs(
    builder: Builder, graph: Graph, names: Sequence[str]
) -> tuple[dict[int, Node], dict[int, Node]]:
    """Add the inputs of `graph` and a tangent for each of `names`; return both by old node id.

    Raises
    ------
    DerivativeError
        If an input is not there or is not floating point.
    """
    primals = {node.id: builder.input(*node.attrs).node for node in graph.inputs}
    by_name = {node.attrs[0]: node for node in graph.inputs}
    tangents = {}
    for name in names:
        node = checked_input(by_name, name)
        tangents[node.id] = builder.input(fresh_name("d" + name, graph), node.type).node
    return primals, tangents


def checked_input(by_name: dict[str, Node], name: str) -> Node:
    """Return the input of that name, which must be floating point.

    Raises
    ------
    DerivativeError
        If it is not there or is not floating point.
    """
    if name not in by_name:
        known = ", ".join(by_name) or "none"
        raise DerivativeError(f"there is no input {name!r} to differentiate by; inputs: {known}")
    node = by_name[name]
    if not node.type.is_inexact:
        raise DerivativeError(
            f"input {name!r} is {node.type}: only floating-point inputs have derivatives"
        )
    return node


def fresh_name(wanted: str, graph: Graph) -> str:
    """Return `wanted`, with underscores added until no input of `graph` has that name."""
    names = set(graph.input_names)
    while wanted in names:
        wanted += "_"
    return wanted


def zeros(builder: Builder, type: Type) -> Value:
    """Return zeros of a type, as one constant repeated."""
    zero: Operand = builder.constant(type.dtype.type(0))
    if type.shape:
        zero = OPS["broadcast_to"](zero, shape=type.shape)
    assert isinstance(zero, Value)
    return zero


REAL_LINEAR = (OPS["real"], OPS["imag"], OPS["conjugate"])
"""Ops that are linear over the real numbers and not over the complex ones."""


def check_analytic(op: Op, moving: Sequence[Type], by_real: bool = False) -> None:
    """Refuse an op that has no complex derivative.

    Parameters
    ----------
    op : Op
        What is to be derived.
    moving : sequence of Type
        Types of the operands that move.
    by_real : bool
        Whether they move with real inputs alone, and the caller hands tangents to the rules of ops
        instead of multiplying by partials. Then parts and conjugates have derivatives.

    Raises
    ------
    DerivativeError
        If the op is no analytic function, and an operand that moves is complex.
    """
    if op.analytic or (by_real and op in REAL_LINEAR):
        return
    if any(type.is_complex for type in moving):
        raise DerivativeError(
            f"{op.name} of a complex number is not analytic, so it has no complex derivative; "
            "write it with the real and imaginary parts as real inputs: z = x + 1j * y"
        )


def push_forward(
    builder: Builder, graph: Graph, fresh: Sequence[Node], tangents: dict[int, Node]
) -> list[Node | None]:
    """Emit the tangents of all nodes and return those of the outputs.

    Parameters
    ----------
    builder : Builder
        Where `graph` has been copied to.
    graph : Graph
        The function.
    fresh : sequence of Node
        The copy of each node, by id.
    tangents : dict of int to Node
        Tangents of inputs, by id.

    Returns
    -------
    list of Node or None
        For each output its tangent, ``None`` for a structural zero.
    """
    live = live_marks(graph)
    moved: list[Value | None] = [None] * len(graph.nodes)
    by_complex = bytearray(len(graph.nodes))  # marks of what moves with a complex input
    for id, node in tangents.items():
        moved[id] = builder.value(node)
        by_complex[id] = node.type.is_complex
    for node in graph.nodes:
        rule = node.op.jvp
        moving = [item.type for item in node.inputs if moved[item.id] is not None]
        if moving:
            by_complex[node.id] = any(by_complex[operand.id] for operand in node.inputs)
            check_analytic(node.op, moving, not by_complex[node.id])
        if rule is None or not moving or not live[node.id] or not node.type.is_inexact:
            continue
        incoming = [moved[operand.id] for operand in node.inputs]
        builder.origin = builder.derive(graph.origins[node.id], "jvp", node.op.name, 1)
        operands = [Value(builder, fresh[operand.id]) for operand in node.inputs]
        out = Value(builder, fresh[node.id])
        tangent = rule(out, operands, incoming, node.attrs)
        if tangent is not None and tangent.type != node.type:
            raise DerivativeError(
                f"the tangent of {node!r} has the type {tangent.type}: its jvp rule is wrong"
            )
        assert tangent is None or isinstance(tangent, Value)
        moved[node.id] = tangent
    results = [moved[node.id] for node in graph.outputs]
    return [None if result is None else result.node for result in results]
