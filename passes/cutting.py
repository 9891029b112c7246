"""Parts of a function as functions of their own, and products and sums with numbers in front."""

from __future__ import annotations

from collections.abc import Sequence

from graphad.builder import Builder
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.op import Operand
from graphad.ops import OPS
from graphad.passes.structure import cone

ADD, MULTIPLY, NEGATIVE = OPS["add"], OPS["multiply"], OPS["negative"]


def cut_out(
    builder: Builder, terms: Sequence[tuple[float, Node]], stops: Sequence[Node]
) -> tuple[Graph, list[Node]]:
    """Return the function of `stops` that terms add up to, and what its inputs stand for.

    Inputs are the stops, then the inputs of the whole that no variable is.

    Parameters
    ----------
    builder : Builder
        Holds the nodes.
    terms : sequence of (float, Node)
        A sign and a node each.
    stops : sequence of Node
        Where the function begins.
    """
    inner = Builder()
    made: dict[int, Node] = {}
    given: list[Node] = []
    for place, node in enumerate(stops):
        made[node.id] = inner.input(f"q{place}", node.type).node
        given.append(node)
    for node in cone(builder, [term for _, term in terms], stops):
        inner.origin = builder.origins[node.id]
        if node.op is INPUT or node.op is OPS["element"]:
            made[node.id] = inner.input(f"p{len(given)}", node.type).node
            given.append(node)
            continue
        operands = tuple([made[operand.id] for operand in node.inputs])
        made[node.id] = inner.emit(node.op, operands, node.attrs)
    parts: list[Operand] = []
    for sign, term in terms:
        value = inner.value(made[term.id])
        parts.append(-value if sign < 0 else value)
    whole = parts[0] if len(parts) == 1 else ADD(*parts)
    return inner.finish("inner", [whole]), given


def number(builder: Builder, value: float, like: Node) -> Node:
    """Emit a constant of the dtype of `like`."""
    return builder.constant(like.type.dtype.type(value)).node


def times(builder: Builder, factor: float, nodes: Sequence[Node]) -> Node:
    """Emit a product; numbers are multiplied at once."""
    moving: list[Node] = []
    for node in nodes:
        if node.op is CONST and node.type.dtype.kind == "f":
            factor *= float(node.attrs[0].scalar)
        else:
            moving.append(node)
    if not moving:
        return number(builder, factor, nodes[0])
    if abs(factor) != 1.0:
        moving.insert(0, number(builder, abs(factor), moving[0]))
    made = moving[0] if len(moving) == 1 else builder.emit(MULTIPLY, tuple(moving))
    return builder.emit(NEGATIVE, (made,)) if factor < 0 else made


def total(builder: Builder, parts: Sequence[Node]) -> Node | None:
    """Emit a sum; None if there is nothing to add."""
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else builder.emit(ADD, tuple(parts))
