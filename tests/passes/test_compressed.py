"""Compressed products: against dense derivatives when small, closed forms when large."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.errors import DerivativeError
from graphad.evaluate.interpreter import Program
from graphad.ir import Graph, verify
from graphad.op import Array
from graphad.passes import PASSES, Pipeline, compressed, nested
from graphad.passes.array_pattern import Entries
from graphad.passes.compressed import find_reading, looked_up
from graphad.passes.entries import request
from graphad.passes.pipeline import OPTIMIZE
from tests.passes.functions import CASES
from tests.passes.sparse_functions import SPARSE
from tests.strategies import arguments, graphs


def run(graph: Graph, point: Any) -> Array:
    """Return the one output at a point."""
    found: Array = Program(verify(graph))(*[np.asarray(x) for x in point])[0]
    return found


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", SPARSE)
def test_values_are_those_of_scalars(name: str, order: int) -> None:
    """All unique entries, structural zeros too, are those of nested derivatives at scalar grain."""
    case = SPARSE[name]
    point = case.point(6)
    graph = ga.trace(case.function, *point)
    made = compressed(graph, order)
    expected = run(nested(graph, order), point)
    np.testing.assert_allclose(run(made, point), expected, rtol=1e-12, atol=1e-13)
    better = Pipeline(OPTIMIZE)(made)
    np.testing.assert_allclose(run(better, point), expected, rtol=1e-12, atol=1e-13)
    assert made.input_names == graph.input_names


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_functions_of_all_kinds(name: str, order: int) -> None:
    """Functions that are not sparse come out right as well."""
    case = CASES[name]
    made, expected = compressed(case.graph, order), nested(case.graph, order)
    np.testing.assert_allclose(
        run(made, case.point), run(expected, case.point), rtol=1e-11, atol=1e-12
    )


@pytest.mark.parametrize("name", SPARSE)
def test_few_directions(name: str) -> None:
    """The number of directions is that of the structure, whatever the size."""
    case = SPARSE[name]
    for n in (6, 12):
        graph = ga.trace(case.function, *case.point(n))
        names = graph.input_names
        assert find_reading(graph, 1, names).directions <= case.jacobian
        assert find_reading(graph, 2, names).directions <= case.hessian


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_random_graphs(data: st.DataObject) -> None:
    """Random array graphs give what scalars give."""
    graph: Graph = data.draw(graphs(steps=5, grain="array", smooth=True, max_inputs=2))
    if any(node.type.dtype != np.float64 for node in graph.outputs):
        return
    point = data.draw(arguments(graph))
    for order in (1, 2):
        if len(request(graph, order).entries) > 3_000:
            continue
        with np.errstate(all="ignore"):
            found, expected = (run(one(graph, order), point) for one in (compressed, nested))
        if np.all(np.isfinite(found)):  # a NaN beside an entry can hide it
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


# --- large, against closed forms -----------------------------------------------------------------


def entries_of(rows: Array, *columns: Array) -> list[tuple[int, tuple[int, ...]]]:
    """Return entries from arrays."""
    indices = zip(*[column.tolist() for column in columns], strict=True)
    return list(zip(rows.tolist(), indices, strict=True))


def test_a_large_chain() -> None:
    """The Hessian of a chain of 10,000 variables, diagonal by diagonal."""
    n = 10_000
    x = np.linspace(0.1, 0.9, n)
    graph = ga.trace(lambda x: np.sum(np.sin(x[:-1] * x[1:])), x)
    i = np.arange(n)
    zero = np.zeros(n, int)
    wanted = entries_of(zero, i, i) + entries_of(zero[1:], i[:-1], i[1:])
    found = run(compressed(graph, 2, entries=wanted), (x,))
    p = x[:-1] * x[1:]
    diagonal = np.zeros(n)
    diagonal[:-1] -= x[1:] ** 2 * np.sin(p)
    diagonal[1:] -= x[:-1] ** 2 * np.sin(p)
    np.testing.assert_allclose(found[:n], diagonal, rtol=1e-13)
    np.testing.assert_allclose(found[n:], np.cos(p) - p * np.sin(p), rtol=1e-12)


def test_a_large_arrow() -> None:
    """One variable that meets 5,000 others: both its row and its corner are right."""
    n = 5_000
    x = np.linspace(0.1, 0.9, n)
    graph = ga.trace(lambda x, p: np.sum(np.exp(x * p)), x, 0.5)
    i = np.arange(n)
    zero, last = np.zeros(n, int), np.full(n, n)
    wanted = [*entries_of(zero, i, i), *entries_of(zero, i, last), (0, (n, n))]
    found = run(compressed(graph, 2, entries=wanted), (x, 0.5))
    e = np.exp(0.5 * x)
    expected = np.concatenate([0.25 * e, (1 + 0.5 * x) * e, [np.sum(x * x * e)]])
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_a_large_stencil() -> None:
    """A Jacobian of a 70 × 70 image, five entries to a row."""
    n = 70
    u = np.random.default_rng(0).uniform(0.2, 0.8, (n, n))
    graph = ga.trace(SPARSE["laplace"].function, u)
    reading = find_reading(graph, 1, graph.input_names)
    at = np.arange(n * n).reshape(n, n)[1:-1, 1:-1].ravel()
    rows = np.arange(len(at))
    wanted = entries_of(rows, at) + entries_of(rows, at + n) + entries_of(rows, at - 1)
    found = run(compressed(graph, 1, entries=wanted), (u,)).reshape(3, -1)
    np.testing.assert_allclose(found[0], -4 - np.exp(u.ravel()[at]), rtol=1e-14)
    assert np.all(found[1:] == 1)
    assert reading.directions <= 7
    assert len(reading.entries) == 5 * len(at)


# --- what is asked for ---------------------------------------------------------------------------


def test_rows_and_columns_that_are_not_wanted() -> None:
    """Directions are spent on the rows and columns of wanted entries only."""
    graph = ga.trace(lambda x: np.cumsum(np.sin(x)), np.zeros(6))
    everything = find_reading(graph, 1, ("x",))
    one = Entries(np.array([5, 5]), np.array([[0], [3]]))
    assert everything.directions == 6
    assert find_reading(graph, 1, ("x",), one).directions == 1
    x = np.linspace(0.1, 0.6, 6)
    found = run(compressed(graph, 1, entries=[(5, (3,)), (5, (0,)), (5, (3,))]), (x,))
    np.testing.assert_allclose(found, np.cos(x)[[3, 0, 3]], rtol=1e-15)


def test_looked_up() -> None:
    """Entries are found among others, wherever they stand, unless they are not there."""
    known = Entries(np.array([0, 0, 2]), np.array([[0, 1], [1, 1], [0, 0]]))
    wanted = Entries(np.array([2, 0, 3, 0]), np.array([[0, 0], [0, 0], [0, 0], [0, 1]]))
    positions, found = looked_up(known, wanted, 2)
    assert positions.tolist() == [2, 0]
    assert found.tolist() == [0, 3]


def test_complex_numbers() -> None:
    """Holomorphic functions have their complex derivatives."""
    z = np.array([0.3 + 0.2j, -0.1 + 0.5j, 0.7j])
    graph = ga.trace(lambda z: np.sum(np.exp(z[1:] * z[:-1])), z)
    np.testing.assert_allclose(
        run(compressed(graph), (z,)), run(nested(graph, 2), (z,)), rtol=1e-13
    )


def test_single_precision() -> None:
    """Entries have the dtype of the function."""
    x = np.linspace(0.1, 0.9, 5, dtype=np.float32)
    graph = ga.trace(lambda x: np.sum(np.sin(x[1:] * x[:-1])), x)
    found = run(compressed(graph), (x,))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, run(nested(graph, 2), (x,)), rtol=1e-5, atol=1e-6)


def test_a_kink_beside_its_branch() -> None:
    """The branch that is not taken gives no NaN, though its derivative is infinite there."""
    x = np.array([0.4, 0.0, 0.9, -0.3])
    graph = ga.trace(lambda x: np.sum(np.where(x > 0, np.sqrt(np.abs(x)) * x, 0.0)), x)
    made = compressed(graph, entries=[(0, (i, i)) for i in range(4)])
    found = run(Pipeline(OPTIMIZE)(made), (x,))
    assert found[1] == 0.0
    np.testing.assert_allclose(found[[0, 2]], 0.75 / np.sqrt(x[[0, 2]]), rtol=1e-14)


def test_order_is_refused() -> None:
    """Higher orders are refused with what to do instead."""
    graph = ga.trace(lambda x: np.sum(x**4), np.zeros(3))
    message = "products with directions give derivatives of order 1 and 2, and not 3; derive"
    with pytest.raises(DerivativeError, match=message):
        compressed(graph, 3)


def test_it_is_a_pass() -> None:
    """Pipelines know it, the same each time, and origins say that it was here."""
    graph = ga.trace(SPARSE["tridiagonal"].function, np.zeros(8))
    made = PASSES["compressed"](graph, order=2)
    assert str(made) == str(compressed(graph, 2))
    assert {"compressed", "jvp", "transpose"} <= {origin.rewrite for origin in made.origins}
