"""The table of conventions says what derivatives are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphad as ga

TEXT = (Path(__file__).parents[1] / "docs" / "conventions.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(.*)` \| (\S+) \| (\S+) \|$", TEXT, re.MULTILINE)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs(x)": lambda x: abs(x),
    "sign(x)": lambda x: np.sign(x),
    "floor(x)": lambda x: np.floor(x),
    "maximum(x, 0)": lambda x: np.maximum(x, 0.0),
    "minimum(x, 0)": lambda x: np.minimum(x, 0.0),
    "clip(x, 0, 1)": lambda x: np.clip(x, 0.0, 1.0),
    "maximum(x, x)": lambda x: np.maximum(x, x),
    "where(x > 0, x, 0)": lambda x: np.where(x > 0, x, 0.0),
    "where(x > 0, sqrt(x), 0)": lambda x: np.where(x > 0, np.sqrt(x), 0.0),
    "sqrt(x)": lambda x: np.sqrt(x),
    "cbrt(x)": lambda x: np.cbrt(x),
    "log(x)": lambda x: np.log(x),
    "x**0": lambda x: x**0,
    "x**1.5": lambda x: x**1.5,
    "hypot(x, 0)": lambda x: np.hypot(x, 0.0),
    "sort([x, 1])[0]": lambda x: np.sort(np.array([x, 1.0]))[0],
    "sort([1, x])[0]": lambda x: np.sort(np.array([1.0, x]))[0],
    "[x, 1][argmax([x, 1])]": lambda x: np.array([x, 1.0])[np.argmax([x, 1.0])],
    "median([0, x, 3, 5])": lambda x: np.median([0.0, x, 3.0, 5.0]),
    "quantile([0, x, 3], 0.5)": lambda x: np.quantile([0.0, x, 3.0], 0.5),
    "interp(x, [0, 1, 2], [0, 1, 3])": lambda x: np.interp(x, [0, 1, 2], [0, 1, 3]),
    "interp(x, [0, 1], [0, 1])": lambda x: np.interp(x, [0, 1], [0, 1]),
    "heaviside(x, 0.5)": lambda x: np.heaviside(x, 0.5),
    "x // 2": lambda x: x // 2,
    "mod(x, 2)": lambda x: np.mod(x, 2.0),
    "mod(8, x)": lambda x: np.mod(8.0, x),
    "round(x, 1)": lambda x: np.round(x, 1),
    "modf(x)[0]": lambda x: np.modf(x)[0],
    "frexp(x)[0]": lambda x: np.frexp(x)[0],
    "copysign(x, -1)": lambda x: np.copysign(x, -1.0),
    "x * x.astype(int)": lambda x: x * x.astype(int),
}


EDGES = re.findall(r"^\| `(.*)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)


def _logsumexp(x: Any) -> Any:
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


EDGE_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "where(x > 0, sqrt(x), 0)": lambda x: np.where(x > 0, np.sqrt(x), 0),
    "where(x == 0, 1, sin(x) / x)": lambda x: np.where(x == 0, 1, np.sin(x) / x),
    "where(x > 0, x * log(x), 0)": lambda x: np.where(x > 0, x * np.log(x), 0),
    "m + log(sum(exp(x - m))), m = max(x)": _logsumexp,
    "logaddexp(0, x)": lambda x: np.logaddexp(0, x),
    "log(sum(exp(x)))": lambda x: np.log(np.sum(np.exp(x))),
    "log(1 + exp(x))": lambda x: np.log(1 + np.exp(x)),
    "log(cosh(x))": lambda x: np.log(np.cosh(x)),
    "maximum(x, 0) + log1p(exp(-abs(x)))": lambda x: (
        np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    ),
    "where(any(x != 0), norm(x), 0)": lambda x: np.where(np.any(x != 0), np.linalg.norm(x), 0),
    "where(sum(x**2) > 0, sqrt(sum(x**2)), 0)": lambda x: np.where(
        np.sum(x**2) > 0, np.sqrt(np.sum(x**2)), 0
    ),
    "sum(log(x[x > 0]))": lambda x: np.sum(np.log(x[x > 0])),
    "max(x[x > 0])": lambda x: np.max(x[x > 0], initial=-np.inf),
    "sum(divide(1, x, out=zeros, where=x != 0))": lambda x: np.sum(
        np.divide(1.0, x, out=np.zeros_like(x), where=x != 0)
    ),
    "norm(x)": lambda x: np.linalg.norm(x),
    "sqrt(x**2 + y**2)": lambda x: np.sqrt(x[0] ** 2 + x[1] ** 2),
    "std(x)": lambda x: np.std(x),
    "sum(norm(x - y)[pairs])": lambda x: np.sum(
        np.linalg.norm(x[:, None, None] - x[None, :, None], axis=-1)[np.triu_indices(2, 1)]
    ),
    "norm(x)**2": lambda x: np.linalg.norm(x) ** 2,
    "abs(x)**2": lambda x: np.abs(x) ** 2,
    "hypot(x, y)": lambda x: np.hypot(x[0], x[1]),
    "arctan2(x, y)": lambda x: np.arctan2(x[0], x[1]),
    "x**0": lambda x: x**0,
    "0**x": lambda x: 0.0**x,
    "x**y": lambda x: x[0] ** x[1],
    "x**1.5": lambda x: x**1.5,
    "clip(x, 0, 1)": lambda x: np.clip(x, 0, 1),
    "abs(x)": lambda x: np.abs(x),
    "sign(x)": lambda x: np.sign(x),
    "floor(x)": lambda x: np.floor(x),
    "max(x)": lambda x: np.max(x),
    "sqrt(x)": lambda x: np.sqrt(x),
    "x * sqrt(x)": lambda x: x * np.sqrt(x),
}
WAYS: dict[str, Callable[[Any, int], Any]] = {
    "forward": lambda g, order: g.diff(mode="forward", order=order),
    "reverse": lambda g, order: g.diff(mode="reverse", order=order),
    "forward of reverse": lambda g, order: _after(g.diff(mode="reverse"), "forward", order),
    "reverse of forward": lambda g, order: _after(g.diff(mode="forward"), "reverse", order),
    "planned": lambda g, order: g.diff(order=order).plan(),
    "compiled": lambda g, order: g.diff(order=order).compile(),
}


def _after(first: ga.Graph, mode: str, order: int) -> ga.Graph:
    return first.diff(mode=mode) if order == 2 else first


def _numbers(text: str) -> Any:
    values = [float(word) for word in text.split(",")]
    return np.array(values) if len(values) > 1 else values[0]


def test_all_rows_are_tested() -> None:
    """The functions of the tables are those below, in their order."""
    assert [name for name, _, _ in ROWS] == list(FUNCTIONS)
    assert list(dict.fromkeys(name for name, *_ in EDGES)) == list(EDGE_FUNCTIONS)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("name", "point", "gradient", "diagonal"), EDGES, ids=[f"{row[0]} at {row[1]}" for row in EDGES]
)
def test_edge(name: str, point: str, gradient: str, diagonal: str, way: str) -> None:
    """Gradient and Hessian are what the table says, by every way."""
    x = _numbers(point)
    graph = ga.trace(EDGE_FUNCTIONS[name], x)
    for order, wanted in ((1, gradient), (2, diagonal)):
        found = np.asarray(WAYS[way](graph, order)(x))
        found = np.diagonal(found) if found.ndim == 2 else found
        np.testing.assert_allclose(found, _numbers(wanted), rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(("name", "point", "wanted"), ROWS, ids=[row[0] for row in ROWS])
def test_derivative(name: str, point: str, wanted: str, mode: str) -> None:
    """The derivative is what the table says, in both modes."""
    found = ga.trace(FUNCTIONS[name]).diff(mode=mode)(float(point))
    np.testing.assert_array_equal(found, float(wanted))
