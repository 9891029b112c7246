"""Fixtures of the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphad as ga
from graphad.cli.files import function_of_file
from tests.cli.console import MODEL_SOURCE, InProcess


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, which holds the help's model.py and nothing else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL_SOURCE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def console(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> InProcess:
    """Return what runs commands, in the folder of model.py."""
    return InProcess(capsys, monkeypatch)


@pytest.fixture
def rosen(folder: Path) -> ga.Graph:
    """Return the traced function that most tests name on the command line."""
    with function_of_file("model.py:rosen") as function:
        return ga.trace(function, np.zeros(3))
