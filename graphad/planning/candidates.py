"""Candidates of a plan: each way is built, simplified, and counted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, inf
from typing import Any
from warnings import catch_warnings, simplefilter

from graphad.builder import live_marks
from graphad.cost import Cost, cost, operations
from graphad.errors import GraphadError
from graphad.ir import Graph
from graphad.ops import OPS
from graphad.passes.entries import Entry, scalars
from graphad.passes.pipeline import Pipeline
from graphad.planning.strategies import Strategy
from graphad.planning.target import Target

FINISH = (
    "simplify,factor,simplify,cse",
    "simplify,collect,simplify,factor,simplify,cse",
)
"""What entries go through; the cheaper result is kept."""
TWICE = 5_000
"""Graphs of more nodes go through the first of these only."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to derive what is asked for.

    Parameters
    ----------
    name : str
        The strategy.
    grain : str
        ``"scalar"`` or ``"array"``.
    graph : Graph or None
        A vector of entries at scalar grain, the derivative graph at array grain; None if it was not
        built.
    cost : Cost or None
        What it costs.
    seconds : float
        Time to derive and simplify it.
    rays : int
        Directions, where they apply; else 0.
    condition : float
        Condition number of the linear system, where it applies; else 0.
    note : str
        Why it was not built.
    detail : str
        What else is known of how it was made.
    warnings : tuple of Warning
        What its derivation warned of.
    raw : int
        Operations before common factors are taken out.
    laid : Layout or None
        The graph in the layout that is asked for, where it was made at once.
    """

    name: str
    grain: str
    graph: Any = None
    cost: Cost | None = None
    seconds: float = 0.0
    rays: int = 0
    condition: float = 0.0
    note: str = ""
    detail: str = ""
    warnings: tuple[Warning, ...] = ()
    raw: int = 0
    laid: Any = None


LINEAR = tuple(OPS[name] for name in ("add", "subtract", "negative", "mask", "where", "cast"))


def estimate(target: Target, entries: Sequence[Entry]) -> float:
    """Return how many coefficients packed Taylor polynomials of all scalar values have together.

    It is what any strategy that does not see structure computes, up to a factor, and it is found
    before anything is derived. Variables that no wanted entry is by do not count; a sum takes as
    many additions as its shorter terms have coefficients.

    Raises
    ------
    GraphadError
        If the base cannot be scalarized.
    """
    lowered = scalars(target.base, target.wrt)
    graph, k = lowered.graph, target.order
    used = {i for _, index in entries for i in index}
    places = {
        node.id: i for i, node in enumerate(lowered.variables) if node is not None and i in used
    }
    live = live_marks(graph)
    supports = [0] * len(graph.nodes)
    counts = [0] * len(graph.nodes)
    total = 0
    for node in graph.nodes:
        if not live[node.id] or node.type.shape:
            continue
        mask = 1 << places[node.id] if node.id in places else 0
        for operand in node.inputs:
            mask |= supports[operand.id]
        supports[node.id] = mask
        made = counts[node.id] = comb(mask.bit_count() + k, k)
        if node.op in LINEAR and node.inputs:
            terms = [counts[operand.id] for operand in node.inputs]
            counts[node.id] = min(made, sum(terms))
            made = counts[node.id] - max(terms)  # what is added to the longest of them
        total += made
    return float(total + len(entries))


def optimized(graph: Any) -> Any:
    """Return entries simplified, by the cheaper of two pipelines."""
    made = Pipeline(FINISH[0])(graph)
    if len(graph.nodes) > TWICE:
        return made
    other = Pipeline(FINISH[1])(graph)
    return made if operations(made) <= operations(other) else other


def built(
    target: Target, strategy: Strategy, entries: Sequence[Entry], most: float = inf
) -> Candidate:
    """Return a strategy's candidate, derived and counted, or one with the reason it has none.

    Parameters
    ----------
    target : Target
        What is asked for.
    strategy : Strategy
        How to derive it.
    entries : sequence of Entry
        What to derive.
    most : float
        Operations above which common factors are not looked for, which takes most of the time.
    """
    start = time.perf_counter()
    with catch_warnings(record=True) as caught:
        simplefilter("always")
        try:
            made = strategy.derive(target.base, target.order, target.wrt, entries)
        except GraphadError as error:
            return Candidate(strategy.name, "scalar", note=str(error))
    raw = operations(made.graph)
    if raw > most:
        note = f"not finished: {raw:,} operations before common factors are taken out"
        return Candidate(strategy.name, "scalar", note=note)
    graph = optimized(made.graph)
    seconds = time.perf_counter() - start
    return Candidate(
        strategy.name,
        "scalar",
        graph,
        cost(graph),
        seconds,
        made.rays,
        made.condition,
        detail=made.detail,
        raw=raw,
        warnings=tuple([item.message for item in caught if isinstance(item.message, Warning)]),
    )


def at_array_grain(graph: Graph, seconds: float = 0.0) -> Candidate:
    """Return the candidate that is the derivative graph itself."""
    return Candidate("nested", "array", graph, cost(graph), seconds)
