"""Functions that derivatives of any order are tested with, and derivatives by differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import mpmath
import numpy as np

import graphad as ga
from graphad.evaluate import precise
from graphad.ir import Graph, Node
from graphad.op import Array
from graphad.passes.entries import Entry, MultiIndex

DIGITS = 160
STEP = 25
"""Steps of differences are 10 to the power minus this, so that what they leave out is 1e-50."""


@dataclass(frozen=True)
class Case:
    """A function and a point.

    Parameters
    ----------
    function : callable
        Of arrays.
    point : tuple of array
        Its arguments.
    orders : sequence of int
        Orders to test.
    """

    function: Callable[..., Any]
    point: tuple[Any, ...]
    orders: Sequence[int] = (1, 2, 3)

    @cached_property
    def graph(self) -> Any:
        """The function as a graph."""
        return ga.trace(self.function, *self.point)


def _units(x: Any) -> Any:
    draw = np.random.default_rng(0)
    w, b, v = draw.uniform(-1, 1, (3, 3)), draw.uniform(-1, 1, 3), draw.uniform(-1, 1, 3)
    return v @ np.tanh(w @ x + b)


def _mixed(x: Any) -> Any:
    x, y, z = x
    return np.sin(x * y) * np.exp(z) + np.log(1 + x * x + y * y) / (1 + x * x * z * z)


def _pairs(x: Any) -> Any:
    p = x.reshape(-1, 2)
    i, j = np.triu_indices(len(p), 1)
    d = p[i] - p[j]
    s = np.sum(d * d, axis=-1) ** -3
    return np.sum(s * s - s)


def _branches(x: Any) -> Any:
    low, high = np.minimum(x[0], x[1] ** 3), np.maximum(x[1] * x[2], np.abs(x[0] * x[2]))
    return np.where(x[0] > 0, low * high, np.exp(x[1])) + np.where(x[1] > 0, x[2] ** 2, 0.0)


def _rows(x: Any, y: Any) -> Any:
    return np.stack([x[0] * y, np.exp(x[1])]), y**3 / x[0], x[1] + 2.0


P3 = np.array([0.7, -0.4, 1.2])
CASES: dict[str, Case] = {
    "product": Case(lambda x: x[0] * x[1] * x[2] * x[3], (np.array([0.5, 2.0, -1.5, 0.8]),)),
    "units": Case(_units, (P3,)),
    "log-sum-exp": Case(lambda x: np.log(np.sum(np.exp(x))), (P3,), (1, 2, 3, 4)),
    "mixed": Case(_mixed, (P3,)),
    "pairs": Case(_pairs, (np.array([0.0, 0.1, 1.1, 0.2, 0.4, 1.3]),), (1, 2)),
    "rosenbrock": Case(
        lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2), (P3,), (2, 3, 4)
    ),
    "branches": Case(_branches, (P3,)),
    "several rows and inputs": Case(_rows, (np.array([0.6, 0.9]), np.float64(1.3))),
    "one scalar": Case(lambda x: np.exp(np.sin(x)) / (1 + x * x), (np.float64(0.4),), (1, 2, 4)),
    "power of a power": Case(lambda x, y: x ** (y * x), (np.float64(1.3), np.float64(0.6))),
    "angle and length": Case(
        lambda x: np.arctan2(x[0], x[2]) * np.hypot(x[0] + x[1], x[2]), (P3,), (1, 2)
    ),
    "equal factors": Case(lambda x: np.prod(x[[0, 1, 0, 2, 0]]) - x[1] ** 3, (P3,)),
    "square of a node": Case(lambda x: (x[0] * x[1]) * (x[0] * x[1]) * np.sin(x[0] * x[1]), (P3,)),
    "real powers and roots": Case(lambda x: np.sqrt(x[0]) * x[2] ** 2.5 / np.cbrt(x[0]), (P3,)),
    "ignored input": Case(lambda x, y: np.sum(x**2), (P3[:2], P3)),
    "linear": Case(lambda x: np.array([2.0, -1.0, 0.5]) @ x + 3.0, (P3,)),
    "identity": Case(lambda x: x, (P3[:2],), (1, 2)),
    "constant": Case(lambda x: np.ones(2), (P3,), (1, 2)),
}
"""Smooth around their points; every kind of edge case is among them."""


def differences(graph: Graph, point: Sequence[Any], entries: Sequence[Entry]) -> list[Any]:
    """Return entries of a derivative by central differences, right to about 50 digits.

    Nothing but the values of the function is used.

    Parameters
    ----------
    graph : Graph
        The function; its derivatives are by all inputs.
    point : sequence of array
        A value for each input.
    entries : sequence of (int, tuple of int)
        Rows and multi-indices.
    """
    mp = mpmath.mp.clone()
    mp.dps = DIGITS
    step = mp.mpf(10) ** -STEP
    start = [mp.mpf(float(x)) for array in point for x in np.ravel(array)]
    shapes = [np.shape(array) for array in point]
    known: dict[tuple[int, ...], list[Any]] = {}

    def rows_at(shift: tuple[int, ...]) -> list[Any]:
        if shift not in known:
            moved = iter([x + k * step for x, k in zip(start, shift, strict=True)])
            args = []
            for shape in shapes:
                array = np.empty(shape, dtype=object)
                for at in np.ndindex(shape):
                    array[at] = next(moved)
                args.append(array)
            outputs = precise(graph, args, DIGITS)
            known[shift] = [value for array in outputs for value in np.ravel(array)]
        return known[shift]

    def derivative(row: int, index: MultiIndex) -> Any:
        found = mp.mpf(0)
        for signs in product((1, -1), repeat=len(index)):
            shift = [0] * len(start)
            for i, sign in zip(index, signs, strict=True):
                shift[i] += sign
            found += int(np.prod(signs)) * rows_at(tuple(shift))[row]
        return found / (2 * step) ** len(index)

    return [derivative(row, index) for row, index in entries]


def agree(found: Array, wanted: Sequence[Any], tolerance: float = 1e-12) -> None:
    """Assert that values are equal, relative to the largest of them and to 1."""
    exact = np.array([float(value) for value in wanted])
    assert np.shape(found) == exact.shape
    found = np.asarray(found, dtype=float)
    if exact.size:
        scale = max(1.0, float(np.max(np.abs(exact))))
        np.testing.assert_allclose(found, exact, rtol=0, atol=tolerance * scale)


def nonzero(graph: Graph, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that are not the constant 0 in the graph of a vector of them."""
    packed = graph.outputs[0]
    if packed.op.name != "pack":
        return []
    return [entry for entry, node in zip(entries, packed.inputs, strict=True) if not _is_zero(node)]


def _is_zero(node: Node) -> bool:
    return node.op.name == "const" and not node.attrs[0].array.any()
