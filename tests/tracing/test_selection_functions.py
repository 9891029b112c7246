"""NumPy's functions of what a mask selects: which are supported, and what they give."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import graphad as ga
from graphad.errors import TraceError
from tests.tracing.comparison import assert_traced

POINTS = [np.array([0.3, 1.2, -0.4, 2.0]), np.array([-0.5, 1.5, -1.0, 0.7])]
WEIGHTS = np.array([1.0, 2.0, 3.0, 4.0])
ROWS = [
    np.array([[0.4, -0.7], [1.2, 0.3], [-2.0, 1.0]]),
    np.array([[-0.4, 0.7], [0.2, 1.3], [2.0, -1.0]]),
]

REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "sums": lambda s: (s.sum(), np.sum(s), np.sum(s, axis=0), np.sum(s, keepdims=True)),
    "means": lambda s: (s.mean(), np.mean(s**2), np.average(s), np.average(s, weights=s**2)),
    "extrema": lambda s: (s.max(), s.min(), np.max(s), np.amin(s), np.ptp(s), np.max(s > 1)),
    "products": lambda s: (s.prod(), np.prod(s)),
    "spread": lambda s: (s.std(), s.var(), np.std(s), np.var(s, ddof=0)),
    "truth": lambda s: (np.any(s > 1), np.all(s > 0.5), (s < 1).any(), (s > 0).all()),
    "counts": lambda s: (s.size, np.count_nonzero(s > 1), np.sum(s > 1), (s > 1).mean()),
    "inner products": lambda s: (s @ s, np.dot(s, s), s.dot(2 * s), np.inner(s, s)),
    "norms": lambda s: (np.linalg.norm(s), *[np.linalg.norm(s, n) for n in (1, 2, np.inf)]),
    "ufuncs": lambda s: (np.add.reduce(s), np.multiply.reduce(s), np.maximum.reduce(s)),
    "initial": lambda s: (np.max(s, initial=0.5), np.sum(s, initial=2.0), np.prod(s, initial=3)),
    "where": lambda s: (np.sum(s, where=True), np.max(np.round(s).astype(int))),
}
ELEMENTWISE: dict[str, Callable[[Any], Any]] = {
    "operators": lambda s: -s + 2 * s / 3 - s**2 % 0.7 // 0.1 + abs(s) ** s - 1 / s,
    "reflected": lambda s: np.float64(2) ** s + np.array([3.0]) * s + np.array(2.0) * s,
    "ufuncs": lambda s: np.exp(s) + np.hypot(s, 2) + np.arctan2(s, s + 1) + np.maximum(s, 1),
    "choices": lambda s: np.where(s > 1, s, 0.5) + np.clip(s, 0.5, 1.5) + s.clip(max=1.0),
    "rounding": lambda s: np.round(s, 1) + np.floor(s) + s.round(),
    "parts": lambda s: np.modf(s)[0] + divmod(s, 0.3)[1] + s.real + s.imag + s.conj() + np.real(s),
    "like": lambda s: np.ones_like(s) + np.zeros_like(s) + np.full_like(s, 2.0) * s,
    "others": lambda s: np.sinc(s) + np.nan_to_num(s) + np.interp(s, [0, 1, 2], [0, 3, 5]),
    "polynomial": lambda s: np.polyval([1.0, 2.0, 3.0], s),
    "copies": lambda s: np.array(s) + np.asarray(s, float) + np.copy(s) + s.copy() + s.flatten(),
    "raveled": lambda s: np.ravel(s) + np.atleast_1d(s) + s.ravel() + s[:] + s[...],
    "special": lambda s: special.erf(s) + special.gammaln(s) + special.expit(s),
    "booleans": lambda s: s * ((s > 1) & ~(s > 1.5) | (s < 0.4)) + (s == s),
}
BY_ROWS: dict[str, Callable[[Any], Any]] = {
    "sums": lambda s: (s.sum(), np.sum(s, axis=0), s.sum(axis=(0, 1)), s.mean(axis=0)),
    "kept": lambda s: (np.max(s, axis=0, keepdims=True), np.min(s, axis=-2), s.std(axis=0)),
    "of rows": lambda s: (s.sum(axis=1).prod(), s.max(axis=-1).sum(), s.std(axis=1).max()),
    "norms": lambda s: (
        np.linalg.norm(s, axis=1).sum(),
        np.sum(s / np.linalg.norm(s, 1, -1)[:, None]),
    ),
    "matrix": lambda s: (np.sum(s @ np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0), (s @ s_row).max()),
    "columns": lambda s: (np.sum(s[:, 0] * s[:, 1]), np.sum(s[..., 0]), np.sum(s[:, :, None])),
    "broadcast": lambda s: (np.sum(s * s_row, axis=0), np.sum(s + s_row[None], axis=0), s.size),
}
s_row = np.array([2.0, -1.0])


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str) -> None:
    """Reductions leave out what is not selected, at every point."""
    function = REDUCTIONS[name]
    graph = ga.trace(lambda x: function(x[x > 0]), POINTS[0])
    for x in POINTS:
        for found, wanted in zip(graph(x), function(x[x > 0]), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-13)
        assert_traced(lambda x: function(x[x > 0]), x)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name: str) -> None:
    """Functions of elements are those of the selected elements."""
    function = ELEMENTWISE[name]

    def f(x: Any) -> Any:
        y = np.zeros(len(x))
        m = x > 0
        y[m] = function(x[m])
        return y, np.sum(function(x[m]))

    for x in POINTS:
        assert_traced(f, x)


@pytest.mark.parametrize("name", BY_ROWS)
def test_rows(name: str) -> None:
    """Functions along rows, and of all selected rows."""
    function = BY_ROWS[name]
    for a in ROWS:
        assert_traced(lambda a: function(a[a[:, 0] > 0]), a)


def test_two_dimensions() -> None:
    """A mask of two dimensions selects along one axis, of a third one rows."""

    def f(a: Any) -> Any:
        b = a[:, :, None] * np.array([1.0, 2.0])
        m = a > 0
        return (
            a[m].sum(axis=0),
            b[m].max(axis=0),
            b[m].sum(axis=1).mean(),
            b[m].mean(0, keepdims=True),
        )

    for a in ROWS:
        assert_traced(f, a)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nothing_selected() -> None:
    """Of nothing the sum is 0, the mean NaN, and extrema are infinite; derivatives are zeros."""
    x = np.array([-1.0, -2.0])

    def f(x: Any) -> Any:
        s = x[x > 0]
        return np.sum(np.log(s)), np.prod(s), np.max(s), np.min(s)

    graph = ga.trace(f, -x)
    assert graph(x) == (0.0, 1.0, -np.inf, np.inf)
    for mode in ("forward", "reverse"):
        gradients = graph.diff(mode=mode)(x)
        np.testing.assert_array_equal(gradients, np.zeros_like(gradients))
    assert np.isnan(ga.trace(lambda x: x[x > 0].mean(), -x)(x))


def test_ties() -> None:
    """Elements that attain a maximum share its derivative, if they are selected."""
    graph = ga.trace(lambda x: np.max(-np.abs(x[x < 2])), np.array([1.0, -1.0, 3.0]))
    for mode in ("forward", "reverse"):
        np.testing.assert_array_equal(
            graph.diff(mode=mode)(np.array([1.0, -1.0, 3.0])), [-0.5, 0.5, 0.0]
        )


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "median": (lambda s: np.median(s), "np.median of what a mask selects is not supported"),
    "cumsum": (lambda s: np.cumsum(s), "np.cumsum of what a mask selects is not supported"),
    "transposed": (lambda s: s.T, "np.transpose of what a mask selects is not supported"),
    "axis": (lambda s: np.sum(s, axis=1), "axis 1 is out of range for 1 dimensions"),
    "outer": (lambda s: s[:, None] * s, "this mixes what different masks select"),
    "order of a norm": (lambda s: np.linalg.norm(s, 3), "how many elements this selects"),
    "weights": (lambda s: np.average(s, weights=np.ones(2)), "how many elements this selects"),
    "product": (lambda s: np.matmul(np.ones((2, 2)), s), "how many elements this selects"),
    "points": (lambda s: np.interp(0.5, s, [0.0, 1.0]), "this mixes what different masks select"),
    "complex": (lambda s: np.max(s * 1j), "the largest or smallest of some complex numbers"),
    "too many": (lambda s: np.mean(s, 0, None, None, False, 1), "np.mean takes 5 arguments, not 6"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """What is no function of elements and no reduction is refused."""
    function, what = REFUSED[name]
    with pytest.raises(TraceError, match=re.escape(what)):
        ga.trace(lambda x: function(x[x > 0]), POINTS[0])
