"""The order of vertices in each row: few crossings between neighbouring rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Levels:
    """A graph whose every link joins neighbouring rows.

    Parameters
    ----------
    rows : list of list of int
        Vertices of each row, from left to right.
    up, down : list of list of (int, float)
        For each vertex its neighbours in the row above and below; beside each neighbour, where the
        link enters the lower one of the two: from -0.5 at its left end to 0.5 at its right end.
    """

    rows: list[list[int]]
    up: list[list[tuple[int, float]]]
    down: list[list[tuple[int, float]]]


def order_rows(levels: Levels, starts: Sequence[int], rounds: int) -> None:
    """Reorder the rows of `levels`, in place, so that few links cross.

    Rows start in the order of a depth-first walk from the sinks over operands, which draws every
    tree without crossings. Then each row in turn is sorted by the mean position of its neighbours,
    downwards and upwards, and neighbours are swapped where that helps; the best order is kept.

    Parameters
    ----------
    levels : Levels
        The rows to order.
    starts : sequence of int
        The sinks, in the order in which the walk begins at them.
    rounds : int
        How many times all rows are sorted.

    References
    ----------
    K. Sugiyama, S. Tagawa and M. Toda, Methods for visual understanding of hierarchical system
    structures, 1981. E. R. Gansner and others, A technique for drawing directed graphs, 1993.
    """
    _walk(levels, starts)
    position = [0.0] * len(levels.up)
    for row in levels.rows:
        _number(row, position)
    best = [list(row) for row in levels.rows]
    fewest = count_crossings(levels, position)
    for turn in range(rounds):
        if fewest == 0:
            break
        down = turn % 2 == 0
        _sweep(levels, position, down, reverse_ties=turn % 4 >= 2)
        _swap_neighbours(levels, position)
        crossings = count_crossings(levels, position)
        if crossings < fewest:
            fewest = crossings
            best = [list(row) for row in levels.rows]
    levels.rows[:] = best


def _number(row: list[int], position: list[float]) -> None:
    for place, vertex in enumerate(row):
        position[vertex] = float(place)


def _walk(levels: Levels, starts: Sequence[int]) -> None:
    """Order rows by a depth-first walk that goes from each vertex to its operands."""
    row_of = [0] * len(levels.up)
    for number, row in enumerate(levels.rows):
        for vertex in row:
            row_of[vertex] = number
    found: list[list[int]] = [[] for _ in levels.rows]
    seen = bytearray(len(levels.up))
    for start in starts:
        stack = [start]
        while stack:
            vertex = stack.pop()
            if seen[vertex]:
                continue
            seen[vertex] = 1
            found[row_of[vertex]].append(vertex)
            stack.extend([operand for operand, _ in reversed(levels.up[vertex])])
    levels.rows[:] = found


def _sweep(levels: Levels, position: list[float], down: bool, reverse_ties: bool) -> None:
    count = len(levels.rows)
    numbers = range(1, count) if down else range(count - 2, -1, -1)
    neighbours = levels.up if down else levels.down
    for number in numbers:
        row = levels.rows[number]
        keys = {}
        for vertex in row:
            near = neighbours[vertex]
            if not near:
                keys[vertex] = position[vertex]
            elif down:
                keys[vertex] = sum([position[other] for other, _ in near]) / len(near)
            else:
                keys[vertex] = sum([position[other] + port for other, port in near]) / len(near)
        if reverse_ties:
            row.reverse()
        row.sort(key=keys.__getitem__)
        _number(row, position)


def _ends(near: list[tuple[int, float]], position: list[float], with_port: bool) -> list[float]:
    if with_port:
        return sorted([position[other] + port for other, port in near])
    return sorted([position[other] for other, _ in near])


def _inversions(left: list[float], right: list[float]) -> int:
    """Count pairs of which the one in `left` is larger; both are sorted."""
    crossings = 0
    place = 0
    for end in left:
        while place < len(right) and right[place] < end:
            place += 1
        crossings += place
    return crossings


def _swap_neighbours(levels: Levels, position: list[float]) -> None:
    """Swap vertices that stand side by side where that removes crossings, a few times over."""
    for row in levels.rows:
        for _ in range(3):
            above = [_ends(levels.up[vertex], position, False) for vertex in row]
            below = [_ends(levels.down[vertex], position, True) for vertex in row]
            moved = False
            for place in range(len(row) - 1):
                following = place + 1
                kept = _inversions(above[place], above[following])
                kept += _inversions(below[place], below[following])
                swapped = _inversions(above[following], above[place])
                swapped += _inversions(below[following], below[place])
                if swapped < kept:
                    moved = True
                    row[place], row[following] = row[following], row[place]
                    above[place], above[following] = above[following], above[place]
                    below[place], below[following] = below[following], below[place]
            _number(row, position)
            if not moved:
                break


def count_crossings(levels: Levels, position: list[float]) -> int:
    """Return how many pairs of links between neighbouring rows cross.

    References
    ----------
    W. Barth, M. Jünger and P. Mutzel, Simple and efficient bilayer cross counting, 2002.
    """
    crossings = 0
    for row in levels.rows[:-1]:
        ends: list[float] = []
        for vertex in row:
            ends.extend(_ends(levels.down[vertex], position, True))
        crossings += _count_inversions(ends)
    return crossings


def _count_inversions(ends: list[float]) -> int:
    """Count pairs in which the first is larger than the second, by a binary indexed tree."""
    ranks = {end: rank for rank, end in enumerate(sorted(set(ends)), start=1)}
    size = len(ranks)
    tree = [0] * (size + 1)
    inversions = 0
    for seen, end in enumerate(ends):
        rank = ranks[end]
        not_larger = 0
        while rank:
            not_larger += tree[rank]
            rank &= rank - 1
        inversions += seen - not_larger
        rank = ranks[end]
        while rank <= size:
            tree[rank] += 1
            rank += rank & -rank
    return inversions
