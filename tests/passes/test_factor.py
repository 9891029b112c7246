"""Common factors: values are kept, costs fall or stay, and nothing of the user's is dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.cost import operations
from graphad.evaluate import Program, precise
from graphad.ir import Graph, verify
from graphad.op import OPS
from graphad.passes import Pipeline, diff, factor
from graphad.text import dump
from tests.passes.algebra import algebra
from tests.passes.graphs import graph_of, names_of
from tests.strategies import arguments, graphs

SINGLE = np.float32


def number(x: Any, value: float) -> Any:
    """Return a constant of the dtype of `x`."""
    return x.builder.constant(x.type.dtype.type(value))


def run(graph: Graph, *args: Any) -> list[float]:
    """Return the values of scalar outputs."""
    with np.errstate(all="ignore"):
        return [float(value) for value in Program(graph)(*args)]


@pytest.mark.parametrize(
    ("function", "most"),
    [
        (lambda x, y, z: x * y + x * z, 2),
        (lambda x, y, z: x * y + x * z + y * z, 4),
        (lambda x, y, z: 1.0 + x + x * x + x * x * x, 4),
        (lambda x, y, z: (x * y * z, y * OPS["sin"](z) * x), 4),
        (lambda x, y, z: ((x + y) * z, (2.0 * x + 2.0 * y) * x), 4),
        (lambda x, y, z: x / z + y / z, 2),
    ],
)
def test_operations(function: Any, most: int) -> None:
    """Common factors, sums, squares and quotients are found."""
    graph = graph_of(function, "[]", "[]", "[]")
    made = verify(factor(graph))
    assert operations(made) <= most < operations(graph)
    np.testing.assert_allclose(run(made, 0.3, 0.7, 1.9), run(graph, 0.3, 0.7, 1.9), rtol=1e-14)


@given(data=st.data())
@settings(max_examples=120)
def test_random_algebra(data: st.DataObject) -> None:
    """Values agree in 50 digits, NaN stays, no operation is added, and all runs are the same."""
    graph = data.draw(algebra(steps=16, scalars=True))
    before = dump(graph)
    made = verify(factor(graph))
    assert operations(made) <= operations(graph)
    assert dump(factor(graph)) == dump(made)
    assert dump(graph) == before
    args = [data.draw(st.integers(-24, 24)) / 8 for _ in graph.inputs]
    for found, wanted in zip(precise(made, args), precise(graph, args), strict=True):
        a, b = found.item(), wanted.item()
        if np.isfinite(float(a)) and np.isfinite(float(b)):
            assert abs(a - b) <= 1e-13 * (1 + abs(b))
    args[data.draw(st.integers(0, len(args) - 1))] = np.nan
    assert np.isnan(run(made, *args)).tolist() == np.isnan(run(graph, *args)).tolist()


@given(data=st.data())
@settings(max_examples=40)
def test_random_graphs_and_their_derivatives(data: st.DataObject) -> None:
    """So it is for scalar graphs of all ops, and for gradients."""
    graph = data.draw(graphs(steps=7, grain="scalar", smooth=True, max_inputs=2, max_outputs=2))
    args = data.draw(arguments(graph))
    for item in (graph, Pipeline("scalarize")(diff(graph, mode="forward"))):
        made = verify(factor(item))
        assert operations(made) <= operations(item)
        for a, b in zip(precise(made, args), precise(item, args), strict=True):
            for found, wanted in zip(np.ravel(a), np.ravel(b), strict=True):
                assert abs(found - wanted) <= 1e-11 * (1 + abs(wanted))


@pytest.mark.parametrize("point", [(np.inf, 0.25), (np.nan, 0.25), (-2.0, 3.0), (0.0, -0.0)])
def test_what_cancels_is_not_dropped(point: tuple[float, float]) -> None:
    """Of infinities x - x and 0·x are NaN, and 1/(x - x) keeps its sign."""

    def function(x: Any, y: Any) -> Any:
        zero = 0.0 * x
        return x - x, (x * y - x * y) * y, zero * y + x * y * y + x * y, y / (x - x) + y * x * y

    graph = graph_of(function, "[]", "[]")
    made = factor(graph)
    assert operations(made) < operations(graph)
    np.testing.assert_array_equal(run(made, *point), run(graph, *point))


def test_single_precision_stays_in_range() -> None:
    """Numbers whose quotient leaves single precision are not taken out of each other."""

    def function(x: Any, y: Any, z: Any) -> Any:
        def combined(k: float, ratio: float = 1.0) -> Any:
            return number(x, k) * x * z + number(x, k * ratio) * y * z

        small, large = combined(1e-29), combined(1e29)
        return small + small * y, large + large * y, combined(1e-29, 3.0), combined(1e29, 3.0)

    graph = graph_of(function, "f32[]", "f32[]", "f32[]")
    point = SINGLE(0.5), SINGLE(0.25), SINGLE(2)
    made = factor(graph)
    assert operations(made) < operations(graph)
    np.testing.assert_allclose(run(made, *point), run(graph, *point), rtol=1e-5)


def test_extreme_and_special_constants() -> None:
    """Constants near the ends of the range, infinite ones and NaN stay where they are."""
    graph = graph_of(
        lambda x, y: (
            x * 1e200 + y * 1e200 + x * y + x * y * y,
            x * np.inf + x * y,
            np.nan,
            -0.0,
            -2.0,
        ),
        "[]",
        "[]",
    )
    point = 1e-200, 3.0
    np.testing.assert_array_equal(run(factor(graph), *point), run(graph, *point))


def test_outputs_and_inputs_stay() -> None:
    """Outputs may be inputs, constants, or equal; unused and array inputs stay."""
    graph = graph_of(
        lambda x, y, z, w: (x * y + 3.0 * x * y * y, x, x, -2.0, OPS["sin"](z) * 2.0),
        "[]",
        "[]",
        "[3]",
        "[2]",
    )
    made = verify(factor(graph))
    assert made.input_names == ("x", "y", "z", "w")
    assert operations(made) < operations(graph)
    point = 0.5, 0.25, np.arange(3.0), np.zeros(2)
    for a, b in zip(Program(made)(*point), Program(graph)(*point), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-15)
    assert "negative" not in names_of(made)


@pytest.mark.parametrize("dtype", ["c128", "f32"])
def test_other_dtypes(dtype: str) -> None:
    """Complex numbers and single precision keep their dtype and values."""
    graph = graph_of(lambda x, y: x * y + 2.0 * x * y * y + x, f"{dtype}[]", f"{dtype}[]")
    made = verify(factor(graph))
    assert operations(made) < operations(graph)
    point = (0.5 + 0.25j, 2 - 1j) if dtype == "c128" else (SINGLE(0.5), SINGLE(2))
    (a,), (b,) = Program(made)(*point), Program(graph)(*point)
    np.testing.assert_allclose(a, b, rtol=1e-6)
    assert made.outputs[0].type == graph.outputs[0].type


def test_nothing_saved_is_the_same_graph() -> None:
    """A graph that cannot be made cheaper is returned, not copied; so is one after no steps."""
    graph = graph_of(lambda x, y: OPS["sin"](x) * y, "[]", "[]")
    assert factor(graph) is graph
    shared = graph_of(lambda x, y: x * y + x * x, "[]", "[]")
    assert factor(shared, steps=0) is shared
    assert operations(factor(shared)) == 2


def test_long_chains_take_linear_time() -> None:
    """Sums that are added up term by term, long products, and deep functions go through."""

    def added(x: Any, y: Any) -> Any:
        total = x
        for k in range(4000):
            total = total + OPS["sin"](y * float(k + 1))
        return total

    def multiplied(x: Any, y: Any) -> Any:
        for k in range(2000):
            x = x * OPS["sin"](y * float(k + 1))
        return x

    def deep(x: Any, y: Any) -> Any:
        for _ in range(10_000):
            x = OPS["sin"](x) * 0.5
        return x

    for function in (added, multiplied, deep):
        graph = graph_of(function, "[]", "[]")
        made = factor(graph)
        assert operations(made) <= operations(graph)
        np.testing.assert_allclose(run(made, 0.3, 0.7), run(graph, 0.3, 0.7), rtol=1e-10)


def test_many_quotients() -> None:
    """Thousands of quotients stay quotients."""
    graph = graph_of(
        lambda x, y: OPS["add"](
            *[OPS["sin"](x * float(k)) / OPS["exp"](y * float(k)) for k in range(1, 2000)], x * y, x
        ),
        "[]",
        "[]",
    )
    made = factor(graph)
    assert names_of(made).count("divide") == names_of(graph).count("divide")
    np.testing.assert_allclose(run(made, 0.3, 0.7), run(graph, 0.3, 0.7), rtol=1e-12)
