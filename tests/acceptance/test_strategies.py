"""All ways to derive agree, on functions as they stand in papers and notebooks, orders 0 to 5."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest

import graphad as ga
from benchmarks import workloads
from graphad.errors import PrecisionWarning
from graphad.passes.entries import Entry, request
from graphad.planning import STRATEGIES
from graphad.planning.candidates import optimized
from tests.acceptance.functions import CASES, Case

MORE = (
    Case(workloads.mix, (np.array([0.7, -0.4, 0.9]),)),
    Case(workloads.product, (np.array([0.7, -0.4, 0.9, 1.3, 0.2, -1.1]),)),
    Case(workloads.small_mlp, (np.array([0.7, -0.4, 0.9, 0.1]),)),
    Case(workloads.coupled, (workloads.coupled_point(4),)),
)
ORDERS = (0, 1, 2, 3, 4, 5)
TOLERANCE = 1e-11
SAMPLED = 10
"""Entries that are compared, of derivatives that have more."""


@cache
def traced(case: Case) -> ga.Graph:
    """Return the graph of a function."""
    return ga.trace(case.function, *case.point)


def sampled(graph: ga.Graph, order: int, pure: bool) -> tuple[Entry, ...]:
    """Return entries spread over all of a derivative, or over those by one variable alone."""
    entries = request(graph, order).entries
    if pure:
        entries = tuple([entry for entry in entries if len(set(entry[1])) <= 1])
    step = max(1, len(entries) // SAMPLED)
    return entries[::step]


def derived(case: Case, order: int, name: str, entries: tuple[Entry, ...]) -> tuple[Any, float]:
    """Return the graph that a strategy gives for entries, and its condition number."""
    graph = traced(case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)
        made = STRATEGIES[name].derive(graph, order, graph.input_names, entries)
    return made.graph, max(1.0, made.condition)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("case", [*CASES, *MORE], ids=lambda case: case.name)
def test_strategies_agree(case: Case, order: int) -> None:
    """Each strategy gives the same entries, to 1e-11 of the largest of them.

    `directions` to its condition number times that.
    """
    entries = sampled(traced(case), order, pure=False)
    first, _ = derived(case, order, "forward", entries)
    expected = first(*case.point)
    size = np.max(np.abs(expected), initial=0.0)
    for name, strategy in STRATEGIES.items():
        if not strategy.mixed:
            continue
        graph, condition = derived(case, order, name, entries)
        error = np.max(np.abs(graph(*case.point) - expected), initial=0.0)
        assert error <= TOLERANCE * condition * size, name


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("case", [*CASES, *MORE], ids=lambda case: case.name)
def test_taylor_agrees(case: Case, order: int) -> None:
    """Univariate Taylor polynomials give the entries by one variable alone."""
    entries = sampled(traced(case), order, pure=True)
    expected = derived(case, order, "compose", entries)[0](*case.point)
    found = derived(case, order, "taylor", entries)[0](*case.point)
    size = np.max(np.abs(expected), initial=0.0)
    assert np.max(np.abs(found - expected), initial=0.0) <= TOLERANCE * size


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("case", [*CASES, *MORE], ids=lambda case: case.name)
def test_simplified_entries_agree(case: Case, order: int) -> None:
    """What plans do to entries, common factors and all, leaves their values."""
    entries = sampled(traced(case), order, pure=False)
    for name in ("compose", "multivariate"):
        graph, _ = derived(case, order, name, entries)
        expected = graph(*case.point)
        made = optimized(graph)
        assert made.cost().total <= graph.cost().total
        size = np.max(np.abs(expected), initial=0.0)
        assert np.max(np.abs(made(*case.point) - expected), initial=0.0) <= TOLERANCE * size
