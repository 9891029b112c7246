"""The record of an op, and what holds for all that are registered."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from graphad.builder import Builder, Value
from graphad.errors import GraphError, TypeRuleError
from graphad.op import OPS, Op, Operand, Registry
from graphad.types import FLOAT64, make_type
from tests.ops.calculus import graph_of, node_of, point_of

F64 = np.dtype(np.float64)
TESTED = sorted(name for name in OPS if name not in ("input", "const"))


@pytest.mark.parametrize("name", TESTED)
def test_every_op_is_complete(name: str) -> None:
    """An op has samples, a text, a batch rule where it has operands, and one name."""
    op = OPS[name]
    assert op.name == name
    assert op.samples
    assert op.identity
    assert op.batch is not None or op.arity == 0
    assert op.elementwise + op.structural <= 1
    assert not op.elementwise or op.precise is not None
    assert op.ufunc is None or op.elementwise


@pytest.mark.parametrize("name", TESTED)
def test_samples_fit(name: str) -> None:
    """Samples have the operands and attributes that the op says."""
    op = OPS[name]
    for sample in op.samples:
        assert op.arity in (None, len(sample.shapes))
        assert len(sample.attrs) == len(op.attrs)
        assert set(sample.constants) <= set(range(len(sample.shapes)))
        for position, value in sample.constants.items():
            assert value.shape == sample.shapes[position]
        assert len(sample.domains) in (1, len(sample.shapes))


@pytest.mark.parametrize("name", TESTED)
def test_type_rule_agrees_with_numpy(name: str) -> None:
    """The inferred type is that of the array which the evaluation gives."""
    op = OPS[name]
    for sample in op.samples:
        graph = graph_of(op, sample)
        drawn = iter(point_of(sample, 0)[0])
        operands = [
            sample.constants[i] if i in sample.constants else next(drawn)
            for i in range(len(sample.shapes))
        ]
        result = np.asarray(op.evaluate(*operands, *sample.attrs))
        assert make_type(result.shape, result.dtype) == node_of(graph, op).type


@pytest.mark.parametrize("name", TESTED)
def test_costs_are_counts(name: str) -> None:
    """The cost of each sample is an integer that is not negative; moving elements costs nothing."""
    op = OPS[name]
    for sample in op.samples:
        node = node_of(graph_of(op, sample), op)
        count = op.cost([operand.type for operand in node.inputs], node.type, node.attrs)
        assert isinstance(count, int)
        assert count >= 0
        assert count == 0 or not op.structural


COMMUTATIVE = sorted(name for name, op in OPS.items() if op.commutative)


@pytest.mark.parametrize("name", COMMUTATIVE)
def test_commutative_ops_commute(name: str) -> None:
    """Two operands can be swapped without a change of any bit."""
    draw = np.random.default_rng(0)
    x, y = draw.uniform(0.5, 3.0, (2, 7))
    np.testing.assert_array_equal(OPS[name].evaluate(x, y), OPS[name].evaluate(y, x))


def test_which_ops_commute() -> None:
    """Differences, quotients, powers and angles do not."""
    assert not {"subtract", "divide", "power", "arctan2", "less", "where"} & set(COMMUTATIVE)
    assert {"add", "multiply", "maximum", "hypot", "equal"} <= set(COMMUTATIVE)


def test_a_name_is_registered_once() -> None:
    """A second op of a name is refused."""
    registry = Registry()
    op = Op("twice", lambda types, attrs: FLOAT64, lambda x: x)
    assert registry.enter(op) is op
    with pytest.raises(GraphError, match="an op named 'twice' is registered already"):
        registry.enter(op)
    assert list(registry) == ["twice"]


def test_an_op_needs_a_value_of_a_graph() -> None:
    """Numbers alone do not say which graph they belong to."""
    with pytest.raises(GraphError, match="sin was given no value of a graph"):
        OPS["sin"](1.0)


def test_a_missing_attribute_is_an_error() -> None:
    """Attributes are given by name."""
    x = Builder().input("x", make_type((2, 3), F64))
    with pytest.raises(KeyError, match="axis"):
        OPS["scatter_add"](x, np.array([0, 1]), size=3)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        (lambda x, y: x + y, "add"),
        (lambda x, y: x - y, "subtract"),
        (lambda x, y: x * y, "multiply"),
        (lambda x, y: x / y, "divide"),
        (lambda x, y: -x, "negative"),
        (lambda x, y: x**3, "integer_power"),
        (lambda x, y: 2.0 + x, "add"),
        (lambda x, y: 2.0 - x, "subtract"),
        (lambda x, y: 2.0 * x, "multiply"),
        (lambda x, y: 2.0 / x, "divide"),
    ],
)
def test_operators_emit_the_op_of_their_name(expression: Callable[..., Value], name: str) -> None:
    """Operators stand for ops."""
    b = Builder()
    made = expression(b.input("x", FLOAT64), b.input("y", FLOAT64))
    assert made.node.op is OPS[name]


@pytest.mark.parametrize("name", ["subtract", "divide"])
def test_reflected_operators_keep_the_order(name: str) -> None:
    """2 - x is not x - 2, and 2 / x not x / 2."""
    x = Builder().input("x", FLOAT64)
    made = 2.0 - x if name == "subtract" else 2.0 / x
    assert [node.op.name for node in made.node.inputs] == ["const", "input"]


def test_shape_and_ndim_of_operands() -> None:
    """Operands tell their shape, with or without a type of their own."""
    x = Builder().input("x", make_type((2, 3), F64))
    assert isinstance(x, Operand)
    assert (x.shape, x.ndim) == ((2, 3), 2)


@pytest.mark.parametrize(
    ("name", "shapes", "attrs", "message"),
    [
        ("add", ((2,), (3,)), {}, r"shapes \(2,\) and \(3,\) do not broadcast"),
        ("reshape", ((2, 3),), {"shape": (4,)}, r"cannot reshape f64\[2,3\] to \(4,\)"),
        ("transpose", ((2, 3),), {"axes": (0, 0)}, r"axes \(0, 0\) do not permute"),
        ("broadcast_to", ((2,),), {"shape": (3,)}, r"cannot broadcast f64\[2\] to \(3,\)"),
        ("broadcast_to", ((2, 3),), {"shape": (3,)}, r"cannot broadcast"),
        ("flip", ((2,),), {"axes": (1,)}, r"has no axes \(1,\)"),
        ("sum", ((2,),), {"axes": (0, 0)}, r"has no axes \(0, 0\)"),
        ("max", ((0,),), {"axes": (0,)}, "max over no elements has no value"),
        ("element", ((2,),), {"index": (2,)}, r"has no element \[2\]"),
        ("element", ((2,),), {"index": (-1,)}, r"has no element \[-1\]"),
        ("concatenate", ((2,), (2, 2)), {"axis": 0}, "cannot join"),
        ("concatenate", ((2,),), {"axis": 1}, r"f64\[2\] has no axis 1"),
        ("pack", ((), ()), {"shape": (3,)}, r"2 operands do not pack into \(3,\)"),
        ("einsum", ((2, 3), (2, 3)), {"spec": "ij,jk->ik"}, "index 'j' has lengths 3 and 2"),
        ("einsum", ((2, 3),), {"spec": "ij"}, "does not take the indices 'ij'"),
        ("einsum", ((2, 3),), {"spec": "i->i"}, r"indices 'i' do not fit the shape \(2, 3\)"),
        ("einsum", ((2,),), {"spec": "i->ij"}, "does not take the indices"),
        ("einsum", ((2,),), {"spec": "i,j->"}, "does not take 1 operands"),
        ("take", ((2,), (2,)), {"axis": 0}, "cannot take"),
    ],
)
def test_type_rules_refuse(
    name: str, shapes: tuple[tuple[int, ...], ...], attrs: dict[str, object], message: str
) -> None:
    """Operands that do not fit are refused with a message that names them."""
    b = Builder()
    values = [b.input(f"x{i}", make_type(shape, F64)) for i, shape in enumerate(shapes)]
    with pytest.raises(TypeRuleError, match=message):
        OPS[name](*values, **attrs)


def test_ufuncs_refuse_dtypes_that_numpy_refuses() -> None:
    """A negation of booleans is as little there as in NumPy."""
    x = Builder().input("x", make_type((2,), np.dtype(bool)))
    with pytest.raises(TypeRuleError, match=r"negative does not take bool\[2\]"):
        OPS["negative"](x)
    with pytest.raises(TypeRuleError, match="a sum of booleans needs a cast"):
        OPS["sum"](x, axes=(0,))
