"""Positions from left to right."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from graphad.viz.ordering import Levels
from graphad.viz.placement import centre_rows, place_rows, spread


@given(
    st.lists(
        st.tuples(st.integers(-50, 50), st.integers(1, 9), st.integers(0, 20)),
        min_size=1,
        max_size=12,
    )
)
def test_spread_keeps_distances(items: list[tuple[int, int, int]]) -> None:
    """Neighbours are as far apart as asked, and no shift of the whole gets nearer to the wishes."""
    wished = [float(wish) for wish, _, _ in items]
    weights = [float(weight) for _, weight, _ in items]
    apart = [float(distance) for _, _, distance in items]
    found = spread(wished, weights, apart)
    for (left, right), distance in zip(pairwise(found), apart[1:], strict=True):
        assert right - left >= distance - 1e-9
    pull = sum(w * (a - b) for w, a, b in zip(weights, wished, found, strict=True))
    assert pull == pytest.approx(0, abs=1e-6)


def test_spread_leaves_what_fits() -> None:
    """Wishes that are far enough apart come true."""
    assert spread([0.0, 10.0, 30.0], [1.0, 1.0, 1.0], [0.0, 5.0, 5.0]) == [0.0, 10.0, 30.0]


def pair_above_one() -> Levels:
    """Return two vertices above one that is linked to both."""
    up: list[list[tuple[int, float]]] = [[], [], [(0, 0.0), (1, 0.0)]]
    down: list[list[tuple[int, float]]] = [[(2, 0.0)], [(2, 0.0)], []]
    return Levels([[0, 1], [2]], up, down)


def test_neighbours_keep_their_distance() -> None:
    """Boxes in a row do not come nearer than the gap."""
    middle = place_rows(pair_above_one(), [40.0, 60.0, 40.0], [{}, {}, {}], 18.0, 10.0)
    assert middle[1] - middle[0] >= 50 + 18 - 1e-9
    assert middle[0] <= middle[2] <= middle[1]


def test_rows_are_centred() -> None:
    """Rows that are only centred all have their middle at the same place."""
    middle = centre_rows(pair_above_one(), [40.0, 40.0, 40.0], [{}, {}, {}], 18.0, 10.0)
    assert middle[0] + middle[1] == pytest.approx(2 * middle[2])
