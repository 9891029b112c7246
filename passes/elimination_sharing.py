"""What an order of elimination costs when equal products and sums are made once.

Partial derivatives are often equal: those of c₂·c₃ − s₂·s₃ by two angles, or by a pair of atoms,
differ at most in sign. Orders that keep such edges apart until they are multiplied make the same
products again and again, and sharing removes them. So edges are symbols here, a sign and the number
of a value, and a product or a sum that was made before costs nothing.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from graphad.ir import CONST, Node
from graphad.ops import OPS
from graphad.passes.elimination_structure import Linearized, Order

Symbol: TypeAlias = "tuple[int, int | float]"
"""A sign, and a value: its number if it is an ``int``, or a constant that is not negative."""
Key: TypeAlias = tuple[object, ...]

ADD, SUBTRACT, MULTIPLY, NEGATIVE = OPS["add"], OPS["subtract"], OPS["multiply"], OPS["negative"]
HOTTEST, COLDEST = 2.0, 0.2
"""Operations that a change of the order may cost at the start and at the end."""

PER_PAIR = 5
"""Changes that are tried, at most, for each vertex and place to put it."""


class Symbols:
    """Products and sums of symbols, each made once.

    Examples
    --------
    >>> symbols = Symbols()
    >>> x, y = symbols.fresh(), symbols.fresh()
    >>> symbols.product(x, y) == symbols.product(y, x)
    True
    >>> symbols.spent
    1
    """

    def __init__(self) -> None:
        self.spent = 0
        self._known: dict[Key, int] = {}
        self._count = 0
        self._lasting = (0, 0)

    def keep(self) -> None:
        """Let all that is known stay known, free of cost."""
        self.spent = 0
        self._lasting = self._count, len(self._known)

    def forget(self) -> None:
        """Forget what was made since `keep`."""
        self.spent = 0
        self._count, size = self._lasting
        while len(self._known) > size:
            self._known.popitem()

    def fresh(self) -> Symbol:
        """Return a value that nothing is known of."""
        self._count += 1
        return 1, self._count

    def product(self, left: Symbol, right: Symbol) -> Symbol:
        """Return the product of two values."""
        sign = left[0] * right[0]
        a, b = left[1], right[1]
        if type(a) is float:
            a, b = b, a
        if type(b) is float:
            if b == 1.0:
                return sign, a
            if type(a) is float:
                return sign, a * b
            return sign, self._made((a, "times", b), 1)
        return sign, self._made((a, b) if a <= b else (b, a), 1)

    def total(self, terms: Sequence[Symbol]) -> Symbol:
        """Return the sum of values: like terms are counted, and a sign is pulled out."""
        if len(terms) == 1:
            return terms[0]
        counts: dict[int, int] = {}
        constant = 0.0
        for sign, value in terms:
            if isinstance(value, float):
                constant += sign * value
            else:
                counts[value] = counts.get(value, 0) + sign
        kept = sorted([item for item in counts.items() if item[1]])
        if not kept:
            return (-1, -constant) if constant < 0 else (1, constant)
        sign = 1 if kept[0][1] > 0 else -1
        if sign < 0:
            kept = [(value, -count) for value, count in kept]
            constant = -constant
        if len(kept) == 1 and not constant and kept[0][1] == 1:
            return sign, kept[0][0]
        multiples = sum([abs(count) != 1 for _, count in kept])
        price = len(kept) - 1 + bool(constant) + multiples
        return sign, self._made((*kept, constant), price)

    def _made(self, key: Key, price: int) -> int:
        found = self._known.get(key)
        if found is None:
            self._count += 1
            found = self._known[key] = self._count
            self.spent += price
        return found

    def of_nodes(self, nodes: Iterable[Node]) -> list[Symbol]:
        """Return the symbol of each node of an arena."""
        found: list[Symbol] = []
        for node in nodes:
            operands = [found[operand.id] for operand in node.inputs]
            if node.op is CONST and node.type.dtype.kind == "f":
                number = float(node.attrs[0].scalar)
                made = (-1, -number) if number < 0 else (1, number)
            elif node.op is NEGATIVE:
                made = (-operands[0][0], operands[0][1])
            elif node.op is MULTIPLY:
                made = operands[0]
                for operand in operands[1:]:
                    made = self.product(made, operand)
            elif node.op is ADD:
                made = self.total(operands)
            elif node.op is SUBTRACT:
                made = self.total([operands[0], (-operands[1][0], operands[1][1])])
            else:
                made = self.fresh()
            found.append(made)
        return found


class Shared:
    """A linearised graph whose edges are symbols, to count what orders cost.

    Parameters
    ----------
    linear : Linearized
        The structure.
    symbols : Symbols
        What knows the values of the graph.
    edges : sequence of dict of int to Symbol
        For each vertex the edges from it.
    useful : sequence of int
        For each vertex those that it may have an edge to, as bits.
    """

    def __init__(
        self,
        linear: Linearized,
        symbols: Symbols,
        edges: Sequence[dict[int, Symbol]],
        useful: Sequence[int],
    ) -> None:
        self.linear = linear
        self.symbols = symbols
        self.edges = edges
        self.useful = useful
        symbols.keep()

    def cost(self, order: Sequence[int], most: float = float("inf")) -> int:
        """Return the operations of an order, those past `most` left out."""
        symbols = self.symbols
        symbols.forget()
        after = [{k: [edge] for k, edge in edges.items()} for edges in self.edges]
        before = [dict.fromkeys(vertices) for vertices in self.linear.predecessors]
        for vertex in order:
            out = [(k, symbols.total(terms)) for k, terms in after[vertex].items()]
            for i in before[vertex]:
                edges, useful = after[i], self.useful[i]
                into = symbols.total(edges.pop(vertex))
                for k, edge in out:
                    if not useful >> k & 1:
                        continue
                    made = symbols.product(into, edge)
                    if k in edges:
                        edges[k].append(made)
                    else:
                        edges[k] = [made]
                        before[k][i] = None
            for k, _ in out:
                del before[k][vertex]
            if symbols.spent > most:
                return symbols.spent
        for column in self.linear.columns:
            for terms in after[column].values():
                symbols.total(terms)
        return symbols.spent

    def improve(self, order: Order, steps: int, seconds: float | None = None) -> Order:
        """Return the best order found by moving one vertex at a time (simulated annealing).

        Parameters
        ----------
        order : tuple of int
            Where to start.
        steps : int
            How many vertices may be eliminated on the way. The result depends on nothing else.
        seconds : float, optional
            A limit on time besides.
        """
        size = len(order)
        if size < 2:
            return order
        draw = random.Random(0)
        deadline = None if seconds is None else time.monotonic() + seconds
        best = current = order
        least = spent = self.cost(order)
        trials = min(steps // size, PER_PAIR * size * size)
        for trial in range(trials):
            if deadline is not None and time.monotonic() > deadline:
                break
            heat = HOTTEST * (COLDEST / HOTTEST) ** (trial / trials)
            moved = list(current)
            vertex = moved.pop(draw.randrange(size))
            moved.insert(draw.randrange(size), vertex)
            most = spent + draw.expovariate(1 / heat)
            found = self.cost(moved, most)
            if found <= most:
                current, spent = tuple(moved), found
                if found < least:
                    best, least = current, found
        return best
