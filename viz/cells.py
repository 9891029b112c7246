"""What a picture is made of: boxes with the leaves they use, and arrows between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt

from graphad.viz.layout import Layout
from graphad.viz.metrics import label_width, small_width

CHIP_HEIGHT = 18.0
CHIP_STEM = 11.0
CHIP_STEP = CHIP_HEIGHT + 4.0
MOST_CHIPS = 96
"""Most leaves that are drawn one by one above a box."""

_CHIP_GAP = 5.0
_PORT_SIZE = 10.0
_PITCH = 18.0
_MOST_WIDENED = 44.0
_MOST_ARROW_ROOM = 480.0
_MOST_IN_ROW = 8


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an operand enters a box: by an arrow, or from a leaf that is drawn right there.

    Parameters
    ----------
    kind : {"arrow", "input", "const", "reference", "more"}
        What is drawn. A reference is the name of a value that has its box elsewhere.
    text, note : str
        What is written in the leaf, the note paler.
    title : str
        What hovering shows.
    name : str
        Which operand it is, where that matters.
    width : float
        Of the leaf.
    offset : float
        Distance from the middle of the box to the right.
    level : int
        Which of several rows of leaves above the box it stands in, from 0 at the box.
    order : int
        Derivative order of a value that is referred to.
    node : int
        Id of the operand.
    """

    kind: str
    text: str = ""
    note: str = ""
    title: str = ""
    name: str = ""
    width: float = 0.0
    offset: float = 0.0
    level: int = 0
    order: int = 0
    node: int = -1


@dataclass(frozen=True, slots=True)
class Cell:
    """A box with the leaves above it.

    Parameters
    ----------
    kind : {"op", "output", "input", "group"}
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
        Whether arrows may enter in any order.
    result : bool
        Whether the box is an output of the graph.
    share : float
        For groups, how large the group is beside the largest one, from 0 to 1.
    columns : int
        How many leaves stand side by side where they stand in several rows; 0 if that is free.
    panels : tuple of Panel
        Drawings within the box, of the graphs that its op holds.
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
    columns: int = 0
    panels: tuple[Panel, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Panel:
    """The drawing of a graph within a box: its title, what it shows, and where that stands."""

    title: str
    picture: Picture
    layout: Layout


def chip(slot: Slot) -> Slot:
    """Return a slot that is drawn as a leaf, with the width that its text takes."""
    text = f"{slot.text} {slot.note}" if slot.note else slot.text
    beside = 2 * (small_width(slot.name, _PORT_SIZE) + 6.0) if slot.name else 0.0
    return replace(slot, width=max(18.0, small_width(text, 10.5) + 12.0, beside))


def make_cell(cell: Cell) -> Cell:
    """Return a cell with its slots placed and its size worked out.

    Parameters
    ----------
    cell : Cell
        What is to be written, and the slots in operand order.
    """
    slots = _folded(cell.slots)
    pill = cell.kind in ("output", "input")
    inner = max(label_width(cell.head), small_width(cell.detail, 10.5), small_width(cell.note))
    inner = max(inner + (22.0 if pill else 18.0), 34.0)
    leaves = sum(slot.kind != "arrow" for slot in slots)
    if cell.kind == "group":
        placed, total = _merged(slots)
    elif leaves > _MOST_IN_ROW or (leaves and cell.columns):
        placed, total = _stacked(slots, cell.columns)
    else:
        placed, total = _side_by_side(slots, inner)
    box_height = 22.0
    if not pill:
        box_height = 26.0 + (13.0 if cell.detail else 0.0) + (12.5 if cell.note else 0.0)
    if cell.kind == "group":
        box_height += 4.0
    levels = max([slot.level + 1 for slot in placed if slot.kind != "arrow"], default=0)
    chips = CHIP_STEM + CHIP_HEIGHT + CHIP_STEP * (levels - 1) if levels else 0.0
    return replace(
        cell,
        slots=tuple(placed),
        width=max(inner, total),
        height=box_height + chips,
        box_height=box_height,
    )


def _folded(slots: Sequence[Slot]) -> list[Slot]:
    """Where a box has very many leaves, draw equal ones once, and count what is still too many."""
    if sum(slot.kind != "arrow" for slot in slots) <= MOST_CHIPS:
        return list(slots)
    counts: dict[tuple[str, str, str], int] = {}
    for slot in slots:
        key = (slot.kind, slot.text, slot.note)
        counts[key] = counts.get(key, 0) + 1
    kept: list[Slot] = []
    seen: set[tuple[str, str, str]] = set()
    hidden = 0
    for slot in slots:
        key = (slot.kind, slot.text, slot.note)
        if slot.kind == "arrow":
            kept.append(slot)
        elif key not in seen and len(seen) < MOST_CHIPS:
            seen.add(key)
            times = f" ×{counts[key]}" if counts[key] > 1 else ""
            kept.append(chip(replace(slot, text=slot.text + times)))
        elif key not in seen:
            hidden += 1
    if hidden:
        kept.append(chip(Slot("more", f"+{hidden}", title=f"{hidden} more operands")))
    return kept


def _side_by_side(slots: list[Slot], inner: float) -> tuple[list[Slot], float]:
    """Return slots with their offsets, and the width that they take, for a box `inner` wide.

    A single arrow enters in the middle if that does not make the box much wider, so that chains of
    ops are straight lines.
    """
    arrows = [place for place, slot in enumerate(slots) if slot.kind == "arrow"]
    pitch = min(_PITCH, _MOST_ARROW_ROOM / max(1, len(arrows)))
    middles: list[float] = []
    left = 0.0
    for place, slot in enumerate(slots):
        if place and not slots[place - 1].kind == slot.kind == "arrow":
            left += _CHIP_GAP
        width = pitch if slot.kind == "arrow" else slot.width
        middles.append(left + width / 2)
        left += width
        if slot.kind == "arrow" and slot.name:
            left += small_width(slot.name, _PORT_SIZE)
    centre = left / 2
    total = left + (8.0 if len(arrows) > 1 else 0.0)
    if len(arrows) == 1:
        middle = middles[arrows[0]]
        half = max(middle, left - middle)
        if 2 * half <= max(inner, left) + _MOST_WIDENED:
            centre, total = middle, 2 * half
    elif arrows and len(arrows) == len(slots):
        centre = (middles[0] + middles[-1]) / 2
    placed = [
        replace(slot, offset=middle - centre) for slot, middle in zip(slots, middles, strict=True)
    ]
    return placed, total


def _stacked(slots: list[Slot], columns: int) -> tuple[list[Slot], float]:
    """Return slots with arrows on the left and leaves in several rows beside them."""
    arrows = [slot for slot in slots if slot.kind == "arrow"]
    chips = [slot for slot in slots if slot.kind != "arrow"]
    pitch = min(_PITCH, _MOST_ARROW_ROOM / max(1, len(arrows)))
    column = max(slot.width for slot in chips)
    if not columns:
        columns = max(_MOST_IN_ROW // 2, ceil(sqrt(len(chips) * 2.2 * CHIP_STEP / column)))
        columns = ceil(len(chips) / ceil(len(chips) / columns))
    levels = ceil(len(chips) / columns)
    room = pitch * len(arrows) + (_CHIP_GAP if arrows else 0.0)
    total = room + columns * (column + _CHIP_GAP) - _CHIP_GAP
    placed = [
        replace(slot, offset=(place + 0.5) * pitch - total / 2) for place, slot in enumerate(arrows)
    ]
    for place, slot in enumerate(chips):
        level, across = divmod(place, columns)
        offset = room + across * (column + _CHIP_GAP) + column / 2 - total / 2
        placed.append(replace(slot, offset=offset, width=column, level=levels - 1 - level))
    return placed, total


def _merged(slots: list[Slot]) -> tuple[list[Slot], float]:
    """Return slots of a group: all arrows enter in the middle, and leaves stand on both sides."""
    arrows = [slot for slot in slots if slot.kind == "arrow"]
    chips = [slot for slot in slots if slot.kind != "arrow"]
    half = len(chips) // 2 if arrows else len(chips)
    placed = [replace(slot, offset=0.0) for slot in arrows]
    if not arrows:
        return _side_by_side(chips, 0.0)
    reach = 7.0
    for slot in reversed(chips[:half]):
        placed.append(replace(slot, offset=-reach - slot.width / 2))
        reach += slot.width + _CHIP_GAP
    widest = reach
    reach = 7.0
    for slot in chips[half:]:
        placed.append(replace(slot, offset=reach + slot.width / 2))
        reach += slot.width + _CHIP_GAP
    return placed, 2 * max(widest, reach)
