"""Spaces between traced ends, piecewise functions and running extrema agree with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import TraceError
from tests.tracing.comparison import assert_traced

A, B = np.array([1.0, 2.0]), np.array([3.0, 0.5])
X = np.array([-2.0, -0.5, 0.0, 0.7, 1.0, 3.0])


@pytest.mark.parametrize("spaced", [np.linspace, np.logspace, np.geomspace])
@pytest.mark.parametrize(
    "options",
    [{}, {"num": 1}, {"num": 4, "endpoint": False}, {"num": 5, "axis": -1}, {"dtype": np.float32}],
)
def test_spaced(spaced: Callable[..., Any], options: dict[str, Any]) -> None:
    """Between scalars and vectors, to the end or not, along any axis."""
    assert_traced(lambda a, b: spaced(a, b, **options), A, B)
    if "axis" not in options:
        assert_traced(lambda a, b: spaced(a, b, **options), 1.5, 4.0)


def test_more_of_spaces() -> None:
    """Other bases, negative ends, and the distance."""
    assert_traced(lambda a: np.logspace(a, 2.0, 3, base=2.0), 1.0)
    assert_traced(lambda a: np.geomspace(-a, -8.0, 4), 1.0)
    assert_traced(lambda a: np.linspace(a, 2.0, 3, retstep=True), 1.0)
    ends = ga.trace(lambda a, b: np.geomspace(a, b, 4)[[0, -1]])
    np.testing.assert_array_equal(ends(0.1, 0.7), [0.1, 0.7])


def test_refused_spaces() -> None:
    """How many there are must be known."""
    with pytest.raises(TraceError, match=r"how many numbers np\.geomspace gives depends on"):
        ga.trace(lambda n: np.geomspace(1.0, 2.0 * n, n))
    with pytest.raises(TraceError, match=r"np\.linspace does not take odd= here"):
        ga.trace(lambda a: np.linspace(a, 2.0, 3, odd=1), 1.0)


def test_piecewise() -> None:
    """Functions and numbers by conditions; the last that holds counts, or the one left over."""
    assert_traced(lambda x: np.piecewise(x, [x < 0, x >= 1], [np.square, 3.0, np.sin]), X)
    assert_traced(lambda x: np.piecewise(x, [x < 0, x >= 1], [np.square, 3.0]), X)
    assert_traced(lambda x: np.piecewise(x, [x < 1, x > 0], [1.0, lambda t: -t]), X)
    assert_traced(lambda x: np.piecewise(x, x > 0, [np.sqrt, np.cos]), X)
    assert_traced(lambda x: np.piecewise(x, [X > 0], [lambda t, k, m: t * k + m], 2.0, m=1.0), X)
    assert_traced(lambda x: np.piecewise(x, [x > 0], [1.0, 2.0]), 0.5)
    with pytest.raises(TraceError, match="was given 1 conditions and 3 functions"):
        ga.trace(lambda x: np.piecewise(x, [x > 0], [1.0, 2.0, 3.0]), X)


def test_piecewise_outside_of_domains() -> None:
    """The derivative of a piece outside of its domain has no part in the result."""
    graph = ga.trace(lambda x: np.piecewise(x, [x > 0], [np.sqrt, 0.0]), X)
    slopes = np.diag(graph.diff(mode="forward")(X))
    np.testing.assert_allclose(slopes, [0.0, 0.0, 0.0, *(0.5 / np.sqrt(X[3:]))])


@pytest.mark.parametrize(
    "ufunc", [np.maximum, np.minimum, np.fmax, np.logaddexp], ids=lambda f: f.__name__
)
def test_running(ufunc: np.ufunc) -> None:
    """Running results of associative ufuncs, along any axis."""
    assert_traced(lambda x: ufunc.accumulate(x), X[[3, 1, 5, 0, 2]])
    assert_traced(lambda x: ufunc.accumulate(x, axis=1), X.reshape(2, 3)[:, ::-1])
    assert_traced(lambda x: ufunc.accumulate(x), X[:1])


def test_methods_in_place() -> None:
    """Sorts and partitions in place, with NumPy's arguments."""

    def sorts(x: Any) -> Any:
        y = x.copy()
        y.sort(axis=0, kind="stable")
        y[1].sort()
        return y

    def parts(x: Any) -> Any:
        y = x.copy()
        y.partition(2)
        return y[2] + x[x.argpartition(1)][1] + x[x.argmax()]

    assert_traced(sorts, X.reshape(3, 2)[::-1])
    assert_traced(parts, X[[3, 1, 5, 0, 2, 4]])


def test_plain_tables() -> None:
    """A plain array that a function closes over is taken from by np.take, and between brackets."""
    table = np.array([1.0, 2.0, 4.0])
    assert_traced(lambda x: np.take(table, np.argmax(x)) * x, X[:3])
    assert_traced(lambda x: table[np.argmax(x)] * x, X[:3])
    assert_traced(lambda x: np.outer(table, table)[1, np.argsort(x)] * x, X[:3])


def test_assignment_at_a_traced_place() -> None:
    """An element, or a row, at a place that depends on an input is replaced."""

    def replaced(x: Any) -> Any:
        y = x * 1.0
        y[np.argmax(x[:, 0])] = [7.0, 8.0]
        y[np.argmin(x[:, 0]) - 3] += 1.0
        return y

    assert_traced(replaced, np.array([[1.0, 2.0], [5.0, 3.0], [0.0, 4.0]]))
