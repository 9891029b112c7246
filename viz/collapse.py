"""The picture of a graph too large to draw node by node: boxes of many nodes, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graphad.ir import INPUT, Graph, Node
from graphad.viz.cells import Arrow, Cell, Picture, Slot, chip, make_cell
from graphad.viz.labels import op_symbol, shorten, signature, type_text
from graphad.viz.picture import LIMIT, counted, full_picture, is_leaf

_MOST_BANDS = 18
_MOST_IN_BAND = 7
_FURTHEST = 2
_REST = "other ops"


def picture_of(graph: Graph, limit: int | None = LIMIT) -> Picture:
    """Return the picture of a graph: a box for each node, or collapsed if that is above `limit`.

    Parameters
    ----------
    graph : Graph
        The graph to draw.
    limit : int or None
        Most boxes to draw one for each node; ``None`` draws any number.
    """
    boxes = sum(not is_leaf(node) for node in graph.nodes) + len(graph.outputs)
    if limit is None or boxes <= limit:
        return full_picture(graph)
    return collapsed_picture(graph, limit)


@dataclass(slots=True)
class _Group:
    """Nodes of one op and one derivative order in one band of depths."""

    band: int
    order: int
    name: str
    count: int = 0
    types: dict[str, int] = field(default_factory=dict)
    inputs: dict[str, int] = field(default_factory=dict)
    constants: int = 0
    inside: int = 0
    earlier: int = 0


def collapsed_picture(graph: Graph, limit: int) -> Picture:
    """Return a picture in which a box stands for all nodes of an op and order at similar depths.

    Parameters
    ----------
    graph : Graph
        The graph to draw, of any size.
    limit : int
        The limit that the graph is above; it is named in the picture.
    """
    depths = node_depths(graph)
    deepest = max(depths, default=0)
    bands = min(_MOST_BANDS, max(1, deepest))
    band_of = [max(0, depth - 1) * bands // max(1, deepest) for depth in depths]
    groups, group_of = _group(graph, band_of)
    uses: dict[tuple[int, int], int] = {}
    for node in graph.nodes:
        if is_leaf(node):
            continue
        own = group_of[node.id]
        group = groups[own]
        for operand in node.inputs:
            if is_leaf(operand):
                _count_leaf(group, operand)
            elif groups[group_of[operand.id]].band == group.band:
                group.inside += 1
            elif group.band - groups[group_of[operand.id]].band > _FURTHEST:
                group.earlier += 1
            else:
                pair = (group_of[operand.id], own)
                uses[pair] = uses.get(pair, 0) + 1
    cells: list[Cell] = []
    arrows: list[Arrow] = []
    sources: list[list[int]] = [[] for _ in groups]
    for source, target in uses:
        sources[target].append(source)
    largest = max([group.count for group in groups], default=1)
    for number, group in enumerate(groups):
        slots = _slots(group, sources[number])
        cells.append(_cell(group, slots, largest))
        for position, slot in enumerate(cells[number].slots):
            if slot.kind == "arrow":
                weight = uses[slot.node, number]
                arrows.append(Arrow(slot.node, number, position, counted(weight, "use"), weight))
    _add_outputs(graph, group_of, cells, arrows)
    rows = [group.band for group in groups] + [bands] * (len(cells) - len(groups))
    ops = sum(group.count for group in groups)
    return Picture(
        graph.name,
        signature(graph),
        f"{counted(len(graph.nodes), 'node')}, {counted(ops, 'op')}, depth {deepest:,}",
        tuple(cells),
        tuple(arrows),
        tuple(sorted({group.order for group in groups})),
        notice=(
            f"Collapsed: more than {limit:,} boxes. Each box stands for all nodes of one op and "
            "derivative order in a band of depths; limit=None draws every node."
        ),
        rows=tuple(rows),
        row_names=(*_band_names(bands, deepest), "results"),
    )


def _band_names(bands: int, deepest: int) -> list[str]:
    names = []
    for band in range(bands):
        first = -(-band * deepest // bands) + 1
        last = -(-(band + 1) * deepest // bands)
        names.append(f"depth {first:,}" if first == last else f"depth {first:,} to {last:,}")
    return names


def _group(graph: Graph, band_of: Sequence[int]) -> tuple[list[_Group], dict[int, int]]:
    """Return the groups, band by band with orders rising and large ones first, and each node's."""
    counts: dict[tuple[int, int, str], int] = {}
    for node in graph.nodes:
        if not is_leaf(node):
            key = (band_of[node.id], graph.origins[node.id].order, node.op.name)
            counts[key] = counts.get(key, 0) + 1
    in_band: dict[int, list[tuple[int, int, str]]] = {}
    for key in counts:
        in_band.setdefault(key[0], []).append(key)
    number: dict[tuple[int, int, str], int] = {}
    groups: list[_Group] = []
    for band in sorted(in_band):
        keys = sorted(in_band[band], key=lambda key: (-counts[key], key))
        few = sorted(keys[:_MOST_IN_BAND], key=lambda key: (key[1], -counts[key], key[2]))
        for key in few:
            number[key] = len(groups)
            groups.append(_Group(*key))
        rest = keys[_MOST_IN_BAND:]
        if rest:
            for key in rest:
                number[key] = len(groups)
            groups.append(_Group(band, min(key[1] for key in rest), _REST))
    group_of: dict[int, int] = {}
    for node in graph.nodes:
        if is_leaf(node):
            continue
        own = number[band_of[node.id], graph.origins[node.id].order, node.op.name]
        group_of[node.id] = own
        group = groups[own]
        group.count += 1
        text = str(node.type)
        group.types[text] = group.types.get(text, 0) + 1
    return groups, group_of


def _count_leaf(group: _Group, leaf: Node) -> None:
    if leaf.op is INPUT:
        name = leaf.attrs[0]
        group.inputs[name] = group.inputs.get(name, 0) + 1
    else:
        group.constants += 1


def _slots(group: _Group, sources: list[int]) -> list[Slot]:
    slots = [Slot("arrow", node=source) for source in sorted(sources)]
    names = sorted(group.inputs, key=lambda name: (-group.inputs[name], name))
    if names:
        total = sum(group.inputs.values())
        text = shorten(names[0], 12) if len(names) == 1 else f"{len(names)} inputs"
        each = "\n".join(f"{name} ×{group.inputs[name]:,}" for name in names[:20])
        slots.append(chip(Slot("input", text, f"×{total:,}", f"uses of inputs\n{each}")))
    if group.earlier:
        title = f"{counted(group.earlier, 'use')} of values more than {_FURTHEST} bands above"
        slots.append(chip(Slot("more", "earlier", f"×{group.earlier:,}", title)))
    return slots


def _cell(group: _Group, slots: list[Slot], largest: int) -> Cell:
    kinds = sorted(group.types, key=lambda text: (-group.types[text], text))
    listed = "\n".join(f"{text} ×{group.types[text]:,}" for text in kinds[:12])
    title = (
        f"{counted(group.count, 'node')}: {group.name}, derivative order {group.order}\n"
        f"{listed}\n{counted(group.inside, 'use')} of values in the same band\n"
        f"{counted(group.constants, 'use')} of constants"
    )
    cell = Cell(
        "group",
        shorten(op_symbol(group.name), 28),
        f"×{group.count:,}",
        kinds[0] if len(kinds) == 1 else f"{len(kinds)} types",
        order=group.order,
        title=title,
        slots=tuple(slots),
        free=True,
        share=group.count / largest,
    )
    return make_cell(cell)


def node_depths(graph: Graph) -> list[int]:
    """Return for each node the number of ops on the longest way to it from a leaf."""
    depths = [0] * len(graph.nodes)
    for node in graph.nodes:
        if node.inputs:
            depths[node.id] = 1 + max([depths[operand.id] for operand in node.inputs])
    return depths


def _add_outputs(
    graph: Graph,
    group_of: dict[int, int],
    cells: list[Cell],
    arrows: list[Arrow],
) -> None:
    """Add a box for all outputs that come from one group, and one for those that are leaves."""
    sources: dict[int, int] = {}
    leaf_count = 0
    for node in graph.outputs:
        if is_leaf(node):
            leaf_count += 1
        else:
            sources[group_of[node.id]] = sources.get(group_of[node.id], 0) + 1
    total = len(graph.outputs)
    slots = [Slot("arrow", node=source) for source in sorted(sources)]
    if leaf_count:
        note = f"×{leaf_count:,}"
        slots.append(chip(Slot("const", "leaves", note, "inputs or constants")))
    head = "out" if total == 1 else f"{total:,} outputs"
    types = ", ".join(dict.fromkeys(type_text(node.type) or "f64[]" for node in graph.outputs))
    title = f"{counted(total, 'output')}: {types[:200]}"
    cells.append(make_cell(Cell("output", head, title=title, slots=tuple(slots), free=True)))
    target = len(cells) - 1
    for position, slot in enumerate(cells[target].slots):
        if slot.kind == "arrow":
            weight = sources[slot.node]
            arrows.append(Arrow(slot.node, target, position, counted(weight, "output"), weight))
