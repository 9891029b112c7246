"""Reverse mode's other half: run a linear graph backwards."""

from __future__ import annotations

from collections.abc import Sequence

from graphad.builder import Builder, G, Value, live_marks, paused_gc
from graphad.errors import DerivativeError
from graphad.ir import CONST, Graph, Node
from graphad.op import TransposeRule
from graphad.ops import OPS
from graphad.ops.factories import total
from graphad.passes.jvp import checked_input, fresh_name, named, zeros
from graphad.passes.pipeline import graph_pass


@graph_pass(preserves=False)
def transpose(graph: G, wrt: Sequence[str] | None = None) -> G:
    """Return the transpose of a graph that is linear in some of its inputs.

    For ``y = A(p) x``, linear in x, the result is ``(p, ct) -> A(p)ᵀ ct``. With `jvp` it makes
    reverse mode: ``transpose(jvp(f))`` takes (x, ct) to f'(x)ᵀ ct. Identity, for each linear node
    ``y = a·u + b·v``: the cotangent of y times a is added to that of u, times b to that of v.

    Parameters
    ----------
    graph : Graph
        Linear in `wrt`, with outputs that all depend on `wrt` alone or not at all.
    wrt : sequence of str, optional
        The inputs it is linear in; all of them if not given.

    Returns
    -------
    Graph
        Inputs: the other inputs, then a cotangent for each output, named ``ct`` or ``ct0``, ``ct1``
        and so on. Outputs: a cotangent for each of `wrt`.

    Raises
    ------
    DerivativeError
        If the graph is not linear in `wrt`, or an input in `wrt` is not there.
    """
    names = named(graph, wrt)
    by_name = {node.attrs[0]: node for node in graph.inputs}
    for name in names:
        checked_input(by_name, name)
    with paused_gc():
        builder = Builder()
        linear = linear_marks(graph, names)
        primals = {
            node.id: builder.input(*node.attrs).node
            for node in graph.inputs
            if node.attrs[0] not in names
        }
        fresh = copy_primal(builder, graph, linear, primals)
        single = len(graph.outputs) == 1
        given = []
        for i, node in enumerate(graph.outputs):
            name = fresh_name("ct" if single else f"ct{i}", graph)
            given.append((node, builder.input(name, node.type)))
        cotangents = pull_back(builder, graph, linear, fresh, given)
        outputs = []
        for name in names:
            node = by_name[name]
            outputs.append(cotangents[node.id] or zeros(builder, node.type))
        tree = 0 if len(names) == 1 else tuple(range(len(names)))
        return builder.finish(graph.name, outputs, tree, make=type(graph))


def linear_marks(graph: Graph, names: Sequence[str]) -> bytearray:
    """Mark the nodes that depend on the inputs `names`."""
    linear = bytearray(len(graph.nodes))
    for node in graph.inputs:
        linear[node.id] = node.attrs[0] in names
    for node in graph.nodes:
        if any(linear[operand.id] for operand in node.inputs):
            linear[node.id] = 1
    return linear


def copy_primal(
    builder: Builder, graph: Graph, linear: bytearray, primals: dict[int, Node]
) -> list[Node]:
    """Copy the nodes that do not depend on the linear inputs; the places of the others are None."""
    live = live_marks(graph)
    fresh: list[Node] = [None] * len(graph.nodes)  # type: ignore[list-item]
    for id, made in primals.items():
        fresh[id] = made
    for node in graph.nodes:
        if linear[node.id] or not live[node.id] or node.id in primals:
            continue
        builder.origin = graph.origins[node.id]
        operands = tuple([fresh[operand.id] for operand in node.inputs])
        fresh[node.id] = builder.emit(node.op, operands, node.attrs)
    return fresh


def pull_back(
    builder: Builder,
    graph: Graph,
    linear: bytearray,
    fresh: Sequence[Node],
    given: Sequence[tuple[Node, Value]],
) -> list[Value | None]:
    """Emit cotangents from the outputs to the linear inputs and return them by node id.

    Parameters
    ----------
    builder : Builder
        Where the rest of `graph` has been copied to.
    graph : Graph
        The linear graph.
    linear : bytearray
        Marks of the nodes that depend on the linear inputs.
    fresh : sequence of Node
        Copies of the other nodes, by id.
    given : sequence of (Node, Value)
        Outputs of `graph` with their cotangents.

    Raises
    ------
    DerivativeError
        If a node is not linear in what it is given.
    """
    arriving: list[list[Value] | None] = [None] * len(graph.nodes)
    done: list[Value | None] = [None] * len(graph.nodes)
    for node, cotangent in given:
        if linear[node.id]:
            _arrive(arriving, node, cotangent)
    live = live_marks(graph)
    top = max((origin.order for origin in graph.origins), default=0)
    for node in reversed(graph.nodes):
        terms = arriving[node.id]
        if terms is None or not live[node.id]:
            continue
        arriving[node.id] = None
        builder.origin = builder.derive(graph.origins[node.id], "transpose", node.op.name)
        if not node.inputs:  # an input tangent is as far derived as what was made of it
            builder.origin = builder.origin._replace(order=top)
        summed = total(terms)
        assert isinstance(summed, Value)
        if not node.inputs:
            done[node.id] = summed
            continue
        for operand, cotangent in _operand_cotangents(builder, node, summed, linear, fresh):
            _arrive(arriving, operand, cotangent)
    return done


def _arrive(arriving: list[list[Value] | None], node: Node, cotangent: Value) -> None:
    terms = arriving[node.id]
    if terms is None:
        arriving[node.id] = [cotangent]
    else:
        terms.append(cotangent)


def _operand_cotangents(
    builder: Builder, node: Node, cotangent: Value, linear: bytearray, fresh: Sequence[Node]
) -> list[tuple[Node, Value]]:
    """Cotangents for the linear operands of one node.

    An operand that stands twice, as in ``t + t``, is asked for once at each place.
    """
    places = [i for i, operand in enumerate(node.inputs) if linear[operand.id]]
    rule = _linear_rule(node, places)
    types = [operand.type for operand in node.inputs]
    args = [
        None if linear[operand.id] else Value(builder, fresh[operand.id]) for operand in node.inputs
    ]
    found = rule(cotangent, args, types, node.attrs)
    pairs = []
    for i in places:
        made = found[i]
        if made is None:
            continue
        assert isinstance(made, Value)
        if made.type != types[i]:
            raise DerivativeError(
                f"the cotangent of operand {i} of {node!r} has the type {made.type}: "
                "its transpose rule is wrong"
            )
        pairs.append((node.inputs[i], made))
    return pairs


FIXED = {
    "divide": 1,
    "where": 0,
    "mask": 0,
    "take": 1,
    "scatter_add": 1,
    "solve": 0,
    "triangular_solve": 0,
}
"""Operands that an op is not linear in, though it is in another."""
OFFSETS = ("add", "subtract", "concatenate", "pack", "update", "where")
"""Ops that are linear in some operands only if the others are zeros."""


def _linear_rule(node: Node, places: Sequence[int]) -> TransposeRule:
    """Return the transpose rule of a node that is linear in the operands at `places`."""
    rule = node.op.transpose
    fixed = FIXED.get(node.op.name, -1)
    if rule is None or fixed in places:
        raise DerivativeError(f"{node!r} is not linear in its operands, so it has no transpose")
    if len(places) > 1 and node.op in (OPS["multiply"], OPS["einsum"]):
        raise DerivativeError(f"{node!r} multiplies two linear operands, so it has no transpose")
    if node.op.name in OFFSETS:
        for i, operand in enumerate(node.inputs):
            if i != fixed and i not in places and not _is_zero(operand):
                raise DerivativeError(
                    f"{node!r} puts {operand!r}, which is no zero, beside a linear operand; "
                    "that is affine and not linear, so it has no transpose"
                )
    return rule


def _is_zero(node: Node) -> bool:
    while node.op in (OPS["broadcast_to"], OPS["reshape"]):
        node = node.inputs[0]
    return node.op is CONST and not node.attrs[0].array.any()
