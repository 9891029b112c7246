"""What a mask selects that depends on the inputs: reading, writing, derivatives, misuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import floats

import graphad as ga
from graphad.errors import TraceError
from tests.tracing.comparison import assert_traced

Function = Callable[[Any, Any], Any]

WEIGHTS = np.array([1.0, 2.0, 3.0, 4.0])
POINTS = [
    np.array([0.3, 1.2, -0.4, 2.0]),
    np.array([0.0, 1.5, -1.0, 0.7]),
    np.array([0.0, 0.0, -2.0, 5.0]),
    np.array([1.0, 1.0, 1.0, 1.0]),
    np.array([-1.0, 0.0, -0.0, -2.0]),
]
ROWS = [
    np.array([[1.0, 2.0], [0.0, 0.0], [3.0, -1.0]]),
    np.array([[0.0, 0.0], [0.5, 0.0], [0.0, 2.0]]),
    np.array([[0.4, -0.7], [1.2, 0.3], [-2.0, 1.0]]),
]


# Functions of an array and of a mask: traced with a mask that depends on the array, and with the
# mask that it is at a point, which is plain indexing and does not compute what is not selected.


def logarithm(x: Any, m: Any) -> Any:
    """The usual way to leave out where a function is not defined."""
    y = np.zeros_like(x)
    y[m] = np.log(x[m])
    return y


def chained(x: Any, m: Any) -> Any:
    """Functions, each infinite or undefined where nothing is selected."""
    y = x * 1
    y[m] = np.sqrt(np.log1p(np.sqrt(x[m]))) / x[m] ** 1.5
    return y


def both_sides(x: Any, m: Any) -> Any:
    """A mask and its complement."""
    y = np.empty_like(x)
    y[m] = np.sqrt(x[m])
    y[~m] = np.exp(-1 / (x[~m] - 0.1))
    return y


def in_place(x: Any, m: Any) -> Any:
    """Operators in place, on what the mask selects of an array."""
    y = x**2
    y[m] *= 2
    y[m] += np.sqrt(x[m]) * np.exp(x[3])
    y[m] -= 1
    y[m] /= x[m]
    y[m] **= 2
    return y


def extrema(x: Any, m: Any) -> Any:
    """Choices among what is selected, above functions that are infinite elsewhere."""
    y = np.zeros_like(x)
    root = np.sqrt(x[m])
    y[m] = np.log(np.maximum(root, 0.0)) + 1 / np.abs(np.clip(np.cbrt(x[m]), 0.0, 5.0))
    y[m] += np.where(root > 1, np.log(root), 2 * root)
    return y


def narrowed(x: Any, m: Any) -> Any:
    """Masks among what is selected, read and written."""
    s = x[m]
    t = s.copy()
    t[t > 1] = np.sqrt(t[t > 1] - 1)
    t[t < 0.5] = 0.25
    y = np.zeros_like(x)
    y[m] = t
    return y + np.sum(np.log(s[s > 1]))


def with_scalars(x: Any, m: Any) -> Any:
    """Traced numbers beside a selection: their derivatives are sums over what is selected."""
    c = np.sum(x**2)
    return np.sum(np.sqrt(x[m] * c) * np.log(x[m] / c)) + np.sum(x[m] ** c) + np.sum(c * x[m])


def lengths(a: Any, m: Any) -> Any:
    """The lengths of selected rows."""
    y = np.zeros(len(a))
    y[m] = np.sqrt(np.sum(a[m] ** 2, axis=1))
    return y


def unit_rows(a: Any, m: Any) -> Any:
    """Selected rows by their lengths, which broadcast."""
    y = np.zeros_like(a)
    y[m] = a[m] / np.sqrt(np.sum(a[m] ** 2, axis=-1, keepdims=True))
    return y


def columns(a: Any, m: Any) -> Any:
    """Columns of selected rows."""
    y = a * 1
    y[m, 0] = np.sqrt(np.hypot(a[m, 0], a[m][:, 1]))
    y[m, 1:] += np.log(np.sqrt(a[m][:, 0] ** 2 + a[m][..., 1] ** 2))[:, None]
    return y


def whole_rows(a: Any, m: Any) -> Any:
    """A row written into all selected rows, and numbers into parts of them."""
    y = a * 1
    y[m] = np.array([1.0, 2.0]) * a[0] ** 2
    y[m, 1:] -= 5.0
    y[m] *= np.array([[2.0, 3.0]])
    return y


def grid(a: Any, m: Any) -> Any:
    """A mask of two dimensions."""
    y = np.zeros_like(a)
    y[m] = np.log(a[m])
    return y * a


def positive(x: Any) -> Any:
    """The mask of positive elements."""
    return x > 0


def no_zero_rows(a: Any) -> Any:
    """The mask of rows that are not zero."""
    return np.sum(a * a, axis=1) > 0


ONE = [logarithm, chained, both_sides, in_place, extrema, narrowed, with_scalars]
TWO = [lengths, unit_rows, columns, whole_rows]
CASES = [
    *[pytest.param(f, positive, POINTS, id=f.__name__) for f in ONE],
    *[pytest.param(f, no_zero_rows, ROWS, id=f.__name__) for f in TWO],
    pytest.param(grid, positive, ROWS, id="grid"),
]
WAYS: dict[str, Callable[[Any, int], Any]] = {
    "forward": lambda g, order: g.diff(mode="forward", order=order),
    "reverse": lambda g, order: g.diff(mode="reverse", order=order),
    "bare reverse": lambda g, order: g.diff(mode="reverse", order=order, optimize=False),
    "nested": lambda g, order: _nested(g, order),
    "compiled": lambda g, order: g.diff(order=order).compile(),
}


def _nested(graph: Any, order: int) -> Any:
    first = graph.diff(mode="reverse")
    return first.diff(mode="forward") if order == 2 else first


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("function", "mask", "points"), CASES)
def test_value(function: Function, mask: Any, points: Any) -> None:
    """One graph gives what NumPy gives, at points at which the mask selects other elements."""
    graph = ga.trace(lambda x: function(x, mask(x)), points[-1])
    for x in points:
        np.testing.assert_allclose(graph(x), function(x.copy(), mask(x)), rtol=1e-12)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("function", "mask", "points"), CASES)
def test_derivatives(function: Function, mask: Any, points: Any, way: str) -> None:
    """Derivatives are those of indexing by the mask as it is, finite beside what is singular."""
    graph = ga.trace(lambda x: function(x, mask(x)), points[0])
    for order in (2,) if way == "compiled" else (1, 2):
        derivative = WAYS[way](graph, order)
        for x in points:
            selected = mask(x)
            fixed = ga.trace(lambda z, m=selected: function(z, m), x)
            wanted = fixed.diff(mode="forward", order=order)(x)
            assert np.all(np.isfinite(wanted))
            np.testing.assert_allclose(derivative(x), wanted, rtol=1e-9, atol=1e-11)


@given(arrays(np.float64, (2, 3), elements=floats(-2, 2, width=16)))
def test_batched(x: Any) -> None:
    """Each point of a batch has a mask of its own."""
    graph = ga.trace(lambda v: (np.sum(v[v > 0] ** 3), np.max(np.abs(v[v < 1]))), x[0])
    gradient = graph.diff(mode="reverse")
    for derived in (graph, gradient):
        batched = derived.batch(2)(x)
        for i in range(2):
            for found, wanted in zip(batched, derived(x[i]), strict=True):
                np.testing.assert_allclose(found[i], wanted)


def test_plain_form() -> None:
    """What is finite everywhere becomes one `where`, as if written by hand."""

    def doubled(x: Any) -> Any:
        y = x * 3
        y[x > 0] *= 2
        return y

    def by_hand(x: Any) -> Any:
        y = x * 3
        return np.where(x > 0, y * 2, y)

    texts = [str(ga.trace(f, POINTS[0])).replace("by_hand", "doubled") for f in (doubled, by_hand)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_dtypes(dtype: Any) -> None:
    """Selections have the dtype of the array, and what is written is cast."""
    x = np.array([0.5, -1.5, 2.0], dtype)

    def f(x: Any) -> Any:
        y = np.zeros_like(x)
        m = x.real > 0
        y[m] = np.sqrt(x[m]) + 1
        s = x[m].astype(dtype)
        s += 1
        return y, np.sum(s), np.mean(x[m]), np.prod(s.real), x[~m].imag.sum()

    assert_traced(f, x)


def test_copies() -> None:
    """A selection is a copy: it keeps what was there, and is changed in place by itself."""

    def f(x: Any) -> Any:
        y = x.copy()
        s = y[y > 0]
        alias, other = s, s.copy()
        y[...] = 7.0
        s *= 2
        s[s > 3] = 0.0
        s[:] += 1
        np.sqrt(s, out=s)
        return np.sum(alias), np.sum(other), np.max(np.asarray(s)), y

    assert_traced(f, POINTS[0])


def test_captured_arrays() -> None:
    """Arrays from outside of the function are selected from by the same mask."""
    integers = np.array([1, 2, 3, 4])

    def f(x: Any) -> Any:
        m = x > 0
        picked = WEIGHTS[np.argmax(x)]
        return np.sum(WEIGHTS[m] * x[m]), np.sum(integers[m]), picked * x

    for x in POINTS:
        assert_traced(f, x)


def test_loops() -> None:
    """Selections are made in the body of a loop, and used there when made outside of it."""

    def f(x: Any) -> Any:
        outside = x > 0
        root = np.sqrt(x[outside])

        def body(carried: Any, i: Any) -> Any:
            new = carried.copy()
            new[outside] *= root
            new[new < 0] = WEIGHTS[new < 0]
            return new * 0.9, np.sum(carried[carried > 1]) + np.sum(root)

        return ga.scan(body, x, np.arange(3))

    def plain(x: Any) -> Any:
        root, carried, sums = np.sqrt(x[x > 0]), x, []
        for _ in range(3):
            sums.append(np.sum(carried[carried > 1]) + np.sum(root))
            carried = carried.copy()
            carried[x > 0] *= root
            carried[carried < 0] = WEIGHTS[carried < 0]
            carried = carried * 0.9
        return carried, np.array(sums)

    for x in POINTS[:3]:
        for found, wanted in zip(ga.trace(f, x)(x), plain(x), strict=True):
            np.testing.assert_allclose(found, wanted)


X = np.array([0.3, 0.7, 1.1])
UNKNOWN = "how many elements this selects depends on the inputs"
NO_NUMBER = "how many elements this mask selects depends on the inputs, and is no Python number"
MIXED = "this mixes what different masks select"
SHAPE = "np.where(mask, x, 0.0), which keeps the shape"


def _written(y: Any, index: Any, new: Any) -> Any:
    y = y * 1
    y[index] = new
    return y


MISUSE: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "returned": (lambda x: x[x > 0], UNKNOWN, SHAPE),
    "length": (lambda x: len(x[x > 0]) * x, NO_NUMBER, "np.sum(mask), which is a traced count"),
    "shape": (lambda x: x[x > 0].shape[0] * x, NO_NUMBER, "x[mask].size"),
    "iterated": (lambda x: sum(x[x > 0]), UNKNOWN, SHAPE),
    "element": (lambda x: x[x > 0][0], UNKNOWN, SHAPE),
    "element written": (lambda x: _written(x[x > 0], 0, 1.0), UNKNOWN, SHAPE),
    "joined": (lambda x: np.concatenate([x[x > 0], x]), UNKNOWN, SHAPE),
    "listed": (lambda x: np.array([x[x > 0]]), UNKNOWN, SHAPE),
    "sorted": (lambda x: np.sort(x[x > 0]), "np.sort of what a mask selects is not", SHAPE),
    "sorted in place": (lambda x: x[x > 0].sort(), UNKNOWN, SHAPE),
    "reshaped": (lambda x: x[x > 0].reshape(-1, 1), "np.reshape of what a mask selects", SHAPE),
    "product": (lambda x: x[x > 0] @ np.ones(2), UNKNOWN, SHAPE),
    "other masks": (lambda x: x[x > 0] * x[x > 1], MIXED, "y[mask] = f(x[mask])"),
    "other axes": (lambda x: np.outer(x, x)[x > 0] * x[x > 0], MIXED, "y[mask] = f(x[mask])"),
    "other mask written": (lambda x: _written(x, x > 0, x[x > 1]), MIXED, "by one mask"),
    "all in place": (lambda x: x[x > 0].fill_with(x[x > 1]), MIXED, "by one mask"),
    "narrowed otherwise": (lambda x: x[x > 0][x[x > 1] > 1], MIXED, "by one mask"),
    "with all": (
        lambda x: x[x > 0] * x,
        "together with an array of shape (3,)",
        "x[mask] * y[mask]",
    ),
    "all written": (lambda x: _written(x, x > 0, x), "which elements this assigns", "x[mask] = 0"),
    "second axis": (lambda x: np.outer(x, x)[:, x > 0], UNKNOWN, SHAPE),
    "second axis written": (lambda x: _written(np.outer(x, x), (0, x > 0), 1.0), UNKNOWN, SHAPE),
    "no axes": (lambda x: x[x[0] > 0], UNKNOWN, SHAPE),
    "too short": (lambda x: x[x[:2] > 0], "a mask of shape (2,) does not fit", "whole array"),
    "positions": (lambda x: x[np.nonzero(x > 0)], "whose length depends on an input", "np.where"),
    "truth": (lambda x: 1.0 if x[x > 0].size > 1 else x, "whether a traced value is true", ""),
    "key": (lambda x: {x[x > 0]: 1}, "a traced value cannot be a key", ""),
}


@pytest.mark.parametrize("name", MISUSE)
def test_misuse(name: str) -> None:
    """What needs the number of elements is refused, with what to write instead."""
    function, what, instead = MISUSE[name]
    with pytest.raises(TraceError, match=re.escape(what)) as caught:
        ga.trace(function, X)
    assert instead in str(caught.value)


def test_text() -> None:
    """A selection says what it is when printed, and its kind and dtype are known."""
    seen = []

    def f(x: Any) -> Any:
        s = np.outer(x, x)[x > 0]
        seen.append((f"{s}", s.ndim, str(s.dtype), isinstance(s, np.ndarray)))
        return np.sum(s)

    ga.trace(f, X)
    assert seen[0] == ("<traced f64[3,3], elements selected by a mask>", 2, "float64", True)
