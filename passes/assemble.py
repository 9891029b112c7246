"""Parts of an array put side by side, instead of added to zeros.

The cotangent of ``x[i]`` is placed in an array of structural zeros, and those of ``x[0], x[1], …``
are then added, zeros and all. Identities, s and t spans that meet along one axis:

==============================  ===================================================
``place(a, s) + place(b, t)``   ``place(concatenate(a, b), s ∪ t)``
``c·place(a, s)``               ``place(c·a, s)``, also for a minus sign
parts that are all scalars      ``pack(…)``
==============================  ===================================================
"""

from __future__ import annotations

from dataclasses import dataclass

from graphad.builder import Builder, G, Value, rebuild
from graphad.constant import Span
from graphad.ir import Node
from graphad.op import Operand
from graphad.ops import OPS
from graphad.passes.pipeline import graph_pass

ADD, PLACE, PACK, RESHAPE = OPS["add"], OPS["place"], OPS["pack"], OPS["reshape"]
NEGATIVE, MULTIPLY, CONCATENATE = OPS["negative"], OPS["multiply"], OPS["concatenate"]
Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """Values at spans of the whole; several values stand side by side along `axis`."""

    spans: Spans
    values: tuple[Operand, ...]
    axis: int = 0

    def joined(self) -> Operand:
        if len(self.values) == 1:
            return self.values[0]
        return CONCATENATE(*self.values, axis=self.axis)


@graph_pass
def assemble(graph: G) -> G:
    """Put parts that meet side by side, instead of adding them to zeros.

    Parameters
    ----------
    graph : Graph
        Any graph.

    Returns
    -------
    Graph
        With the same values.
    """
    if not any(node.op is PLACE for node in graph.nodes):
        return graph

    def apply(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        if node.op is not ADD or sum(_is_part(operand, node) for operand in operands) < 2:
            return None
        builder.origin = builder.derive(builder.origin, "assemble", "parts that meet")
        return _assembled(builder, node, operands)

    return rebuild(graph, apply)


def _is_part(operand: Node, node: Node) -> bool:
    """Whether an operand of a sum is placed, and not repeated by broadcasting."""
    return operand.type == node.type and _is_placed(operand)


def _is_placed(node: Node) -> bool:
    if node.op is NEGATIVE or node.op is MULTIPLY:
        return any(operand.op is PLACE and operand.type == node.type for operand in node.inputs)
    return node.op is PLACE


def _part(builder: Builder, node: Node) -> _Part | None:
    """The part that a placed value is, with a number or a sign moved inside."""
    if node.op is PLACE:
        return _Part(node.attrs[0], (builder.value(node.inputs[0]),))
    place = node.inputs[0] if node.inputs[0].op is PLACE else node.inputs[-1]
    inner: Operand = builder.value(place.inputs[0])
    if node.op is NEGATIVE:
        return _Part(place.attrs[0], (-inner,))
    other = node.inputs[-1] if place is node.inputs[0] else node.inputs[0]
    if len(node.inputs) != 2 or other.type.shape != ():
        return None
    return _Part(place.attrs[0], (builder.value(other) * inner,))


def _assembled(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
    parts: list[_Part] = []
    others: list[Operand] = []
    for operand in operands:
        part = _part(builder, operand) if _is_part(operand, node) else None
        if part is None:
            others.append(builder.value(operand))
        else:
            parts.append(part)
    count = len(parts)
    for axis in reversed(range(node.type.ndim)):
        parts = _merged(parts, axis)
    if len(parts) == count:
        return None
    placed = [_placed(builder, part, node.type.shape) for part in parts]
    terms = [*placed, *others]
    made = terms[0] if len(terms) == 1 else ADD(*terms)
    assert isinstance(made, Value)
    return made.node


def _merged(parts: list[_Part], axis: int) -> list[_Part]:
    """Join parts that meet along `axis` and agree in all other axes."""
    groups: dict[tuple[Spans, Spans], list[_Part]] = {}
    for part in parts:
        spans = part.spans
        groups.setdefault((spans[:axis], spans[axis + 1 :]), []).append(part)
    result: list[_Part] = []
    for group in groups.values():
        group.sort(key=lambda part: part.spans[axis].start)
        runs: list[list[_Part]] = []
        for part in group:
            run = next((run for run in runs if _meets(run[-1], part, axis)), None)
            if run is None:
                runs.append([part])
            else:
                run.append(part)
        result.extend(_run(run, axis) for run in runs)
    return result


def _meets(left: _Part, right: _Part, axis: int) -> bool:
    a, b = left.spans[axis], right.spans[axis]
    return a.step == b.step == 1 and a.stop == b.start


def _run(run: list[_Part], axis: int) -> _Part:
    if len(run) == 1:
        return run[0]
    first, last = run[0].spans[axis], run[-1].spans[axis]
    spans = list(run[0].spans)
    spans[axis] = Span(first.start, last.stop, 1)
    return _Part(tuple(spans), tuple(part.joined() for part in run), axis)


def _placed(builder: Builder, part: _Part, shape: tuple[int, ...]) -> Operand:
    scalars = [_scalar(builder, value) for value in part.values]
    known = [scalar for scalar in scalars if scalar is not None]
    if len(known) == len(scalars) > 1:
        lengths = tuple(span.length for span in part.spans)
        value: Operand = PACK(*known, shape=lengths)
    else:
        value = part.joined()
    if value.shape == shape:
        return value
    return PLACE(value, spans=part.spans, shape=shape)


def _scalar(builder: Builder, value: Operand) -> Operand | None:
    """The scalar that an array of one element was made of."""
    assert isinstance(value, Value)
    node = value.node
    if node.op is RESHAPE and node.inputs[0].type.shape == ():
        return builder.value(node.inputs[0])
    if node.op is NEGATIVE or node.op is MULTIPLY:
        inner = [_bare(operand) for operand in node.inputs]
        if all(operand is not None for operand in inner):
            values = [builder.value(operand) for operand in inner if operand is not None]
            return node.op(*values)
    return None


def _bare(node: Node) -> Node | None:
    if node.type.shape == ():
        return node
    if node.op is RESHAPE and node.inputs[0].type.shape == ():
        return node.inputs[0]
    return None
