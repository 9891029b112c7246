"""A line that says how far long work is, for who looks on at a terminal."""

from __future__ import annotations

import sys
from time import monotonic

PATIENCE = 2.0
"""After so many seconds the line is shown."""


class Progress:
    """The line, on the standard error stream; nothing if that is no terminal."""

    def __init__(self) -> None:
        self._start = monotonic()
        self._shown = 0

    def show(self, line: str) -> None:
        """Show what is being done, if it has taken a while."""
        if monotonic() - self._start > PATIENCE and sys.stderr.isatty():
            sys.stderr.write(f"\r{line:<{self._shown}}")
            sys.stderr.flush()
            self._shown = len(line)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write(f"\r{'':<{self._shown}}\r")
            sys.stderr.flush()
            self._shown = 0
