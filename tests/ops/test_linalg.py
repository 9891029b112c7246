"""Functions of matrices to order 4: in both modes, nested, batched, as series, and as text.

The reference is mpmath's own linear algebra in 80 digits, and differences of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import factorial
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.evaluate import Program, precise
from graphad.op import Array
from graphad.passes import taylor
from tests.ops.calculus import ORDERS, derivatives_along, floats

FEW, MANY = 3, 20
"""Points of the usual tests, and of the slow ones."""
TOLERANCE = 2e-11
RIGHT = np.array([[0.7, -0.2], [0.4, 1.1]])
TALL = np.array([0.3, -1.2, 0.8])


@dataclass(frozen=True, eq=False)
class Function:
    """A function of one matrix, and the matrices at which it is well conditioned."""

    call: Callable[[Any], Any]
    shape: tuple[int, int] = (2, 2)
    kind: str = "any"

    def points(self, count: int = FEW) -> Array:
        """Return random matrices of condition at most 4, with values that differ."""
        draw = np.random.default_rng([20, *self.shape])
        made = []
        for _ in range(count):
            u, _, vh = np.linalg.svd(draw.normal(size=self.shape), full_matrices=False)
            values = np.array([draw.uniform(1.6, 2.4), draw.uniform(0.6, 1.0)])
            made.append((u * values) @ (u.T if self.kind == "symmetric" else vh))
        return np.array(made)


FUNCTIONS = {
    "solve": Function(lambda a: np.linalg.solve(a, RIGHT)),
    "solve for the matrix on both sides": Function(lambda a: np.linalg.solve(a, a.T)),
    "inv": Function(np.linalg.inv),
    "matrix_power": Function(lambda a: np.linalg.matrix_power(a, -2)),
    "tensorinv": Function(lambda a: np.linalg.tensorinv(a, ind=1)),
    "det": Function(np.linalg.det),
    "slogdet": Function(lambda a: np.linalg.slogdet(a)[1]),
    "pinv, tall": Function(np.linalg.pinv, (3, 2)),
    "pinv, wide": Function(np.linalg.pinv, (2, 3)),
    "cholesky": Function(np.linalg.cholesky, kind="symmetric"),
    "cholesky, upper": Function(lambda a: np.linalg.cholesky(a, upper=True), kind="symmetric"),
    "qr": Function(lambda a: np.concatenate(list(np.linalg.qr(a))), (3, 2)),
    "qr, wide": Function(lambda a: np.linalg.qr(a)[1], (2, 3)),
    "eigvalsh": Function(np.linalg.eigvalsh, kind="symmetric"),
    "eigh": Function(lambda a: np.linalg.eigh(a)[1], kind="symmetric"),
    "svd": Function(lambda a: np.concatenate([*np.linalg.svd(a)[::2]])),
    "svdvals": Function(np.linalg.svdvals, (3, 2)),
    "lstsq": Function(lambda a: np.linalg.lstsq(a, TALL)[0], (3, 2)),
    "residual": Function(lambda a: np.linalg.lstsq(a, TALL)[1], (3, 2)),
    "lstsq, wide": Function(lambda a: np.linalg.lstsq(a, TALL[:2])[0], (2, 3)),
    "norm 2": Function(lambda a: np.linalg.norm(a, 2)),
    "norm -2": Function(lambda a: np.linalg.norm(a, -2)),
    "norm nuc": Function(lambda a: np.linalg.norm(a, "nuc"), (3, 2)),
    "norm fro": Function(np.linalg.norm),
    "vector norm 3": Function(lambda a: np.linalg.norm(a, 3, axis=1)),
    "cond": Function(np.linalg.cond),
    "cond fro": Function(lambda a: np.linalg.cond(a, "fro")),
}


@cache
def graph_of(name: str) -> ga.Graph:
    """Return a function as a graph."""
    function = FUNCTIONS[name]
    return ga.trace(function.call, function.points()[0])


@cache
def line_of(name: str) -> ga.Graph:
    """Return the function along a line, of which derivatives by t are directional."""
    call, example = FUNCTIONS[name].call, FUNCTIONS[name].points()[0]
    return ga.trace(lambda a, v, t: call(a + t * v), example, 0 * example, 0.0)


def directions_of(points: Array) -> Array:
    """Return a direction for each point."""
    return np.random.default_rng(3).uniform(-1, 1, points.shape)


@cache
def reference(name: str, count: int) -> list[Array]:
    """Return derivatives along directions, of orders 1 to 4, at points."""
    points = FUNCTIONS[name].points(count)
    graph = graph_of(name)
    found = [
        derivatives_along(graph, [point], [direction])
        for point, direction in zip(points, directions_of(points), strict=True)
    ]
    return [np.array([one[k][0] for one in found]) for k in range(len(ORDERS))]


def check_orders(name: str, mode: str, count: int) -> None:
    """Assert that derivatives of orders 1 to 4, evaluated as one batch, are right."""
    points = FUNCTIONS[name].points(count)
    graph = line_of(name)
    for order, wanted in zip(ORDERS, reference(name, count), strict=True):
        graph = graph.diff("t", mode=mode)
        found = graph(points, directions_of(points), np.zeros(count))
        scale = max(1.0, float(np.max(abs(wanted))))
        assert np.max(abs(found - wanted)) <= TOLERANCE * scale, order


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values(name: str) -> None:
    """Values are those in 50 digits, and NumPy's."""
    points = FUNCTIONS[name].points()
    graph = graph_of(name)
    exact = np.array([floats(precise(graph, [point])[0]) for point in points])
    np.testing.assert_allclose(graph(points), exact, rtol=1e-13, atol=1e-14)
    plain = [FUNCTIONS[name].call(point) for point in points]
    np.testing.assert_allclose(graph(points), plain, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_orders_1_to_4(name: str, mode: str) -> None:
    """Derivatives agree with differences in 80 digits, in both modes and in a batch."""
    check_orders(name, mode, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_many_points(name: str, mode: str) -> None:
    """The same at 20 points."""
    check_orders(name, mode, MANY)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nested_modes_and_text(name: str) -> None:
    """Forward over reverse is reverse over forward, planned or not, and comes back from text."""
    points = FUNCTIONS[name].points()[:3]
    graph = graph_of(name)
    nested = graph.diff(mode="reverse").diff(mode="forward")
    others = [
        graph.diff(mode="forward").diff(mode="reverse"),
        ga.parse(str(nested)),
        graph.diff(order=2).plan(),
    ]
    wanted = nested(points)
    scale = np.max(abs(wanted))
    for other in others:
        np.testing.assert_allclose(other(points), wanted, rtol=1e-11, atol=1e-12 * scale)
    assert str(ga.parse(str(nested))) == str(nested)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_series(name: str) -> None:
    """Taylor coefficients along a direction are derivatives over factorials."""
    points = FUNCTIONS[name].points()
    series = Program(taylor(graph_of(name), max(ORDERS)))(points[0], directions_of(points)[0])[0]
    for order, wanted in zip(ORDERS, reference(name, FEW), strict=True):
        found = factorial(order) * np.asarray(series)[..., order]
        size = max(1.0, float(np.max(abs(wanted[0]), initial=0.0)))
        assert np.max(abs(found - wanted[0])) <= 1e-10 * size


@pytest.mark.parametrize("name", ["inv", "slogdet", "cholesky", "qr", "eigvalsh", "svdvals"])
def test_machine_code(name: str) -> None:
    """Compiled gradients are those of the interpreter, as scalars or as calls of LAPACK."""
    points = FUNCTIONS[name].points()
    gradient = graph_of(name).diff()
    np.testing.assert_allclose(gradient.compile()(points), gradient(points), rtol=1e-11, atol=1e-12)
