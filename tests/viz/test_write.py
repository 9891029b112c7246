"""Drawings as files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graphad.errors import RenderError
from graphad.viz import dot, render, svg
from tests.viz.samples import chain, rosenbrock


@pytest.mark.parametrize("name", ["drawing.svg", "DRAWING.SVG"])
def test_svg_file(tmp_path: Path, name: str) -> None:
    """A path that ends in .svg gets the SVG text, and is returned."""
    path = render(rosenbrock(), tmp_path / name)
    assert path == tmp_path / name
    assert path.read_text(encoding="utf-8") == svg(rosenbrock())


@pytest.mark.parametrize("suffix", [".dot", ".gv"])
def test_dot_file(tmp_path: Path, suffix: str) -> None:
    """A path that ends in .dot or .gv gets DOT text."""
    path = render(rosenbrock(), str(tmp_path / f"drawing{suffix}"))
    assert path.read_text(encoding="utf-8") == dot(rosenbrock())


def test_limit_is_handed_on(tmp_path: Path) -> None:
    """The limit decides what is drawn into the file."""
    path = render(chain(20), tmp_path / "drawing.svg", limit=5)
    assert path.read_text(encoding="utf-8") == svg(chain(20), limit=5)


@pytest.mark.parametrize(
    ("name", "ending"), [("drawing.png", "the suffix .png"), ("drawing", "no suffix")]
)
def test_unknown_suffix(tmp_path: Path, name: str, ending: str) -> None:
    """A suffix that is not known is an error that names those that are; nothing is written."""
    message = f"with {ending}; end the path in .svg, or in .dot or .gv for DOT text"
    with pytest.raises(RenderError, match=re.escape(message)):
        render(rosenbrock(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder(tmp_path: Path) -> None:
    """A path in a folder that is not there is an error that names path, reason and remedy."""
    path = tmp_path / "missing" / "drawing.svg"
    message = f"cannot write the drawing to {str(path)!r}: No such file or directory; give a path"
    with pytest.raises(RenderError, match=re.escape(message)):
        render(rosenbrock(), path)


def test_path_that_is_a_folder(tmp_path: Path) -> None:
    """A path that is a folder is an error of the same kind."""
    path = tmp_path / "drawing.svg"
    path.mkdir()
    with pytest.raises(RenderError, match="cannot write the drawing"):
        render(rosenbrock(), path)


@pytest.mark.parametrize("name", ["drawing.svg", "drawing.dot"])
def test_unknown_engine(tmp_path: Path, name: str) -> None:
    """An engine that is not known is an error, whatever is drawn, and nothing is written."""
    with pytest.raises(RenderError, match='no layout engine "circo"'):
        render(rosenbrock(), tmp_path / name, engine="circo")
    assert list(tmp_path.iterdir()) == []
