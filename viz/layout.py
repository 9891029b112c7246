"""A layered layout: rows by longest paths, few crossings, straight long lines.

It follows the four steps of Sugiyama, Tagawa and Toda (1981). A value that is used in several rows
has one trunk through the rows, from which its users branch off, so that the work grows with the
number of values and not with that of uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple, TypeAlias

from graphad.viz.layers import assign_layers
from graphad.viz.ordering import Levels, order_rows
from graphad.viz.placement import centre_rows, place_rows

Point: TypeAlias = tuple[float, float]
Route: TypeAlias = tuple[Point, ...]
"""Control points of joined cubic Bézier curves: a start, then three points for each curve."""

GAP = 18.0
TRUNK_GAP = 10.0
ROW_GAP = 30.0
PART_GAP = 34.0
_ASPECT = 1.5
_EFFORT = 12_000
_LEAST_CAPACITY = 1300.0


class Link(NamedTuple):
    """A link between boxes; it enters the target `offset` right of the target's middle."""

    source: int
    target: int
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of boxes and routes of links.

    Parameters
    ----------
    left, top : tuple of float
        Upper left corner of each box.
    routes : tuple of Route
        For each link, from the bottom of its source to the top of its target.
    width, height : float
        Size of the whole.
    """

    left: tuple[float, ...]
    top: tuple[float, ...]
    routes: tuple[Route, ...]
    width: float
    height: float


def lay_out(
    widths: Sequence[float],
    heights: Sequence[float],
    links: Sequence[Link],
    *,
    free: Sequence[bool] = (),
    rows: Sequence[int] = (),
) -> Layout:
    """Return positions for boxes such that no two overlap and every link leads downwards.

    Parameters
    ----------
    widths, heights : sequence of float
        Sizes of the boxes, all positive.
    links : sequence of Link
        Each from a box to one with a higher number.
    free : sequence of bool, optional
        For each box, whether its links may trade places; none may if not given.
    rows : sequence of int, optional
        The row of each box, if that is decided already.

    Returns
    -------
    Layout
        The same for the same arguments. The time grows with the total length of links in rows.

    Raises
    ------
    ValueError
        If a link leads to a box that does not stand after its source.

    Examples
    --------
    >>> layout = lay_out([40, 40], [20, 20], [Link(0, 1)])
    >>> layout.top[0] + 20 < layout.top[1]
    True
    """
    for link in links:
        if not 0 <= link.source < link.target < len(widths):
            raise ValueError(f"{link} does not lead from a box to a later one")
    loose = list(free) if free else [False] * len(widths)
    if rows:
        parts = [list(range(len(widths)))] if widths else []
    else:
        parts = _components(len(widths), links)
    left = [0.0] * len(widths)
    top = [0.0] * len(widths)
    routes: list[Route] = [()] * len(links)
    links_of = _links_by_part(parts, links)
    area = sum([(w + GAP) * (h + 2 * ROW_GAP) for w, h in zip(widths, heights, strict=True)])
    capacity = max(_LEAST_CAPACITY, sqrt(area * _ASPECT))
    rounds = max(2, min(12, _EFFORT // max(1, len(links))))
    laid: list[tuple[list[int], _Part]] = []
    for part, own in zip(parts, links_of, strict=True):
        number = {vertex: place for place, vertex in enumerate(part)}
        drawn = _Part(
            [widths[vertex] for vertex in part],
            [heights[vertex] for vertex in part],
            [Link(number[links[i].source], number[links[i].target], links[i].offset) for i in own],
            [loose[vertex] for vertex in part],
            [rows[vertex] for vertex in part] if rows else None,
            capacity,
            rounds,
        )
        laid.append((own, drawn))
    corners, width, height = _shelves([(drawn.width, drawn.height) for _, drawn in laid])
    for part, (own, drawn), (x, y) in zip(parts, laid, corners, strict=True):
        for place, vertex in enumerate(part):
            left[vertex] = x + drawn.left[place]
            top[vertex] = y + drawn.top[place]
        for place, i in enumerate(own):
            routes[i] = tuple([(x + a, y + b) for a, b in drawn.routes[place]])
    return Layout(tuple(left), tuple(top), tuple(routes), width, height)


def _components(count: int, links: Sequence[Link]) -> list[list[int]]:
    """Return connected parts, each in rising order, in the order of their first vertices."""
    parent = list(range(count))

    def root(vertex: int) -> int:
        while parent[vertex] != vertex:
            parent[vertex] = parent[parent[vertex]]
            vertex = parent[vertex]
        return vertex

    for source, target, _ in links:
        a, b = root(source), root(target)
        if a != b:
            parent[max(a, b)] = min(a, b)
    parts: dict[int, list[int]] = {}
    for vertex in range(count):
        parts.setdefault(root(vertex), []).append(vertex)
    return list(parts.values())


def _links_by_part(parts: list[list[int]], links: Sequence[Link]) -> list[list[int]]:
    part_of: dict[int, int] = {}
    for number, part in enumerate(parts):
        for vertex in part:
            part_of[vertex] = number
    found: list[list[int]] = [[] for _ in parts]
    for i, link in enumerate(links):
        found[part_of[link.target]].append(i)
    return found


def _shelves(sizes: list[tuple[float, float]]) -> tuple[list[Point], float, float]:
    """Place parts on shelves, large ones first; low ones stand on each other beside a high one.

    Returns corners and the size of the whole.
    """
    area = sum([(w + PART_GAP) * (h + PART_GAP) for w, h in sizes])
    capacity = max([_LEAST_CAPACITY, sqrt(area * _ASPECT), *[w for w, _ in sizes]])
    large = [i for i, (w, h) in enumerate(sizes) if (w + PART_GAP) * (h + PART_GAP) * 8 > area]
    small = [i for i, (w, h) in enumerate(sizes) if (w + PART_GAP) * (h + PART_GAP) * 8 <= area]
    corners: list[Point] = [(0.0, 0.0)] * len(sizes)
    shelf_top = shelf_bottom = column = column_right = y = width = 0.0
    for i in large + small:
        w, h = sizes[i]
        if y + h > shelf_bottom or w > column_right - column:
            column, y = column_right, shelf_top
            if column and column + w > capacity:
                shelf_top = y = shelf_bottom + PART_GAP
                column = column_right = 0.0
        corners[i] = (column, y)
        width = max(width, column + w)
        column_right = max(column_right, column + w + PART_GAP)
        y += h + PART_GAP
        shelf_bottom = max(shelf_bottom, y - PART_GAP)
    return corners, width, shelf_bottom


class _Part:
    """One connected part of a drawing, laid out with its corner at (0, 0)."""

    def __init__(
        self,
        widths: list[float],
        heights: list[float],
        links: list[Link],
        free: list[bool],
        rows: list[int] | None,
        capacity: float,
        rounds: int,
    ) -> None:
        self.widths = widths
        self.heights = heights
        self.links = links
        pairs = [(link.source, link.target) for link in links]
        padded = [width + GAP for width in widths]
        self.fixed = rows is not None
        self.rows = rows if rows is not None else assign_layers(pairs, padded, capacity)
        self.trunks = self._trunks()
        self.levels = self._levels(free)
        sinks = [vertex for vertex in range(len(widths)) if not self.levels.down[vertex]]
        order_rows(self.levels, sinks, rounds)
        self.enters = self._entries(free)
        self._place()
        self.routes = self._routes()

    def _trunks(self) -> list[list[int]]:
        """Give each vertex the bends of its trunk, one for each row down to its last user's."""
        furthest = list(self.rows)
        for link in self.links:
            furthest[link.source] = max(furthest[link.source], self.rows[link.target])
        following = len(self.widths)
        trunks: list[list[int]] = []
        for vertex, far in enumerate(furthest):
            length = max(0, far - self.rows[vertex] - 1)
            trunks.append(list(range(following, following + length)))
            following += length
        self.count = following
        return trunks

    def _above(self, link: Link) -> int:
        """Return the vertex in the row above a link's target from which the link comes."""
        steps = self.rows[link.target] - self.rows[link.source] - 1
        return self.trunks[link.source][steps - 1] if steps else link.source

    def _levels(self, free: list[bool]) -> Levels:
        rows: list[list[int]] = [[] for _ in range(max(self.rows) + 1)]
        up: list[list[tuple[int, float]]] = [[] for _ in range(self.count)]
        down: list[list[tuple[int, float]]] = [[] for _ in range(self.count)]
        for vertex, row in enumerate(self.rows):
            rows[row].append(vertex)
            before = vertex
            for step, bend in enumerate(self.trunks[vertex]):
                rows[row + 1 + step].append(bend)
                up[bend].append((before, 0.0))
                down[before].append((bend, 0.0))
                before = bend
        for link in self.links:
            above = self._above(link)
            port = 0.0 if free[link.target] else link.offset / (self.widths[link.target] + 1.0)
            up[link.target].append((above, port))
            down[above].append((link.target, port))
        return Levels(rows, up, down)

    def _entries(self, free: list[bool]) -> list[float]:
        """Return where each link enters; links of a free vertex enter in the order they come."""
        position = [0] * self.count
        for vertices in self.levels.rows:
            for place, vertex in enumerate(vertices):
                position[vertex] = place
        enters = [link.offset for link in self.links]
        by_target: dict[int, list[int]] = {}
        for i, link in enumerate(self.links):
            if free[link.target]:
                by_target.setdefault(link.target, []).append(i)
        for own in by_target.values():
            places = sorted([enters[i] for i in own])
            own.sort(key=lambda i: position[self._above(self.links[i])])
            for i, entry in zip(own, places, strict=True):
                enters[i] = entry
        return enters

    def _place(self) -> None:
        widths = self.widths + [0.0] * (self.count - len(self.widths))
        offsets: list[dict[int, float]] = [{} for _ in range(self.count)]
        for link, entry in zip(self.links, self.enters, strict=True):
            offsets[link.target][self._above(link)] = entry
        place = centre_rows if self.fixed else place_rows
        self.middle = place(self.levels, widths, offsets, GAP, TRUNK_GAP)
        leftmost = min([x - w / 2 for x, w in zip(self.middle, widths, strict=True)])
        self.middle = [x - leftmost for x in self.middle]
        self.width = max([x + w / 2 for x, w in zip(self.middle, widths, strict=True)])
        self._stack()
        self.left = [x - w / 2 for x, w in zip(self.middle, self.widths, strict=False)]
        self.top = [
            self.bottoms[row] - height for row, height in zip(self.rows, self.heights, strict=True)
        ]
        self.height = self.bottoms[-1]

    def _stack(self) -> None:
        """Give each row its height, and more room above it where links run far sideways."""
        tallest = [0.0] * len(self.levels.rows)
        for row, height in zip(self.rows, self.heights, strict=True):
            tallest[row] = max(tallest[row], height)
        sideways = [0.0] * len(self.levels.rows)
        for row, vertices in enumerate(self.levels.rows):
            for vertex in vertices:
                for other, _ in self.levels.up[vertex]:
                    run = abs(self.middle[vertex] - self.middle[other])
                    sideways[row] = max(sideways[row], run)
        self.tops: list[float] = []
        self.bottoms: list[float] = []
        y = 0.0
        for row, height in enumerate(tallest):
            if row:
                y += ROW_GAP + min(60.0, 0.07 * sideways[row])
            self.tops.append(y)
            y += height
            self.bottoms.append(y)

    def _routes(self) -> list[Route]:
        routes: list[Route] = []
        for link, entry in zip(self.links, self.enters, strict=True):
            row = self.rows[link.source]
            x, y = self.middle[link.source], self.bottoms[row]
            route: list[Point] = [(x, y)]
            steps = self.rows[link.target] - row - 1
            for step, bend in enumerate(self.trunks[link.source][:steps]):
                below = row + 1 + step
                bend_x = self.middle[bend]
                _curve(route, bend_x, self.tops[below])
                _straight(route, bend_x, self.bottoms[below])
            x = self.middle[link.target] + entry
            _curve(route, x, self.tops[self.rows[link.target]])
            _straight(route, x, self.bottoms[self.rows[link.target]] - self.heights[link.target])
            routes.append(tuple(route))
        return routes


def _curve(route: list[Point], x: float, y: float) -> None:
    """Go to (x, y), upright at both ends."""
    before_x, before_y = route[-1]
    half = (before_y + y) / 2
    route.extend([(before_x, half), (x, half), (x, y)])


def _straight(route: list[Point], x: float, y: float) -> None:
    if y > route[-1][1]:
        route.extend([route[-1], (x, y), (x, y)])
