"""Layout by Graphviz, where it is installed, under a time limit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import graphviz
from graphviz.backend import execute

from graphad.viz.layout import PART_GAP, Layout, Link, Point, Route

DEFAULT_TIME_LIMIT = 20.0
"""Seconds that Graphviz may take before the built-in layout is used instead."""

_POINTS_PER_PIXEL = 0.75
_PYGRAPHVIZ_SCRIPT = """\
import sys, pygraphviz
graph = pygraphviz.AGraph(sys.stdin.read())
text = graph.draw(format="json", prog="dot")
sys.stdout.write(text if isinstance(text, str) else text.decode("utf-8"))
"""


class LayoutUnavailableError(Exception):
    """Graphviz gave no layout; the message says why."""


def lay_out_by_dot(
    widths: Sequence[float],
    heights: Sequence[float],
    links: Sequence[Link],
    *,
    rows: Sequence[int] = (),
    time_limit: float = DEFAULT_TIME_LIMIT,
) -> Layout:
    """Return the layout that Graphviz's ``dot`` gives.

    The ``dot`` program is run if it is there, and otherwise pygraphviz in a process of its own, so
    that it can be stopped.

    Parameters
    ----------
    widths, heights, links, rows
        As for `graphad.viz.layout.lay_out`.
    time_limit : float
        Seconds after which it is given up.

    Raises
    ------
    LayoutUnavailableError
        If neither is installed, the time is up, or it fails.

    References
    ----------
    E. R. Gansner, E. Koutsofios, S. C. North and K.-P. Vo, A technique for drawing directed
    graphs, 1993.
    """
    if not widths:
        return Layout((), (), (), 0.0, 0.0)
    text = _layout_text(widths, heights, links, rows)
    try:
        answer = _run(text, time_limit)
    except subprocess.TimeoutExpired:
        raise LayoutUnavailableError(f"it took longer than {time_limit:g} seconds") from None
    except subprocess.CalledProcessError as error:
        raise LayoutUnavailableError(f"it failed: {str(error.stderr).strip()[:200]}") from None
    except OSError as error:
        raise LayoutUnavailableError(f"it cannot be run: {error.strerror or error}") from None
    try:
        return _read(answer, widths, heights, links)
    except (ValueError, LookupError, TypeError):
        raise LayoutUnavailableError("its answer was not understood") from None


def _run(text: str, time_limit: float) -> str:
    options: dict[str, Any] = {
        "input": text,
        "encoding": "utf-8",
        "capture_output": True,
        "quiet": True,
        "timeout": time_limit,
    }
    try:
        return str(execute.run_check([graphviz.DOT_BINARY, "-Tjson"], **options).stdout)
    except graphviz.ExecutableNotFound:
        pass
    if find_spec("pygraphviz") is None:
        raise LayoutUnavailableError(
            "neither the program dot nor pygraphviz is installed; install Graphviz, or pygraphviz"
        )
    return str(execute.run_check([sys.executable, "-c", _PYGRAPHVIZ_SCRIPT], **options).stdout)


def _layout_text(
    widths: Sequence[float],
    heights: Sequence[float],
    links: Sequence[Link],
    rows: Sequence[int],
) -> str:
    """Write boxes as tables of fixed size whose upper cells are where links enter."""
    entries: list[list[float]] = [[] for _ in widths]
    for link in links:
        entries[link.target].append(link.offset)
    lines = [
        "digraph {",
        "graph [nodesep=0.2 ranksep=0.4 splines=true]",
        "node [shape=plain]",
        "edge [arrowhead=none headclip=false]",
    ]
    for number, (width, height) in enumerate(zip(widths, heights, strict=True)):
        offsets = sorted(set(entries[number]))
        lines.append(f"b{number} [label=<{_table(width, height, offsets)}>]")
    for i, link in enumerate(links):
        port = sorted(set(entries[link.target])).index(link.offset)
        lines.append(f"b{link.source}:s -> b{link.target}:p{port}:n [id={i}]")
    first = 0
    for row in sorted(set(rows)):
        same = [number for number, own in enumerate(rows) if own == row]
        lines.append(f"{{ rank=same {' '.join(f'b{number}' for number in same)} }}")
        if same[0] != first:
            lines.append(f"b{first} -> b{same[0]} [style=invis]")
        first = same[0]
    lines.append("}")
    return "\n".join(lines)


def _table(width: float, height: float, offsets: list[float]) -> str:
    """Return an HTML-like label whose top row is cut so that a cell's middle is at each offset."""
    points = [width * _POINTS_PER_PIXEL, height * _POINTS_PER_PIXEL]
    ports = ""
    edge = -width / 2
    for number, offset in enumerate(offsets):
        following = offsets[number + 1] if number + 1 < len(offsets) else width / 2
        half = min(offset - edge, (following - offset) / 2)
        before = offset - half - edge
        ports += _blank(before) + _blank(2 * half, f' port="p{number}"')
        edge = offset + half
    ports += _blank(width / 2 - edge)
    top = f'<tr><td><table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{ports}'
    rest = f'<tr><td width="{points[0]:.0f}" height="{points[1]:.0f}" fixedsize="true"></td></tr>'
    frame = '<table border="0" cellborder="0" cellspacing="0" cellpadding="0">'
    return (
        f"{frame}{top}</tr></table></td></tr>{rest}</table>" if ports else f"{frame}{rest}</table>"
    )


def _blank(width: float, port: str = "") -> str:
    size = round(width * _POINTS_PER_PIXEL)
    if size <= 0 and not port:
        return ""
    return f'<td{port} width="{max(1, size)}" height="1" fixedsize="true"></td>'


def _read(
    answer: str, widths: Sequence[float], heights: Sequence[float], links: Sequence[Link]
) -> Layout:
    data = json.loads(answer)
    left = [0.0] * len(widths)
    top = [0.0] * len(widths)
    scale = 1 / _POINTS_PER_PIXEL
    total = [float(part) * scale for part in data["bb"].split(",")]
    for item in data.get("objects", []):
        if "pos" in item:
            number = int(item["name"][1:])
            x, y = (float(part) * scale for part in item["pos"].split(","))
            left[number] = x - widths[number] / 2
            top[number] = total[3] - y - heights[number] / 2
    routes: list[Route] = [()] * len(links)
    for item in data.get("edges", []):
        if "id" not in item:
            continue
        number = int(item["id"])
        points = [pair for pair in item["pos"].split(" ") if not pair.startswith(("s,", "e,"))]
        route: list[Point] = []
        for pair in points:
            x, y = pair.split(",")
            route.append((float(x) * scale, total[3] - float(y) * scale))
        routes[number] = tuple(_joined(route, number, left, top, widths, heights, links))
    height = total[3] + PART_GAP / 2
    return Layout(tuple(left), tuple(top), tuple(routes), total[2], height)


def _joined(
    route: list[Point],
    number: int,
    left: list[float],
    top: list[float],
    widths: Sequence[float],
    heights: Sequence[float],
    links: Sequence[Link],
) -> list[Point]:
    """Let a route start and end exactly at its boxes, since dot rounds their sizes."""
    source, target, offset = links[number]
    start = (left[source] + widths[source] / 2, top[source] + heights[source])
    end = (left[target] + widths[target] / 2 + offset, top[target])
    return [start, *route[1:-1], end]
