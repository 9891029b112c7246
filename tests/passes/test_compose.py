"""The chain rule of order k against differences in many digits, closed forms and nested diff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.builder import Builder
from graphad.evaluate import Program, precise
from graphad.ir import Graph, verify
from graphad.op import OPS
from graphad.passes import compose, nested
from graphad.passes.entries import Entry, request
from graphad.text import dump
from tests.passes.functions import CASES, agree, differences, nonzero
from tests.passes.graphs import graph_of, names_of, typed
from tests.strategies import arguments, graphs

RUNS = [(name, order) for name, case in CASES.items() for order in case.orders]
P2, P3 = np.array([0.7, -0.4]), np.array([0.7, -0.4, 1.2])


@pytest.mark.parametrize(("name", "order"), RUNS)
def test_entries_are_derivatives(name: str, order: int) -> None:
    """All unique entries are the differences of the function."""
    case = CASES[name]
    wanted = differences(case.graph, case.point, request(case.graph, order).entries)
    made = verify(compose(case.graph, order))
    assert made.input_names == case.graph.input_names
    agree(made(*case.point), wanted)


HIGH: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "one inner function": (
        lambda x: np.exp(np.sin(x[0] * x[1])),
        lambda a, b: mpmath.exp(mpmath.sin(a * b)),
    ),
    "an affine one": (
        lambda x: np.exp(np.sin(x[0] - 2 * x[1])),
        lambda a, b: mpmath.exp(mpmath.sin(a - 2 * b)),
    ),
    "a product": (
        lambda x: np.exp(x[0] * x[1]) * np.sin(x[1] ** 2),
        lambda a, b: mpmath.exp(a * b) * mpmath.sin(b**2),
    ),
    "log-sum-exp": (
        lambda x: np.log(np.sum(np.exp(x * x))),
        lambda a, b: mpmath.log(mpmath.exp(a * a) + mpmath.exp(b * b)),
    ),
}


@pytest.mark.parametrize("index", [(0, 0, 0, 1, 1, 1, 1), (0,) * 3 + (1,) * 5, (1,) * 9])
@pytest.mark.parametrize("name", HIGH)
def test_orders_beyond_the_written_out_formula(name: str, index: tuple[int, ...]) -> None:
    """Entries of orders 7 to 9 are those of mpmath's derivatives in many digits."""
    function, exact = HIGH[name]
    graph = ga.trace(function, np.zeros(2))
    (found,) = precise(compose(graph, len(index), entries=[(0, index)]), [P2])
    with mpmath.workdps(120):
        wanted = mpmath.diff(exact, tuple(map(mpmath.mpf, P2)), (index.count(0), index.count(1)))
    assert abs(found[0] - wanted) <= 1e-11 * (1 + abs(wanted))


AT_EDGES: dict[str, tuple[Callable[..., Any], Any]] = {
    "a side that loses": (lambda x: np.maximum(np.sqrt(x[0]), x[1]), [0.0, 1.0]),
    "and is composed": (lambda x: np.minimum(-np.sqrt(x[0] * x[1]), x[1]) * x[1], [0.0, -1.0]),
    "a branch not taken": (lambda x: np.where(x[0] > 0, np.sqrt(x[0] * x[1]), x[1] ** 3), [0, 1.0]),
    "hidden by one node": (lambda x: 2 * np.where(x[0] * x[1] > 0, np.log(x[0]), 0.0), [0, 1.0]),
    "a tie": (lambda x: np.maximum(x[0] ** 2, x[1]) * x[1], [1.0, 1.0]),
    "the kink of abs": (lambda x: np.abs(x[0] * x[1]) * np.exp(x[1]), [0.0, 1.0]),
    "zero times infinity": (lambda x: 0.0 * np.sqrt(x[0] * x[1]), [0.0, 1.0]),
    "infinity minus infinity": (lambda x: np.sqrt(x[0]) * x[1] - np.sqrt(x[0]) * x[1], [0.0, 1.0]),
    "numbers that cancel": (lambda x: np.exp(1e200 * (1e-200 * x[0] * x[1])), P2),
    "affine ones": (lambda x: np.exp((x[0] * 1e-200 + x[1] * 1e-200) * 1e200), P2),
    "in quotients": (lambda x: np.sin((x[0] / 1e200) / 1e-200) * x[1], P2),
    "an infinite factor": (lambda x: np.inf * x[0] + x[1], P2),
    "NaN as a factor": (lambda x: np.nan * x[0] * x[1] + x[1], P2),
    "no derivative": (lambda x: np.sign(x[0]) * np.floor(3 * x[1]) * x[1], P2),
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", AT_EDGES)
def test_at_edges(name: str, order: int) -> None:
    """Where something is infinite, hidden or out of range, entries are those of nested diff."""
    function, point = AT_EDGES[name]
    graph = ga.trace(function, np.zeros(2))
    with np.errstate(all="ignore"):
        wanted = Program(nested(graph, order))(np.asarray(point))[0]
        found = Program(compose(graph, order))(np.asarray(point))[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("exponent", [0, 1, 2, -1, -3, 25, 40])
def test_integer_powers(exponent: int) -> None:
    """Powers of every size, of a variable and of a product, have their differences."""
    power = OPS["integer_power"]
    graph = graph_of(
        lambda x, y: power(x * y, exponent=exponent) * y + power(x, exponent=exponent), "[]", "[]"
    )
    point = 0.9, -1.1
    for order in (1, 2, 3):
        wanted = differences(graph, point, request(graph, order).entries)
        agree(precise(compose(graph, order), point)[0], wanted)


def _parameters(x: Any, a: Any, c: Any) -> Any:
    inside = np.exp(a[0] * x[0] * x[1]) * np.sin(a[1])
    return c * inside + np.sin(a[1] * (x[0] - x[1])) * a[0] + np.hypot(x[0] - x[1], c) ** c


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_parameters(order: int) -> None:
    """Inputs that are not differentiated by may stand inside and outside of every part."""
    point = P2, P3, 1.7
    graph = ga.trace(_parameters, *point)
    everything = request(graph, order).entries
    entries = [(row, index) for row, index in everything if max(index) < 2]
    made = verify(compose(graph, order, wrt="x"))
    assert made.input_names == ("x", "a", "c")
    agree(made(*point), differences(graph, point, entries))


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_other_dtypes(dtype: Any) -> None:
    """Single precision stays single; holomorphic functions have complex derivatives."""
    point = (P2 + 0.5j * P2[::-1]).astype(dtype) if dtype is np.complex128 else P2.astype(dtype)
    graph = ga.trace(lambda z: z[0] * np.exp(z[0] * z[1] / 3) + (z[0] - z[1]) ** 3, point)
    a, b = point
    e = np.exp(a * b / 3)
    found = compose(graph, 2)(point)
    aa = 2 * b / 3 * e + a * b * b / 9 * e + 6 * (a - b)
    ab = 2 * a / 3 * e + a * a * b / 9 * e - 6 * (a - b)
    assert found.dtype == dtype
    wanted = [aa, ab, a**3 / 9 * e + 6 * (a - b)]
    np.testing.assert_allclose(found, wanted, rtol=1e-5 if dtype is np.float32 else 1e-13)


def test_casts_inside() -> None:
    """Derivatives are cast as values are, and integers have none."""
    b = Builder()
    x, n = b.input("x", typed("f64[]")), b.input("n", typed("i64[]"))
    single = OPS["cast"](x, dtype="f32")
    graph = b.finish("f", [OPS["cast"](single * single, dtype="f64") * OPS["cast"](n, dtype="f64")])
    assert [float(v) for v in precise(verify(compose(graph, 2, wrt="x")), [0.5, 3])[0]] == [6.0]


def test_outputs_that_are_inputs_or_constants() -> None:
    """Rows may be variables, constants, equal to each other, or none at all."""
    graph = ga.trace(lambda x, y: (x, y, np.ones(2), x[0] * y, x[0] * y, 2 * x[:0]), P2, 1.3)
    np.testing.assert_array_equal(
        compose(graph, 0)(P2, 1.3), [*P2, 1.3, 1, 1, 0.7 * 1.3, 0.7 * 1.3]
    )
    zeros = [0.0, 0.0, 0.0]
    rows = [[1, 0, 0], [0, 1, 0], [0, 0, 1], zeros, zeros, [1.3, 0, 0.7], [1.3, 0, 0.7]]
    np.testing.assert_array_equal(compose(graph, 1)(P2, 1.3), np.ravel(rows))
    assert nonzero(compose(graph, 2), request(graph, 2).entries) == [(5, (0, 2)), (6, (0, 2))]


@pytest.mark.parametrize("order", [0, 1, 2])
def test_empty_arrays(order: int) -> None:
    """Without variables there are values and no derivatives; without rows, nothing."""
    no_variables = ga.trace(lambda x: np.sum(x) + 1.0, np.zeros(0))
    assert compose(no_variables, order)(np.zeros(0)).tolist() == ([1.0] if order == 0 else [])
    assert compose(ga.trace(lambda x: 2 * x[:0], np.zeros(2)), order)(np.zeros(2)).shape == (0,)


def test_only_what_is_asked_for() -> None:
    """Rows and variables that no wanted entry has leave no trace."""
    graph = graph_of(
        lambda x, y, z: (OPS["exp"](x), OPS["sin"](x) * OPS["tanh"](y) * z), *["[]"] * 3
    )
    made = compose(graph, 2, entries=[(1, (0, 2))])
    assert sorted(names_of(made)) == ["cos", "multiply", "pack", "tanh"]


def test_a_waist_is_derived_once() -> None:
    """Terms of differences alone take the exponential once per pair, whatever the order."""
    graph = ga.trace(lambda x: np.sum(np.exp(x[1:] - x[:-1])), np.zeros(5))
    assert names_of(compose(graph, 3)).count("exp") == 4


def test_origins() -> None:
    """Derivatives name the line of the user's that they come from, the pass, and their order."""
    graph = ga.trace(lambda x: np.exp(x[0] * x[1]) * np.sin(x[1]), P2)
    made = compose(graph, 2)
    origins = [made.origin(node) for node in made.nodes if node.op.name == "multiply"]
    assert all(origin.file.endswith("test_compose.py") for origin in origins)
    assert ("compose", 2) in {(origin.rewrite, origin.order) for origin in origins}


def test_deep_chains_and_wide_sums() -> None:
    """Nothing recurses, and a sum of thousands of terms has a gradient of as many entries."""
    b = Builder()
    y: Any = b.input("x", typed("f64[]"))
    for _ in range(1500):
        y = 0.5 * OPS["sin"](y)
    assert names_of(compose(b.finish("deep", [y]), 1)).count("cos") == 1500
    b = Builder()
    x = b.input("x", typed("f64[2000]"))
    terms = [OPS["sin"](OPS["element"](x, index=(i,))) for i in range(2000)]
    point = np.linspace(-1, 1, 2000)
    (found,) = Program(compose(b.finish("wide", [OPS["add"](*terms)]), 1))(point)
    np.testing.assert_allclose(found, np.cos(point), rtol=1e-14)


@st.composite
def requests(draw: st.DrawFn) -> tuple[Graph, tuple[Any, ...], list[Entry], int]:
    """Random graphs with arguments and some of their entries."""
    graph = draw(graphs(steps=7, smooth=draw(st.booleans()), max_inputs=2, max_outputs=2))
    variables = sum(node.type.size for node in graph.inputs)
    rows = sum(node.type.size for node in graph.outputs)
    order = draw(st.integers(1, 4))
    index = st.lists(st.integers(0, variables - 1), min_size=order, max_size=order)
    entry = st.tuples(st.integers(0, rows - 1), index.map(lambda i: tuple(sorted(i))))
    return graph, draw(arguments(graph)), draw(st.lists(entry, min_size=1, max_size=3)), order


@given(case=requests())
@settings(max_examples=60)
def test_random_graphs(case: tuple[Any, ...]) -> None:
    """Entries of random graphs are those of nested diff, and the same graph every time."""
    graph, args, entries, order = case
    if any(node.type.dtype != np.float64 for node in graph.outputs):
        return
    made = verify(compose(graph, order, entries=entries))
    assert dump(compose(graph, order, entries=entries)) == dump(made)
    agree(precise(made, args)[0], precise(nested(graph, order, entries=entries), args)[0], 1e-10)


def test_refusals() -> None:
    """Entries that are not there, and outputs of other dtypes, are named."""
    with pytest.raises(ga.DerivativeError, match=r"no entry \(0, \(1, 0\)\) among the derivatives"):
        compose(CASES["mixed"].graph, 2, entries=[(0, (1, 0))])
    mixed = graph_of(lambda x: (x, OPS["cast"](x, dtype="f32")), "[]")
    with pytest.raises(ga.DerivativeError, match="from inputs to outputs of one dtype, and f has"):
        compose(mixed, 1)
