"""Whether a trace of some source is right: refused in words, or the same as NumPy."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import graphad as ga
from tests.snippets.reference import filled, leaves

COUNT = itertools.count()


class SilentlyWrongError(AssertionError):
    """A graph disagrees with NumPy, and nothing was said."""


def load(source: str, folder: Path) -> Callable[[], ModuleType]:
    """Write a module, and return what loads it afresh, with a state of its own."""
    path = folder / f"written_{next(COUNT)}.py"
    path.write_text(source, encoding="utf-8")

    def fresh() -> ModuleType:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.dont_write_bytecode, kept = True, sys.dont_write_bytecode
        try:
            spec.loader.exec_module(module)
        finally:
            sys.dont_write_bytecode = kept
        return module

    return fresh


def copied(point: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a point in memory of its own."""
    made: tuple[Any, ...] = filled(point, iter([np.array(leaf) for leaf in leaves(point)]))
    return made


def run(function: Any, point: tuple[Any, ...]) -> list[Any] | Exception:
    """Return the values of a function on copies of a point, or what it raises."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return [np.array(leaf) for leaf in leaves(function(*copied(point)))]
        except Exception as error:  # noqa: BLE001 -- whatever the function raises
            return error


def judge(
    fresh: Callable[[], Any],
    example: tuple[Any, ...],
    others: Iterable[tuple[Any, ...]],
    tolerance: float = 1e-9,
) -> str:
    """Return what became of a trace: ``"refused"``, ``"illegal"`` or ``"traced"``.

    Parameters
    ----------
    fresh : callable
        Gives the function, with a state of its own each time.
    example : tuple
        What it is traced with.
    others : iterable of tuple
        Where else it is compared with its graph.
    tolerance : float
        Relative to the largest element.

    Raises
    ------
    SilentlyWrongError
        If the graph is not the function, at the example or elsewhere.
    AssertionError
        If the trace ends by another error than graphad's, where NumPy has a value.
    """
    refused = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = ga.trace(fresh(), *copied(example))
    except ga.GraphadError as error:
        refused = str(error)
    except AssertionError:
        return "illegal"  # the function's own, of memory that it has not set yet
    except Exception as error:
        plain = fresh()
        if any(isinstance(run(plain, example), Exception) for _ in range(2)):
            return "illegal"
        raise AssertionError(f"{type(error).__name__} instead of advice: {error}") from error
    if refused:
        assert "\n" in refused, f"a message without advice: {refused}"
        return "refused"
    for point in (example, *others):
        expected = run(fresh(), point)
        found = run(graph, point)
        if isinstance(expected, Exception) and (point is not example or _is_nothing(found)):
            continue
        if isinstance(expected, Exception):
            raise SilentlyWrongError(f"NumPy raises {expected!r}, the graph gives {found}")
        if isinstance(found, Exception):
            raise found
        _compare(expected, found, point, tolerance)
    return "traced"


def _is_nothing(found: list[Any] | Exception) -> bool:
    """Return whether a graph has no value: it raises too, or gives what is no number."""
    if isinstance(found, Exception):
        return True
    return not all(bool(np.all(np.isfinite(leaf))) for leaf in found)


def _compare(
    expected: list[Any], found: list[Any], point: tuple[Any, ...], tolerance: float
) -> None:
    if len(expected) != len(found):
        raise SilentlyWrongError(f"{len(expected)} results in NumPy, {len(found)} in the graph")
    for one, other in zip(expected, found, strict=True):
        same = one.shape == other.shape and one.dtype == other.dtype
        if one.dtype in (np.float32, np.complex64):
            tolerance = 1e-4
        size = np.abs(one[np.isfinite(one)]).max(initial=1.0)
        if not same or not np.allclose(one, other, tolerance, tolerance * size, equal_nan=True):
            raise SilentlyWrongError(f"at {point}: {one!r} in NumPy, {other!r} in the graph")
