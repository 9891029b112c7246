"""Names for the values of a graph: those of inputs, of the user's variables, and numbers."""

from __future__ import annotations

import linecache
import re
from collections.abc import Collection

from graphad.errors import InteropError
from graphad.ir import CONST, INPUT, Graph
from graphad.types import DType

_ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*(?::[^=]+)?=(?!=)")
_LAMBDA = re.compile(r"\blambda\b")
_UNFIT = re.compile(r"[^A-Za-z0-9_]+")


def identifier(text: str, reserved: Collection[str] = ()) -> str:
    """Return an ASCII identifier that looks like `text` and is not reserved.

    Examples
    --------
    >>> identifier("weights[0]"), identifier("lambda", ["lambda"]), identifier("2nd")
    ('weights_0', 'lambda_', '_2nd')
    """
    made = _UNFIT.sub("_", text).strip("_") if _UNFIT.search(text) else text
    if not made or made[0].isdigit():
        made = f"_{made}"
    while made in reserved:
        made += "_"
    return made


def function_name(graph: Graph, name: str | None, reserved: Collection[str]) -> str:
    """Return the name of the function to write: the given one, or one like the graph's.

    Raises
    ------
    InteropError
        If the given name is no identifier.
    """
    if name is None:
        return identifier(graph.name, reserved) if _UNFIT.sub("", graph.name) else "f"
    if identifier(name, reserved) != name:
        raise InteropError(
            f"{name!r} is no name for a function; use letters, digits and _, and no reserved word"
        )
    return name


def dtype_text(dtype: DType) -> str:
    """Return a dtype in NumPy's words.

    Examples
    --------
    >>> import numpy as np
    >>> dtype_text(np.dtype(bool)), dtype_text(np.dtype(np.float64))
    ('np.bool_', 'np.float64')
    """
    return "np.bool_" if dtype.kind == "b" else f"np.{dtype.name}"


def node_names(graph: Graph, reserved: Collection[str]) -> list[str]:
    """Return a name for each node, each once; constants have none.

    Parameters
    ----------
    graph : Graph
        The graph.
    reserved : collection of str
        Names that are taken.
    """
    taken = set(reserved)
    names = [""] * len(graph.nodes)

    def give(id: int, wanted: str) -> None:
        made, count = wanted, 1
        while made in taken:
            count += 1
            made = f"{wanted}_{count}"
        taken.add(made)
        names[id] = made

    for node in graph.inputs:
        give(node.id, identifier(node.attrs[0], reserved))
    wanted = _variables(graph)
    count = 0
    for node in graph.nodes:
        if node.op is INPUT or node.op is CONST:
            continue
        if node.id in wanted:
            give(node.id, identifier(wanted[node.id], reserved))
        else:
            count += 1
            give(node.id, f"t{count}")
    return names


def _variables(graph: Graph) -> dict[int, str]:
    """Return the user's variables: a line ``name = …`` names the last value that it makes.

    Nothing is known in a derivative, where lines stand for other values too.
    """
    last: dict[tuple[str, int], int] = {}
    for node, origin in zip(graph.nodes, graph.origins, strict=True):
        if origin.order > 0:
            return {}
        if origin.file and node.op is not INPUT and node.op is not CONST:
            last[origin.file, origin.line] = node.id
    found: dict[int, str] = {}
    for (file, line), id in last.items():
        text = linecache.getline(file, line)
        match = None if _LAMBDA.search(text) else _ASSIGNMENT.match(text)
        if match and graph.origins[id].rewrite == "trace":
            found[id] = match[1]
    return found
