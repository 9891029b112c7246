"""Derivatives as callables: batches, other precisions, the same bits from run to run."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphad as ga
from tests.acceptance.functions import CASES, Case, lotka_volterra_step, perceptron, rosenbrock

SMOOTH = [case for case in CASES if case.analytic]


@cache
def derivative(case: Case, order: int) -> ga.Graph:
    """Return a derivative's graph."""
    graph = ga.trace(case.function, *case.point)
    return graph.diff(order=order)


def flat(nested: Any) -> list[Any]:
    """Return the arrays of nested tuples, left to right."""
    if isinstance(nested, tuple):
        return [array for item in nested for array in flat(item)]
    return [np.asarray(nested)]


def test_hessian_of_many_points() -> None:
    """H(X) with X of shape (N, 3) gives (N, 3, 3), and (2, 5, 3) gives (2, 5, 3, 3)."""
    hessian = ga.trace(rosenbrock, np.zeros(3)).diff().diff()
    points = np.random.default_rng(3).standard_normal((10_000, 3))
    found = hessian(points)
    assert found.shape == (10_000, 3, 3)
    for i in (0, 1, 4999, 9999):
        np.testing.assert_allclose(found[i], hessian(points[i]), rtol=1e-14)
    assert hessian(points[:10].reshape(2, 5, 3)).shape == (2, 5, 3, 3)
    np.testing.assert_array_equal(hessian(points[:10].reshape(2, 5, 3))[1, 4], found[9])
    assert hessian(points[:0]).shape == (0, 3, 3)


def test_batches_of_several_inputs_broadcast() -> None:
    """Leading axes of several inputs broadcast, also in nested blocks."""
    point = np.array([0.5, -0.8]), np.array([[0.3, 0.7], [-0.5, 0.9]]), np.array([0.1, -0.2])
    hessian = ga.trace(perceptron, *point).diff().diff()
    draw = np.random.default_rng(2)
    xs, weights = draw.uniform(-1, 1, (7, 1, 2)), draw.uniform(-1, 1, (3, 2, 2))
    blocks = hessian(xs, weights, point[2])
    assert blocks[0][1].shape == (7, 3, 2, 2, 2)
    assert blocks[1][2].shape == (7, 3, 2, 2, 2)
    single = hessian(xs[4, 0], weights[2], point[2])
    for block, one in zip(flat(blocks), flat(single), strict=True):
        whole = np.broadcast_to(block, (7, 3, *one.shape))
        np.testing.assert_allclose(whole[4, 2], one, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_batches(case: Case) -> None:
    """Gradients and Hessians of a batch are those of its points."""
    draw = np.random.default_rng(4)
    points = [np.asarray(x) * draw.uniform(0.99, 1.01, (5, *np.shape(x))) for x in case.point]
    for order in (1, 2):
        graph = derivative(case, order)
        batched = flat(graph(*points))
        for i in range(5):
            for whole, one in zip(batched, flat(graph(*[p[i] for p in points])), strict=True):
                assert whole.shape == (5, *one.shape)
                size = np.max(abs(one), initial=1e-300)
                np.testing.assert_allclose(whole[i], one, rtol=1e-12, atol=1e-14 * size)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_single_precision(case: Case) -> None:
    """With float32 arguments, derivatives are float32 where the function is, and as precise.

    Where the function has doubles of its own, NumPy promotes; a graph does for arrays of them.
    """
    low = [np.asarray(x, dtype=np.float32) for x in case.point]
    single = np.asarray(case.function(*[x[()] for x in low])).dtype == np.float32
    for order in (1, 2):
        graph = derivative(case, order)
        for found, expected in zip(
            flat(graph(*low)), flat(graph(*[x.astype(np.float64) for x in low])), strict=True
        ):
            assert found.dtype in ([np.float32] if single else [np.float32, np.float64])
            assert expected.dtype == np.float64
            np.testing.assert_allclose(
                found, expected, rtol=2e-4, atol=2e-5 * np.abs(expected).max()
            )


@pytest.mark.parametrize("case", SMOOTH, ids=lambda case: case.name)
def test_complex_arguments(case: Case) -> None:
    """A gradient at a complex point is complex, and has the differences of the function there."""
    draw = np.random.default_rng(6)
    shapes = [np.shape(x) for x in case.point]
    z = [
        np.asarray(x) + 0.05j * draw.uniform(-1, 1, s)
        for x, s in zip(case.point, shapes, strict=True)
    ]
    v = [draw.uniform(-1, 1, s) for s in shapes]
    gradient = flat(derivative(case, 1)(*z))
    names = derivative(case, 1).input_names
    out = np.ndim(case.function(*case.point))
    found: Any = 0.0
    for block, direction in zip(gradient, v, strict=True):
        assert block.dtype == np.complex128
        found = found + np.tensordot(block, direction, axes=np.ndim(direction))
    assert len(names) == len(gradient)
    step = 1e-3
    values = {
        k: case.function(*[a + k * step * b for a, b in zip(z, v, strict=True)])
        for k in (-3, -2, -1, 1, 2, 3)
    }
    weights = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    expected = sum(w * (values[k] - values[-k]) for k, w in weights.items()) / step
    assert np.ndim(found) == out
    size = np.max(abs(np.asarray(expected)), initial=1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9 * size)


PROGRAM = """
import numpy as np, graphad as ga
from tests.acceptance.functions import CASES
for case in CASES:
    graph = ga.trace(case.function, *case.point).diff().diff()
    stack = [graph(*case.point)]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack.extend(item)
        else:
            print(np.asarray(item).tobytes().hex())
    print(str(graph))
"""


def test_same_bits_and_text_from_run_to_run() -> None:
    """Processes with other hash seeds give the same graphs and bit-identical values."""
    printed = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0]) > 10_000


def test_repeated_calls_give_the_same_bits() -> None:
    """A result is not overwritten by the next call, and comes again."""
    jacobian = ga.trace(lotka_volterra_step, np.ones(2)).diff()
    point, other = np.array([3.0, 1.5]), np.array([2.0, 1.0])
    first = jacobian(point)
    kept = first.copy()
    assert not np.array_equal(jacobian(other), kept)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(jacobian(point), kept)
    np.testing.assert_array_equal(point, [3.0, 1.5])
