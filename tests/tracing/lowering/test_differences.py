"""Differences, slopes and integrals agree with NumPy."""

from __future__ import annotations

import numpy as np

from graphad.tracing.lowering.registry import present
from tests.tracing.lowering.calls import (
    Case,
    Traced,
    call,
    cases,
    check,
    ops_of,
    outcome,
    refuses,
    same,
    traced,
)

S = traced()
X = traced(5)
M = traced(3, 4)
RISING = np.array([0.0, 0.5, 2.0, 2.5, 4.0])
(TRAPEZOID, *_) = present("trapezoid", "trapz")


@cases(
    call(np.diff, X),
    *[call(np.diff, X, n) for n in (0, 1, 2, 4, 5, 7)],
    call(np.diff, M, axis=0),
    call(np.diff, M, 2, 1),
    call(np.diff, X, prepend=0.0),
    call(np.diff, X, n=2, append=[1.0, 2.0], prepend=S),
    call(np.diff, M, axis=0, prepend=1, append=np.ones((1, 4))),
    call(np.diff, [S, 1.0, S]),
    call(np.ediff1d, M),
    call(np.ediff1d, X, to_begin=0.0),
    call(np.ediff1d, X, to_end=[1.0, 2.0], to_begin=[S]),
    call(np.gradient, X),
    call(np.gradient, X, 0.5),
    call(np.gradient, X, S),
    call(np.gradient, X, RISING),
    call(np.gradient, M),
    call(np.gradient, M, 0.5, 2.0),
    call(np.gradient, M, 0.5),
    call(np.gradient, M, RISING[1:], axis=1),
    call(np.gradient, M, axis=-1),
    call(np.gradient, M, np.array([0.0, 1.0, 3.0]), 2.0),
    call(np.gradient, traced(2)),
)
def test_difference(case: Case) -> None:
    """Differences and slopes along axes, with what is put before and after."""
    if isinstance(expected := _direct(case), list):  # a list in NumPy 1, a tuple in NumPy 2
        same(outcome(case), tuple(expected))
    else:
        check(case)


def _direct(case: Case) -> object:
    args = [a.array if isinstance(a, Traced) else a for a in case.args]
    return case.function(*args) if case.function is np.gradient and not case.kwargs else None


@cases(
    call(TRAPEZOID, X),
    call(TRAPEZOID, X, RISING),
    call(TRAPEZOID, X, dx=0.25),
    call(TRAPEZOID, M, axis=0),
    call(TRAPEZOID, M, np.array([0.0, 1.0, 3.0]), axis=0),
    call(TRAPEZOID, M, traced(4)),
    call(TRAPEZOID, M, np.arange(12.0).reshape(3, 4) ** 2),
    call(TRAPEZOID, RISING, X),
    call(TRAPEZOID, X, dx=S),
)
def test_trapezoid(case: Case) -> None:
    """The trapezoidal rule over steps and over places."""
    check(case)


def test_integers_and_booleans() -> None:
    """Differences of integers are integers, of booleans whether they differ."""
    integers, booleans = Traced(np.array([1, 4, 2])), Traced(np.array([True, False, False]))
    same(outcome(call(np.diff, integers)), np.array([3, -2]))
    same(outcome(call(np.diff, booleans)), np.array([True, False]))
    same(outcome(call(np.gradient, integers)), np.gradient(integers.array))


def test_difference_is_two_slices() -> None:
    """A difference reads as it is written by hand."""
    assert ops_of(call(np.diff, X)) == ["slice", "slice", "subtract"]


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("np.diff: a scalar has no differences", np.diff, S)
    refuses("np.diff: n=-1 must not be negative", np.diff, X, -1)
    refuses("edge_order=3 is not 1 or 2", np.gradient, X, edge_order=3)
    refuses("3 spacings do not go with 2 axes", np.gradient, M, 1.0, 2.0, 3.0)
    refuses("places of shape (2,) do not go with 5 elements", np.gradient, X, np.ones(2))
    refuses("a gradient needs at least 2 elements along an axis, not 1", np.gradient, traced(1))
