"""Fixtures of the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

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
