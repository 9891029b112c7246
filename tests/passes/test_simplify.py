"""Identities that hold bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphad.builder import Builder, copy_nodes
from graphad.constant import Span
from graphad.evaluate import Program
from graphad.ir import Graph, Node
from graphad.op import OPS
from graphad.passes import simplify
from graphad.passes.simplify import SIMPLIFY
from graphad.rewrite import Rule
from graphad.text import parse
from tests.passes.graphs import graph_of, names_of

GOLDEN = Path(__file__).parents[1] / "golden"
MASK, WHERE, PLACE = OPS["mask"], OPS["where"], OPS["place"]
SPECIAL = [0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan, 5e-324, 1e308]


@pytest.fixture(scope="module")
def cases() -> list[Graph]:
    """Return the graphs of all golden files."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(GOLDEN.rglob("*.ir"))]
    return [parse(text.partition("// gives")[0]) for text in texts]


@pytest.mark.parametrize("rule", SIMPLIFY.rules, ids=str)
def test_every_row_applies_somewhere(rule: Rule, cases: list[Graph]) -> None:
    """Each identity of the table changes a node in a golden file."""
    changed = []

    def attempt(builder: Builder, node: Node, operands: tuple[Node, ...]) -> None:
        made = builder.emit(node.op, operands, node.attrs)
        if node.op is rule.pattern.op:
            bound = rule.match(made)
            built = None if bound is None else rule.build(builder, made, bound)
            changed.append(built is not None and built is not made)

    for graph in cases:
        copy_nodes(Builder(), graph, attempt)
    assert any(changed)


KEPT: dict[str, Callable[..., Any]] = {
    "x + 0": lambda x: x + 0.0,
    "0 + x": lambda x: 0.0 + x,
    "x - (-0)": lambda x: x - -0.0,
    "0 - x": lambda x: 0.0 - x,
    "0 · x": lambda x: 0.0 * x,
    "x - x": lambda x: x - x,
    "x / x": lambda x: x / x,
    "0 / x": lambda x: 0.0 / x,
    "x⁰ of a base": lambda x: OPS["power"](x, 0.0),
    "sqrt(x)²": lambda x: OPS["sqrt"](x) ** 2,
    "log(exp(x))": lambda x: OPS["log"](OPS["exp"](x)),
    "1 / (1 / x)": lambda x: OPS["reciprocal"](OPS["reciprocal"](x)),
    "2 · x / 2": lambda x: 2.0 * x / 2.0,
    "x where x > 0, else 0": lambda x: WHERE(OPS["greater"](x, 0.0), x, 0.0),
}


@pytest.mark.parametrize("what", KEPT)
def test_what_is_kept(what: str) -> None:
    """Identities of real numbers that do not hold for every IEEE number are left alone."""
    graph = graph_of(KEPT[what], "[]")
    assert simplify(graph) == graph


@pytest.mark.parametrize("x", SPECIAL)
@pytest.mark.parametrize("y", SPECIAL)
def test_signs_keep_every_bit(x: float, y: float) -> None:
    """Rules on signs and neutral elements agree to the last bit, signs of zeros too."""
    graph = graph_of(
        lambda x, y: (
            x * 1.0, x / 1.0, x - 0.0, x + -0.0, x * -1.0, x / -1.0, -OPS["negative"](x),
            x + -y, -y + x, x - -y, -x * -y, -x / -y, -x * y, x * -y, -x / y, x / -y,
            (-x) ** 2, x**1, OPS["cos"](-x), OPS["cosh"](-x), OPS["absolute"](-x),
        ),
        "[]", "[]",
    )  # fmt: skip
    made = simplify(graph)
    assert len(made) < len(graph)
    for found, expected in zip(Program(made)(x, y), Program(graph)(x, y), strict=True):
        assert np.isnan(found) == np.isnan(expected)
        assert np.isnan(found) or (found, np.signbit(found)) == (expected, np.signbit(expected))


@pytest.mark.parametrize("dtype", ["f32", "f64", "i64", "c128"])
def test_neutral_elements_of_every_dtype(dtype: str) -> None:
    """Numbers match by value; the result keeps its dtype."""
    made = simplify(graph_of(lambda x: (x * 1, 1 * x, x - 0), f"{dtype}[2]"))
    assert names_of(made) == []
    assert {str(node.type) for node in made.outputs} == {f"{dtype}[2]"}


def test_a_product_that_widens_is_kept() -> None:
    """A product of an integer with 1.0 is a float."""
    graph = graph_of(lambda x: x * 1.0, "i64[]")
    assert simplify(graph) == graph


def test_arrays_of_ones_widen_too() -> None:
    """Ones that repeat the other operand are no neutral element."""
    graph = graph_of(lambda x: OPS["multiply"](x, np.ones((2, 1))), "[3]")
    assert simplify(graph).outputs[0].type.shape == (2, 3)


def test_selection_comes_last() -> None:
    """What a mask hides is not multiplied by what is infinite there."""
    graph = graph_of(
        lambda x, y: MASK(OPS["greater"](x, 0.0), y) * OPS["reciprocal"](x), "[3]", "[3]"
    )
    made = simplify(graph)
    assert made.outputs[0].op is MASK
    found = Program(made)(np.array([0.0, 2.0, -1.0]), np.ones(3))[0]
    np.testing.assert_array_equal(found, [0.0, 0.5, 0.0])
    assert np.isnan(Program(graph)(np.array([0.0, 2.0, -1.0]), np.ones(3))[0][0])


def test_products_with_placed_values_are_made_where_they_are() -> None:
    """A product with zeros around a part is a product with the part."""
    spans = (Span(0, 4, 2), Span(1, 3, 1))
    graph = graph_of(lambda x, y: y * PLACE(x, spans=spans, shape=(5, 4)), "[2,2]", "[5,4]")
    made = simplify(graph)
    assert names_of(made) == ["slice", "multiply", "place"]
    x, y = np.full((2, 2), 3.0), np.arange(20.0).reshape(5, 4)
    np.testing.assert_array_equal(Program(made)(x, y)[0], Program(graph)(x, y)[0])


@pytest.mark.parametrize("start", [0, 1, 2])
def test_reading_where_something_was_placed(start: int) -> None:
    """A slice is what was placed or updated only where it is read at the same positions."""
    at, read = (Span(1, 3, 1),), (Span(start, start + 2, 1),)
    graph = graph_of(
        lambda x, y: (
            OPS["slice"](PLACE(x, spans=at, shape=(4,)), spans=read),
            OPS["slice"](OPS["update"](y, x, spans=at), spans=read),
        ),
        "[2]",
        "[4]",
    )
    made = simplify(graph)
    assert (names_of(made) == []) == (start == 1)
    point = np.array([1.0, 2.0]), np.arange(3.0, 7.0)
    for found, expected in zip(Program(made)(*point), Program(graph)(*point), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_operations_before_repetition() -> None:
    """An elementwise operation on repeated values is done once for each value."""
    graph = graph_of(lambda x: OPS["exp"](OPS["broadcast_to"](x, shape=(100, 3)) * 2.0), "[3]")
    made = simplify(graph)
    assert names_of(made) == ["multiply", "exp", "broadcast_to"]
    assert max(node.type.size for node in made.nodes[:-1]) == 3


def test_moves_are_merged() -> None:
    """Reshapes, transposes and broadcasts of the same are one, or none."""
    graph = graph_of(
        lambda x: OPS["transpose"](
            OPS["transpose"](OPS["transpose"](x, axes=(1, 2, 0)), axes=(1, 2, 0)), axes=(1, 2, 0)
        ),
        "[2,3,4]",
    )
    assert names_of(simplify(graph)) == []


def test_origins_name_the_rule() -> None:
    """What a rule made carries its identity, and the place of what it replaces."""
    made = simplify(graph_of(lambda x, y: x + -y, "[]", "[]"))
    origin = made.origin(made.outputs[0])
    assert (origin.rewrite, origin.rule) == ("simplify", "add(x, negative(y)) -> subtract(x, y)")
