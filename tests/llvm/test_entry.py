"""The short way into ufuncs: the same results as NumPy's own way, and only for what fits."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphad.llvm import Compiled, entry
from graphad.llvm.entry import NEVER, arrays_are_known, place_of_call, way_in
from graphad.llvm.ufunc import make_ufunc
from tests.llvm.machine import Array, scalar_graph


class Sub(np.ndarray[Any, Any]):
    """An array of a class of its own."""


class Real(float):
    """A number of a class of its own."""


class Foreign:
    """Something that answers for itself."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> str:
        return f"{method} of {ufunc.__name__}"


def shut(fast: Compiled) -> np.ufunc:
    """Return a ufunc of the same code without the short way."""
    tiers = fast._tiers
    signature = fast._code.signature
    return make_ufunc(tiers.loop, tiers.data, signature, fast.graph.name, "", tiers)


VECTOR = Compiled(scalar_graph(lambda x: x[::-1] * 2.0 + x[0], np.zeros(3)), 0)
TABLE = Compiled(scalar_graph(lambda x: x.T * 2.0, np.zeros((2, 3))), 0)
SUM = Compiled(scalar_graph(lambda x: x[0] * x[1] + x[2], np.zeros(3)), 0)
NUMBER = Compiled(scalar_graph(lambda x: x * x + 1.0, 0.0), 0)
SPREAD = Compiled(scalar_graph(lambda x: np.ones(2) * x, 0.0), 0)
X = np.array([0.5, -2.0, 3.0])
M = np.arange(6.0).reshape(2, 3)


def read_only() -> Array:
    """An array that cannot be written to."""
    array = X.copy()
    array.flags.writeable = False
    return array


ARGUMENTS: list[tuple[Compiled, Any]] = [
    (VECTOR, X),
    (VECTOR, read_only()),
    (VECTOR, X[::-1]),
    (VECTOR, np.stack([X, X], axis=1)[:, 0]),
    (VECTOR, X.astype(np.float32)),
    (VECTOR, X.astype(">f8")),
    (VECTOR, X.astype(int)),
    (VECTOR, np.frombuffer(b"\0" + X.tobytes(), np.uint8)[1:].view(float)),
    (VECTOR, X.tolist()),
    (VECTOR, np.stack([X, X])),
    (VECTOR, np.zeros((1, 3))),
    (VECTOR, np.zeros((0, 3))),
    (TABLE, M),
    (TABLE, np.asfortranarray(M)),
    (TABLE, np.stack([M, M])),
    (SUM, X),
    (SUM, np.stack([X, X])),
    (NUMBER, 1.5),
    (NUMBER, np.float64(1.5)),
    (NUMBER, np.float32(1.5)),
    (NUMBER, np.array(1.5)),
    (NUMBER, Real(1.5)),
    (NUMBER, 3),
    (NUMBER, True),
    (NUMBER, X),
    (SPREAD, 1.5),
    (SPREAD, np.array(1.5)),
    (SPREAD, X),
]


def test_layouts_are_known() -> None:
    """On this interpreter and NumPy the short way is open."""
    assert place_of_call() > 0
    assert arrays_are_known()
    assert way_in() is way_in() is not None


@pytest.mark.parametrize(("fast", "x"), ARGUMENTS)
def test_same_as_the_long_way(fast: Compiled, x: Any) -> None:
    """Values, shapes, types and flags are those that NumPy gives."""
    found, wanted = fast.ufunc(x), shut(fast)(x)
    assert type(found) is type(wanted)
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_array_equal(found, wanted)
    if isinstance(found, np.ndarray):
        assert found.flags.writeable
        assert found.flags.owndata
        assert found is not fast.ufunc(x)


@pytest.mark.parametrize(
    ("fast", "bad"),
    [
        (VECTOR, np.zeros(4)),
        (VECTOR, np.zeros((3, 1))),
        (VECTOR, np.array(1.0)),
        (VECTOR, 1.0),
        (VECTOR, np.zeros(3, complex)),
        (TABLE, np.zeros((3, 2))),
        (TABLE, np.zeros(6)),
        (NUMBER, "a"),
        (NUMBER, 1j),
    ],
)
def test_the_same_is_refused(fast: Compiled, bad: Any) -> None:
    """What does not fit is left to NumPy, with its message."""
    with pytest.raises((TypeError, ValueError)) as wanted:
        shut(fast)(bad)
    with pytest.raises(type(wanted.value)) as found:
        fast.ufunc(bad)
    assert str(found.value) == str(wanted.value)


def outcome(call: Callable[[], Any]) -> tuple[Any, str]:
    """Return what a call gives, or what it says when it refuses."""
    try:
        return call(), ""
    except (TypeError, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"


def read_only_results() -> Array:
    """An array of results that cannot be written to."""
    array = np.zeros(3)
    array.flags.writeable = False
    return array


RESULTS: list[tuple[Compiled, Any, Any]] = [
    (VECTOR, X, lambda: np.zeros(3)),
    (VECTOR, X.tolist(), lambda: np.zeros(3)),
    (VECTOR, np.stack([X, X]), lambda: np.zeros((2, 3))),
    (VECTOR, X, lambda: np.zeros((2, 3))),
    (VECTOR, X, lambda: np.zeros(6)[::2]),
    (VECTOR, X, lambda: np.zeros(3, np.float32)),
    (VECTOR, X, lambda: np.zeros(3, complex)),
    (VECTOR, X, lambda: np.zeros(3, int)),
    (VECTOR, X, lambda: np.zeros(4)),
    (VECTOR, X, lambda: np.zeros((3, 1))),
    (VECTOR, X, read_only_results),
    (VECTOR, X, lambda: np.zeros(3).view(Sub)),
    (VECTOR, X, lambda: None),
    (VECTOR, X, lambda: [0.0] * 3),
    (TABLE, M, lambda: np.zeros((3, 2))),
    (TABLE, M, lambda: np.zeros((2, 3))),
    (SUM, X, lambda: np.zeros(())),
    (SUM, X, lambda: np.zeros(1)),
    (NUMBER, 1.5, lambda: np.zeros(())),
    (SPREAD, 1.5, lambda: np.zeros(2)),
]


@pytest.mark.parametrize(
    "call",
    [
        lambda ufunc, x, out: ufunc(x, out),
        lambda ufunc, x, out: ufunc(x, out=out),
        lambda ufunc, x, out: ufunc(x, out=(out,)),
        lambda ufunc, x, out: ufunc(x, **{"".join(["o", "ut"]): out}),
    ],
)
@pytest.mark.parametrize(("fast", "x", "make"), RESULTS)
def test_results_that_are_given(fast: Compiled, x: Any, make: Any, call: Any) -> None:
    """Values, what is returned and what is refused are as NumPy has it."""
    found, wanted = make(), make()
    expected, refused = outcome(lambda: call(shut(fast), x, wanted))
    returned, message = outcome(lambda: call(fast.ufunc, x, found))
    assert message == refused
    if refused:
        return
    assert (returned is found) == (expected is wanted)
    assert type(returned) is type(expected)
    np.testing.assert_array_equal(returned, expected)


@pytest.mark.parametrize("shift", [-2, -1, 0, 1, 2])
def test_results_over_arguments(shift: int) -> None:
    """A result that is written over the argument, or a part of it, is right."""
    memory = np.arange(9.0)
    x, out = memory[3:6], memory[3 + shift : 6 + shift]
    wanted = VECTOR.ufunc(x.copy())
    np.testing.assert_array_equal(VECTOR.ufunc(x, out=out), wanted)
    np.testing.assert_array_equal(out, wanted)


def test_other_calls() -> None:
    """Calls with options, with an output, with too few or too many arguments are NumPy's."""
    out = np.zeros(3)
    assert VECTOR.ufunc(X, out) is out
    assert VECTOR.ufunc(X, out=out) is out
    np.testing.assert_array_equal(out, VECTOR.ufunc(X))
    assert VECTOR.ufunc(X, dtype=np.float64).tolist() == out.tolist()
    assert [value.tolist() for value in map(VECTOR.ufunc, [X, X])] == [out.tolist()] * 2
    assert VECTOR.ufunc(*[X]).tolist() == out.tolist()
    for arguments in ((), (X, out, out)):
        with pytest.raises(TypeError, match="positional arguments"):
            VECTOR.ufunc(*arguments)


def test_arrays_of_other_classes() -> None:
    """Classes that answer for themselves are asked, and subclasses come back."""
    assert type(VECTOR.ufunc(X.view(Sub))) is Sub
    assert VECTOR.ufunc(Foreign()) == "__call__ of f"


def test_references() -> None:
    """Calls leave the counts of what they touch as they are."""
    held: list[Any] = [X, X.dtype, np.ndarray, VECTOR.ufunc, np.float64]
    before = [sys.getrefcount(thing) for thing in held]
    out = np.zeros(3)
    held.append(out)
    before.append(sys.getrefcount(out))
    for _ in range(1000):
        VECTOR.ufunc(X)
        VECTOR.ufunc(X, out)
        VECTOR.ufunc(X, out=out)
        SUM.ufunc(X)
        NUMBER.ufunc(1.5)
    after = [sys.getrefcount(thing) for thing in held]
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) < 100
    assert sys.getrefcount(VECTOR.ufunc(X)) == sys.getrefcount(np.zeros(3))


def test_calls_are_counted() -> None:
    """Calls by the short way are counted until better code is made, and then go to that."""
    fast = Compiled(scalar_graph(lambda x: x * 2.0, np.zeros(2)), "auto")
    gate, cell = fast._tiers.gate, fast._tiers.cell
    assert gate is not None
    first = gate.point
    cell.limit[0] = 5
    out = np.zeros(2)
    options: list[dict[str, Any]] = [{}, {"out": out}, {"out": out}, {}]
    for count, option in enumerate(options, 1):
        assert fast.ufunc(np.ones(2), **option).tolist() == [2.0, 2.0]
        assert (gate.point, cell.count[0]) == (first, count)
    assert fast.ufunc(np.ones(2)).tolist() == [2.0, 2.0]
    assert cell.limit[0] == NEVER
    assert gate.point == fast.address != first
    assert fast.ufunc(np.ones(2)).tolist() == [2.0, 2.0]
    assert cell.count[0] == 5


@pytest.mark.parametrize("what", ["place_of_call", "arrays_are_known"])
def test_unknown_layouts(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where objects are not as they should be, there is only NumPy's way."""
    monkeypatch.setattr(entry, what, lambda: 0)
    way_in.cache_clear()
    try:
        assert way_in() is None
        fast = Compiled(scalar_graph(lambda x: x * 2.0, np.zeros(2)), 0)
        assert fast.ufunc(np.ones(2)).tolist() == [2.0, 2.0]
        # The way of ufuncs that are there already stays.
        assert VECTOR.ufunc(X).tolist() == shut(VECTOR)(X).tolist()
    finally:
        way_in.cache_clear()
