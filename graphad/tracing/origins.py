"""Where in the user's code a traced operation stands."""

from __future__ import annotations

import dis
import linecache
import os
import sys
import sysconfig
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import NamedTuple

import numpy as np

from graphad.ir import NOWHERE, Origin


def _folder(path: Path) -> str:
    return f"{path.absolute()}{os.sep}"


_SITE = Path(np.__file__).parents[1]
_STANDARD = _folder(Path(sysconfig.get_path("stdlib")))
_LIBRARIES = (
    _folder(Path(__file__).parents[1]),
    *[_folder(_SITE / name) for name in ("numpy", "scipy")],
)


def is_library(file: str) -> bool:
    """Return whether a file is graphad's, NumPy's, SciPy's or Python's, and not the user's.

    Examples
    --------
    >>> is_library(np.__file__), is_library("model.py")
    (True, False)
    """
    if file.startswith("<frozen "):
        return True
    if file.startswith(_STANDARD):
        return not ("site-packages" in file or "dist-packages" in file) or _is_listed(file)
    return _is_listed(file)


def is_installed(file: str) -> bool:
    """Return whether a file is a library's, or of a package that has been installed.

    Examples
    --------
    >>> is_installed(np.__file__), is_installed("model.py")
    (True, False)
    """
    return "site-packages" in file or "dist-packages" in file or is_library(file)


def _is_listed(file: str) -> bool:
    return file.startswith(_LIBRARIES)


class LineFinder:
    """Finds the user's line; what it learned about a piece of code is kept, by identity."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[CodeType, dict[int, Origin] | None]] = {}

    def find(self, depth: int = 2) -> Origin:
        """Return the origin of what is being called, by the nearest frame of the user's.

        Parameters
        ----------
        depth : int
            How many frames above this one to begin.
        """
        frame: FrameType | None = sys._getframe(depth)
        known = self._known
        while frame is not None:
            code = frame.f_code
            entry = known.get(id(code))
            if entry is None:  # by id: a hash of code is slow; kept, so that the id is its own
                entry = known[id(code)] = (code, None if is_library(code.co_filename) else {})
            lines = entry[1]
            if lines is not None:
                position = frame.f_lasti
                origin = lines.get(position)
                if origin is None:
                    origin = lines[position] = Origin(code.co_filename, frame.f_lineno or 0)
                return origin
            frame = frame.f_back
        return NOWHERE


class Line(NamedTuple):
    """One line of the user's code."""

    file: str
    number: int
    text: str
    stores_item: bool
    """Whether what runs there is an assignment to an element or a slice."""

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


def user_frame() -> FrameType | None:
    """Return the nearest frame that is the user's; the outermost one if none is."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def line_of(frame: FrameType | None) -> Line:
    """Return the line that a frame is at."""
    if frame is None:
        return Line("?", 0, "", False)
    code = frame.f_code
    number = frame.f_lineno or 0
    operation = dis.opname[code.co_code[frame.f_lasti]] if frame.f_lasti >= 0 else ""
    return Line(
        code.co_filename,
        number,
        linecache.getline(code.co_filename, number, frame.f_globals).strip(),
        operation.startswith("STORE_S"),
    )


def line_of_traceback(traceback: TracebackType | None) -> Line:
    """Return the innermost line of the user's in a traceback."""
    found: Line | None = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not is_library(code.co_filename):
            text = linecache.getline(code.co_filename, traceback.tb_lineno).strip()
            found = Line(code.co_filename, traceback.tb_lineno, text, False)
        traceback = traceback.tb_next
    return found or Line("?", 0, "", False)


def line_of_code(code: CodeType) -> Line:
    """Return the line at which a function is defined."""
    text = linecache.getline(code.co_filename, code.co_firstlineno).strip()
    return Line(code.co_filename, code.co_firstlineno, text, False)
