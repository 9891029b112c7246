"""Where a NaN or an infinity came from: the first node that made it of finite operands."""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.errors import NonFiniteError
from graphad.evaluate.batching import Shape, batch_graph
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.op import Array

_SHOWN = 6
"""Arrays of more elements are shown in part."""


def checked_results(graph: Graph, arrays: Sequence[Array], lead: Shape) -> list[Any]:
    """Return the outputs of a graph, all of them finite.

    Parameters
    ----------
    graph : Graph
        What to evaluate.
    arrays : sequence of array
        One for each input, of its dtype; with leading axes that broadcast to `lead`.
    lead : tuple of int
        Shape of the batch.

    Raises
    ------
    NonFiniteError
        If an output has a NaN or an infinity. Names the node that made it of finite operands, its
        operands there, the user's line, and the pass that made the node. What is not finite and
        reaches no output, such as a branch that `where` does not take, is no error.
    """
    if lead:
        marks = [
            array.ndim > node.type.ndim for array, node in zip(arrays, graph.inputs, strict=True)
        ]
        arrays = [
            np.broadcast_to(array, lead + node.type.shape) if mark else array
            for array, node, mark in zip(arrays, graph.inputs, marks, strict=True)
        ]
        graph = batch_graph(graph, lead, marks)
    values: list[Any] = [None] * len(graph.nodes)
    for node, array in zip(graph.inputs, arrays, strict=True):
        values[node.id] = np.asarray(array)
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node.op is not INPUT:
                operands = [values[operand.id] for operand in node.inputs]
                values[node.id] = np.asarray(node.op.evaluate(*operands, *node.attrs))
    for node in graph.outputs:
        if not _is_finite(values[node.id]):
            raise _error(graph, _maker(node, values), values)
    return [np.array(values[node.id])[()] for node in graph.outputs]


def _is_finite(value: Array) -> bool:
    return value.dtype.kind not in "fc" or bool(np.isfinite(value).all())


def _maker(output: Node, values: Sequence[Array]) -> Node:
    """Return the first node before an output that is not finite while its operands are."""
    found: list[Node] = []
    seen = {output.id}
    stack = [output]
    while stack:
        node = stack.pop()
        bad = [operand for operand in node.inputs if not _is_finite(values[operand.id])]
        if not bad:
            found.append(node)
        for operand in bad:
            if operand.id not in seen:
                seen.add(operand.id)
                stack.append(operand)
    return min(found, key=lambda node: node.id)


def _error(graph: Graph, node: Node, values: Sequence[Array]) -> NonFiniteError:
    value = values[node.id]
    what = "a NaN" if np.isnan(value).any() else "an infinity"
    wrong = np.isnan(value) if np.isnan(value).any() else ~np.isfinite(value)
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    at = f" at {index}" if index else ""
    origin = graph.origin(node)
    where = f"{origin.file}:{origin.line}: " if origin.file else ""
    if node.op is INPUT:
        return NonFiniteError(f"input {node.attrs[0]!r} of {graph.name} has {what}{at}")
    if node.op is CONST:
        return NonFiniteError(f"{where}a constant of {graph.name} has {what}{at}")
    lines = [f"{where}{node.op.name} made {what}{at} of finite operands"]
    text = linecache.getline(origin.file, origin.line).strip() if origin.file else ""
    if text:
        lines.append(f"    {text}")
    for operand in node.inputs:
        name = operand.attrs[0] if operand.op is INPUT else operand.id
        lines.append(f"  %{name}: {operand.type} = {_short(values[operand.id])}")
    lines.append(f"  %{node.id}: {node.type} = {_short(value)}")
    made = f"the node was made by {origin.rewrite}" + (f" ({origin.rule})" if origin.rule else "")
    if origin.order:
        made += f", for the derivative of order {origin.order}"
    return NonFiniteError("\n".join([*lines, made]))


def _short(value: Array) -> str:
    return np.array2string(value, threshold=_SHOWN, edgeitems=2, precision=6).replace("\n", "")
