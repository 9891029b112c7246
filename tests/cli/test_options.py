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
    EXPORT_EXAMPLES,
    PLAN_EXAMPLES,
    RUN_EXAMPLES,
    TRACE_EXAMPLES,
    read_count,
    read_entries,
    read_order,
    read_point,
    read_seconds,
    read_shape,
)
from tests.cli.console import MODEL_SOURCE, InProcess, commands_in, sessions_in, untimed

ROOT = Path(__file__).parents[2]
COMMANDS = ("trace", "plan", "run", "export", "passes", "ops", "strategies")
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
    assert bool(commands) == (argv in {"", "trace", "plan", "run", "export"})
    for command in commands:
        console.good(command)


@pytest.mark.parametrize(
    "text", [EXAMPLES, TRACE_EXAMPLES, PLAN_EXAMPLES, RUN_EXAMPLES, EXPORT_EXAMPLES]
)
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
    """Each command of a document prints what the document says, but for times, or fails so."""
    for earlier, _ in sessions_in(ROOT / "docs" / "cli.md"):
        if earlier.endswith("-o hessian.ir"):
            console.good(earlier)
    code, out, err = console(command)
    assert code == (2 if output.startswith("graphad: ") else 0)
    written = untimed(out + err)
    same = doctest.OutputChecker().check_output(untimed(output), written, doctest.ELLIPSIS)
    assert same, out + err


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_line(name: str, console: InProcess) -> None:
    """The help gives each command one line, with the summary that its own help begins with."""
    (summary,) = re.findall(rf"^    {name} +(\S.*)$", console.good("graphad --help"), re.MULTILINE)
    assert console.good(f"graphad {name} --help").split("\n\n")[1] == f"{summary}."


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
    ("text", "entries"),
    [
        ("0,1,1", [(0, 1, 1)]),
        ("0,1,1;2,2,2", [(0, 1, 1), (2, 2, 2)]),
        (" (0, 1) ; (2,) ", [(0, 1), (2,)]),
        ("3", [(3,)]),
        ("-1,0", [(-1, 0)]),
        ("()", [()]),
        ("diagonal", "diagonal"),
    ],
)
def test_entries(text: str, entries: object) -> None:
    """Indices are numbers with commas between, and semicolons stand between indices."""
    assert read_entries(text) == entries


@pytest.mark.parametrize("text", ["diag", "", "0,,1", "0,1;", "0.5", "0 1", "a,b", "diagonal;0"])
def test_bad_entries(text: str, console: InProcess) -> None:
    """What is no index is refused, with the forms that are."""
    assert console.bad(f"graphad plan model.py:rosen --entries '{text}'") == (
        f"graphad: argument --entries: {text!r} says no entries; write 0,1,1 or '0,1,1;2,2,2' or "
        "diagonal\nsee graphad plan --help\n"
    )


def test_limits() -> None:
    """Limits may be written with an exponent; counts are whole."""
    assert [read_seconds(text) for text in ("30", "0.5", "0", "inf")] == [30, 0.5, 0, float("inf")]
    assert [read_count(text) for text in ("5", "4e9")] == [5, 4 * 10**9]


@pytest.mark.parametrize("text", ["two", "-1", "nan", ""])
def test_bad_limits(text: str, console: InProcess) -> None:
    """What is no limit is refused."""
    command = "graphad plan model.py:rosen"
    assert console.bad(f"{command} --seconds='{text}'") == (
        f"graphad: argument --seconds: {text!r} is no time in seconds; write 30 or 0.5\n"
        "see graphad plan --help\n"
    )
    for option in ("--nodes", "--memory"):
        assert console.bad(f"{command} {option}='{text}'") == (
            f"graphad: argument {option}: {text!r} is no limit; write 5000000 or 4e9\n"
            "see graphad plan --help\n"
        )
    with pytest.raises(argparse.ArgumentTypeError, match="'inf' is no limit"):
        read_count("inf")


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
        ("graphad plan", "the following arguments are required: FILE.py:FUNCTION|FILE.ir\n"),
        ("graphad trace a.py:f --dtype i64", "argument --dtype: invalid choice: 'i64' .*"),
        ("graphad trace a.py:f --raw -p cse", "argument -p/--passes: not allowed with .* --raw"),
        ("graphad trace a.py:f --ord 2", "unrecognized arguments: --ord 2"),
        ("graphad plan a.py:f --raw", "unrecognized arguments: --raw"),
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
