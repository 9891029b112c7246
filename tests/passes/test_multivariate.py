"""Polynomials in several variables against differences in many digits, closed forms and `diff`."""

from __future__ import annotations

from collections.abc import Callable
from math import comb, prod
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.builder import Builder
from graphad.evaluate import precise
from graphad.ir import Graph, verify
from graphad.op import OPS
from graphad.passes import multivariate
from graphad.passes.entries import Entry, MultiIndex, request, scalars, unique_indices
from graphad.passes.multivariate_rules import binomial, split
from graphad.passes.multivariate_structure import Structure
from graphad.passes.multivariate_sums import Sum
from graphad.text import dump
from tests.passes.functions import CASES, agree, differences, nonzero
from tests.passes.graphs import graph_of, names_of, typed
from tests.strategies import arguments, graphs

MP = mpmath.mp.clone()
MP.dps = 60


@pytest.mark.parametrize("name", CASES)
def test_entries_are_derivatives(name: str) -> None:
    """All unique entries are the differences of the function."""
    case = CASES[name]
    for order in case.orders:
        made = verify(multivariate(case.graph, order))
        assert made.input_names == case.graph.input_names
        agree(
            made(*case.point),
            differences(case.graph, case.point, request(case.graph, order).entries),
        )


FAMILIES: dict[str, Callable[..., Any]] = {
    "exponentials": lambda x, y: np.expm1(x * y) + np.exp2(x) * np.exp(y),
    "logarithms": lambda x, y: np.log2(x + y) * np.log10(x * y) + np.log1p(x * y) - np.log(x + y),
    "circles": lambda x, y: np.tan(x * y) + np.sin(x) * np.cos(y) / (2 + x),
    "arcs": lambda x, y: np.arcsin(x * y) + np.arccos(x / 3) * np.arctan(x * y),
    "hyperbolas": lambda x, y: np.tanh(x * y) + np.sinh(x) * np.cosh(y),
    "areas": lambda x, y: np.arcsinh(x * y) + np.arccosh(2 + x * x) - np.arctanh(x * y),
    "roots": lambda x, y: np.sqrt(x + y * y) * np.cbrt(x * y - 4 * x),
    "powers": lambda x, y: (x * y) ** 2.5 + (x + y) ** -1.5 + (x * x + y) ** (4 / 3),
    "whole powers": lambda x, y: (x * y) ** 5 + (x + y) ** -3 + (x - y) ** 7 / x,
    "quotients": lambda x, y: (1 - x) / (1 + x * y) + 1 / (x * x + y * y + 1) + x / 3,
    "two operands": lambda x, y: np.logaddexp(x, 2 * y) * np.hypot(x, y) - np.arctan2(x, y * y),
    "moving power": lambda x, y: x**y + y**x,
    "kinks": lambda x, y: np.maximum(x * x, y) ** 2 * np.abs(x - y) + np.minimum(x, y**3),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_entries_are_those_of_diff(name: str) -> None:
    """Orders 1 to 4 agree with repeated `diff` for ops of every family."""
    graph = derivative = ga.trace(FAMILIES[name], name="f")
    for order in range(1, 5):
        derivative = derivative.diff()
        nested = derivative(0.4, 0.7)
        wanted = [_element(nested, index) for index in unique_indices(2, order)]
        agree(multivariate(graph, order)(0.4, 0.7), wanted, 1e-11)


def _element(nested: Any, index: MultiIndex) -> Any:
    for i in index:
        nested = nested[i]
    return nested


@pytest.mark.parametrize(
    ("function", "exact"),
    [
        (lambda x, y: np.exp(np.sin(x * y)), lambda x, y: MP.exp(MP.sin(x * y))),
        (lambda x, y: np.log(x + y * y) / x, lambda x, y: MP.log(x + y * y) / x),
        (lambda x, y: np.sqrt(x * x + y), lambda x, y: MP.sqrt(x * x + y)),
        (lambda x, y: (x + y) ** 2.5 * np.tanh(y), lambda x, y: (x + y) ** 2.5 * MP.tanh(y)),
    ],
)
def test_order_five_in_many_digits(function: Callable[..., Any], exact: Callable[..., Any]) -> None:
    """All mixed derivatives of order 5 are those of mpmath."""
    found = multivariate(ga.trace(function), 5)(0.75, 0.5)
    point = (MP.mpf(0.75), MP.mpf(0.5))
    agree(found, [MP.diff(exact, point, (5 - k, k)) for k in range(6)], 1e-12)


@given(
    powers=st.lists(
        st.tuples(st.integers(-4, 4), *[st.integers(0, 3)] * 3), min_size=1, max_size=5
    ),
    order=st.integers(0, 5),
)
@settings(max_examples=40)
def test_polynomials_are_exact(powers: list[tuple[int, ...]], order: int) -> None:
    """Derivatives of polynomials with whole coefficients are whole, also where variables are 0."""
    graph = ga.trace(lambda x: sum(c * np.prod(x ** np.array(p)) for c, *p in powers), np.ones(3))
    point = np.array([2.0, 0.0, -1.0])
    wanted = []
    for index in unique_indices(3, order):
        falls = [[p[i] - k for i in range(3) for k in range(index.count(i))] for _, *p in powers]
        left = [[p[i] - index.count(i) for i in range(3)] for _, *p in powers]
        terms = [
            c * prod(fall) * prod(v**n for v, n in zip((2, 0, -1), rest, strict=True))
            for (c, *_), fall, rest in zip(powers, falls, left, strict=True)
            if min(rest) >= 0
        ]
        wanted.append(sum(terms))
    np.testing.assert_array_equal(multivariate(graph, order)(point), wanted)


# --- what it costs -------------------------------------------------------------------------------


def test_products_of_variables_cost_what_is_left() -> None:
    """A product of six takes 26 products for order 3 and 15 for order 4; nothing is times 1."""
    graph = ga.trace(lambda x: np.prod(x), np.ones(6))
    assert [multivariate(graph, order).cost().total for order in (3, 4, 5, 6)] == [26, 15, 0, 0]


def test_equal_factors_are_multiplied_once() -> None:
    """In a square, both orders of two factors are one product, twice."""
    made = multivariate(
        ga.trace(lambda x: np.sin(x[0] * x[1]) ** 2, np.ones(2)), 1, entries=[(0, (0,))]
    )
    assert sorted(set(names_of(made))) == ["cos", "element", "multiply", "pack", "sin"]
    assert made.cost().by_op["multiply"] == 4


def test_recurrences_stay_polynomial() -> None:
    """Operations grow like the pairs of coefficients, not like the sets of variables."""
    graph = ga.trace(lambda x: np.exp(np.sin(x * x)) / (1 + x * x))
    costs = [multivariate(graph, order).cost().total for order in (6, 12, 24)]
    assert costs[2] < 4.5 * costs[1] < 4.5 * 4.5 * costs[0]


def test_structural_zeros() -> None:
    """What has no variable in common, or too low a degree, is zero without any product."""
    graph = ga.trace(lambda x: x[0] * x[1] + np.exp(x[2]) + x[3] ** 2, np.ones(4))
    made = multivariate(graph, 2)
    assert nonzero(made, request(graph, 2).entries) == [(0, (0, 1)), (0, (2, 2)), (0, (3, 3))]
    assert names_of(made) == names_of(multivariate(graph, 3)) == ["element", "exp", "pack"]


def test_nothing_else_is_derived() -> None:
    """Rows and variables that no wanted entry has leave no trace."""
    graph = graph_of(
        lambda x, y, z: (OPS["exp"](x), OPS["sin"](x) * OPS["tanh"](y) * z), *["[]"] * 3
    )
    made = multivariate(graph, 2, entries=[(1, (0, 2))])
    assert sorted(names_of(made)) == ["cos", "multiply", "pack", "tanh"]


@pytest.mark.parametrize("name", ["several rows and inputs", "mixed", "product"])
def test_selected_entries(name: str) -> None:
    """Entries in any order, also twice, are those of the whole, for fewer operations."""
    case = CASES[name]
    entries = request(case.graph, 3).entries
    chosen = [entries[i] for i in (len(entries) - 2, 1, 1, len(entries) // 2)]
    whole = dict(zip(entries, multivariate(case.graph, 3)(*case.point), strict=True))
    made = multivariate(case.graph, 3, entries=chosen)
    agree(made(*case.point), [whole[entry] for entry in chosen])
    assert made.cost().total <= multivariate(case.graph, 3).cost().total
    assert multivariate(case.graph, 3, entries=[])(*case.point).shape == (0,)


# --- edge cases ----------------------------------------------------------------------------------


def test_order_zero_is_the_value() -> None:
    """Derivatives of order 0 are the elements of the outputs, rows in order."""
    case = CASES["several rows and inputs"]
    y, z, w = case.graph(*case.point)
    np.testing.assert_array_equal(multivariate(case.graph, 0)(*case.point), [*y, z, w])


@pytest.mark.parametrize("order", [0, 1, 2])
def test_empty_arrays(order: int) -> None:
    """Without variables there are values and no derivatives; without rows, nothing."""
    no_variables = ga.trace(lambda x: np.sum(x) + 1.0, np.zeros(0))
    found = multivariate(no_variables, order)(np.zeros(0))
    assert found.tolist() == ([1.0] if order == 0 else [])
    no_rows = ga.trace(lambda x: 2 * x[:0], np.zeros(2))
    assert multivariate(no_rows, order)(np.zeros(2)).shape == (0,)


def test_some_inputs() -> None:
    """Variables are the elements of the inputs in `wrt`, in that order; others stay inputs."""
    graph = ga.trace(lambda x, y: x[0] * y**2 + x[1] * y, np.zeros(2), 0.0)
    x, y = np.array([2.0, 3.0]), 5.0
    assert multivariate(graph, 2, wrt="y")(x, y).tolist() == [4.0]
    assert multivariate(graph, 1, wrt=("y", "x"))(x, y).tolist() == [23.0, 25.0, 5.0]
    fixed = ga.trace(lambda x, p: x**p)
    np.testing.assert_allclose(multivariate(fixed, 2, wrt="x")(0.0, 2.0), [2.0])


@pytest.mark.parametrize(
    ("function", "order", "wanted"),
    [
        (lambda x: x**3, 3, 6.0),
        (lambda x: x**5 + x**2, 2, 2.0),
        (lambda x: x**4.5, 4, 0.0),
        (lambda x: x**2.0, 2, 2.0),
        (lambda x: (x * x) ** 1.5, 1, 0.0),
        (lambda x: np.where(x > 0, np.sqrt(x), 0.0) * 2, 2, 0.0),
        (lambda x: np.abs(x) * x, 1, 0.0),
        (lambda x: np.maximum(x, 0.0), 1, 0.5),
        (lambda x: np.floor(x) * x + np.sign(x) * x, 1, 0.0),
    ],
)
def test_at_zero(function: Callable[..., Any], order: int, wanted: float) -> None:
    """Powers divide by no base that may be 0, and kinks follow the conventions of `diff`."""
    graph = ga.trace(function)
    with np.errstate(all="ignore"):
        assert multivariate(graph, order)(0.0).tolist() == [wanted]
        assert graph.diff(order=order)(0.0) == wanted


@pytest.mark.parametrize(
    "function",
    [
        lambda z: z * np.exp(1j * z),
        lambda z: (1 + z) ** 2.5 / (z * z - 3),
        lambda z: np.sqrt(z) * np.log(1 + z) + z**-2,
    ],
)
def test_complex_functions(function: Callable[..., Any]) -> None:
    """Derivatives of a holomorphic function are complex derivatives."""
    z = np.array(0.3 + 0.7j)
    graph = ga.trace(function, z)
    found = multivariate(graph, 3)(z)
    assert found.dtype == np.complex128
    np.testing.assert_allclose(found, [graph.diff(order=3)(z)], rtol=1e-13)


def test_single_precision() -> None:
    """Entries have the dtype of the function."""
    x = np.array([0.5, 0.25], np.float32)
    graph = ga.trace(lambda x: np.exp(x[0] * x[1]) ** 1.5 + np.sum(x**3) / 3, x)
    found = multivariate(graph, 3)(x)
    assert found.dtype == np.float32
    dense = graph.diff(order=3)(x)
    agree(found, [dense[index] for index in unique_indices(2, 3)], 1e-5)


def test_other_dtypes_inside() -> None:
    """Casts are linear, and integers have no derivatives."""
    b = Builder()
    x, n = b.input("x", typed("f64[]")), b.input("n", typed("i64[]"))
    single = OPS["cast"](x, dtype="f32")
    wide = OPS["cast"](single * single, dtype="f64")
    graph = b.finish("f", [wide * OPS["cast"](n, dtype="f64")])
    made = verify(multivariate(graph, 2, wrt="x"))
    assert [float(v) for v in precise(made, [0.5, 3])[0]] == [6.0]


def test_deep_and_long() -> None:
    """Nothing recurses: a chain of thousands, and a product of as many."""
    b = Builder()
    x = b.input("x", typed("f64[]"))
    y: Any = x
    for _ in range(5000):
        y = OPS["sin"](y)
    assert names_of(multivariate(b.finish("deep", [y]), 1)).count("cos") == 5000
    long = ga.trace(lambda x: x.prod(), np.ones(2000))
    found = multivariate(long, 2, entries=[(0, (0, 1999)), (0, (7, 7))])
    assert found(np.full(2000, 1.0)).tolist() == [1.0, 0.0]


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
@settings(max_examples=60)
def test_random_graphs(case: tuple[Any, ...]) -> None:
    """Entries of random graphs are the differences of their values; the graph is left alone."""
    graph, args, entries, order = case
    before = dump(graph)
    made = verify(multivariate(graph, order, entries=entries))
    agree(precise(made, args)[0], differences(graph, args, entries), 1e-9)
    assert dump(graph) == before
    assert dump(multivariate(graph, order, entries=entries)) == dump(made)


@given(graph=graphs(steps=8, grain="scalar", max_inputs=2, max_outputs=1), data=st.data())
@settings(max_examples=40)
def test_random_graphs_with_kinks(graph: Graph, data: st.DataObject) -> None:
    """All entries of order 2 of random graphs agree with repeated `diff`, kinks and all."""
    args = data.draw(arguments(graph))
    whole = ga.parse(dump(graph))
    names = whole.input_names
    sizes = [node.type.size for node in whole.inputs]
    if whole.outputs[0].type.dtype != np.float64:
        return
    rows = whole.outputs[0].type.size
    total = sum(sizes)
    dense = np.zeros((rows, total, total))
    for i, first in enumerate(names):
        for j, second in enumerate(names):
            block = precise(whole.diff(first).diff(second), args)[0]
            at = sum(sizes[:i]), sum(sizes[:j])
            dense[:, at[0] : at[0] + sizes[i], at[1] : at[1] + sizes[j]] = np.reshape(
                block.astype(float), (rows, sizes[i], sizes[j])
            )
    wanted = [dense[row, i, j] for row, (i, j) in request(whole, 2).entries]
    agree(precise(multivariate(whole, 2), args)[0], wanted, 1e-11)


# --- refusals ------------------------------------------------------------------------------------


def test_refusals() -> None:
    """Orders, entries and ops that do not go are named."""
    graph = CASES["mixed"].graph
    with pytest.raises(ga.DerivativeError, match="the order of a derivative is 0, 1, 2, … and not"):
        multivariate(graph, -1)
    with pytest.raises(ga.DerivativeError, match=r"no entry \(0, \(1, 0\)\) among the derivatives"):
        multivariate(graph, 2, entries=[(0, (1, 0))])
    complex_kink = graph_of(lambda z: OPS["sign"](z) * z, "c128[]")
    message = "sign of a complex number is not analytic, so it has no complex derivative; write"
    with pytest.raises(ga.DerivativeError, match=message):
        multivariate(complex_kink, 1)


# --- parts ---------------------------------------------------------------------------------------


def test_splits_have_binomials() -> None:
    """Each part of a multi-index is there once, with the binomial, and all make 2ᵏ."""
    index = (0, 1, 1, 3, 3, 3)
    parts = split(index)
    assert sum(count for _, _, count in parts) == 2**6
    assert len(parts) == len({beta for beta, _, _ in parts}) == 2 * 3 * 4
    for beta, gamma, count in parts:
        assert tuple(sorted(beta + gamma)) == index
        assert count == binomial(index, beta) == comb(2, beta.count(1)) * comb(3, beta.count(3))


def test_sums_merge_like_terms() -> None:
    """Whole constants go into weights, equal weights are one multiplication, zeros vanish."""
    b = Builder()
    x, y = b.input("x", typed("f64[]")), b.input("y", typed("f64[]"))
    two = b.constant(2.0)
    made = Sum(b, x.type)
    for weight, factors in ((3, (x, y)), (1.5, (two, x)), (-3, (y, y)), (1, (y, x)), (-1, (x, y))):
        made.add(weight, *factors)
    graph = b.finish("f", [made.value()])  # type: ignore[list-item]
    assert names_of(graph) == ["multiply", "multiply", "add", "subtract", "multiply"]
    assert precise(graph, [2.0, 5.0])[0] == 3 * 10 + 3 * 2 - 3 * 25
    empty = Sum(Builder(), x.type)
    empty.add(0.0)
    assert empty.value() is None


def test_structure_sees_which_variables_meet() -> None:
    """Sums are seen through, constants scale, degrees bound, and other ops mix all they have."""
    graph = ga.trace(lambda x: 3 * (x[0] * x[1] - x[2] ** 2 / 4) + np.exp(x[3] + x[4]), np.ones(5))
    wanted = request(graph, 2)
    lowered = scalars(graph, wanted.wrt)
    structure = Structure(lowered)
    meeting = [i for i in unique_indices(5, 2) if structure.may_differ(lowered.rows[0], i)]
    assert {(0, 1), (2, 2), (3, 3), (3, 4), (4, 4)} <= set(meeting)
    assert not {(0, 2), (1, 3), (2, 4)} & set(meeting)
    cubes = [i for i in unique_indices(5, 3) if structure.may_differ(lowered.rows[0], i)]
    assert cubes == [(3, 3, 3), (3, 3, 4), (3, 4, 4), (4, 4, 4)]
