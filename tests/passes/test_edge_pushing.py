"""Edge pushing against differences in many digits, closed forms and repeated `diff`."""

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
from graphad.passes import Pipeline, edge_pushing, nested
from graphad.passes.entries import request
from graphad.passes.pattern import pattern
from graphad.text import dump
from tests.passes.functions import CASES, agree, differences, nonzero
from tests.passes.graphs import graph_of, names_of, typed
from tests.strategies import arguments, graphs

RUNS = [(name, order) for name, case in CASES.items() for order in case.orders]
HIGH = [("mixed", 4), ("units", 4), ("branches", 4), ("equal factors", 4), ("one scalar", 6)]
TIDY = Pipeline("simplify,collect,simplify,cse,dce")


@pytest.mark.parametrize(("name", "order"), RUNS + HIGH)
def test_entries_are_derivatives(name: str, order: int) -> None:
    """All unique entries are the differences of the function."""
    case = CASES[name]
    made = verify(edge_pushing(case.graph, order))
    assert made.input_names == case.graph.input_names
    wanted = differences(case.graph, case.point, request(case.graph, order).entries)
    agree(made(*case.point), wanted)


@pytest.mark.parametrize("name", ["units", "mixed", "pairs", "branches", "equal factors"])
def test_hessians_are_those_of_diff(name: str) -> None:
    """Entries are elements of the upper triangle of the Hessian that `diff` gives twice."""
    case = CASES[name]
    dense = case.graph.diff(order=2)(*case.point)
    agree(edge_pushing(case.graph)(*case.point), dense[np.triu_indices(len(dense))], 1e-11)


@pytest.mark.parametrize(("name", "order"), RUNS)
def test_no_edge_beyond_the_pattern(name: str, order: int) -> None:
    """Entries that are structural zeros are the constant 0, and no others are."""
    graph = CASES[name].graph
    entries = request(graph, order).entries
    assert nonzero(edge_pushing(graph, order), entries) == pattern(graph, order)


def test_each_edge_of_a_product_once() -> None:
    """The Hessian of a product of two variables is one edge, the adjoint of the product."""
    graph = graph_of(lambda x, y, z: OPS["exp"](z) * OPS["multiply"](x, y), "[]", "[]", "[]")
    made = edge_pushing(graph, entries=[(0, (0, 1))])
    assert names_of(made) == ["exp", "pack"]


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda x: x * x, 2.0),
        (lambda x: OPS["multiply"](x, x, x), 18.0),
        (lambda x: (x * x) * (x * x), 108.0),
        (lambda x: OPS["add"](x, x * x, x * x), 4.0),
        (lambda x: x / (x * x), 2 / 27),
        (lambda x: OPS["subtract"](x, x * 3.0), 0.0),
        (lambda x: x, 0.0),
        (lambda x: -(x**3), -18.0),
        (lambda x: OPS["power"](x, 2.0), 2.0),
        (lambda x: OPS["maximum"](x * x, x), 2.0),
        (lambda x: OPS["maximum"](x, x) * x, 2.0),
        (lambda x: OPS["floor"](x) * x * x, 6.0),
    ],
)
def test_loops_and_repeated_operands(function: Any, wanted: float) -> None:
    """Edges from a node to itself, and operands that stand twice, count as often as they do."""
    found = precise(edge_pushing(graph_of(function, "f64[]")), [3.0])[0]
    assert float(found[0]) == pytest.approx(wanted, rel=1e-15)


def test_as_many_operations_as_the_hessian_is_sparse() -> None:
    """For a tridiagonal Hessian, operations grow as the variables do, not as their pairs."""

    def chained(x: Any) -> Any:
        a, b = x[:-1], x[1:]
        return np.sum(0.5 * a * a + np.sin(a * b) + 0.25 * (b - a * a) ** 2)

    costs = [TIDY(edge_pushing(ga.trace(chained, np.zeros(n)))).cost().total for n in (10, 20, 40)]
    assert costs[2] - costs[1] == 2 * (costs[1] - costs[0])


def test_fewer_operations_than_nested() -> None:
    """Symmetry that is kept pays: particles in pairs take fewer operations than in other ways."""
    graph = CASES["pairs"].graph
    for order in (2, 3, 4):
        ways = [nested(graph, order, mode=mode) for mode in ("forward", "reverse-forward")]
        fewest = min(TIDY(way).cost().total for way in ways)
        assert TIDY(edge_pushing(graph, order)).cost().total < fewest


@pytest.mark.parametrize("name", ["several rows and inputs", "mixed", "pairs", "product"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_selected_entries(name: str, order: int) -> None:
    """Entries of several rows in any order, also twice, are those of the whole, for less."""
    case = CASES[name]
    entries = request(case.graph, order).entries
    chosen = [entries[i] for i in (-1, 0, 0, len(entries) // 2)]
    full = edge_pushing(case.graph, order)
    whole = dict(zip(entries, full(*case.point), strict=True))
    made = edge_pushing(case.graph, order, entries=chosen)
    agree(made(*case.point), [whole[entry] for entry in chosen])
    assert made.cost().total <= full.cost().total
    assert edge_pushing(case.graph, order, entries=[])(*case.point).shape == (0,)


def test_nothing_else_is_derived() -> None:
    """Edges that come to no wanted entry are not pushed: no trace of other rows and variables."""
    graph = graph_of(
        lambda x, y, z: (OPS["exp"](x), OPS["sin"](x) * OPS["tanh"](y) * z), *["f64[]"] * 3
    )
    made = edge_pushing(graph, entries=[(1, (0, 2))])
    assert sorted(names_of(made)) == ["cos", "multiply", "pack", "tanh"]


def test_some_inputs() -> None:
    """Variables are the elements of the inputs in `wrt`, in that order."""
    graph = ga.trace(lambda x, y: x[0] * y**2 + x[1] * y, np.zeros(2), 0.0)
    x, y = np.array([2.0, 3.0]), 5.0
    assert edge_pushing(graph, wrt="y")(x, y).tolist() == [4.0]
    assert edge_pushing(graph, wrt=("y", "x"))(x, y).tolist() == [4.0, 10.0, 1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_empty_arrays(order: int) -> None:
    """Without variables there are values and no derivatives; without rows, nothing."""
    no_variables = ga.trace(lambda x: np.sum(x) + 1.0, np.zeros(0))
    found = edge_pushing(no_variables, order)(np.zeros(0))
    assert found.tolist() == ([1.0] if order == 0 else [])
    no_rows = ga.trace(lambda x: 2 * x[:0], np.zeros(2))
    assert edge_pushing(no_rows, order)(np.zeros(2)).shape == (0,)


def test_order_zero_is_the_value() -> None:
    """Derivatives of order 0 are the elements of the outputs, rows in order."""
    case = CASES["several rows and inputs"]
    y, z, w = case.graph(*case.point)
    np.testing.assert_array_equal(edge_pushing(case.graph, 0)(*case.point), [*y, z, w])


def test_complex_functions() -> None:
    """Derivatives of a holomorphic function are complex derivatives."""
    z = np.array(0.3 + 0.7j)
    found = edge_pushing(ga.trace(lambda z: z * np.exp(1j * z), z))(z)
    np.testing.assert_allclose(found, [(2j - z) * np.exp(1j * z)], rtol=1e-14)


def test_other_dtypes_inside() -> None:
    """Weights of what is cast are cast back."""
    b = Builder()
    x = b.input("x", typed("f64[]"))
    single = OPS["cast"](x, dtype="f32")
    graph = b.finish("f", [OPS["cast"](single * single, dtype="f64") * x])
    assert float(precise(verify(edge_pushing(graph)), [0.5])[0][0]) == 3.0


def test_hidden_branches_stay_hidden() -> None:
    """An infinite slope in the branch that is not taken makes no NaN."""
    graph = ga.trace(lambda x: np.where(x > 0, np.sqrt(x), 0.0) * x)
    for order in (1, 2, 3):
        with np.errstate(all="ignore"):
            assert edge_pushing(graph, order)(0.0).tolist() == [0.0]


def test_a_deep_chain() -> None:
    """Nothing recurses: five thousand nodes, one after the other."""
    b = Builder()
    y: Any = b.input("x", typed("f64[]"))
    for _ in range(5_000):
        y = OPS["sin"](y)
    made = edge_pushing(b.finish("deep", [y]))
    assert names_of(made).count("cos") == 5_000


@given(data=st.data())
@settings(max_examples=60)
def test_random_graphs(data: st.DataObject) -> None:
    """Entries of random graphs are the differences of their values."""
    graph: Graph = data.draw(graphs(steps=6, smooth=True, max_inputs=2, max_outputs=2))
    args = data.draw(arguments(graph))
    variables = sum(node.type.size for node in graph.inputs)
    rows = sum(node.type.size for node in graph.outputs)
    order = data.draw(st.integers(1, 4))
    index = st.lists(st.integers(0, variables - 1), min_size=order, max_size=order)
    entry = st.tuples(st.integers(0, rows - 1), index.map(lambda i: tuple(sorted(i))))
    entries = data.draw(st.lists(entry, min_size=1, max_size=6))
    before = dump(graph)
    made = verify(edge_pushing(graph, order, entries=entries))
    agree(precise(made, args)[0], differences(graph, args, entries), 1e-9)
    assert dump(graph) == before
    assert dump(edge_pushing(graph, order, entries=entries)) == dump(made)


def test_refusals() -> None:
    """What is not there, or not analytic, is named."""
    with pytest.raises(ga.DerivativeError, match="there is no input 'z' to differentiate by"):
        edge_pushing(CASES["mixed"].graph, wrt="z")
    with pytest.raises(ga.DerivativeError, match="absolute of a complex number is not analytic"):
        edge_pushing(graph_of(lambda z: _as_complex(OPS["absolute"](z)) * z, "c128[]"))


def _as_complex(x: Any) -> Any:
    return OPS["cast"](x, dtype="c128")
