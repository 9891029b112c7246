"""Matrices that cannot be inverted or factorised: which operation it was, and the user's line."""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.errors import MatrixError
from graphad.ir import INPUT, Graph, Node
from graphad.op import Array


def explained(graph: Graph, arrays: Sequence[Array], error: np.linalg.LinAlgError) -> MatrixError:
    """Return the error that NumPy raised as one that says where in the graph.

    The graph is evaluated again, node by node, up to the one that fails.

    Parameters
    ----------
    graph : Graph
        What was evaluated.
    arrays : sequence of array
        One for each input.
    error : numpy.linalg.LinAlgError
        What NumPy said.
    """
    node = _failing(graph, arrays)
    if node is None:
        return MatrixError(f"{graph.name}: {error}")
    origin = graph.origin(node)
    where = f"{origin.file}:{origin.line}: " if origin.file else ""
    message = f"{where}{node.op.name} of {node.inputs[0].type} in {graph.name}: {error}"
    if origin.order:
        message += f"; it is of the derivative of order {origin.order}, by {origin.rewrite}"
    text = linecache.getline(origin.file, origin.line).strip() if origin.file else ""
    return MatrixError(f"{message}\n    {text}" if text else message)


def _failing(graph: Graph, arrays: Sequence[Array]) -> Node | None:
    values: list[Any] = [None] * len(graph.nodes)
    for node, array in zip(graph.inputs, arrays, strict=True):
        values[node.id] = np.asarray(array)
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node.op is INPUT:
                continue
            operands = [values[operand.id] for operand in node.inputs]
            try:
                values[node.id] = np.asarray(node.op.evaluate(*operands, *node.attrs))
            except np.linalg.LinAlgError:
                return node
    return None
