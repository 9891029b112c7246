"""Which of several graphs of the same entries is the cheapest, once common factors are out.

Taking common factors out takes most of the time of planning. So graphs that are likely to end up
cheap go first, and others only if they are close behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import Any

from graphad.cost import operations
from graphad.passes.pipeline import Pipeline

FIRST, COLLECTED, FACTORED, LAST = "simplify", "collect,simplify", "factor", "simplify,cse"
FINISH = (f"{FIRST},{FACTORED},{LAST}", f"{FIRST},{COLLECTED},{FACTORED},{LAST}")
"""What entries go through; the cheaper result is kept."""
TWICE = 10_000
"""Graphs of more nodes go through the first of these only."""
EASY = 150
"""Graphs of no more operations are always finished."""
MIDDLING, COLLECTED_TIMES = 800, 1.6
"""Graphs of no more operations are finished if those with like terms collected are at most so many
times the least that others have in the end."""
HARD = 500.0
"""From here on graphs are compared by what is more strict."""
LIKELY, LIKELY_HARD = 1.5, 1.2
"""Graphs are finished if they promise no more than so many times the best promise."""
FAR = 2.0
"""From so many times the best promise on, it makes no difference whether a graph is simplified."""
CLOSE, CLOSE_LARGE = 1.1, 1.02
"""The second pipeline is for graphs that are at most so many times the least after the first."""
LARGE = 400
"""From so many operations on, what is close is closer."""
WORK, WORK_TWICE = 12_000, 18_000
"""Operations that drafts may have together, the best among them, for the others to be finished too;
and for any to go through the second pipeline."""
TOO_LARGE = 50_000
"""From so many nodes on, common factors stay in: to find them takes longer than they ever cost."""


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


def draft_of(graph: Any, least: float = inf) -> Draft:
    """Return the draft of entries that were just derived.

    Parameters
    ----------
    graph : Graph
        The entries.
    least : float
        The best promise of others. If that of the graph is far from it, it is not even simplified.
    """
    draft = _drafted(graph)
    if draft.raw > MIDDLING and draft.promise > FAR * least:
        return draft
    return _drafted(Pipeline(FIRST)(graph))


def _drafted(graph: Any) -> Draft:
    raw = operations(graph)
    return Draft(graph, raw, sqrt(raw * len(graph.nodes)))


def is_hopeless(draft: Draft, least: float) -> bool:
    """Whether a draft is not looked at further, when the best of all promises `least`."""
    return draft.raw > MIDDLING and not _is_likely(draft, least)


def _is_likely(draft: Draft, least: float) -> bool:
    limit = LIKELY if least < HARD else LIKELY_HARD
    return draft.raw <= EASY or draft.promise <= limit * least


def not_finished(draft: Draft) -> str:
    """Return the note of a draft that is not likely to win."""
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
    return Finishing(drafts, expired).run()


class Finishing:
    """Drafts on their way; see `finish_all`.

    Parameters
    ----------
    drafts : sequence of Draft
        Of the same entries.
    expired : callable
        Whether time is up.
    """

    def __init__(self, drafts: Sequence[Draft], expired: Callable[[], bool]) -> None:
        self.drafts = drafts
        self.expired = expired
        self.collected: dict[int, Finished] = {}
        self.made: dict[int, Finished] = {}
        self.work = 0

    def run(self) -> list[Finished]:
        """Return what became of each draft."""
        drafts, made = self.drafts, self.made
        found: dict[int, Finished | int] = {}
        for i in sorted(range(len(drafts)), key=lambda i: drafts[i].promise):
            twin = next((j for j in made if drafts[i] == drafts[j]), None)
            note = self._reason_against(i) if twin is None else ""
            if note:
                found[i] = Finished(note=note)
            elif twin is None:
                self.work += drafts[i].raw
                made[i] = _factored(Finished(drafts[i].graph))
            found.setdefault(i, i if twin is None else twin)
        for i in sorted(made, key=lambda i: made[i].operations):
            made[i] = self._again(i)
        least = self._least()
        for i, item in made.items():
            if LARGE <= item.operations <= CLOSE * least:
                made[i] = _continued(LAST, item)
        results = [found[i] for i in range(len(drafts))]
        return [made[item] if isinstance(item, int) else item for item in results]

    def _least(self) -> int:
        return min([item.operations for item in self.made.values()], default=0)

    def _reason_against(self, i: int) -> str:
        """Return why a draft is not finished; nothing if it is."""
        draft = self.drafts[i]
        if not self.made:
            return ""
        if self.expired():
            return f"{not_finished(draft)}, and time is up"
        if self.work + draft.raw > WORK:
            return f"{not_finished(draft)}, and others promise more"
        best = self.drafts[next(iter(self.made))].promise
        if _is_likely(draft, best):
            return ""
        if draft.raw > MIDDLING or draft.promise == inf:
            return not_finished(draft)
        close = self._collected(i).operations <= COLLECTED_TIMES * self._least()
        return "" if close else not_finished(draft)

    def _collected(self, i: int) -> Finished:
        if i not in self.collected:
            self.collected[i] = _continued(COLLECTED, Finished(self.drafts[i].graph))
        return self.collected[i]

    def _again(self, i: int) -> Finished:
        """Return the result of the second pipeline where that is cheaper, and likely to be."""
        first, least = self.made[i], self._least()
        raw = self.drafts[i].raw
        if len(self.drafts[i].graph.nodes) > TWICE or self.work + raw > WORK_TWICE:
            return first
        if first.operations > least and self.expired():
            return first
        is_close = first.operations <= (CLOSE if least < LARGE else CLOSE_LARGE) * least
        if not is_close and least >= LARGE:
            return first
        collected = self._collected(i)
        if not is_close and collected.operations >= first.operations:
            return first
        self.work += raw
        second = _factored(collected)
        kept = first if first.operations <= second.operations else second
        return replace(kept, seconds=first.seconds + second.seconds)


def _factored(so_far: Finished) -> Finished:
    """Take common factors out; what that leaves of large graphs is simplified at the end only."""
    if len(so_far.graph.nodes) > TOO_LARGE:
        return replace(so_far, operations=operations(so_far.graph))
    made = _continued(FACTORED, so_far)
    return made if made.operations >= LARGE else _continued(LAST, made)


def _continued(passes: str, so_far: Finished) -> Finished:
    start = time.perf_counter()
    made = Pipeline(passes)(so_far.graph)
    return Finished(made, operations(made), so_far.seconds + time.perf_counter() - start)
