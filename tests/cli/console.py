"""A console for tests: commands run in this process, with pipes between them."""

from __future__ import annotations

import io
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple, TypeAlias

import pytest

from graphad.cli import main
from graphad.cli.options import MODEL

MODEL_SOURCE = dedent(MODEL.partition(":\n\n")[2])
"""The file model.py that the help shows."""

ROSEN = "graphad trace model.py:rosen --shape x=3"
"""The command that most tests begin with."""


class Result(NamedTuple):
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


Console: TypeAlias = Callable[..., Result]


class InProcess:
    """Runs commands of graphad, and pipes of them, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys = capsys
        self.monkeypatch = monkeypatch

    def __call__(self, command: str, stdin: str = "") -> Result:
        """Run ``graphad ... | graphad ...`` and return the last one's code and output."""
        for part in command.split(" | "):
            program, *argv = shlex.split(part)
            assert program == "graphad"
            self.monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
            result = Result(main(argv), *self.capsys.readouterr())
            if result.code:
                break
            stdin = result.out
        return result

    def good(self, command: str, stdin: str = "") -> str:
        """Run a command that has to work, and return its output."""
        result = self(command, stdin)
        assert result.code == 0, result.err
        assert result.err == ""
        return result.out

    def bad(self, command: str, stdin: str = "") -> str:
        """Run a command that has to fail, and return its message."""
        result = self(command, stdin)
        assert result.code == 2
        assert result.out == ""
        assert "Traceback" not in result.err
        return result.err


def untimed(told: str) -> str:
    """Return a table without its times."""
    return re.sub(r" +\d\S* (µs|ms|s)\b", "", told)


def commands_in(text: str) -> list[str]:
    """Return the commands that a help text shows, one to a line."""
    return re.findall(r"^ +(graphad .*)$", text, re.MULTILINE)


def sessions_in(path: Path) -> list[tuple[str, str]]:
    """Return the commands and outputs in the ``console`` blocks of a document."""
    blocks = re.findall(r"```console\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]
