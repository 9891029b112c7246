"""Derivatives of NumPy functions, orders 0 to 4, against their definitions in 60 digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.op import Array
from tests.acceptance.numpy_definitions import LENGTH, MP, Entry
from tests.acceptance.numpy_elements import ELEMENTS
from tests.acceptance.numpy_moving import MOVING
from tests.acceptance.numpy_numbers import NUMBERS
from tests.acceptance.numpy_ordered import ORDERED
from tests.acceptance.numpy_vectors import WHOLE
from tests.acceptance.numpy_waves import WAVES
from tests.ops.calculus import HALF, difference_weights

TABLES = (ORDERED, ELEMENTS, WHOLE, NUMBERS, MOVING, WAVES)
ENTRIES = {name: entry for table in TABLES for name, entry in table.items()}
POINTS = 20
PLANNED = (
    "sort",
    "unravel_index",
    "quantile moving",
    "nanquantile",
    "interp ends",
    "count_nonzero",
    "remainder",
    "frexp",
    "cumprod",
    "index by traced",
)
"""Functions of which derivatives are also planned: one with each op that has integers."""
TOLERANCE = 1e-10
"""Relative to the largest element: derivatives of order 4 of quotients lose some digits."""


def bent(x: Any) -> Any:
    """Return numbers between -2 and 2 that are no line of their arguments."""
    return 2.0 * np.sin(x)


def draw() -> tuple[Array, Array]:
    """Return points and directions."""
    generator = np.random.default_rng(5)
    shape = (POINTS, LENGTH)
    return generator.uniform(-1.5, 1.5, shape), generator.uniform(-1.0, 1.0, shape)


def reference(entry: Entry, point: Array, direction: Array) -> list[Array]:
    """Return the value and four derivatives along a line, by differences in 60 digits."""
    step = MP.mpf(10) ** -6
    rows = []
    for i in range(-HALF, HALF + 1):
        pairs = zip(point, direction, strict=True)
        moved = [2 * MP.sin(MP.mpf(x) + i * step * MP.mpf(v)) for x, v in pairs]
        found = entry.plain(moved)
        rows.append(found if isinstance(found, list) else [found])
    results = [np.array([float(x) for x in rows[HALF]])]
    for order in (1, 2, 3, 4):
        weights = [MP.mpf(w.numerator) / w.denominator for w in difference_weights(order)]
        columns = zip(*rows, strict=True)
        sums = [sum(w * x for w, x in zip(weights, c, strict=True)) / step**order for c in columns]
        results.append(np.array([float(x) for x in sums]))
    return results


def deviation(found: Any, wanted: Array) -> float:
    """Return the largest difference, relative to the largest element or to 1."""
    shaped = np.asarray(found).reshape(wanted.shape)
    return float(np.max(abs(shaped - wanted)) / max(1.0, np.max(abs(wanted))))


@pytest.mark.parametrize("name", ENTRIES)
def test_orders_0_to_4(name: str) -> None:
    """Derivatives along lines through 20 points, which are called as one batch, are right."""
    entry = ENTRIES[name]
    points, directions = draw()
    wanted = [reference(entry, x, v) for x, v in zip(points, directions, strict=True)]

    def along(t: Any, x: Any, v: Any) -> Any:
        return entry.numpy(bent(x + t * v))

    graph = ga.trace(along, 0.0, points[0], directions[0])
    for order in range(5):
        made = graph.diff("t", order=order, mode="forward") if order else graph
        found = made(np.zeros(POINTS), points, directions)
        for at in range(POINTS):
            assert deviation(found[at], wanted[at][order]) < TOLERANCE, f"order {order}"


@pytest.mark.parametrize("name", ENTRIES)
def test_modes_agree(name: str) -> None:
    """Gradient and Hessian of a sum of sines are the same forward, reverse of text, and planned."""
    entry = ENTRIES[name]
    points, _ = draw()

    def weighed(x: Any) -> Any:
        return np.sum(np.sin(entry.numpy(bent(x))))

    graph = ga.trace(weighed, points[0])
    parsed = ga.parse(str(graph))
    assert str(parsed) == str(graph)
    for order in (1, 2):
        forward = graph.diff(mode="forward", order=order)(points[:3])
        reverse = parsed.diff(mode="reverse", order=order)(points[:3])
        assert deviation(reverse, np.asarray(forward)) < 1e-12
        if name in PLANNED:
            planned = graph.diff(order=order).plan()(points[0])
            assert deviation(planned, np.asarray(forward[0])) < 1e-12
