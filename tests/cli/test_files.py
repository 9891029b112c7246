"""Files that the command line reads: functions and graphs; and what it writes."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from graphad.cli.files import function_of_file, pointed
from tests.cli.console import InProcess

SOURCES = {
    "lists.py": """\
import numpy as np
from numpy import sin
import graphad as ga

speed = 3.0
graph = ga.trace(lambda x: sin(x))
square = lambda x: x * x

class Model:
    pass

def sphere(x):
    return np.sum(x * x)
""",
    "import_error.py": "import numpy\n\nimport numpyy\n",
    "name_error.py": "def helper():\n    return one\n\nhelper()\n",
    "syntax.py": "def f(x):\n    y = x +* 2\n    return y\n",
    "indent.py": "def f(x):\n\ty = x\n    return y\n",
    "exits.py": "import sys\nsys.exit('done')\n",
    "wrong_call.py": "import graphad as ga\ng = ga.trace(lambda x: x)\ng(1.0, 2.0)\n",
    "branch.py": "def f(x):\n    return x if x > 0 else -x\n",
    "raises.py": "def f(x):\n    return {}['key'] * x\n",
    "stops.py": "def f(x):\n    raise SystemExit(3)\n",
    "nothing.py": "def f(x):\n    x * 2\n",
    "bytes.py": "\0\0",
    "talks.py": "print('hello')\ndef f(x):\n    print('inside')\n    return x\n",
    "uses_helper.py": (
        "from beside import twice\ndef f(x):\n    import later\n    return twice(x) + later.one\n"
    ),
    "beside.py": "def twice(x):\n    return 2 * x\n",
    "later.py": "one = 1.0\n",
}


@pytest.fixture
def sources(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with the files in `SOURCES`."""
    for name, text in SOURCES.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("beside", "later"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return folder


LISTED = "functions there: graph, square, sphere"
REFUSED = {
    "nowhere.py:f": "there is no file 'nowhere.py'",
    "modle.py:rosen": "there is no file 'modle.py'; did you mean 'model.py'?",
    "model:rosen": "there is no file 'model'; did you mean 'model.py'?",
    "./list.py:f": "there is no file 'list.py'; did you mean 'lists.py'?",
    ".:f": "cannot read '.': Is a directory",
    "lists.py": f"say which function of lists.py is meant, as in lists.py:graph; {LISTED}",
    "lists.py:": f"say which function of lists.py is meant, as in lists.py:graph; {LISTED}",
    "later.py": (
        "say which function of later.py is meant, as in later.py:FUNCTION; functions there: none"
    ),
    "lists.py:spheer": f"lists.py has no function 'spheer'; did you mean 'sphere'? {LISTED}",
    "lists.py:zz": f"lists.py has no function 'zz'; {LISTED}",
    "lists.py:speed": f"'speed' of lists.py is of type float and no function; {LISTED}",
    "import_error.py:f": (
        "{folder}/import_error.py:3: ModuleNotFoundError: No module named 'numpyy'\n"
        "    import numpyy"
    ),
    "name_error.py:f": (
        "{folder}/name_error.py:2: NameError: name 'one' is not defined\n    return one"
    ),
    "syntax.py:f": (
        "{folder}/syntax.py:2:12: SyntaxError: invalid syntax\n    y = x +* 2\n           ^"
    ),
    "bytes.py:f": "{folder}/bytes.py is no Python source: source code ",
    "exits.py:f": (
        "{folder}/exits.py:2: SystemExit: done\n    sys.exit('done')\n"
        "what a file does as a script goes under if __name__ == '__main__':"
    ),
    "wrong_call.py:f": (
        "{folder}/wrong_call.py:3: f(x: f64[]) takes 1 inputs, but got 2\n    g(1.0, 2.0)"
    ),
    "raises.py:f": "{folder}/raises.py:2: KeyError: 'key'\n    return {{}}['key'] * x",
    "stops.py:f": "{folder}/stops.py:2: SystemExit: 3\n    raise SystemExit(3)",
    "nothing.py:f": "{folder}/nothing.py:1: f returns None\n    def f(x):",
    "branch.py:f": "{folder}/branch.py:2: this asks whether a traced value is true",
}


@pytest.mark.parametrize(("target", "message"), REFUSED.items(), ids=REFUSED)
def test_functions_that_cannot_be_had(
    target: str, message: str, console: InProcess, sources: Path
) -> None:
    """What is wrong with a file or a function is said, with the user's line where there is one."""
    told = console.bad(f"graphad trace {target}")
    assert told.startswith("graphad: " + message.format(folder=sources.resolve()))


def test_wrong_indentation(console: InProcess, sources: Path) -> None:
    """An error of indentation is shown as one of syntax is."""
    told = console.bad("graphad trace indent.py:f")
    assert told.startswith(f"graphad: {sources.resolve()}/indent.py:3:")
    assert "IndentationError: " in told or "TabError: " in told
    assert told.endswith("^\n")


def test_missing_shape_is_named(console: InProcess, sources: Path) -> None:
    """A scalar that is used as an array: the message says what to add to the command."""
    told = console.bad("graphad trace model.py:rosen")
    assert f"{sources.resolve()}/model.py:4: a traced scalar is used as an array here" in told
    assert told.endswith("\non the command line: --shape x=3\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("lists.py:sphere --shape y=3", "--shape: there is no parameter 'y'; parameters: x"),
        ("lists.py:sin --shape y=3", "--shape: there is no parameter 'y'; parameters: x0"),
        ("lists.py:sphere --shape x=3 --shape x=2", "--shape gives 'x' twice"),
    ],
)
def test_shapes_of_no_parameter(
    options: str, message: str, console: InProcess, sources: Path
) -> None:
    """Shapes have to be those of parameters, each once."""
    assert console.bad(f"graphad trace {options}") == f"graphad: {message}\n"


@pytest.mark.parametrize("name", ["sphere", "square", "sin"])
def test_what_can_be_traced(name: str, console: InProcess, sources: Path) -> None:
    """Functions, lambdas and functions that the file imports can be named."""
    assert console.good(f"graphad trace lists.py:{name}").startswith("graphad 1\ngraph ")


def test_a_graph_is_taken_as_it_is(console: InProcess, sources: Path) -> None:
    """A graph of the file's own can be named and differentiated, but has its types already."""
    assert "sin %x" in console.good("graphad trace lists.py:graph")
    assert "cos %x" in console.good("graphad trace lists.py:graph --order 1")
    for option in ("--dtype f32", "--shape x=3"):
        assert console.bad(f"graphad trace lists.py:graph {option}") == (
            f"graphad: {option.partition(' ')[0]} is for functions, and this is a graph already: "
            "<graph f(%x: f64[]) -> (f64[]), 2 nodes>\n"
        )


def test_print_of_the_user_does_not_disturb(console: InProcess, sources: Path) -> None:
    """What the file and the function print goes to standard error."""
    code, out, err = console("graphad trace talks.py:f")
    assert code == 0
    assert out.startswith("graphad 1\n")
    assert set(err.split()) == {"hello", "inside"}


def test_imports_from_the_folder_of_the_file(
    console: InProcess, sources: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Modules beside the file are found, when it is loaded and when it is traced."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert console.good(f"graphad trace {sources}/uses_helper.py:f --at x=2") == "5.0\n"


def test_nothing_is_left_behind(sources: Path) -> None:
    """The path and the table of modules are as before, and no bytecode lies beside the file."""
    path, modules = list(sys.path), set(sys.modules)
    with function_of_file("model.py:wave") as function:
        assert sys.modules[function.__module__].wave is function
        assert sys.path[0] == str(sources.resolve())
    assert sys.path == path
    assert set(sys.modules) == modules
    assert not (sources / "__pycache__").exists()


def test_a_file_that_was_changed_is_read_again(console: InProcess, sources: Path) -> None:
    """No stale copy is used, even if size and time of the file are the same."""
    (sources / "again.py").write_text("def f(x):\n    return x + 1\n")
    first = console.good("graphad trace again.py:f --at x=1")
    (sources / "again.py").write_text("def f(x):\n    return x + 2\n")
    assert (first, console.good("graphad trace again.py:f --at x=1")) == ("2.0\n", "3.0\n")


def test_mistakes_of_graphad_are_not_blamed_on_the_user(
    console: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that did not pass through the user's code stays what it is."""
    monkeypatch.setattr("graphad.cli.sources.plan_call", int)
    with pytest.raises(TypeError, match=r"^int"):
        console("graphad trace model.py:wave")


# --- graphs --------------------------------------------------------------------------------------

BAD_GRAPH = """\
graphad 1
graph f(%x: f64[]) -> f64[] {
  %1: f64[] = sine %x
  return %1
}
"""


def test_wrong_text_is_shown(console: InProcess, folder: Path) -> None:
    """An error of the text has file, line and column, the line, and a caret under the place."""
    (folder / "bad.ir").write_text(BAD_GRAPH)
    message = (
        "{}:3:15: unknown op 'sine'; did you mean 'sin' or 'sinh' or 'sinc'?\n"
        "    %1: f64[] = sine %x\n"
        "                ^\n"
    )
    assert console.bad("graphad run bad.ir") == "graphad: " + message.format("bad.ir")
    assert console.bad("graphad run -", BAD_GRAPH) == "graphad: " + message.format("<stdin>")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "g.ir:1:1: expected 'graphad 1', found the end of the text\n"),
        (
            b"import numpy\n",
            "g.ir:1:1: expected 'graphad 1', found 'import'\n    import numpy\n    ^",
        ),
        (b"\xff\xfe", "g.ir is no text in UTF-8: "),
        (b"graphad 1\ngraph f(", "g.ir:2:9: "),
    ],
)
def test_files_that_are_no_graphs(
    content: bytes, message: str, console: InProcess, folder: Path
) -> None:
    """Other files are refused at the first place that does not fit."""
    (folder / "g.ir").write_bytes(content)
    assert console.bad("graphad run g.ir").startswith(f"graphad: {message}")


def test_missing_graph(console: InProcess, folder: Path) -> None:
    """A file that is not there is named."""
    assert console.bad("graphad run g.ir") == "graphad: there is no file 'g.ir'\n"
    assert console.bad("graphad run .") == "graphad: cannot read '.': Is a directory\n"


def test_standard_input_that_is_no_text(
    console: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that are no UTF-8 are refused on standard input too."""
    stream = io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8")
    monkeypatch.setattr(io, "StringIO", lambda text: stream)
    assert console.bad("graphad run -").startswith("graphad: standard input is no text: 'utf-8' ")


def test_byte_order_mark_and_carriage_returns(console: InProcess, folder: Path) -> None:
    """Text as editors on Windows write it is read."""
    text = console.good("graphad trace model.py:wave")
    marked = "\ufeff" + text.replace("\n", "\r\n")
    (folder / "windows.ir").write_bytes(marked.encode())
    assert console.good("graphad run windows.ir") == text


@pytest.mark.parametrize(
    ("line", "column", "shown", "marked"),
    [
        ("  %1 = x", 3, "%1 = x", "%"),
        ("\ty\t= x", 4, "y = x", "="),
        ("abc", 4, "abc", None),
        ("    abc", 2, "   abc", " "),
        ("a" * 500 + "B" + "c" * 500, 501, "a" * 50 + "B" + "c" * 49, "B"),
        ("a" * 200 + "B", 201, "a" * 50 + "B", "B"),
    ],
)
def test_pointed(line: str, column: int, shown: str, marked: str | None) -> None:
    """The caret is under the column; long lines are cut around it."""
    _, first, second = pointed(line, column).split("\n")
    assert first == f"    {shown}"
    assert second.strip() == "^"
    assert (first + "\n")[len(second) - 1] == (marked or "\n")


def test_nothing_to_point_at() -> None:
    """An empty line is not shown."""
    assert pointed("  \n", 1) == ""


# --- what is written -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "svg", "dot", "stats"])
def test_files_hold_what_standard_output_would(form: str, console: InProcess, folder: Path) -> None:
    """``-o`` writes to a file just what would be printed."""
    command = f"graphad trace model.py:wave --emit {form}"
    printed = console.good(command)
    assert console.good(f"{command} -o wave.out") == ""
    assert (folder / "wave.out").read_bytes().decode() == printed
    assert console.good(f"{command} -o -") == printed


@pytest.mark.parametrize(
    ("path", "reason"),
    [("missing/wave.ir", "No such file or directory"), (".", "Is a directory")],
)
def test_unwritable_output(path: str, reason: str, console: InProcess) -> None:
    """A path that cannot be written is named, with the reason and what to give instead."""
    assert console.bad(f"graphad trace model.py:wave -o {path}") == (
        f"graphad: cannot write {path!r}: {reason}; "
        "give a path in a folder that exists and that you may write to\n"
    )


def test_output_that_takes_only_ascii(
    console: InProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A character that standard output does not take is an error with a way out."""
    (folder / "greek.py").write_text("def f(θ):\n    return 2 * θ\n", encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert console.bad("graphad trace greek.py:f") == (
        "graphad: standard output takes ascii only, and not '\\u03b8'; write to a file with -o, or "
        "set PYTHONIOENCODING=utf-8\n"
    )
    console.good("graphad trace greek.py:f -o greek.ir")
    assert "%θ: f64[]" in (folder / "greek.ir").read_text(encoding="utf-8")


def test_closed_output(console: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a standard output, only files can be written."""
    monkeypatch.setattr(sys, "stdout", None)
    assert console.bad("graphad trace model.py:wave") == (
        "graphad: standard output is closed; write to a file with -o\n"
    )
    assert console("graphad trace model.py:wave -o wave.ir").code == 0
