"""What the text of a graph looks like, and where constants stand."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.constant import Constant, Span
from graphad.errors import GraphError
from graphad.ir import CONST, INPUT, NOWHERE, Graph, Node, Origin
from graphad.ops import OPS
from graphad.text import dump, parse
from graphad.types import FLOAT64, Type, make_type

F64 = np.dtype(np.float64)


def vector(length: int) -> Type:
    """Return the type of a vector."""
    return make_type((length,), F64)


def body(text: str) -> list[str]:
    """Return the lines between the braces."""
    return [line.strip() for line in text.splitlines()[2:-1]]


def assembled(nodes: list[Node], outputs: list[Node]) -> Graph:
    """Return a graph of just these nodes, which no builder would make."""
    for position, node in enumerate(nodes):
        node.id = position
    inputs = tuple([node for node in nodes if node.op is INPUT])
    tree = 0 if len(outputs) == 1 else tuple(range(len(outputs)))
    symmetry = ((),) * len(outputs)
    origins = (NOWHERE,) * len(nodes)
    return Graph("f", tuple(nodes), inputs, tuple(outputs), tree, symmetry, origins)


def make(op: str, *inputs: Node) -> Node:
    """Return a scalar node."""
    return Node(0, OPS[op], inputs, (), FLOAT64)


def number(value: float) -> Node:
    """Return a scalar constant."""
    return Node(0, CONST, (), (Constant(value),), FLOAT64)


def input_x(name: str = "x") -> Node:
    """Return a scalar input."""
    return Node(0, INPUT, (), (name, FLOAT64), FLOAT64)


def test_rosenbrock() -> None:
    """A whole text: head, slices, numbers in place, attributes, result, and no last line break."""
    b = Builder()
    x = b.input("x", vector(3))
    head = OPS["slice"](x, spans=(Span(0, 2, 1),))
    tail = OPS["slice"](x, spans=(Span(1, 3, 1),))
    terms = 100 * (tail - head**2) ** 2 + (1 - head) ** 2
    graph = b.finish("rosenbrock", [OPS["sum"](terms, axes=(0,))])
    assert dump(graph) == (
        "graphad 1\n"
        "graph rosenbrock(%x: f64[3]) -> f64[] {\n"
        "  %1: f64[2] = slice %x [0:2]\n"
        "  %2: f64[2] = slice %x [1:3]\n"
        "  %3: f64[2] = integer_power %1 exponent=2\n"
        "  %4: f64[2] = subtract %2 %3\n"
        "  %5: f64[2] = integer_power %4 exponent=2\n"
        "  %7: f64[2] = multiply 100.0 %5\n"
        "  %9: f64[2] = subtract 1.0 %1\n"
        "  %10: f64[2] = integer_power %9 exponent=2\n"
        "  %11: f64[2] = add %7 %10\n"
        "  %12: f64[] = sum %11 axes=(0)\n"
        "  return %12\n"
        "}"
    )


def test_a_number_is_written_at_each_use() -> None:
    """A constant that is used three times, once as a result, is one node and has no line."""
    b = Builder()
    x = b.input("x", FLOAT64)
    graph = b.finish("f", [2.0 * x, 2.0 - x, b.constant(2.0)])
    text = dump(graph)
    assert body(text) == [
        "%2: f64[] = multiply 2.0 %x",
        "%3: f64[] = subtract 2.0 %x",
        "return (%2, %3, 2.0)",
    ]
    assert len(parse(text)) == 4
    assert parse(text) == graph


def test_a_constant_function() -> None:
    """A result that is a number is written in place."""
    b = Builder()
    b.input("x", FLOAT64)
    graph = b.finish("f", [b.constant(0.0), b.constant(-0.0)])
    assert body(dump(graph)) == ["return (0.0, -0.0)"]
    assert parse(dump(graph)) == graph


def test_numbers_around_an_array() -> None:
    """A number before an array constant has a line of its own, so that its place is kept."""
    b = Builder()
    x = b.input("x", vector(2))
    array = b.constant([1.0, 2.0])
    first = OPS["add"](b.constant(3.0), array, b.constant(4.0), x)
    graph = b.finish("f", [OPS["add"](first, b.constant(3.0), b.constant(4.0))])
    assert body(dump(graph)) == [
        "%1: f64[] = const 3.0",
        "%2: f64[2] = const [1.0, 2.0]",
        "%4: f64[2] = add %1 %2 4.0 %x",
        "%5: f64[2] = add %4 %1 4.0",
        "return %5",
    ]
    assert parse(dump(graph)) == graph


def test_equal_nodes_are_kept_apart() -> None:
    """Equal nodes and constants, as a builder never makes them, stay two."""
    x, two, again = input_x(), number(2.0), number(2.0)
    first, second = make("multiply", x, two), make("multiply", x, again)
    total = make("add", first, second)
    graph = assembled([x, two, first, again, second, total], [total])
    assert body(dump(graph)) == [
        "%2: f64[] = multiply %x 2.0",
        "%3: f64[] = const 2.0",
        "%4: f64[] = multiply %x %3",
        "%5: f64[] = add %2 %4",
        "return %5",
    ]
    assert parse(dump(graph)) == graph


def test_constants_away_from_their_use() -> None:
    """Constants that stand early, in another order than their use, or unused, keep their places."""
    x, one, two, three, four = input_x(), number(1.0), number(2.0), number(3.0), number(4.0)
    sine = make("sin", x)
    swapped = make("add", three, two, x)
    last = make("add", swapped, one, four)
    graph = assembled([x, one, sine, two, three, swapped, four, last, number(5.0)], [last, sine])
    assert body(dump(graph)) == [
        "%1: f64[] = const 1.0",
        "%2: f64[] = sin %x",
        "%3: f64[] = const 2.0",
        "%4: f64[] = const 3.0",
        "%5: f64[] = add %4 %3 %x",
        "%7: f64[] = add %5 %1 4.0",
        "%8: f64[] = const 5.0",
        "return (%7, %2)",
    ]
    assert parse(dump(graph)) == graph


def test_some_waiting_constants_are_in_place() -> None:
    """Of two constants before a node that uses the second, only the second is in place."""
    x, one, two = input_x(), number(1.0), number(2.0)
    total = make("add", x, two)
    graph = assembled([x, one, two, total], [total])
    assert body(dump(graph)) == ["%1: f64[] = const 1.0", "%3: f64[] = add %x 2.0", "return %3"]
    assert parse(dump(graph)) == graph


def test_inputs_must_stand_first() -> None:
    """A graph whose inputs are scattered over its arena is refused."""
    x, y = input_x(), input_x("y")
    sine = make("sin", x)
    graph = assembled([x, sine, y], [sine])
    message = "inputs of <graph f.* do not stand first in its arena; rebuild it"
    with pytest.raises(GraphError, match=message):
        dump(graph)


def test_origins_are_comments() -> None:
    """Origins are comments after nodes and arrays, and cannot break out of their line."""
    b = Builder()
    x = b.input("x", vector(2))
    y = OPS["sin"](x)
    b.origin = Origin("a.py", 12, "jvp", "sin", 1)
    z = OPS["cos"](x) * b.constant([1.0, 2.0])
    b.origin = Origin("b\n}.py", 3)
    graph = b.finish("f", [y, z, 2.0 * z])
    text = dump(graph, origins=True)
    assert body(text) == [
        "%1: f64[2] = sin %x",
        "%2: f64[2] = cos %x  // a.py:12 jvp/sin order 1",
        "%3: f64[2] = const [1.0, 2.0]  // a.py:12 jvp/sin order 1",
        "%4: f64[2] = multiply %2 %3  // a.py:12 jvp/sin order 1",
        "%6: f64[2] = multiply 2.0 %4  // b\\n}.py:3 trace order 0",
        "return (%1, %4, %6)",
    ]
    assert parse(text) == graph
    assert dump(parse(text)) == dump(graph)


def test_no_inputs_and_no_outputs() -> None:
    """A graph of nothing has a text too."""
    graph = Builder().finish("nothing", [])
    assert dump(graph) == "graphad 1\ngraph nothing() -> () {\n  return ()\n}"
    assert parse(dump(graph)) == graph
