"""Candidates of a plan: each way is built, simplified, and counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import comb, inf
from typing import Any
from warnings import catch_warnings, simplefilter

from graphad.builder import live_marks
from graphad.cost import Cost, cost
from graphad.errors import GraphadError
from graphad.ir import Graph
from graphad.ops import OPS
from graphad.passes.entries import Entry, scalars
from graphad.planning.finishing import Draft, draft_of, finish_all
from graphad.planning.strategies import Derived, Strategy
from graphad.planning.target import Target


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
    draft : Draft or None
        What is to be finished yet.
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
    draft: Draft | None = None


WORST_CONDITION = 100.0
"""Ways that lose more than two digits are taken only if asked for."""
LINEAR = tuple(OPS[name] for name in ("add", "subtract", "negative", "mask", "where", "cast"))


def estimate(target: Target, entries: Sequence[Entry] | None = None) -> float:
    """Return how many coefficients packed Taylor polynomials of all scalar values have together.

    It is what any strategy that does not see structure computes, up to a factor, and it is found
    before anything is derived. Variables that no wanted entry is by do not count, if entries are
    given; a sum takes as many additions as its shorter terms have coefficients.

    Raises
    ------
    GraphadError
        If the base cannot be scalarized.
    """
    lowered = scalars(target.base, target.wrt)
    graph, k = lowered.graph, target.order
    used = None if entries is None else {i for _, index in entries for i in index}
    places = {
        node.id: i
        for i, node in enumerate(lowered.variables)
        if node is not None and (used is None or i in used)
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
    return float(total + len(entries or ()))


def optimized(graph: Any) -> Any:
    """Return entries simplified, with common factors taken out."""
    return finish_all([draft_of(graph)])[0].graph


def derived(
    strategy: Strategy, target: Target, entries: Sequence[Entry], limit: float = inf
) -> Derived:
    """Return what a strategy derives, of at most `limit` nodes if it can be broken off."""
    options = {"limit": limit} if strategy.bounded else {}
    return strategy.derive(target.base, target.order, target.wrt, entries, **options)


def drafted(
    target: Target,
    strategy: Strategy,
    entries: Sequence[Entry],
    least: float = inf,
    limit: float = inf,
) -> Candidate:
    """Return a strategy's candidate, derived but not finished, or one with why there is none.

    Parameters
    ----------
    target : Target
        What is asked for.
    strategy : Strategy
        How to derive it.
    entries : sequence of Entry
        What to derive.
    least : float
        The best promise of other drafts.
    limit : float
        Most nodes to make, for strategies that are bounded.
    """
    start = time.perf_counter()
    with catch_warnings(record=True) as caught:
        simplefilter("always")
        try:
            made = derived(strategy, target, entries, limit)
        except GraphadError as error:
            return Candidate(strategy.name, "scalar", note=str(error))
    draft = draft_of(made.graph, least)
    if made.condition > WORST_CONDITION:
        draft = replace(draft, promise=inf)
    return Candidate(
        strategy.name,
        "scalar",
        seconds=time.perf_counter() - start,
        rays=made.rays,
        condition=made.condition,
        detail=made.detail,
        raw=draft.raw,
        warnings=tuple([item.message for item in caught if isinstance(item.message, Warning)]),
        draft=draft,
    )


def finished(
    candidates: Sequence[Candidate], expired: Callable[[], bool] = lambda: False
) -> list[Candidate]:
    """Return candidates with common factors taken out of those drafts that are likely to win.

    Parameters
    ----------
    candidates : sequence of Candidate
        Others than drafts stay as they are.
    expired : callable
        Whether time is up, so that one draft is enough.
    """
    results = iter(finish_all([item.draft for item in candidates if item.draft], expired))
    made = []
    for item in candidates:
        if item.draft is not None:
            result = next(results)
            if result.graph is None:
                item = replace(item, draft=None, note=result.note)
            else:
                seconds = item.seconds + result.seconds
                graph, price = result.graph, cost(result.graph)
                item = replace(item, graph=graph, cost=price, seconds=seconds, draft=None)
        made.append(item)
    return made


def at_array_grain(graph: Graph, seconds: float = 0.0) -> Candidate:
    """Return the candidate that is the derivative graph itself."""
    return Candidate("nested", "array", graph, cost(graph), seconds)
