"""Elimination against differences in many digits, complex steps, closed forms and `diff`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from benchmarks.workloads import heart_dipole, mix, robot_arm, univariate
from graphad.builder import Builder
from graphad.evaluate import precise
from graphad.ir import Graph, verify
from graphad.op import OPS
from graphad.passes import eliminate, nested
from graphad.passes.eliminate import eliminated
from graphad.passes.elimination_orders import ORDERS, Elimination
from graphad.passes.entries import request
from graphad.text import dump
from tests.passes.functions import CASES, agree, differences, nonzero
from tests.passes.graphs import graph_of, names_of, typed
from tests.strategies import arguments, graphs

THIRD = ("product", "branches", "one scalar", "several rows and inputs")
SHORT = 300
"""Steps of a search that ends soon: values do not depend on it."""
RUNS = [
    (name, order)
    for name, case in CASES.items()
    for order in case.orders
    if order < 3 or name in THIRD
]


@pytest.mark.parametrize(("name", "order"), RUNS)
def test_entries_are_derivatives(name: str, order: int) -> None:
    """All unique entries are the differences of the function."""
    case = CASES[name]
    wanted = differences(case.graph, case.point, request(case.graph, order).entries)
    made = verify(eliminate(case.graph, order, steps=SHORT))
    assert made.input_names == case.graph.input_names
    agree(made(*case.point), wanted)


@pytest.mark.parametrize("by", ORDERS)
@pytest.mark.parametrize("name", CASES)
def test_jacobians_in_every_order(name: str, by: str) -> None:
    """However vertices go, the Jacobian is that of `diff`."""
    case = CASES[name]
    wanted = differences(case.graph, case.point, request(case.graph, 1).entries)
    agree(eliminate(case.graph, by=by, steps=SHORT)(*case.point), wanted)
    agree(eliminate(case.graph, by=by, count="multiplications", between="")(*case.point), wanted)


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (robot_arm, np.linspace(0.2, 0.9, 6)),
        (heart_dipole, np.linspace(-0.9, 1.3, 8)),
        (mix, np.array([0.3, -0.5, 0.7])),
        (lambda x: np.sin(x) * x[::-1] ** 3 / (2 + np.cos(x)), np.linspace(-1, 2, 5)),
    ],
    ids=["robot arm", "heart dipole", "mix", "elementwise"],
)
@pytest.mark.parametrize("by", ORDERS)
def test_jacobians_by_steps(by: str, function: Callable[..., Any], point: Any) -> None:
    """Jacobians are those of differences in many digits, which use nothing but values."""
    graph = ga.trace(function, point)
    wanted = differences(graph, [point], request(graph, 1).entries)
    agree(eliminate(graph, by=by)(point), wanted, 1e-14)


def test_complex_steps() -> None:
    """f(x + ih)/h has f' as its imaginary part: plain NumPy, and not this package."""
    x = 1.1
    step = np.imag(univariate(x + 1e-30j)) / 1e-30
    np.testing.assert_allclose(eliminate(ga.trace(univariate))(x), [step], rtol=1e-14)
    point = np.linspace(-0.9, 1.3, 8)
    columns = [np.imag(heart_dipole(point + 1e-30j * e)) / 1e-30 for e in np.eye(8)]
    found = eliminate(ga.trace(heart_dipole, point))(point).reshape(8, 8)
    np.testing.assert_allclose(found, np.transpose(columns), rtol=1e-14, atol=1e-15)


def test_order_zero_is_the_value() -> None:
    """Derivatives of order 0 are the elements of the outputs, rows in order."""
    case = CASES["several rows and inputs"]
    y, z, w = case.graph(*case.point)
    made, record = eliminated(case.graph, 0)
    np.testing.assert_array_equal(made(*case.point), [*y, z, w])
    assert record == Elimination("search", (), ())


@pytest.mark.parametrize("order", [0, 1, 2])
def test_empty_arrays(order: int) -> None:
    """Without variables there are values and no derivatives; without rows, nothing."""
    no_variables = ga.trace(lambda x: np.sum(x) + 1.0, np.zeros(0))
    found = eliminate(no_variables, order)(np.zeros(0))
    assert found.tolist() == ([1.0] if order == 0 else [])
    no_rows = ga.trace(lambda x: 2 * x[:0], np.zeros(2))
    assert eliminate(no_rows, order)(np.zeros(2)).shape == (0,)


def test_complex_functions() -> None:
    """Derivatives of a holomorphic function are complex derivatives; others are refused."""
    z = np.array(0.3 + 0.7j)
    graph = ga.trace(lambda z: z * np.exp(1j * z), z)
    np.testing.assert_allclose(eliminate(graph, 2)(z), [(2j - z) * np.exp(1j * z)], rtol=1e-14)
    kinked = graph_of(lambda z: OPS["sign"](z) * z, "c128[]")
    message = "sign of a complex number is not analytic, so it has no complex derivative; write"
    with pytest.raises(ga.DerivativeError, match=message):
        eliminate(kinked)


@pytest.mark.parametrize("by", ORDERS)
def test_other_dtypes_inside(by: str) -> None:
    """Partial derivatives of what is cast are cast back, and integers have no derivatives."""
    b = Builder()
    x, n = b.input("x", typed("f64[]")), b.input("n", typed("i64[]"))
    single = OPS["cast"](OPS["sin"](x), dtype="f32")
    wide = OPS["cast"](single * single, dtype="f64")
    graph = b.finish("f", [OPS["exp"](wide) * OPS["cast"](n, dtype="f64")])
    made = verify(eliminate(graph, 1, wrt="x", by=by))
    assert made.outputs[0].type == typed("f64[1]")
    s, c = np.sin(0.5), np.cos(0.5)
    agree(precise(made, [0.5, 3])[0], [6 * s * c * np.exp(s * s)])


@pytest.mark.parametrize("by", ORDERS)
def test_hidden_branches_stay_hidden(by: str) -> None:
    """An infinite slope in the branch that is not taken makes no NaN."""
    graph = ga.trace(lambda x: np.sin(np.where(x > 0, 3 * np.sqrt(x), 0.0) * 2) * 4)
    for order in (1, 2):
        with np.errstate(all="ignore"):
            assert eliminate(graph, order, by=by)(0.0).tolist() == [0.0]


def test_rows_that_others_depend_on() -> None:
    """A row may be inside of the graph, be a variable, be a constant, or stand there twice."""
    graph = ga.trace(lambda x, y: (x * y, np.sin(x * y), y, 2.0 * np.cos(0.0), x * y), 0.5, 3.0)
    cosine = np.cos(1.5)
    wanted = [3.0, 0.5, 3.0 * cosine, 0.5 * cosine, 0.0, 1.0, 0.0, 0.0, 3.0, 0.5]
    for by in ORDERS:
        np.testing.assert_allclose(eliminate(graph, by=by)(0.5, 3.0), wanted, rtol=1e-15)


@pytest.mark.parametrize("name", ["several rows and inputs", "mixed", "product"])
def test_selected_entries(name: str) -> None:
    """Entries in any order, also twice, are those of the whole, for fewer operations."""
    case = CASES[name]
    entries = request(case.graph, 2).entries
    chosen = [entries[i] for i in (len(entries) - 2, 1, 1, len(entries) // 2)]
    made, record = eliminated(case.graph, 2, entries=chosen, by="markowitz")
    full, full_record = eliminated(case.graph, 2, by="markowitz")
    whole = dict(zip(entries, full(*case.point), strict=True))
    agree(made(*case.point), [whole[entry] for entry in chosen])
    assert made.cost().total <= full.cost().total
    assert sum(record.multiplications) <= sum(full_record.multiplications)
    assert eliminate(case.graph, 2, entries=[])(*case.point).shape == (0,)


def test_nothing_else_is_derived() -> None:
    """Rows and variables that no wanted entry has leave no trace."""
    graph = graph_of(
        lambda x, y, z: (OPS["exp"](x), OPS["sin"](x) * OPS["tanh"](y) * z), *["[]"] * 3
    )
    made = eliminate(graph, 2, entries=[(1, (0, 2))])
    assert sorted(names_of(made)) == ["cos", "multiply", "pack", "tanh"]


@pytest.mark.parametrize("name", CASES)
def test_zeros_are_structural(name: str) -> None:
    """No entry is computed that forward mode knows to be zero."""
    graph = CASES[name].graph
    entries = request(graph, 2).entries
    assert set(nonzero(eliminate(graph, 2, by="reverse"), entries)) <= set(
        nonzero(nested(graph, 2), entries)
    )


def test_nothing_is_multiplied_by_one() -> None:
    """Sums and changes of sign take no multiplications."""
    graph = graph_of(lambda x, y: OPS["exp"](-(x - y) + 2.0), "[]", "[]")
    assert names_of(eliminate(graph)) == ["negative", "add", "exp", "negative", "pack"]


def test_some_inputs() -> None:
    """Variables are the elements of the inputs in `wrt`, in that order."""
    graph = ga.trace(lambda x, y: x[0] * y**2 + x[1] * y, np.zeros(2), 0.0)
    x, y = np.array([2.0, 3.0]), 5.0
    assert eliminate(graph, 2, wrt="y")(x, y).tolist() == [4.0]
    assert eliminate(graph, 1, wrt=("y", "x"))(x, y).tolist() == [23.0, 25.0, 5.0]


@pytest.mark.parametrize("by", ORDERS)
def test_orders_are_kept(by: str) -> None:
    """The record, and its text, make the same graph again, whatever the search would find."""
    graph = ga.trace(robot_arm, np.zeros(6) + 0.1)
    made, record = eliminated(graph, 2, by=by, entries=[(0, (0, 1)), (3, (2, 4))], steps=SHORT)
    assert record.by == by
    assert [len(order) > 9 for order in record.orders] == [True, True]
    for kept in (record, str(record), Elimination.parse(str(record))):
        again = eliminated(graph, 2, by=kept, entries=[(0, (0, 1)), (3, (2, 4))], steps=0)
        assert again == (made, record)


def test_an_order_of_ones_own() -> None:
    """A sequence of vertices is the order of a first derivative."""
    graph = ga.trace(lambda x, y: np.exp(np.sin(x * y)), 0.0, 0.0)
    made, record = eliminated(graph, by=(3, 2))
    assert str(record) == "given 3 [3 2]"
    assert made == eliminate(graph, by="reverse")


def test_vertices_are_in_origins() -> None:
    """What eliminating a vertex made says so."""
    graph = ga.trace(lambda x, y: np.exp(np.sin(x * y)), 0.0, 0.0)
    made = eliminate(graph, by="reverse")
    rules = {made.origin(n).rule for n in made.nodes if made.origin(n).rewrite == "eliminate"}
    assert {"vertex 3", "vertex 2"} <= rules
    assert {made.origin(n).order for n in made.nodes if n.op.name == "cos"} == {1}


def test_a_deep_chain() -> None:
    """Nothing recurses: three thousand vertices, one after the other."""
    b = Builder()
    y: Any = b.input("x", typed("f64[]"))
    for _ in range(3_000):
        y = OPS["sin"](y)
    made, record = eliminated(b.finish("deep", [y]))
    assert names_of(made).count("cos") == 3_000
    assert record.multiplications == (2_999,)


@given(data=st.data())
@settings(max_examples=25)
def test_random_graphs(data: st.DataObject) -> None:
    """On random graphs every order gives the Jacobian of `diff`, and leaves the graph alone."""
    graph: Graph = data.draw(graphs(steps=8, smooth=True, max_inputs=2, max_outputs=2))
    args = data.draw(arguments(graph))
    before = dump(graph)
    entries = request(graph, 1).entries
    wanted = precise(nested(graph, 1), args)[0]
    exact = differences(graph, args, entries)
    agree(wanted, exact, 1e-9)
    vertices = eliminated(graph, by="forward")[1].orders[0]
    shuffled = tuple(data.draw(st.permutations(vertices)))
    for by in (*ORDERS, shuffled):
        made = verify(eliminate(graph, by=by, steps=SHORT))
        agree(precise(made, args)[0], exact, 1e-9)
        assert dump(eliminate(graph, by=by, steps=SHORT)) == dump(made)
    assert dump(graph) == before


@given(data=st.data())
@settings(max_examples=20)
def test_random_graphs_as_diff_has_them(data: st.DataObject) -> None:
    """Second derivatives of random graphs are elements of what `diff` gives twice."""
    graph: Graph = data.draw(graphs(steps=5, smooth=True, max_inputs=1, max_outputs=1))
    args = data.draw(arguments(graph))
    dense = graph_diff(graph, args)
    entries = request(graph, 2).entries
    found = precise(eliminate(graph, 2, steps=SHORT), args)[0]
    agree(found, [dense[row, i, j] for row, (i, j) in entries], 1e-9)


def graph_diff(graph: Graph, args: tuple[Any, ...]) -> Any:
    """Return the second derivative of a graph of one input and output, all axes flat."""
    public = ga.parse(dump(graph))
    (tensor,) = precise(public.diff(order=2), args)
    rows, variables = graph.outputs[0].type.size, graph.inputs[0].type.size
    return tensor.reshape(rows, variables, variables)


def test_refusals() -> None:
    """Orders that are not there, or are for other graphs, are named."""
    graph = CASES["mixed"].graph
    with pytest.raises(ga.DerivativeError, match="there is no order 'best' of elimination"):
        eliminate(graph, by="best")
    with pytest.raises(ga.DerivativeError, match=r"order \(1, 2\) does not name each of the vert"):
        eliminate(graph, by=(1, 2))
    with pytest.raises(ga.DerivativeError, match="a derivative of order 2 takes 2 orders of vert"):
        eliminate(graph, 2, by=(1, 2))
    with pytest.raises(ga.DerivativeError, match="is not an elimination; it is written as"):
        eliminate(graph, by="search [1]")
    with pytest.raises(ga.DerivativeError, match="the order of a derivative is 0, 1, 2, … and not"):
        eliminate(graph, -1)
