"""Mixed derivatives along rays, against differences in many digits, closed forms and `diff`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.builder import Builder
from graphad.errors import PrecisionWarning
from graphad.evaluate import precise
from graphad.ir import Graph, verify
from graphad.op import OPS
from graphad.passes import directions, multivariate
from graphad.passes.directions import directions_condition
from graphad.passes.entries import Entry, request
from graphad.passes.rays import rays
from graphad.text import dump
from tests.passes.functions import CASES, agree, differences, nonzero
from tests.passes.graphs import graph_of, names_of, typed
from tests.strategies import arguments, graphs

MP = mpmath.mp.clone()
MP.dps = 60


@pytest.mark.parametrize("name", CASES)
def test_entries_are_derivatives(name: str) -> None:
    """All unique entries are the differences of the function, up to the condition number."""
    case = CASES[name]
    for order in case.orders:
        made = verify(directions(case.graph, order))
        assert made.input_names == case.graph.input_names
        wanted = differences(case.graph, case.point, request(case.graph, order).entries)
        condition = directions_condition(case.graph, order)[1]
        agree(made(*case.point), wanted, 1e-12 * condition)
        agree(precise(made, case.point)[0], wanted, 1e-14 * condition)


@pytest.mark.parametrize("name", ["units", "mixed", "branches", "rosenbrock"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_entries_are_those_of_diff(name: str, order: int) -> None:
    """Entries are elements of the array that repeated `diff` gives."""
    case = CASES[name]
    dense = case.graph.diff(order=order)(*case.point)
    wanted = [dense[index] for _, index in request(case.graph, order).entries]
    agree(directions(case.graph, order)(*case.point), wanted, 1e-11)


@pytest.mark.parametrize(
    ("function", "exact"),
    [
        (lambda x, y: np.exp(np.sin(x * y)), lambda x, y: MP.exp(MP.sin(x * y))),
        (lambda x, y: np.log(x + y * y) / x, lambda x, y: MP.log(x + y * y) / x),
        (lambda x, y: (x + y) ** 2.5 * np.tanh(y), lambda x, y: (x + y) ** 2.5 * MP.tanh(y)),
    ],
)
def test_order_six_in_many_digits(function: Callable[..., Any], exact: Callable[..., Any]) -> None:
    """All mixed derivatives of order 6 are those of mpmath."""
    found = directions(ga.trace(function), 6)(0.75, 0.5)
    point = (MP.mpf(0.75), MP.mpf(0.5))
    agree(found, [MP.diff(exact, point, (6 - k, k)) for k in range(7)], 1e-11)


def test_a_polynomial_in_closed_form() -> None:
    """∂⁵/∂x²∂y²∂z of x³y²z and its neighbours, by a system of 21 rays."""
    graph = ga.trace(lambda x, y, z: x**3 * y**2 * z + x * y * z)
    entries = [
        (0, (0, 0, 1, 1, 2)),
        (0, (0, 0, 0, 1, 2)),
        (0, (0, 0, 0, 0, 1)),
        (0, (0, 1, 1, 2, 2)),
    ]
    found = directions(graph, 5, entries=entries)(2.0, 3.0, 5.0)
    np.testing.assert_allclose(found, [6 * 2 * 2, 6 * 2 * 3, 0, 0], atol=1e-10)


# --- what it costs -------------------------------------------------------------------------------


def test_rays_are_as_many_as_entries() -> None:
    """A function of five variables takes the rays that are known, under their condition."""
    graph = ga.trace(lambda x: np.sin(np.prod(x)), np.ones(5))
    for order, most in ((1, 1.0), (2, 3.2), (3, 7.6)):
        count, condition = directions_condition(graph, order)
        assert count == len(request(graph, order).entries)
        assert condition <= most
        assert (count, condition) == (len(rays(5, order).directions), rays(5, order).condition)


def test_an_entry_moves_its_own_variables() -> None:
    """Entries of two variables take three rays, however many variables there are."""
    graph = ga.trace(lambda x: np.sin(np.prod(x)), np.ones(30))
    entries = [(0, (3, 17))]
    assert directions_condition(graph, 2, entries=entries)[0] == 3
    point = np.full(30, 1.1)
    wanted = multivariate(graph, 2, entries=entries)(point)
    made = directions(graph, 2, entries=entries)
    np.testing.assert_allclose(made(point), wanted, rtol=1e-13)
    assert made.cost().by_op["multiply"] < 29 + 3 * 10


def test_rows_take_rays_of_variables_that_meet() -> None:
    """Variables that are in no summand together have the constant 0, and no ray."""
    graph = ga.trace(lambda x: np.sum(np.sin(x[1:] * x[:-1])) + x[4] ** 3, np.ones(5))
    assert directions_condition(graph, 2)[0] == 5 + 4
    entries = request(graph, 2).entries
    kept = nonzero(directions(graph, 2), entries)
    assert kept == [(0, (i, j)) for _, (i, j) in entries if j - i <= 1]
    rows = ga.trace(lambda x: np.array([np.exp(x[0] * x[1]), np.sin(x[2])]), np.ones(3))
    assert directions_condition(rows, 2)[0] == 3 + 1


def test_the_value_is_shared() -> None:
    """All rays start at one point, where each op is evaluated once."""
    graph = ga.trace(lambda x: np.exp(np.sin(x[0] * x[1] * x[2])), np.ones(3))
    made = names_of(directions(graph, 3))
    assert (made.count("exp"), made.count("sin"), made.count("cos")) == (1, 1, 1)


def test_nothing_else_is_derived() -> None:
    """Rows and variables that no wanted entry has leave no trace."""
    graph = graph_of(lambda x, y, z: (OPS["exp"](x), OPS["sin"](x) * y, OPS["log"](z)), *["[]"] * 3)
    made = directions(graph, 2, entries=[(1, (0, 0))])
    assert sorted(names_of(made)) == ["multiply", "negative", "pack", "sin"]


@pytest.mark.parametrize("name", ["several rows and inputs", "mixed", "product"])
def test_selected_entries(name: str) -> None:
    """Entries in any order, also twice, are those of the whole, for fewer operations."""
    case = CASES[name]
    entries = request(case.graph, 3).entries
    chosen = [entries[i] for i in (len(entries) - 2, 1, 1, len(entries) // 2)]
    whole = dict(zip(entries, directions(case.graph, 3)(*case.point), strict=True))
    made = directions(case.graph, 3, entries=chosen)
    agree(made(*case.point), [whole[entry] for entry in chosen])
    assert made.cost().total <= directions(case.graph, 3).cost().total
    assert directions(case.graph, 3, entries=[])(*case.point).shape == (0,)


# --- edge cases ----------------------------------------------------------------------------------


def test_order_zero_is_the_value() -> None:
    """Derivatives of order 0 are the elements of the outputs, rows in order."""
    case = CASES["several rows and inputs"]
    y, z, w = case.graph(*case.point)
    np.testing.assert_array_equal(directions(case.graph, 0)(*case.point), [*y, z, w])


@pytest.mark.parametrize("order", [0, 1, 2])
def test_empty_arrays(order: int) -> None:
    """Without variables there are values and no derivatives; without rows, nothing."""
    no_variables = ga.trace(lambda x: np.sum(x) + 1.0, np.zeros(0))
    found = directions(no_variables, order)(np.zeros(0))
    assert found.tolist() == ([1.0] if order == 0 else [])
    no_rows = ga.trace(lambda x: 2 * x[:0], np.zeros(2))
    assert directions(no_rows, order)(np.zeros(2)).shape == (0,)


def test_some_inputs() -> None:
    """Variables are the elements of the inputs in `wrt`, in that order; others stay inputs."""
    graph = ga.trace(lambda x, y: x[0] * y**2 + x[1] * y, np.zeros(2), 0.0)
    x, y = np.array([2.0, 3.0]), 5.0
    assert directions(graph, 2, wrt="y")(x, y).tolist() == [4.0]
    assert directions(graph, 1, wrt=("y", "x"))(x, y).tolist() == [23.0, 25.0, 5.0]


def test_complex_and_single_precision() -> None:
    """Entries have the dtype of the function; holomorphic functions have complex derivatives."""
    z = np.array([0.3 + 0.7j, 0.5 - 0.1j])
    graph = ga.trace(lambda z: np.exp(1j * z[0] * z[1]) * z[0], z)
    found = directions(graph, 3)(z)
    dense = graph.diff(order=3)(z)
    wanted = [dense[index] for _, index in request(graph, 3).entries]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert found.dtype == np.complex128
    x = np.array([0.5, 0.25], np.float32)
    single = ga.trace(lambda x: np.exp(x[0] * x[1]), x)
    assert directions(single, 2)(x).dtype == np.float32


@pytest.mark.parametrize(
    ("function", "order", "wanted"),
    [
        (lambda x: x**5 + x**2, 2, 2.0),
        (lambda x: x**4.5, 4, 0.0),
        (lambda x: np.where(x > 0, np.sqrt(x), 0.0) * 2, 2, 0.0),
        (lambda x: np.maximum(x, 0.0), 1, 0.5),
        (lambda x: np.floor(x) * x + np.sign(x) * x, 1, 0.0),
    ],
)
def test_at_zero(function: Callable[..., Any], order: int, wanted: float) -> None:
    """One variable takes one ray; kinks follow the conventions of `diff`."""
    with np.errstate(all="ignore"):
        assert directions(ga.trace(function), order)(0.0).tolist() == [wanted]


def test_a_deep_chain() -> None:
    """Nothing recurses: thousands of nodes, one after the other."""
    b = Builder()
    y: Any = b.input("x", typed("f64[]"))
    for _ in range(5000):
        y = OPS["sin"](y)
    assert names_of(directions(b.finish("deep", [y]), 1)).count("cos") == 5000


@st.composite
def requests(draw: st.DrawFn) -> tuple[Graph, tuple[Any, ...], list[Entry], int]:
    """Random smooth graphs of scalars with arguments and some of their entries."""
    graph = draw(graphs(steps=6, grain="scalar", smooth=True, max_inputs=2, max_outputs=2))
    variables = sum(node.type.size for node in graph.inputs)
    rows = sum(node.type.size for node in graph.outputs)
    order = draw(st.integers(1, 3))
    index = st.lists(st.integers(0, variables - 1), min_size=order, max_size=order)
    entry = st.tuples(st.integers(0, rows - 1), index.map(lambda i: tuple(sorted(i))))
    return graph, draw(arguments(graph)), draw(st.lists(entry, min_size=1, max_size=4)), order


@given(case=requests())
@settings(max_examples=50)
def test_random_graphs(case: tuple[Any, ...]) -> None:
    """Entries of random graphs are the differences of their values; the graph is left alone."""
    graph, args, entries, order = case
    before = dump(graph)
    made = verify(directions(graph, order, entries=entries))
    agree(precise(made, args)[0], differences(graph, args, entries), 1e-9)
    assert dump(graph) == before
    assert dump(directions(graph, order, entries=entries)) == dump(made)


# --- warnings and refusals -----------------------------------------------------------------------


def test_half_of_the_digits() -> None:
    """A condition number above 1/√ε warns; in double precision the same is far from it."""
    order = 28
    condition = rays(2, order).condition
    assert np.finfo(np.float32).eps ** -0.5 < condition < np.finfo(np.float64).eps ** -0.5
    entries = [(0, (0,) * 14 + (1,) * 14)]
    single = ga.trace(lambda x: np.exp(x[0] * x[1]), np.zeros(2, np.float32), name="f")
    message = r"rays for f has the condition number .*, more than half of the digits of float32"
    with pytest.warns(PrecisionWarning, match=message):
        directions(single, order, entries=entries)
    directions(ga.trace(lambda x: np.exp(x[0] * x[1]), np.zeros(2)), order, entries=entries)


def test_refusals() -> None:
    """Orders, entries and systems that do not go are named."""
    graph = CASES["mixed"].graph
    with pytest.raises(ga.DerivativeError, match="the order of a derivative is 0, 1, 2, … and not"):
        directions(graph, -1)
    with pytest.raises(ga.DerivativeError, match=r"no entry \(0, \(1, 0\)\) among the derivatives"):
        directions(graph, 2, entries=[(0, (1, 0))])
    many = ga.trace(lambda x: np.sin(np.prod(x)), np.ones(8))
    with pytest.raises(ga.DerivativeError, match="order 8 by 8 variables come from 6,435 rays"):
        directions(many, 8, entries=[(0, tuple(range(8)))])
    complex_kink = graph_of(lambda z: OPS["sign"](z) * z, "c128[]")
    with pytest.raises(ga.DerivativeError, match="sign of a complex number is not analytic"):
        directions(complex_kink, 1)
