"""Modules: compiled, kept on disk, and loaded from there."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import pytest

from graphad.llvm import engine
from graphad.llvm.cache import VARIABLE
from graphad.llvm.engine import ATTRIBUTES, PREFIXES, Host, Module, host, vector_lanes

TEXT = f"""
declare double @sin(double)
define double @twice(double %x) #0 {{
  %s = call double @sin(double %x)
  %y = fmul double %s, 2.0
  ret double %y
}}
{ATTRIBUTES}
"""
SIN_HALF = 0.479425538604203


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is parsed."""
    seen: list[str] = []
    parse: Callable[[str], Any] = llvm.parse_assembly

    def watched(text: str) -> Any:
        seen.append(text)
        return parse(text)

    monkeypatch.setattr(llvm, "parse_assembly", watched)
    return seen


def value(module: Module) -> float:
    """Call what `TEXT` defines."""
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(module.address("twice"))
    found: float = function(0.5)
    return found


@pytest.mark.parametrize("level", [0, 1])
def test_module(level: int, folder: Path, texts: list[str]) -> None:
    """The second module with a text is loaded, not compiled, and computes the same."""
    assert value(Module(TEXT, level)) == pytest.approx(2 * SIN_HALF, 1e-15)
    assert value(Module(TEXT, level)) == pytest.approx(2 * SIN_HALF, 1e-15)
    assert texts == [TEXT, ""]
    assert len(list(folder.iterdir())) == 1


def test_damaged_code_is_made_again(folder: Path, texts: list[str]) -> None:
    """A file that was changed is not loaded, and is replaced."""
    Module(TEXT, 1)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-40] + bytes(40))
    assert value(Module(TEXT, 1)) == pytest.approx(2 * SIN_HALF, 1e-15)
    assert texts == [TEXT, TEXT]
    assert path.read_bytes() == whole


def test_nothing_kept(folder: Path) -> None:
    """Text with addresses in it stays off the disk."""
    Module(TEXT, 1, keep=False)
    assert not folder.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(engine, "CACHE_FORMAT", "other"),
        lambda patch: patch.setattr(engine, "_version", lambda: "other"),
        lambda patch: patch.setattr(engine.llvmlite, "__version__", "other"),
        lambda patch: patch.setattr(llvm, "llvm_version_info", (1, 2, 3)),
        lambda patch: patch.setattr(engine, "host", lambda: _other_host("cpu")),
        lambda patch: patch.setattr(engine, "host", lambda: _other_host("features")),
    ],
    ids=["format", "graphad", "llvmlite", "LLVM", "processor", "features"],
)
def test_other_circumstances_other_code(
    change: Callable[[pytest.MonkeyPatch], None],
    folder: Path,
    texts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Code made by another version or for another processor is not loaded."""
    Module(TEXT, 1)
    with monkeypatch.context() as patch:
        change(patch)
        Module(TEXT, 1)
    Module(TEXT, 0)
    Module(TEXT + "\n", 1)
    assert texts == [TEXT, TEXT, TEXT, TEXT + "\n"]
    assert len(list(folder.iterdir())) == 4


def _other_host(what: str) -> Host:
    here = host()
    if what == "cpu":
        return Host(here.triple, "generic", here.features, here.width)
    return Host(here.triple, here.cpu, "", here.width)


def test_lanes_are_those_of_the_host() -> None:
    """Vectors are as wide as the processor's, and their functions are named so."""
    lanes = vector_lanes()
    assert lanes.width == host().width
    assert lanes.width in PREFIXES
    assert not lanes.functions or lanes.prefix == PREFIXES[lanes.width]


def test_without_libmvec(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a library of vector functions there are none."""
    monkeypatch.setattr(engine, "LIBMVEC", "libthatisnot.so.1")
    vector_lanes.cache_clear()
    try:
        assert vector_lanes().functions == frozenset()
    finally:
        monkeypatch.undo()
        vector_lanes.cache_clear()
