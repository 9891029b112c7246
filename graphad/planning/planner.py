"""The planner: candidates, counted; the least is taken."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf
from typing import Any
from warnings import warn

from graphad.builder import paused_gc
from graphad.cost import operations
from graphad.errors import DerivativeError, GraphadError
from graphad.ir import Graph
from graphad.passes.diff import Leaf
from graphad.passes.entries import Entry
from graphad.passes.pattern import pattern
from graphad.passes.pipeline import Pipeline
from graphad.planning.candidates import (
    WORST_CONDITION,
    Candidate,
    at_array_grain,
    drafted,
    estimate,
    finished,
)
from graphad.planning.compressed import (
    LARGE,
    LARGE_FOR_ENTRIES,
    NAME,
    compressed_candidate,
    scalar_count,
)
from graphad.planning.finishing import is_hopeless, not_finished
from graphad.planning.gathering import gathered
from graphad.planning.layouts import Layout, check_layout, laid_out
from graphad.planning.plan import Plan
from graphad.planning.strategies import STRATEGIES
from graphad.planning.table import counted
from graphad.planning.target import PATTERN_FROM, Target, chosen_entries, target_of
from graphad.planning.worth import Effort, weight
from graphad.progress import Progress

SECONDS = inf
"""Time after which no further strategy is tried: never, so that plans are the same everywhere."""
NODES = 2_000_000
"""Most nodes that a strategy may be estimated to make."""
MEMORY = 2**30
"""Most bytes of a result."""
DEAR = 50
"""From so many times the operations of a large function on, a derivative at array grain is looked
at for zeros, which need no directions of their own."""


def make_plan(
    graph: Graph,
    base: Graph,
    history: Sequence[Leaf],
    layout: str = "dense",
    mode: str = "auto",
    entries: Iterable[object] | str | None = None,
    seconds: float = SECONDS,
    nodes: int = NODES,
    memory: int = MEMORY,
) -> Plan:
    """Return the plan of what a derivative graph asks for; see `Graph.plan`.

    Parameters
    ----------
    graph : Graph
        The derivative at array grain: the candidate ``nested``.
    base : Graph
        The function.
    history : sequence of Leaf
        What each output of `graph` is.
    layout, mode, entries, seconds, nodes, memory
        As for `Graph.plan`.

    Raises
    ------
    DerivativeError
        If the layout, mode or entries do not fit, or the request is too large.
    """
    target = target_of(graph, base, history)
    check_layout(target, layout)
    if mode not in ("auto", "nested", NAME, *STRATEGIES):
        raise DerivativeError(
            f"there is no mode {mode!r} to plan by; modes: auto, nested, {NAME}, "
            f"{', '.join(STRATEGIES)}"
        )
    asked = entries is not None
    wanted: tuple[Entry, ...] = ()
    if entries is not None:
        if layout != "dense":
            raise DerivativeError(
                f'entries= gives a vector in their order, so layout="{layout}" does not apply; '
                "leave one of the two out"
            )
        wanted = chosen_entries(target, entries)
    else:
        check_size(target, layout, memory)
    sparse = _compressed(graph, target, layout, mode, wanted if asked else None)
    at_once = asked or layout not in {"dense", "packed"}
    if sparse is not None and (mode == NAME or (at_once and _is_large(target, asked))):
        planned = _at_once(target, sparse, mode)
        if planned is not None:
            return planned
    if not asked:
        wanted = () if _is_vast(target) else target.needed()
    search = Search(graph, target, wanted, layout, asked, seconds, nodes, memory)
    search.found.extend([sparse] if sparse is not None else [])
    with paused_gc():
        winner, reason = search.run(mode)
    for warning in winner.warnings:
        warn(warning, stacklevel=4)
    if winner.laid is not None:
        laid = winner.laid
    elif winner.grain == "array":
        laid = Layout(winner.graph, "entries" if asked else layout)
    else:
        laid = laid_out(Pipeline("schedule")(winner.graph), target, search.wanted, layout, asked)
    return Plan(target, laid, winner, search.candidates, reason)


def _compressed(
    graph: Graph, target: Target, layout: str, mode: str, entries: tuple[Entry, ...] | None
) -> Candidate | None:
    """Return the candidate at array grain for sparse derivatives, where one is looked at."""
    suits = layout in {"coo", "csr"} or (entries is not None and _is_large(target, True))
    suits = suits or (entries is None and layout != "distinct" and _is_dear(graph, target))
    if mode != NAME and not (mode == "auto" and suits and target.order in (1, 2)):
        return None
    return compressed_candidate(target, layout, entries)


def _is_large(target: Target, asked: bool) -> bool:
    return scalar_count(target.base) > (LARGE_FOR_ENTRIES if asked else LARGE)


def _is_dear(graph: Graph, target: Target) -> bool:
    """Whether a large function's derivative takes so much more that it may be sparse."""
    return _is_large(target, False) and operations(graph) > DEAR * operations(target.base)


def _at_once(target: Target, made: Candidate, mode: str) -> Plan | None:
    """Return the plan of a large function, which is not taken apart into scalars.

    Raises
    ------
    DerivativeError
        If the mode was asked for and does not lead there; in the mode "auto", None is returned.
    """
    if made.cost is None:
        if mode == NAME:
            raise DerivativeError(f'mode "{mode}" does not give this: {made.note}')
        return None
    if mode == NAME:
        return Plan(target, made.laid, made, [made], f"{mode}: asked for")
    count = scalar_count(target.base)
    note = f"not tried: the function alone is about {count:,} scalars"
    others = Candidate("all others", "scalar", note=note)
    least = f"{made.name}: {counted(_total(made), 'operation')}"
    reason = f"{least}; for so many scalars no other way is followed"
    return Plan(target, made.laid, made, [others, made], reason)


def check_size(target: Target, layout: str, memory: int) -> None:
    """Refuse a result that takes more memory than is allowed, before anything is derived.

    Raises
    ------
    DerivativeError
        With the number of bytes, and what to ask for instead.
    """
    count = {"dense": target.size, "packed": target.unique}.get(layout, 0)
    itemsize = max([node.type.dtype.itemsize for node in target.base.outputs], default=8)
    if count * itemsize <= memory:
        return
    smaller = '"packed" or "coo"' if layout == "dense" and target.same else '"coo"'
    raise DerivativeError(
        f"the derivative of order {target.order} of {target.base.name} by {target.variables} "
        f"variables has {count:,} elements in the layout {layout!r}: {count * itemsize:,} bytes, "
        f"more than {memory:,}; ask for layout={smaller}, for some entries=, or for products with "
        "directions (hvp, jvp), or allow more by memory="
    )


def _is_vast(target: Target) -> bool:
    """Whether there are so many entries that structural zeros are left out from the start."""
    return target.unique > PATTERN_FROM and target.order > 0


def nonzero_entries(target: Target, memory: int) -> tuple[Entry, ...]:
    """Return the entries that are no structural zeros.

    Raises
    ------
    DerivativeError
        If there are too many, even so.
    """
    found = pattern(target.base, target.order, target.wrt)
    if len(found) * 8 > memory:
        raise DerivativeError(
            f"the derivative of order {target.order} of {target.base.name} has {len(found):,} "
            f"unique entries that are no structural zeros, more than {memory // 8:,}; ask for "
            "some entries=, or allow more by memory="
        )
    if target.same:
        return tuple(found)
    blocks = target.blocks
    return tuple([entry for entry in found if any(block.positions(entry) for block in blocks)])


class Search:
    """Builds candidates, the promising first, and keeps the least costly.

    Parameters
    ----------
    graph : Graph
        The derivative at array grain.
    target : Target
        What is asked for.
    wanted : tuple of Entry
        The entries to derive; none where there are so many that those that are no zeros are to be
        found first.
    layout : str
        In what form.
    asked : bool
        Whether the user listed the entries.
    seconds, nodes, memory
        Limits.
    """

    def __init__(
        self,
        graph: Graph,
        target: Target,
        wanted: tuple[Entry, ...],
        layout: str,
        asked: bool,
        seconds: float,
        nodes: int,
        memory: int = MEMORY,
    ) -> None:
        self.graph = graph
        self.target = target
        self.wanted = wanted
        self.layout = layout
        self.asked = asked
        self.seconds = seconds
        self.nodes = nodes
        self.memory = memory
        self.is_vast = not asked and _is_vast(target)
        self.found: list[Candidate] = []
        self.candidates: list[Candidate] = []

    def run(self, mode: str) -> tuple[Candidate, str]:
        """Return the winner and the reason.

        Raises
        ------
        DerivativeError
            If the way that was asked for does not lead there, or none does.
        """
        if mode != "auto":
            made = self._array() if mode == "nested" else self._forced(mode)
            self.candidates.append(made)
            if made.cost is None:
                raise DerivativeError(f'mode "{mode}" does not give this: {made.note}')
            return made, f"{mode}: asked for"
        self._search()
        built_ones = [
            item
            for item in self.candidates
            if item.cost is not None and item.condition <= WORST_CONDITION
        ]
        if not built_ones:
            note = next((item.note for item in self.candidates if item.note), "")
            raise DerivativeError(
                f"this derivative of {self.target.base.name} has no form in the layout "
                f'"{self.layout}": {note}; ask for the layout "dense" or "packed"'
            )
        ranked = sorted(built_ones, key=_weight)
        best = ranked[0]
        others = [item for item in ranked[1:] if item.name != best.name]
        if not others:
            return best, f"{best.name}: no other way was followed; the rows above say why"
        second = others[0]
        least = f"{best.name}: {counted(_total(best), 'operation')}"
        if _total(second) < _total(best):
            assert best.cost is not None
            assert second.cost is not None
            return best, (
                f"{least} in {counted(best.cost.nodes, 'array node')}; {second.name} takes "
                f"{_total(second):,}, one by one"
            )
        if _total(second) == _total(best):
            return best, f"{least}; {second.name} takes as many, and stands later in the list"
        return best, f"{least}; the next best is {second.name} with {_total(second):,}"

    def _search(self) -> None:
        start = time.perf_counter()
        progress = Progress()
        self._array_candidate()  # it is there already: others are to be better
        self.candidates.extend(self.found)
        arrays = [_total(item) for item in self.candidates if item.cost]
        rows = self.target.rows if self.is_vast else len({row for row, _ in self.wanted})
        effort = Effort(self.target.base, rows, min(arrays, default=None))
        note, size = effort.against_function(), 0.0
        try:
            if not note:
                size = estimate(self.target, None if self.is_vast else self.wanted)
                note = effort.against_scalars(size)
        except GraphadError as error:
            note = str(error)
        if not note:
            note = self._find_wanted(bool(arrays))
        if note:
            self.candidates.insert(0, Candidate("all others", "scalar", note=note))
            return
        try:
            self._try_all(size, effort, start, progress)
            self.candidates = finished(
                self.candidates, lambda: time.perf_counter() - start > self.seconds
            )
        finally:
            progress.clear()
        self.candidates.sort(key=_is_array)

    def _find_wanted(self, there_are_others: bool = False) -> str:
        """Find the entries that are no zeros, where there are many; return why that does not do."""
        if not self.is_vast:
            return ""
        try:
            self.wanted = nonzero_entries(self.target, self.memory)
        except GraphadError as error:
            if not there_are_others:
                raise
            return str(error)
        return ""

    def _try_all(self, size: float, effort: Effort, start: float, progress: Progress) -> None:
        order = max(1, self.target.order)
        known = [one for one in STRATEGIES.values() if one.lowest <= order <= one.highest]
        if self.target.order == 0:  # the function itself, whichever way
            known = [STRATEGIES["compose"]]
        if any(len(set(index)) > 1 for _, index in self.wanted):
            known = [one for one in known if one.mixed]
        for strategy in effort.in_order(known, size):
            drafts = [item.draft for item in self.candidates if item.draft is not None]
            is_enough = bool(drafts) or effort.arrays is not None
            expected = effort.expected(strategy, size)
            note = effort.against(strategy, size, [draft.raw for draft in drafts])
            if expected > self.nodes:
                note = f"not tried: about {expected:,.0f} nodes, more than {self.nodes:,}"
            elif not note and is_enough and time.perf_counter() - start > self.seconds:
                note = f"not tried: more than {self.seconds:g} s have passed"
            if note:
                made = Candidate(strategy.name, "scalar", note=note)
            else:
                progress.show(f"planning order {self.target.order}: {strategy.name}")
                limit = effort.most([len(draft.graph.nodes) for draft in drafts])
                made = drafted(self.target, strategy, self.wanted, self._least_promise(), limit)
                broken_off = limit if strategy.bounded else 0.0
                nodes = broken_off if made.draft is None else len(made.draft.graph.nodes)
                effort.spend(nodes * strategy.work)
            self.candidates.append(made)
            self._drop_hopeless()

    def _least_promise(self) -> float:
        drafts = [item.draft for item in self.candidates if item.draft is not None]
        return min([draft.promise for draft in drafts], default=inf)

    def _drop_hopeless(self) -> None:
        """Let go of drafts that are far off: several large graphs take much memory."""
        least = self._least_promise()
        for place, item in enumerate(self.candidates):
            if item.draft is not None and is_hopeless(item.draft, least):
                note = not_finished(item.draft)
                self.candidates[place] = replace(item, draft=None, note=note)

    def _array_candidate(self) -> None:
        if self.layout in {"dense", "packed"}:
            self.candidates.append(self._array())

    def _array(self) -> Candidate:
        """The derivative graph itself, or what is gathered from it."""
        if self.layout not in {"dense", "packed"}:
            note = 'at array grain there are the layouts "dense" and "packed" only'
            return Candidate("nested", "array", note=note)
        graph: Any = self.graph
        if self.asked or self.layout == "packed":
            entries = self.wanted if self.asked else self.target.needed()
            graph = gathered(graph, self.target, entries, packed=not self.asked)
        return at_array_grain(graph)

    def _forced(self, mode: str) -> Candidate:
        self._find_wanted()
        expected = STRATEGIES[mode].growth * estimate(self.target, self.wanted)
        if expected > self.nodes:
            raise DerivativeError(
                f'mode "{mode}" would make about {expected:,.0f} nodes for the derivative of '
                f"order {self.target.order} of {self.target.base.name}, more than {self.nodes:,}; "
                'ask for fewer entries=, take mode="auto", or allow more by nodes='
            )
        return finished([drafted(self.target, STRATEGIES[mode], self.wanted)])[0]


def _is_array(item: Candidate) -> bool:
    return item.grain == "array"


def _weight(item: Candidate) -> int:
    """Operations; those of many scalar nodes twice."""
    assert item.cost is not None
    return _total(item) if _is_array(item) else weight(_total(item), item.cost.nodes)


def _total(item: Candidate) -> int:
    assert item.cost is not None
    return item.cost.total
