"""Calls with ``where=``: reductions of some elements, and ufuncs that leave the others alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import TraceError
from tests.tracing.comparison import assert_traced

X = np.array([0.3, 1.2, -0.4, 2.0])
Y = np.array([-0.5, 0.0, 1.0, -0.7])
CONSTANT = np.array([0.0, 1.0, 2.0, 0.0])
POINTS = [(X, Y), (Y, X), (np.zeros(4), Y)]

REDUCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda x, m: (
        np.sum(x, where=m),
        x.sum(where=m, initial=2.0),
        np.add.reduce(x, where=m),
    ),
    "prod": lambda x, m: (np.prod(x, where=m), np.prod(x, where=m, initial=2.0)),
    "max": lambda x, m: (np.max(x, where=m, initial=0.1), x.max(initial=9.0, where=m)),
    "min": lambda x, m: (np.min(x, where=m, initial=0.1), np.amin(x, where=m, initial=np.inf)),
    "truth": lambda x, m: (np.any(x > 1, where=m), np.all(x > 0.2, where=m), x.any(where=m)),
    "of truth": lambda x, m: (np.max(x > 1, where=m, initial=False), np.sum(x > 1, where=m)),
    "initial": lambda x, m: (np.max(x, initial=1.0), np.sum(x, initial=1.0), np.min(x, initial=-1)),
    "fixed mask": lambda x, m: (
        np.sum(x, where=CONSTANT > 0),
        np.mean(x, where=[1, 0, 0, 1] > [0]),
    ),
    "constants": lambda x, m: (np.sum(CONSTANT, where=m), CONSTANT.sum(where=m)),
    "numbers": lambda x, m: (np.sum(x, where=True), np.max(x, where=True), np.sum(x, 0, where=m)),
}
MOMENTS: dict[str, Callable[[Any, Any], Any]] = {
    "mean": lambda x, m: (np.mean(x, where=m), x.mean(where=m), np.mean(x > 1, where=m)),
    "var": lambda x, m: (np.var(x, where=m), np.var(x, where=m, ddof=1), x.std(where=m)),
    "complex": lambda x, m: (np.mean(1j * x, where=m), np.var(x + 1j, where=m)),
    "dtype": lambda x, m: np.mean(x, dtype=np.float32, where=m),
}
IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "divide": lambda a, b: np.divide(a, b, out=np.zeros_like(a), where=b != 0),
    "log": lambda a, b: np.log(a, out=np.full_like(a, -1.0), where=a > 0),
    "constants": lambda a, b: np.divide(b, CONSTANT, out=np.zeros(4), where=CONSTANT != 0),
    "constants by a mask": lambda a, b: np.sqrt(CONSTANT - 1, out=b * 2, where=a + 1 < CONSTANT),
    "fixed": lambda a, b: a * np.reciprocal(CONSTANT, out=np.zeros(4), where=CONSTANT > 0),
    "two results": lambda a, b: np.modf(a, out=(b * 1, b * 2), where=a > 0),
    "broadcast": lambda a, b: np.sqrt(
        a, out=np.zeros((3, 4)), where=(a > 0) & (np.ones((3, 1)) > 0)
    ),
    "always": lambda a, b: np.exp(a, where=True),
}


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("x", [X, Y, np.zeros(4)], ids=["x", "y", "zeros"])
def test_reductions(name: str, x: Any) -> None:
    """Elements at which the mask does not hold are left out."""
    assert_traced(lambda x: REDUCTIONS[name](x, x > 0), x)


@pytest.mark.parametrize("name", MOMENTS)
@pytest.mark.parametrize("x", [X, np.array([2.0, 3.0, -1.0, -2.0])], ids=["three", "two"])
def test_moments(name: str, x: Any) -> None:
    """Means and variances are of as many elements as the mask holds for."""
    assert_traced(lambda x: MOMENTS[name](x, x > 0), x)


def test_axes() -> None:
    """Masks broadcast against the array, and reductions go over any axes."""

    def f(x: Any) -> Any:
        a = np.stack([x, x**2 + 1])
        m = a > 0.2
        return (
            np.sum(a, axis=0, where=m),
            np.mean(a, axis=1, where=m, keepdims=True),
            np.mean(a, where=m[:, :1]),
            np.max(a, axis=1, where=m, initial=-1.0),
            np.min(a, axis=(0, 1), where=x > 0, initial=7),
            np.prod(a, 1, where=m),
            np.max(a[:, :0], axis=1, initial=3.0),
        )

    for x in (X, X[::-1].copy()):
        assert_traced(f, x)


def test_integers() -> None:
    """Sums and extrema of integers stay integers; means are floating."""

    def f(x: Any) -> Any:
        n = np.floor(3 * x).astype(int)
        m = n > 0
        return np.sum(n, where=m), np.max(n, where=m, initial=-5), np.mean(n, where=m)

    assert_traced(f, X)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", IN_PLACE)
def test_written(name: str) -> None:
    """A ufunc with ``where=`` keeps what ``out=`` held elsewhere, and returns that array."""
    function = IN_PLACE[name]

    def f(a: Any, b: Any) -> Any:
        return function(a, b)

    for a, b in POINTS:
        assert_traced(f, a, b)


def test_same_array() -> None:
    """The array given as ``out=`` is changed, and is the result."""

    def f(x: Any) -> Any:
        y = x * 2
        part = y[1:]
        z = np.sqrt(x[1:], out=part, where=x[1:] > 0)
        z[0] = 9.0
        return y

    assert_traced(f, np.array([1.0, 2.0, -3.0]))


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_derivatives(mode: str) -> None:
    """Derivatives are finite beside a division by zero and a root of a negative number."""
    a, b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.0, -1.0])

    def f(a: Any, b: Any) -> Any:
        quotient = np.divide(a, b, out=np.zeros_like(a), where=b != 0)
        root = np.sqrt(b, out=np.zeros_like(b), where=b > 0)
        return np.sum(quotient) + np.sum(root) + np.mean(np.log(b), where=b > 0)

    graph = ga.trace(f, a, b)
    by_a, by_b = graph.diff(wrt=("a", "b"), mode=mode)(a, b)
    np.testing.assert_allclose(by_a, [0.5, 0.0, -1.0])
    np.testing.assert_allclose(by_b, [-0.25 + 0.5 / np.sqrt(2) + 0.5, 0.0, -3.0])
    for way in (
        graph.diff(wrt=("b",), mode=mode, order=2),
        graph.diff(wrt=("b",), order=2).compile(),
    ):
        found = np.diagonal(np.squeeze(way(a, b)))
        np.testing.assert_allclose(found, [0.25 - 0.25 / 2**1.5 - 0.25, 0.0, -6.0], atol=1e-15)


REFUSED: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "no out": (
        lambda x: np.log(x, where=x > 0),
        "np.log with where= leaves elements of the result undefined",
        "say what the others are: out=np.zeros_like(x); or write np.where(condition, np.log(...)",
    ),
    "half of out": (
        lambda x: np.modf(x, out=(x * 1, None), where=x > 0),
        "np.modf with where= leaves elements",
        "np.where(condition, np.modf(...), other)",
    ),
    "plain array": (
        lambda x: np.log(x, out=CONSTANT, where=x > 0),
        "a traced value is assigned into a plain array",
        "make the array inside the traced function",
    ),
    "no bound": (
        lambda x: np.max(x, where=x > 0),
        "np.max with where= needs initial=",
        "write np.max(x, where=mask, initial=-np.inf)",
    ),
    "running": (
        lambda x: np.logaddexp.reduce(x, where=x > 0),
        "np.logaddexp.reduce with where= is not supported",
        "in place of the elements that are left out",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """What would leave elements undefined is refused, with what to write instead."""
    function, what, instead = REFUSED[name]
    with pytest.raises(TraceError, match=re.escape(what)) as caught:
        ga.trace(function, X)
    assert instead in str(caught.value)
