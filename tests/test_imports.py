"""Imports run one way; packages have one name; files are short and speak for themselves."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[1]
LAYERS = (
    ("errors", "progress"),
    ("types", "structures"),
    ("parts",),
    ("constant",),
    ("op",),
    ("ir",),
    ("builder",),
    ("ops",),
    ("tracing", "text", "rewrite", "evaluate", "cost", "selection"),
    ("passes", "llvm"),
    ("control", "custom"),
    ("planning",),
    ("viz", "calculus", "interop"),
    ("api",),
    ("numpy", "cli"),
    ("__init__", "__main__"),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
FOLDERS = ("graphad", "passes", "viz", "tests", "examples", "benchmarks")
LONGEST = 450
# The brackets keep this file from matching itself.
UNWANTED = {
    "the number of an issue": r"\b(issue|closes|fixes|refs) #?[0-9]+\b|\bGH-[0-9]+",
    "an unfinished thought": r"\b(TO[D]O|FIX[M]E|X[X]X)\b",
    "a path of one machine": r"(^|[\s\"'`(=])/(hom[e]|wor[k]|roo[t]|User[s])/",
    "a path outside the repository": r"\.\./share[d]|\bshare[d]/",
    "the host of a package registry": r"\bpyp[i]\.org|pythonhoste[d]",
}


def is_linked(path: Path) -> bool:
    """Return whether `path` is reached through one of the two symlinks."""
    return path.relative_to(ROOT).parts[:2] in {("graphad", "passes"), ("graphad", "viz")}


def python_files(*folders: str) -> list[Path]:
    """Return the Python files of folders of the repository, each once."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if not is_linked(path))


def text_files() -> list[Path]:
    """Return what is written by hand in the repository."""
    endings = {".py", ".md", ".toml", ".in", ".ir", ".txt", ".yml"}
    nested = (path for folder in (*FOLDERS, ".ci") for path in (ROOT / folder).rglob("*"))
    top = (path for path in ROOT.iterdir() if path.suffix in endings or path.name == "Makefile")
    files = (path for path in nested if path.suffix in endings or path.parent.name == ".ci")
    return sorted(path for path in (*files, *top) if path.is_file() and not is_linked(path))


def part_of(path: Path) -> str:
    """Return which part of the house a source file belongs to."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "graphad" else parts[0]


def imported_parts(path: Path) -> list[tuple[int, str]]:
    """Return line and part of every import of graphad in a file, also those inside functions."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            module = node.module or ""
            names = (
                [f"graphad.{alias.name}" for alias in node.names]
                if module == "graphad"
                else [module]
            )
        for name in names:
            top, _, rest = name.partition(".")
            if top == "graphad":
                part = rest.partition(".")[0]
                found.append((node.lineno, part if part in LEVEL else "__init__"))
    return found


def named(path: Path) -> str:
    """Return the path that a test is named by."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", python_files("graphad", "passes", "viz"), ids=named)
def test_imports_run_one_way(path: Path) -> None:
    """A file imports only from its own layer and the layers below."""
    part = part_of(path)
    assert part in LEVEL, f"give {part} a place in LAYERS"
    wrong = [
        f"{named(path)}:{line}: {part} imports {other}, which is above it"
        for line, other in imported_parts(path)
        if LEVEL[other] > LEVEL[part]
    ]
    assert wrong == []


def test_parts_do_not_import_each_other() -> None:
    """No two parts of the house import each other, directly or by way of others."""
    graph = nx.DiGraph()
    for path in python_files("graphad", "passes", "viz"):
        graph.add_edges_from((part_of(path), other) for _, other in imported_parts(path))
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    assert list(nx.simple_cycles(graph)) == []


@pytest.mark.parametrize("path", python_files(*FOLDERS), ids=named)
def test_files_are_short(path: Path) -> None:
    """No file is too long to be read in one go."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", text_files(), ids=named)
def test_files_speak_for_themselves(path: Path) -> None:
    """No file needs an issue, a machine or a notebook beside it to be understood."""
    text = path.read_text(encoding="utf-8")
    found = [
        f"{named(path)}:{number}: {what}: {line.strip()}"
        for what, pattern in UNWANTED.items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["passes", "viz"])
def test_back_door_is_shut(name: str) -> None:
    """The top-level folders refuse to be imported by their own names."""
    spec = importlib.util.spec_from_file_location(name, ROOT / name / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    message = f"this package is imported as graphad.{name}, not as {name}"
    with pytest.raises(ImportError, match=re.escape(message)):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.mark.parametrize("name", ["passes", "viz"])
def test_folders_import_under_graphad(name: str) -> None:
    """`graphad.passes` and `graphad.viz` are the top-level folders."""
    file = importlib.import_module(f"graphad.{name}").__file__
    assert file is not None
    assert Path(file).parent.samefile(ROOT / name)


def test_importing_graphad_imports_no_optional_package() -> None:
    """`import graphad` loads none of the packages that only some functions need."""
    optional = ["scipy", "mpmath", "hypothesis", "pytest", "matplotlib", "IPython", "jax", "sympy"]
    code = f"import sys, graphad; print([name for name in {optional} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
