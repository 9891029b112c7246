"""Layout by Graphviz, which may be missing, slow or broken."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import graphviz
import pytest

from graphad.viz import svg
from graphad.viz.external import LayoutUnavailableError, lay_out_by_dot
from graphad.viz.layout import Layout, Link
from tests.viz.samples import chain, fan, rosenbrock

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
needs_scripts = pytest.mark.skipif(os.name == "nt", reason="stands in for dot by a script")

ONE_LINK = ([40.0, 60.0], [20.0, 30.0], [Link(0, 1, 5.0)])


def stand_in(folder: Path, code: str) -> str:
    """Return the path of a program that runs `code` instead of dot."""
    program = folder / "dot"
    program.write_text(f"#!{sys.executable}\n{code}\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


@needs_dot
def test_dot_lays_out_boxes() -> None:
    """Boxes stand below each other, and links join them at the place that is asked."""
    widths, heights, links = ONE_LINK
    layout = lay_out_by_dot(widths, heights, links)
    assert layout.top[0] + heights[0] < layout.top[1]
    start, end = layout.routes[0][0], layout.routes[0][-1]
    assert start == pytest.approx((layout.left[0] + 20, layout.top[0] + 20))
    assert end == pytest.approx((layout.left[1] + 30 + 5, layout.top[1]))


@needs_dot
def test_dot_keeps_rows() -> None:
    """Boxes of given rows stand in these rows, also where no link says so."""
    layout = lay_out_by_dot([40.0] * 4, [20.0] * 4, [Link(0, 3)], rows=[0, 0, 1, 2])
    assert layout.top[0] == layout.top[1] < layout.top[2] < layout.top[3]


@needs_dot
@pytest.mark.parametrize("graph", [rosenbrock(), fan(12)], ids=lambda graph: graph.name)
def test_dot_draws_in_the_same_style(graph: object) -> None:
    """A drawing laid out by dot has the same boxes and texts as the built-in one."""
    by_dot = svg(graph, engine="dot")  # type: ignore[arg-type]
    built_in = svg(graph)  # type: ignore[arg-type]
    assert by_dot != built_in
    assert by_dot.count("<rect") == built_in.count("<rect")
    assert by_dot.count("<title>") == built_in.count("<title>")


def test_nothing_is_laid_out() -> None:
    """No boxes need no Graphviz."""
    assert lay_out_by_dot([], [], []) == Layout((), (), (), 0.0, 0.0)


@needs_scripts
def test_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that takes too long is stopped, and the message names the limit."""
    slow = stand_in(tmp_path, "import time; time.sleep(60)")
    monkeypatch.setattr(graphviz, "DOT_BINARY", slow)
    with pytest.raises(LayoutUnavailableError, match=r"it took longer than 0.2 seconds"):
        lay_out_by_dot(*ONE_LINK, time_limit=0.2)
    with pytest.warns(UserWarning, match=r"it took longer than 0.2 seconds\. The built-in layout"):
        drawn = svg(chain(3), engine="dot", time_limit=0.2)
    assert drawn == svg(chain(3))


@needs_scripts
def test_failing_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that fails is quoted."""
    failing = stand_in(tmp_path, "import sys; sys.exit('no memory left')")
    monkeypatch.setattr(graphviz, "DOT_BINARY", failing)
    with pytest.raises(LayoutUnavailableError, match="it failed: no memory left"):
        lay_out_by_dot(*ONE_LINK)


@needs_scripts
@pytest.mark.parametrize("answer", ["", "not json", "{}", '{"bb": "0,0"}', "[1]"])
def test_strange_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """An answer that is not understood is no layout."""
    strange = stand_in(tmp_path, f"print({answer!r})")
    monkeypatch.setattr(graphviz, "DOT_BINARY", strange)
    with pytest.raises(LayoutUnavailableError, match="its answer was not understood"):
        lay_out_by_dot(*ONE_LINK)


@needs_scripts
def test_program_that_may_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is no program is no layout."""
    program = tmp_path / "dot"
    program.write_text("", encoding="utf-8")
    monkeypatch.setattr(graphviz, "DOT_BINARY", str(program))
    with pytest.raises(LayoutUnavailableError, match="it cannot be run: Permission denied"):
        lay_out_by_dot(*ONE_LINK)


def test_missing_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the program and without pygraphviz the message says what to install."""
    monkeypatch.setattr(graphviz, "DOT_BINARY", "no-such-program")
    monkeypatch.setattr("graphad.viz.external.find_spec", lambda name: None)
    with pytest.raises(LayoutUnavailableError, match="install Graphviz, or pygraphviz"):
        lay_out_by_dot(*ONE_LINK)


@needs_scripts
def test_pygraphviz_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the program, pygraphviz is asked in a process of its own."""
    answer = (
        '{"bb": "0,0,75,75", "objects": [{"name": "b0", "pos": "15,60"}, '
        '{"name": "b1", "pos": "30,12"}], "edges": [{"id": "0", "pos": "15,50 15,40 30,30 30,24"}]}'
    )
    package = tmp_path / "pygraphviz"
    package.mkdir()
    code = (
        "class AGraph:\n    def __init__(self, text): pass\n"
        f"    def draw(self, **options): return {answer!r}\n"
    )
    (package / "__init__.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(graphviz, "DOT_BINARY", "no-such-program")
    monkeypatch.setattr("graphad.viz.external.find_spec", lambda name: object())
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    layout = lay_out_by_dot(*ONE_LINK)
    assert layout.left == pytest.approx((0.0, 10.0))
    assert layout.top == pytest.approx((10.0, 69.0))
