"""Medians and quantiles agree with NumPy, by every method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from tests.tracing.lowering.calls import Case, Traced, call, cases, check, ops_of, refuses, traced

S = Traced(np.array(0.3))
X = traced(6)
M = traced(3, 5)
C = traced(2, 3, 4)
ONE = traced(1)
HOLES = Traced(np.where(M.array > 0.7, np.nan, M.array))
SINGLE = Traced(M.array.astype(np.float32))
CONTINUOUS = (
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
)
JUMPING = (
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "lower",
    "higher",
    "midpoint",
    "nearest",
)
Q = [0.0, 0.1, 0.25, 0.5, 0.77, 1.0]


@cases(
    *[call(np.median, x) for x in (X, M, C, ONE, HOLES, SINGLE, S)],
    *[call(f, M, axis=1) for f in (np.median, np.nanmedian)],
    *[call(f, C, axis=(0, -1), keepdims=True) for f in (np.median, np.nanmedian)],
    *[call(np.nanmedian, HOLES, axis=axis) for axis in (None, 0, 1)],
    call(np.median, HOLES, axis=1),
    call(np.median, Traced(np.array([3, 1, 2, 7]))),
    call(np.median, Traced(np.array([np.inf, np.inf, 1.0, 2.0]))),
)
def test_medians(case: Case) -> None:
    """Of an odd and an even number of elements, over any axes; NaN wins or is left out."""
    check(case)


@cases(
    *[call(np.quantile, X, Q, method=method) for method in (*CONTINUOUS, *JUMPING)],
    *[call(np.quantile, X, Traced(np.array(Q)), method=method) for method in CONTINUOUS],
    *[call(np.nanquantile, HOLES, Q, axis=1, method=method) for method in CONTINUOUS],
    call(np.quantile, M, 0.3),
    call(np.quantile, M, np.array([[0.2], [0.9]]), axis=0),
    call(np.quantile, C, [0.2, 0.9, 1.0], axis=(0, 2), keepdims=True),
    call(np.quantile, C, S, axis=1),
    call(np.quantile, C, Traced(np.array([0.1, 1.0])), axis=(1, 2), keepdims=True),
    call(np.quantile, HOLES, [0.2, 0.4], axis=1),
    call(np.quantile, SINGLE, 0.3, axis=1),
    call(np.quantile, SINGLE, [0.3], axis=1),
    call(np.quantile, ONE, 0.7),
    call(np.percentile, X, 37),
    call(np.percentile, M, [0, 50, 100], 1),
    call(np.percentile, X, Traced(np.array(37.0))),
    call(np.nanpercentile, HOLES, [10, 60], axis=0, keepdims=True),
    call(np.nanquantile, HOLES, S, axis=1),
    call(np.nanquantile, X, 0.3),
)
def test_quantiles(case: Case) -> None:
    """By every method, at one q or several, over any axes, with fixed and moving q."""
    check(case)


def test_rows_without_a_number() -> None:
    """Of rows that are all NaN, quantiles are NaN."""
    graph = ga.trace(lambda x: np.nanquantile(x, [0.2, 0.9], axis=1), np.ones((2, 3)))
    found = graph(np.array([[np.nan] * 3, [1.0, np.nan, 3.0]]))
    np.testing.assert_allclose(found, [[np.nan, 1.4], [np.nan, 2.8]])


def test_neighbours_without_weight() -> None:
    """An infinite neighbour that has no weight does not make NaN, as it does in NumPy."""
    graph = ga.trace(lambda x: np.quantile(x, [0.0, 0.5]), np.ones(3))
    np.testing.assert_array_equal(graph(np.array([np.inf, 2.0, 1.0])), [1.0, 2.0])


@pytest.mark.parametrize(
    ("q", "wanted"), [(0.5, [0.0, 1.0, 0.0]), (0.75, [0.5, 0.5, 0.0]), (1.0, [1.0, 0.0, 0.0])]
)
def test_derivative(q: float, wanted: Any) -> None:
    """At a value the derivative is that of this value; between two, both share it."""
    gradient = ga.trace(lambda x: np.quantile(x, q), np.ones(3)).diff()
    np.testing.assert_array_equal(gradient(np.array([3.0, 2.0, 1.0])), wanted)


def test_derivative_by_q() -> None:
    """By q the derivative is that of the piece on the right, and at 1 of that on the left."""
    slope = ga.trace(lambda x, q: np.quantile(x, q), np.ones(3), 0.5).diff("q")
    point = np.array([1.0, 3.0, 2.0])
    np.testing.assert_allclose(
        [slope(point * point, q) for q in (0.0, 0.5, 1.0)], [6.0, 10.0, 10.0]
    )


def test_ops() -> None:
    """A median of an odd number of elements is one of them."""
    assert ops_of(call(np.median, traced(5))) == [
        "argsort",
        "take",
        "take",
        "take",
        "isnan",
        "where",
    ]


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("np.quantile: quantiles are asked for at numbers from 0 to 1", np.quantile, X, 1.5)
    refuses("np.percentile: quantiles are asked for at numbers from 0 to 1, percentiles to 100",
            np.percentile, X, [50, 101])  # fmt: skip
    refuses("method='lower' jumps as q moves; use one of 'linear'", np.quantile, X, S,
            method="lower")  # fmt: skip
    refuses("method='nearest' jumps as q moves", np.nanquantile, X, 0.3, method="nearest")
    refuses("'odd' is not a valid method", np.quantile, X, 0.3, method="odd")
    refuses("an array of shape (0,) has no quantiles along axis=None", np.median, traced(0))
    refuses("np.median does not take out= in a traced function", np.median, X, out=np.zeros(()))
    refuses("np.quantile does not take weights=", np.quantile, X, 0.3, weights=np.ones(6))
    refuses("complex values have no quantiles", np.median, Traced(np.ones(2) + 1j))
