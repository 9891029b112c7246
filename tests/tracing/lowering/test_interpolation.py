"""Searches and interpolation agree with NumPy."""

from __future__ import annotations

import numpy as np

import graphad as ga
from tests.tracing.lowering.calls import Case, Traced, call, cases, check, refuses

ROW = np.array([-1.0, 0.0, 0.0, 1.5])
SORTED = Traced(ROW)
V = Traced(np.array([[-2.0, -1.0, 0.0], [1.0, 1.5, np.nan]]))
S = Traced(np.array(0.25))
PLACES = np.array([-1.0, 0.0, 0.5, 2.0])
HEIGHTS = np.array([1.0, 3.0, -1.0, 0.5])
AT = Traced(np.array([-2.0, -1.0, -0.25, 0.0, 0.1, 0.5, 1.0, 2.0, 3.0]))


@cases(
    *[call(np.searchsorted, ROW, v, side) for v in (V, S) for side in ("left", "right")],
    *[call(np.searchsorted, SORTED, v, side=side) for v in (V, 0.0) for side in ("left", "right")],
    call(np.searchsorted, Traced(ROW[::-1].copy()), V, sorter=[3, 2, 1, 0]),
    call(np.searchsorted, Traced(np.array([1, 4, 6])), np.array([4, 5])),
    *[call(np.digitize, V, bins, right) for bins in (ROW, ROW[::-1]) for right in (True, False)],
)
def test_searched(case: Case) -> None:
    """Places on both sides of equal elements, in rising and falling bins."""
    check(case)


@cases(
    call(np.interp, AT, PLACES, HEIGHTS),
    call(np.interp, S, PLACES, HEIGHTS),
    call(np.interp, AT, Traced(PLACES), Traced(HEIGHTS)),
    call(np.interp, AT.array, PLACES, Traced(HEIGHTS)),
    call(np.interp, AT.array, Traced(PLACES), HEIGHTS),
    call(np.interp, AT, PLACES, HEIGHTS, left=-7.0, right=S),
    call(np.interp, AT, PLACES, HEIGHTS + 1j),
    call(np.interp, AT, Traced(PLACES[[2, 0, 3, 1]]), Traced(HEIGHTS), period=3.5),
    call(np.interp, AT, PLACES, Traced(HEIGHTS), period=-4),
    call(np.interp, AT, [1.0], Traced(np.array([3.0])), left=0.0),
    call(np.interp, AT, [0.0, 0.5, 0.5, 2.0, 2.0], Traced(np.arange(5.0))),
    call(np.interp, Traced(AT.array.reshape(3, 3)), [0, 1], [1, 5]),
)
def test_interpolated(case: Case) -> None:
    """With one point, equal places, ends of its own, a period, and each argument traced."""
    check(case)


def test_nan() -> None:
    """The height at NaN is NaN."""
    graph = ga.trace(lambda x: np.interp(x, PLACES, HEIGHTS), np.zeros(2))
    np.testing.assert_array_equal(graph(np.array([np.nan, 0.0])), [np.nan, 3.0])


def test_derivative_at_points() -> None:
    """At a point the slope is that of the piece on its right; beyond both ends it is 0."""
    slope = ga.trace(lambda x: np.interp(x, PLACES, HEIGHTS), 0.0).diff()
    found = [slope(x) for x in (-2.0, -1.0, 0.0, 0.5, 2.0, 3.0)]
    np.testing.assert_allclose(found, [0.0, 2.0, -8.0, 1.0, 0.0, 0.0])


def test_searched_in_batches() -> None:
    """Each member of a batch is searched in its own row."""
    graph = ga.trace(lambda a, v: np.searchsorted(a, v) + 0.0 * v, np.arange(3.0), np.zeros(2))
    rows = np.array([[0.0, 1.0, 2.0], [5.0, 6.0, 7.0]])
    wanted = np.array([[2.0, 3.0], [0.0, 1.0]])
    v = np.array([[1.5, 2.5], [4.0, 5.5]])
    np.testing.assert_array_equal(graph(rows, v), wanted)
    np.testing.assert_array_equal(graph(rows[0], v), [[2.0, 3.0], [3.0, 3.0]])


def test_refused() -> None:
    """What is not taken says why."""
    refuses("a vector is searched, not an array of shape (2, 3)", np.searchsorted, V, 0.0)
    refuses("np.searchsorted: side='top' is not 'left' or 'right'", np.searchsorted, SORTED, 0.0,
            "top")  # fmt: skip
    refuses("the bins must be fixed while tracing", np.digitize, V, SORTED)
    refuses("bins must be monotonically increasing or decreasing", np.digitize, V, [0, 2, 1])
    refuses("xp and fp of shapes (4,) and (3,) are not points", np.interp, AT, PLACES, HEIGHTS[:3])
    refuses("xp and fp of shapes (0,) and (0,) are not points", np.interp, AT, [], [])
    refuses("period must not be zero", np.interp, AT, PLACES, HEIGHTS, period=0)
