"""Sorts, positions, and what is taken at them agree with NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import graphad as ga
from tests.tracing.lowering.calls import Case, Traced, call, cases, check, ops_of, refuses, traced

X = traced(5)
M = traced(3, 4)
C = traced(2, 3, 4)
TIES = Traced(np.array([2.0, 1.0, 2.0, 1.0, 0.0, 2.0]))
HOLES = Traced(np.array([np.nan, 1.0, -np.inf, np.nan, np.inf, 0.0]))
ONE = traced(1)
NONE = traced(0)
WHICH = Traced(np.array([[0, -1, 2, 1], [1, 1, 0, -3]]))


@cases(
    *[call(np.sort, x) for x in (X, M, C, TIES, HOLES, ONE, NONE)],
    call(np.sort, C, axis=0),
    call(np.sort, C, 1, "mergesort"),
    call(np.sort, C, axis=None, stable=True),
    call(np.sort, traced(0, 3), axis=0),
    call(np.argsort, X),
    call(np.argsort, TIES, stable=True),
    call(np.argsort, HOLES, kind="stable"),
    call(np.argsort, C, axis=1),
    call(np.argsort, C, axis=None),
    call(np.lexsort, (TIES, X.array[[0, 1, 2, 3, 4, 0]])),
    call(np.lexsort, M),
    call(np.lexsort, C, axis=0),
    call(np.partition, X, 2),
    call(np.partition, X, -1),
    call(np.partition, M, (0, 2), axis=0),
    call(np.partition, M, 3, axis=None),
    call(np.partition, TIES, [1, 4]),
    call(np.argpartition, X, 0),
    call(np.argpartition, M, 1, axis=1),
)
def test_sorted(case: Case) -> None:
    """Sorts along any axis, ties in their order, NaN last, of no elements too."""
    check(case)


@cases(
    *[call(f, x) for f in (np.argmax, np.argmin) for x in (X, M, TIES, HOLES, ONE)],
    *[call(f, C, axis=1) for f in (np.argmax, np.argmin)],
    *[call(f, C, axis=-1, keepdims=True) for f in (np.argmax, np.nanargmin)],
    *[call(f, C, keepdims=True) for f in (np.argmin, np.nanargmax)],
    *[call(f, HOLES) for f in (np.nanargmax, np.nanargmin)],
    call(np.argmax, Traced(np.array([3, 7, 7]))),
)
def test_positions(case: Case) -> None:
    """The first of equal elements; NaN counts as the largest and the smallest, or not at all."""
    check(case)


@cases(
    call(np.take_along_axis, Traced(C.array[0, :2]), WHICH, 1),
    call(np.take_along_axis, Traced(C.array[0, :2]), np.array([[0], [-1]]), 1),
    call(np.take_along_axis, M, Traced(np.array([[2, 0, -1, 1]])), axis=0),
    call(np.take_along_axis, C, Traced(np.array([[[1], [0], [1]]])), axis=0),
    call(np.take_along_axis, M, Traced(np.array([11, -1])), axis=None),
    call(np.take_along_axis, X, Traced(np.array([[0, 4]])[0])),
)
def test_taken(case: Case) -> None:
    """Places may be traced, negative, and broadcast along the other axes."""
    check(case)


def test_ops() -> None:
    """A sort of a vector is two nodes, and one of no more than one element none."""
    assert ops_of(call(np.sort, X)) == ["argsort", "take"]
    assert ops_of(call(np.sort, ONE)) == []


def test_places_out_of_range() -> None:
    """A place that is out of range is an error of the call, alone and in a batch."""
    graph = ga.trace(lambda x, y: x[np.searchsorted(y, 1.5)], np.ones(2), np.array([0.0, 2.0]))
    assert graph(np.array([3.0, 4.0]), np.array([0.0, 2.0])) == 4.0
    with pytest.raises(IndexError, match="out of bounds"):
        graph(np.array([3.0, 4.0]), np.array([0.0, 1.0]))
    batch = np.array([[0.0, 2.0], [0.0, 1.0]])
    with pytest.raises(IndexError, match="index 2 is out of bounds for an axis of size 2"):
        graph(np.ones((2, 2)), batch)


def test_ties_in_a_sort() -> None:
    """At a tie the derivative of each sorted element is that of one element, in their order."""
    jacobian = ga.trace(np.sort, np.zeros(3)).diff()(np.array([1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(jacobian, np.eye(3)[[1, 0, 2]])


def test_refused() -> None:
    """What is not taken is told by name."""
    refuses("np.sort: axis 2 is out of range for an array of 2 dimensions", np.sort, M, 2)
    refuses("np.sort does not take order= in a traced function", np.sort, M, order="x")
    refuses("np.partition: kth=9 is out of range for 5 elements", np.partition, X, 9)
    refuses("np.argpartition: kth must be fixed while tracing", np.argpartition, X,
            Traced(np.array(1)))  # fmt: skip
    refuses("there is no largest or smallest element along axis 0", np.argmax, NONE)
    refuses("np.argmax does not take out= in a traced function", np.argmax, X, out=np.array(0))
    refuses("keys of shapes (5,) and (6,) do not go together", np.lexsort, (X, TIES))
    refuses("indices must be integers, not f64[5]", np.take_along_axis, X, X)
    refuses("indices need 2 dimensions", np.take_along_axis, M, np.array([0]))
    refuses("index 9 is out of bounds", np.take_along_axis, X, np.array([9]))
