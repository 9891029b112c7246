"""What commands write: graphs in their forms, what follows them, and tables."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import graphad as ga
from graphad.cli.output import table
from tests.cli.console import ROSEN, InProcess


def test_drawings(console: InProcess, rosen: ga.Graph) -> None:
    """``--emit svg`` and ``dot`` are the drawings of the graph."""
    assert ET.fromstring(console.good(f"{ROSEN} --emit svg")).tag.endswith("svg")
    assert console.good(f"{ROSEN} --emit dot").rstrip("\n") == rosen.dot().rstrip("\n")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("out.svg", "<svg "),
        ("out.SVG", "<svg "),
        ("out.dot", "digraph "),
        ("out.gv", "digraph "),
        ("out.ir", "graphad 1\n"),
        ("out", "graphad 1\n"),
    ],
)
def test_suffix_decides(name: str, start: str, console: InProcess, folder: Path) -> None:
    """Without ``--emit``, the suffix of the file says what is written; ``--emit`` overrules it."""
    assert console.good(f"{ROSEN} -o {name}") == ""
    assert (folder / name).read_text(encoding="utf-8").startswith(start)
    console.good(f"{ROSEN} -o {name} --emit stats")
    assert (folder / name).read_text(encoding="utf-8").startswith("rosen(x: f64[3])\n")


def test_stats(console: InProcess, rosen: ga.Graph) -> None:
    """Statistics are the explanation, and with passes the table of the pipeline."""
    assert console.good(f"{ROSEN} --order 1 --emit stats") == f"{rosen.diff().explain()}\n"
    shown = console.good(f"{ROSEN} --order 1 -p simplify,cse --emit stats")
    raw = rosen.diff(optimize=False)
    report = raw.report("simplify,cse")
    explained, rows = shown.rstrip("\n").split("\n\n")
    assert explained == report.graph.explain()
    counts = [re.findall(r"\S+", row)[:3] for row in rows.split("\n")[1:]]
    assert counts == [[step.name, str(step.nodes), str(step.operations)] for step in report.steps]


def test_stats_of_a_file(console: InProcess) -> None:
    """`run` has the same statistics."""
    shown = console.good("graphad trace model.py:wave | graphad run - -p dce --emit stats")
    assert shown.startswith("wave(a: f64[], t: f64[])\noutput f64[]\n")
    assert "\n\npass " in shown


def test_values_alone(console: InProcess) -> None:
    """Values are written alone if nothing else is asked for, and nothing is evaluated without."""
    assert console.good(f"{ROSEN} --at x=1,2,3") == "201.0\n"
    assert "201.0" not in console.good(ROSEN)


@pytest.mark.parametrize("form", ["text", "dot", "svg", "stats"])
def test_values_follow_what_is_emitted(form: str, console: InProcess) -> None:
    """Values come after the graph, so that the whole is still what it was."""
    graph = console.good(f"{ROSEN} --order 2 --emit {form}")
    whole = console.good(f"{ROSEN} --order 2 --emit {form} --at x=1,2,3")
    assert whole.startswith(graph)
    values = whole.removeprefix(graph).splitlines()
    assert len(values) == 3
    assert "[-400.0, 3802.0, -800.0]" in values[1]
    if form == "text":
        assert ga.parse(whole) == ga.parse(graph)
    elif form == "svg":
        assert ET.fromstring(whole).tag.endswith("svg")
    elif form == "dot":
        assert all(line.startswith("// ") for line in values)


def test_values_and_a_file(console: InProcess, folder: Path) -> None:
    """With ``-o``, the graph is in the file and the values are printed."""
    assert console.good(f"{ROSEN} --at x=1,2,3 -o rosen.svg") == "201.0\n"
    assert (folder / "rosen.svg").read_text().endswith("</svg>\n")


def test_no_pictures_of_dots(console: InProcess) -> None:
    """A file name of a format that is not written is refused, and nothing is written."""
    told = console.bad(f"{ROSEN} -o hessian.png")
    assert told == "graphad: no picture is written as .png; use a name that ends in .svg or .dot\n"


def test_table() -> None:
    """Columns are as wide as their widest cell, and no line ends in blanks."""
    assert table([("a", "bb", "c"), ("dd", "", "")]) == "a   bb  c\ndd"
