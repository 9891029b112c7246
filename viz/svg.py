"""Drawings as SVG text that stands alone: no script, no font, no file beside it."""

from __future__ import annotations

import warnings
from dataclasses import replace
from hashlib import sha256

from graphad.errors import RenderError
from graphad.ir import Graph
from graphad.viz.cells import CHIP_HEIGHT, CHIP_STEM, CHIP_STEP, Cell, Picture, Slot
from graphad.viz.collapse import picture_of
from graphad.viz.external import DEFAULT_TIME_LIMIT, LayoutUnavailableError, lay_out_by_dot
from graphad.viz.header import header, label
from graphad.viz.layout import Layout, Link, Route
from graphad.viz.markup import clean, rect, short, text, title
from graphad.viz.panels import PADDING, TITLE, arranged, panel_height, panel_width
from graphad.viz.picture import LIMIT
from graphad.viz.style import order_suffix, style_sheet

ENGINES = ("builtin", "dot")

_MARGIN = 24.0
_ROW_NAMES = 112.0
_TIP = 5.5
_FITS_A_PAGE = 1400.0


def svg(
    graph: Graph,
    *,
    limit: int | None = LIMIT,
    engine: str = "builtin",
    time_limit: float = DEFAULT_TIME_LIMIT,
) -> str:
    """Return a drawing of a graph as SVG text.

    Boxes are ops, coloured by derivative order; inputs and constants stand at each of their uses;
    hovering over a box shows its IR line and its origin.

    Parameters
    ----------
    graph : Graph
        The graph to draw.
    limit : int or None
        Most boxes to draw; above it the drawing is collapsed and says so. ``None``: no limit.
    engine : {"builtin", "dot"}
        What lays the boxes out. If Graphviz is not there or takes too long, the built-in layout
        is used and a warning says so.
    time_limit : float
        Seconds that Graphviz may take.

    Returns
    -------
    str
        An SVG document; the same for the same graph.

    Raises
    ------
    RenderError
        If the engine is not known.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> svg(b.finish("f", [x * x]))[:4]
    '<svg'
    """
    check_engine(engine)
    picture = picture_of(graph, limit)
    return _document(picture, _arrange(picture, engine, time_limit))


def check_engine(engine: str) -> None:
    """Raise RenderError if there is no layout engine of that name."""
    if engine not in ENGINES:
        known = " or ".join(f'"{name}"' for name in ENGINES)
        raise RenderError(f'there is no layout engine "{engine}"; use {known}')


def _arrange(picture: Picture, engine: str, time_limit: float) -> Layout:
    """Return where the cells of a picture stand."""
    widths = [cell.width for cell in picture.cells]
    heights = [cell.height for cell in picture.cells]
    links = [
        Link(arrow.source, arrow.target, picture.cells[arrow.target].slots[arrow.slot].offset)
        for arrow in picture.arrows
    ]
    if engine == "dot":
        try:
            return lay_out_by_dot(widths, heights, links, rows=picture.rows, time_limit=time_limit)
        except LayoutUnavailableError as reason:
            warnings.warn(
                f"Graphviz did not lay out the graph {picture.name}: {reason}. "
                "The built-in layout is used instead.",
                UserWarning,
                stacklevel=3,
            )
    return arranged(picture)


def _document(picture: Picture, layout: Layout) -> str:
    indent = _ROW_NAMES if picture.row_names else 0.0
    inner = max(layout.width + indent, 460.0)
    head, head_height = header(picture, inner)
    x = indent + (inner - indent - layout.width) / 2
    width = inner + 2 * _MARGIN
    height = head_height + layout.height + 2 * _MARGIN
    fit = " fit" if width <= _FITS_A_PAGE else ""
    prefix = "ga" + sha256(repr(picture).encode("utf-8", "replace")).hexdigest()[:8]
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graphad{fit}" role="img"'
        f' aria-label="{label(picture)}" width="{short(width)}" height="{short(height)}"'
        f' viewBox="0 0 {short(width)} {short(height)}">'
    )
    lines = [
        start,
        f"<style>\n{style_sheet(picture.orders)}</style>",
        rect("page", 0, 0, width, height),
        f'<g transform="translate({short(_MARGIN)} {short(_MARGIN)})">',
        *head,
        *_row_bands(picture, layout, head_height, inner),
        f'<g transform="translate({short(x)} {short(head_height)})">',
        *_arrows(picture, layout),
    ]
    for cell, left, top in zip(picture.cells, layout.left, layout.top, strict=True):
        lines.append(_cell(cell, left, top, picture, prefix))
    lines.append("</g>\n</g>\n</svg>\n")
    return "\n".join(lines)


def _row_bands(picture: Picture, layout: Layout, offset: float, width: float) -> list[str]:
    """Return a stripe and a name for each row whose meaning is fixed."""
    lines = []
    for row, name in enumerate(picture.row_names):
        own = [place for place, number in enumerate(picture.rows) if number == row]
        if not own:
            continue
        top = offset + min(layout.top[place] for place in own) - 8
        bottom = offset + 8 + max(layout.top[i] + picture.cells[i].height for i in own)
        lines.append(rect("row", 0, top, width, bottom - top, 8))
        lines.append(text("muted", 8, (top + bottom) / 2 + 4, name))
    return lines


# --- arrows --------------------------------------------------------------------------------------


def _arrows(picture: Picture, layout: Layout) -> list[str]:
    """Return the lines, one path each, and all their tips as one path."""
    lines = []
    tips = []
    for arrow, route in zip(picture.arrows, layout.routes, strict=True):
        cell = picture.cells[arrow.target]
        x, y = route[-1]
        end = y + cell.height - cell.box_height
        heavy = min(7.0, 1.0 + arrow.weight.bit_length() * 0.4) if picture.rows else 0.0
        tip = _TIP + heavy / 2
        wide = f' style="stroke-width:{short(heavy)};opacity:.6"' if heavy else ""
        line = _path(route, end - tip + 1)
        lines.append(f'<path class="arrow" d="{line}"{wide}>{title(arrow.title)}</path>')
        half = tip * 0.55
        tips.append(
            f"M{short(x - half)} {short(end - tip)}h{short(2 * half)}L{short(x)} {short(end)}z"
        )
    if tips:
        lines.append(f'<path class="tips" d="{"".join(tips)}"/>')
    return lines


def _path(route: Route, end: float) -> str:
    """Return path data of a route that goes on straight down to `end`."""
    x, y = route[0]
    parts = [f"M{short(x)} {short(y)}"]
    last = len(route) - 1
    for start in range(0, last, 3):
        (ax, _), (bx, by), (cx, cy), (dx, dy) = route[start : start + 4]
        if start + 3 == last:
            dy = min(dy, end)
        if ax == bx == cx == dx:
            parts.append(f"V{short(dy)}")
        else:
            parts.append(
                f"C{short(bx)} {short(by)} {short(cx)} {short(cy)} {short(dx)} {short(dy)}"
            )
    if end > route[-1][1]:
        parts.append(f"V{short(end)}")
    return "".join(parts)


# --- boxes ---------------------------------------------------------------------------------------


def _cell(cell: Cell, left: float, top: float, picture: Picture, prefix: str) -> str:
    middle = left + cell.width / 2
    box_top = top + cell.height - cell.box_height
    highest = max(picture.orders, default=0)
    parts = [_slot(slot, middle, box_top, highest, prefix) for slot in cell.slots]
    box = "box result" if cell.result and cell.kind == "op" else "box"
    if cell.kind in ("output", "input"):
        parts.append(rect(f"box {cell.kind}box", left, box_top, cell.width, cell.box_height, 11))
        parts.append(text(f"chip mid {cell.kind}text", middle, box_top + 14.8, cell.head))
    else:
        suffix = order_suffix(cell.order, highest)
        parts.append(rect(f"{box} d{suffix}", left, box_top, cell.width, cell.box_height, 7))
        y = box_top + 18
        parts.append(text(f"head mid t{suffix}", middle, y, cell.head))
        if cell.detail:
            y += 13
            parts.append(text(f"detail mid t{suffix}", middle, y, cell.detail))
        if cell.note:
            y += 12.5
            parts.append(text(f"note mid t{suffix}", middle, y, cell.note))
        if cell.kind == "group":
            parts.append(_share(cell, left, box_top, suffix))
        parts.extend(_panels(cell, left, y + 8, picture, prefix))
    name = f' id="{prefix}-{cell.node}"' if cell.node >= 0 else ""
    return f'<g class="{cell.kind}"{name}>{title(cell.title)}{"".join(parts)}</g>'


def _panels(cell: Cell, left: float, top: float, picture: Picture, prefix: str) -> list[str]:
    """Return the drawings within a box, side by side, in the colours of the whole."""
    lines = []
    x = left + PADDING
    for number, panel in enumerate(cell.panels):
        inner = replace(panel.picture, orders=picture.orders)
        own = f"{prefix}-{cell.node}-{number}"
        width, height = panel_width(panel), panel_height(panel)
        lines.append(rect("row", x, top, width, height, 6))
        lines.append(text("muted", x + PADDING, top + PADDING + 4, panel.title))
        middle = x + (width - panel.layout.width) / 2
        lines.append(f'<g transform="translate({short(middle)} {short(top + PADDING + TITLE)})">')
        lines.extend(_arrows(inner, panel.layout))
        for part, at, above in zip(inner.cells, panel.layout.left, panel.layout.top, strict=True):
            lines.append(_cell(part, at, above, inner, own))
        lines.append("</g>")
        x += width + PADDING
    return lines


def _share(cell: Cell, left: float, box_top: float, suffix: str) -> str:
    """Return a bar at the bottom of a group's box that is as long as the group is large."""
    y = box_top + cell.box_height - 6
    return rect(f"share f{suffix}", left + 6, y, max(2.0, (cell.width - 12) * cell.share), 2.5, 1)


def _slot(slot: Slot, middle: float, box_top: float, highest: int, prefix: str) -> str:
    x = middle + slot.offset
    name = text("port", x + 4.5, box_top - 2.4, slot.name) if slot.name else ""
    if slot.kind == "arrow":
        return name
    bottom = box_top - CHIP_STEM - CHIP_STEP * slot.level
    if slot.kind == "reference":
        suffix = order_suffix(slot.order, highest)
        box, ink = f"box referencebox d{suffix}", f"t{suffix}"
    else:
        kind = "const" if slot.kind == "more" else slot.kind
        box, ink = f"box {kind}box", f"{kind}text"
    radius = 9 if slot.kind == "input" else 4
    note = f' <tspan class="note">{clean(slot.note)}</tspan>' if slot.note else ""
    stem = (
        ""
        if slot.level
        else f'<path class="stem" d="M{short(x)} {short(bottom)}V{short(box_top)}"/>'
    )
    drawn = (
        f"{stem}{name}"
        f"{rect(box, x - slot.width / 2, bottom - CHIP_HEIGHT, slot.width, CHIP_HEIGHT, radius)}"
        f'<text class="chip mid {ink}" x="{short(x)}" y="{short(bottom - 5.3)}">'
        f"{clean(slot.text)}{note}</text>"
    )
    content = f"<g>{title(slot.title)}{drawn}</g>" if slot.title else drawn
    if slot.kind == "reference":
        return f'<a href="#{prefix}-{slot.node}">{content}</a>'
    return content
