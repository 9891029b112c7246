"""The commands."""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphad.api import Graph
from graphad.cli.files import STANDARD, discard_output, function_of_file, read_graph, write_text
from graphad.cli.options import read_options
from graphad.cli.values import Points, array_of, once, value_lines
from graphad.errors import GraphadError, InputError, TraceError
from graphad.ops import OPS
from graphad.passes import PASSES, Pipeline, Report
from graphad.tracing.examples import plan_call
from graphad.tracing.trace import trace_function
from graphad.types import DTYPES_BY_NAME, make_type

FORM_OF_SUFFIX = {".svg": "svg", ".dot": "dot", ".gv": "dot"}
COMMENTS = {"text": "// {}", "dot": "// {}", "svg": "<!-- {} -->", "stats": "{}"}
"""How lines are written that follow a graph, so that the whole stays valid."""

_USED_AS_ARRAY = re.compile(r"\((\w+)[^()]*: a parameter without an example is a scalar\)")
"""Finds in the message of the tracer which parameter needs a shape."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, or 2 if it failed.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process if not given.
    """
    show_traceback = False
    try:
        options = read_options(argv)
        if options is not None:
            show_traceback = options.traceback
            COMMANDS[options.command](options)
    except BrokenPipeError:  # the reader, such as `head`, has all that it wanted
        discard_output()
    except KeyboardInterrupt:
        return 130
    except (GraphadError, MemoryError) as error:
        if show_traceback:
            traceback.print_exception(error)
        message = str(error) if isinstance(error, GraphadError) else f"out of memory: {error}"
        sys.stderr.write(f"graphad: {message}\n")
        return 2
    return 0


def run_trace(options: Any) -> None:
    """Trace a function, differentiate it, and write the graph or its values."""
    if not options.order and (options.wrt is not None or options.mode is not None):
        option = "--mode" if options.wrt is None else "--wrt"
        raise InputError(f"{option} says how to differentiate; say how often with --order 1")
    points = once(options.at, "--at")
    with function_of_file(options.function) as function:
        pipeline = None if options.passes is None else Pipeline(options.passes)
        graph = traced(function, once(options.shape, "--shape"), options.dtype, points)
        plain = options.raw or pipeline is not None
        wrt = options.wrt
        if wrt is not None and "," in wrt:
            wrt = [name.strip() for name in wrt.split(",") if name.strip()]
        graph = graph.diff(wrt, options.mode or "auto", options.order, optimize=not plain)
        report = pipeline.run(graph) if pipeline else None
    write(options, report.graph if report else graph, report, points)


def run_passes(options: Any) -> None:
    """Run passes on a graph in a file, and write the graph or its values."""
    points = once(options.at, "--at")
    pipeline = None if options.passes is None else Pipeline(options.passes)
    graph = read_graph(options.file)
    report = pipeline.run(graph) if pipeline else None
    write(options, report.graph if report else graph, report, points)


def list_passes(options: Any) -> None:
    """Print name and summary of each pass, and whether it keeps values."""
    head = ("pass", "keeps values", "what it does")
    marks = {True: "yes", False: "no"}
    rows = [(name, marks[PASSES[name].preserves], PASSES[name].summary) for name in sorted(PASSES)]
    write_text(table([head, *rows]))


def list_ops(options: Any) -> None:
    """Print name and identity of each op."""
    rows = [(name, OPS[name].identity) for name in sorted(OPS)]
    write_text(table([("op", "what it computes"), *rows]))


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


COMMANDS: dict[str, Callable[[Any], None]] = {
    "trace": run_trace,
    "run": run_passes,
    "passes": list_passes,
    "ops": list_ops,
}


PICTURES = (".png", ".pdf", ".jpg", ".jpeg", ".gif", ".eps")


def write(options: Any, graph: Graph, report: Report | None, points: Points) -> None:
    """Write a graph in the form that is asked for, and its values if there are points."""
    suffix = Path(options.output or "").suffix.lower()
    if suffix in PICTURES:
        raise InputError(f"no picture is written as {suffix}; use a name that ends in .svg or .dot")
    form = options.emit or FORM_OF_SUFFIX.get(suffix, "text")
    lines = list(value_lines(graph, points)) if points else []
    if points and not options.emit and not options.output:
        write_text("\n".join(lines))
        return
    if form == "stats":
        text = graph.explain() + (f"\n\n{report}" if report else "")
    else:
        text = {"text": graph.__str__, "svg": graph.svg, "dot": graph.dot}[form]()
    write_text(text, options.output)
    if options.output in (None, STANDARD):
        lines = [COMMENTS[form].format(line) for line in lines]
    if lines:
        write_text("\n".join(lines))


# --- tracing -----------------------------------------------------------------------------------


def traced(
    function: Callable[..., Any],
    shapes: dict[str, tuple[int, ...]],
    dtype: str | None,
    points: Points,
) -> Graph:
    """Return the graph of a function whose parameters have these shapes.

    The trace is checked at `points` where they are given, one for each parameter.
    """
    if isinstance(function, Graph):
        if shapes or dtype:
            option = "--shape" if shapes else "--dtype"
            raise InputError(
                f"{option} is for functions, and this is a graph already: {function!r}"
            )
        return function
    check_names(function, shapes)
    kind = DTYPES_BY_NAME[dtype or "f64"]
    types = {name: make_type(shape, kind) for name, shape in shapes.items()}
    examples: dict[str, Any] = {}
    for one in plan_call(function, (), types).inputs:
        type = make_type(one.type.shape, kind if dtype else one.type.dtype)
        numbers = points.get(one.name, ())
        given = len(numbers) == type.size
        examples[one.name] = array_of(one.name, numbers, type)[0] if given else type
    try:
        return trace_function(function, (), examples, make=Graph)
    except TraceError as error:
        scalar = _USED_AS_ARRAY.search(str(error))
        if scalar is None:
            raise
        raise TraceError(f"{error}\non the command line: --shape {scalar[1]}=3") from error


def check_names(function: Callable[..., Any], shapes: dict[str, tuple[int, ...]]) -> None:
    """Check that a function has the parameters that shapes are given for."""
    if isinstance(function, np.ufunc):
        known = [one.name for one in plan_call(function, (), {}).inputs]
    else:
        try:
            parameters = inspect.signature(function).parameters.values()
        except (ValueError, TypeError):  # a function of C's that does not tell
            return
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return
        known = [parameter.name for parameter in parameters]
    for name in shapes:
        if name not in known:
            raise InputError(
                f"--shape: there is no parameter {name!r}; parameters: {', '.join(known) or 'none'}"
            )
