"""Drawings as files."""

from __future__ import annotations

import os
from pathlib import Path

from graphad.errors import RenderError
from graphad.ir import Graph
from graphad.viz.dot import dot
from graphad.viz.external import DEFAULT_TIME_LIMIT
from graphad.viz.picture import LIMIT
from graphad.viz.svg import check_engine, svg

SUFFIXES = (".svg", ".dot", ".gv")


def render(
    graph: Graph,
    path: str | os.PathLike[str],
    *,
    engine: str = "builtin",
    limit: int | None = LIMIT,
    time_limit: float = DEFAULT_TIME_LIMIT,
) -> Path:
    """Draw a graph into a file, SVG or DOT by the path's suffix.

    Parameters
    ----------
    graph : Graph
        The graph to draw.
    path : str or path
        Ends in ``.svg``, ``.dot`` or ``.gv``; a file that is there is replaced.
    engine : {"builtin", "dot"}
        What lays out an SVG drawing; see `graphad.viz.svg`.
    limit : int or None
        Most boxes to draw; above it the drawing is collapsed and says so. ``None``: no limit.
    time_limit : float
        Seconds that Graphviz may take.

    Returns
    -------
    pathlib.Path
        The file that was written.

    Raises
    ------
    RenderError
        If the suffix or the engine is not known, or the file cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        ending = f"the suffix {suffix}" if suffix else "no suffix"
        raise RenderError(
            f"cannot draw into {str(target)!r} with {ending}; end the path in .svg, or in .dot "
            "or .gv for DOT text (browsers and Inkscape turn SVG into PNG and PDF)"
        )
    check_engine(engine)
    if suffix == ".svg":
        text = svg(graph, limit=limit, engine=engine, time_limit=time_limit)
    else:
        text = dot(graph, limit=limit)
    try:
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise RenderError(
            f"cannot write the drawing to {str(target)!r}: {reason}; "
            "give a path in a folder that exists and that you may write to"
        ) from error
    return target
