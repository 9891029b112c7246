"""Derivatives of loops beside those of the same loops written out in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import graphad as ga
from graphad.op import Array

MODES = ("forward", "reverse")


def flat(result: Any) -> Array:
    """Return all numbers of nested tuples of arrays, one after the other."""
    if isinstance(result, tuple | list):
        return np.concatenate([flat(item) for item in result])
    array: Array = np.ravel(result)
    return array


def deviation(found: Any, expected: Any) -> float:
    """Return the largest difference, beside the largest number."""
    one, other = flat(found), flat(expected)
    assert one.shape == other.shape
    return float(np.max(abs(one - other), initial=0.0) / np.max(abs(other), initial=1.0))


def assert_same(
    loop: Callable[..., Any], written_out: Callable[..., Any], point: tuple[Any, ...], order: int
) -> None:
    """Check values and derivatives up to an order, in both modes, and their text."""
    graph, plain = ga.trace(loop, *point), ga.trace(written_out, *point)
    assert deviation(graph(*point), plain(*point)) < 1e-14
    for mode in MODES:
        derived, expected = graph, plain
        for k in range(1, order + 1):
            derived, expected = derived.diff(mode=mode), expected.diff(mode="forward")
            assert deviation(derived(*point), expected(*point)) < 1e-12, f"{mode}, order {k}"
            text = str(derived)
            assert ga.parse(text) == derived
            assert str(ga.parse(text)) == text
