"""The ways to derive entries of order k, by the names that ``mode=`` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphad.passes.compose import compose
from graphad.passes.edge_pushing import edge_pushing
from graphad.passes.entries import Entry
from graphad.passes.multivariate import multivariate
from graphad.passes.nested import nested
from graphad.passes.straight import straight

Derive = Callable[..., Any]
"""``derive(graph, order, wrt, entries)`` gives the graph of a vector of entries."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to derive entries at scalar grain.

    Parameters
    ----------
    name : str
        What ``mode=`` takes.
    derive : callable
        ``derive(graph, order, wrt, entries)``.
    summary : str
        One line.
    growth : float
        About how many nodes it makes for each coefficient of a packed Taylor polynomial: what the
        planner's estimate is multiplied by.
    lowest, highest : int
        Orders at which the planner tries it by itself.
    mixed : bool
        Whether it gives mixed derivatives.
    """

    name: str
    derive: Derive
    summary: str
    growth: float
    lowest: int = 1
    highest: int = 1_000
    mixed: bool = True


def _by_mode(mode: str) -> Derive:
    def derive(graph: Any, order: int, wrt: Sequence[str], entries: Sequence[Entry]) -> Any:
        return nested(graph, order, wrt, entries, mode=mode)

    return derive


STRATEGIES: dict[str, Strategy] = {
    item.name: item
    for item in (
        Strategy(
            "compose",
            compose,
            "the chain rule of order k through dominators and waists, sums term by term",
            0.5,
        ),
        Strategy(
            "taylor",
            straight,
            "one univariate Taylor polynomial along each variable",
            1.0,
            mixed=False,
        ),
        Strategy("reverse", _by_mode("reverse"), "one sweep back from each entry", 4.0, 1, 1),
        Strategy(
            "reverse-forward",
            _by_mode("reverse-forward"),
            "one sweep back, then tangents",
            2.0,
            2,
        ),
        Strategy(
            "edge-pushing", edge_pushing, "Hessians with symmetry and sparsity kept", 1.0, 2, 2
        ),
        Strategy("forward", _by_mode("forward"), "tangents of tangents, i ≤ j ≤ … only", 2.0),
        Strategy(
            "multivariate", multivariate, "Taylor polynomials in all variables, packed", 2.0, 2
        ),
    )
}
"""All strategies at scalar grain, in the order in which the planner tries them."""
