"""Graphs taken apart into scalars, for languages that have no arrays."""

from __future__ import annotations

from graphad.custom.expansion import expanded
from graphad.errors import InteropError, PassError
from graphad.ir import Graph
from graphad.passes.expand import expand
from graphad.passes.scalarize import scalarize


def scalar_graph(graph: Graph, limit: int, language: str) -> Graph:
    """Return a graph in nodes of scalars; arrays are inputs and outputs only.

    Parameters
    ----------
    graph : Graph
        The graph; loops and branches in it are written out.
    limit : int
        Most scalars to make.
    language : str
        What is written, for messages.

    Raises
    ------
    InteropError
        If an op has no scalar form, or there would be more scalars.
    """
    try:
        graph = expand(expanded(graph))
        size = sum(node.type.size for node in graph.nodes)
        if size <= limit:
            return scalarize(graph)
    except PassError as error:
        raise InteropError(
            f"{graph.name} cannot be taken apart into scalars for {language}: {error}; to_python "
            "and to_jax keep arrays"
        ) from error
    raise InteropError(
        f"{graph.name} is {size:,} scalars in {language}, where at most {limit:,} are written; "
        "use a smaller example, or to_python or to_jax, which keep arrays"
    )
