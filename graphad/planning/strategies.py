"""The ways to derive entries of order k, by the names that ``mode=`` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphad.passes.compose import compose
from graphad.passes.directions import directions, directions_condition
from graphad.passes.edge_pushing import edge_pushing
from graphad.passes.eliminate import eliminated
from graphad.passes.entries import Entry
from graphad.passes.multivariate import multivariate
from graphad.passes.nested import nested
from graphad.passes.straight import straight


@dataclass(frozen=True, slots=True)
class Derived:
    """What a strategy gives.

    Parameters
    ----------
    graph : Graph
        One output, the vector of entries.
    rays : int
        Directions that were taken; 0 where there are none.
    condition : float
        Condition number of the linear system that was solved; 0 where there is none.
    detail : str
        What else is known of how it was made, such as an order of elimination.
    """

    graph: Any
    rays: int = 0
    condition: float = 0.0
    detail: str = ""


STEPS = 10_000
"""How long an order of elimination is looked for."""
Derive = Callable[..., Derived]
"""``derive(graph, order, wrt, entries)``."""


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
    sweeps : bool
        Whether it sweeps back from each row.
    work : float
        How much work a node is, beside one of other strategies.
    bounded : bool
        Whether `derive` takes ``limit=``, the most nodes to make, and refuses to make more: its
        growth may be far beyond the estimate.
    """

    name: str
    derive: Derive
    summary: str
    growth: float
    lowest: int = 1
    highest: int = 1_000
    mixed: bool = True
    sweeps: bool = False
    work: float = 1.0
    bounded: bool = False


def _by_pass(derive: Callable[..., Any], **options: Any) -> Derive:
    def run(
        graph: Any, order: int, wrt: Sequence[str], entries: Sequence[Entry], **more: Any
    ) -> Derived:
        return Derived(derive(graph, order, wrt, entries, **options, **more))

    return run


def _by_directions(graph: Any, order: int, wrt: Sequence[str], entries: Sequence[Entry]) -> Derived:
    made = directions(graph, order, wrt, entries)
    return Derived(made, *directions_condition(graph, order, wrt, entries))


def _by_elimination(
    graph: Any, order: int, wrt: Sequence[str], entries: Sequence[Entry]
) -> Derived:
    made, record = eliminated(graph, order, wrt, entries, steps=STEPS)
    return Derived(made, detail=str(record))


STRATEGIES: dict[str, Strategy] = {
    item.name: item
    for item in (
        Strategy(
            "compose",
            _by_pass(compose),
            "the chain rule of order k through values that everything passes through",
            0.5,
        ),
        Strategy(
            "taylor",
            _by_pass(straight),
            "one univariate Taylor polynomial along each variable",
            1.0,
            mixed=False,
        ),
        Strategy(
            "reverse",
            _by_pass(nested, mode="reverse"),
            "one sweep back from each entry",
            4.0,
            1,
            1,
            sweeps=True,
        ),
        Strategy(
            "reverse-forward",
            _by_pass(nested, mode="reverse-forward"),
            "reverse mode once, then forward mode",
            2.0,
            2,
            sweeps=True,
        ),
        Strategy(
            "edge-pushing",
            _by_pass(edge_pushing),
            "one sweep back that keeps derivatives by up to k values at once, sparse and symmetric",
            0.25,
            sweeps=True,
            bounded=True,
        ),
        Strategy(
            "forward",
            _by_pass(nested, mode="forward"),
            "forward mode k times, each mixed derivative once",
            2.0,
        ),
        Strategy(
            "multivariate",
            _by_pass(multivariate),
            "Taylor polynomials in all variables, packed",
            1.9,
            2,
        ),
        Strategy(
            "directions",
            _by_directions,
            "univariate Taylor polynomials along rays, and a linear system",
            12.0,
            2,
            work=3.0,
        ),
        Strategy(
            "elimination",
            _by_elimination,
            "Jacobians by removing intermediate values one by one, in the cheapest order found",
            4.0,
            1,
            1,
            work=4.0,
        ),
    )
}
"""All strategies at scalar grain, in the order in which the planner tries them."""
