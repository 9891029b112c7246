"""Rows of a layered drawing."""

from __future__ import annotations

from math import inf

from hypothesis import given, strategies as st

from graphad.viz.layers import assign_layers

LINKS = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda pair: pair[0] < pair[1]),
    max_size=30,
)


@given(LINKS, st.sampled_from((1.0, 3.0, inf)))
def test_links_lead_to_lower_rows(links: list[tuple[int, int]], capacity: float) -> None:
    """Each link leads to a lower row, and no row is empty."""
    rows = assign_layers(links, [1.0] * 15, capacity)
    assert all(rows[source] < rows[target] for source, target in links)
    assert sorted(set(rows)) == list(range(max(rows) + 1))


def test_no_more_rows_than_the_longest_path() -> None:
    """Without a limit of width there are as many rows as the longest path has vertices."""
    links = [(0, 1), (1, 2), (0, 3), (3, 4), (4, 5), (2, 6), (5, 6)]
    assert max(assign_layers(links, [1.0] * 7, inf)) == 4


def test_sources_stand_near_their_users() -> None:
    """A vertex without operands stands right above its first user."""
    links = [(0, 1), (1, 2), (2, 4), (3, 4)]
    rows = assign_layers(links, [1.0] * 5, inf)
    assert rows[3] == rows[4] - 1


def test_sinks_stand_near_their_operands() -> None:
    """A result that is ready early is not carried down to the last row."""
    links = [(0, 1), (0, 2), (2, 3), (3, 4)]
    assert assign_layers(links, [1.0] * 5, inf)[1] == 1


def test_two_values_meet_early() -> None:
    """An op of two values stands below them, so that one long line is drawn and not two."""
    links = [(0, 2), (1, 2), (0, 3), (1, 4), (3, 5), (4, 5), (5, 6), (6, 7), (2, 7)]
    rows = assign_layers(links, [1.0] * 8, inf)
    assert rows[2] == max(rows[0], rows[1]) + 1


def test_wide_rows_are_broken() -> None:
    """A row takes no more vertices than its capacity."""
    rows = assign_layers([(i, 20) for i in range(20)], [1.0] * 21, 6.0)
    assert max(rows.count(row) for row in set(rows)) <= 6


def test_no_vertices() -> None:
    """Nothing has no rows."""
    assert assign_layers([], [], 10.0) == []
