"""Patterns, what they match, and tables of rules."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder, Value
from graphad.errors import GraphError
from graphad.op import OPS, Operand
from graphad.rewrite import Pattern, Table, any_attrs, constant, rule, wild
from graphad.types import FLOAT64, Type, make_type

F64 = np.dtype(np.float64)
x, y = wild("x"), wild("y")
SIN, COS, MAXIMUM, WHERE = OPS["sin"], OPS["cos"], OPS["maximum"], OPS["where"]


def inputs(count: int = 2, type: Type = FLOAT64) -> list[Value]:
    """Return inputs of a new builder."""
    b = Builder()
    return [b.input(name, type) for name in "abcd"[:count]]


def matches(pattern: Operand, value: Operand) -> dict[str, str] | None:
    """Return the names of the inputs that wildcards stand for, or None."""
    assert isinstance(value, Value)
    bound = rule(pattern, x).match(value.node)
    return None if bound is None else {k: str(node.attrs[0]) for k, node in bound.items()}


# --- patterns ------------------------------------------------------------------------------------


def test_a_rule_prints_as_the_identity_it_is() -> None:
    """Patterns print as the ops they are made of; a name takes their place."""
    assert str(rule(-OPS["negative"](x), x)) == "negative(negative(x)) -> x"
    assert str(rule(x * 1 + y, y)) == "add(multiply(x, 1), y) -> y"
    assert str(rule(x - y, x, name="nothing")) == "nothing"
    assert str(rule(2.0 / x, x)) == "divide(2.0, x) -> x"


def test_a_wildcard_is_one_node() -> None:
    """The same name stands for the same node."""
    a, b = inputs()
    assert matches(x - x, a - a) == {"x": "a"}
    assert matches(x - x, a - b) is None
    assert matches(x - y, a - a) == {"x": "a", "y": "a"}


def test_commutative_operands_match_in_both_orders() -> None:
    """Operands of sums, products and maxima may be swapped, also further down."""
    a, b = inputs()
    assert matches(x * 1, 1.0 * a) == {"x": "a"}
    assert matches(x + (-y), -b + a) == {"x": "a", "y": "b"}
    assert matches(SIN(MAXIMUM(x, 0)), SIN(MAXIMUM(0.0, a))) == {"x": "a"}
    assert matches(SIN(x) * (x + y), (a + b) * SIN(b)) == {"x": "b", "y": "a"}
    assert matches(x / 1, 1.0 / a) is None
    assert matches(x - 0, 0.0 - a) is None


def test_a_failed_order_leaves_no_binding() -> None:
    """What the first order bound is forgotten before the second is tried."""
    a, b = inputs()
    assert matches(SIN(x) + COS(x), COS(a) + SIN(a)) == {"x": "a"}
    assert matches(SIN(x) + COS(x), COS(a) + SIN(b)) is None


def test_arity_has_to_fit() -> None:
    """A pattern of two operands does not match a sum of three."""
    a, b, c = inputs(3)
    assert matches(x + y, OPS["add"](a, b, c)) is None
    assert matches(OPS["add"](x, y, wild("z")), OPS["add"](a, b, c)) == dict(
        zip("xyz", "abc", strict=True)
    )


@pytest.mark.parametrize(
    ("number", "found", "fits"),
    [
        (1, 1.0, True),
        (1, 1, True),
        (1, -1.0, False),
        (-1, -1.0, True),
        (0, 0.0, True),
        (0, -0.0, False),
        (0, 0, True),
        (-0.0, -0.0, True),
        (-0.0, 0.0, False),
        (0, 0j, True),
        (0.5, np.float32(0.5), True),
        (1, np.nan, False),
    ],
)
def test_numbers_match_by_value_and_zeros_by_sign(
    number: float, found: complex, fits: bool
) -> None:
    """A number stands for a scalar constant of any dtype; 0.0 and -0.0 are two."""
    (a,) = inputs(1)
    value = OPS["add"](a, a.builder.constant(found))
    assert (rule(x + number, x).match(value.node) is not None) == fits


def test_numbers_match_no_arrays() -> None:
    """A constant array of ones is not the number 1, since it may repeat the other operand."""
    (a,) = inputs(1)
    value = OPS["multiply"](a, np.ones(3))
    assert rule(x * 1, x).match(value.node) is None


def test_constants_match_constants_only() -> None:
    """`constant` stands for any constant, arrays too, and no other node."""
    (a,) = inputs(1)
    c = constant("c")
    assert rule(x * c, x).match((a * 3.0).node) is not None
    assert rule(x * c, x).match(OPS["multiply"](a, np.ones(3)).node) is not None
    assert rule(x * c, x).match((a * a).node) is None


def test_attributes_have_to_fit() -> None:
    """A pattern with attributes matches those, `any_attrs` all."""
    (a,) = inputs(1)
    assert matches(x**2, a**2) == {"x": "a"}
    assert matches(x**2, a**3) is None
    assert matches(any_attrs("integer_power", x), a**3) == {"x": "a"}


def test_conditions() -> None:
    """A rule with a condition applies where it holds."""
    a, b = inputs()
    scalar = rule(x * y, x, when=lambda bound: bound["x"].attrs[0] == "b")
    assert scalar.match((b * a).node) is not None
    assert scalar.match((a * a).node) is None


def test_patterns_refuse_what_they_cannot_stand_for() -> None:
    """Arrays do not stand in patterns, patterns have no type, and a rule needs an op."""
    with pytest.raises(GraphError, match="cannot stand in a pattern"):
        OPS["multiply"](x, np.ones(3))
    with pytest.raises(GraphError, match="the pattern x has no type"):
        x.shape  # noqa: B018
    with pytest.raises(GraphError, match="the pattern x has no op at its root"):
        rule(x, y)
    with pytest.raises(KeyError, match="unknown"):
        any_attrs("unknown", x)


# --- replacements --------------------------------------------------------------------------------


def test_a_replacement_is_emitted_where_the_node_is() -> None:
    """Numbers in a replacement take the dtype of the node."""
    single = make_type((), np.dtype(np.float32))
    (a,) = inputs(1, single)
    made = Table([rule(x + x, 2 * x)]).rewrite(a.builder, (a + a).node, "test")
    assert made.op is OPS["multiply"]
    assert made.type == single
    assert made.inputs[0].attrs[0].array.dtype == np.float32


def test_a_replacement_is_repeated_to_the_shape_it_had() -> None:
    """Where broadcasting made a result larger, what stands for it is repeated."""
    b = Builder()
    a = b.input("a", make_type((3,), F64))
    c = b.input("c", make_type((2, 1), np.dtype(bool)))
    made = Table([rule(WHERE(y, x, x), x)]).rewrite(b, WHERE(c, a, a).node, "test")
    assert made.op is OPS["broadcast_to"]
    assert made.type == make_type((2, 3), F64)
    assert made.inputs[0] is a.node


def test_a_replacement_of_another_dtype_does_not_fit() -> None:
    """A product x · 1.0 is not x where x is an integer."""
    (a,) = inputs(1, make_type((), np.dtype(np.int64)))
    node = (a * 1.0).node
    assert Table([rule(x * 1, x)]).rewrite(a.builder, node, "test") is node
    assert Table([rule(x * 1, x)]).rewrite(a.builder, (a * 1).node, "test") is a.node


def test_a_replacement_may_be_a_function() -> None:
    """A function gives a value, or None where the rule does not apply after all."""
    a, b = inputs()

    def swapped(builder: Builder, node: object, bound: dict[str, object]) -> Operand | None:
        if bound["x"] is a.node:
            return builder.value(bound["y"]) - builder.value(bound["x"])  # type: ignore[arg-type]
        return None

    table = Table([rule(x - y, swapped, name="swapped")])
    assert table.rewrite(a.builder, (a - b).node, "test") is (b - a).node
    assert table.rewrite(a.builder, (b - a).node, "test") is (b - a).node


# --- tables --------------------------------------------------------------------------------------


def test_rules_are_tried_in_order_until_none_applies() -> None:
    """A result is rewritten again, at its root."""
    (a,) = inputs(1)
    table = Table([rule(SIN(x), COS(x)), rule(COS(x), -x), rule(-x, x)])
    assert table.rewrite(a.builder, SIN(a).node, "test") is a.node
    assert table.rewrite(a.builder, SIN(SIN(a)).node, "test") is a.node
    first = Table([rule(SIN(x), COS(x)), rule(SIN(x), x)])
    assert first.rewrite(a.builder, SIN(a).node, "test") is COS(a).node


def test_a_rule_that_gives_the_node_itself_does_not_apply() -> None:
    """Then the next one is tried."""
    (a,) = inputs(1)
    table = Table([rule(x + y, y + x), rule(x + x, SIN(x))])
    assert table.rewrite(a.builder, (a + a).node, "test") is SIN(a).node


def test_rewriting_ends_where_rules_go_in_circles() -> None:
    """After `limit` rules it stops."""
    (a,) = inputs(1)
    table = Table([rule(SIN(x), COS(x)), rule(COS(x), SIN(x))])
    assert table.rewrite(a.builder, SIN(a).node, "test", limit=7) is COS(a).node
    assert table.rewrite(a.builder, SIN(a).node, "test", limit=8) is SIN(a).node


def test_origins_name_the_pass_and_the_rule() -> None:
    """What a rule makes says so; the builder's origin is put back."""
    a, b = inputs()
    before = a.builder.origin
    node = (a + -b).node
    made = Table([rule(x + (-y), x - y)]).rewrite(a.builder, node, "tidy")
    origin = a.builder.origins[made.id]
    assert (origin.rewrite, origin.rule) == (
        "tidy",
        "add(x, negative(y)) -> subtract(x, y)",
    )
    assert a.builder.origin == before


def test_tables_add_up() -> None:
    """The rules of the first stand before those of the second."""
    first, second = Table([rule(SIN(x), COS(x))]), Table([rule(SIN(x), x)])
    (a,) = inputs(1)
    both = first + second
    assert [str(one) for one in both.rules] == ["sin(x) -> cos(x)", "sin(x) -> x"]
    assert both.rewrite(a.builder, SIN(a).node, "test") is COS(a).node


def test_patterns_are_operands() -> None:
    """Patterns are written with the operators of operands."""
    assert isinstance(2 - x, Pattern)
    assert str(x**3) == "integer_power(x)"
    assert str(-x / y) == "divide(negative(x), y)"
