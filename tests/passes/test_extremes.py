"""Rewriting at the edges of what numbers can hold, and of what broadcasting does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga

SINGLE = np.float32


def test_units_of_single_precision() -> None:
    """Numbers whose product leaves single precision are not multiplied."""
    scale = SINGLE(2e30)
    graph = ga.trace(lambda m, n: (m / scale) * (n / scale), scale, scale)
    found = graph.diff()(SINGLE(2e30), SINGLE(3e30))
    np.testing.assert_allclose(found, (7.5e-31, 5e-31), rtol=1e-6)


@pytest.mark.parametrize(
    ("function", "point", "value"),
    [
        (lambda x, y: (1e200 * x) * (1e200 * y), 1e-200, 1.0),
        (lambda x, y: (1e-200 * x) * (1e-200 * y), 1e150, 1e-100),
        (lambda x, y: (1e200 * x) ** 2 + y, 1e-200, 1.0),
    ],
)
def test_numbers_that_overflow_together(
    function: Callable[..., Any], point: float, value: float
) -> None:
    """Coefficients that leave the range of floats stay apart."""
    np.testing.assert_allclose(ga.trace(function).run("collect")(point, point), value, rtol=1e-14)


def test_placed_parts_that_broadcast() -> None:
    """Parts that a sum repeats are not joined as if they had its shape."""
    first = ga.trace(lambda x: x[0, 0] ** 2, np.zeros((1, 3))).diff()
    second = ga.trace(lambda x: np.sin(x[0, 1]), np.zeros((1, 3))).diff()
    weights = np.arange(6.0).reshape(2, 3)
    graph = ga.trace(
        lambda x, y: np.sum((first(x) + y + second(x)) ** 2 * weights),
        np.zeros((1, 3)),
        np.zeros((2, 3)),
    )
    point = np.array([[1.0, 0.5, 2.0]]), weights + 0.3
    raw = graph.diff(optimize=False)(*point)
    for found, wanted in zip(graph.diff()(*point), raw, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_division_by_a_structural_zero() -> None:
    """A quotient by a zero that differentiation made is infinite at scalar grain too."""
    hessian = ga.trace(lambda x: np.sum(x**2), np.zeros(2)).diff(order=2)
    graph = ga.trace(lambda x: 1 / hessian(x), np.ones(2))
    np.testing.assert_array_equal(graph.scalarize()(np.ones(2)), [[0.5, np.inf], [np.inf, 0.5]])


def test_a_transpose_that_moves_nothing() -> None:
    """A matrix whose axes stay in order is not taken for its transpose."""
    text = """graphad 1
graph f(%x: f64[2,2]) -> (f64[2,2], f64[2,2]) {
  %1: f64[2,2] = sin %x
  %2: f64[2,2] = transpose %1 axes=(0, 1)
  return (%1, %2)
}"""
    first, second = ga.parse(text).run("symmetry")(np.arange(4.0).reshape(2, 2))
    np.testing.assert_array_equal(first, second)
