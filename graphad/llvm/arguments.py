"""Arguments of machine code that are not just what it takes: by name, of other kinds, or wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphad.errors import TraceError
from graphad.evaluate.calling import bind, double_arrays
from graphad.ir import Graph
from graphad.tracing.inlining import is_traced

OPTIONS = frozenset(
    {"out", "where", "axes", "axis", "keepdims", "casting", "order", "dtype", "subok", "signature"}
)
"""Keywords of a ufunc."""
MASKED = np.ma.MaskedArray
"""Arrays of this class hide elements, of which code would know nothing."""


def results(graph: Graph) -> tuple[tuple[type, ...], bool]:
    """Return what a graph's one result is an instance of, and whether the ufunc nests as it does.

    A ufunc makes arrays and numbers of plain ones. An array that hides elements is neither.
    """
    kinds = (np.ndarray, np.float64) if graph.tree == 0 else ()
    flat = type(graph.tree) is tuple and graph.tree == tuple(range(len(graph.outputs)))
    return kinds, graph.tree == 0 or (flat and len(graph.outputs) > 1)


def is_final(made: Any) -> bool:
    """Return whether what a ufunc gave is right: something, and no array that hides elements.

    Other libraries may make arrays of their own kind of theirs.
    """
    for one in made if type(made) is tuple else (made,):
        if one is None or (type(one) is not np.ndarray and isinstance(one, np.ndarray)):
            return False
    return True


def by_position(
    graph: Graph, args: Sequence[Any], options: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call of machine code by position, and the options of the ufunc.

    Parameters
    ----------
    graph : Graph
        What is called.
    args : sequence
        Arguments by position: one for each parameter, or one for each input.
    options : mapping
        Inputs by name, and options. A name that is both is that of an input if this has no value
        by position.

    Raises
    ------
    InputError
        As in a call of the graph: if values are missing, too many, or for no input.
    TraceError
        If one is a value of a trace.
    """
    if any(map(is_traced, args)) or any(map(is_traced, options.values())):
        raise TraceError(
            f"{graph.name} is machine code, which does not take traced values: call the graph that "
            "it was compiled from, which becomes a part of the trace"
        )
    later = {name for name, _ in graph.parameters[len(args) :]}
    named = {key: x for key, x in options.items() if key in later or key not in OPTIONS}
    rest = {key: x for key, x in options.items() if key not in named}
    if not named and len(args) == len(graph.inputs):  # arrays that were taken out of structures
        return list(args), rest
    return bind(graph, args, named), rest


def fitting(graph: Graph, values: Sequence[Any], options: Mapping[str, Any]) -> Sequence[Any]:
    """Return values that a ufunc of doubles takes, one for each input.

    Parameters
    ----------
    graph : Graph
        What is called.
    values : sequence
        What `by_position` gave.
    options : mapping
        Those of the ufunc. With others than ``out`` values are its own affair: their axes may be in
        another order, and they may be cast otherwise.

    Raises
    ------
    InputError
        As in a call of the graph, or if values are not of real numbers that doubles hold.
    """
    return double_arrays(graph, values) if options.keys() <= {"out"} else values
