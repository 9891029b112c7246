"""Numbers come back bit for bit, in every dtype, alone and in arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, scalar_dtypes

from graphad.builder import Builder
from graphad.constant import Constant
from graphad.ir import CONST, Graph
from graphad.text import dump, parse
from graphad.text.literals import array_text, read_scalar, scalar_text
from graphad.types import DTYPE_NAMES, DTYPES_BY_NAME

SUBNORMAL = 5e-324
EXTREMES = (0.0, -0.0, np.nan, np.inf, -np.inf, SUBNORMAL, -SUBNORMAL, 1.7976931348623157e308)


def same_bits(left: Constant, right: Constant) -> bool:
    """Return whether two constants agree in dtype, shape and bits."""
    return left == right and left.array.tobytes() == right.array.tobytes()


def alone(constant: Constant) -> Constant:
    """Return a scalar constant after a round trip as an operand."""
    read = read_scalar(scalar_text(constant))
    assert read is not None
    return read


def constant_graph(constant: Constant) -> Graph:
    """Return the graph of a constant, which is both a result and a node of its own."""
    builder = Builder()
    return builder.finish("f", [builder.constant(constant)])


def in_graph(constant: Constant) -> Constant:
    """Return a constant after a round trip of a graph."""
    (node,) = [n for n in parse(dump(constant_graph(constant))).nodes if n.op is CONST]
    value: Constant = node.attrs[0]
    return value


@given(st.floats())
@example(-0.0)
@example(SUBNORMAL)
@example(float.fromhex("0x1.fffffffffffffp+1023"))
def test_doubles(value: float) -> None:
    """Doubles come back, NaN, infinities and subnormals too."""
    assert same_bits(alone(Constant(value)), Constant(value))


@given(st.integers(0, 2**32 - 1))
@example(1)
@example(0x80000000)
@example(0x7F7FFFFF)
@example(0x7FC00000)
@example(0xFF800000)
def test_singles(bits: int) -> None:
    """Single-precision numbers come back, drawn by their bits."""
    constant = Constant(np.array(bits, np.uint32).view(np.float32))
    assert same_bits(alone(constant), constant)


@given(st.sampled_from((np.complex128, np.complex64)), st.floats(), st.floats())
@example(np.complex128, -0.0, -0.0)
@example(np.complex128, 0.0, float("-inf"))
@example(np.complex64, 0.1, float("nan"))
def test_complex_numbers(dtype: Any, real: float, imaginary: float) -> None:
    """Complex numbers come back part by part, signs of zeros too."""
    with np.errstate(over="ignore"):
        constant = Constant(np.array(complex(real, imaginary)).astype(dtype))
    assert same_bits(alone(constant), constant)


@pytest.mark.parametrize("name", [n for n, d in DTYPES_BY_NAME.items() if d.kind in "iu"])
def test_integers(name: str) -> None:
    """The smallest and the largest integer of each dtype come back."""
    dtype = DTYPES_BY_NAME[name]
    info = np.iinfo(dtype)
    for value in (info.min, 0, 1, info.max):
        constant = Constant(np.array(value, dtype))
        assert same_bits(alone(constant), constant)


@given(st.data())
def test_arrays(data: st.DataObject) -> None:
    """Arrays of every dtype and shape come back, empty ones and those of equal elements too."""
    dtype = data.draw(scalar_dtypes().filter(lambda dtype: dtype in DTYPE_NAMES))
    shape = data.draw(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3))
    constant = Constant(data.draw(arrays(dtype, shape)))
    assert same_bits(in_graph(constant), constant)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.complex64])
def test_extreme_arrays(dtype: Any) -> None:
    """Arrays of zeros of both signs, NaN, infinities and subnormals come back."""
    with np.errstate(over="ignore"):
        constant = Constant(np.array(EXTREMES).astype(dtype))
    assert same_bits(in_graph(constant), constant)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (100.0, "100.0"),
        (-0.0, "-0.0"),
        (1e-5, "1e-05"),
        (np.nan, "nan"),
        (-np.inf, "-inf"),
        (3, "3"),
        (True, "true"),
        (False, "false"),
        (complex(1, -2), "(1.0-2.0j)"),
        (complex(0.0, np.inf), "(0.0+infj)"),
        (complex(-0.0, -0.0), "(-0.0-0.0j)"),
        (complex(np.nan, 1), "(nan+0.0j)"),
        (np.float32(0.1), "0.1:f32"),
        (np.float32(16777216), "16777216.0:f32"),
        (np.float32(1e-45), "1e-45:f32"),
        (np.float32(np.nan), "nan:f32"),
        (np.complex64(0.1 + 1j), "(0.1+1.0j):c64"),
        (np.int8(-3), "-3:i8"),
        (np.uint64(2**64 - 1), "18446744073709551615:u64"),
    ],
)
def test_form_of_numbers(value: Any, text: str) -> None:
    """Numbers are short, and say their dtype where it is not plain."""
    assert scalar_text(Constant(value)) == text
    assert read_scalar(text) == Constant(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1.0, 2.0], "[1.0, 2.0]"),
        ([1.0], "[1.0]"),
        ([[[1, 2]], [[3, 4]]], "[[[1, 2]], [[3, 4]]]"),
        ([[True], [False]], "[[true], [false]]"),
        ([0.0, -0.0], "[0.0, -0.0]"),
        (np.zeros((2, 3)), "splat 0.0"),
        (np.full(4, np.nan), "splat nan"),
        (np.zeros((0, 3)), "[]"),
        (np.zeros((3, 0), np.int8), "[]"),
        (np.full((2, 2), 0.1, np.float32), "splat 0.1"),
        (np.array([0.1, 1e10], np.float32), "[0.1, 10000000000.0]"),
        ([1j, 0], "[(0.0+1.0j), (0.0+0.0j)]"),
    ],
)
def test_form_of_arrays(value: Any, text: str) -> None:
    """Arrays nest as in NumPy; `splat` only where all bits agree."""
    assert array_text(Constant(value)) == text
    assert same_bits(in_graph(Constant(value)), Constant(value))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("+3", 3),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1E3", None),
        ("1:f32", np.float32(1)),
        ("1:c64", np.complex64(1)),
        ("inf:f32", np.float32(np.inf)),
        ("+nan", np.nan),
        ("007", 7),
        (".5", None),
        ("1_000", None),
        ("0x10", None),
        ("infinity", None),
        ("True", None),
        ("1j", None),
        ("(1.0)", None),
        ("(1.0+2.0)", None),
        ("--1", None),
        ("١", None),
        ("1.0:", None),
        ("", None),
    ],
)
def test_other_spellings(word: str, value: Any) -> None:
    """Some spellings that are never written are read; those that only Python knows are not."""
    assert read_scalar(word) == (None if value is None else Constant(value))


def test_all_constants_of_one_value_are_told_apart() -> None:
    """0.0, -0.0, 0, false and 0.0 in single precision are five results."""
    builder = Builder()
    values = (0.0, -0.0, 0, False, np.float32(0))
    graph = builder.finish("f", [builder.constant(value) for value in values])
    assert "return (0.0, -0.0, 0, false, 0.0:f32)" in dump(graph)
    assert parse(dump(graph)) == graph
    assert len(graph) == 5
