"""Graphs as values, and what `verify` finds in broken ones."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest

from graphad.builder import Builder
from graphad.errors import GraphError
from graphad.ir import INPUT, NOWHERE, Graph, Node, Origin, leaves, map_tree, verify
from graphad.op import OPS
from graphad.types import FLOAT64, make_type

VECTOR = make_type((3,), np.dtype(np.float64))


def product_graph(name: str = "f") -> Graph:
    """Return the graph of (x·y, sin(x·y))."""
    b = Builder()
    x, y = b.input("x", FLOAT64), b.input("y", FLOAT64)
    return b.finish(name, [x * y, OPS["sin"](x * y)])


def with_changes(graph: Graph, **changes: Any) -> Graph:
    """Return a graph with some of its parts replaced, which may break it."""
    parts = {
        name: getattr(graph, name)
        for name in ("name", "nodes", "inputs", "outputs", "tree", "symmetry", "origins")
    }
    return Graph(**{**parts, **changes})


def copied(node: Node, **changes: Any) -> Node:
    """Return a copy of a node with some of its parts replaced."""
    parts = {name: getattr(node, name) for name in ("id", "op", "inputs", "attrs", "type")}
    return Node(**{**parts, **changes})


def test_a_good_graph_passes() -> None:
    """`verify` gives the graph back."""
    graph = product_graph()
    assert verify(graph) is graph


BROKEN = {
    "ids that do not rise": (
        lambda g: {"nodes": (g.nodes[1], g.nodes[0], *g.nodes[2:])},
        r"stands at position 0 of the arena",
    ),
    "operand after its user": (
        lambda g: {
            "nodes": (*g.nodes[:2], copied(g.nodes[2], inputs=(g.nodes[3],) * 2), g.nodes[3])
        },
        r"uses .*sin.*, which is not before it in the graph",
    ),
    "operand of another graph": (
        lambda g: {
            "nodes": (*g.nodes[:2], copied(g.nodes[2], inputs=product_graph().inputs), g.nodes[3])
        },
        r"which is not before it in the graph",
    ),
    "a node as its own operand": (
        lambda g: {"nodes": (*g.nodes[:3], copied(g.nodes[3], inputs=(g.nodes[3],)))},
        r"which is not before it in the graph",
    ),
    "too many operands": (
        lambda g: {"nodes": (*g.nodes[:3], copied(g.nodes[3], inputs=g.nodes[:2]))},
        r"has 2 operands, not 1",
    ),
    "too many attributes": (
        lambda g: {"nodes": (*g.nodes[:3], copied(g.nodes[3], attrs=(1,)))},
        r"has attributes \(1,\), not \(\)",
    ),
    "a wrong type": (
        lambda g: {"nodes": (*g.nodes[:3], copied(g.nodes[3], type=VECTOR))},
        r"should have the type f64\[\]",
    ),
    "a missing input": (lambda g: {"inputs": g.inputs[:1]}, "are not the input nodes of its arena"),
    "an input twice": (lambda g: {"inputs": g.inputs[:1] * 2}, "are not the input nodes"),
    "an output of another graph": (
        lambda g: {"outputs": product_graph().outputs},
        "is not a node of <graph f",
    ),
    "an output out of range": (
        lambda g: {"outputs": (g.outputs[0], copied(g.outputs[1], id=9))},
        "is not a node of",
    ),
    "a tree without an output": (lambda g: {"tree": 0}, r"the tree 0 does not name each output"),
    "a tree with an output twice": (lambda g: {"tree": (0, 1, 1)}, r"tree \(0, 1, 1\)"),
    "a missing symmetry": (lambda g: {"symmetry": ((),)}, "has symmetries for 1 outputs"),
    "a missing origin": (lambda g: {"origins": (NOWHERE,)}, "has origins for 1 nodes"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_graphs_are_found(what: str) -> None:
    """The message says what is wrong, and with which node."""
    change, message = BROKEN[what]
    graph = product_graph()
    with pytest.raises(GraphError, match=message):
        verify(with_changes(graph, **change(graph)))


def test_two_inputs_of_one_name() -> None:
    """Inputs are told apart by name."""
    x = Node(0, INPUT, (), ("x", FLOAT64), FLOAT64)
    y = Node(1, INPUT, (), ("x", FLOAT64), FLOAT64)
    graph = Graph("f", (x, y), (x, y), (y,), 0, ((),), (NOWHERE,) * 2)
    with pytest.raises(GraphError, match=r"two inputs of .* have the same name"):
        verify(graph)


def test_an_input_that_says_another_type() -> None:
    """The type in an input's attributes is its type."""
    x = Node(0, INPUT, (), ("x", FLOAT64), VECTOR)
    with pytest.raises(GraphError, match=r"should have the type f64\[\]"):
        verify(Graph("f", (x,), (x,), (x,), 0, ((),), (NOWHERE,)))


def test_equality_is_by_structure() -> None:
    """Graphs that were built alike are equal and hash alike; origins do not count."""
    graph, other = product_graph(), product_graph()
    assert graph == other
    assert hash(graph) == hash(other)
    moved = with_changes(graph, origins=(Origin("a.py", 3),) * 4)
    assert moved == graph


@pytest.mark.parametrize(
    "changes",
    [{"name": "g"}, {"tree": (1, 0)}, {"symmetry": (((((0,), (1,)),)), ())}],
    ids=["name", "tree", "symmetry"],
)
def test_what_counts_for_equality(changes: dict[str, Any]) -> None:
    """Name, nesting and symmetry belong to the value of a graph."""
    assert with_changes(product_graph(), **changes) != product_graph()


def test_graphs_differ_by_order_and_constants() -> None:
    """Swapped outputs, swapped operands and zeros of another sign make another graph."""
    b = Builder()
    x = b.input("x", FLOAT64)
    plus = b.finish("f", [x + 0.0])
    b = Builder()
    x = b.input("x", FLOAT64)
    minus = b.finish("f", [x + -0.0])
    assert plus != minus
    graph = product_graph()
    assert with_changes(graph, outputs=graph.outputs[::-1]) != graph
    assert graph != "f"


def test_use_counts() -> None:
    """Uses are counted with their multiplicity, outputs among them."""
    b = Builder()
    x = b.input("x", FLOAT64)
    graph = b.finish("f", [x * x, x])
    assert graph.use_counts() == [3, 1]


def test_text_of_graphs_and_nodes() -> None:
    """A graph and a node print as one line."""
    graph = product_graph()
    assert repr(graph) == "<graph f(%x: f64[], %y: f64[]) -> (f64[], f64[]), 4 nodes>"
    assert repr(graph.nodes[2]) == "<%2: f64[] = multiply %0 %1>"
    assert str(Origin("a.py", 3, "jvp", "sin", 2)) == "a.py:3 jvp/sin order 2"
    assert str(NOWHERE) == "? trace order 0"
    assert len(graph) == 4
    assert graph.input_names == ("x", "y")
    assert graph.origin(graph.nodes[2]) == NOWHERE


def test_attributes_of_a_node_by_name() -> None:
    """`attr` finds an attribute by the name that the op gives it."""
    b = Builder()
    x = b.input("x", VECTOR)
    node = b.finish("f", [OPS["sum"](x, axes=(0,))]).outputs[0]
    assert node.attr("axes") == (0,)
    with pytest.raises(ValueError, match="not in"):
        node.attr("axis")


def test_networkx_view_has_an_edge_for_each_operand() -> None:
    """`x * x` has two edges from x, at positions 0 and 1."""
    b = Builder()
    x = b.input("x", FLOAT64)
    view = b.finish("square", [x * x]).to_networkx()
    assert isinstance(view, nx.MultiDiGraph)
    assert view.name == "square"
    assert view.nodes[1] == {"op": "multiply", "attrs": (), "type": FLOAT64}
    assert sorted(view.edges(data="position")) == [(0, 1, 0), (0, 1, 1)]
    assert nx.is_directed_acyclic_graph(view)


def test_leaves_and_map_tree() -> None:
    """Trees are walked from left to right, and mapped with their nesting kept."""
    tree = (2, (0, (), (1,)))
    assert list(leaves(tree)) == [2, 0, 1]
    assert map_tree(tree, "abc") == ("c", ("a", (), ("b",)))
    assert list(leaves(0)) == [0]
    assert map_tree(0, ["a"]) == "a"


def test_an_input_is_not_evaluated() -> None:
    """An input has no value of its own."""
    with pytest.raises(GraphError, match="an input has no value of its own"):
        INPUT.evaluate("x", FLOAT64)
