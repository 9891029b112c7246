"""Means and variances agree with NumPy."""

from __future__ import annotations

import numpy as np

from tests.tracing.lowering.calls import (
    Case,
    Traced,
    call,
    cases,
    check,
    ops_of,
    refuses,
    traced,
)

S = traced()
X = traced(5)
M = traced(2, 3)
C = traced(2, 3, 4)
W = traced(3, low=0.5, high=2.0)
INTEGERS = Traced(np.array([[3, -1, 2], [0, 4, 1]]))
BOOLEANS = Traced(np.array([True, False, True]))


@cases(
    *[
        call(f, *case.args, **case.kwargs)
        for f in (np.mean, np.var, np.std)
        for case in (
            call(f, X),
            call(f, S),
            call(f, C, 0),
            call(f, C, axis=(0, -1)),
            call(f, C, axis=1, keepdims=True),
            call(f, C, keepdims=True),
            call(f, INTEGERS, axis=1),
            call(f, BOOLEANS),
            call(f, X, dtype=np.float64),
            call(f, [S, 1, 2.5]),
            call(f, traced(3, 1), axis=1),
        )
    ],
    *[call(f, C, ddof=1) for f in (np.var, np.std)],
    *[call(f, C, axis=1, ddof=1.5, keepdims=True) for f in (np.var, np.std)],
    call(np.var, X, None, None, None, 1),
)
def test_mean_and_variance(case: Case) -> None:
    """Means, variances and deviations over every kind of axis."""
    check(case)


@cases(
    call(np.average, X),
    call(np.average, C, axis=(0, 1)),
    call(np.average, M, axis=1, keepdims=True),
    call(np.average, M, weights=np.array([[1.0, 2.0, 3.0], [2.0, 0.5, 1.0]])),
    call(np.average, M, axis=1, weights=np.array([1.0, 2.0, 3.0])),
    call(np.average, M, axis=1, weights=[1, 2, 3]),
    call(np.average, M, axis=-1, weights=W),
    call(np.average, M, axis=0, weights=np.array([1.0, 2.0]), keepdims=True),
    call(np.average, W, weights=W),
    call(np.average, M, axis=1, weights=W, returned=True),
    call(np.average, M, axis=1, weights=np.array([1.0, 2.0, 3.0]), returned=True),
    call(np.average, M, axis=1, returned=True),
    call(np.average, np.array([1.0, 2.0, 4.0]), weights=W),
    call(np.average, INTEGERS, axis=0),
)
def test_average(case: Case) -> None:
    """Averages take fixed and traced weights."""
    check(case)


def test_weights_of_several_axes() -> None:
    """Weights of some axes are put in order, as NumPy 2 does."""
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        check(call(np.average, C, axis=(2, 0), weights=np.arange(1.0, 9.0).reshape(4, 2)))
        check(call(np.average, C, axis=(2, 0), weights=traced(4, 2, low=0.5)))


def test_mean_divides() -> None:
    """A mean is a sum and one division, as NumPy's is."""
    assert ops_of(call(np.mean, X)) == ["sum", "divide"]
    assert ops_of(call(np.mean, S)) == []


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("np.mean: an array of shape (0,) has no mean", np.mean, traced(0))
    refuses("np.var: ddof=5 leaves no degree of freedom in the shape (5,)", np.var, X, ddof=5)
    refuses("np.var does not take mean= in a traced function; leave it out: the mean is computed",
            np.var, X, mean=0.5)  # fmt: skip
    refuses("np.mean does not take where=", np.mean, X, where=np.ones(5, bool))
    refuses("np.average: weights add up to zero", np.average, X, weights=np.zeros(5))
    refuses("np.average: weights of shape (3,) for values of shape (2, 3) need axis=",
            np.average, M, weights=W)  # fmt: skip
    refuses("weights of shape (3,) do not fit axis=0", np.average, M, axis=0, weights=W)
