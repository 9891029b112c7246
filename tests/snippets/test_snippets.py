"""Ordinary NumPy code traces as it stands, and its derivatives are those of differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.planning.planner import SECONDS
from tests.snippets.reference import Flat, complex_step, differences, directions, leaves
from tests.snippets.themes import THEMES

SNIPPETS = [
    pytest.param(function, point, id=f"{theme.__name__.rpartition('.')[2]}-{function.__name__}-{i}")
    for theme in THEMES
    for i, (function, *point) in enumerate(theme.SNIPPETS)
]
VALUE, GRADIENT, COMPLEX_STEP, HESSIAN = 1e-12, 1e-8, 1e-11, 1e-6
"""Tolerances, relative to the largest element of each output."""


def jacobian(derivative: Any, outputs: list[Any], inputs: list[Any]) -> Any:
    """Return blocks as one matrix, a row for each element of the outputs."""
    blocks = iter(leaves(derivative))
    rows = [
        np.concatenate([next(blocks).reshape(one.size, other.size) for other in inputs], axis=1)
        for one in outputs
    ]
    return np.concatenate(rows)


def hessian(derivative: Any, outputs: list[Any], inputs: list[Any]) -> Any:
    """Return blocks as one array of shape (outputs, inputs, inputs)."""
    blocks = iter(leaves(derivative))
    layers = []
    for one in outputs:
        rows = []
        for first in inputs:
            sizes = [(one.size, first.size, second.size) for second in inputs]
            rows.append(np.concatenate([next(blocks).reshape(size) for size in sizes], axis=2))
        layers.append(np.concatenate(rows, axis=1))
    return np.concatenate(layers)


def assert_near(found: Any, expected: Any, tolerance: float, scale: Any) -> None:
    """Assert that arrays agree up to a part of the largest element of their output."""
    assert np.all(np.isfinite(found))
    worst = np.max(np.abs(found - expected) / scale)
    assert worst <= tolerance, f"off by {worst:.1e} relative"


@pytest.mark.parametrize("seconds", [0.0, pytest.param(SECONDS, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("function", "point"), SNIPPETS)
def test_snippet(function: Any, point: list[Any], seconds: float) -> None:
    """Value, gradient and Hessian are right, in several ways of computing them.

    In no time, the planner takes the first way that it knows; with its usual time, the best.
    """
    graph = ga.trace(function, *point)
    flat = Flat(function, tuple(point))
    inputs, outputs = leaves(point), leaves(graph(*point))
    value = np.concatenate([leaf.ravel() for leaf in outputs])
    assert_near(value, flat(flat.x), VALUE, np.max(np.abs(value)) + 1e-300)

    gradient = graph.diff()
    found = jacobian(gradient(*point), outputs, inputs)
    compiled = jacobian(gradient.plan(seconds=seconds).compile()(*point), outputs, inputs)
    forward_over_reverse = graph.diff(mode="reverse").diff(mode="forward")
    second = hessian(forward_over_reverse(*point), outputs, inputs)
    planned = hessian(graph.diff(order=2).plan(seconds=seconds)(*point), outputs, inputs)

    slopes = np.abs(found * flat.scale).max() + 1e-300
    curvatures = np.abs(second * flat.scale * flat.scale[:, None]).max() + slopes
    widths = flat.scale
    assert_near(compiled * widths, found * widths, VALUE * 100, slopes)
    area = widths * widths[:, None]
    assert_near(planned * area, second * area, VALUE * 100, curvatures)
    assert_near(second * area, np.swapaxes(second, 1, 2) * area, VALUE * 100, curvatures)
    for direction in directions(flat.x.size):
        first_reference, second_reference = differences(flat.along(direction))
        step = widths * direction
        assert_near(found @ step, first_reference, GRADIENT, slopes)
        exact = complex_step(flat.along(direction))
        if exact is not None and np.allclose(exact, first_reference, 1e-9, 1e-9 * slopes):
            assert_near(found @ step, exact, COMPLEX_STEP, slopes)
        assert_near(second @ step @ step, second_reference, HESSIAN, curvatures)


def test_there_are_enough_snippets() -> None:
    """There are sixty functions, of nine themes."""
    assert len({function for theme in THEMES for function, *_ in theme.SNIPPETS}) >= 60
