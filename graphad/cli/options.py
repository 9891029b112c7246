"""What the command line takes, and the help that teaches it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pkgutil import resolve_name
from textwrap import wrap
from typing import Any, NoReturn

from graphad.cli.files import write_text
from graphad.errors import InputError
from graphad.passes.diff import MODES
from graphad.planning import STRATEGIES
from graphad.planning.layouts import LAYOUTS
from graphad.planning.planner import MEMORY, NODES, SECONDS
from graphad.types import DTYPES_BY_NAME

FORMS = ("text", "svg", "dot", "stats")
LANGUAGES = ("python", "c", "latex", "sympy")
STRATEGY_NAMES = ", ".join(name for name in STRATEGIES if name not in MODES)
DTYPES = [name for name, dtype in DTYPES_BY_NAME.items() if dtype.kind in "fc"]
MODEL = """\
with this in model.py:

  import numpy as np

  def rosen(x):
      return np.sum(100 * (x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2)

  def wave(a, t):
      return a * np.sin(3 * t)
"""
EXAMPLES = f"""\
{MODEL}
  graphad trace model.py:rosen --shape x=3
  graphad trace model.py:rosen --shape x=3 --order 2 --at x=1,2,3
  graphad trace model.py:rosen --shape x=3 --order 1 -o gradient.svg
  graphad trace model.py:rosen --shape x=3 --order 2 -o hessian.ir
  graphad run hessian.ir -p scalarize,symmetry,cse --emit stats
  graphad plan model.py:rosen --shape x=3 --order 3

graphad COMMAND --help says more about each.
"""
TRACE_EXAMPLES = f"""\
{MODEL}
  # the function as it was traced, and its Hessian, as text
  graphad trace model.py:rosen --shape x=3
  graphad trace model.py:rosen --shape x=3 --order 2

  # values: of the Hessian; of a function of two scalars, at three values of one of them
  graphad trace model.py:rosen --shape x=3 --order 2 --at x=1,2,3
  graphad trace model.py:wave --at a=2 --at t=0,0.5,1

  # the derivative by t alone, in forward mode; the Hessian by edge pushing, scalar by scalar
  graphad trace model.py:wave --order 1 --wrt t --mode forward
  graphad trace model.py:rosen --shape x=3 --order 2 --mode edge-pushing

  # what the rules make, before any pass; then what some passes make of that, step by step
  graphad trace model.py:rosen --shape x=3 --order 1 --raw
  graphad trace model.py:rosen --shape x=3 --order 1 --passes simplify,cse --emit stats

  # a drawing, and text that other commands read
  graphad trace model.py:rosen --shape x=3 --order 1 -o gradient.svg
  graphad trace model.py:rosen --shape x=3 --order 2 | graphad run - -p scalarize,symmetry,cse
"""
RUN_EXAMPLES = f"""\
{MODEL}
  # a graph in a file: passes and what they gain, a drawing, a value
  graphad trace model.py:rosen --shape x=3 --order 2 -o hessian.ir
  graphad run hessian.ir -p simplify,dce --emit stats
  graphad run hessian.ir -p scalarize,symmetry,cse -o scalars.svg
  graphad run hessian.ir --at x=1,2,3

  # a graph from another command
  graphad trace model.py:wave | graphad run - -p diff,simplify,cse

graphad passes lists the passes.
"""
PLAN_EXAMPLES = f"""\
{MODEL}
  # all ways to the third derivative, what each costs, and which is taken; with measured times
  graphad plan model.py:rosen --shape x=3 --order 3
  graphad plan model.py:rosen --shape x=3 --order 3 --analyze --at x=1,2,3

  # one value for each i <= j <= k; the elements that are not zero; some elements; the diagonal
  graphad plan model.py:rosen --shape x=3 --order 3 --layout packed --at x=1,2,3
  graphad plan model.py:rosen --shape x=3 --order 2 --layout csr --at x=1,2,3
  graphad plan model.py:rosen --shape x=3 --order 3 --entries '0,0,1;2,2,2' --at x=1,2,3
  graphad plan model.py:rosen --shape x=3 --order 2 --entries diagonal

  # the graph that runs, by a way of your own choice, as text and as a drawing
  graphad plan model.py:rosen --shape x=3 --order 3 --mode compose --emit text
  graphad plan model.py:rosen --shape x=3 --order 2 -o hessian.svg

  # a function that is a graph in a file or from another command
  graphad trace model.py:wave | graphad plan - --order 2

graphad strategies lists the ways.
"""

EXPORT_EXAMPLES = f"""\
{MODEL}
  # a function, its gradient and its Hessian in other languages
  graphad export model.py:rosen --shape x=3 --to python
  graphad export model.py:rosen --shape x=3 --order 1 --to c --name gradient -o gradient.c
  graphad export model.py:wave --order 1 --wrt t --to latex

  # a graph in a file or from another command
  graphad trace model.py:wave | graphad export - --to python
"""


class HelpForm(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of examples apart, and names such as ``edge-pushing`` in one piece."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = 14  # argparse counts no indentation of the longest command

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(text, width, break_on_hyphens=False)


class Parser(argparse.ArgumentParser):
    """A parser of arguments that raises its errors."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=HelpForm, allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        """Raise `InputError`."""
        raise InputError(f"{message}\nsee {self.prog} --help")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help as everything else is written; argparse would pass over errors."""
        write_text(message)


def read_options(argv: Sequence[str] | None) -> argparse.Namespace | None:
    """Return the options, or ``None`` if help or the version was asked for, and is printed.

    Raises
    ------
    InputError
        If the arguments do not fit.
    """
    try:
        return make_parser().parse_args(argv)
    except SystemExit:
        return None


def make_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(
        prog="graphad",
        description="Turn NumPy functions into graphs; differentiate, rewrite, print, draw and "
        "evaluate them.",
        epilog=EXAMPLES,
    )
    version = resolve_name("graphad:__version__")
    parser.add_argument("--version", action="version", version=f"graphad {version}")
    parser.add_argument(
        "--traceback", action="store_true", help="show where in the program an error was raised"
    )
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )

    def add(name: str, summary: str, epilog: str = "") -> Parser:
        made: Parser = commands.add_parser(
            name, help=summary, description=f"{summary}.", epilog=epilog
        )
        return made

    trace = add("trace", "Turn a function into a graph, and differentiate it", TRACE_EXAMPLES)
    trace.add_argument("function", metavar="FILE.py:FUNCTION", help="what to trace")
    add_parameters(trace)
    trace.add_argument(
        "--order",
        metavar="N",
        type=read_order,
        default=0,
        help="how many times to differentiate; default 0",
    )
    trace.add_argument(
        "--mode",
        metavar="MODE",
        help="way to differentiate: forward or reverse, array by array; auto, the default, is the "
        f"one of them with less work; or scalar by scalar {STRATEGY_NAMES}",
    )
    add_wrt(trace)
    passes = trace.add_mutually_exclusive_group()
    passes.add_argument(
        "-p",
        "--passes",
        metavar="NAMES",
        help="passes to run, as in simplify,cse, instead of those that --order runs",
    )
    passes.add_argument("--raw", action="store_true", help="run no passes at all")
    add_output(trace)

    plan = add(
        "plan", "Find the way to a derivative that takes the fewest operations", PLAN_EXAMPLES
    )
    add_plan(plan)
    add_output(plan)

    run = add("run", "Run passes on a graph that is in a file", RUN_EXAMPLES)
    run.add_argument("file", metavar="FILE.ir", help="text of a graph; - is standard input")
    run.add_argument("-p", "--passes", metavar="NAMES", help="passes to run, as in simplify,cse")
    add_output(run)

    summary = "Write a function or its derivative in another language"
    add_export(add("export", summary, EXPORT_EXAMPLES))

    add("passes", "List the passes, and whether they keep the values of a graph")
    add("ops", "List the operations that graphs are made of")
    add("strategies", "List the ways to derivatives that plan compares")
    return parser


def add_parameters(parser: Parser) -> None:
    """Add the options that say what the parameters of a function are."""
    parser.add_argument(
        "--shape",
        metavar="NAME=LENGTHS",
        type=read_shape,
        action="append",
        default=[],
        help="shape of a parameter, x=3 or y=2,3, once for each; the others are scalars",
    )
    parser.add_argument("--dtype", choices=DTYPES, help="dtype of the parameters; default f64")


def add_wrt(parser: Parser) -> None:
    """Add the option that says what to differentiate by."""
    parser.add_argument(
        "--wrt", metavar="NAMES", help="parameters to differentiate by, as in x,y; default: all"
    )


def add_plan(plan: Parser) -> None:
    """Add the options of `plan`, but for those of its output."""
    plan.add_argument(
        "function",
        metavar="FILE.py:FUNCTION|FILE.ir",
        help="what to differentiate: a function, or the text of a graph; - is standard input",
    )
    add_parameters(plan)
    plan.add_argument(
        "--order",
        metavar="N",
        type=read_order,
        default=1,
        help="how many times to differentiate; default 1",
    )
    add_wrt(plan)
    plan.add_argument(
        "--layout",
        metavar="LAYOUT",
        default="dense",
        help=f"form of the result: {', '.join(LAYOUTS)}; default dense",
    )
    plan.add_argument(
        "--mode",
        metavar="MODE",
        default="auto",
        help=f"way to take: {', '.join(STRATEGIES)}, or nested, array by array; auto, the default, "
        "compares them all",
    )
    plan.add_argument(
        "--entries",
        metavar="INDICES",
        type=read_entries,
        action="append",
        help="derive these elements only, as in 0,1,1 or '0,1,1;2,2,2' (with quotes), or diagonal; "
        "if the result is a tuple, an index begins with the place in it",
    )
    plan.add_argument(
        "--analyze",
        action="store_true",
        help="run each way, at the point of --at if there is one, and show the time of a call",
    )
    plan.add_argument(
        "--seconds",
        metavar="S",
        type=read_seconds,
        default=SECONDS,
        help=f"time after which no other way is tried; default {SECONDS:g}",
    )
    plan.add_argument(
        "--nodes",
        metavar="N",
        type=read_count,
        default=NODES,
        help=f"most nodes that a way may be estimated to make; default {NODES}",
    )
    plan.add_argument(
        "--memory",
        metavar="BYTES",
        type=read_count,
        default=MEMORY,
        help=f"most bytes that the result may take; default {MEMORY}",
    )


def add_export(export: Parser) -> None:
    """Add the options of `export`."""
    export.add_argument(
        "function",
        metavar="FILE.py:FUNCTION|FILE.ir",
        help="what to write: a function, or the text of a graph; - is standard input",
    )
    export.add_argument("--to", choices=LANGUAGES, required=True, help="language to write")
    add_parameters(export)
    export.add_argument(
        "--order",
        metavar="N",
        type=read_order,
        default=0,
        help="how many times to differentiate; default 0",
    )
    add_wrt(export)
    export.add_argument("--name", metavar="NAME", help="name of the function in python and c")
    export.add_argument(
        "-o", "--output", metavar="OUT", help="file to write to; - for standard output"
    )
    export.add_argument(
        "--traceback", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )


def add_output(parser: Parser) -> None:
    """Add the options of the commands that give a graph."""
    parser.add_argument(
        "--emit",
        choices=FORMS,
        help="what to write: the graph as text, a drawing, or what it is and what it costs; by "
        "default what the suffix of OUT says, .svg, .dot or .gv, and text else",
    )
    parser.add_argument(
        "--at",
        metavar="NAME=NUMBERS",
        type=read_point,
        action="append",
        default=[],
        help="print values at t=1.5 or x=1,2,3, once for each input: as many numbers as it has "
        "elements, row by row, or a multiple of that for several points; without --emit and -o "
        "only values are written",
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="file to write to; - for standard output"
    )
    parser.add_argument(
        "--traceback", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )


def read_shape(text: str) -> tuple[str, tuple[int, ...]]:
    """Return name and shape that ``x=2,3`` says; ``x=`` and ``x=()`` are scalars."""
    name, equals, lengths = text.partition("=")
    inner = lengths.strip().removeprefix("(").removesuffix(")").strip().removesuffix(",")
    parts = [part.strip() for part in inner.split(",")] if inner else []
    if not name or not equals or not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not NAME=LENGTHS; write x=3 or y=2,3, and t= for a scalar"
        )
    return name.strip(), tuple(int(part) for part in parts)


def read_point(text: str) -> tuple[str, tuple[str, ...]]:
    """Return name and numbers that ``x=1,2.5`` says, the numbers as they are written."""
    name, equals, numbers = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NUMBERS; write t=1.5 or x=1,2,3")
    inner = numbers.strip().removesuffix(",")
    return name.strip(), tuple(part.strip() for part in inner.split(",")) if inner else ()


def read_order(text: str) -> int:
    """Return the order of a derivative."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no order of a derivative; write 0, 1, 2 …")
    return int(text)


def read_entries(text: str) -> str | list[tuple[int, ...]]:
    """Return the indices in ``0,1,1;2,2,2``, or ``"diagonal"``; ``()`` is the index of a scalar."""
    if text.strip() == "diagonal":
        return "diagonal"
    found: list[tuple[int, ...]] = []
    for part in map(str.strip, text.split(";")):
        numbers = part.removeprefix("(").removesuffix(")").strip().removesuffix(",").split(",")
        try:
            found.append(() if part == "()" else tuple(map(int, numbers)))
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{text!r} says no entries; write 0,1,1 or '0,1,1;2,2,2' or diagonal"
            ) from None
    return found


def read_seconds(text: str) -> float:
    """Return a time in seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time in seconds; write 30 or 0.5")
    return seconds


def read_count(text: str) -> int:
    """Return a count that may be written as ``4e9``."""
    try:
        count = int(float(text))
    except (ValueError, OverflowError):
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no limit; write 5000000 or 4e9")
    return count
