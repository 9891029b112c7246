"""Numbers, arrays and nested lists become values of the dtype that NumPy gives them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from graphad.builder import Builder, Value
from graphad.errors import GraphError, TraceError
from graphad.tracing.lowering import as_value, cast_to
from graphad.tracing.lowering.coerce import (
    constant_array,
    known_int,
    known_ints,
    many_axes,
    operands,
    promoted,
    truth,
)
from graphad.types import make_type
from tests.tracing.lowering.calls import evaluated

F32 = np.dtype(np.float32)
F64 = np.dtype(np.float64)
X = np.array([1.0, 2.0])


@pytest.fixture
def builder() -> Builder:
    """Return an empty builder."""
    return Builder()


def scalar(builder: Builder, name: str, dtype: np.dtype[Any] = F64) -> Value:
    """Return a scalar input."""
    return builder.input(name, make_type((), dtype))


@pytest.mark.parametrize(
    "x",
    [2, 2.5, True, 1j, np.float32(1), np.int8(3), [1, 2.5], [[1], [2]], np.arange(3), [], (1, 2)],
    ids=repr,
)
def test_constants(builder: Builder, x: object) -> None:
    """Numbers and arrays are constants of NumPy's dtype and shape."""
    array = constant_array(as_value(builder, x))
    assert array is not None
    assert array.dtype == np.asarray(x).dtype
    assert np.array_equal(array, np.asarray(x))


@pytest.mark.parametrize(
    ("x", "like", "dtype"),
    [
        (2, F32, F32),
        (2.5, F32, F32),
        (2.5, np.dtype(np.int64), F64),
        (2, np.dtype(np.int8), np.dtype(np.int8)),
        (1j, F32, np.dtype(np.complex64)),
        (np.float64(2.5), F32, F64),
        (np.array(2.5), F32, F64),
        ([2.5], F32, F64),
        (True, F32, np.dtype(bool)),
    ],
)
def test_numbers_are_weak(
    builder: Builder, x: object, like: np.dtype[Any], dtype: np.dtype[Any]
) -> None:
    """Python's numbers take the dtype of the other operand; NumPy's keep their own."""
    assert as_value(builder, x, scalar(builder, "y", like)).type.dtype == dtype


def test_values_stay(builder: Builder) -> None:
    """A value is itself; a value of another graph is refused."""
    x = scalar(builder, "x")
    assert as_value(builder, x) is x
    with pytest.raises(GraphError, match="belongs to another graph; call that graph instead"):
        as_value(Builder(), x)


@pytest.mark.parametrize(
    ("make", "wanted", "op"),
    [
        (lambda x, y, v: [x, y], [3.0, 4.0], "pack"),
        (lambda x, y, v: (x, 1), [3.0, 1.0], "pack"),
        (lambda x, y, v: [[x, 1], [True, y]], [[3.0, 1.0], [1.0, 4.0]], "pack"),
        (lambda x, y, v: [[[x]], [[y]]], [[[3.0]], [[4.0]]], "pack"),
        (lambda x, y, v: [x, np.array(2.0), np.float64(5)], [3.0, 2.0, 5.0], "pack"),
        (lambda x, y, v: [v, v], [[1.0, 2.0], [1.0, 2.0]], "concatenate"),
        (lambda x, y, v: [v, [x, y]], [[1.0, 2.0], [3.0, 4.0]], "concatenate"),
        (lambda x, y, v: [[x, y], np.array([7, 8])], [[3.0, 4.0], [7.0, 8.0]], "concatenate"),
        (lambda x, y, v: [[v, v], [v, v]], [[[1.0, 2.0]] * 2] * 2, "concatenate"),
        (lambda x, y, v: [v], [[1.0, 2.0]], "reshape"),
        (lambda x, y, v: [[v]], [[[1.0, 2.0]]], "reshape"),
    ],
)
def test_nested_lists(builder: Builder, make: Any, wanted: list[Any], op: str) -> None:
    """Lists of scalars are packed in one op, lists of arrays are stacked."""
    x, y = scalar(builder, "x"), scalar(builder, "y")
    v = builder.input("v", make_type((2,), F64))
    made = as_value(builder, make(x, y, v))
    assert made.node.op.name == op
    found = evaluated(builder.finish("f", [made]), [np.array(3.0), np.array(4.0), X])[0]
    assert found.tolist() == wanted


def test_lists_are_strong(builder: Builder) -> None:
    """Python's numbers in a list count as double precision, as in np.array."""
    x = scalar(builder, "x", F32)
    assert as_value(builder, [x, x]).type.dtype == F32
    assert as_value(builder, [x, 1.0]).type.dtype == F64
    assert as_value(builder, [x, 1.0]).type.dtype == np.array([np.float32(1), 1.0]).dtype


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ("abc", "str of dtype <U3 is not a number or an array of numbers"),
        (None, "NoneType of dtype object is not a number or an array of numbers"),
        ({1: 2}, "dict of dtype object is not a number"),
        ([1, [2, 3]], "list does not make an array"),
        (np.datetime64("2020"), "is not a number or an array of numbers"),
        (np.float16(1), "values of dtype float16 cannot be in a graph; use one of float64"),
        (np.ma.array([1.0]), "a MaskedArray cannot be in a graph; use a plain array"),
    ],
)
def test_refused(builder: Builder, x: object, message: str) -> None:
    """What is not numbers is refused by name."""
    with pytest.raises(TraceError, match=re.escape(message)):
        as_value(builder, x)


def test_ragged_lists_are_refused(builder: Builder) -> None:
    """Lists with values must be regular."""
    x = scalar(builder, "x")
    message = "a list of arrays of shapes () and (1,) does not make one array"
    with pytest.raises(TraceError, match=re.escape(message)):
        as_value(builder, [x, [x]])


def test_cast(builder: Builder) -> None:
    """Constants are cast while tracing, values by an op, and only where it changes something."""
    x = scalar(builder, "x")
    assert cast_to(x, F64) is x
    assert cast_to(x, F32).node.attrs == ("f32",)
    assert constant_array(cast_to(builder.constant(2), F64)) == 2.0
    with pytest.raises(TraceError, match=r"c128\[\] cannot be cast to float64"):
        cast_to(scalar(builder, "z", np.dtype(np.complex128)), F64)
    with pytest.raises(TraceError, match="NumPy gives float16 here, which graphs do not hold"):
        cast_to(x, np.dtype(np.float16))


def test_constant_array(builder: Builder) -> None:
    """What does not depend on an input is known while tracing."""
    x = scalar(builder, "x")
    assert constant_array(x) is None
    assert constant_array([x, 1]) is None
    known = constant_array([builder.constant(2), 1])
    assert known is not None
    assert known.tolist() == [2, 1]
    assert known_int(builder.constant(2), "n") == 2
    assert known_ints([1, np.int8(2), builder.constant(3)], "n") == (1, 2, 3)
    assert known_ints(np.array(4), "n") == (4,)
    with pytest.raises(TraceError, match="n must be fixed while tracing; it cannot depend"):
        known_int(x, "n")
    with pytest.raises(TraceError, match=r"n must be an integer, not 1\.0"):
        known_int(1.0, "n")


def test_axes() -> None:
    """Axes are counted from the front, and ``None`` is all of them."""
    assert many_axes(None, 2) == (0, 1)
    assert many_axes((-1, 0), 3) == (2, 0)
    assert many_axes(np.int64(-1), 3) == (2,)
    with pytest.raises(TraceError, match="axis 3 is out of range for an array of 3 dimensions"):
        many_axes(3, 3)


def test_promotion(builder: Builder) -> None:
    """Operands come in the one dtype in which NumPy computes."""
    single, double = scalar(builder, "x", F32), scalar(builder, "y")
    assert {v.type.dtype for v in operands(builder, np.add, [single, 2.5])} == {F32}
    assert {v.type.dtype for v in operands(builder, np.add, [single, double])} == {F64}
    assert {v.type.dtype for v in operands(builder, np.exp, [builder.constant(1)])} == {F64}
    assert {v.type.dtype for v in promoted(builder, [single, 1, 2.5])} == {F32}
    with pytest.raises(TraceError, match=r"np\.negative does not take bool"):
        operands(builder, np.negative, [True])


def test_zeros_differ_in_sign(builder: Builder) -> None:
    """A number as an operand keeps its bits: 0.0 and -0.0 are two constants."""
    x = scalar(builder, "x")
    plus, minus = (operands(builder, np.add, [x, zero])[1] for zero in (0.0, -0.0))
    assert plus.node is not minus.node
    assert operands(builder, np.add, [x, 2.0])[1].node is operands(builder, np.add, [x, 2])[1].node


def test_truth(builder: Builder) -> None:
    """Truth of numbers is whether they are not zero."""
    x = scalar(builder, "x")
    assert truth(x).node.op.name == "not_equal"
    assert truth(truth(x)).node is truth(x).node
    known = constant_array(truth(builder.constant(np.array([0.0, np.nan]))))
    assert known is not None
    assert known.tolist() == [False, True]
