"""Graphs taken apart into scalars, for languages that have no arrays."""

from __future__ import annotations

from graphad.errors import InteropError, PassError
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.passes.scalarize import scalarize

LOWERED = frozenset({"identity", "max", "min"})
"""Ops that have a scalar form though they neither move elements nor add them up."""


def scalar_graph(graph: Graph, limit: int, language: str) -> Graph:
    """Return a graph in nodes of scalars; arrays are inputs and outputs only.

    Parameters
    ----------
    graph : Graph
        The graph.
    limit : int
        Most scalars to make.
    language : str
        What is written, for messages.

    Raises
    ------
    InteropError
        If an op has no scalar form, or there would be more scalars.
    """
    size = sum(node.type.size for node in graph.nodes)
    if size > limit:
        raise InteropError(
            f"{graph.name} is {size:,} scalars in {language}, where at most {limit:,} are written; "
            "use a smaller example, or to_python or to_jax, which keep arrays"
        )
    for node in graph.nodes:
        if not has_scalar_form(node):
            raise InteropError(
                f"{node.op.name} ({node!r}) cannot be taken apart into scalars for {language}; use "
                "to_python or to_jax, which keep arrays"
            )
    try:
        return scalarize(graph)
    except PassError as error:
        raise InteropError(f"{graph.name} has no scalar form for {language}: {error}") from error


def has_scalar_form(node: Node) -> bool:
    """Whether a node can be taken apart: it acts on elements, moves them, or adds them up."""
    op = node.op
    if op is INPUT or op is CONST or op.elementwise or op.structural or op.name in LOWERED:
        return True
    fixed = not node.type.is_inexact and all(operand.op is CONST for operand in node.inputs)
    return fixed or (op.generic and op.jvp is not None)
