"""Graphs that are called inside of traced functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphad.errors import InputError, TraceError
from graphad.evaluate.interpreter import Program
from graphad.ir import Graph, verify
from graphad.tracing import inline, is_traced, trace_function

X = np.array([0.3, 0.7, 1.1])


def named(x: Any, y: Any) -> Any:
    """Return two results, of which one is nested."""
    return np.sin(x) * y, (np.sum(x),)


GRAPH = trace_function(named, [np.zeros(3)])


def test_inlined() -> None:
    """A call gives the graph's results, in their nesting, and its nodes with their origins."""

    def f(x: Any) -> Any:
        a, (b,) = inline(GRAPH, (x * 2, b_of(x)))
        return a + b

    def b_of(x: Any) -> Any:
        return x[0]

    graph = verify(trace_function(f, [X], check=False))
    np.testing.assert_allclose(Program(graph)(X)[0], np.sin(2 * X) * X[0] + np.sum(2 * X))
    assert "inline" not in [node.op.name for node in graph.nodes]
    sine = next(node for node in graph.nodes if node.op.name == "sin")
    assert graph.origin(sine).line == named.__code__.co_firstlineno + 2
    last = graph.outputs[0]
    assert graph.origin(last).line == f.__code__.co_firstlineno + 2


def test_by_name() -> None:
    """Arguments can be given by name, as numbers, arrays and lists."""

    def f(x: Any) -> Any:
        return inline(GRAPH, (), {"y": x, "x": [1.0, 2.0, 3]})[0]

    graph = trace_function(f, check=False)
    np.testing.assert_allclose(Program(graph)(2.0)[0], np.sin([1.0, 2.0, 3.0]) * 2.0)


def test_twice() -> None:
    """Two calls with the same arguments are one."""

    def f(x: Any) -> Any:
        return inline(GRAPH, (x, 1.0))[0] + inline(GRAPH, (x, 1.0))[0]

    names = [node.op.name for node in trace_function(f, [X], check=False).nodes]
    assert names.count("sin") == 1


def test_leading_axes() -> None:
    """Leading axes of the arguments are a batch, which broadcasts."""
    batch = np.arange(6.0).reshape(2, 3)
    scales = np.array([[2.0], [3.0], [4.0], [5.0]])

    def f(x: Any, y: Any) -> Any:
        return inline(GRAPH, (x, y))

    graph = verify(trace_function(f, [batch, scales], check=False))
    product, total = Program(graph)(batch, scales)
    expected = np.sin(batch)[None] * scales[:, :, None] * np.ones((4, 2, 3))
    np.testing.assert_allclose(product, expected)
    assert product.shape == (4, 2, 3)
    np.testing.assert_allclose(total, np.broadcast_to(batch.sum(axis=1), (4, 2)))


@pytest.mark.parametrize(
    ("args", "kwargs", "what"),
    [
        ((1.0,), {}, r"named\(x: f64\[3\], y: f64\[\]\) also needs 'y'"),
        ((1.0, 1.0, 1.0), {}, "takes 2 inputs, but got 3"),
        ((), {"z": 1.0}, "has no input 'z'"),
        ((1.0,), {"x": 1.0}, "got 'x' both by position and by name"),
        ((np.zeros(4), 1.0), {}, r"takes x of shape \(3,\), after any leading axes; .* \(4,\)"),
        ((2.0, 1.0), {}, r"takes x of shape \(3,\)"),
    ],
)
def test_wrong_arguments(args: Any, kwargs: Any, what: str) -> None:
    """Too few, too many, unknown and misshaped arguments are refused."""

    def f(t: Any) -> Any:
        return inline(GRAPH, [arg * t for arg in args], {k: v * t for k, v in kwargs.items()})

    with pytest.raises(InputError, match=what):
        trace_function(f, check=False)


def test_nothing_traced() -> None:
    """Without a traced argument there is nothing to inline into."""
    with pytest.raises(InputError, match="graph named was given no traced value"):
        inline(GRAPH, (X, 1.0))


def test_values_of_another_trace() -> None:
    """A value of an enclosing trace cannot go into a graph in the inner one."""

    def outer(x: Any) -> Any:
        return trace_function(lambda t: inline(GRAPH, (x * 1.0, t)), check=False)

    with pytest.raises(TraceError, match="two traces"):
        trace_function(outer, [X])


def test_constants_of_the_trace() -> None:
    """Arrays that were made in the function are arguments like others."""

    def f(t: Any) -> Any:
        points = np.zeros(3)
        points[1] = 2.0
        return inline(GRAPH, (points, t))[0]

    graph = trace_function(f, check=False)
    np.testing.assert_allclose(Program(graph)(2.0)[0], [0, 2 * np.sin(2), 0])

    def decided(t: Any) -> Any:
        value, (total,) = inline(GRAPH, (np.ones(3), 1.0))
        assert value[0] > 0.5
        return t * total

    names = [node.op.name for node in trace_function(decided, check=False).nodes]
    assert names == ["input", "const", "multiply"]


def test_is_traced() -> None:
    """What is traced is known, also in lists."""
    seen = []

    def f(x: Any) -> Any:
        seen.extend([is_traced(x), is_traced([1.0, (x[0],)]), is_traced(np.zeros(2))])
        seen.extend([is_traced(1.0), is_traced(X), is_traced([X]), is_traced("x")])
        return x

    trace_function(f, [X], check=False)
    assert seen == [True, True, True, False, False, False, False]


def test_graph_stays() -> None:
    """The graph that is called does not change."""
    before = trace_function(named, [np.zeros(3)])
    trace_function(lambda x: inline(GRAPH, (x, 1.0))[0], [X], check=False)
    assert isinstance(GRAPH, Graph)
    assert before == GRAPH
    verify(GRAPH)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128, np.float64])
def test_precision_of_the_arguments(dtype: Any) -> None:
    """A graph that is called on values of another dtype runs in it, as a call of it would."""
    inner = trace_function(lambda x, y: (np.sin(x) * y, 0.5 * x), [np.zeros(3)], make=Graph)
    whole = trace_function(lambda x: inline(inner, (x, 2.0))[0], [X.astype(dtype)], check=False)
    (found,) = Program(whole)(X.astype(dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, 2 * np.sin(X), rtol=1e-6)
