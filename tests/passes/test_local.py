"""The builder that emits derivatives, and tangents and cotangents of single nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphad.op import OPS
from graphad.passes.local import Lean, Local
from tests.passes.graphs import typed


def shown(node: Any) -> str:
    """Return a node as a term."""
    if node.op.name == "input":
        return str(node.attrs[0])
    if node.op.name == "const":
        return str(node.attrs[0].scalar)
    attrs = "".join(f" {value}" for value in node.attrs)
    return f"{node.op.name}{attrs}({', '.join(shown(operand) for operand in node.inputs)})"


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda x, y, c: x * 1.0, "x"),
        (lambda x, y, c: -1.0 * x, "negative(x)"),
        (lambda x, y, c: 0.0 * x, "multiply(x, 0.0)"),
        (lambda x, y, c: y * x, "multiply(x, y)"),
        (lambda x, y, c: -x * y, "negative(multiply(x, y))"),
        (lambda x, y, c: -x * -y, "multiply(x, y)"),
        (lambda x, y, c: OPS["negative"](-x), "x"),
        (lambda x, y, c: 1.0 / x, "reciprocal(x)"),
        (lambda x, y, c: x + x, "multiply(x, 2.0)"),
        (lambda x, y, c: OPS["add"](x, y, x, y, x), "add(multiply(x, 3.0), multiply(y, 2.0))"),
        (lambda x, y, c: x - x, "subtract(x, x)"),
        (lambda x, y, c: OPS["mask"](c, x) * y, "mask(c, multiply(x, y))"),
        (lambda x, y, c: OPS["mask"](c, x) + OPS["mask"](c, y), "mask(c, add(x, y))"),
        (lambda x, y, c: OPS["mask"](c, x) - OPS["mask"](c, y), "mask(c, subtract(x, y))"),
        (lambda x, y, c: -OPS["mask"](c, x), "mask(c, negative(x))"),
        (lambda x, y, c: OPS["mask"](c, x) + y, "add(mask(c, x), y)"),
    ],
)
def test_what_is_emitted(function: Callable[..., Any], wanted: str) -> None:
    """Seeds of 1 vanish, like terms are counted, and signs and masks come last."""
    b = Lean()
    x, y, c = (b.input(*item) for item in (("x", F64), ("y", F64), ("c", typed("bool[]"))))
    assert shown(function(x, y, c).node) == wanted


F64 = typed("f64[]")


@pytest.mark.parametrize("name", ["add", "subtract", "multiply"])
def test_numbers_are_computed(name: str) -> None:
    """An op of two constants is a constant, of the same bits and dtype."""
    b = Lean()
    left, right = b.constant(np.float32(0.1)), b.constant(np.float32(0.7))
    node = OPS[name](left, right).node
    assert node.op.name == "const"
    assert node.attrs[0].array == OPS[name].evaluate(np.float32(0.1), np.float32(0.7))
    assert node.type == left.type


def test_other_dtypes_are_left_alone() -> None:
    """A 1 of another dtype makes a product of another type, and stays."""
    b = Lean()
    x = b.input("x", typed("f32[]"))
    assert (x * b.constant(1.0)).node.type == F64


def test_masks_are_variables() -> None:
    """Bits say which variables a node's derivative may depend on; steps depend on none."""
    b = Lean()
    x, y = b.input("x", F64), b.input("y", F64)
    local = Local(b, [x.node, None, y.node], "test")
    assert local.mask((x * y).node) == 0b101
    assert local.mask((OPS["floor"](x) * y).node) == 0b100
    assert local.mask(b.constant(2.0).node) == 0


def test_push_and_pull_agree() -> None:
    """The tangent along a variable is the cotangent of that variable; zeros are None or absent."""
    b = Lean()
    x, y = b.input("x", F64), b.input("y", F64)
    local = Local(b, [x.node, y.node], "test")
    root = (OPS["sin"](x) * 3.0).node
    (tangent,) = local.push([root], 0)
    assert tangent is not None
    assert shown(tangent.node) == "multiply(3.0, cos(x))"
    assert local.pull(root, 0b11) == {0: tangent.node}
    assert local.push([root], 1) == [None]
    assert local.pull(root, 0b10) == {}


def test_origins_say_where_derivatives_come_from() -> None:
    """What is made carries the pass, the op and an order that is one higher."""
    b = Lean()
    x = b.input("x", F64)
    local = Local(b, [x.node], "test")
    (tangent,) = local.push([OPS["sin"](x).node], 0)
    assert tangent is not None
    origin = b.origins[tangent.node.id]
    assert (origin.rewrite, origin.rule, origin.order) == ("test", "sin", 1)
