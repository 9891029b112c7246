"""What a traced function returns: values, and how they nest."""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType, GeneratorType
from typing import Any

import numpy as np

from graphad.errors import InputError
from graphad.ir import Tree
from graphad.structures import Branch, has_only, opened, without
from graphad.tracing.advice import refusal
from graphad.tracing.origins import Line, line_of_code
from graphad.tracing.tracers import Tracer


def flatten(result: Any, function: Callable[..., Any]) -> tuple[list[Any], Tree]:
    """Return the values in what a function returned, and how they nest.

    Parameters
    ----------
    result : object
        A traced value, a number, an array, or a structure of these. Lists become tuples if
        there is no other structure.
    function : callable
        For the message.

    Raises
    ------
    TraceError
        If there is something else.

    Examples
    --------
    >>> flatten((1.0, [2.0, 3.0]), len)
    ([1.0, 2.0, 3.0], (0, (1, 2)))
    """
    found: list[Any] = []

    def visit(item: Any) -> Tree:
        if is_number(item):
            found.append(item)
            return len(found) - 1
        try:
            level = opened(item)
        except InputError as error:
            raise refusal(
                f"{_named(function)} returns a structure that cannot be opened",
                str(error),
                line_of_function(function),
            ) from None
        if level is None or item is result is None:
            raise _no_number(item, function)
        kind, _, parts = level
        trees = [visit(part) for part in parts]
        return tuple(trees) if kind is None else Branch(trees, kind)

    tree = visit(result)
    if has_only(tree, "list"):
        tree = without(tree, "list")
    if not found:
        raise refusal(
            f"{_named(function)} returns an empty {type(result).__name__}",
            "return a number, an array, or a structure of them",
            line_of_function(function),
        )
    return found, tree


def is_number(item: Any) -> bool:
    """Return whether something is a traced value, a number or an array of numbers."""
    if isinstance(item, Tracer | bool | int | float | complex):
        return True
    return isinstance(item, np.ndarray | np.generic) and item.dtype.kind in "biufc"


def _no_number(item: Any, function: Callable[..., Any]) -> Exception:
    what = f"{_named(function)} returns {_described(item)}, which is no number"
    instead = "return a number, an array, or a tuple, list or dict of them"
    if item is None:
        what = f"{_named(function)} returns None"
        instead = "did you forget return? A traced function returns its result"
    elif isinstance(item, CoroutineType):
        item.close()
        instead = "write def instead of async def: a trace runs the function once, to its end"
    elif isinstance(item, GeneratorType):
        instead = "return a list, or np.array([...]), instead of a generator"
    elif isinstance(item, np.ndarray):
        instead = "an array of objects holds no numbers: make it with np.array([...]) of numbers"
    return refusal(what, instead, line_of_function(function))


def _described(item: Any) -> str:
    if isinstance(item, np.ndarray):
        return f"an array of dtype {item.dtype}"
    return f"the string {item!r}" if isinstance(item, str) else f"a {type(item).__name__}"


def _named(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def line_of_function(function: Any) -> Line | None:
    """Return the line at which a function is defined; ``None`` if it is not Python's."""
    while hasattr(function, "func"):  # functools.partial
        function = function.func
    code = getattr(function, "__code__", None)
    return None if code is None else line_of_code(code)
