"""Which ways at scalar grain can pay, decided before they are followed.

All limits are counts of operations and nodes, never of time: the same request gives the same graph
on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphad.cost import operations
from graphad.ir import Graph
from graphad.planning.strategies import Strategy

SMALL = 4_000.0
"""Ways that are estimated to make no more nodes are followed, as long as there is work left."""
WORK = 50_000.0
"""Nodes that all ways together may make."""
SHARE, MOST = 20, 200_000.0
"""Where the array graph takes more operations than so many times `WORK`, the ways may make a node
for each so many of them, but not more than this."""
GAIN = 4
"""From `SMALL` on, scalars are followed where the array graph takes so many times what they are
estimated to take: they count twice then, and seldom come out at the estimate."""
FEW_TIMES = 5.0
"""A large way is followed if its estimate is at most so many times the least count so far, which is
one before common factors are taken out."""
LEAST = 3.0
"""Nodes that a way makes for each operation of a large function, at least."""
MORE = 1.2
"""A way is broken off at so many times the nodes of the least one."""
MANY_NODES = 2_000
"""From here on a scalar operation counts as two of an array."""
CALLS = 2_000.0
"""Most scalar operations that are evaluated call by call, where there is no machine code."""


class Effort:
    """How much may be spent on ways at scalar grain, and what has been.

    Parameters
    ----------
    base : Graph
        The function.
    rows : int
        How many elements its outputs have.
    arrays : int, optional
        Operations of the derivative at array grain; None where there is no such graph.
    """

    def __init__(self, base: Graph, rows: int, arrays: int | None) -> None:
        self.base = base
        self.rows = rows
        self.arrays = arrays
        self.left = WORK if arrays is None else min(max(WORK, arrays / SHARE), MOST)

    def against_function(self) -> str:
        """Return why a function is not even taken apart into scalars; nothing if it is."""
        if self.arrays is None:
            return ""
        count = operations(self.base)
        if LEAST * count > self.left:
            return f"not tried: the function alone takes {count:,} operations"
        return self._against_gain(count, f"the function alone takes {count:,} operations")

    def against_scalars(self, size: float) -> str:
        """Return why no way at scalar grain is followed; nothing if some are.

        Parameters
        ----------
        size : float
            About how many operations any way takes; see `graphad.planning.candidates.estimate`.
        """
        if self.arrays is None:
            return ""
        if size > CALLS and not _has_code(self.base):
            return f"not tried: about {size:,.0f} operations, and none has machine code"
        return self._against_gain(size, f"about {size:,.0f} operations")

    def _against_gain(self, count: float, said: str) -> str:
        if self.arrays is None or count <= SMALL or GAIN * count <= self.arrays:
            return ""
        return f"not tried: {said}, and the array graph takes {self.arrays:,}"

    def expected(self, strategy: Strategy, size: float) -> float:
        """Return about how many nodes a strategy makes: sweeps back are one for each row."""
        sweeps = self.rows if strategy.sweeps else 1
        return strategy.growth * size * (sweeps if size > SMALL else 1)

    def against(self, strategy: Strategy, size: float, counts: Sequence[int]) -> str:
        """Return why a strategy is not followed; nothing if it is.

        Parameters
        ----------
        strategy : Strategy
            What is to be followed.
        size : float
            The estimate.
        counts : sequence of int
            Operations of those that have been followed.
        """
        expected = self.expected(strategy, size)
        about = f"not tried: about {expected:,.0f} nodes"
        if self.arrays is not None and expected > max(SMALL, self.arrays):
            return f"{about}, and the array graph takes {self.arrays:,} operations"
        if not counts:
            return ""
        if expected > SMALL and expected > FEW_TIMES * min(counts):
            least = f"another way takes {min(counts):,} operations, before it is simplified"
            return f"{about}, and {least}"
        if expected * strategy.work > self.left:
            return f"{about}, and other ways made enough"
        return ""

    def most(self, made: Sequence[int]) -> float:
        """Return how many nodes a way may make that is broken off there.

        Parameters
        ----------
        made : sequence of int
            Nodes of other ways.
        """
        return max(SMALL, MORE * min(made)) if made else max(SMALL, self.left)

    def spend(self, nodes: float) -> None:
        """Note that nodes were made."""
        self.left -= nodes

    def in_order(self, strategies: Sequence[Strategy], size: float) -> list[Strategy]:
        """Return strategies as they come, or the smallest first where not all can be followed.

        What is broken off beyond the least of the others comes after them.
        """
        if size <= SMALL:
            return list(strategies)
        return sorted(
            strategies, key=lambda one: (one.bounded, self.expected(one, size) * one.work)
        )


def _has_code(graph: Graph) -> bool:
    return all(
        node.type.dtype == np.float64 for node in graph.nodes if node.type.dtype.kind in "fc"
    )


def weight(count: int, nodes: int) -> int:
    """Return the operations of scalars, twice if their nodes are many: arrays take fewer calls."""
    return count * (2 if nodes > MANY_NODES else 1)
