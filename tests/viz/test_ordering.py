"""Orders in rows, and the crossings they leave."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, strategies as st

from graphad.viz.ordering import Levels, count_crossings, order_rows


def levels(rows: list[list[int]], links: list[tuple[int, int]]) -> Levels:
    """Return levels with these links from a row to the next."""
    count = sum(map(len, rows))
    up: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    down: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    for above, below in links:
        up[below].append((above, 0.0))
        down[above].append((below, 0.0))
    return Levels(rows, up, down)


def positions(drawn: Levels) -> list[float]:
    """Return where each vertex stands in its row."""
    found = [0.0] * len(drawn.up)
    for row in drawn.rows:
        for place, vertex in enumerate(row):
            found[vertex] = float(place)
    return found


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(5, 9)), max_size=20),
    st.permutations(range(5, 10)),
)
def test_crossings_are_counted(links: list[tuple[int, int]], lower: list[int]) -> None:
    """The count is that of comparing all pairs of links."""
    drawn = levels([list(range(5)), list(lower)], links)
    place = positions(drawn)
    expected = sum(
        (place[a] - place[c]) * (place[b] - place[d]) < 0
        for (a, b), (c, d) in combinations(links, 2)
    )
    assert count_crossings(drawn, place) == expected


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(5, 9)), max_size=20))
def test_rows_keep_their_vertices(links: list[tuple[int, int]]) -> None:
    """Ordering moves vertices within their rows only."""
    drawn = levels([list(range(5)), list(range(5, 10))], links)
    sinks = [vertex for vertex in range(10) if not drawn.down[vertex]]
    order_rows(drawn, sinks, 8)
    assert [sorted(row) for row in drawn.rows] == [list(range(5)), list(range(5, 10))]


def test_tree_is_drawn_without_crossings() -> None:
    """A tree whose vertices come mixed up loses all its crossings."""
    rows = [[0, 1, 2, 3], [4, 5], [6]]
    links = [(0, 5), (1, 4), (2, 5), (3, 4), (4, 6), (5, 6)]
    drawn = levels(rows, links)
    assert count_crossings(drawn, positions(drawn)) > 0
    order_rows(drawn, [6], 8)
    assert count_crossings(drawn, positions(drawn)) == 0


def test_crossings_beyond_the_first_walk_are_removed() -> None:
    """Two chains that a walk from their sinks interleaves are drawn side by side."""
    rows = [[0, 1], [2, 3], [4, 5]]
    links = [(0, 3), (1, 2), (2, 4), (3, 5)]
    drawn = levels(rows, links)
    order_rows(drawn, [5, 4], 8)
    assert count_crossings(drawn, positions(drawn)) == 0
