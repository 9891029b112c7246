"""Calling graphs: binding, checking, dtypes, nesting of results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.builder import Builder
from graphad.errors import InputError
from graphad.evaluate import evaluate
from graphad.ir import Graph, leaves
from graphad.op import OPS, Array
from graphad.types import FLOAT64, DType, make_type
from tests.evaluate.reference import F64, same_bits
from tests.strategies import arguments, graphs

VECTOR = make_type((3,), F64)


def scaled() -> Graph:
    """Return the graph of (x·y, (sum x, y + 0.1))."""
    b = Builder()
    x, y = b.input("x", VECTOR), b.input("y", FLOAT64)
    return b.finish("scaled", [x * y, OPS["sum"](x, axes=(0,)), y + 0.1], (0, (1, 2)))


def typed(dtype: Any, shape: tuple[int, ...] = (3,)) -> Graph:
    """Return the graph of x + x of one dtype."""
    b = Builder()
    x = b.input("x", make_type(shape, np.dtype(dtype)))
    return b.finish("typed", [x + x] if x.type.dtype.kind != "b" else [OPS["logical_not"](x)])


X = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((X, 2.0), {}),
        ((X,), {"y": 2.0}),
        ((), {"y": 2.0, "x": X}),
        (([1.0, 2.0, 3.0], 2), {}),
        (((1, 2, 3), np.int8(2)), {}),
        ((np.array([1, 2, 3], np.uint8), np.array(2.0)), {}),
        ((X.astype(">f8"), np.float64(2.0)), {}),
        ((range(1, 4), 2.0), {}),
    ],
)
def test_ways_of_calling(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Inputs are given by position or by name, as arrays, lists or numbers, integers too."""
    product, (total, shifted) = evaluate(scaled(), args, kwargs)
    assert same_bits([product, total, shifted], [2 * X, np.float64(6.0), np.float64(2.1)])
    assert type(total) is np.float64
    assert type(shifted) is np.float64


def flat(result: Any) -> list[Any]:
    """Return the leaves of nested tuples."""
    if isinstance(result, tuple):
        return [leaf for item in result for leaf in flat(item)]
    return [result]


@given(st.data())
@settings(max_examples=60)
def test_random_graphs(data: st.DataObject) -> None:
    """Results are nested as the graph says, and those of a batch are those of its points."""
    graph = data.draw(graphs())
    points = [data.draw(arguments(graph)) for _ in range(3)]
    alone = [flat(evaluate(graph, point)) for point in points]
    together = flat(evaluate(graph, [np.stack(arrays) for arrays in zip(*points, strict=True)]))
    assert len(together) == len(list(leaves(graph.tree)))
    for position, (found, place) in enumerate(zip(together, leaves(graph.tree), strict=True)):
        expected = np.stack([results[position] for results in alone])
        assert found.shape == (3, *graph.outputs[place].type.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


SIGNATURE = r"scaled\(x: f64\[3\], y: f64\[\]\)"


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, f"{SIGNATURE} also needs 'x', 'y'"),
        ((X,), {}, f"{SIGNATURE} also needs 'y'"),
        ((X, 1.0, 2.0), {}, f"{SIGNATURE} takes 2 inputs, but got 3"),
        ((X, 1.0), {"z": 1.0}, f"{SIGNATURE} has no input 'z'"),
        ((X,), {"x": X}, f"{SIGNATURE} got 'x' both by position and by name"),
        ((None, 1.0), {}, f"input 'x' of {SIGNATURE} was given None"),
        ((X, None), {}, "input 'y' of .* was given None; give it a number or an array"),
        (("text", 1.0), {}, r"was given text \('text'\); convert it: float\(text\)"),
        ((["1", "2", "3"], 1.0), {}, r"was given text \(\['1', '2', '3'\]\)"),
        ((X.astype(object), 1.0), {}, r"was given objects .*np.asarray\(x, float\)"),
        ((object(), 1.0), {}, "was given objects"),
        (({"a": 1}, 1.0), {}, r"was given objects \(\{'a': 1\}\)"),
        (([1.0, [2.0]], 1.0), {}, "was given what is no array of numbers: .*inhomogeneous"),
        ((X, 10**400), {}, "'y' .* was given an integer too large for a float"),
        ((np.ma.masked_array(X, [0, 1, 0]), 1.0), {}, "was given a masked array; fill it first"),
        ((np.array(["2020"] * 3, "M8[Y]"), 1.0), {}, r"values of dtype datetime64\[Y\], not num"),
        ((X.astype(np.float16), 1.0), {}, "was given float16, which graphs do not hold"),
        ((X.astype(np.longdouble), 1.0), {}, "was given .*, which graphs do not hold"),
        (
            (np.ones(4), 1.0),
            {},
            r"'x' .* takes an array of shape \(3,\), or \(\.\.\., 3\) for a batch, not \(4,\)$",
        ),
        ((2.0, 1.0), {}, r"takes an array of shape \(3,\), or \(\.\.\., 3\) for a batch, not \(\)"),
        ((np.ones((3, 5)), 1.0), {}, r"not \(3, 5\); should it be transposed\?"),
        ((np.ones((5, 3)), np.ones(4)), {}, r"batches .* together: \(5,\) of 'x', \(4,\) of 'y'"),
    ],
)
def test_what_does_not_fit_is_refused(
    args: tuple[Any, ...], kwargs: dict[str, Any], message: str
) -> None:
    """Arguments that do not fit give an error that names the input and what it takes."""
    with pytest.raises(InputError, match=message):
        evaluate(scaled(), args, kwargs)


def test_transposed_matrix_is_noticed() -> None:
    """A matrix given the wrong way round gives an error that asks whether it is."""
    with pytest.raises(InputError, match=r"shape \(2, 3\).*not \(3, 2\); should it be transposed"):
        evaluate(typed(float, (2, 3)), [np.ones((3, 2))])


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        (np.int64, 1.5 * X, "takes int64 values, not float64"),
        (np.int8, np.array([1, 2, 300]), "was given integers that int8 does not hold"),
        (np.uint8, np.array([1, 2, -3]), "was given integers that uint8 does not hold"),
        (np.bool_, np.array([1, 0, 1]), "takes bool values, not int64"),
        (np.int64, [1j, 0, 0], "takes int64 values, not complex128"),
    ],
)
def test_inputs_that_are_not_floats(declared: Any, value: Any, message: str) -> None:
    """Inputs that are integers or booleans take only what they can hold."""
    with pytest.raises(InputError, match=message):
        evaluate(typed(declared), [value])


def test_integers_are_cast() -> None:
    """Integers that an integer input can hold are cast to its dtype, booleans too."""
    for value in ([1, 2, 3], np.array([1, 2, 3], np.uint64)):
        assert same_bits([evaluate(typed(np.int8), [value])], [np.array([2, 4, 6], np.int8)])
    assert same_bits([evaluate(typed(np.int64), [[True, False, True]])], [np.array([2, 0, 2])])
    assert same_bits(
        [evaluate(typed(np.bool_), [[True, False, True]])], [~np.array([1, 0, 1], bool)]
    )


def reference(x: Any, y: Any) -> list[Any]:
    """Return what NumPy makes of `scaled`'s function."""
    return [x * y, np.sum(x), y + 0.1]


@pytest.mark.parametrize("x_dtype", [np.float64, np.float32, np.complex128, np.complex64], ids=str)
@pytest.mark.parametrize("y_dtype", [np.float64, np.float32, np.complex128, np.complex64], ids=str)
def test_dtypes_are_those_of_numpy(x_dtype: Any, y_dtype: Any) -> None:
    """Arrays are evaluated in their own dtypes; mixed ones promote as in NumPy."""
    x, y = X.astype(x_dtype), y_dtype(0.7)
    product, (total, shifted) = evaluate(scaled(), [x, y])
    for found, expected in zip([product, total, shifted], reference(x, y), strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "y", "dtype"),
    [
        (X.astype(np.float32), 2.0, np.float32),
        (X.astype(np.float32), 2, np.float32),
        (X.astype(np.float32), 2j, np.complex64),
        (X, 2j, np.complex128),
        (X.astype(np.complex64), 2.0, np.complex64),
        (X.astype(np.float32), np.array(2), np.float64),
        (np.array([1, 2, 3]), 2, np.float64),
        (np.array([1, 2, 3]), np.float32(2), np.float64),
    ],
)
def test_python_numbers_follow_arrays(x: Any, y: Any, dtype: Any) -> None:
    """Python numbers take the precision of the arrays; arrays of integers that of the graph."""
    assert evaluate(scaled(), [x, y])[0].dtype == dtype


@pytest.mark.parametrize(
    ("declared", "value", "dtype"),
    [
        (np.float32, 2.0, np.float32),
        (np.float32, np.float64(2.0), np.float64),
        (np.float32, np.array(2), np.float32),
        (np.complex128, 2.0, np.complex128),
        (np.complex128, np.float64(2.0), np.complex128),
        (np.complex128, np.float32(2.0), np.complex64),
        (np.complex64, np.float64(2.0), np.complex128),
        (np.complex64, 3, np.complex64),
    ],
)
def test_graphs_of_other_dtypes(declared: Any, value: Any, dtype: Any) -> None:
    """A graph of single precision or complex numbers takes what fits it; complex it stays."""
    result = evaluate(typed(declared, ()), [value])
    assert result.dtype == dtype
    assert result == 2 * value


def test_batches_of_other_dtypes() -> None:
    """Batches are evaluated in their dtypes too."""
    product, (total, shifted) = evaluate(scaled(), [np.ones((4, 3), np.float32), np.float32(2)])
    assert (product.dtype, product.shape) == (np.float32, (4, 3))
    assert (total.dtype, total.shape) == (np.float32, (4,))
    assert (shifted.dtype, shifted.shape) == (np.float32, (4,))


def test_ops_without_complex_loops_are_named() -> None:
    """An op that does not take complex numbers is named when a graph is given some."""
    b = Builder()
    x = b.input("x", FLOAT64)
    graph = b.finish("f", [OPS["arctan2"](x + 1, x)])
    message = r"graph f cannot be evaluated for x: c128\[\], since arctan2 does not take them"
    with pytest.raises(InputError, match=message):
        evaluate(graph, [1j])
    assert evaluate(graph, [1.0]) == np.arctan2(2.0, 1.0)


def test_repeated_calls_are_equal() -> None:
    """The same call gives the same bits again, and leaves its arguments as they are."""
    graph = scaled()
    x, y = np.linspace(0, 1, 30_000).reshape(10_000, 3), np.linspace(1, 2, 10_000)
    before = x.copy()
    first = evaluate(graph, [x, y])
    for _ in range(3):
        again = evaluate(graph, [x, y])
        assert same_bits([again[0], *again[1]], [first[0], *first[1]])
    assert same_bits([x], [before])


def test_errors_of_arguments_pass_through() -> None:
    """What an argument says itself when it is made an array is what the caller sees."""

    class Speaking:
        def __array__(self, dtype: DType | None = None, copy: bool | None = None) -> Array:
            raise InputError("I say so myself")

    with pytest.raises(InputError, match=r"^I say so myself$"):
        evaluate(scaled(), [Speaking(), 1.0])


@pytest.mark.parametrize("convert", [float, int, np.float64, np.array, lambda x: [[x]]])
def test_scalar_graphs(convert: Callable[[float], Any]) -> None:
    """A graph of a scalar takes numbers, and gives arrays only for arrays."""
    b = Builder()
    graph = b.finish("square", [b.input("x", FLOAT64) ** 2])
    result = evaluate(graph, [convert(3.0)])
    assert np.shape(result) == np.shape(convert(3.0))
    assert isinstance(result, np.float64) == (np.ndim(result) == 0)
    assert np.all(result == 9.0)
