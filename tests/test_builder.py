"""Building: sharing, order, foreign nodes, and copying by rules."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from graphad.builder import Builder, Value, copy_nodes, live_marks, paused_gc, rebuild
from graphad.constant import Constant
from graphad.errors import GraphError, TypeRuleError
from graphad.ir import CONST, Graph, Node, Origin, verify
from graphad.op import OPS
from graphad.rewrite import wild
from graphad.types import FLOAT64, make_type

F32 = np.dtype(np.float32)
VECTOR = make_type((3,), np.dtype(np.float64))
SIN, COS, EXP = OPS["sin"], OPS["cos"], OPS["exp"]


# --- sharing -------------------------------------------------------------------------------------


def test_equal_operations_are_one_node() -> None:
    """The same op on the same operands with the same attributes is one node."""
    b = Builder()
    x = b.input("x", VECTOR)
    assert SIN(x).node is SIN(x).node
    assert OPS["sum"](x, axes=(0,)).node is OPS["sum"](x, axes=(0,)).node
    assert OPS["flip"](x, axes=(0,)).node is not OPS["flip"](x, axes=()).node
    assert (x + 1.0).node is (x + 1.0).node
    assert (x - 1.0).node is not (1.0 - x).node


def test_constants_are_shared_by_their_bits() -> None:
    """Equal numbers are one node; zeros of another sign or dtype are others."""
    b = Builder()
    assert b.constant(2.0).node is b.constant(2.0).node
    assert b.constant(Constant(2.0)).node is b.constant(2.0).node
    zeros = [b.constant(zero).node for zero in (0.0, -0.0, 0, False, np.float32(0))]
    assert len({id(node) for node in zeros}) == 5
    assert b.constant(np.nan).node is b.constant(-np.nan).node


def test_an_input_is_told_by_name_and_type() -> None:
    """Asking for the same input again gives it again."""
    b = Builder()
    assert b.input("x", FLOAT64).node is b.input("x", FLOAT64).node
    assert b.input("x", FLOAT64).node is not b.input("y", FLOAT64).node


def test_has_tells_what_is_there() -> None:
    """`has` looks and emits nothing."""
    b = Builder()
    x = b.input("x", FLOAT64)
    assert not b.has(SIN, (x.node,))
    SIN(x)
    assert b.has(SIN, (x.node,))
    assert not b.has(COS, (x.node,))
    assert len(b.nodes) == 2


@pytest.mark.parametrize(
    ("dtype", "number", "expected"),
    [
        ("float64", 2, "float64"),
        ("float32", 2.5, "float32"),
        ("int64", 2, "int64"),
        ("int64", 2.5, "float64"),
        ("float32", 2j, "complex64"),
        ("bool", 2, "int64"),
        ("complex64", 1.5, "complex64"),
        ("int8", True, "int8"),
    ],
)
def test_numbers_take_the_dtype_that_numpy_gives_them(
    dtype: str, number: complex, expected: str
) -> None:
    """A Python number is weak: it becomes a constant of the dtype it has beside the operand."""
    b = Builder()
    x = b.input("x", make_type((), np.dtype(dtype)))
    constant = (x + number).node.inputs[1]
    assert constant.op is CONST
    assert constant.type.dtype == np.dtype(expected)
    assert (x + number).type.dtype == np.result_type(np.dtype(dtype), number)


def test_arrays_keep_their_dtype() -> None:
    """NumPy's arrays and numbers are not weak."""
    b = Builder()
    x = b.input("x", make_type((2,), F32))
    made = OPS["add"](x, np.array([1.0, 2.0]))
    assert made.type.dtype == np.float64
    assert OPS["add"](x, np.float64(1.0)).type.dtype == np.float64


# --- errors --------------------------------------------------------------------------------------


def test_values_of_another_graph_are_refused() -> None:
    """The message says to call the other graph instead."""
    x, y = Builder().input("x", FLOAT64), Builder().input("y", FLOAT64)
    with pytest.raises(GraphError, match="belongs to another graph; call that graph instead"):
        x + y


def test_patterns_are_no_values() -> None:
    """A pattern of a rewrite rule cannot be an operand of a node."""
    x = Builder().input("x", FLOAT64)
    with pytest.raises(GraphError, match="is not a value of a graph"):
        x + wild("y")


@pytest.mark.parametrize("kind", ["value", "node"])
def test_foreign_outputs_are_refused(kind: str) -> None:
    """A result has to be a value of the builder that is finished."""
    other = Builder().input("x", FLOAT64)
    b = Builder()
    b.input("x", FLOAT64)
    with pytest.raises(GraphError, match="is not a value of the graph that is being built"):
        b.finish("f", [other if kind == "value" else other.node])


def test_an_array_is_no_output() -> None:
    """A plain number is refused as a result; it has to be made a constant."""
    b = Builder()
    with pytest.raises(GraphError, match=r"2\.0 is not a value of the graph"):
        b.finish("f", [2.0])  # type: ignore[list-item]


def test_a_builder_is_spent_once_it_is_finished() -> None:
    """What was built cannot be finished again: its nodes belong to the graph."""
    b = Builder()
    x = b.input("x", FLOAT64)
    b.finish("f", [x])
    with pytest.raises(GraphError, match="is not a value of the graph that is being built"):
        b.finish("g", [x])


def test_a_refused_operation_leaves_nothing_behind() -> None:
    """An error of a type rule adds no node."""
    b = Builder()
    x, y = b.input("x", VECTOR), b.input("y", make_type((2,), VECTOR.dtype))
    with pytest.raises(TypeRuleError, match="do not broadcast"):
        x + y
    assert len(b.nodes) == 2


# --- finishing -----------------------------------------------------------------------------------


def test_order_of_a_finished_graph() -> None:
    """Inputs first, each constant right before its first use, dead nodes gone."""
    b = Builder()
    two = b.constant(2.0)
    x = b.input("x", FLOAT64)
    SIN(x)
    three = b.constant(3.0)
    y = b.input("y", FLOAT64)
    graph = b.finish("f", [x * three, COS(y) + two, b.constant(7.0)])
    names = [node.op.name for node in graph.nodes]
    assert names == ["input", "input", "const", "multiply", "cos", "const", "add", "const"]
    assert [node.id for node in graph.nodes] == list(range(8))
    assert graph.input_names == ("x", "y")
    assert graph.nodes[2].attrs[0].scalar == 3.0
    verify(graph)


def test_inputs_stay_though_nothing_uses_them() -> None:
    """The signature does not depend on what is used."""
    b = Builder()
    b.input("x", FLOAT64)
    y = b.input("y", FLOAT64)
    assert b.finish("f", [y]).input_names == ("x", "y")


def test_nesting_if_nothing_is_said() -> None:
    """One result stands alone, several are a flat tuple, none are an empty one."""
    trees = []
    for count in range(3):
        b = Builder()
        x = b.input("x", FLOAT64)
        trees.append(b.finish("f", [x] * count).tree)
    assert trees == [(), 0, (0, 1)]


def test_the_same_steps_give_the_same_graph() -> None:
    """Building is deterministic, whatever dead code was made on the way."""

    def build(dead: bool) -> Graph:
        b = Builder()
        x = b.input("x", FLOAT64)
        if dead:
            EXP(x + 5.0)
        return b.finish("f", [SIN(x) * 2.0])

    assert build(False) == build(True)


def test_origins_follow_their_nodes() -> None:
    """Each node keeps the origin that the builder had when it was made first."""
    b = Builder()
    x = b.input("x", FLOAT64)
    b.origin = Origin("a.py", 1)
    dead = COS(x)
    b.origin = Origin("a.py", 2)
    y = SIN(x)
    b.origin = Origin("a.py", 3)
    assert SIN(x).node is y.node
    graph = b.finish("f", [y * y])
    assert [graph.origin(node).line for node in graph.nodes] == [0, 2, 3]
    assert dead.node not in graph.nodes


def test_derive_raises_the_order() -> None:
    """A rewrite keeps file and line, says its pass and rule, and adds to the order."""
    b = Builder()
    origin = Origin("a.py", 3)
    once = b.derive(origin, "jvp", "sin", 1)
    assert once == Origin("a.py", 3, "jvp", "sin", 1)
    assert b.derive(once, "jvp", "cos", 1).order == 2
    assert b.derive(origin, "jvp", "sin", 1) is once


# --- copying -------------------------------------------------------------------------------------


def chain() -> Graph:
    """Return the graph of exp(sin(x)) with a dead node, which only a hand can make."""
    b = Builder()
    x = b.input("x", FLOAT64)
    graph = b.finish("f", [EXP(SIN(x)), COS(x)], (1, 0))
    return Graph("f", graph.nodes, graph.inputs, graph.outputs[:1], 0, ((),), graph.origins)


def test_rebuild_drops_dead_nodes_and_offers_live_ones() -> None:
    """A rule sees each live node once, in order, with its new operands."""
    seen = []

    def rule(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        seen.append(node.op.name)
        assert all(builder.nodes[operand.id] is operand for operand in operands)
        return None

    graph = chain()
    made = rebuild(graph, rule)
    assert seen == ["input", "sin", "exp"]
    assert len(made) == 3
    assert len(graph) == 4
    assert rebuild(made, rule) == made


def test_rebuild_takes_what_the_rule_gives() -> None:
    """A node that a rule makes stands for the old one in all its users."""

    def rule(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        return builder.emit(COS, operands) if node.op is SIN else None

    made = rebuild(chain(), rule)
    assert [node.op.name for node in made.nodes] == ["input", "cos", "exp"]


def test_copies_can_start_from_given_nodes() -> None:
    """Inputs of a graph that is inlined are nodes of the builder."""
    b = Builder()
    y = b.input("y", FLOAT64)
    fresh = copy_nodes(b, chain(), given={0: (y * 2.0).node})
    assert fresh[3] is None  # the dead one
    graph = b.finish("g", [fresh[2]])
    assert [node.op.name for node in graph.nodes] == ["input", "const", "multiply", "sin", "exp"]


def test_live_marks_of_inputs_and_outputs() -> None:
    """Marked is what outputs need, and all inputs."""
    assert list(live_marks(chain())) == [1, 1, 1, 0]


def test_the_class_of_a_graph_is_kept() -> None:
    """A subclass is rebuilt as itself, and is told of the graph that it comes from."""

    class Named(Graph):
        source: Graph | None = None

        def carry(self, source: Graph) -> None:
            self.source = source

    b = Builder()
    x = b.input("x", FLOAT64)
    graph = b.finish("f", [SIN(x)], make=Named)
    made = rebuild(
        graph, lambda builder, node, operands: builder.emit(COS, operands) if operands else None
    )
    assert type(made) is Named
    assert made.source is graph


def test_a_graph_that_stays_as_it_is_is_given_back() -> None:
    """Where no rule changes anything, there are not two graphs in memory."""
    b = Builder()
    graph = b.finish("f", [SIN(b.input("x", FLOAT64))])
    assert rebuild(graph, lambda builder, node, operands: None) is graph


def test_gc_is_paused_and_comes_back() -> None:
    """The cyclic collector is off inside, and on again after an error."""
    assert gc.isenabled()
    with paused_gc():
        assert not gc.isenabled()
        with paused_gc():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), paused_gc():
        raise KeyError
    assert gc.isenabled()


def test_text_of_a_value() -> None:
    """A value shows its node."""
    x = Builder().input("x", FLOAT64)
    assert isinstance(x, Value)
    assert repr(x + x) == "<value <%1: f64[] = add %0 %0>>"
