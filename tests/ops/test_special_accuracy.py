"""Special functions and their derivatives of orders 0 to 4, against 50 digits."""

from __future__ import annotations

import numpy as np
import pytest

import graphad as ga
from graphad.ir import Graph
from graphad.tracing.lowering.special_table import SPECIAL
from tests.ops.special_more_references import MORE
from tests.ops.special_references import HIGHEST, REFERENCES, exact_derivatives

ALL = (*REFERENCES, *MORE)
TOLERANCE = 1e-13
ROUNDING = 8 * np.finfo(np.float64).eps
"""So much may the argument be off, relative to itself: near zeros that is what remains."""
NEAR_ZEROS = {"gammaln": 1e-12}
"""SciPy's function loses digits near zeros of it."""


def _traced(number: int) -> Graph:
    reference = ALL[number]
    return ga.trace(reference.call, np.float64(reference.points[3]))


def _names() -> list[str]:
    return [f"{reference.name}-{i}" for i, reference in enumerate(ALL)]


def test_all_functions_have_a_reference() -> None:
    """Each function that is traced is among those that are compared with many digits."""
    assert sorted(set(SPECIAL) - {reference.name for reference in ALL}) == []


@pytest.mark.parametrize("number", range(len(ALL)), ids=_names())
def test_derivatives_are_right(number: int) -> None:
    """Values and derivatives of orders 1 to 4 are within 1e-13 of mpmath, away from zeros."""
    graph, exact = _traced(number), exact_derivatives(ALL[number])
    x = np.array(ALL[number].points)
    for order in range(HIGHEST + 1):
        found = graph.diff(order=order)(x) if order else graph(x)
        allowed = TOLERANCE * abs(exact[order]) + ROUNDING * abs(x * exact[order + 1])
        error = abs(found - exact[order])
        allowed = allowed + np.finfo(np.float64).tiny
        assert np.all(error <= allowed), (order, x[error > allowed], (error / allowed).max())


@pytest.mark.parametrize("number", range(0, len(ALL), 5), ids=_names()[::5])
def test_ways_agree(number: int) -> None:
    """Forward, reverse, Taylor series, plans and compiled graphs give the same third derivative."""
    graph = _traced(number)
    x = np.array(ALL[number].points[4:9])
    expected = graph.diff(order=3)(x)
    third = graph.diff(order=3, mode="reverse")
    ways = [
        third(x),
        graph.diff(order=3, mode="forward")(x),
        6 * np.array([graph.taylor(3)(at)[3] for at in x]),
        third.plan()(x),
        third.compile()(x),
    ]
    for way in ways:
        np.testing.assert_allclose(way, expected, rtol=1e-11)


@pytest.mark.parametrize("number", range(len(ALL)), ids=_names())
def test_text_and_arrays(number: int) -> None:
    """A second derivative is the same graph after a round trip as text; arrays work as numbers."""
    graph = _traced(number)
    second = graph.diff(order=2)
    assert str(ga.parse(str(second))) == str(second)
    x = np.array(ALL[number].points[4:6])
    whole = ga.trace(ALL[number].call, x)
    expected = np.diag(graph.diff()(x))
    np.testing.assert_allclose(whole.diff()(x), expected, rtol=1e-13)
