"""Plans as machine code: every layout, and what stands in where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import graphad as ga
from graphad.llvm import Compiled
from graphad.llvm.array_compiled import CompiledArrays
from graphad.planning.compiling import (
    CompiledPlan,
    Interpreted,
    compiled_form,
    is_scalar,
    lowered,
)

POINT = np.array([0.7, -0.4, 0.9])


def f(x: Any) -> Any:
    """Return a function with a kink, a product and a sum."""
    return np.where(x[0] > 0, np.sin(x[0] * x[1]), x[2] ** 2) + np.maximum(x[2], x[1]) ** 3


@pytest.mark.parametrize("layout", ["dense", "packed", "distinct"])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_layouts(layout: str, order: int) -> None:
    """Machine code gives what the plan gives, at one point and at many."""
    plan = ga.trace(f, POINT).diff(order=order).plan(layout=layout)
    code = plan.compile()
    assert isinstance(code, Compiled)
    assert isinstance(code.ufunc, np.ufunc)
    for point in (POINT, -POINT, np.linspace(-1, 1, 3 * 21).reshape(21, 3)):
        np.testing.assert_allclose(code(point), plan(point), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("layout", ["coo", "csr"])
def test_sparse_layouts(layout: str) -> None:
    """Sparse layouts come as SciPy's arrays."""
    plan = ga.trace(f, POINT).diff(order=2).plan(layout=layout)
    code = plan.compile()
    assert isinstance(code, CompiledPlan)
    found = code(POINT)
    assert sparse.issparse(found)
    np.testing.assert_allclose(found.toarray(), plan(POINT).toarray(), rtol=1e-13)
    assert repr(code).startswith("<compiled <plan of order 2 of f: ")


def test_functions_are_compiled_as_they_are() -> None:
    """A function that is no derivative keeps its operations, bit for bit."""
    graph = ga.trace(lambda x: (x[0] + x[1]) * x[0] + (x[0] + x[1]) * x[2], POINT)
    code = graph.compile()
    points = np.random.default_rng(0).uniform(-1, 1, (100, 3))
    np.testing.assert_array_equal(code(points), graph(points))
    assert code.graph.cost().total == graph.cost().total


def test_what_is_too_large_or_not_double_is_interpreted() -> None:
    """Where there is no machine code, the graph is called, and the reason is kept."""
    single = ga.trace(lambda x: x * 2, np.zeros(2, np.float32)).compile()
    assert isinstance(single, Interpreted)
    assert "double precision only" in single.reason
    assert single(np.ones(2, np.float32)).dtype == np.float32
    assert repr(single).startswith("<interpreted <graph")
    running = ga.trace(lambda x: np.cumsum(x), np.zeros(100_000)).compile()
    assert isinstance(running, Interpreted)
    assert running.reason == "NumPy evaluates all its operations"
    condition = ga.trace(lambda x: x > 0, np.zeros(2)).compile()
    assert isinstance(condition, Interpreted)
    assert condition(np.array([1.0, -1.0])).tolist() == [True, False]


def test_many_operations_become_loops() -> None:
    """Long vectors and products of matrices are compiled to loops, and say so."""
    long = ga.trace(lambda x: np.sin(x) * 2 + x, np.zeros(100_000))
    code = long.compile()
    assert isinstance(code, CompiledArrays)
    assert repr(code).endswith(": 1 loop>")
    kind, reason = compiled_form(long)
    assert kind == "arrays"
    assert reason == "300,000 operations are too many to write out: loops over arrays"
    x = np.linspace(-1, 1, 100_000)
    np.testing.assert_allclose(code(x), long(x), rtol=1e-14)
    weights = np.random.default_rng(0).uniform(-1, 1, (64, 64))
    network = ga.trace(lambda x: np.sum(np.tanh(np.tanh(x @ weights) @ weights)), np.zeros(64))
    gradient = network.diff().compile()
    assert isinstance(gradient, CompiledArrays)
    points = np.random.default_rng(1).uniform(-1, 1, (10, 64))
    np.testing.assert_allclose(gradient(points), network.diff()(points), rtol=1e-11, atol=1e-13)


def test_few_operations_are_written_out() -> None:
    """Small graphs stay straight-line code, whatever they are made of."""
    graph = ga.trace(lambda x: np.sum(np.sin(x) @ np.ones((3, 3))), POINT)
    kind, reason = compiled_form(graph)
    assert kind == "scalars"
    assert reason.endswith("operations are written out one by one")
    assert isinstance(graph.compile(), Compiled)


def test_sparse_results_are_fresh() -> None:
    """A sparse result may be changed without a trace in the next one."""
    plan = ga.trace(f, POINT).diff(order=2).plan(layout="csr")
    code = plan.compile()
    expected = plan(POINT).toarray()
    for _ in range(3):
        found = code(POINT)
        np.testing.assert_allclose(found.toarray(), expected, rtol=1e-13)
        found.data[:] = 0.0
        found.eliminate_zeros()
        assert found.nnz == 0


def test_sparse_results_of_many_variables() -> None:
    """The Hessian of a long chain is values of one loop, and what SciPy makes of them is right."""

    def chained(x: Any) -> Any:
        return np.sum(np.sin(x[:-1] * x[1:]))

    x = np.linspace(0.1, 1, 6000)
    plan = ga.trace(chained, x).diff(order=2).plan(layout="csr")
    code = plan.compile()
    assert isinstance(code.code, CompiledArrays)
    for point in (x, x[::-1], x * 0.5):
        found = code(point)
        found.check_format(full_check=True)
        assert abs(found - plan(point)).max() < 1e-13


def test_scalar_graphs_are_known() -> None:
    """A graph is scalar if arrays are its inputs and outputs only."""
    graph = ga.trace(lambda x: np.sin(x) + x[0], POINT)
    assert not is_scalar(graph)
    assert is_scalar(lowered(graph))
    assert lowered(lowered(graph)) is lowered(graph) or is_scalar(lowered(lowered(graph)))


def test_constant_outputs() -> None:
    """Outputs that are constants are there for every point."""
    code = ga.trace(lambda x: np.array([1.0, 2.0]) + 0 * np.sum(x) * 0, POINT).diff().compile()
    np.testing.assert_array_equal(code(np.zeros((4, 3))), np.zeros((4, 2, 3)))
