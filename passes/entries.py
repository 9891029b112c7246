"""Entries of derivatives: which ones are asked for, and how strategies take and give them.

A derivative of order k of a function of variables x_0, x_1, … has one entry for each element of the
output (a *row*) and each sorted multi-index (i ≤ j ≤ …): derivatives commute, so that the others
are equal to these. Every way to derive takes the entries that are wanted and gives one vector of
them, so that ways can be compared, checked against each other, and laid out alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb
from typing import TypeAlias

import numpy as np

from graphad.builder import Builder, G, Value
from graphad.errors import DerivativeError
from graphad.ir import INPUT, Graph, Node
from graphad.op import Operand
from graphad.ops import OPS
from graphad.passes.jvp import checked_input, named
from graphad.passes.pipeline import Pipeline

MultiIndex: TypeAlias = tuple[int, ...]
"""Positions of variables, sorted: ``(0, 1, 1)`` is ∂³/∂x_0 ∂x_1²."""
Entry: TypeAlias = tuple[int, MultiIndex]
"""A row and a multi-index."""

SCALAR = "scalarize,simplify,cse,dce"
"""What an array graph goes through before it is derived at scalar grain."""


@dataclass(frozen=True, slots=True)
class Request:
    """Entries of the derivative of order k that are wanted.

    Parameters
    ----------
    wrt : tuple of str
        Inputs to differentiate by; their elements, one input after the other, are the variables.
    order : int
        k.
    entries : tuple of Entry
        What is wanted, in the order of the result.
    """

    wrt: tuple[str, ...]
    order: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Scalars:
    """A graph at scalar grain, with its variables and rows.

    Parameters
    ----------
    graph : Graph
        Scalar nodes, with inputs taken apart by ``element`` and outputs put together by ``pack``.
    variables : tuple of Node or None
        The node of each variable; None for one that nothing depends on.
    rows : tuple of Node
        The node of each element of the outputs, one output after the other.
    """

    graph: Graph
    variables: tuple[Node | None, ...]
    rows: tuple[Node, ...]


def count_unique(variables: int, order: int) -> int:
    """Return the number of sorted multi-indices.

    Examples
    --------
    >>> count_unique(12, 4)
    1365
    """
    return comb(variables + order - 1, order) if variables else int(order == 0)


def unique_indices(variables: int, order: int) -> list[MultiIndex]:
    """Return all sorted multi-indices, in lexicographic order.

    Examples
    --------
    >>> unique_indices(2, 2)
    [(0, 0), (0, 1), (1, 1)]
    """
    return list(combinations_with_replacement(range(variables), order))


def request(
    graph: Graph,
    order: int,
    wrt: str | Sequence[str] | None = None,
    entries: Iterable[Entry] | None = None,
) -> Request:
    """Return what is wanted, checked: all unique entries of all rows if `entries` is not given.

    Raises
    ------
    DerivativeError
        If an input is not there or not floating point, an entry does not fit, or dtypes differ.
    """
    names = named(graph, wrt)
    by_name = {node.attrs[0]: node for node in graph.inputs}
    types = [checked_input(by_name, name).type for name in names]
    if order < 0:
        raise DerivativeError(f"the order of a derivative is 0, 1, 2, … and not {order!r}")
    found = {type.dtype for type in (*types, *[node.type for node in graph.outputs])}
    if len(found) > 1:
        listed = ", ".join(sorted(str(dtype) for dtype in found))
        raise DerivativeError(
            f"entries are derived from inputs to outputs of one dtype, and {graph.name} has "
            f"{listed}; use .diff() of one input and output at a time"
        )
    variables = sum(type.size for type in types)
    rows = sum(node.type.size for node in graph.outputs)
    if entries is None:
        indices = unique_indices(variables, order)
        return Request(names, order, tuple([(r, index) for r in range(rows) for index in indices]))
    listed_entries = tuple([(int(row), tuple(map(int, index))) for row, index in entries])
    for row, index in listed_entries:
        fits = len(index) == order and all(0 <= i < variables for i in index)
        if not fits or list(index) != sorted(index) or not 0 <= row < rows:
            raise DerivativeError(
                f"there is no entry {(row, index)} among the derivatives of order {order} of "
                f"{rows} rows by {variables} variables; indices are sorted and count from 0"
            )
    return Request(names, order, listed_entries)


def scalars(graph: G, wrt: Sequence[str], passes: str = SCALAR) -> Scalars:
    """Lower a graph to scalars and find its variables and rows.

    Parameters
    ----------
    graph : Graph
        Any graph that can be scalarized.
    wrt : sequence of str
        Inputs whose elements are the variables.
    passes : str
        What it goes through; must begin with ``scalarize``. Powers by whole numbers become products
        right after it.
    """
    first, *others = passes.split(",")
    lowered = Pipeline([first, "whole_powers", "inverse_powers", *others])(graph)
    elements: dict[tuple[str, tuple[int, ...]], Node] = {}
    for node in lowered.nodes:
        if node.op is INPUT and not node.type.shape:
            elements[node.attrs[0], ()] = node
        elif node.op is OPS["element"]:
            elements[node.inputs[0].attrs[0], node.attrs[0]] = node
    shapes = {node.attrs[0]: node.type.shape for node in graph.inputs}
    variables = [elements.get((name, at)) for name in wrt for at in np.ndindex(*shapes[name])]
    rows: list[Node] = []
    for node in lowered.outputs:
        rows.extend(_unpacked(lowered, node))
    return Scalars(lowered, tuple(variables), tuple(rows))


def _unpacked(graph: Graph, node: Node) -> Sequence[Node]:
    if not node.type.shape:
        return [node]
    if node.op is OPS["pack"]:
        return node.inputs
    if node.type.size == 0:
        return []
    raise DerivativeError(f"{node!r} of {graph.name} is not a pack of scalars; scalarize first")


def finish_entries(
    builder: Builder,
    graph: G,
    values: Sequence[Operand | Node | None],
    dtype: np.dtype | None = None,
) -> G:
    """Return the graph whose output is the vector of `values`; None is a structural zero.

    Parameters
    ----------
    builder : Builder
        What `values` belong to; has the inputs of `graph`.
    graph : Graph
        The function, for name and class.
    values : sequence of Operand, Node or None
        One for each wanted entry.
    dtype : numpy.dtype, optional
        Of the zeros; that of the first output of `graph` if not given.
    """
    kind = dtype if dtype is not None else entry_dtype(graph)
    if not values:
        return builder.finish(graph.name, [builder.constant(np.zeros(0, kind))], make=type(graph))
    zero = builder.constant(kind.type(0))
    items: list[Value] = []
    for value in values:
        if value is None:
            items.append(zero)
        elif isinstance(value, Node):
            items.append(builder.value(value))
        else:
            assert isinstance(value, Value)
            items.append(value)
    packed = OPS["pack"](*items, shape=(len(items),))
    return builder.finish(graph.name, [packed], make=type(graph))


def entry_dtype(graph: Graph) -> np.dtype:
    """Return the dtype that all outputs have."""
    return graph.outputs[0].type.dtype if graph.outputs else np.dtype(np.float64)
