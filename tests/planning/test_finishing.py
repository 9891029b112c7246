"""Which drafts are finished: the most promising always, others where they may be cheaper."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.cost import operations
from graphad.passes import Pipeline
from graphad.planning import STRATEGIES, finishing
from graphad.planning.finishing import FINISH, Draft, draft_of, finish_all, is_hopeless
from graphad.planning.target import whole_target

WAYS = ("compose", "reverse-forward", "edge-pushing", "forward", "multivariate")


def derived(way: str, order: int = 3) -> Any:
    """Return the entries of a derivative as a strategy derives them."""
    graph = ga.trace(lambda x: np.log(np.sum(np.exp(x))) * x[0], np.zeros(3))
    target = whole_target(graph, order)
    return STRATEGIES[way].derive(target.base, order, target.wrt, target.needed()).graph


@pytest.fixture(scope="module")
def drafts() -> list[Draft]:
    """Return the drafts of five ways."""
    return [draft_of(derived(way)) for way in WAYS]


@pytest.mark.parametrize("way", WAYS)
def test_one_draft_is_finished(way: str) -> None:
    """A draft alone ends as the cheaper of both pipelines makes it."""
    raw = derived(way)
    (found,) = finish_all([draft_of(raw)])
    assert found.operations == operations(found.graph)
    assert found.operations == min(operations(Pipeline(passes)(raw)) for passes in FINISH)
    point = np.array([0.3, 0.1, -0.4])
    np.testing.assert_allclose(found.graph(point), raw(point), rtol=1e-12, atol=1e-14)


def test_the_cheapest_is_found(drafts: list[Draft]) -> None:
    """Leaving out what is not likely does not lose the cheapest."""
    found = [item for item in finish_all(drafts) if item.graph is not None]
    alone = [finish_all([draft])[0].operations for draft in drafts]
    assert min(item.operations for item in found) == min(alone)


def test_what_is_not_likely(drafts: list[Draft], monkeypatch: pytest.MonkeyPatch) -> None:
    """Large drafts far behind are left as they are, and the note says how large they are."""
    monkeypatch.setattr(finishing, "MIDDLING", 0)
    monkeypatch.setattr(finishing, "EASY", 0)
    far = replace(drafts[0], promise=10 * drafts[1].promise)
    first, second = finish_all([far, drafts[1]])
    assert second.graph is not None
    assert first.graph is None
    assert first.note == (
        f"not finished: {far.raw:,} operations before common factors are taken out"
    )
    assert is_hopeless(far, drafts[1].promise)
    assert not is_hopeless(drafts[1], drafts[1].promise)


def test_what_is_far_off_is_not_simplified(
    drafts: list[Draft], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large entries that promise far less than others are taken as they are."""
    monkeypatch.setattr(finishing, "MIDDLING", 0)
    raw = derived(WAYS[0])
    assert draft_of(raw, drafts[0].promise / 3).graph is raw
    assert draft_of(raw, drafts[0].promise).graph == drafts[0].graph


def test_collected_terms_are_a_second_chance(
    drafts: list[Draft], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small draft far behind is finished if few operations are left with terms collected."""
    monkeypatch.setattr(finishing, "EASY", 0)
    far = replace(drafts[0], promise=10 * drafts[2].promise)
    assert finish_all([far, drafts[2]])[0].graph is not None
    monkeypatch.setattr(finishing, "COLLECTED_TIMES", 0.1)
    assert finish_all([far, drafts[2]])[0].graph is None


def test_time_is_up(drafts: list[Draft]) -> None:
    """One draft is finished however long it took: the one that promises most."""
    found = finish_all(drafts, lambda: True)
    best = min(range(len(drafts)), key=lambda i: drafts[i].promise)
    assert [item.graph is not None for item in found] == [i == best for i in range(len(drafts))]
    assert all(item.note.endswith("and time is up") for item in found if item.graph is None)


def test_equal_drafts_are_finished_once(drafts: list[Draft]) -> None:
    """What two ways derive alike is one graph in the end."""
    again = draft_of(derived(WAYS[0]))
    first, second = finish_all([drafts[0], again])
    assert first.graph is second.graph


def test_ill_conditioned_ways_come_last(drafts: list[Draft]) -> None:
    """A draft without promise is finished if there is no other, and not beside others."""
    hopeless = replace(drafts[0], promise=inf, raw=10_000)
    assert finish_all([hopeless])[0].graph is not None
    assert finish_all([hopeless, drafts[1]])[0].graph is None


def test_no_drafts() -> None:
    """Nothing comes of nothing."""
    assert finish_all([]) == []
