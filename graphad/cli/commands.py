"""The commands."""

from __future__ import annotations

import contextlib
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from graphad.cli.exports import run_export
from graphad.cli.files import discard_output, function_of_file, read_graph, write_text
from graphad.cli.options import read_options
from graphad.cli.output import table, write
from graphad.cli.plans import list_strategies, run_plan
from graphad.cli.sources import listed_inputs, traced
from graphad.cli.values import once, value_lines
from graphad.errors import GraphadError, InputError, PrecisionWarning
from graphad.ops import OPS
from graphad.passes import PASSES, Pipeline
from graphad.passes.diff import MODES
from graphad.planning import STRATEGIES


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
            with told_warnings():
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
    if options.raw and options.mode in STRATEGIES and options.mode not in MODES:
        raise InputError(
            f"--raw shows what the modes {', '.join(MODES)} make; {options.mode} simplifies as it "
            "derives"
        )
    points = once(options.at, "--at")
    with function_of_file(options.function) as function:
        pipeline = None if options.passes is None else Pipeline(options.passes)
        graph = traced(function, once(options.shape, "--shape"), options.dtype, points)
        plain = options.raw or pipeline is not None
        wrt = listed_inputs(options.wrt)
        mode = "auto" if options.mode is None else options.mode
        graph = graph.diff(wrt, mode, options.order, optimize=not plain)
        report = pipeline.run(graph) if pipeline else None
    graph = report.graph if report else graph
    write(options, graph, report, value_lines(graph, points) if points else None)


def run_passes(options: Any) -> None:
    """Run passes on a graph in a file, and write the graph or its values."""
    points = once(options.at, "--at")
    pipeline = None if options.passes is None else Pipeline(options.passes)
    graph = read_graph(options.file)
    report = pipeline.run(graph) if pipeline else None
    graph = report.graph if report else graph
    write(options, graph, report, value_lines(graph, points) if points else None)


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


COMMANDS: dict[str, Callable[[Any], None]] = {
    "trace": run_trace,
    "run": run_passes,
    "passes": list_passes,
    "ops": list_ops,
    "plan": run_plan,
    "strategies": list_strategies,
    "export": run_export,
}


@contextlib.contextmanager
def told_warnings() -> Iterator[None]:
    """Say that digits are lost as errors are said, without the line of a file of graphad's."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", PrecisionWarning)
        show = warnings.showwarning

        def tell(message: Any, category: type[Warning], *details: Any, **named: Any) -> None:
            if issubclass(category, PrecisionWarning):
                sys.stderr.write(f"graphad: warning: {message}\n")
            else:
                show(message, category, *details, **named)

        warnings.showwarning = tell
        yield
