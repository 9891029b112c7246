"""Entries by one variable alone against differences in many digits and mpmath's series."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.errors import DerivativeError
from graphad.evaluate import precise
from graphad.ir import verify
from graphad.passes import nested, straight
from graphad.passes.entries import request
from graphad.text import dump
from tests.passes.functions import CASES, agree, differences
from tests.strategies import arguments, graphs

RUNS = [(name, order) for name, case in CASES.items() for order in case.orders]


def diagonal(graph: Any, order: int) -> list[Any]:
    """Return the entries of all rows by one variable each."""
    return [entry for entry in request(graph, order).entries if len(set(entry[1])) <= 1]


@pytest.mark.parametrize(("name", "order"), RUNS)
def test_diagonals_are_derivatives(name: str, order: int) -> None:
    """Entries (i, i, …) of all rows are the differences of the function."""
    case = CASES[name]
    entries = diagonal(case.graph, order)
    made = verify(straight(case.graph, order, entries=entries))
    assert made.input_names == case.graph.input_names
    agree(made(*case.point), differences(case.graph, case.point, entries))


@pytest.mark.parametrize("order", [8, 20])
def test_high_orders(order: int) -> None:
    """A function of one variable has its 20th derivative to 1e-13 of mpmath's."""
    graph = ga.trace(lambda t: np.exp(np.sin(t)) * np.log1p(t * t), 1.1)
    (found,) = straight(graph, order)(1.1)
    with mpmath.workdps(80):
        series = mpmath.taylor(
            lambda t: mpmath.exp(mpmath.sin(t)) * mpmath.log(1 + t * t), mpmath.mpf(1.1), order
        )
        wanted = float(series[order] * mpmath.factorial(order))
    assert found == pytest.approx(wanted, rel=1e-13)


def test_hidden_branches_and_order_zero() -> None:
    """What is not taken makes no NaN; order 0 is the value."""
    graph = ga.trace(lambda x: np.where(x > 0, np.sqrt(x), 0.0) * 2)
    with np.errstate(all="ignore"):
        assert straight(graph, 2)(0.0).tolist() == [0.0]
    assert straight(graph, 0)(4.0).tolist() == [4.0]


def test_parameters_and_selected_entries() -> None:
    """Inputs that are not differentiated by stay; entries come in the order they are asked for."""
    graph = ga.trace(lambda x, a: (np.sin(a * x), np.sum(x**3)), np.zeros(2), 0.0)
    made = straight(graph, 2, "x", [(2, (1, 1)), (0, (0, 0)), (2, (1, 1)), (0, (1, 1))])
    x = np.array([0.5, 2.0])
    np.testing.assert_allclose(made(x, 3.0), [12, -9 * np.sin(1.5), 12, 0], rtol=1e-14)
    assert straight(graph, 2, "x", [])(x, 3.0).shape == (0,)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_dtypes(dtype: Any) -> None:
    """Derivatives have the dtype of the function."""
    point = dtype(0.5)
    found = straight(ga.trace(lambda x: np.exp(2 * x), point), 3)(point)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, [8 * np.exp(1.0)], rtol=1e-6)


def test_origins() -> None:
    """Coefficients name the user's file, the pass and the order."""
    made = straight(ga.trace(lambda x: np.exp(x * x), 0.0), 3)
    last = made.origin(made.outputs[0].inputs[0])
    assert last.file.endswith("test_straight.py")
    assert (last.rewrite, last.order) == ("straight", 3)


@given(data=st.data())
@settings(max_examples=40)
def test_random_graphs(data: st.DataObject) -> None:
    """Diagonals of random graphs are those of nested derivatives, the same graph every time."""
    graph = data.draw(graphs(steps=7, max_inputs=2, max_outputs=1))
    if any(node.type.dtype != np.float64 for node in graph.outputs):
        return
    order = data.draw(st.integers(1, 4))
    entries = diagonal(graph, order)[:3]
    made = verify(straight(graph, order, entries=entries))
    assert dump(straight(graph, order, entries=entries)) == dump(made)
    args = data.draw(arguments(graph))
    agree(precise(made, args)[0], precise(nested(graph, order, entries=entries), args)[0], 1e-10)


def test_mixed_derivatives_are_refused() -> None:
    """Mixed entries are named, at most three, with what gives them."""
    graph = CASES["mixed"].graph
    message = r"do not give the mixed derivatives \(0, 1\), \(0, 2\), \(1, 2\); use the mode"
    with pytest.raises(ga.DerivativeError, match=message):
        straight(graph, 2)
    with pytest.raises(ga.DerivativeError, match=r"\(0, 0, 2\), \(0, 1, 1\), …; use"):
        straight(graph, 3)


def test_factorials_out_of_range() -> None:
    """Orders whose factorial is no number of the dtype are refused, with what to use."""
    double = ga.trace(lambda t: np.exp(t))
    assert straight(double, 170)(0.0).tolist() == pytest.approx([1.0], rel=1e-13)
    with pytest.raises(DerivativeError, match=r"171! is beyond the range of float64.*\.taylor\("):
        straight(double, 171)
    single = ga.trace(lambda t: np.exp(t), np.float32(0.0))
    with pytest.raises(DerivativeError, match="35! is beyond the range of float32"):
        straight(single, 35)
