"""A line that says how far a long trace is, for who looks on at a terminal."""

from __future__ import annotations

import sys
from time import monotonic

from graphad.ir import Origin

PATIENCE = 2.0
"""After so many seconds the line is shown."""


class Progress:
    """The line, on the standard error stream; nothing if that is no terminal."""

    def __init__(self) -> None:
        self._start = monotonic()
        self._shown = 0

    def show(self, count: int, origin: Origin) -> None:
        """Show how many operations have been traced, and where."""
        if monotonic() - self._start > PATIENCE and sys.stderr.isatty():
            line = f"tracing: {count:,} operations, now at {origin.file}:{origin.line}"
            sys.stderr.write(f"\r{line:<{self._shown}}")
            sys.stderr.flush()
            self._shown = len(line)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write(f"\r{'':<{self._shown}}\r")
            sys.stderr.flush()
