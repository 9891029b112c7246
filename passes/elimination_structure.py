"""The structure of a linearised graph, and what eliminating its vertices costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from graphad.passes.masks import bits

Order: TypeAlias = tuple[int, ...]
"""Vertices, in the order in which they are eliminated."""

COUNTS = ("operations", "multiplications")


@dataclass(frozen=True, slots=True)
class Linearized:
    """The structure of a linearised graph: an edge for each partial derivative.

    Parameters
    ----------
    predecessors : tuple of tuple of int
        For each vertex those that it depends on, which stand before it.
    columns, rows : tuple of int
        Vertices of the variables, which have no predecessors, and of the rows, which have no
        successors. All others are eliminated; each is on a way from a column to a row.
    wanted : tuple of int
        For each row the columns that are wanted, as bits; all of all rows if empty.
    numbers : dict of (int, int) to bool
        Edges whose partial derivative is a number, and whether it is ±1.
    """

    predecessors: tuple[tuple[int, ...], ...]
    columns: tuple[int, ...]
    rows: tuple[int, ...]
    wanted: tuple[int, ...] = ()
    numbers: dict[tuple[int, int], bool] = field(default_factory=dict)

    @property
    def intermediates(self) -> Order:
        """Vertices to eliminate, in the order of the graph."""
        ends = {*self.columns, *self.rows}
        return tuple([v for v in range(len(self.predecessors)) if v not in ends])


def useful_edges(linear: Linearized) -> list[int]:
    """Return for each vertex, as bits, those that it may have an edge to: none is in vain.

    An edge from i to k is of use if a column before i is wanted of a row behind k.
    """
    size = len(linear.predecessors)
    if not linear.wanted:
        return [(1 << size) - 1] * size
    before, behind = [0] * size, [0] * size
    for column, vertex in enumerate(linear.columns):
        before[vertex] = 1 << column
    for row, columns in zip(linear.rows, linear.wanted, strict=True):
        behind[row] |= columns
    for vertex in range(size):
        for i in linear.predecessors[vertex]:
            before[vertex] |= before[i]
    groups: dict[int, int] = {}
    for vertex in reversed(range(size)):
        for i in linear.predecessors[vertex]:
            behind[i] |= behind[vertex]
        groups[behind[vertex]] = groups.get(behind[vertex], 0) | 1 << vertex
    known: dict[int, int] = {}
    for columns in before:
        if columns not in known:
            known[columns] = 0
            for wanted, vertices in groups.items():
                if wanted & columns:
                    known[columns] |= vertices
    return [known[columns] for columns in before]


class Remaining:
    """A linearised graph while vertices are eliminated: sets of vertices as bits of an integer.

    Parameters
    ----------
    linear : Linearized
        The graph at the start.
    count : {"operations", "multiplications"}
        What eliminating a vertex costs: all multiplications, or the multiplications and additions
        that are left when numbers are multiplied beforehand and nothing is by ±1.
    """

    __slots__ = ("numbers", "plain", "predecessors", "successors", "units", "useful")

    def __init__(self, linear: Linearized, count: str = "multiplications") -> None:
        size = len(linear.predecessors)
        self.plain = count == "multiplications"
        self.useful = useful_edges(linear)
        self.predecessors, self.successors = [0] * size, [0] * size
        self.numbers, self.units = [0] * size, [0] * size
        for k, predecessors in enumerate(linear.predecessors):
            for i in predecessors:
                if self.useful[i] >> k & 1:
                    self.predecessors[k] |= 1 << i
                    self.successors[i] |= 1 << k
        for (i, k), is_unit in linear.numbers.items():
            self.numbers[i] |= 1 << k
            self.units[i] |= int(is_unit) << k

    def copy(self) -> Remaining:
        """Return a graph of its own."""
        made = object.__new__(Remaining)
        made.plain, made.useful = self.plain, self.useful
        made.predecessors, made.successors = self.predecessors.copy(), self.successors.copy()
        made.numbers, made.units = self.numbers, self.units
        if not self.plain:
            made.numbers, made.units = self.numbers.copy(), self.units.copy()
        return made

    def price(self, vertex: int) -> int:
        """Return what it costs to eliminate a vertex now."""
        after = self.successors[vertex]
        total = 0
        for i in bits(self.predecessors[vertex]):
            made = after & self.useful[i]
            if self.plain:
                total += made.bit_count()
                continue
            number = self.numbers[i] >> vertex & 1
            if not self.units[i] >> vertex & 1:
                free = self.numbers[vertex] if number else self.units[vertex]
                total += (made & ~free).bit_count()
            known = self.numbers[i] & self.numbers[vertex] if number else 0
            total += (made & self.successors[i] & ~known).bit_count()
        return total

    def eliminate(self, vertex: int) -> int:
        """Eliminate a vertex and return what it cost."""
        cost = self.price(vertex)
        before, after = self.predecessors[vertex], self.successors[vertex]
        gone = ~(1 << vertex)
        for i in bits(before):
            made = after & self.useful[i]
            if not self.plain:
                self._renumber(i, vertex, made)
            self.successors[i] = (self.successors[i] | made) & gone
        for k in bits(after):
            found = self.predecessors[k] & gone
            for i in bits(before & ~found):
                found |= (self.useful[i] >> k & 1) << i
            self.predecessors[k] = found
        self.predecessors[vertex] = self.successors[vertex] = 0
        return cost

    def _renumber(self, i: int, vertex: int, made: int) -> None:
        """Note which edges from i are numbers, when those of `made` come in over `vertex`."""
        held = self.successors[i] & made
        number, unit = self.numbers[i] >> vertex & 1, self.units[i] >> vertex & 1
        numbers = made & self.numbers[vertex] if number else 0
        units = made & self.units[vertex] if unit else 0
        gone = ~(1 << vertex)
        self.numbers[i] = (self.numbers[i] & ~made | numbers & (~held | self.numbers[i])) & gone
        self.units[i] = (self.units[i] & ~made | units & ~held) & gone


def cost_of(linear: Linearized, order: Sequence[int], count: str = "multiplications") -> int:
    """Return what eliminating the vertices in that order costs.

    Examples
    --------
    >>> chain = Linearized(((), (0,), (1,), (2,)), (0,), (3,))
    >>> cost_of(chain, (1, 2))
    2
    """
    remaining = Remaining(linear, count)
    return sum([remaining.eliminate(vertex) for vertex in order])
