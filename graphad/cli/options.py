"""What the command line takes, and the help that teaches it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pkgutil import resolve_name
from typing import Any, NoReturn

from graphad.cli.files import write_text
from graphad.errors import InputError
from graphad.passes.diff import MODES
from graphad.types import DTYPES_BY_NAME

FORMS = ("text", "svg", "dot", "stats")
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

  # the derivative by t alone, in forward mode
  graphad trace model.py:wave --order 1 --wrt t --mode forward

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


class Parser(argparse.ArgumentParser):
    """A parser of arguments that raises its errors, and keeps the lines of examples apart."""

    def __init__(self, **settings: Any) -> None:
        form = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=form, allow_abbrev=False, **settings)

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
    trace.add_argument(
        "--shape",
        metavar="NAME=LENGTHS",
        type=read_shape,
        action="append",
        default=[],
        help="shape of a parameter, x=3 or y=2,3, once for each; the others are scalars",
    )
    trace.add_argument("--dtype", choices=DTYPES, help="dtype of the parameters; default f64")
    trace.add_argument(
        "--order",
        metavar="N",
        type=read_order,
        default=0,
        help="how many times to differentiate; default 0",
    )
    trace.add_argument(
        "--mode",
        choices=MODES,
        help="mode of differentiation; auto, the default, takes the one with less work",
    )
    trace.add_argument(
        "--wrt", metavar="NAMES", help="parameters to differentiate by, as in x,y; default: all"
    )
    passes = trace.add_mutually_exclusive_group()
    passes.add_argument(
        "-p",
        "--passes",
        metavar="NAMES",
        help="passes to run, as in simplify,cse, instead of those that --order runs",
    )
    passes.add_argument("--raw", action="store_true", help="run no passes at all")
    add_output(trace)

    run = add("run", "Run passes on a graph that is in a file", RUN_EXAMPLES)
    run.add_argument("file", metavar="FILE.ir", help="text of a graph; - is standard input")
    run.add_argument("-p", "--passes", metavar="NAMES", help="passes to run, as in simplify,cse")
    add_output(run)

    add("passes", "List the passes, and whether they keep the values of a graph")
    add("ops", "List the operations that graphs are made of")
    return parser


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
