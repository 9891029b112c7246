"""A leading axis: one graph for many points."""

from __future__ import annotations

from collections.abc import Sequence

from graphad.builder import G
from graphad.errors import InputError
from graphad.evaluate.batching import batch_graph
from graphad.passes.pipeline import graph_pass


@graph_pass(preserves=False)
def batch(graph: G, size: int = 1, wrt: Sequence[str] | None = None) -> G:
    """Add a leading axis to inputs, and to all outputs.

    Identity: row i of the result is the graph at row i of the batched inputs and at the others as
    they are.

    Parameters
    ----------
    graph : Graph
        Any graph.
    size : int
        Length of the new axis.
    wrt : sequence of str, optional
        Inputs that get the axis; all of them if not given.

    Returns
    -------
    Graph

    Raises
    ------
    InputError
        If `size` is negative or an input is not there.
    """
    names = graph.input_names if wrt is None else tuple(wrt)
    unknown = [name for name in names if name not in graph.input_names]
    if unknown or size < 0:
        raise InputError(
            f"cannot batch {unknown or 'by a negative size'}; inputs: {graph.input_names}"
        )
    return batch_graph(graph, (size,), [name in names for name in graph.input_names])
