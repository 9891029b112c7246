"""Insertion, choice, numbers of elements and bins agree with NumPy."""

from __future__ import annotations

import numpy as np

from tests.tracing.lowering.calls import Case, Traced, call, cases, check, refuses, traced

X = traced(5)
M = traced(2, 3)
WHICH = Traced(np.array([0, 2, 1, 1, 0]))
NUMBERS = Traced(np.array([[0, 7], [23, 11]]))


@cases(
    call(np.insert, X, 2, 7.0),
    call(np.insert, X, [0, 5, 2], traced(3)),
    call(np.insert, X, slice(1, 3), 0.0),
    call(np.insert, M, 1, traced(2), axis=1),
    call(np.insert, M, [0, 2], [[1.0], [2.0]], axis=-1),
    call(np.insert, M, 3, 9),
    call(np.insert, X, np.array([True, False, True, False, False]), 1.0),
    call(np.resize, M, (4, 2)),
    call(np.resize, M, 3),
    call(np.resize, traced(0), (2, 2)),
)
def test_inserted(case: Case) -> None:
    """Scalars, vectors and rows at integers, slices and masks; sizes filled up from the start."""
    check(case)


@cases(
    call(np.choose, WHICH, [X, traced(5, seed=1), 3.0]),
    call(np.choose, [1, 0], [traced(2), traced(1)]),
    call(np.choose, Traced(np.array([-1, 1, 5, 3, 2])), [X, 2.0], mode="wrap"),
    call(np.choose, Traced(np.array([-1, 1, 5, 3, 2])), [X, 2.0, 1.0], mode="clip"),
    call(np.choose, Traced(np.array([True, False])), M.array.T @ M.array[:, :2]),
    call(np.choose, Traced(np.array([1, 0, 1])), M),
)
def test_chosen(case: Case) -> None:
    """By integers that are fixed or traced, in and out of range."""
    check(case)


@cases(
    call(np.unravel_index, NUMBERS, (4, 6)),
    call(np.unravel_index, NUMBERS, (4, 3, 2), order="F"),
    call(np.unravel_index, Traced(np.array(5)), 7),
    call(np.ravel_multi_index, (WHICH, WHICH), (3, 4)),
    call(np.ravel_multi_index, (WHICH, 1, WHICH), (3, 2, 4), order="F"),
    call(np.bincount, np.array([0, 3, 3, 1, 0]), X),
    call(np.bincount, [0, 3, 3, 1, 0], weights=X, minlength=7),
    call(np.bincount, np.array([], int), weights=traced(0), minlength=2),
)
def test_numbers(case: Case) -> None:
    """Numbers of elements from indices and back, and weights added up in bins."""
    check(case)


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("the places to insert at must be fixed while tracing", np.insert, X, WHICH, 1.0)
    refuses("index 9 is out of bounds", np.insert, X, 9, 1.0)

    refuses("choices are made by integers, not by f64[5]", np.choose, X, [X, X])
    refuses("there are 2 choices, counted from 0", np.choose, [0, 2], [traced(2), 1.0])
    refuses("mode='odd' is not 'raise', 'wrap' or 'clip'", np.choose, WHICH, [X, X], mode="odd")
    refuses("mode='clip' is not supported; write indices in range", np.ravel_multi_index,
            (WHICH, WHICH), (3, 4), mode="clip")  # fmt: skip
    refuses("1 indices do not go with 2 axes", np.ravel_multi_index, (WHICH,), (3, 4))
    refuses("how many bins there are depends on an input; compare with all of them", np.bincount,
            WHICH, X)  # fmt: skip
    refuses("bins are a vector of integers that are not negative", np.bincount, [-1, 2], traced(2))
    refuses("weights of shape (5,) do not go with 2 bins", np.bincount, [1, 2], X)
