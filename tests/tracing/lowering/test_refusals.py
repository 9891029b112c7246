"""Functions without a lowering are refused with advice, or worked out of constants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.recfunctions import merge_arrays

from graphad.builder import Builder
from graphad.tracing.lowering import LOWERINGS, refusal
from tests.tracing.lowering.calls import call, outcome, refuses, traced

X = traced(3)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (np.unique, "np.unique compares values with each other as a set"),
        (np.nonzero, "np.nonzero gives an array whose length depends on an input; use np.where"),
        (np.gcd, "np.gcd is for integers, which have no derivatives; work it out before"),
        (np.roots, "np.roots has no derivative where roots meet; follow one root"),
        (np.spacing, "np.spacing asks about rounding, which has no derivative; add the small"),
        (np.is_busday, "np.is_busday is for dates, which have no derivatives; pass numbers in"),
        (np.emath.sqrt, "np.lib.scimath.sqrt gives complex numbers where the values of an input"),
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
        (merge_arrays, "is for structured arrays; trace functions of plain arrays"),
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
    found = LOWERINGS[np.unique](builder, constant)
    assert found.tolist() == [1.0, 2.0, 3.0]
    counts, _ = LOWERINGS[np.histogram](builder, [constant], bins=2)
    assert counts.tolist() == [1, 2]
    assert outcome(call(np.union1d, np.array([2, 1]), [2])).tolist() == [1, 2]
