"""Orders of vertex elimination, found on the structure of a linearised graph alone.

Eliminating the vertex j of a linearised graph (Griewank and Reese, 1991) adds c_ij · c_jk to the
edge from i to k, for each predecessor i and each successor k, and removes j. When only variables
and rows are left, the edges are the entries of the Jacobian. Every order gives the same entries;
what differs is how many multiplications it takes, and finding the fewest is NP-complete (Naumann,
2008).

Which edges there are after some vertices are gone does not depend on their order. So orders are
paths through sets of vertices, which is what the search goes by: a beam that keeps one way to each
set, made wider as long as that finds something.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, nsmallest

from graphad.errors import DerivativeError
from graphad.passes.elimination_structure import (
    COUNTS,
    Linearized,
    Order,
    Remaining,
    cost_of,
)
from graphad.passes.masks import bits

ORDERS = ("forward", "reverse", "markowitz", "search")
STEPS = 20_000
"""Vertices that a search may eliminate: well under a second for a hundred vertices."""
LARGEST = 20_000
"""Most vertices that Markowitz's order and the search take."""
BRANCH = 8
"""The cheapest vertices that a beam looks at, for each way that it keeps."""
PATIENCE = 6
"""How many times a beam is made wider in vain before the search ends."""


@dataclass(frozen=True, slots=True)
class Elimination:
    """How entries were accumulated: an order of vertices for each derivative that was taken.

    It prints as one line, which `parse` reads back.

    Parameters
    ----------
    by : str
        How the orders were found.
    orders : tuple of tuple of int
        For each order of the derivative, the vertices of the linearised graph as they go. Vertices
        count from 0 in the order of the graph, variables and rows among them.
    multiplications : tuple of int
        For each order of the derivative, those of the elimination, by ±1 and other numbers too.

    Examples
    --------
    >>> print(Elimination("search", ((3, 2), (7,)), (6, 1)))
    search 6 [3 2] 1 [7]
    >>> Elimination.parse("search 6 [3 2] 1 [7]").orders
    ((3, 2), (7,))
    """

    by: str
    orders: tuple[Order, ...]
    multiplications: tuple[int, ...]

    def __str__(self) -> str:
        parts = zip(self.multiplications, self.orders, strict=True)
        return " ".join([self.by, *[f"{n} [{' '.join(map(str, order))}]" for n, order in parts]])

    @staticmethod
    def parse(text: str) -> Elimination:
        """Return the elimination that was printed.

        Raises
        ------
        DerivativeError
            If the text is not one.
        """
        if not re.fullmatch(r"\w+( \d+ \[(\d+( \d+)*)?\])*", text):
            raise DerivativeError(
                f"{text!r} is not an elimination; it is written as 'search 6 [3 2]': a name, then "
                "for each derivative its multiplications and its vertices in order"
            )
        found = re.findall(r" (\d+) \[([\d ]*)\]", text)
        orders = tuple([tuple([int(v) for v in order.split()]) for _, order in found])
        name, _, _ = text.partition(" ")
        return Elimination(name, orders, tuple([int(count) for count, _ in found]))


def markowitz(linear: Linearized, count: str = "multiplications", late: bool = False) -> Order:
    """Return the greedy order: each time the vertex that costs least (Griewank and Reese, 1991).

    Parameters
    ----------
    linear : Linearized
        The graph.
    count : {"operations", "multiplications"}
        What costs.
    late : bool
        Whether the last of several vertices that cost the same is taken, and not the first.
    """
    remaining = Remaining(linear, count)
    sign = -1 if late else 1
    prices = {vertex: remaining.price(vertex) for vertex in linear.intermediates}
    queue = [(price, sign * vertex) for vertex, price in prices.items()]
    heapify(queue)
    order = []
    while queue:
        price, signed = heappop(queue)
        vertex = sign * signed
        if prices.get(vertex) != price:
            continue
        del prices[vertex]
        order.append(vertex)
        around = remaining.predecessors[vertex] | remaining.successors[vertex]
        remaining.eliminate(vertex)
        for other in bits(around):
            if other in prices and prices[other] != (now := remaining.price(other)):
                prices[other] = now
                heappush(queue, (now, sign * other))
    return tuple(order)


@dataclass(slots=True)
class _Way:
    """One way to eliminate a set of vertices; `prices` are those of the ones that are left."""

    spent: int
    order: Order
    remaining: Remaining
    prices: dict[int, int]

    def next(self, vertex: int) -> _Way:
        remaining, prices = self.remaining.copy(), self.prices.copy()
        around = remaining.predecessors[vertex] | remaining.successors[vertex]
        spent = self.spent + remaining.eliminate(vertex)
        del prices[vertex]
        for other in bits(around):
            if other in prices:
                prices[other] = remaining.price(other)
        return _Way(spent, (*self.order, vertex), remaining, prices)


def beam(
    linear: Linearized,
    width: int,
    count: str = "multiplications",
    expired: Callable[[], bool] = lambda: False,
) -> Order | None:
    """Return the best order found by keeping the `width` cheapest sets of each size.

    Parameters
    ----------
    linear : Linearized
        The graph.
    width : int
        How many sets to keep.
    count : {"operations", "multiplications"}
        What costs.
    expired : callable
        Asked once for each size; the search ends without an order when it says so.
    """
    start = Remaining(linear, count)
    prices = {vertex: start.price(vertex) for vertex in linear.intermediates}
    ways = {0: _Way(0, (), start, prices)}
    for _ in prices:
        if expired():
            return None
        found: dict[int, tuple[int, int, int]] = {}
        for gone, way in ways.items():
            for price, late in nsmallest(BRANCH, [(p, -v) for v, p in way.prices.items()]):
                reached, spent = gone | 1 << -late, way.spent + price
                if reached not in found or spent < found[reached][0]:
                    found[reached] = spent, gone, -late
        kept = nsmallest(width, found.items(), key=lambda item: item[1][0])
        ways = {reached: ways[gone].next(vertex) for reached, (_, gone, vertex) in kept}
    (best,) = ways.values()
    return best.order


def search(
    linear: Linearized,
    count: str = "multiplications",
    steps: int = STEPS,
    seconds: float | None = None,
) -> Order:
    """Return the best order found: that of the simple ways or of a beam that is made wider.

    Parameters
    ----------
    linear : Linearized
        The graph.
    count : {"operations", "multiplications"}
        What costs.
    steps : int
        How many vertices may be eliminated on the way, more for large graphs, where each takes
        longer. The result depends on nothing else.
    seconds : float, optional
        A limit on time besides; where it ends the search, the result depends on the machine.
    """
    vertices = linear.intermediates
    deadline = None if seconds is None else time.monotonic() + seconds

    def expired() -> bool:
        return deadline is not None and time.monotonic() > deadline

    candidates = [vertices, vertices[::-1]]
    candidates += [markowitz(linear, count, late) for late in (False, True)]
    best = min(candidates, key=lambda order: cost_of(linear, order, count))
    least = cost_of(linear, best, count)
    step = 1 + len(vertices) // 100
    width, left, in_vain = 2, steps, 0
    while vertices and in_vain < PATIENCE:
        left -= width * len(vertices) * step
        order = beam(linear, width, count, expired) if left >= 0 else None
        if order is None:
            break
        found = cost_of(linear, order, count)
        in_vain = 0 if found < least else in_vain + 1
        if found < least:
            best, least = order, found
        width *= 2
    return best


def find_order(
    linear: Linearized,
    by: str | Sequence[int] = "search",
    count: str = "operations",
    steps: int = STEPS,
    seconds: float | None = None,
) -> Order:
    """Return the order of a name, or the order that is given, checked.

    Raises
    ------
    DerivativeError
        If the name is unknown, the order is not one of the vertices to eliminate, or the graph is
        too large for the search.
    """
    vertices = linear.intermediates
    if count not in COUNTS:
        raise DerivativeError(f"what an order costs is {' or '.join(COUNTS)}, and not {count!r}")
    if not isinstance(by, str):
        if sorted(by) != list(vertices):
            raise DerivativeError(
                f"the order {tuple(by)} does not name each of the vertices {vertices} once; "
                "an order is for the graph and the entries that it was found with"
            )
        return tuple(by)
    if by not in ORDERS:
        raise DerivativeError(f"there is no order {by!r} of elimination; orders: {ORDERS}")
    if by == "forward":
        return vertices
    if by == "reverse":
        return vertices[::-1]
    if len(linear.predecessors) > LARGEST:
        raise DerivativeError(
            f"{len(linear.predecessors):,} vertices are too many to look for an order, the limit "
            f"is {LARGEST:,}; use by='reverse' or by='forward'"
        )
    return markowitz(linear, count) if by == "markowitz" else search(linear, count, steps, seconds)
