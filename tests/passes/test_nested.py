"""Nested derivatives against differences in many digits, closed forms and repeated `diff`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.builder import Builder
from graphad.evaluate import precise
from graphad.ir import Graph, verify
from graphad.op import OPS
from graphad.passes import nested
from graphad.passes.entries import Entry, request
from graphad.text import dump
from tests.passes.functions import CASES, agree, differences
from tests.passes.graphs import graph_of, names_of, typed
from tests.strategies import arguments, graphs

MODES = ("forward", "reverse", "reverse-forward")
RUNS = [(name, order) for name, case in CASES.items() for order in case.orders]


@pytest.mark.parametrize(("name", "order"), RUNS)
def test_entries_are_derivatives(name: str, order: int) -> None:
    """All unique entries are the differences of the function, in every mode."""
    case = CASES[name]
    wanted = differences(case.graph, case.point, request(case.graph, order).entries)
    for mode in MODES:
        made = verify(nested(case.graph, order, mode=mode))
        assert made.input_names == case.graph.input_names
        agree(made(*case.point), wanted)


@pytest.mark.parametrize("name", ["units", "mixed", "pairs", "branches"])
@pytest.mark.parametrize("mode", MODES)
def test_entries_are_those_of_diff(name: str, mode: str) -> None:
    """Entries are elements of the array that repeated `diff` gives."""
    case = CASES[name]
    for order in (1, 2):
        dense = case.graph.diff(order=order)(*case.point)
        wanted = [dense[index] for _, index in request(case.graph, order).entries]
        agree(nested(case.graph, order, mode=mode)(*case.point), wanted, 1e-11)


@pytest.mark.parametrize("mode", MODES)
def test_passes_between_orders(mode: str) -> None:
    """Simplifying from order to order changes no value."""
    case = CASES["mixed"]
    plain = nested(case.graph, 3, mode=mode)(*case.point)
    made = nested(case.graph, 3, mode=mode, between="simplify,collect,cse")
    np.testing.assert_allclose(made(*case.point), plain, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_order_zero_is_the_value(mode: str) -> None:
    """Derivatives of order 0 are the elements of the outputs, rows in order."""
    case = CASES["several rows and inputs"]
    y, z, w = case.graph(*case.point)
    np.testing.assert_array_equal(nested(case.graph, 0, mode=mode)(*case.point), [*y, z, w])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_empty_arrays(order: int, mode: str) -> None:
    """Without variables there are values and no derivatives; without rows, nothing."""
    no_variables = ga.trace(lambda x: np.sum(x) + 1.0, np.zeros(0))
    found = nested(no_variables, order, mode=mode)(np.zeros(0))
    assert found.tolist() == ([1.0] if order == 0 else [])
    no_rows = ga.trace(lambda x: 2 * x[:0], np.zeros(2))
    assert nested(no_rows, order, mode=mode)(np.zeros(2)).shape == (0,)


@pytest.mark.parametrize("mode", MODES)
def test_complex_functions(mode: str) -> None:
    """Derivatives of a holomorphic function are complex derivatives."""
    z = np.array(0.3 + 0.7j)
    graph = ga.trace(lambda z: z * np.exp(1j * z), z)
    found = nested(graph, 2, mode=mode)(z)
    np.testing.assert_allclose(found, [(2j - z) * np.exp(1j * z)], rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_complex_kinks_are_refused(mode: str) -> None:
    """What is not analytic is named."""
    graph = graph_of(lambda z: OPS["sign"](z) * z, "c128[]")
    message = "sign of a complex number is not analytic, so it has no complex derivative; write"
    with pytest.raises(ga.DerivativeError, match=message):
        nested(graph, 1, mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_other_dtypes_inside(mode: str) -> None:
    """Cotangents of what is cast are cast back, and integers have no derivatives."""
    b = Builder()
    x, n = b.input("x", typed("f64[]")), b.input("n", typed("i64[]"))
    single = OPS["cast"](x, dtype="f32")
    wide = OPS["cast"](single * single, dtype="f64")
    graph = b.finish("f", [wide * OPS["cast"](n, dtype="f64")])
    made = verify(nested(graph, 2, wrt="x", mode=mode))
    assert [float(v) for v in precise(made, [0.5, 3])[0]] == [6.0]


@pytest.mark.parametrize("mode", MODES)
def test_hidden_branches_stay_hidden(mode: str) -> None:
    """An infinite slope in the branch that is not taken makes no NaN."""
    graph = ga.trace(lambda x: np.where(x > 0, np.sqrt(x), 0.0) * 2)
    for order in (1, 2, 3):
        with np.errstate(all="ignore"):
            assert nested(graph, order, mode=mode)(0.0).tolist() == [0.0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["several rows and inputs", "mixed", "product"])
def test_selected_entries(name: str, mode: str) -> None:
    """Entries in any order, also twice, are those of the whole, for fewer operations."""
    case = CASES[name]
    entries = request(case.graph, 3).entries
    chosen = [entries[i] for i in (len(entries) - 2, 1, 1, len(entries) // 2)]
    whole = dict(zip(entries, nested(case.graph, 3, mode=mode)(*case.point), strict=True))
    made = nested(case.graph, 3, entries=chosen, mode=mode)
    agree(made(*case.point), [whole[entry] for entry in chosen])
    assert made.cost().total <= nested(case.graph, 3, mode=mode).cost().total
    assert nested(case.graph, 3, entries=[], mode=mode)(*case.point).shape == (0,)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_else_is_derived(mode: str) -> None:
    """Rows and variables that no wanted entry has leave no trace."""
    graph = graph_of(
        lambda x, y, z: (OPS["exp"](x), OPS["sin"](x) * OPS["tanh"](y) * z), *["[]"] * 3
    )
    made = nested(graph, 2, entries=[(1, (0, 2))], mode=mode)
    assert sorted(names_of(made)) == ["cos", "multiply", "pack", "tanh"]


@pytest.mark.parametrize("mode", MODES)
def test_some_inputs(mode: str) -> None:
    """Variables are the elements of the inputs in `wrt`, in that order."""
    graph = ga.trace(lambda x, y: x[0] * y**2 + x[1] * y, np.zeros(2), 0.0)
    x, y = np.array([2.0, 3.0]), 5.0
    assert nested(graph, 2, wrt="y", mode=mode)(x, y).tolist() == [4.0]
    assert nested(graph, 1, wrt=("y", "x"), mode=mode)(x, y).tolist() == [23.0, 25.0, 5.0]


def test_sorted_entries_only() -> None:
    """Forward mode makes n(n+1)/2 second derivatives: as many sines as pairs i ≤ j need."""
    graph = ga.trace(lambda x: np.exp(x[0] * x[1] * x[2] * x[3]), np.zeros(4))
    assert len(nested(graph, 2).outputs[0].inputs) == 10
    assert len(nested(graph, 3).outputs[0].inputs) == 20


def test_a_deep_chain() -> None:
    """Nothing recurses: ten thousand nodes, one after the other."""
    b = Builder()
    x = b.input("x", typed("f64[]"))
    y: Any = x
    for _ in range(10_000):
        y = OPS["sin"](y)
    graph = b.finish("deep", [y])
    for mode in ("forward", "reverse"):
        assert names_of(nested(graph, 1, mode=mode)).count("cos") == 10_000


def test_each_node_is_visited_once() -> None:
    """Shared values are derived once for each variable, not once for each path."""
    for mode in MODES:
        assert len(nested(_ladder(60), 1, mode=mode)) < 999


def _ladder(rungs: int) -> Graph:
    """A graph with 2ⁿ paths."""
    b = Builder()
    y: Any = b.input("x", typed("f64[]"))
    for _ in range(rungs):
        y = OPS["sin"](y) * OPS["cos"](y)
    return b.finish("ladder", [y])


@st.composite
def requests(draw: st.DrawFn) -> tuple[Graph, tuple[Any, ...], list[Entry], int]:
    """Random smooth graphs with arguments and some of their entries."""
    graph = draw(graphs(steps=6, smooth=True, max_inputs=2, max_outputs=2))
    variables = sum(node.type.size for node in graph.inputs)
    rows = sum(node.type.size for node in graph.outputs)
    order = draw(st.integers(1, 3))
    index = st.lists(st.integers(0, variables - 1), min_size=order, max_size=order)
    entry = st.tuples(st.integers(0, rows - 1), index.map(lambda i: tuple(sorted(i))))
    return graph, draw(arguments(graph)), draw(st.lists(entry, min_size=1, max_size=4)), order


@pytest.mark.parametrize("mode", MODES)
@given(case=requests())
@settings(max_examples=30)
def test_random_graphs(mode: str, case: tuple[Any, ...]) -> None:
    """Entries of random graphs are the differences of their values."""
    graph, args, entries, order = case
    before = dump(graph)
    made = verify(nested(graph, order, entries=entries, mode=mode))
    agree(precise(made, args)[0], differences(graph, args, entries), 1e-9)
    assert dump(graph) == before
    assert dump(nested(graph, order, entries=entries, mode=mode)) == dump(made)


def test_refusals() -> None:
    """Modes, orders and entries that are not there are named."""
    graph = CASES["mixed"].graph
    with pytest.raises(
        ga.DerivativeError,
        match="no mode 'sideways' of nested derivatives; modes: 'forward', 'reverse', 'rev",
    ):
        nested(graph, 1, mode="sideways")
    with pytest.raises(ga.DerivativeError, match="the order of a derivative is 0, 1, 2, … and not"):
        nested(graph, -1)
    with pytest.raises(ga.DerivativeError, match=r"no entry \(0, \(1, 0\)\) among the derivatives"):
        nested(graph, 2, entries=[(0, (1, 0))])
