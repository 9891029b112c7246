"""Every trace is compared with the function on plain NumPy."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.errors import TraceError
from graphad.ir import Graph
from graphad.tracing import trace_function
from graphad.tracing.check import check_trace, close, points
from graphad.tracing.examples import plan_call
from graphad.types import FLOAT64

CALLS: list[Any] = []


def doubled() -> Graph:
    """Return the graph of 2 * x."""
    builder = Builder()
    x = builder.input("x", FLOAT64)
    return builder.finish("f", [x * 2.0])


def check(function: Any, *examples: Any) -> None:
    """Check the graph of 2 * x as if it were the function's."""
    check_trace(doubled(), function, plan_call(function, examples, {}))


def test_right_graph() -> None:
    """A graph that is the function passes, also if rounding differs."""
    check(lambda x: x + x)
    check(lambda x: x * 2.0 * (1 + 1e-14))


def test_right_graph_that_cancels() -> None:
    """What is left after cancellation may differ in its last digits, and in no others."""
    builder = Builder()
    x = builder.input("x", FLOAT64)
    rest = builder.finish("f", [x * 3.0 - x - x - x])

    def against(function: Any) -> None:
        check_trace(rest, function, plan_call(function, (), {}))

    against(lambda x: x * 0.1 * 30.0 - x - x - x)
    with pytest.raises(TraceError, match="the graph is not the function"):
        against(lambda x: x * (0.1 + 1e-12) * 30.0 - x - x - x)


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda x: x * 3.0, r"the result is 2\.1 in NumPy, and 1\.4 in the graph"),
        (lambda x: x * 2.0 + 1e-6, "the result is"),
        (lambda x: 2.0 * x if x < 1 else 3.0 * x, r"at x = 1\.3"),
        (lambda x: np.array([x]), r"has shape \(1,\) and dtype float64 in NumPy, and \(\)"),
        (lambda x: np.float32(2 * x), r"dtype float32 in NumPy, and \(\) and float64 in the graph"),
        (lambda x: (2 * x,), "results nest otherwise"),
    ],
)
def test_wrong_graph(function: Any, what: str) -> None:
    """A graph that is not the function is refused: point, values and likely causes are told."""
    with pytest.raises(TraceError, match="the graph is not the function") as caught:
        check(function)
    assert caught.match(what)
    assert caught.match("likely causes")


def test_branch_on_a_type() -> None:
    """A branch that goes otherwise while tracing is found."""

    def f(x: Any) -> Any:
        return x * 2.0 if type(x) is np.float64 else x * 3.0

    with pytest.raises(TraceError, match="the graph is not the function"):
        trace_function(f)
    assert len(trace_function(f, check=False)) == 3


@pytest.mark.parametrize("example", [(), (1.0,), ({"a": 1.0},)])
def test_branch_on_a_type_of_python(example: tuple[Any, ...]) -> None:
    """A function of Python's numbers that differs from that of NumPy's is found, if so called."""

    def f(x: Any) -> Any:
        x = x["a"] if isinstance(x, dict) else x
        return 2.0 + 0.1 * x if type(x) is float else x * 3.0

    with pytest.raises(TraceError, match="with numbers of Python's, the function gives 2"):
        trace_function(f, example)
    assert trace_function(f, [np.float64(1.0)]) is not None


@pytest.mark.parametrize(
    ("function", "example"),
    [
        (lambda x: x**0.5, -1.0),
        (lambda x: 1 / x, 0.0),
        (lambda x: x.sum() + x.reshape(1)[0], 1.0),
        (lambda x: x**3 * np.exp(x) / 7, 1.7),
        (lambda x: x * 1j, 1.0),
        (lambda x: abs(x) + x.imag, 1 + 2j),
    ],
)
def test_what_python_does_otherwise(function: Any, example: Any) -> None:
    """Errors of Python's where NumPy has NaN, missing methods and rounding are no difference."""
    assert trace_function(function, [example]) is not None


def test_chance_is_told_from_a_type() -> None:
    """Chance is found in functions of Python's numbers too."""
    draw = np.random.default_rng(0).random
    with pytest.raises(TraceError, match="run twice on the same numbers"):
        trace_function(lambda x: x + draw(), [1.0])


def test_random() -> None:
    """A function of chance is found by running it twice at one point."""

    def legacy(x: Any) -> Any:
        return x + np.random.standard_normal()  # noqa: NPY002

    for function in (legacy, lambda x: x * random.random()):
        with pytest.raises(TraceError, match="run twice on the same numbers") as caught:
            trace_function(function)
        assert caught.match("draw random numbers outside of the function")


def test_seeded_chance_is_no_chance() -> None:
    """Random numbers that are the same each time are constants."""

    def f(x: Any) -> Any:
        return x * np.random.default_rng(0).normal(size=3)

    assert [node.op.name for node in trace_function(f).nodes] == ["input", "const", "multiply"]


def test_writes_of_the_function_do_not_reach_the_points() -> None:
    """The graph is compared at the point that the function was given, not at what it left."""

    def f(x: Any) -> Any:
        x *= 2
        return x

    trace_function(f, [np.ones(3)])


def test_other_points_where_there_is_no_value() -> None:
    """Where the function raises or has no number, other points are tried."""
    CALLS.clear()

    def narrow(x: Any) -> Any:
        CALLS.append(x)
        return np.log(x - 2.0)

    def strict(x: Any) -> Any:
        if type(x) is np.float64 and x < 2.0:
            raise ValueError("too small")
        return x

    trace_function(narrow)
    assert sum(x > 2.0 for x in CALLS if type(x) is np.float64) >= 2
    trace_function(strict)


def test_nowhere_a_number() -> None:
    """A function that is NaN everywhere equals a graph that is, without warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace_function(lambda x: np.sqrt(-1 - x * x))
        trace_function(lambda x: x / np.zeros(3), [np.zeros(3)])


def test_warnings_of_the_function_are_silent() -> None:
    """What the function warns of at a point tried is not the user's concern."""

    def f(x: Any) -> Any:
        warnings.warn("careful", stacklevel=1)
        return x

    call = plan_call(f, [], {})
    builder = Builder()
    graph = builder.finish("f", [builder.input("x", FLOAT64)])
    check_trace(graph, f, call)


def test_points_are_fixed() -> None:
    """Points are the examples first, are the same each time, and have the inputs' types."""
    call = plan_call(lambda x, y, z: x, [np.ones(3), np.float32(2.0), 1j], {})
    first, second = list(points(call.inputs)), list(points(call.inputs))
    assert len(first) > 2
    assert [value.tolist() for value in first[0]] == [[1.0, 1.0, 1.0], 2.0, 1j]
    for one, two in zip(first, second, strict=True):
        for a, b, given in zip(one, two, call.inputs, strict=True):
            assert a.dtype == given.type.dtype
            assert a.shape == given.type.shape
            np.testing.assert_array_equal(a, b)
    assert first[0][0].tolist() != first[1][0].tolist()


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ([1.0], [1.0 + 1e-12], True),
        ([1.0], [1.0 + 1e-7], False),
        ([1e8, 0.0], [1e8, 1e-3], True),
        ([np.nan, np.inf], [np.nan, np.inf], True),
        ([np.nan], [1.0], False),
        ([np.inf], [-np.inf], False),
        (np.float32([1.0]), np.float32([1.00001]), True),
        (np.float32([1.0]), np.float32([1.001]), False),
        (np.complex64([1j]), np.complex64([1.00001j]), True),
        ([1j], [1j + 1e-6], False),
        ([True], [False], False),
        ([2], [2], True),
        (np.zeros(0), np.zeros(0), True),
    ],
)
def test_close(a: Any, b: Any, same: bool) -> None:
    """Numbers are compared up to rounding, in their precision."""
    assert close(np.asarray(a), np.asarray(b)) is same
