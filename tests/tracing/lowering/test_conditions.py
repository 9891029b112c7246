"""Truth over axes and closeness agree with NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import graphad as ga
from graphad.errors import TraceError
from tests.tracing.lowering.calls import Case, Traced, call, cases, check, outcome, refuses, traced

X = Traced(np.array([[0.0, 1.0, -2.0], [0.0, np.nan, 0.0]]))
MASK = Traced(np.array([[True, False, True], [True, True, True]]))
NONE = traced(0, 3)
NEAR = Traced(np.array([1.0, 1.0 + 1e-9, 1.1, np.inf, -np.inf, np.nan, 0.0]))
OTHER = Traced(np.array([1.0, 1.0, 1.0, np.inf, np.inf, np.nan, 1e-9]))
INTEGERS = Traced(np.array([1, 2, 3]))


@cases(
    *[call(f, x) for f in (np.any, np.all, np.count_nonzero) for x in (X, MASK, NONE, INTEGERS)],
    *[call(f, MASK, axis=axis) for f in (np.any, np.all, np.count_nonzero) for axis in (0, -1)],
    *[call(f, MASK, axis=(0, 1), keepdims=True) for f in (np.any, np.all, np.count_nonzero)],
    *[call(f, NONE, axis=axis) for f in (np.any, np.all) for axis in (0, 1)],
)
def test_truth(case: Case) -> None:
    """Zero is false and NaN is true; over no elements, none is true and all are."""
    check(case)


@cases(
    call(np.isclose, NEAR, OTHER),
    call(np.isclose, NEAR, OTHER, rtol=0.2, equal_nan=True),
    call(np.isclose, NEAR, 1.0, 0.0, 0.2),
    call(np.isclose, INTEGERS, np.array([1, 2, 4])),
    call(np.allclose, NEAR, OTHER),
    call(np.allclose, X, X, equal_nan=True),
    call(np.array_equal, INTEGERS, np.array([1.0, 2.0, 3.0])),
    call(np.array_equal, X, X, equal_nan=True),
    call(np.array_equiv, INTEGERS, Traced(np.array([[1, 2, 3]] * 2))),
    call(np.isin, X, [0.0, 1.0]),
    call(np.isin, INTEGERS, np.array([[3], [1]]), invert=True),
    call(np.isin, INTEGERS, []),
    *[call(f, x) for f in (np.isposinf, np.isneginf) for x in (NEAR, INTEGERS)],
)
@pytest.mark.filterwarnings("ignore:invalid value")  # of inf - inf, which nothing comes of
def test_compared(case: Case) -> None:
    """Within tolerances, with infinities, NaN, and integers."""
    check(case)


def test_other_shapes() -> None:
    """Arrays of other shapes are not equal, whatever their elements."""
    assert outcome(call(np.array_equal, INTEGERS, np.ones(2))) is False
    assert outcome(call(np.array_equiv, INTEGERS, np.ones(2))) is False


def test_selection() -> None:
    """A truth value selects, and is refused as the condition of an if."""
    graph = ga.trace(lambda x: np.where(np.any(x > 1.0), x, x**2), np.ones(2))
    np.testing.assert_array_equal(graph.diff()(np.array([2.0, 0.5])), np.eye(2))
    np.testing.assert_array_equal(graph.diff()(np.array([1.0, 0.5])), np.diag([2.0, 1.0]))
    with pytest.raises(TraceError, match="asks whether a traced value is true"):
        ga.trace(lambda x: x if np.any(x > 1.0) else x**2, np.ones(2))


def test_refused() -> None:
    """What is not taken is told by name."""
    refuses("np.any: axis 2 is out of range", np.any, MASK, axis=2)
    refuses("np.all does not take where= in a traced function", np.all, X, where=MASK.array)
    refuses("np.any does not take out=", np.any, X, out=np.array(True))
    refuses("do not broadcast together", np.isclose, NEAR, INTEGERS)
