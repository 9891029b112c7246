"""The command that writes graphs in other languages."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphad as ga
from graphad.cli.exports import WRITERS
from graphad.cli.options import LANGUAGES
from tests.cli.console import InProcess

COMMAND = "graphad export model.py:rosen --shape x=3"


def test_languages() -> None:
    """What can be asked for is what can be written."""
    assert set(WRITERS) == set(LANGUAGES)


@pytest.mark.parametrize("order", [0, 1])
def test_what_is_written(order: int, console: InProcess, rosen: ga.Graph) -> None:
    """The command writes what the methods give."""
    graph = rosen.diff(order=order) if order else rosen
    option = f" --order {order}" if order else ""
    assert console.good(f"{COMMAND}{option} --to python --name f") == graph.to_python("f")
    assert console.good(f"{COMMAND}{option} --to c") == graph.to_c()
    assert console.good(f"{COMMAND}{option} --to latex") == graph.to_latex() + "\n"


def test_sympy(console: InProcess, rosen: ga.Graph) -> None:
    """The command writes SymPy's text of expressions."""
    pytest.importorskip("sympy")
    assert console.good(f"{COMMAND} --to sympy") == f"{rosen.to_sympy()}\n"


def test_files_and_graphs(console: InProcess, folder: Path, rosen: ga.Graph) -> None:
    """Graphs of other commands are read, and files are written."""
    piped = "graphad trace model.py:rosen --shape x=3 | graphad export - --to c -o rosen.c"
    assert console.good(piped) == ""
    assert (folder / "rosen.c").read_text() == ga.parse(str(rosen)).to_c()


def test_what_is_refused(console: InProcess) -> None:
    """Options that do not fit are refused."""
    message = console.bad(f"{COMMAND} --to latex --name f")
    assert message == "graphad: --name is for functions in python and c; latex has none\n"
    message = console.bad(f"{COMMAND} --to c --wrt x")
    assert "--wrt says how to differentiate; say how often with --order 1" in message
    assert "argument --to: invalid choice: 'fortran'" in console.bad(f"{COMMAND} --to fortran")
