"""Dead code."""

from __future__ import annotations

from graphad.ir import Graph, verify
from graphad.op import OPS
from graphad.passes import dce
from tests.passes.graphs import graph_of, names_of

SIN, COS = OPS["sin"], OPS["cos"]


def with_dead_nodes() -> Graph:
    """Return a graph of which an output is no output any more."""
    graph = graph_of(lambda x, y: (SIN(x) + 1.0, COS(SIN(x)) * y), "[]", "[]")
    return verify(Graph("f", graph.nodes, graph.inputs, graph.outputs[:1], 0, ((),), graph.origins))


def test_what_no_output_needs_goes() -> None:
    """Nodes and constants that no output depends on are gone; the rest is renumbered."""
    graph = with_dead_nodes()
    made = verify(dce(graph))
    assert names_of(made) == ["sin", "add"]
    assert [node.id for node in made.nodes] == list(range(len(made)))
    assert made.outputs[0].type == graph.outputs[0].type


def test_inputs_stay() -> None:
    """The signature does not change, though an input is not needed any more."""
    assert dce(with_dead_nodes()).input_names == ("x", "y")


def test_origins_stay_with_their_nodes() -> None:
    """Each node that stays has the origin it had."""
    graph = with_dead_nodes()
    made = dce(graph)
    old = {node.op.name: graph.origin(node) for node in graph.nodes}
    assert all(made.origin(node) == old[node.op.name] for node in made.nodes)


def test_a_graph_without_dead_code_is_given_back() -> None:
    """There is nothing to do."""
    graph = graph_of(lambda x: SIN(x), "[]")
    assert dce(graph) is graph
