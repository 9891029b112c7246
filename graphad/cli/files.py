"""Files of the user's: functions and graphs that are read, and text that is written."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from graphad.api import Graph, parse
from graphad.errors import GraphadError, InputError, ParseError, TraceError
from graphad.tracing.origins import line_of_traceback

STANDARD = "-"
"""The path that means standard input, or standard output."""

_WIDEST = 100
"""Of a longer line, messages show the part around what is wrong."""


# --- functions -----------------------------------------------------------------------------------


@contextlib.contextmanager
def function_of_file(target: str) -> Iterator[Callable[..., Any]]:
    """Load ``FILE.py:FUNCTION``, for as long as the context lasts.

    Meanwhile the file's folder is where imports are looked for first, and what the user's code
    prints goes to standard error, so that standard output can be piped.

    Parameters
    ----------
    target : str
        The path of a Python file, a colon, and the name of something in it that can be called.

    Raises
    ------
    InputError
        If there is no such file, or no such function in it.
    TraceError
        If loading the file raises something, or what runs in the context does. The message names
        the user's line.
    """
    path, name = _parted(target)
    folder = str(path.resolve().parent)
    module_name = f"_graphad_file_{path.stem}"
    sys.path.insert(0, folder)
    try:
        with contextlib.redirect_stdout(sys.stderr), users_line():
            module = _loaded(path, module_name)
            yield _function(module, path, name)
    finally:
        sys.modules.pop(module_name, None)
        if folder in sys.path:
            sys.path.remove(folder)


@contextlib.contextmanager
def function_or_graph(target: str) -> Iterator[Callable[..., Any]]:
    """Load ``FILE.py:FUNCTION`` as `function_of_file` does, or the graph in any other file.

    Raises
    ------
    InputError, TraceError
        As `function_of_file` and `read_graph` do.
    """
    path = Path(target)
    code = path.suffix == ".py" or (":" in target and not path.is_file())
    with function_of_file(target) if code else contextlib.nullcontext(read_graph(target)) as made:
        yield made


def _parted(target: str) -> tuple[Path, str]:
    """Return file and function; the colon of a drive letter is not taken for the one between."""
    file, _, name = target.rpartition(":")
    if not file or "/" in name or "\\" in name:
        file, name = target, ""
    path = Path(file)
    _read(path)
    return path, name


class _FreshLoader(SourceFileLoader):
    """Reads source each time and leaves no bytecode beside it, as Python does with a script."""

    def get_code(self, fullname: str) -> CodeType:
        try:
            return self.source_to_code(self.get_data(self.path), self.path)
        except (SyntaxError, ValueError) as error:
            if isinstance(error, SyntaxError) and error.lineno:
                raise
            raise InputError(f"{self.path} is no Python source: {error}") from error


def _loaded(path: Path, name: str) -> ModuleType:
    loader = _FreshLoader(name, str(path.absolute()))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def _function(module: ModuleType, path: Path, name: str) -> Callable[..., Any]:
    functions = [
        key
        for key, value in vars(module).items()
        if isinstance(value, Graph)
        or (inspect.isroutine(value) and value.__module__ == module.__name__)
    ]
    listed = f"functions there: {', '.join(functions) or 'none'}"
    if not name:
        example = f"{path}:{functions[0] if functions else 'FUNCTION'}"
        raise InputError(f"say which function of {path} is meant, as in {example}; {listed}")
    if name not in vars(module):
        close = get_close_matches(name, functions, n=3)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ";"
        raise InputError(f"{path} has no function {name!r}{hint} {listed}")
    function: Any = vars(module)[name]
    if not callable(function):
        kind = type(function).__name__
        raise InputError(f"{name!r} of {path} is of type {kind} and no function; {listed}")
    made: Callable[..., Any] = function
    return made


@contextlib.contextmanager
def users_line() -> Iterator[None]:
    """Turn what the user's code raises into an error that names the user's line.

    Raises
    ------
    TraceError
        Instead of any exception that passed through the user's code.
    """
    try:
        yield
    except TraceError:
        raise
    except SyntaxError as error:
        if not error.filename or not error.lineno:
            raise
        where = f"{error.filename}:{error.lineno}:{error.offset or 1}"
        shown = pointed(error.text or "", error.offset or 1)
        raise TraceError(f"{where}: {type(error).__name__}: {error.msg}{shown}") from error
    except (Exception, SystemExit) as error:
        line = line_of_traceback(error.__traceback__)
        if not line.number:
            raise  # it is about the arguments, or a mistake of graphad's own
        kind = "" if isinstance(error, GraphadError) else f"{type(error).__name__}: "
        shown = f"\n    {line.text}" if line.text else ""
        if isinstance(error, SystemExit):
            shown += "\nwhat a file does as a script goes under if __name__ == '__main__':"
        raise TraceError(f"{line}: {kind}{error}{shown}") from error


# --- graphs --------------------------------------------------------------------------------------


def read_graph(file: str) -> Graph:
    """Return the graph whose text is in a file, or in standard input if that is ``-``.

    Raises
    ------
    InputError
        If the file cannot be read, or its text is no graph. The message shows the line.
    """
    if file == STANDARD:
        name = "<stdin>"
        try:
            text = sys.stdin.read()
        except UnicodeDecodeError as error:
            raise InputError(f"standard input is no text: {error}") from error
    else:
        name = file
        try:
            text = _read(Path(file)).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{file} is no text in UTF-8: {error}") from error
    try:
        return parse(text, file=name)
    except ParseError as error:
        lines = text.split("\n", error.line)
        raise InputError(f"{error}{pointed(lines[error.line - 1], error.column)}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        around = [other.name for other in path.parent.glob("*") if other.suffix]
        close = get_close_matches(path.name, sorted(around), n=1)
        hint = f"; did you mean {str(path.with_name(close[0]))!r}?" if close else ""
        raise InputError(f"there is no file {str(path)!r}{hint}") from None
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror or error}") from error


def pointed(line: str, column: int) -> str:
    """Return two lines that show a line of text, and a caret under one of its columns.

    Examples
    --------
    >>> print("wrong here:" + pointed("  y = sine x", 7))
    wrong here:
        y = sine x
            ^
    """
    plain = "".join(c if c.isprintable() else " " for c in line.rstrip())
    if not plain:
        return ""
    cut = max(0, column - 1 - _WIDEST // 2)
    margin = len(plain) - len(plain.lstrip())
    start = min(cut if len(plain) > _WIDEST else margin, column - 1)
    shown = plain[start : start + _WIDEST]
    return f"\n    {shown}\n    {' ' * (column - 1 - start)}^"


# --- what is written -----------------------------------------------------------------------------


def write_text(text: str, file: str | None = None) -> None:
    """Write a text to a file, or to standard output, and end its last line.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    line = text.rstrip("\n") + "\n"
    if sys.stdout is None and file in (None, STANDARD):
        raise InputError("standard output is closed; write to a file with -o")
    if file is not None and file != STANDARD:
        try:
            Path(file).write_text(line, encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(
                f"cannot write {file!r}: {error.strerror or error}; "
                "give a path in a folder that exists and that you may write to"
            ) from error
        return
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except UnicodeEncodeError as error:
        raise InputError(
            f"standard output takes {error.encoding} only, and not "
            f"{error.object[error.start]!a}; write to a file with -o, or set PYTHONIOENCODING=utf-8"
        ) from error
    except OSError as error:
        discard_output()
        raise InputError(f"cannot write to standard output: {error.strerror or error}") from error


def discard_output() -> None:
    """Let what standard output still holds vanish, so that Python does not fail on it at exit."""
    with contextlib.suppress(OSError), Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
