"""Functions that leave NaN out agree with NumPy, and NaN has no part in derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga
from tests.tracing.lowering.calls import Case, Traced, call, cases, check, refuses, traced

M = traced(3, 4)
HOLES = Traced(np.where(abs(M.array) < 0.6, np.nan, M.array))
INTEGERS = Traced(np.array([[1, 2, 3], [4, 0, 2]]))
TOTALS = (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin)
RUNNING = (np.nancumsum, np.nancumprod)


@cases(
    *[call(f, x) for f in (*TOTALS, *RUNNING) for x in (M, HOLES, INTEGERS)],
    *[call(f, HOLES, axis=1) for f in (*TOTALS, *RUNNING)],
    *[call(f, HOLES, axis=(0, 1), keepdims=True) for f in TOTALS],
    *[call(f, HOLES, axis=0, ddof=0.5) for f in (np.nanvar, np.nanstd)],
    call(np.nansum, HOLES, dtype=np.float64),
    call(np.nansum, traced(0)),
)
def test_left_out(case: Case) -> None:
    """Over all axes or some, of numbers with and without NaN, and of integers."""
    check(case)


@pytest.mark.parametrize("function", TOTALS, ids=lambda f: f.__name__)
def test_nothing_left(function: Callable[..., Any]) -> None:
    """Of NaN alone, sums are 0, products 1, and all else NaN, as in NumPy."""
    point = np.array([[np.nan, np.nan], [1.0, np.nan]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        wanted = function(point, axis=1)
    found = ga.trace(lambda x: function(x, axis=1), np.ones((2, 2)))(point)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("function", [*TOTALS, np.nanmedian], ids=lambda f: f.__name__)
def test_derivative(function: Callable[..., Any], mode: str) -> None:
    """The derivative by an element that is NaN is 0, by the others that without it."""
    point = np.array([2.0, np.nan, 5.0, 3.0])
    kept = point[[0, 2, 3]]
    whole = ga.trace(lambda x: function(x), np.ones(4)).diff(mode=mode)(point)
    alone = ga.trace(lambda x: function(x), np.ones(3)).diff(mode=mode)(kept)
    np.testing.assert_allclose(whole, [alone[0], 0.0, alone[1], alone[2]], rtol=1e-14)


def test_refused() -> None:
    """What is not taken is told by name."""
    refuses("np.nansum does not take where= in a traced function", np.nansum, HOLES,
            where=M.array > 0)  # fmt: skip
    refuses("np.nanmax does not take initial=", np.nanmax, HOLES, initial=0.0)
    refuses("an array of shape (0,) has no largest or smallest element", np.nanmax, traced(0))
    refuses("dtype=int64 has no derivatives", np.nansum, HOLES, dtype=np.int64)
