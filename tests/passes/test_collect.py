"""Like terms, coefficients, signs and powers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.cost import cost
from graphad.evaluate import Program, precise
from graphad.ir import Graph
from graphad.op import OPS
from graphad.passes import Pipeline, collect
from graphad.passes.pipeline import OPTIMIZE
from tests.passes.algebra import algebra
from tests.passes.graphs import graph_of, names_of

SIN, RECIPROCAL = OPS["sin"], OPS["reciprocal"]


def all_values(graph: Graph, args: list[Any]) -> list[float]:
    """Return the magnitudes of all values on the way, in many digits."""
    nodes, count = graph.nodes, len(graph.nodes)
    whole = Graph(
        "all", nodes, graph.inputs, nodes, tuple(range(count)), ((),) * count, graph.origins
    )
    return [float(abs(x)) for value in precise(whole, args) for x in np.atleast_1d(value).ravel()]


@pytest.mark.parametrize("passes", ["collect", OPTIMIZE])
@pytest.mark.parametrize("scalars", [True, False])
@given(data=st.data())
@settings(max_examples=60)
def test_random_algebra(passes: str, scalars: bool, data: st.DataObject) -> None:
    """Algebra keeps its values, measured by the largest on the way."""
    graph = data.draw(algebra(scalars=scalars))
    draw = np.random.default_rng(data.draw(st.integers(0, 999)))
    args = [
        draw.uniform(0.5, 2.0, node.type.shape) * draw.choice([-1, 1], node.type.shape)
        for node in graph.inputs
    ]
    sizes = all_values(graph, args)
    if not all(size < 1e6 for size in sizes):
        return
    made = Pipeline(passes)(graph)
    for a, b in zip(precise(made, args), precise(graph, args), strict=True):
        error = max(float(abs(x)) for x in np.atleast_1d(a - b).ravel())
        assert error <= 1e-13 * max(1.0, *sizes)


@given(data=st.data())
@settings(max_examples=100)
def test_nan_stays_nan(data: st.DataObject) -> None:
    """An output that depends on a NaN is NaN, and no other is, unless values overflow."""
    graph = data.draw(algebra(steps=8))
    args = [np.full(node.type.shape, 1.25 - 0.5 * i) for i, node in enumerate(graph.inputs)]
    args[data.draw(st.integers(0, 3))][...] = np.nan
    for a, b in zip(Program(collect(graph))(*args), Program(graph)(*args), strict=True):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))


NEVER_ZERO: dict[str, Callable[..., Any]] = {
    "x - x": lambda x: x - x,
    "x + (-x)": lambda x: x + -x,
    "2x - (x + x)": lambda x: 2.0 * x - (x + x),
    "0·x": lambda x: 0.0 * x,
    "0·x + 1": lambda x: 0.0 * x + 1.0,
    "x/x": lambda x: x / x,
    "x·(1/x)": lambda x: x * RECIPROCAL(x),
    "sin(x) - sin(x)": lambda x: SIN(x) - SIN(x),
    "(x - 1) - (x - 1)": lambda x: (x - 1.0) - (x - 1.0),
    "x² - x²": lambda x: x**2 - x * x,
    "1/(x - x)": lambda x: RECIPROCAL(x - x),
}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("what", NEVER_ZERO)
def test_what_is_not_a_number_is_never_dropped(what: str, value: float) -> None:
    """Differences that are 0 for real numbers are NaN for NaN and for infinities, as they were."""
    graph = graph_of(NEVER_ZERO[what], "[]")
    (expected,), (found,) = Program(graph)(value), Program(Pipeline(OPTIMIZE)(graph))(value)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))


COUNTS: dict[str, tuple[Callable[..., Any], int]] = {
    "x + x + x is 3x": (lambda x, y: x + x + x, 1),
    "like terms of products": (lambda x, y: 2.0 * (x * y) + 3.0 * (y * x), 2),
    "numbers in front": (lambda x, y: 2.0 * (3.0 * (4.0 * x)), 1),
    "signs cancel": (lambda x, y: -(x * -y) * -1.0 * -1.0, 1),
    "powers": (lambda x, y: x * x * x * x, 2),
    "powers of powers": (lambda x, y: (x**2) ** 3, 3),
    "quotients of numbers": (lambda x, y: (6.0 * x) / (3.0 * y), 2),
    "a common number": (lambda x, y: 5.0 * x + 5.0 * y, 2),
    "nested sums": (lambda x, y: x + (y + (x + (y + x))), 3),
    "difference and its negative": (lambda x, y: (x - y) * (y - x), 2),
    "two names for a sum": (lambda x, y: SIN(x + y) * SIN(y + x), 3),
    "sums with numbers": (lambda x, y: 1.0 + (2.0 + (x + 3.0)), 1),
    "inverse of a power": (lambda x, y: RECIPROCAL(x) * RECIPROCAL(x) * RECIPROCAL(x), 3),
}


@pytest.mark.parametrize("what", COUNTS)
def test_operations_that_are_left(what: str) -> None:
    """What is collected takes no more operations than by hand."""
    function, count = COUNTS[what]
    made = Pipeline("collect,cse")(graph_of(function, "[]", "[]"))
    assert cost(made).total <= count


def test_a_sum_that_is_used_twice_is_not_written_out() -> None:
    """A shared sum stays one node."""
    graph = graph_of(lambda x, y: (SIN(x) + y, (SIN(x) + y) * x + y), "[]", "[]")
    assert names_of(collect(graph)).count("sin") == 1
    assert cost(collect(graph)).total <= cost(graph).total


def test_products_stay_grouped() -> None:
    """Products of different factors are not flattened, so that derivatives share them."""
    graph = graph_of(lambda x, y: (SIN(x) * SIN(y)) * (x * y), "[]", "[]")
    assert names_of(collect(graph)).count("multiply") == 3


def test_scalars_before_arrays() -> None:
    """Factors that broadcasting repeats are multiplied before they are."""
    graph = graph_of(lambda a, b, x: a * (b * (a * x)), "[]", "[]", "[1000]")
    assert cost(collect(graph)).total <= 1000 + 2
    graph = graph_of(lambda a, b, x: a * x + b * x - x, "[]", "[]", "[1000]")
    assert cost(collect(graph)).total <= 1000 + 3


def test_rows_and_columns() -> None:
    """Factors of different axes are multiplied as they are."""
    graph = graph_of(lambda r, c: r * (c * r), "[3]", "[2,1]")
    made = collect(graph)
    r, c = np.array([1.0, 2.0, 3.0]), np.array([[5.0], [7.0]])
    np.testing.assert_allclose(Program(made)(r, c)[0], r * r * c, rtol=1e-15)


@pytest.mark.parametrize("dtype", ["f32", "f64", "c64", "c128", "i64", "u8"])
def test_every_dtype_is_kept(dtype: str) -> None:
    """Results keep dtype and shape; integers and their overflow are left alone."""
    graph = graph_of(lambda x, y: (x + x - y, x * 2 * 3, x * x * y), f"{dtype}[3]", f"{dtype}[]")
    made = collect(graph)
    assert [node.type for node in made.outputs] == [node.type for node in graph.outputs]
    x, y = np.array([1, 100, 7]).astype(graph.inputs[0].type.dtype), np.array(3)
    y = y.astype(x.dtype)
    for a, b in zip(Program(made)(x, y), Program(graph)(x, y), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_long_sums() -> None:
    """Thousands of terms are collected without recursion, in a few nodes."""

    def long_sum(x: Any, y: Any) -> Any:
        total = x
        for k in range(5000):
            total = total + (y if k % 2 else 2.0 * x)
        return total

    made = collect(graph_of(long_sum, "[]", "[]"))
    assert names_of(made) == ["multiply", "multiply", "add"]
    assert Program(made)(1.0, 10.0) == [5001.0 + 25000.0]


def test_numbers_stay_in_front_of_differences() -> None:
    """100·(a - b) is not 100·a - 100·b, which is less accurate where a and b are close."""
    made = collect(graph_of(lambda a, b: 100.0 * (a - b), "[]", "[]"))
    assert names_of(made) == ["subtract", "multiply"]


def test_origins_are_kept() -> None:
    """What is collected names the pass, and the order of the derivative it is for."""
    made = collect(graph_of(lambda x: x + x, "[]"))
    assert made.origin(made.outputs[0]).rewrite == "collect"
