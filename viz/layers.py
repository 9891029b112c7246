"""Which row of a layered drawing each box stands in."""

from __future__ import annotations

from collections.abc import Sequence

_MANY_USERS = 32


def assign_layers(
    links: Sequence[tuple[int, int]], widths: Sequence[float], capacity: float
) -> list[int]:
    """Return a row for each vertex such that every link leads to a lower row.

    Sinks stand as high as longest paths allow, and rows are filled from them upwards; a row that
    is as wide as `capacity` makes vertices move up, as in the method of Coffman and Graham. Then
    each vertex moves to where the links around it are shortest.

    Parameters
    ----------
    links : sequence of (int, int)
        From a vertex to one with a higher number.
    widths : sequence of float
        Of the vertices, which are numbered from 0.
    capacity : float
        How wide a row may become.

    Returns
    -------
    list of int
        Rows from 0 at the top; each row has a vertex.

    References
    ----------
    E. G. Coffman and R. L. Graham, Optimal scheduling for two-processor systems, 1972.

    Examples
    --------
    >>> assign_layers([(0, 1), (1, 2), (0, 2)], [1, 1, 1], 10)
    [0, 1, 2]
    """
    count = len(widths)
    users: list[list[int]] = [[] for _ in range(count)]
    operands: list[list[int]] = [[] for _ in range(count)]
    for source, target in dict.fromkeys(links):
        users[source].append(target)
        operands[target].append(source)
    depths = [0] * count
    for vertex in range(count):
        depths[vertex] = max([depths[operand] + 1 for operand in operands[vertex]], default=0)
    deepest = max(depths, default=0)
    ranks = [0] * count
    load: list[float] = []
    for vertex in reversed(range(count)):
        lowest = deepest - depths[vertex]
        rank = max([ranks[user] + 1 for user in users[vertex]], default=lowest)
        width = widths[vertex]
        while rank < len(load) and load[rank] + width > capacity:
            rank += 1
        while rank >= len(load):
            load.append(0.0)
        load[rank] += width
        ranks[vertex] = rank
    last = len(load) - 1
    rows = [last - rank for rank in ranks]
    load.reverse()
    for _ in range(3):
        _shorten_links(rows, users, operands, widths, load, capacity)
    return _without_gaps(rows)


def _shorten_links(
    rows: list[int],
    users: list[list[int]],
    operands: list[list[int]],
    widths: Sequence[float],
    load: list[float],
    capacity: float,
) -> None:
    """Move each vertex to the row where the trunks above and below it are shortest."""
    for vertex in range(len(rows)):
        if not operands[vertex]:
            continue
        lowest = max([rows[operand] for operand in operands[vertex]]) + 1
        highest = min([rows[user] for user in users[vertex]], default=rows[vertex] + 1) - 1
        if highest <= lowest:
            continue
        reach = []  # how far each operand's trunk goes without this vertex
        for operand in operands[vertex]:
            others = users[operand]
            if len(others) > _MANY_USERS:
                continue
            reach.append(max([rows[user] for user in others if user != vertex], default=0))
        own = 1 if users[vertex] else 0
        best = rows[vertex]
        least = _trunks(best, reach, own)
        for row in sorted({lowest, highest, *reach}, reverse=True):
            if not lowest <= row <= highest or row == rows[vertex]:
                continue
            cost = _trunks(row, reach, own)
            if cost < least and load[row] + widths[vertex] <= capacity:
                best, least = row, cost
        load[rows[vertex]] -= widths[vertex]
        load[best] += widths[vertex]
        rows[vertex] = best


def _trunks(row: int, reach: list[int], own: int) -> int:
    return sum([max(far, row) for far in reach]) - own * row


def _without_gaps(rows: list[int]) -> list[int]:
    used = sorted(set(rows))
    number = {row: position for position, row in enumerate(used)}
    return [number[row] for row in rows]
