"""The short way into ufuncs of several operands: as NumPy's own way, and only for what fits."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from graphad.llvm import Compiled, entry_many
from graphad.llvm.entry import NEVER
from graphad.llvm.entry_many import MOST, Gates, make_gates, way_in_many
from tests.llvm.machine import scalar_graph
from tests.llvm.test_entry import M, Sub, X, outcome, shut

PAIR = Compiled(scalar_graph(lambda x, y: x * y[:, None] + 1.0, np.zeros(3), np.zeros(2)), 0)
MIXED = Compiled(
    scalar_graph(lambda x, s, m: (x * s, s + m[0, 0], m.T), np.zeros(3), 0.0, np.zeros((2, 3))), 0
)
ORDERS = Compiled(scalar_graph(lambda x: (x[0] * x[1], x[::-1] * 2.0), np.zeros(3)), 0)
NUMBERS = Compiled(scalar_graph(lambda x, y: (x + y, x * y), 0.0, 0.0), 0)
Y = np.array([2.0, -1.0])

ARGUMENTS: list[tuple[Compiled, tuple[Any, ...]]] = [
    (PAIR, (X, Y)),
    (PAIR, (X[::-1], Y)),
    (PAIR, (X, Y.tolist())),
    (PAIR, (X, Y.astype(np.float32))),
    (PAIR, (np.stack([X, X]), Y)),
    (PAIR, (X, np.stack([Y, Y, Y]))),
    (PAIR, (X.view(Sub), Y)),
    (PAIR, (X, Y[:1])),
    (PAIR, (X,)),
    (PAIR, (X, 1.0)),
    (PAIR, (X, Y * 1j)),
    (MIXED, (X, 2.0, M)),
    (MIXED, (X, np.float64(2.0), M)),
    (MIXED, (X, np.array(2.0), M)),
    (MIXED, (X, 2, M)),
    (MIXED, (X, 2.0, np.asfortranarray(M))),
    (MIXED, (np.stack([X, X]), 2.0, M)),
    (MIXED, (X, "a", M)),
    (MIXED, (X, 2.0, M.T)),
    (ORDERS, (X,)),
    (ORDERS, (X.tolist(),)),
    (ORDERS, (np.zeros((0, 3)),)),
    (ORDERS, (X[:2],)),
    (NUMBERS, (1.5, 2.0)),
    (NUMBERS, (np.float64(1.5), 2.0)),
    (NUMBERS, (1, True)),
    (NUMBERS, (X, 2.0)),
]


def test_the_way_is_open() -> None:
    """Ufuncs of several operands have gates, and share their code."""
    assert way_in_many() is way_in_many() is not None
    for fast in (PAIR, MIXED, ORDERS, NUMBERS):
        assert isinstance(fast._tiers.gate, Gates)


@pytest.mark.parametrize(("fast", "arguments"), ARGUMENTS)
def test_same_as_the_long_way(fast: Compiled, arguments: tuple[Any, ...]) -> None:
    """Values, shapes, types, flags and refusals are those that NumPy gives."""
    found, message = outcome(lambda: fast.ufunc(*arguments))
    wanted, refused = outcome(lambda: shut(fast)(*arguments))
    assert message == refused
    assert type(found) is type(wanted)
    if not isinstance(found, tuple):
        found, wanted = (found,), (wanted,)
    for one, other in zip(found, wanted, strict=True):
        assert type(one) is type(other)
        np.testing.assert_array_equal(one, other)
        if isinstance(one, np.ndarray):
            assert one.dtype == other.dtype
            assert one.flags.writeable
            assert one.flags.owndata == other.flags.owndata


def test_calls_with_options() -> None:
    """Results that are given and options are NumPy's to read."""
    out = np.zeros((2, 3))
    assert PAIR.ufunc(X, Y, out) is out
    assert PAIR.ufunc(X, Y, out=out) is out
    np.testing.assert_array_equal(out, PAIR.ufunc(X, Y))
    np.testing.assert_array_equal(PAIR.ufunc(X, Y, dtype=np.float64), out)
    assert NUMBERS.ufunc(2.0, 3.0) == (5.0, 6.0)


def test_references() -> None:
    """Calls leave the counts of what they touch as they are."""
    held: list[Any] = [X, Y, X.dtype, np.ndarray, MIXED.ufunc, np.float64]
    before = [sys.getrefcount(thing) for thing in held]
    for _ in range(1000):
        PAIR.ufunc(X, Y)
        MIXED.ufunc(X, 2.0, M)
        NUMBERS.ufunc(1.5, 2.0)
    after = [sys.getrefcount(thing) for thing in held]
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) < 100
    assert [sys.getrefcount(part) for part in ORDERS.ufunc(X)[1:]] == [3]


def test_calls_are_counted() -> None:
    """Calls by the short way are counted until better code is made."""
    fast = Compiled(scalar_graph(lambda x, y: x * y, 0.0, 0.0), "auto")
    cell = fast._tiers.cell
    cell.limit[0] = 4
    for count in (1, 2, 3):
        assert fast.ufunc(2.0, 3.0) == 6.0
        assert cell.count[0] == count
    assert fast.ufunc(2.0, 3.0) == 6.0
    assert cell.limit[0] == NEVER
    assert fast._tiers.gate is not None
    assert fast._tiers.gate.point == fast.address


def test_many_numbers_are_left_to_numpy() -> None:
    """Points that do not fit on the stack have no short way."""
    assert make_gates([(MOST,)], [(), ()], 0, 0) is None
    assert make_gates([], [(), ()], 0, 0) is None
    fast = Compiled(scalar_graph(lambda x, y: x * y, np.zeros(MOST), 0.0), 0)
    assert fast._tiers.gate is None
    np.testing.assert_array_equal(fast.ufunc(np.ones(MOST), 2.0), np.full(MOST, 2.0))


def test_unknown_layouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where objects are not as they should be, there is only NumPy's way."""
    monkeypatch.setattr(entry_many, "arrays_are_known", lambda: False)
    way_in_many.cache_clear()
    try:
        assert way_in_many() is None
        fast = Compiled(scalar_graph(lambda x, y: x * y, 0.0, 0.0), 0)
        assert fast.ufunc(2.0, 3.0) == 6.0
    finally:
        way_in_many.cache_clear()
