"""What the command line takes, and whether what its help and the documents show is true."""

from __future__ import annotations

import argparse
import doctest
import re
from pathlib import Path

import pytest

import graphad as ga
from graphad.cli.options import (
    EXAMPLES,
    RUN_EXAMPLES,
    TRACE_EXAMPLES,
    read_order,
    read_point,
    read_shape,
)
from tests.cli.console import MODEL_SOURCE, InProcess, commands_in, sessions_in

ROOT = Path(__file__).parents[2]
COMMANDS = ("trace", "run", "passes", "ops")
SESSIONS = [
    pytest.param(command, output, id=f"{name}: {command}")
    for name in ("README.md", "docs/cli.md")
    for command, output in sessions_in(ROOT / name)
]


@pytest.mark.parametrize("argv", ["", *COMMANDS])
def test_commands_of_the_help_work(argv: str, console: InProcess) -> None:
    """Every command that a help text shows runs, in a folder with the file that it shows."""
    shown = console.good(f"graphad {argv} --help")
    commands = commands_in(shown)
    assert bool(commands) == (argv in {"", "trace", "run"})
    for command in commands:
        console.good(command)


@pytest.mark.parametrize("text", [EXAMPLES, TRACE_EXAMPLES, RUN_EXAMPLES])
def test_examples_are_found(text: str) -> None:
    """The test above finds each command of a help text, and all fit a wide terminal."""
    found = " ".join(commands_in(text))
    assert found.count("model.py") == text.count(" model.py:") - text.count(" model.py:\n")
    assert max(map(len, text.splitlines())) <= 100


def test_help_shows_the_file_that_the_documents_show() -> None:
    """`docs/cli.md` and the help work with the same model.py."""
    document = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    assert block == MODEL_SOURCE


@pytest.mark.parametrize(("command", "output"), SESSIONS)
def test_sessions_of_the_documents(command: str, output: str, console: InProcess) -> None:
    """Each command of a document prints what the document says, or fails as it says."""
    for earlier, _ in sessions_in(ROOT / "docs" / "cli.md"):
        if earlier.endswith("-o hessian.ir"):
            console.good(earlier)
    code, out, err = console(command)
    assert code == (2 if output.startswith("graphad: ") else 0)
    same = doctest.OutputChecker().check_output(output, out + err, doctest.ELLIPSIS)
    assert same, out + err


def test_version(console: InProcess) -> None:
    """``--version`` prints the version."""
    assert console.good("graphad --version") == f"graphad {ga.__version__}\n"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("x=3", (3,)),
        ("x=2,3", (2, 3)),
        ("x=3,", (3,)),
        ("x=(2, 3)", (2, 3)),
        ("x=0", (0,)),
        ("x=", ()),
        ("x=()", ()),
        (" x = 4 ", (4,)),
    ],
)
def test_shapes(text: str, shape: tuple[int, ...]) -> None:
    """A shape is lengths with commas between, in parentheses or not; nothing is a scalar."""
    assert read_shape(text) == ("x", shape)


@pytest.mark.parametrize("text", ["x", "x:3", "=3", "x=-3", "x=3.0", "x=a", "x=2,,3", "x=2x3"])
def test_bad_shapes(text: str, console: InProcess) -> None:
    """What is not a shape is refused, with the form that is."""
    with pytest.raises(argparse.ArgumentTypeError, match="is not NAME=LENGTHS"):
        read_shape(text)
    assert console.bad(f"graphad trace model.py:rosen --shape {text}") == (
        f"graphad: argument --shape: {text!r} is not NAME=LENGTHS; write x=3 or y=2,3, and t= for "
        "a scalar\nsee graphad trace --help\n"
    )


def test_points() -> None:
    """Numbers are kept as they are written, for the dtype of the input to read."""
    assert read_point("x=1,-2.5, 1e3") == ("x", ("1", "-2.5", "1e3"))
    assert read_point("x=1,") == ("x", ("1",))
    assert read_point("x=") == ("x", ())


def test_bad_points(console: InProcess) -> None:
    """Numbers without a name are refused."""
    assert console.bad("graphad trace model.py:wave --at 1,2") == (
        "graphad: argument --at: '1,2' is not NAME=NUMBERS; write t=1.5 or x=1,2,3\n"
        "see graphad trace --help\n"
    )


@pytest.mark.parametrize("text", ["two", "1.5", "", "+1"])
def test_bad_orders(text: str, console: InProcess) -> None:
    """An order is a number without a sign."""
    assert read_order("12") == 12
    assert console.bad(f"graphad trace model.py:wave --order '{text}'") == (
        f"graphad: argument --order: {text!r} is no order of a derivative; write 0, 1, 2 …\n"
        "see graphad trace --help\n"
    )


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("graphad", "the following arguments are required: COMMAND\nsee graphad --help"),
        ("graphad trce", "argument COMMAND: invalid choice: 'trce' .*\nsee graphad --help"),
        (
            "graphad trace",
            "the following arguments are required: FILE.py:FUNCTION\n.* trace --help",
        ),
        ("graphad run", "the following arguments are required: FILE.ir\nsee graphad run --help"),
        ("graphad trace a.py:f --emit png", "argument --emit: invalid choice: 'png' .*"),
        ("graphad trace a.py:f --mode back", "argument --mode: invalid choice: 'back' .*"),
        ("graphad trace a.py:f --dtype i64", "argument --dtype: invalid choice: 'i64' .*"),
        ("graphad trace a.py:f --raw -p cse", "argument -p/--passes: not allowed with .* --raw"),
        ("graphad trace a.py:f --ord 2", "unrecognized arguments: --ord 2"),
        ("graphad passes --all", "unrecognized arguments: --all"),
    ],
)
def test_misuse(command: str, message: str, console: InProcess) -> None:
    """Arguments that do not fit are named, and where to read about them."""
    assert re.match(f"graphad: {message}", console.bad(command))


@pytest.mark.parametrize("option", ["--wrt x", "--mode forward"])
def test_options_that_would_do_nothing(option: str, console: InProcess) -> None:
    """How to differentiate is refused where nothing is differentiated."""
    name = option.partition(" ")[0]
    assert console.bad(f"graphad trace model.py:rosen --shape x=3 {option}") == (
        f"graphad: {name} says how to differentiate; say how often with --order 1\n"
    )
