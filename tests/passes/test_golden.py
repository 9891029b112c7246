"""Golden files: an input graph, the passes to run, and the text that they give.

``pytest tests/passes/test_golden.py --update-golden`` writes what passes give now. A file starts
with comments, of which those with ``run:`` name a pass and its options, then come two graphs. The
pass `optimize` is the pipeline that derivatives go through.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphad import passes
from graphad.ir import Graph, verify
from graphad.passes import PASSES, Pipeline
from graphad.passes.pipeline import OPTIMIZE
from graphad.text import dump, parse

FOLDER = Path(__file__).parents[1] / "golden"
FILES = sorted(FOLDER.rglob("*.ir"))
FEWEST = 4
RUN = "// run:"
GIVES = "// gives"


def read_case(path: Path) -> tuple[str, list[tuple[str, dict[str, Any]]], Graph]:
    """Return the part of a file that is given, the passes with their options, and the graph."""
    given = path.read_text(encoding="utf-8").partition(GIVES)[0].rstrip()
    steps = []
    for line in given.splitlines():
        if line.startswith(RUN):
            name, *options = line.removeprefix(RUN).split()
            pairs = (option.partition("=") for option in options)
            steps.append((name, {key: literal_eval(value) for key, _, value in pairs}))
    return given, steps, parse(given, file=path.name)


def run_case(steps: list[tuple[str, dict[str, Any]]], graph: Graph) -> Graph:
    """Run passes one after the other and verify what each gives."""
    for name, options in steps:
        apply = Pipeline(OPTIMIZE) if name == "optimize" else PASSES[name]
        graph = verify(apply(graph, **options))
    return graph


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden(path: Path, golden: Callable[[Path, str], None]) -> None:
    """Passes give the text in the file, which reads back as the same graph."""
    given, steps, graph = read_case(path)
    assert steps, f"{path} names no pass in a line '{RUN} simplify'"
    made = run_case(steps, graph)
    golden(path, f"{given}\n\n{GIVES}\n\n{dump(made)}\n")
    assert parse(dump(made)) == made


@pytest.mark.parametrize("name", sorted(set(passes.__all__) & set(PASSES)))
def test_every_pass_has_golden_files(name: str) -> None:
    """There are at least four cases for each pass."""
    assert sum(path.parent.name == name for path in FILES) >= FEWEST


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden_inputs_are_left_alone(path: Path) -> None:
    """A pass leaves the graph that it is given as it was."""
    _, steps, graph = read_case(path)
    text, nodes = dump(graph), graph.nodes
    run_case(steps, graph)
    assert dump(graph) == text
    assert graph.nodes is nodes
