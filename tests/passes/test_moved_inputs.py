"""Derivatives by moved copies of inputs: against scalars when small, closed forms when large."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.builder import Builder
from graphad.evaluate.interpreter import Program
from graphad.ir import Graph, verify
from graphad.op import Array
from graphad.passes import Pipeline, nested
from graphad.passes.array_pattern import Entries, array_pattern
from graphad.passes.entries import request
from graphad.passes.moved_inputs import MovedReading, moved_entries, moved_inputs, moved_reading
from graphad.passes.pipeline import OPTIMIZE
from tests.passes.sparse_functions import SPARSE
from tests.strategies import arguments, graphs

NOT_MOVED = ("separable", "elementwise", "bilinear", "rows")


def run(graph: Graph, point: Any) -> Array:
    """Return the one output at a point."""
    found: Array = Program(verify(graph))(*[np.asarray(x) for x in point])[0]
    return found


def derived(graph: Any, order: int) -> tuple[MovedReading, Graph]:
    """Return the directions, and the graph of the entries."""
    reading = moved_reading(graph, order, graph.input_names)
    assert reading is not None
    builder = Builder()
    for node in graph.inputs:
        builder.input(*node.attrs)
    return reading, builder.finish("moved", [moved_entries(builder, graph, reading)])


def check(graph: Any, order: int, point: Any) -> None:
    """Compare with scalars: all entries that are other than zero are there, with their values."""
    reading, made = derived(graph, order)
    found = dict(zip(tuples(reading.entries), run(made, point).tolist(), strict=True))
    entries = request(graph, order).entries
    with np.errstate(all="ignore"):
        expected = run(nested(graph, order), point)
    if not np.all(np.isfinite(list(found.values()))):
        return
    dense = [found.get(entry, 0.0) for entry in entries]
    np.testing.assert_allclose(dense, expected, rtol=1e-10, atol=1e-10)
    assert tuples(reading.entries) == sorted(found)


def tuples(found: Entries) -> list[Any]:
    """Return entries as tuples."""
    return list(zip(found.rows.tolist(), map(tuple, found.indices.tolist()), strict=True))


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", [name for name in SPARSE if name not in NOT_MOVED])
def test_values_are_those_of_scalars(name: str, order: int) -> None:
    """Every entry is the sum of the entries of the moved arrays."""
    case = SPARSE[name]
    point = case.point(6)
    graph = ga.trace(case.function, *point)
    check(graph, order, point)
    reading, _ = derived(graph, order)
    assert tuples(reading.entries) == tuples(array_pattern(graph, order))


@pytest.mark.parametrize("name", NOT_MOVED)
def test_inputs_as_they_are(name: str) -> None:
    """Where nothing is moved there is nothing to gain."""
    case = SPARSE[name]
    graph = ga.trace(case.function, *case.point(6))
    assert moved_inputs(graph, graph.input_names) is None
    assert moved_reading(graph, 2, graph.input_names) is None


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_random_graphs(data: st.DataObject) -> None:
    """Random array graphs give what scalars give."""
    graph: Graph = data.draw(graphs(steps=6, grain="array", smooth=True, max_inputs=2))
    if any(node.type.dtype != np.float64 for node in graph.outputs):
        return
    point = data.draw(arguments(graph))
    for order in (1, 2):
        small = len(request(graph, order).entries) <= 3_000
        if small and moved_inputs(graph, graph.input_names) is not None:
            check(graph, order, point)


def test_moved_arrays() -> None:
    """Moved arrays are what is computed with: after all that only moves, and before all else."""
    x = np.arange(6.0)
    graph = ga.trace(lambda x, y: np.sum(x.reshape(2, 3)[:, ::-1][0] * x[3:]) * y, x, 2.0)
    made = moved_inputs(graph, ("x",))
    assert made is not None
    assert made.variables.tolist() == [2, 1, 0, 3, 4, 5]
    assert made.graph.input_names == ("y", *made.names)
    assert {node.op.name for node in made.graph.nodes} >= {"input", "multiply"}
    assert "slice" not in {node.op.name for node in made.graph.nodes}


def test_an_element_that_meets_itself() -> None:
    """Where two moved arrays hold the same variable, its second derivative counts twice."""
    x = np.array([0.3, 0.5, 0.9])
    graph = ga.trace(lambda x: np.sum(x[np.array([0, 1])] * x[np.array([0, 2])]), x)
    reading, made = derived(graph, 2)
    assert tuples(reading.entries) == [(0, (0, 0)), (0, (1, 2))]
    assert run(made, (x,)).tolist() == [2.0, 1.0]


def test_many_copies_are_scattered() -> None:
    """A variable that was moved to many places is the sum over them."""
    x = np.linspace(0.1, 0.9, 50)
    graph = ga.trace(lambda x: np.sum(np.exp(x[np.arange(50) % 5] * x)), x)
    check(graph, 2, (x,))


def test_a_large_stencil_needs_three_directions() -> None:
    """The Hessian of a smoothed image: one direction for each neighbour, nothing times zero."""
    n = 60
    u = np.random.default_rng(0).uniform(0.2, 0.8, (n, n))
    graph = ga.trace(SPARSE["smoothing"].function, u)
    reading, made = derived(graph, 2)
    assert reading.directions == 3
    better = Pipeline(OPTIMIZE)(made)
    assert max(node.type.ndim for node in better.nodes) == 2
    corner = u[1:, 1:]
    across, down = corner - u[1:, :-1], corner - u[:-1, 1:]
    root = np.sqrt(1 + across**2 + down**2)
    values = dict(zip(tuples(reading.entries), run(better, (u,)).tolist(), strict=True))
    # of the two neighbours of a point, one across and one down
    expected = -across * down / root**3
    at = np.arange(n * n).reshape(n, n)
    first, second = at[:-1, 1:].ravel(), at[1:, :-1].ravel()
    found = [values[0, (i, j)] for i, j in zip(first.tolist(), second.tolist(), strict=True)]
    np.testing.assert_allclose(found, expected.ravel(), rtol=1e-12, atol=1e-14)
