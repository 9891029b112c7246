"""What is written on drawings."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.constant import Constant, Span
from graphad.ir import Node
from graphad.op import OPS, Operand
from graphad.types import FLOAT64, make_type
from graphad.viz.labels import (
    constant_text,
    node_label,
    number_text,
    output_names,
    port_names,
    shorten,
    signature,
)
from tests.viz.samples import leaves_only, rosenbrock

MATRIX = make_type((3, 4), np.dtype(np.float64))


def node_of(value: Operand) -> Node:
    """Return the node of a value."""
    node: Node = value.node  # type: ignore[attr-defined]
    return node


def labelled(name: str, count: int = 1, **attrs: object) -> Node:
    """Return a node of the op `name` on inputs of shape (3, 4)."""
    b = Builder()
    return node_of(OPS[name](*[b.input(f"x{i}", MATRIX) for i in range(count)], **attrs))


@pytest.mark.parametrize(
    ("node", "label"),
    [
        (labelled("integer_power", exponent=2), ("x²", "")),
        (labelled("integer_power", exponent=-13), ("x⁻¹³", "")),
        (labelled("slice", spans=(Span(1, 3, 1), Span(0, 4, 2))), ("[1:3, 0:4:2]", "")),
        (labelled("slice", spans=(Span(0, 3, 1), Span(0, 4, 2))), ("[:, 0:4:2]", "")),
        (
            labelled("place", spans=(Span(1, 4, 1), Span(0, 4, 1)), shape=(5, 4)),
            ("place", "[1:4, :]"),
        ),
        (labelled("element", index=(2, 0)), ("[2, 0]", "")),
        (labelled("sum", axes=(0,)), ("Σ", "axis 0")),
        (labelled("sum", axes=(0, 1)), ("Σ", "axes 0, 1")),
        (labelled("transpose", axes=(1, 0)), ("transpose", "(1, 0)")),
        (labelled("einsum", spec="ij->ji"), ("einsum", "ij→ji")),
        (labelled("cumsum", axis=1), ("cumsum", "axis 1")),
        (labelled("multiply", count=2), ("×", "")),
        (labelled("sin"), ("sin", "")),
        (labelled("sqrt"), ("√", "")),
        (labelled("reshape", shape=(12,)), ("reshape", "")),
    ],
    ids=lambda value: value.op.name if isinstance(value, Node) else "",
)
def test_label_of_a_node(node: Node, label: tuple[str, str]) -> None:
    """Ops are labelled by short mathematics, attributes are brief."""
    assert node_label(node) == label


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.samples], ids=lambda op: op.name)
def test_every_op_has_a_label(op: object) -> None:
    """Each op of the registry has a label, and a port name for each operand."""
    for sample in op.samples:  # type: ignore[attr-defined]
        b = Builder()
        operands: list[Operand] = []
        for i, shape in enumerate(sample.shapes):
            if i in sample.constants:
                operands.append(b.constant(sample.constants[i]))
            else:
                operands.append(b.input(f"x{i}", make_type(shape, np.dtype(np.float64))))
        nodes = tuple(node_of(operand) for operand in operands)
        node = b.emit(op, nodes, sample.attrs)  # type: ignore[arg-type]
        head, _ = node_label(node)
        assert head.strip()
        assert len(port_names(node)) == len(node.inputs)


def test_ops_without_a_symbol_show_name_and_attributes() -> None:
    """An op that nothing is known about is labelled by its name, its attributes by theirs."""
    b = Builder()
    x = b.input("x", FLOAT64)
    node = node_of(x)
    unknown = Node(9, OPS["arctan"], (node,), (), FLOAT64)
    assert node_label(unknown) == ("arctan", "")
    assert node_label(Node(9, OPS["reshape"], (node,), ((1,),), FLOAT64))[1] == ""
    assert node_label(node) == ("input", "name=x type=f64[]")


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("add", ("", "")),
        ("subtract", ("", "−")),
        ("divide", ("", "÷")),
        ("power", ("x", "y")),
        ("less", ("1", "2")),
    ],
)
def test_operands_are_told_apart(name: str, names: tuple[str, ...]) -> None:
    """Operands of ops that do not commute are named, others not."""
    assert port_names(labelled(name, count=2)) == names


def test_operands_of_einsum_show_their_indices() -> None:
    """An einsum's operands are named by their indices."""
    b = Builder()
    x, y = b.input("x", MATRIX), b.input("y", MATRIX)
    assert port_names(node_of(OPS["einsum"](x, y, spec="ij,kj->ik"))) == ("ij", "kj")


def test_equal_operands_need_no_names() -> None:
    """Operands that are the same value are not told apart."""
    b = Builder()
    x = b.input("x", FLOAT64)
    assert port_names(node_of(x - x)) == ("", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (100.0, "100"),
        (-0.0, "-0"),
        (0.5, "0.5"),
        (1 / 3, "0.33333…"),
        (1e-30, "1e-30"),
        (1.23456789e300, "1.2346…e+300"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (True, "True"),
        (7, "7"),
        (10**18, "10000000000…"),
        (1 + 2j, "1+2j"),
        (1 - 2j, "1-2j"),
    ],
)
def test_numbers_are_short(value: complex, text: str) -> None:
    """A number is written exactly if that is short, and otherwise marked as cut."""
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.5, "2.5"),
        ([1.0, 2.0, 3.0], "[1, 2, 3]"),
        ([[1.0, 0.0], [0.0, 1.0]], "[[1, 0], [0, 1]]"),
        (np.zeros((5, 5)), "all 0"),
        (np.arange(10.0), "array"),
        (np.zeros(0), "[]"),
    ],
    ids=str,
)
def test_constants_are_shown_by_value_if_small(value: object, text: str) -> None:
    """Small constants are shown by value, constant ones by their element, others as arrays."""
    assert constant_text(Constant(value)) == text


def test_output_names_follow_the_tree() -> None:
    """Outputs are named by how they are reached from the result."""
    assert output_names(0) == {0: "out"}
    assert output_names((0, (2, 1))) == {0: "out[0]", 2: "out[1][0]", 1: "out[1][1]"}


def test_signature() -> None:
    """The signature lists inputs and outputs with their types."""
    assert signature(rosenbrock()) == "(x: f64[3]) → f64[]"
    assert signature(leaves_only()) == "(x: f64[3], unused: f64[]) → (f64[3], f64[])"


def test_long_text_is_cut() -> None:
    """Text that is too long ends in an ellipsis."""
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
