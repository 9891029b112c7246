"""When code is made, and that ufuncs change to better code without changing their results."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np
import pytest

from graphad.errors import GraphError, InputError
from graphad.llvm import Compiled, tiers
from graphad.llvm.engine import Module, host
from graphad.llvm.tiers import BATCH, NEVER, SINGLE, Code, dispatch, points_that_pay
from tests.llvm.machine import Array, scalar_graph


def graph_of_sines() -> Any:
    """A graph whose values show which code computed them in no more than a few last bits."""
    return scalar_graph(lambda x: np.sin(x) * x[0] + np.exp(x), np.zeros(3))


def values(x: Array) -> Array:
    """What the graph gives."""
    return np.sin(x) * x[..., :1] + np.exp(x)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Better code pays after ten points."""
    monkeypatch.setattr(tiers, "points_that_pay", lambda kind, work: 10)


@pytest.mark.parametrize("level", [0, 1])
def test_code_for_batches_is_made_with_the_first(level: int) -> None:
    """At a level of its own, code for single points is there at once, and for batches later."""
    fast = Compiled(graph_of_sines(), level)
    assert fast._code.has(SINGLE, level)
    fast(np.ones(3))
    assert not fast._code.has(BATCH, level)
    x = np.random.default_rng(0).uniform(-1, 1, (2, 3))
    np.testing.assert_allclose(fast(x), values(x), rtol=1e-15)
    assert fast._code.has(BATCH, level)
    assert not fast._code.has(SINGLE, 1 - level)
    assert not fast._code.has(BATCH, 1 - level)
    assert list(fast._tiers.cell.limit) == [NEVER, NEVER]


@pytest.mark.usefixtures("soon")
def test_single_calls_change_when_it_pays() -> None:
    """The tenth point makes better code; the ufunc is the same object all along."""
    fast = Compiled(graph_of_sines(), "auto")
    ufunc, x = fast.ufunc, np.array([0.3, -0.2, 0.9])
    first = fast._tiers.cell.code[SINGLE]
    for _ in range(9):
        np.testing.assert_allclose(fast(x), values(x), rtol=1e-15)
    assert not fast._code.has(SINGLE, 1)
    np.testing.assert_allclose(ufunc(x), values(x), rtol=1e-15)
    assert fast._code.has(SINGLE, 1)
    assert fast._tiers.cell.code[SINGLE] == fast._code.module(SINGLE, 1).address("loop") != first
    np.testing.assert_allclose(ufunc(x), values(x), rtol=1e-15)
    assert fast._tiers.cell.count[SINGLE] == 10
    assert not fast._code.has(BATCH, 1)


@pytest.mark.usefixtures("soon")
def test_batches_change_when_it_pays() -> None:
    """Batches are computed point by point until vector code pays, and then by that."""
    fast = Compiled(graph_of_sines(), "auto")
    x = np.random.default_rng(0).uniform(-1, 1, (9, 3))
    np.testing.assert_allclose(fast(x), values(x), rtol=1e-15)
    assert not fast._code.has(BATCH, 1)
    assert fast._tiers.cell.code[BATCH] == 0
    np.testing.assert_allclose(fast(x), values(x), rtol=1e-15)
    assert fast._tiers.cell.code[BATCH] == fast._code.module(BATCH, 1).address("loop")
    assert not fast._code.has(SINGLE, 1)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("opt", [1, "auto"])
def test_threads_that_change_at_once(opt: int | str) -> None:
    """Threads that reach the limit together make the code once, and all get right values."""
    fast = Compiled(graph_of_sines(), opt)
    made = []
    make = fast._code._text_of_batches

    def counted() -> str:
        made.append(None)
        return make()

    fast._code._text_of_batches = counted  # type: ignore[method-assign]
    x = np.random.default_rng(1).uniform(-1, 1, (6, 3))
    gate = threading.Barrier(4)
    found: list[Array] = []

    def work() -> None:
        gate.wait()
        found.extend(fast(x) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    assert len(made) == 1
    for value in found:
        np.testing.assert_allclose(value, values(x), rtol=1e-15)
    if opt == 1:
        for value in found:
            np.testing.assert_array_equal(value, found[0])


def test_code_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """If vector code fails, the failure is reported and batches are computed point by point."""
    fast = Compiled(graph_of_sines())
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)

    def fail() -> str:
        raise GraphError("no code")

    monkeypatch.setattr(fast._code, "_text_of_batches", fail)
    x = np.random.default_rng(2).uniform(-1, 1, (20, 3))
    for _ in range(2):
        np.testing.assert_allclose(fast(x), values(x), rtol=1e-15)
    assert [str(failure.exc_value) for failure in seen] == ["no code"]
    del seen[:]
    with pytest.raises(GraphError, match="no code"):
        fast._code.module(BATCH, 1)


@pytest.mark.parametrize("opt", [2, -1, True, 1.0, "fast", None])
def test_unknown_levels(opt: Any) -> None:
    """Levels that are not there are refused."""
    with pytest.raises(InputError, match='opt is 0, 1 or "auto", and not'):
        Compiled(graph_of_sines(), opt)


@pytest.mark.parametrize("kind", [SINGLE, BATCH])
def test_points_that_pay(kind: int) -> None:
    """What better code saves in so many points is what it takes to make, at any size."""
    for work in (1, 10, 1000, 10**6):
        cost = tiers.LAUNCH + tiers.MAKING[kind] * work
        assert points_that_pay(kind, work) * tiers.SAVING[kind] * work == pytest.approx(cost, 1e-5)
    assert points_that_pay(kind, 0) == points_that_pay(kind, 1)


def test_code_is_made_once() -> None:
    """Code of a kind and level is kept."""
    code = Code(graph_of_sines())
    assert not code.has(SINGLE, 0)
    assert code.module(SINGLE, 0) is code.module(SINGLE, 0)
    assert code.module(SINGLE, 1) is not code.module(SINGLE, 0)


@pytest.mark.parametrize("x86", [True, False])
def test_exceptions_of_arithmetic_are_dropped(x86: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the means of x86 or of C, a division by zero leaves no trace."""
    if x86 and not host().triple.startswith("x86_64"):
        pytest.skip("this is no x86")
    made = Module(dispatch(x86), 1, keep=False)
    monkeypatch.setattr(tiers, "dispatcher", lambda: made)
    fast = Compiled(scalar_graph(lambda x: 1.0 / x, 0.0), 0)
    with np.errstate(all="raise"):
        assert fast.ufunc(np.zeros(9)).tolist() == [np.inf] * 9
        assert fast.ufunc(0.0) == np.inf
