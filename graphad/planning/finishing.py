"""Which of several graphs of the same entries is the cheapest, once common factors are out.

Taking common factors out takes most of the time of planning. So graphs that are likely to end up
cheap go first, and others only if they are close behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from graphad.cost import operations
from graphad.passes.pipeline import Pipeline

FIRST, COLLECTED, LAST = "simplify", "collect,simplify", "factor,simplify,cse"
FINISH = (f"{FIRST},{LAST}", f"{FIRST},{COLLECTED},{LAST}")
"""What entries go through; the cheaper result is kept."""
TWICE = 5_000
"""Graphs of more nodes go through the first of these only."""
EASY = 150
"""Graphs of no more operations are always finished."""
HARD = 1_500.0
"""From here on graphs are compared by what is more strict."""
LIKELY, LIKELY_HARD = 1.5, 1.25
"""Graphs are finished if they promise no more than so many times the best promise."""
CLOSE, CLOSE_LARGE = 1.1, 1.02
"""The second pipeline is for graphs that are at most so many times the least after the first."""
LARGE = 400
"""From so many operations on, what is close is closer."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Entries as a strategy derived them, simplified, with common factors still in.

    Parameters
    ----------
    graph : Graph
        A vector of entries.
    raw : int
        Its operations.
    promise : float
        Goes with the operations that will be left: the geometric mean of operations and nodes. Many
        operations in few nodes are long products and sums, which share most.
    """

    graph: Any
    raw: int
    promise: float


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a draft.

    Parameters
    ----------
    graph : Graph or None
        With common factors taken out; None if that was not done.
    operations : int
        Of the graph.
    seconds : float
        What it took.
    note : str
        Why it was not done.
    """

    graph: Any = None
    operations: int = 0
    seconds: float = 0.0
    note: str = ""


def draft_of(graph: Any) -> Draft:
    """Return the draft of entries that were just derived."""
    simplified = Pipeline(FIRST)(graph)
    raw = operations(simplified)
    return Draft(simplified, raw, sqrt(raw * len(simplified.nodes)))


def is_likely(draft: Draft, least: float) -> bool:
    """Whether a draft may be the cheapest in the end, when the best of all promises `least`."""
    limit = LIKELY if least < HARD else LIKELY_HARD
    return draft.raw <= EASY or draft.promise <= limit * least


def not_finished(draft: Draft) -> str:
    """Return the note of a draft that is not likely."""
    return f"not finished: {draft.raw:,} operations before common factors are taken out"


def finish_all(
    drafts: Sequence[Draft], expired: Callable[[], bool] = lambda: False
) -> list[Finished]:
    """Take common factors out of the drafts that are likely to be the cheapest then.

    Parameters
    ----------
    drafts : sequence of Draft
        Of the same entries.
    expired : callable
        When it says so, no further draft is finished; the most promising one always is.

    Returns
    -------
    list of Finished
        One for each draft.
    """
    made = [Finished() for _ in drafts]
    done: list[int] = []
    for i in sorted(range(len(drafts)), key=lambda i: drafts[i].promise):
        draft = drafts[i]
        if done and not is_likely(draft, drafts[done[0]].promise):
            made[i] = Finished(note=not_finished(draft))
        elif done and expired():
            made[i] = Finished(note=f"{not_finished(draft)}, and time is up")
        else:
            made[i] = _timed(LAST, draft.graph)
            done.append(i)
    done.sort(key=lambda i: made[i].operations)
    for i in done:
        if len(drafts[i].graph.nodes) <= TWICE and not (i != done[0] and expired()):
            least = min([made[j].operations for j in done])
            made[i] = _again(drafts[i], made[i], least)
    return made


def _again(draft: Draft, first: Finished, least: int) -> Finished:
    """Return the result of the second pipeline where that is cheaper, and likely to be."""
    close = CLOSE if least < LARGE else CLOSE_LARGE
    is_close = first.operations <= close * least
    if not is_close and least >= LARGE:
        return first
    collected = _timed(COLLECTED, draft.graph)
    if not is_close and collected.operations >= first.operations:
        return first
    second = _timed(LAST, collected.graph)
    seconds = first.seconds + collected.seconds + second.seconds
    kept = first if first.operations <= second.operations else second
    return Finished(kept.graph, kept.operations, seconds)


def _timed(passes: str, graph: Any) -> Finished:
    start = time.perf_counter()
    made = Pipeline(passes)(graph)
    return Finished(made, operations(made), time.perf_counter() - start)
