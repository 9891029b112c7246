"""The command that writes graphs in other languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphad.api import Graph
from graphad.cli.files import function_or_graph, write_text
from graphad.cli.sources import listed_inputs, traced
from graphad.cli.values import once
from graphad.errors import InputError

WRITERS: Mapping[str, Callable[[Graph, str | None], str]] = {
    "python": lambda graph, name: graph.to_python(name),
    "c": lambda graph, name: graph.to_c(name),
    "latex": lambda graph, name: graph.to_latex(),
    "sympy": lambda graph, name: str(graph.to_sympy()),
}
"""How a graph is written in each language of the option ``--to``."""


def run_export(options: Any) -> None:
    """Trace a function or read a graph, differentiate it, and write it in another language."""
    if not options.order and options.wrt is not None:
        raise InputError("--wrt says how to differentiate; say how often with --order 1")
    if options.name is not None and options.to not in ("python", "c"):
        raise InputError(f"--name is for functions in python and c; {options.to} has none")
    with function_or_graph(options.function) as function:
        graph = traced(function, once(options.shape, "--shape"), options.dtype, {})
        if options.order:
            graph = graph.diff(listed_inputs(options.wrt), order=options.order)
    write_text(WRITERS[options.to](graph, options.name), options.output)
