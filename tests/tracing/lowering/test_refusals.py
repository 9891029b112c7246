"""Functions without a lowering are refused with advice, or worked out of constants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.tracing.lowering import LOWERINGS, refusal
from tests.tracing.lowering.calls import call, outcome, refuses, traced

X = traced(3)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (np.any, "np.any gives a truth value that depends on an input; select by elements instead"),
        (np.argmax, "np.argmax gives a position, which jumps as the input moves; use np.max"),
        (np.sort, "np.sort depends on the order of the values"),
        (np.median, "np.median depends on the order of the values"),
        (np.unique, "np.unique compares values with each other as a set"),
        (np.nonzero, "np.nonzero gives an array whose length depends on an input; use np.where"),
        (
            np.count_nonzero,
            "np.count_nonzero counts, which has no derivative; use np.sum(np.where(",
        ),
        (np.nansum, "np.nansum skips NaN; write np.where(np.isnan(x), 0.0, x)"),
        (np.signbit, "np.signbit is not supported; write x < 0"),
        (np.histogram, "np.histogram counts values in bins"),
        (np.linalg.eig, "np.linalg.eig of a matrix that need not be symmetric is not supported"),
        (np.linalg.matrix_rank, "np.linalg.matrix_rank gives a rank, which has no derivative"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_refused(function: Callable[..., Any], message: str) -> None:
    """The refusal of a call says what the function does and what to write instead."""
    advice = refusal(function)
    assert advice is not None
    assert advice.startswith(message)
    refuses(message, function, X)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (np.random.standard_normal, "draw outside the traced function"),
        (np.polynomial.polynomial.polyval, "use np.polyval, or sums of powers"),
        (np.copyto, "np.copyto writes into its argument; assign instead, as in x[index] = new"),
    ],
)
def test_advice_of_modules(function: Callable[..., Any], message: str) -> None:
    """Whole modules of NumPy have their own advice."""
    advice = refusal(function)
    assert advice is not None
    assert message in advice


def test_unknown_function() -> None:
    """Nothing is said of functions that are not NumPy's, nor of supported ones."""
    assert refusal(len) is None
    assert refusal(np.sum) is None


def test_every_refusal_ends_in_advice() -> None:
    """Each refusal is one sentence with the function's name in front and no stop behind."""
    for function in LOWERINGS:
        advice = refusal(function)
        assert advice is None or (advice.startswith("np.") and not advice.endswith((".", ";")))


def test_of_constants() -> None:
    """What does not depend on an input is worked out by NumPy, values in lists too."""
    builder = Builder()
    constant = builder.constant(np.array([3.0, 1.0, 2.0]))
    found = LOWERINGS[np.sort](builder, constant)
    assert found.tolist() == [1.0, 2.0, 3.0]
    assert LOWERINGS[np.allclose](builder, [constant], [constant], rtol=0.1) is True
    assert outcome(call(np.argsort, np.array([2, 1]))).tolist() == [1, 0]
