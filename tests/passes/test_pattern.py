"""Sparsity patterns: by hand, and against what derivation leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.ir import Graph
from graphad.op import OPS
from graphad.passes import nested
from graphad.passes.entries import request
from graphad.passes.nested import next_order, rows_of
from graphad.passes.pattern import pattern
from tests.passes.functions import CASES, differences, nonzero
from tests.passes.graphs import graph_of
from tests.strategies import arguments, graphs

RUNS = [(name, order) for name, case in CASES.items() for order in case.orders]


def letters(function: Callable[..., Any], order: int) -> str:
    """Return the pattern of a function of x, y, z as words, such as ``"xx xy"``."""
    graph = graph_of(function, "f64[]", "f64[]", "f64[]")
    return " ".join("".join("xyz"[i] for i in index) for _, index in pattern(graph, order))


@pytest.mark.parametrize(
    ("function", "first", "second", "third"),
    [
        (lambda x, y, z: x * y, "x y", "xy", ""),
        (lambda x, y, z: x * y * z, "x y z", "xy xz yz", "xyz"),
        (lambda x, y, z: OPS["multiply"](x, y, x), "x y", "xx xy", "xxy"),
        (lambda x, y, z: 2.0 * x - y, "x y", "", ""),
        (lambda x, y, z: x**2 + y, "x y", "xx", ""),
        (lambda x, y, z: (x + y) ** 2, "x y", "xx xy yy", ""),
        (lambda x, y, z: (x * y) ** 2, "x y", "xx xy yy", "xxy xyy"),
        (lambda x, y, z: x**3, "x", "xx", "xxx"),
        (lambda x, y, z: x**-1, "x", "xx", "xxx"),
        (lambda x, y, z: x**0 + y**1, "y", "", ""),
        (lambda x, y, z: x / y, "x y", "xy yy", "xyy yyy"),
        (lambda x, y, z: x / 3.0, "x", "", ""),
        (lambda x, y, z: OPS["exp"](x * y), "x y", "xx xy yy", "xxx xxy xyy yyy"),
        (lambda x, y, z: OPS["exp"](x) * y, "x y", "xx xy", "xxx xxy"),
        (lambda x, y, z: OPS["exp"](x) * OPS["sin"](y), "x y", "xx xy yy", "xxx xxy xyy yyy"),
        (lambda x, y, z: OPS["maximum"](x * y, z**2), "x y z", "xy zz", ""),
        (lambda x, y, z: OPS["absolute"](x * y), "x y", "xy", ""),
        (lambda x, y, z: OPS["where"](OPS["less"](x, y), z, y**2), "y z", "yy", ""),
        (lambda x, y, z: OPS["floor"](x) * y, "y", "", ""),
        (lambda x, y, z: OPS["hypot"](x, y), "x y", "xx xy yy", "xxx xxy xyy yyy"),
        (lambda x, y, z: OPS["power"](x, y), "x y", "xx xy yy", "xxx xxy xyy yyy"),
        (lambda x, y, z: 1.0, "", "", ""),
    ],
)
def test_patterns_by_hand(
    function: Callable[..., Any], first: str, second: str, third: str
) -> None:
    """Nonlinearity goes through each kind of op as it does in calculus."""
    assert [letters(function, order) for order in (1, 2, 3)] == [first, second, third]


@pytest.mark.parametrize(("name", "order"), RUNS)
def test_pattern_is_what_derivation_leaves(name: str, order: int) -> None:
    """The entries of the pattern are those that nested derivatives do not give as zeros."""
    graph = CASES[name].graph
    for mode in ("forward", "reverse"):
        made = nested(graph, order, mode=mode)
        assert nonzero(made, request(graph, order).entries) == pattern(graph, order)


@given(data=st.data())
@settings(max_examples=60)
def test_patterns_of_random_graphs(data: st.DataObject) -> None:
    """For scalar graphs, derivation with structural zeros leaves the pattern and nothing else."""
    graph: Graph = data.draw(graphs(steps=8, grain="scalar", smooth=True, max_inputs=2))
    for order in (1, 2, 3):
        wanted = request(graph, order)
        level = rows_of(graph, wanted, "nested")
        for k in range(order):
            level = next_order(level, wanted, k, "forward")
        assert sorted(level.nodes) == pattern(graph, order)


@given(data=st.data())
@settings(max_examples=30)
def test_zeros_are_zeros(data: st.DataObject) -> None:
    """Differences of entries outside of the pattern vanish."""
    graph: Graph = data.draw(graphs(steps=6, smooth=True, max_inputs=1, max_outputs=2))
    args = data.draw(arguments(graph))
    zeros = sorted(set(request(graph, 2).entries) - set(pattern(graph, 2)))
    for difference in differences(graph, args, zeros[:6]):
        assert abs(difference) < 1e-40


def test_order_zero() -> None:
    """Of order 0, there is one entry for each element of the outputs."""
    graph = CASES["several rows and inputs"].graph
    assert pattern(graph, 0) == [(row, ()) for row in range(4)]


def test_empty_arrays() -> None:
    """Without variables or rows there is no entry."""
    assert pattern(ga.trace(lambda x: np.sum(x), np.zeros(0)), 1) == []
    assert pattern(ga.trace(lambda x: x[:0], np.zeros(2)), 1) == []


def test_some_inputs() -> None:
    """Variables are the elements of the inputs in `wrt`."""
    graph = ga.trace(lambda x, y: x[0] * y**2 + x[1], np.zeros(2), 0.0)
    assert pattern(graph, 2, wrt="y") == [(0, (0, 0))]
    assert pattern(graph, 2, wrt=("y", "x")) == [(0, (0, 0)), (0, (0, 1))]


def test_large_sparse_functions() -> None:
    """The Hessian of a thousand variables in a chain is a band, found without its zeros."""
    n = 1000
    graph = ga.trace(lambda x: np.sum(np.sin(x[:-1] * x[1:])) + np.sum(x**2), np.zeros(n))
    band = [(0, (i, j)) for i in range(n) for j in (i, i + 1) if j < n]
    assert pattern(graph, 2) == band


def test_refusals() -> None:
    """Patterns that are too large are refused with their size, and inputs must be there."""
    graph = ga.trace(lambda x: np.exp(np.sum(x)), np.zeros(400))
    message = "one value has 10,827,400 derivatives up to order 3, more than 5,000,000; ask for a"
    with pytest.raises(ga.DerivativeError, match=message):
        pattern(graph, 3)
    with pytest.raises(ga.DerivativeError, match="there is no input 'z' to differentiate by"):
        pattern(graph, 1, wrt="z")
