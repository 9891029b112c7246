"""Graphs that ops hold, drawn inside the boxes of those ops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from graphad.ir import Graph, Node
from graphad.viz.cells import Cell, Panel, Picture
from graphad.viz.layout import Layout, Link, lay_out
from graphad.viz.metrics import small_width

MOST_NODES = 400
"""A graph of more nodes is not drawn in a box; its size is named there."""

PADDING = 10.0
TITLE = 20.0


def arranged(picture: Picture) -> Layout:
    """Return where the cells of a picture stand, by the layout of graphad."""
    links = [
        Link(arrow.source, arrow.target, picture.cells[arrow.target].slots[arrow.slot].offset)
        for arrow in picture.arrows
    ]
    return lay_out(
        [cell.width for cell in picture.cells],
        [cell.height for cell in picture.cells],
        links,
        free=[cell.free for cell in picture.cells],
        rows=picture.rows,
    )


def held_graphs(node: Node) -> list[tuple[str, Graph]]:
    """Return the graphs that a node holds, with the names of their attributes."""
    pairs = zip(node.op.attrs, node.attrs, strict=True)
    return [(name, value) for name, value in pairs if isinstance(value, Graph)]


def panels_of(node: Node, draw: Callable[[Graph], Picture]) -> tuple[Panel, ...]:
    """Return the drawings of the graphs that a node holds.

    Parameters
    ----------
    node : Node
        The node.
    draw : callable
        Gives the picture of a graph.
    """
    found = []
    for name, graph in held_graphs(node):
        if len(graph.nodes) > MOST_NODES:
            continue
        picture = draw(graph)
        inputs = ", ".join(graph.input_names)
        found.append(Panel(f"{name}: {graph.name}({inputs})", picture, arranged(picture)))
    return tuple(found)


def with_panels(cell: Cell, panels: Sequence[Panel]) -> Cell:
    """Return a cell whose box has room for panels, side by side below its lines."""
    if not panels:
        return cell
    width = PADDING + sum(panel_width(panel) + PADDING for panel in panels)
    more = max(panel_height(panel) for panel in panels) + PADDING
    return replace(
        cell,
        panels=tuple(panels),
        width=max(cell.width, width),
        height=cell.height + more,
        box_height=cell.box_height + more,
    )


def panel_width(panel: Panel) -> float:
    """Return the width of a panel's frame."""
    return max(panel.layout.width, small_width(panel.title)) + 2 * PADDING


def panel_height(panel: Panel) -> float:
    """Return the height of a panel's frame."""
    return panel.layout.height + TITLE + 2 * PADDING
