"""Sets in two arrays, against Python's own sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphad.errors import DerivativeError
from graphad.passes import index_sets
from graphad.passes.index_sets import (
    IndexSets,
    distinct,
    empty_sets,
    pairs,
    ranges,
    sets_of_pairs,
    single_sets,
    transposed,
)

SETS = st.lists(st.sets(st.integers(0, 9), max_size=4), min_size=1, max_size=5)


def made(sets: list[set[int]]) -> IndexSets:
    """Return sets as index sets."""
    given = [(k, member) for k, one in enumerate(sets) for member in one]
    owners, members = np.array(given, np.int64).reshape(len(given), 2).T
    return sets_of_pairs(owners, members, len(sets))


@given(SETS)
def test_sets_of_pairs(sets: list[set[int]]) -> None:
    """Members come sorted, whatever the order of the pairs, and pairs may stand twice."""
    found = made(sets)
    assert found.listed() == [sorted(one) for one in sets]
    again = sets_of_pairs(
        np.tile(found.owners, 2)[::-1], np.tile(found.members, 2)[::-1], len(sets)
    )
    assert again.listed() == found.listed()
    assert found.lengths.tolist() == [len(one) for one in sets]


@given(SETS, st.lists(st.integers(0, 4), max_size=6))
def test_at(sets: list[set[int]], rows: list[int]) -> None:
    """Sets are taken by position, each as often as it is asked for."""
    chosen = [row % len(sets) for row in rows]
    found = made(sets).at(np.array(chosen, np.int64))
    assert found.listed() == [sorted(sets[row]) for row in chosen]


@given(SETS, SETS)
def test_pairs(left: list[set[int]], right: list[set[int]]) -> None:
    """Every member of one is beside every member of the other, set by set."""
    count = min(len(left), len(right))
    found = zip(*[x.tolist() for x in pairs(made(left[:count]), made(right[:count]))], strict=True)
    expected = [(k, i, j) for k in range(count) for i in left[k] for j in right[k]]
    assert sorted(found) == sorted(expected)


@given(SETS)
def test_transposed(sets: list[set[int]]) -> None:
    """Each member knows the sets that it is in."""
    found = transposed(made(sets), 10)
    assert found.listed() == [[k for k, one in enumerate(sets) if i in one] for i in range(10)]


@given(st.lists(st.integers(-5, 5)))
def test_distinct(keys: list[int]) -> None:
    """Keys come once each, rising."""
    assert distinct(np.array(keys, np.int64)).tolist() == sorted(set(keys))


def test_small_cases() -> None:
    """Nothing at all, and one member each."""
    assert ranges(np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []
    assert empty_sets(2).listed() == [[], []]
    assert single_sets(np.array([4, 2])).listed() == [[4], [2]]
    assert repr(single_sets(np.arange(9))).endswith("{7} …>")


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would not fit is refused, with the count and what to ask for instead."""
    monkeypatch.setattr(index_sets, "LIMIT", 10)
    four = made([{0, 1, 2, 3}])
    message = (
        r"16 pairs of variables that meet are more than 10: .*ask for products with directions"
    )
    with pytest.raises(DerivativeError, match=message):
        pairs(four, four)
    with pytest.raises(DerivativeError, match="12 dependences of elements on variables are more"):
        four.at(np.zeros(3, np.int64))
