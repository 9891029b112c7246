"""Evaluation in many digits: exact where numbers are exact, and right to the last digits."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.builder import Builder
from graphad.errors import GraphadError, InputError
from graphad.evaluate import Program, precise
from graphad.ir import Graph
from graphad.op import OPS, Op
from graphad.types import FLOAT64, make_type
from tests.evaluate.reference import F64, memory_graphs, naive, numbers
from tests.strategies import arguments, graphs

VECTOR = make_type((3,), F64)


def scalar_graph(name: str, *constants: float) -> Graph:
    """Return the graph of an op on x and constants."""
    b = Builder()
    return b.finish("f", [OPS[name](b.input("x", FLOAT64), *constants)])


def number(graph: Graph, *args: Any, digits: int = 50) -> Any:
    """Return the only number that a graph gives."""
    return precise(graph, args, digits)[0].item()


@given(memory_graphs())
@settings(max_examples=50)
def test_agrees_with_numpy(graph: Graph) -> None:
    """Graphs give in 30 digits what they give in NumPy, to rounding, where that is finite."""
    draw = np.random.default_rng(5)
    arrays = [np.asarray(draw.uniform(0.2, 1.2, shape)) for shape in ((2, 2), (2, 2), ())]
    for found, expected in zip(precise(graph, arrays, 30), naive(graph, arrays), strict=True):
        rounded = numbers(found)
        assert rounded.shape == expected.shape
        tame = (abs(expected) < 1e6) & (abs(rounded) < 1e6)
        np.testing.assert_allclose(rounded[tame], expected[tame], rtol=1e-7, atol=1e-7)


@given(st.data())
@settings(max_examples=100)
def test_random_graphs_agree_with_numpy(data: st.DataObject) -> None:
    """Well conditioned graphs of all ops give in 30 digits what they give in NumPy."""
    graph = data.draw(graphs(smooth=True))
    arrays = data.draw(arguments(graph))
    for found, expected in zip(precise(graph, arrays, 30), Program(graph)(*arrays), strict=True):
        np.testing.assert_allclose(numbers(found), expected, rtol=1e-8, atol=1e-8)


def test_numbers_are_taken_as_they_are() -> None:
    """Arguments and constants are the binary fractions that they are, 0.1 is not one tenth."""
    graph = scalar_graph("add", 0.1)
    result = number(graph, 0.2, digits=60)
    exact = Fraction(0.1) + Fraction(0.2)
    assert Fraction(result.man * exact.denominator) * Fraction(2) ** result.exp == exact.numerator


@pytest.mark.parametrize("digits", [15, 50, 200])
def test_digits(digits: int) -> None:
    """As many digits are right as were asked for."""
    result = number(scalar_graph("exp"), 1.0, digits=digits)
    with mpmath.workdps(digits + 20):
        assert abs(result - mpmath.e) < mpmath.mpf(10) ** (1 - digits)


def test_arguments_of_many_digits() -> None:
    """Arguments may be mpmath's numbers, which are not rounded to floats on the way."""
    with mpmath.workdps(60):
        x = mpmath.mpf(1) / 3
        result = number(scalar_graph("multiply", 3.0), x, digits=60)
        assert abs(result - 1) < mpmath.mpf(10) ** -58
    b = Builder()
    graph = b.finish("f", [OPS["sum"](b.input("x", VECTOR), axes=(0,))])
    assert abs(number(graph, [x, x, x], digits=60) - 1) < 1e-50


def test_comparisons_and_indices() -> None:
    """Comparisons give booleans, indices stay integers, and both are NumPy's arrays."""
    b = Builder()
    x = b.input("x", VECTOR)
    i = b.input("i", make_type((2,), np.dtype(np.int64)))
    less = OPS["less"](x, 1.0)
    outputs = [less, i + 1, OPS["take"](x, i, axis=0), OPS["where"](less, x, 7.0)]
    outputs.append(OPS["scatter_add"](OPS["take"](x, i, axis=0), i, axis=0, size=4))
    found = precise(b.finish("f", outputs), [np.array([0.5, 1.5, 0.25]), np.array([2, 0])])
    assert found[0].dtype == bool
    assert found[1].dtype == np.int64
    assert [one.tolist() for one in found] == [
        [True, False, True],
        [3, 1],
        [0.25, 0.5],
        [0.5, 7.0, 0.25],
        [0.5, 0.0, 0.25, 0.0],
    ]
    zero = found[4][1]
    assert hasattr(zero, "_mpf_")  # not the integer that NumPy fills with


@pytest.mark.parametrize(
    ("name", "x"), [("reciprocal", 0.0), ("sqrt", -1.0), ("log", -1.0), ("arcsin", 2.0)]
)
def test_no_value_is_nan(name: str, x: float) -> None:
    """Where there is no real value the result is NaN, and no error."""
    assert mpmath.isnan(number(scalar_graph(name), x))


def test_value_that_is_not_chosen() -> None:
    """A division by zero behind a condition does no harm."""
    b = Builder()
    x = b.input("x", FLOAT64)
    graph = b.finish("f", [OPS["where"](OPS["greater"](x, 0.0), 1 / x, 5.0)])
    assert number(graph, 0.0) == 5


def test_complex_numbers() -> None:
    """Complex inputs are evaluated as complex numbers, real parts stay real."""
    b = Builder()
    z = b.input("z", make_type((), np.dtype(np.complex128)))
    graph = b.finish("f", [OPS["exp"](z), OPS["absolute"](z), OPS["cast"](z, dtype="f64")])
    power, size, real = (one.item() for one in precise(graph, [1j], 40))
    assert abs(power - mpmath.expj(1)) < 1e-15
    assert size == 1
    assert real == 0
    assert hasattr(power, "_mpc_")
    assert hasattr(size, "_mpf_")


@pytest.mark.parametrize(
    ("dtype", "x", "expected"),
    [("i64", 2.75, 2), ("i64", -2.75, -2), ("bool", 0.5, True), ("f32", 0.1, 0.1)],
)
def test_casts(dtype: str, x: float, expected: object) -> None:
    """A cast to integers cuts off, one to a shorter float does not round."""
    b = Builder()
    graph = b.finish("f", [OPS["cast"](b.input("x", FLOAT64), dtype=dtype)])
    assert number(graph, x) == expected


def test_integers_turn_into_numbers() -> None:
    """Integers and booleans that meet floats are exact numbers, not Python's floats."""
    b = Builder()
    i = b.input("i", make_type((), np.dtype(np.int64)))
    graph = b.finish("f", [OPS["divide"](i, 3), OPS["sqrt"](i), OPS["cast"](i, dtype="f64") / 7])
    third, root, seventh = (one.item() for one in precise(graph, [2], 40))
    with mpmath.workdps(40):
        assert abs(third - mpmath.mpf(2) / 3) < 1e-39
        assert abs(root - mpmath.sqrt(2)) < 1e-39
        assert abs(seventh - mpmath.mpf(2) / 7) < 1e-39


def test_context_is_its_own() -> None:
    """The precision of mpmath itself is left alone, and threads do not meet in it."""
    graph = scalar_graph("exp")
    before = mpmath.mp.dps
    digits = [20, 40, 80, 160] * 5
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda d: number(graph, 1.0, digits=d), digits))
    assert mpmath.mp.dps == before
    with mpmath.workdps(200):
        for result, count in zip(results, digits, strict=True):
            error = abs(result - mpmath.e)
            assert error < mpmath.mpf(10) ** (1 - count)
            assert error > mpmath.mpf(10) ** (-count - 8)


def test_long_chain() -> None:
    """A chain of 30,000 nodes needs no recursion."""
    b = Builder()
    y = b.input("x", FLOAT64)
    for _ in range(30_000):
        y = y + 1
    assert number(b.finish("f", [y]), 0.5) == 30_000.5


def test_wrong_arguments() -> None:
    """Arguments that do not fit are named."""
    b = Builder()
    graph = b.finish("f", [b.input("x", VECTOR) * 2])
    with pytest.raises(InputError, match="graph f takes 1 inputs, not 2"):
        precise(graph, [1.0, 2.0])
    with pytest.raises(InputError, match=r"'x' of graph f has the shape \(3,\), not \(2, 3\)"):
        precise(graph, [np.ones((2, 3))])


def test_op_without_many_digits() -> None:
    """An op that can only be evaluated in floating point is named."""
    op = Op("rough", lambda types, attrs: types[0], np.sin)
    b = Builder()
    with pytest.raises(GraphadError, match="rough is not there in numbers of many digits"):
        precise(b.finish("f", [op(b.input("x", FLOAT64))]), [1.0])


def test_mpmath_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without mpmath, the error says what to install."""
    monkeypatch.setitem(sys.modules, "mpmath", None)
    with pytest.raises(ImportError, match="needs mpmath, which is not installed: pip install"):
        precise(scalar_graph("exp"), [1.0])
