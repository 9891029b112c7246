"""The program behind `make demo`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Run the program and return what it printed and where it drew."""
    folder = tmp_path_factory.mktemp("demo") / "drawings"
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / "demo.py"), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, folder


def test_prints_graphs_and_values(demo: tuple[str, Path]) -> None:
    """The texts of the function, its gradient and its Hessian are printed, with their values."""
    printed, _ = demo
    assert printed.count("graph rosenbrock(%x: f64[3])") == 3
    assert "at [1. 2. 3.]:\n201.0\n" in printed
    assert "at [1. 2. 3.]:\n[-400. 1002. -200.]\n" in printed
    assert "[[ 402. -400.    0.]\n [-400. 3802. -800.]\n [   0. -800.  200.]]\n" in printed


def test_prints_counts_of_each_pass(demo: tuple[str, Path]) -> None:
    """The tables name each pass, and the values before and after are the same."""
    printed, _ = demo
    for name in ("(start)", "fold", "simplify", "contract", "collect", "cse", "scalarize"):
        assert f"\n{name} " in printed
    assert printed.count("the same values before and after: True") == 2
    assert "ga.parse(str(H)) == H: True" in printed


def test_draws_svg(demo: tuple[str, Path]) -> None:
    """Each drawing is well-formed SVG."""
    _, folder = demo
    names = {path.stem for path in folder.glob("*.svg")}
    assert {"rosenbrock", "gradient", "hessian", "hessian_scalar"} <= names
    for path in folder.glob("*.svg"):
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
