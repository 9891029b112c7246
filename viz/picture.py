"""From a graph to a picture: boxes with the leaves they use, and arrows between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from graphad.ir import CONST, INPUT, Graph, Node
from graphad.viz.labels import (
    constant_text,
    ir_line,
    node_label,
    node_name,
    output_names,
    port_names,
    shorten,
    signature,
    tooltip,
    type_text,
)
from graphad.viz.metrics import label_width, small_width

LIMIT = 1500
"""Most boxes that are drawn one for each node; a larger graph is drawn collapsed."""

CHIP_HEIGHT = 18.0
CHIP_STEM = 11.0
_CHIP_GAP = 5.0
_PORT_SIZE = 10.0
_MOST_WIDENED = 44.0
_MOST_SLOTS = 12
_MOST_USES = 12
_REACH = 30
"""A value that is used more often than `_MOST_USES`, or further away than `_REACH` rows, is named
at its users and not joined to them by lines that nobody can follow."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an operand enters a box: by an arrow, or from a leaf that is drawn right there.

    `kind` is ``"arrow"``, ``"input"``, ``"const"``, ``"reference"`` or ``"more"``; `offset` is the
    distance of the slot from the middle of its box.
    """

    kind: str
    text: str = ""
    note: str = ""
    title: str = ""
    name: str = ""
    width: float = 0.0
    offset: float = 0.0
    order: int = 0
    node: int = -1


@dataclass(frozen=True, slots=True)
class Cell:
    """A box with the leaves above it; `kind` is ``"op"``, ``"output"``, ``"input"`` or ``"group"``.

    Parameters
    ----------
    kind : str
        What the box stands for.
    head, detail, note : str
        Its lines: label, attributes, name and type.
    order : int
        Derivative order, which gives the colour.
    title : str
        What hovering shows.
    slots : tuple of Slot
        Operands, from left to right.
    width, height : float
        Room that box and leaves take together.
    box_height : float
        Height of the box alone, at the bottom of that room.
    node : int
        Id of the node that the box stands for, or -1.
    free : bool
        Whether operands may be drawn in any order.
    result : bool
        Whether the box is an output of the graph.
    share : float
        For groups, how large the group is beside the largest one, from 0 to 1.
    """

    kind: str
    head: str
    detail: str = ""
    note: str = ""
    order: int = 0
    title: str = ""
    slots: tuple[Slot, ...] = ()
    width: float = 0.0
    height: float = 0.0
    box_height: float = 0.0
    node: int = -1
    free: bool = False
    result: bool = False
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow from one cell to a slot of a later one; `weight` is how many uses it stands for."""

    source: int
    target: int
    slot: int
    title: str = ""
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is to be drawn, still without positions.

    `rows` fixes the row of each cell, and `row_names` says what rows stand for; both are empty
    unless the picture is collapsed. `notice` is a line that the reader must not miss.
    """

    name: str
    signature: str
    summary: str
    cells: tuple[Cell, ...]
    arrows: tuple[Arrow, ...]
    orders: tuple[int, ...]
    notice: str = ""
    rows: tuple[int, ...] = ()
    row_names: tuple[str, ...] = ()


def is_leaf(node: Node) -> bool:
    """Whether a node is drawn at each of its uses instead of once."""
    return node.op is INPUT or node.op is CONST


def chip(kind: str, text: str, note: str, title: str) -> Slot:
    """Return a slot with something written in it."""
    return _sized(Slot(kind, text, note, title))


def leaf_slot(node: Node, name: str = "") -> Slot:
    """Return the slot that shows an input or a constant."""
    if node.op is INPUT:
        return _sized(
            Slot(
                "input",
                text=shorten(node.attrs[0], 24),
                note=type_text(node.type),
                title=f"input {ir_line(node)}",
                name=name,
                node=node.id,
            )
        )
    note = type_text(node.type) if node.type.shape else ""
    return _sized(
        Slot(
            "const",
            text=constant_text(node.attrs[0]),
            note=note,
            title=f"constant {ir_line(node)}",
            name=name,
            node=node.id,
        )
    )


def _sized(slot: Slot) -> Slot:
    text = f"{slot.text} {slot.note}" if slot.note else slot.text
    beside = 2 * (small_width(slot.name, _PORT_SIZE) + 6.0) if slot.name else 0.0
    width = max(18.0, small_width(text, 10.5) + 12.0, beside)
    return replace(slot, width=width)


def _folded(slots: list[Slot]) -> list[Slot]:
    """Keep the leaves of one box few: equal ones become one, and the last ones "+ n more"."""
    leaves = [slot for slot in slots if slot.kind != "arrow"]
    if len(leaves) <= _MOST_SLOTS:
        return slots
    counts: dict[tuple[str, str, str], int] = {}
    for slot in leaves:
        key = (slot.kind, slot.text, slot.note)
        counts[key] = counts.get(key, 0) + 1
    kept: list[Slot] = []
    seen: set[tuple[str, str, str]] = set()
    hidden = 0
    for slot in slots:
        key = (slot.kind, slot.text, slot.note)
        if slot.kind == "arrow":
            kept.append(slot)
        elif key in seen:
            continue
        elif len(seen) < _MOST_SLOTS:
            seen.add(key)
            times = f" ×{counts[key]}" if counts[key] > 1 else ""
            kept.append(_sized(replace(slot, text=slot.text + times, name="")))
        else:
            hidden += 1
    if hidden:
        kept.append(_sized(Slot("more", f"+{hidden} more", title=f"{hidden} more operands")))
    return kept


def _side_by_side(slots: Sequence[Slot], inner: float) -> tuple[tuple[Slot, ...], float]:
    """Return slots with their offsets, and the width that they take, for a box `inner` wide.

    A single arrow enters in the middle if that does not make the box much wider, so that chains of
    ops are straight lines.
    """
    arrows = [place for place, slot in enumerate(slots) if slot.kind == "arrow"]
    pitch = min(18.0, max(3.0, 480.0 / max(1, len(arrows))))
    lefts: list[float] = []
    left = 0.0
    for place, slot in enumerate(slots):
        if place and not slots[place - 1].kind == slot.kind == "arrow":
            left += _CHIP_GAP
        lefts.append(left)
        if slot.kind == "arrow":
            left += pitch + (small_width(slot.name, _PORT_SIZE) if slot.name else 0.0)
        else:
            left += slot.width
    middles = [
        left + (pitch if slot.kind == "arrow" else slot.width) / 2
        for left, slot in zip(lefts, slots, strict=True)
    ]
    centre = left / 2
    total = left + (8.0 if len(arrows) > 1 else 0.0)
    if len(arrows) == 1:
        middle = middles[arrows[0]]
        half = max(middle, left - middle)
        if 2 * half <= max(inner, left) + _MOST_WIDENED:
            centre, total = middle, 2 * half
    elif slots and len(arrows) == len(slots):
        centre = (middles[0] + middles[-1]) / 2
    placed = [
        replace(slot, offset=middle - centre) for slot, middle in zip(slots, middles, strict=True)
    ]
    return tuple(placed), total


def cell_of(
    kind: str,
    head: str,
    detail: str,
    note: str,
    slots: Sequence[Slot],
    *,
    order: int = 0,
    title: str = "",
    node: int = -1,
    free: bool = False,
    result: bool = False,
    share: float = 0.0,
) -> Cell:
    """Return a cell with its slots placed side by side and its size worked out."""
    pill = kind in ("output", "input")
    inner = max(label_width(head), small_width(detail, 10.5), small_width(note))
    inner = max(inner + (22.0 if pill else 18.0), 34.0)
    placed, total = _side_by_side(slots, inner)
    width = max(inner, total)
    lines = 18.0 + (13.0 if detail else 0.0) + (12.5 if note else 0.0)
    box_height = 22.0 if pill else lines + (12.0 if kind == "group" else 8.0)
    chips = any(slot.kind != "arrow" for slot in placed)
    height = box_height + (CHIP_HEIGHT + CHIP_STEM if chips else 0.0)
    return Cell(
        kind,
        head,
        detail,
        note,
        order,
        title,
        placed,
        width,
        height,
        box_height,
        node,
        free,
        result,
        share,
    )


def node_depths(graph: Graph) -> list[int]:
    """Return for each node the number of ops on the longest way to it from a leaf."""
    depths = [0] * len(graph.nodes)
    for node in graph.nodes:
        if node.inputs:
            depths[node.id] = 1 + max([depths[operand.id] for operand in node.inputs])
    return depths


@dataclass(slots=True)
class _Drawing:
    """What is collected while a graph becomes a picture of one box for each node."""

    graph: Graph
    depths: list[int]
    uses: list[int]
    cells: list[Cell] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    cell_of_node: dict[int, int] = field(default_factory=dict)

    def slot(self, operand: Node, depth: int, name: str) -> Slot:
        """Return how an operand enters a box in row `depth`."""
        if is_leaf(operand):
            return leaf_slot(operand, name)
        far = depth - self.depths[operand.id] > _REACH
        if far or self.uses[operand.id] > _MOST_USES:
            order = self.graph.origin(operand).order
            text = reference_text(operand)
            title = f"the value drawn as {node_name(operand)}\n{ir_line(operand)}"
            return _sized(
                Slot("reference", text, title=title, name=name, order=order, node=operand.id)
            )
        return Slot("arrow", name=name, node=operand.id)

    def add(self, cell: Cell) -> int:
        """Add a cell and the arrows that its slots ask for."""
        number = len(self.cells)
        self.cells.append(cell)
        for position, slot in enumerate(cell.slots):
            if slot.kind == "arrow":
                source = self.cell_of_node[slot.node]
                ends = cell.head if cell.node < 0 else f"%{cell.node}"
                self.arrows.append(Arrow(source, number, position, f"%{slot.node} → {ends}"))
        return number


def reference_text(node: Node) -> str:
    """Return how a value is named away from its box: an element of an input by its index."""
    if node.op.name == "element" and node.inputs[0].op is INPUT:
        index = ", ".join(map(str, node.attrs[0]))
        return f"{shorten(node.inputs[0].attrs[0], 16)}[{index}]"
    return f"%{node.id}"


def full_picture(graph: Graph) -> Picture:
    """Return the picture of a graph with one box for each op and for each output.

    Parameters
    ----------
    graph : Graph
        The graph to draw.

    Returns
    -------
    Picture
        Leaves stand at each of their uses; so do values that are used very often or far away.
    """
    depths = node_depths(graph)
    drawing = _Drawing(graph, depths, graph.use_counts())
    results = {node.id for node in graph.outputs}
    for node in graph.nodes:
        if is_leaf(node):
            continue
        names = port_names(node)
        slots = [
            drawing.slot(operand, depths[node.id], name)
            for operand, name in zip(node.inputs, names, strict=True)
        ]
        head, detail = node_label(node)
        cell = cell_of(
            "op",
            shorten(head, 28),
            shorten(detail, 32),
            f"%{node.id} {node.type}",
            _folded(slots),
            order=graph.origin(node).order,
            title=tooltip(graph, node),
            node=node.id,
            free=not any(names),
            result=node.id in results,
        )
        drawing.cell_of_node[node.id] = drawing.add(cell)
    _add_outputs(drawing)
    _add_unused_inputs(drawing)
    ops = len(drawing.cell_of_node)
    orders = {graph.origins[id].order for id in drawing.cell_of_node}
    return Picture(
        graph.name,
        signature(graph),
        f"{counted(len(graph.nodes), 'node')}, {counted(ops, 'op')}",
        tuple(drawing.cells),
        tuple(drawing.arrows),
        tuple(sorted(orders)),
    )


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> counted(1, "node"), counted(1500, "node")
    ('1 node', '1,500 nodes')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _add_outputs(drawing: _Drawing) -> None:
    graph = drawing.graph
    names = output_names(graph.tree)
    for position, node in enumerate(graph.outputs):
        slot = leaf_slot(node) if is_leaf(node) else Slot("arrow", node=node.id)
        symmetry = graph.symmetry[position]
        note = f"\ninterchangeable axes: {symmetry}" if symmetry else ""
        title = f"output {names[position]}: {node.type}{note}"
        drawing.add(cell_of("output", names[position], "", "", [slot], title=title, result=True))


def _add_unused_inputs(drawing: _Drawing) -> None:
    for node in drawing.graph.inputs:
        if drawing.uses[node.id] == 0:
            slot = leaf_slot(node)
            head = f"{slot.text} {slot.note}".strip()
            title = f"{slot.title}\nnot used"
            drawing.add(cell_of("input", head, "", "", [], title=title, node=node.id))
