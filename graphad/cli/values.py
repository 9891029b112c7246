"""Numbers that the command line is given, and values that it prints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from graphad.api import Graph
from graphad.errors import InputError
from graphad.op import Array
from graphad.types import Type

Points: TypeAlias = dict[str, tuple[str, ...]]
"""For each input the numbers it is given, as they are written."""

READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "f": (float, "a number"),
    "c": (complex, "a complex number such as 1+2j"),
    "i": (int, "an integer"),
    "u": (int, "an integer"),
    "b": ({"true": True, "false": False}.__getitem__, "true or false"),
}
"""For each kind of dtype, what reads one element, and what it is called."""


def once(pairs: Sequence[tuple[str, Any]], option: str) -> dict[str, Any]:
    """Return pairs of names and values as a dict.

    Raises
    ------
    InputError
        If a name is there twice.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InputError(f"{option} gives {name!r} twice")
        found[name] = value
    return found


def arguments(graph: Graph, points: Points) -> tuple[Array, ...]:
    """Return what to call a graph with: one point, or several along an axis in front.

    Raises
    ------
    InputError
        If the points are not those of the graph's inputs.
    """
    known = ", ".join(f"{node.attrs[0]}: {node.type}" for node in graph.inputs)
    for name in points:
        if name not in graph.input_names:
            raise InputError(f"--at: there is no input {name!r}; inputs: {known or 'none'}")
    missing = [name for name in graph.input_names if name not in points]
    if missing:
        raise InputError(
            f"--at: no value is given for {' and '.join(map(repr, missing))}; inputs: {known}"
        )
    arrays = [array_of(node.attrs[0], points[node.attrs[0]], node.type) for node in graph.inputs]
    alone = all(len(array) == 1 for array in arrays)
    return tuple([array[0] if alone else array for array in arrays])


def value_lines(graph: Graph, points: Points) -> Iterator[str]:
    """Yield lines with the values of a graph, every digit of them.

    Raises
    ------
    InputError
        If the points are not those of the graph's inputs.
    """
    for place, value in placed(graph(*arguments(graph, points))):
        label = f"out{place} = " if place else ""
        shown = np.array2string(
            np.asarray(value),
            max_line_width=sys.maxsize,
            threshold=sys.maxsize,
            separator=", ",
            formatter={"all": str},
            prefix=label,
        )
        yield from f"{label}{shown}".splitlines()


def array_of(name: str, numbers: tuple[str, ...], type: Type) -> Array:
    """Return numbers as points of a type, with an axis in front that counts the points.

    Raises
    ------
    InputError
        If something is no number, or there are too few or too many.
    """
    read, wanted = READERS[type.dtype.kind]
    values = []
    for number in numbers:
        try:
            values.append(read(number))
        except (ValueError, LookupError):
            raise InputError(f"--at {name}: {number!r} is not {wanted}") from None
    count = len(values) // type.size if type.size else 1
    if not count or count * type.size != len(values):
        wanted = f"{type.size}, or a multiple of that for several points" if type.size else "none"
        raise InputError(f"--at {name}: {type} takes {wanted}; {len(values)} given")
    try:
        with np.errstate(over="ignore"):
            return np.array(values, type.dtype).reshape(count, *type.shape)
    except OverflowError as error:
        raise InputError(f"--at {name}: {error}") from None


def placed(result: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the arrays of nested results, and where each stands: ``[1][0]``."""
    if not isinstance(result, tuple):
        yield place, result
        return
    for i, part in enumerate(result):
        yield from placed(part, f"{place}[{i}]")
