"""Scans that do no more than what is read of them, and each only once."""

from __future__ import annotations

from typing import NamedTuple

from graphad.builder import Builder, G, Value, live_marks, rebuild
from graphad.constant import Span
from graphad.control.bodies import used_inputs, with_inputs, with_outputs
from graphad.control.layout import Layout
from graphad.control.scan_form import Scan
from graphad.ir import Graph, Node
from graphad.op import OPS, Attrs, Operand
from graphad.ops.factories import reshape_to
from graphad.passes.pipeline import graph_pass

SCAN, SLICE, ELEMENT = "scan", "slice", "element"


class Trimmed(NamedTuple):
    """A scan that is left of another one: operands by position, and results by position."""

    form: Scan
    operands: tuple[int, ...]
    results: dict[int, int]


@graph_pass
def loops(graph: G) -> G:
    """Merge scans that differ in whether they keep their history, and drop what nothing reads.

    Identities: a scan gives the same with and without its history. Results that are not read, and
    what is carried for them alone, are not computed.

    Parameters
    ----------
    graph : Graph
        Any graph; where it has no scan, it is returned as it is.

    Returns
    -------
    Graph
        With the same values.
    """
    if not any(node.op.name == SCAN for node in graph.nodes):
        return graph
    return _trimmed(_merged(graph))


def _key(node: Node) -> tuple[tuple[Node, ...], Attrs]:
    return node.inputs, Scan(*node.attrs)._replace(history=True)


def _merged(graph: G) -> G:
    """Take what a scan gives from the same scan with its history, where there is one."""
    live = live_marks(graph)
    scans = [node for node in graph.nodes if node.op.name == SCAN and live[node.id]]
    full = {_key(node) for node in scans if Scan(*node.attrs).history}
    twice = {node.id for node in scans if _key(node) in full and not Scan(*node.attrs).history}

    def apply(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        if node.id not in twice:
            return _read_directly(builder, node, operands, twice)
        plain = Scan(*node.attrs)
        kept = plain._replace(history=True)
        builder.origin = builder.derive(builder.origin, "loops", "history")
        value = builder.value(builder.emit(node.op, operands, tuple(kept)))
        if plain.layout.single:
            made = kept.layout.part(value, 0)
        else:
            made = OPS[SLICE](value, spans=(Span(0, plain.layout.starts[-1], 1),))
        assert isinstance(made, Value)
        return made.node

    return rebuild(graph, apply) if twice else graph


def _read_directly(
    builder: Builder, node: Node, operands: tuple[Node, ...], twice: set[int]
) -> Node | None:
    """Return what reads a merged scan: the history comes last, so positions stay."""
    source = node.inputs[0] if node.op.name in (SLICE, ELEMENT) else None
    if source is None or source.id not in twice or Scan(*source.attrs).layout.single:
        return None
    return builder.emit(node.op, operands[0].inputs, node.attrs)


# --- what nothing reads --------------------------------------------------------------------------


def _trimmed(graph: G) -> G:
    """Drop results of scans that nothing reads."""
    read = _read_parts(graph)
    found: dict[int, Trimmed] = {}
    for id, parts in read.items():
        node = graph.nodes[id]
        form = Scan(*node.attrs)
        less = _without(form, parts)
        if less is not None:
            found[id] = less
    if not found:
        return graph

    def apply(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        own = found.get(node.id)
        if own is not None:
            builder.origin = builder.derive(builder.origin, "loops", "unread")
            chosen = tuple([operands[position] for position in own.operands])
            return builder.emit(node.op, chosen, tuple(own.form))
        if node.op.name in (SLICE, ELEMENT) and node.inputs[0].id in found:
            before = Scan(*node.inputs[0].attrs).layout
            return _reread(builder, node, operands[0], before, found[node.inputs[0].id])
        return None

    return rebuild(graph, apply)


def _place(node: Node) -> Span:
    """Return what a slice or an element reads of a vector."""
    if node.op.name == ELEMENT:
        (start,) = node.attrs[0]
        return Span(start, start + 1, 1)
    (span,) = node.attrs[0]
    assert isinstance(span, Span)
    return span


def _part_of(layout: Layout, span: Span) -> int | None:
    """Return the result that a span lies in."""
    for position, type in enumerate(layout.types):
        start = layout.starts[position]
        if start <= span.start and span.stop <= start + type.size and type.size:
            return position
    return None


def _read_parts(graph: Graph) -> dict[int, set[int]]:
    """Return for scans of several results which are read, if each user reads one of them."""
    live = live_marks(graph)
    read: dict[int, set[int]] = {}
    for node in graph.nodes:
        if node.op.name == SCAN and live[node.id] and not Scan(*node.attrs).layout.single:
            read[node.id] = set()
    for node in graph.nodes:
        if not live[node.id]:
            continue
        for operand in node.inputs:
            if operand.id not in read:
                continue
            part = None
            if node.op.name in (SLICE, ELEMENT):
                part = _part_of(Scan(*operand.attrs).layout, _place(node))
            if part is None:
                del read[operand.id]
            else:
                read[operand.id].add(part)
    for node in graph.outputs:
        read.pop(node.id, None)
    return read


def _without(form: Scan, read: set[int]) -> Trimmed | None:
    """Return the scan of the results that are read; ``None`` if there is nothing to drop."""
    results = len(form.body.outputs)
    history = form.history and any(position >= results for position in read)
    needed = {n for n in range(form.carries, results) if n in read}
    needed |= {n for n in range(form.carries) if n in read or (history and results + n in read)}
    while True:  # what is needed for what is needed
        wanted = sorted(needed)
        body = with_outputs(form.body, wanted)
        used = used_inputs(body)
        more = {n for n in range(form.carries) if used[form.fixed + n]} - needed
        if not more:
            break
        needed |= more
    carries = [n for n in wanted if n < form.carries]
    fixed, carried, rows = form.split(range(len(form.body.inputs)))
    operands = [i for i in fixed if used[i]]
    operands += [carried[n] for n in carries]
    slices = [i for i in rows if used[i]]
    operands += slices
    if len(wanted) == results and history == form.history and len(operands) == len(used):
        return None
    if not operands:
        return None
    less = form._replace(
        carries=len(carries),
        slices=len(slices),
        history=history,
        body=with_inputs(body, operands),
    )
    places = {n: place for place, n in enumerate(wanted)}
    if history:
        places.update({results + n: len(wanted) + place for place, n in enumerate(carries)})
    return Trimmed(less, tuple(operands), places)


def _reread(builder: Builder, node: Node, scan: Node, before: Layout, left: Trimmed) -> Node:
    """Return what a slice or an element of a scan reads, from what is left of the scan."""
    span = _place(node)
    position = _part_of(before, span)
    assert position is not None
    after, place = left.form.layout, left.results[position]
    value: Operand = builder.value(scan)
    shift = after.starts[place] - before.starts[position]
    if after.single:
        if node.op.name == ELEMENT and scan.type.shape == ():
            return scan
        value = reshape_to(value, (value.type.size,))
        shift = -before.starts[position]
    if node.op.name == ELEMENT:
        made = OPS[ELEMENT](value, index=(span.start + shift,))
    else:
        moved = Span(span.start + shift, span.stop + shift, span.step)
        made = OPS[SLICE](value, spans=(moved,))
    assert isinstance(made, Value)
    return made.node
