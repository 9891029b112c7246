"""Drawings as DOT text, for Graphviz and for whatever else reads it."""

from __future__ import annotations

import re

from graphad.ir import Graph
from graphad.viz.cells import Arrow, Cell, Panel, Slot
from graphad.viz.collapse import picture_of
from graphad.viz.markup import legible
from graphad.viz.palette import order_shade
from graphad.viz.picture import LIMIT

BREAKS = re.compile("[\n\v\f\x1c-\x1e\x85\u2028\u2029]")
"""Whatever ends a line for those who read text line by line."""


def quote(text: str) -> str:
    r"""Return text as a quoted DOT string; line breaks become ``\n``, and nothing else is special.

    Examples
    --------
    >>> print(quote('say "hi" \\ bye'))
    "say \"hi\" \\ bye"
    """
    escaped = legible(text).replace("\\", "\\\\").replace('"', '\\"')
    escaped = BREAKS.sub(r"\\n", escaped.replace("\r", ""))
    return f'"{escaped}"'


def dot(graph: Graph, *, limit: int | None = LIMIT) -> str:
    """Return a drawing of a graph as DOT text, without positions.

    Parameters
    ----------
    graph : Graph
        The graph to draw.
    limit : int or None
        Most boxes to draw; above it the drawing is collapsed and says so. ``None``: no limit.

    Returns
    -------
    str
        A ``digraph``; the same for the same graph.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> print(dot(b.finish("f", [x * x])).splitlines()[0])
    digraph "f" {
    """
    picture = picture_of(graph, limit)
    lines = [f"digraph {quote(picture.name)} {{"]
    heading = f"{picture.name} {picture.signature}\n{picture.summary}"
    if picture.notice:
        heading += f"\n{picture.notice}"
    lines.append(f'  graph [label={quote(heading)} labelloc=t fontname="sans-serif" fontsize=12]')
    lines.append(
        '  node [shape=box style="rounded,filled" fontname="sans-serif" fontsize=11 '
        "height=0.3 width=0.4]"
    )
    lines.append('  edge [color="#7a8794" arrowsize=0.6 fontname="sans-serif" fontsize=9]')
    into: list[list[Arrow]] = [[] for _ in picture.cells]
    for arrow in picture.arrows:
        into[arrow.target].append(arrow)
    highest = max(picture.orders, default=0)
    for number, cell in enumerate(picture.cells):
        lines.extend(_cell_lines(f"n{number}", cell, into[number], highest, "n"))
    for row in sorted(set(picture.rows)):
        same = " ".join(f"n{i}" for i, own in enumerate(picture.rows) if own == row)
        lines.append(f"  {{ rank=same {same} }}")
    lines.append("}")
    return "\n".join(lines) + "\n"


def _panel_lines(name: str, number: int, panel: Panel, highest: int) -> list[str]:
    """Return the lines of a graph that a box holds: a cluster, with a dashed line from the box."""
    base = f"{name}_{number}_"
    picture = panel.picture
    lines = [f"  subgraph cluster_{base} {{", f"  label={quote(panel.title)} style=dashed"]
    for place, cell in enumerate(picture.cells):
        own = [arrow for arrow in picture.arrows if arrow.target == place]
        lines.extend(_cell_lines(f"{base}{place}", cell, own, highest, base))
    lines.append("  }")
    last = len(picture.cells) - 1
    return [*lines, f"  {base}{last} -> {name} [style=dashed arrowhead=none]"]


def _cell_lines(name: str, cell: Cell, arrows: list[Arrow], highest: int, base: str) -> list[str]:
    """Return the lines of a box, of its leaves and of the arrows into it, in operand order."""
    label = "\n".join(line for line in (cell.head, cell.detail, cell.note) if line)
    options = [f"label={quote(label)}", f"tooltip={quote(cell.title)}"]
    if cell.kind == "output":
        options.append('shape=oval fillcolor="#22303d" fontcolor="#ffffff"')
    elif cell.kind == "input":
        options.append(_LEAF_LOOKS["input"])
    else:
        shade = order_shade(cell.order, highest)
        options.append(f'fillcolor="{shade.fill}" color="{shade.border}" fontcolor="{shade.ink}"')
        if cell.result:
            options.append("penwidth=2.5")
    if not cell.free and len(cell.slots) > 1:
        options.append("ordering=in")
    lines = [f"  {name} [{' '.join(options)}]"]
    sources = {arrow.slot: arrow for arrow in arrows}
    for position, slot in enumerate(cell.slots):
        arrow = sources.get(position)
        if arrow is None:
            leaf = f"{name}_{position}"
            lines.append(_leaf_line(leaf, slot))
            start = leaf
        else:
            start = f"{base}{arrow.source}"
        label = f" [headlabel={quote(slot.name)}]" if slot.name else ""
        if arrow is not None and arrow.weight > 1:
            label = f" [label={quote(f'{arrow.weight:,}')}]"
        lines.append(f"  {start} -> {name}{label}")
    for number, panel in enumerate(cell.panels):
        lines.extend(_panel_lines(name, number, panel, highest))
    return lines


_LEAF_LOOKS = {
    "input": 'shape=oval fillcolor="#fff0d2" color="#d9932b" fontcolor="#6b4300"',
    "const": 'style="rounded,dashed" color="#98a4b0" fontcolor="#37444f"',
    "reference": 'style="filled,dashed" fillcolor="#f3f5f7" color="#98a4b0"',
    "more": 'style="rounded,dashed" color="#98a4b0" fontcolor="#37444f"',
}


def _leaf_line(name: str, slot: Slot) -> str:
    label = f"{slot.text} {slot.note}".strip()
    return f"  {name} [label={quote(label)} tooltip={quote(slot.title)} {_LEAF_LOOKS[slot.kind]}]"
