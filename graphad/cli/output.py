"""What commands write: a graph in one of several forms, lines that follow it, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from graphad.api import Graph
from graphad.cli.files import STANDARD, write_text
from graphad.errors import InputError

PICTURES = (".png", ".pdf", ".jpg", ".jpeg", ".gif", ".eps")
FORM_OF_SUFFIX = {".svg": "svg", ".dot": "dot", ".gv": "dot"}
COMMENTS = {"text": "// {}", "dot": "// {}", "svg": "<!-- {} -->", "stats": "{}"}
"""How lines are written that follow a graph, so that the whole stays valid."""


def writes_graph(options: Any) -> bool:
    """Whether the graph is asked for, and not only what is said about it."""
    return bool(options.emit or options.output)


def write(options: Any, graph: Graph, report: object, lines: Iterable[str] | None) -> None:
    """Write a graph in the form that is asked for, and lines that follow it.

    Parameters
    ----------
    options : argparse.Namespace
        Those of `graphad.cli.options.add_output`.
    graph : Graph
        The graph.
    report : Report, str or None
        What else belongs to its statistics.
    lines : iterable of str or None
        Values, or what else is to be said; unless the graph is asked for, they are all there is.
    """
    suffix = Path(options.output or "").suffix.lower()
    if suffix in PICTURES:
        raise InputError(f"no picture is written as {suffix}; use a name that ends in .svg or .dot")
    form = options.emit or FORM_OF_SUFFIX.get(suffix, "text")
    following = list(lines or ())
    if lines is not None and not writes_graph(options):
        write_text("\n".join(following))
        return
    if form == "stats":
        text = graph.explain() + (f"\n\n{report}" if report else "")
    else:
        text = {"text": graph.__str__, "svg": graph.svg, "dot": graph.dot}[form]()
    write_text(text, options.output)
    if options.output in (None, STANDARD):
        following = [COMMENTS[form].format(line) for line in following]
    if following:
        write_text("\n".join(following))


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines, in columns.

    Examples
    --------
    >>> print(table([("op", "what"), ("divide", "x / y")]))
    op      what
    divide  x / y
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)
