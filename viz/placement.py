"""Where vertices of ordered rows stand from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from graphad.viz.ordering import Levels

Pulls: TypeAlias = list[list[tuple[int, float, float]]]
"""For each vertex: its neighbours, how far right of them it should stand, and the weight."""

_NEAR = 0.01
_EFFORT = 8_000
_PUSHES = 6


def spread(
    wished: Sequence[float], weights: Sequence[float], apart: Sequence[float]
) -> list[float]:
    """Return positions as near to `wished` as can be, neighbours at least `apart` from each other.

    Minimises the weighted sum of squared distances, exactly: isotonic regression by pooling
    adjacent violators.

    Parameters
    ----------
    wished, weights : sequence of float
        For each item, from left to right.
    apart : sequence of float
        For each item, the least distance to the one before it; the first is not used.

    References
    ----------
    M. Ayer and others, An empirical distribution function for sampling with incomplete
    information, 1955.

    Examples
    --------
    >>> spread([0.0, 0.0, 9.0], [1.0, 1.0, 1.0], [0.0, 2.0, 2.0])
    [-1.0, 1.0, 9.0]
    """
    means: list[float] = []
    masses: list[float] = []
    counts: list[int] = []
    shift = 0.0
    for place, wish in enumerate(wished):
        if place:
            shift += apart[place]
        mean, mass, count = wish - shift, weights[place], 1
        while means and means[-1] >= mean:
            other = masses.pop()
            mean = (means.pop() * other + mean * mass) / (other + mass)
            mass += other
            count += counts.pop()
        means.append(mean)
        masses.append(mass)
        counts.append(count)
    positions: list[float] = []
    shift = 0.0
    for mean, count in zip(means, counts, strict=True):
        for _ in range(count):
            place = len(positions)
            if place:
                shift += apart[place]
            positions.append(mean + shift)
    return positions


def _centred(
    levels: Levels, widths: Sequence[float], gap: float, trunk_gap: float
) -> tuple[list[float], list[list[float]]]:
    """Return middles with every row packed around 0, and least distances to the left neighbour."""
    middle = [0.0] * len(levels.up)
    apart: list[list[float]] = []
    for row in levels.rows:
        distances = [0.0]
        for left, right in pairwise(row):
            room = gap if widths[left] and widths[right] else trunk_gap
            distances.append((widths[left] + widths[right]) / 2 + room)
        apart.append(distances)
        left_end = -sum(distances) / 2
        for vertex, distance in zip(row, distances, strict=True):
            left_end += distance
            middle[vertex] = left_end
    return middle, apart


def centre_rows(
    levels: Levels,
    widths: Sequence[float],
    offsets: Sequence[dict[int, float]],
    gap: float,
    trunk_gap: float,
) -> list[float]:
    """Return the middles with every row packed around 0; parameters as for `place_rows`."""
    return _centred(levels, widths, gap, trunk_gap)[0]


def place_rows(
    levels: Levels,
    widths: Sequence[float],
    offsets: Sequence[dict[int, float]],
    gap: float,
    trunk_gap: float,
) -> list[float]:
    """Return the horizontal middle of each vertex.

    Row by row, downwards and upwards, each vertex goes as near as it can to the mean of its
    neighbours; then lines that are nearly straight are made straight, and what hangs together by
    straight lines moves as one where that straightens more.

    Parameters
    ----------
    levels : Levels
        The rows, ordered.
    widths : sequence of float
        Of each vertex; 0 for the bends of long links.
    offsets : sequence of dict
        For each vertex, by neighbour above, where the link enters from its middle.
    gap, trunk_gap : float
        Room between boxes, and beside a bend.

    Returns
    -------
    list of float
    """
    middle, apart = _centred(levels, widths, gap, trunk_gap)
    above, below = _pulls(levels, widths, offsets)
    both = [up + down for up, down in zip(above, below, strict=True)]
    downwards = list(range(len(levels.rows)))
    upwards = downwards[::-1]
    for numbers, pulls, median in (
        (downwards[1:], above, False),
        (upwards[1:], below, False),
        (downwards[1:], above, False),
        (upwards[1:], below, False),
        (downwards, both, False),
        (upwards, both, False),
        (downwards, both, True),
        (upwards, both, True),
        (downwards, both, True),
    ):
        for number in numbers:
            _settle(levels.rows[number], apart[number], middle, pulls, median)
    rounds = max(2, min(8, _EFFORT // max(1, sum(map(len, above)))))
    _Blocks(levels, apart, both, middle).straighten(rounds)
    return middle


def _pulls(
    levels: Levels, widths: Sequence[float], offsets: Sequence[dict[int, float]]
) -> tuple[Pulls, Pulls]:
    """Return what pulls vertices from above and from below; long lines pull most, like dot's."""
    above: Pulls = [[] for _ in levels.up]
    below: Pulls = [[] for _ in levels.up]
    for vertex, operands in enumerate(levels.up):
        for other, _ in operands:
            bends = (widths[vertex] == 0.0) + (widths[other] == 0.0)
            weight = (1.0, 2.0, 8.0)[bends]
            enters = offsets[vertex].get(other, 0.0)
            above[vertex].append((other, -enters, weight))
            below[other].append((vertex, enters, weight))
    return above, below


def _settle(
    row: list[int], apart: list[float], middle: list[float], pulls: Pulls, median: bool
) -> None:
    """Move the vertices of a row to the mean, or the median, of their neighbours' wishes."""
    wished = []
    weights = []
    for vertex in row:
        near = pulls[vertex]
        mass = sum([weight for _, _, weight in near])
        if not near:
            wished.append(middle[vertex])
            weights.append(0.01)
        elif median:
            wished.append(_median(near, middle, middle[vertex], mass))
            weights.append(mass)
        else:
            pull = sum([(middle[other] + enters) * weight for other, enters, weight in near])
            wished.append(pull / mass)
            weights.append(mass)
    for vertex, position in zip(row, spread(wished, weights, apart), strict=True):
        middle[vertex] = position


def _median(
    near: list[tuple[int, float, float]], middle: list[float], current: float, mass: float
) -> float:
    """Return the weighted median of the wishes; of a whole interval of medians, the nearest."""
    wishes = sorted([(middle[other] + enters, weight) for other, enters, weight in near])
    seen = 0.0
    for place, (wish, weight) in enumerate(wishes):
        seen += weight
        if seen * 2 > mass:
            return wish
        if seen * 2 == mass:
            return min(max(current, wish), wishes[place + 1][0])
    return current


class _Blocks:
    """Vertices that hang together by straight lines, moved as one.

    A block moves towards the heavier pull of its slanted lines, as far as its neighbours leave
    room, or until one of the lines is straight: descent on the sum of weighted distances.
    """

    def __init__(
        self, levels: Levels, apart: list[list[float]], pulls: Pulls, middle: list[float]
    ) -> None:
        self.rows = levels.rows
        self.pulls = pulls
        self.middle = middle
        self.left: list[tuple[int, float]] = [(-1, 0.0)] * len(middle)
        self.right: list[tuple[int, float]] = [(-1, 0.0)] * len(middle)
        for row, distances in zip(levels.rows, apart, strict=True):
            for (a, b), distance in zip(pairwise(row), distances[1:], strict=True):
                self.right[a] = (b, distance)
                self.left[b] = (a, distance)

    def straighten(self, rounds: int) -> None:
        """Move blocks until none can move, or `rounds` are over."""
        for _ in range(rounds):
            seen = bytearray(len(self.middle))
            moved = False
            for row in self.rows:
                for vertex in row:
                    if not seen[vertex]:
                        block = self._block(vertex, seen)
                        moved = self._move(block) or moved
            if not moved:
                return

    def _block(self, start: int, seen: bytearray) -> list[int]:
        """Return what hangs together with `start` by straight lines, and mark it in `seen`."""
        block = [start]
        seen[start] = 1
        for vertex in block:
            for other, enters, _ in self.pulls[vertex]:
                slant = self.middle[other] + enters - self.middle[vertex]
                if not seen[other] and abs(slant) < _NEAR:
                    seen[other] = 1
                    block.append(other)
        return block

    def _move(self, block: list[int]) -> bool:
        """Move a block, with the blocks that are in its way if that is still for the better."""
        inside = bytearray(len(self.middle))
        for vertex in block:
            inside[vertex] = 1
        direction = 0.0
        for _ in range(_PUSHES):
            force, slants = self._force(block, inside)
            if not slants:
                return False
            if force == 0.0 and direction == 0.0:
                force = min(slants, key=abs)  # rather one straight line than two slanted
            if force == 0.0 or force * direction < 0:
                return False
            direction = 1.0 if force > 0 else -1.0
            step = min([abs(slant) for slant in slants if slant * direction > 0])
            touched = []
            for vertex in block:
                other, distance = self.right[vertex] if direction > 0 else self.left[vertex]
                if other >= 0 and not inside[other]:
                    room = abs(self.middle[other] - self.middle[vertex]) - distance
                    if room < _NEAR:
                        touched.append(other)
                    step = min(step, room)
            if not touched:
                for vertex in block:
                    self.middle[vertex] += direction * step
                return True
            for vertex in touched:
                if not inside[vertex]:
                    block.extend(self._block(vertex, inside))
        return False

    def _force(self, block: list[int], inside: bytearray) -> tuple[float, list[float]]:
        """Return the sum of the pulls of a block's slanted lines, and how slanted they are."""
        force = 0.0
        slants = []
        for vertex in block:
            for other, enters, weight in self.pulls[vertex]:
                if not inside[other]:
                    slant = self.middle[other] + enters - self.middle[vertex]
                    if abs(slant) >= _NEAR:
                        force += weight if slant > 0 else -weight
                        slants.append(slant)
        return force, slants
