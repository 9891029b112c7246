"""Loops in machine code: right at every length, in order and out of order, within their memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from tests.llvm.array_machine import TAILS, check


@pytest.mark.parametrize("n", TAILS)
def test_every_length(n: int) -> None:
    """Values, shifted neighbours, conditions and sums are right, whatever is left for the mask."""

    def f(x: Any, y: Any) -> Any:
        shifted = x[1:] * y[:-1]
        return np.where(x[1:] > y[1:], np.exp(shifted), x[0]), np.sum(x * y), np.flip(x) - y

    check(ga.trace(f, np.zeros(n + 1), np.zeros(n + 1)), count=2)


@pytest.mark.parametrize(
    "function",
    [
        lambda m: np.tanh(m) + m[0],
        lambda m: m * m[:, :1],
        lambda m: m.T * 2.0,
        lambda m: m[::2, 1:9:3] * m[1::2, :7:3],
        lambda m: np.flip(m, (0, 1)) * m,
        lambda m: np.take(m, np.array([3, 0, 3, 1]), axis=0) * 2,
        lambda m: np.take(np.sin(m), np.array([3, 0, 3, 1]), axis=1) * 2,
        lambda m: np.concatenate([m, np.sin(m), m * 2], axis=1),
        lambda m: np.broadcast_to(np.sum(m), (3, 50)) * 1.0,
        lambda m: np.sum(np.sin(m), axis=1),
        lambda m: np.sum(np.sin(m), axis=0) * np.sum(m, axis=(0, 1)),
        lambda m: np.sin(m).reshape(-1)[5:150:7],
        lambda m: np.einsum("ij,ij->", m, np.sin(m)),
        lambda m: np.einsum("ij->ji", np.sin(m)) * 2,
        lambda m: np.einsum("ij,j->ij", np.sin(m), m[0]),
        lambda m: np.sin(m[0])[:, None] * np.cos(m[1]),
    ],
)
@pytest.mark.parametrize("shape", [(6, 25), (60, 10), (4, 13)])
def test_moved_and_broadcast(function: Any, shape: tuple[int, int]) -> None:
    """Views, joins, broadcasts and sums of matrices are right for few rows and for many."""
    if shape == (4, 13):
        check(ga.trace(function, np.zeros((4, 50))), count=3)
    else:
        check(ga.trace(function, np.zeros(shape)))


def test_axes_of_one_element() -> None:
    """Axes of length 1 are no axes, wherever they stand."""
    check(ga.trace(lambda x: np.sin(x) * x[0], np.zeros((30, 1))), count=2)
    check(ga.trace(lambda x: np.sin(x) * x[:, :, :1], np.zeros((1, 60, 3))))


def test_sines_and_cosines_of_one_argument() -> None:
    """Both are right when one call gives both, also beyond the arguments that vectors take."""
    graph = ga.trace(lambda x: (np.sin(x), np.cos(x)), np.zeros(19))
    check(graph)
    huge = ga.trace(lambda x: (np.sin(x * 1e30), np.cos(x * 1e30)), np.zeros(19))
    check(huge)


def test_exceptional_values() -> None:
    """NaN, infinities and zeros of both signs go where the interpreter lets them go."""
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, 5e-324, 1.0, -1.0] * 3)
    graph = ga.trace(lambda x: (1.0 / x, np.sqrt(x), x * x[3], np.maximum(x, 0.5)), special)
    from graphad.llvm.array_compiled import CompiledArrays

    for found, expected in zip(CompiledArrays(graph)(special), graph(special), strict=True):
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


def test_long_sums_are_accurate() -> None:
    """A million terms are added with an error of a few hundred units at most."""
    from math import fsum

    from graphad.llvm.array_compiled import CompiledArrays

    x = np.random.default_rng(0).uniform(0, 1, 1_000_003)
    total = CompiledArrays(ga.trace(lambda x: np.sum(x), x))(x)
    assert abs(float(total) - fsum(x)) <= 200 * np.spacing(fsum(x))
