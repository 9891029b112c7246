"""What the documents tell a reader to type is there, and works."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import indent
from typing import Any

import numpy as np
import pytest

import graphad as ga

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
PROGRAMS = (
    "README.md",
    "docs/structures.md",
    "docs/control-flow.md",
    "docs/custom.md",
    "docs/derivatives.md",
    "docs/compiled.md",
    "docs/interop.md",
)


def code_blocks(document: str) -> list[str]:
    """Return the Python blocks of a document."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_exist(document: str) -> None:
    """Each `make` command of a document is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    written = (ROOT / document).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^    |`)make ([a-z-]+)", written, re.MULTILINE))
    assert named
    assert named <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_and_folders_exist(document: str) -> None:
    """Each file and folder of the repository that a document names is there."""
    written = (ROOT / document).read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!http)([^)#]+)\)", written)
    quoted = re.findall(r"`([a-z_]+/[a-z_/]*(?:\.(?:py|md|ir))?)`", written)
    missing = [name for name in (*linked, *quoted) if not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize("document", PROGRAMS)
def test_code_runs(document: str, tmp_path: Path) -> None:
    """The Python blocks of a document run, one after the other, as one program."""
    blocks = code_blocks(document)
    assert blocks
    program = tmp_path / "program.py"
    program.write_text("\n".join(blocks), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_continuous_integration_runs_the_test_command() -> None:
    """`.ci/run` is executable and runs the test command of the README."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "exec make test"


def rosen(x: Any) -> Any:
    """Return the function of the README."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_readme_shows_what_is_printed() -> None:
    """The gradient in the README is what its function gives, and the growth table is measured."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"(?:^    .*\n)*^    graphad 1\n(?:^    .*\n)*", text, re.MULTILINE)
    gradient = ga.trace(rosen, np.zeros(3)).diff()
    assert shown.rstrip() == indent(str(gradient), "    ")
    rows = re.findall(r"^\| (\d+) \| ([\d,]+) \|", text, re.MULTILINE)
    assert len(rows) >= 5
    graph = ga.trace(lambda x: np.exp(np.sin(x)) * np.log1p(x**2))
    sizes = []
    for _ in range(int(rows[-1][0])):
        graph = graph.diff()
        sizes.append(len(graph))
    assert [int(count.replace(",", "")) for _, count in rows] == [
        sizes[int(order) - 1] for order, _ in rows
    ]


def test_the_plan_that_is_shown() -> None:
    """The table in the text on derivatives has the ways, and the counts, that a plan has."""
    text = (ROOT / "docs" / "derivatives.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^    [ *]  ([a-z-]+) +(scalar|array) +([\d,]+) +([\d,]+) ", text, re.MULTILINE
    )
    blocks = code_blocks("docs/derivatives.md")
    made: dict[str, Any] = {}
    exec(blocks[0].replace("print(plan.explain())", ""), made)  # noqa: S102 -- our own text
    shown = [
        (item.name, item.grain, f"{item.cost.nodes:,}", f"{item.cost.total:,}")
        for item in made["plan"].candidates
        if item.cost is not None
    ]
    assert rows == shown
    notes = [item.note for item in made["plan"].candidates if item.cost is None]
    assert notes
    assert all(note in text for note in notes)
    assert made["plan"].reason in text


def test_orders_are_measured() -> None:
    """The first rows of the table of growth are what its program gives."""
    text = (ROOT / "docs" / "orders.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    names, table = rows[0][1:], rows[2:]
    assert [row[0] for row in table] == [str(order) for order in range(1, 21)]
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        orders = importlib.import_module("orders")
    finally:
        sys.path.pop(0)
    for order in (1, 2, 5):
        found = [orders.shown(orders.nodes_of(name, order)[1]) for name in names]
        assert found == table[order - 1][1:]
