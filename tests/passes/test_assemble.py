"""Parts put side by side instead of added to zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphad.api import trace
from graphad.constant import Span
from graphad.cost import cost
from graphad.evaluate import Program
from graphad.op import OPS
from graphad.passes import assemble
from tests.passes.graphs import drawn, graph_of, names_of

ADD, PLACE = OPS["add"], OPS["place"]


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(1, 2), st.booleans()),
        min_size=2,
        max_size=6,
    )
)
def test_parts_of_a_vector(parts: list[tuple[int, int, int, bool]]) -> None:
    """Whatever parts overlap, meet, leave gaps or skip elements, their sum is the same."""

    def placed(*xs: Any) -> Any:
        terms = []
        for i, (start, length, step, negated) in enumerate(parts):
            stop = start + (length - 1) * step + 1
            value = xs[0] * float(i + 1)
            value = OPS["slice"](value, spans=(Span(0, length, 1),))
            term = PLACE(value, spans=(Span(start, stop, step),), shape=(10,))
            terms.append(-term if negated else term)
        return ADD(*terms)

    graph = graph_of(placed, "[3]")
    made = assemble(graph)
    assert cost(made).total <= cost(graph).total
    (point,) = drawn(graph)
    np.testing.assert_array_equal(Program(made)(point)[0], Program(graph)(point)[0])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=8))
def test_elements_of_a_matrix(places: list[tuple[int, int]]) -> None:
    """Elements of a matrix are joined into rows and blocks; those at one place are added."""

    def placed(x: Any) -> Any:
        terms = []
        for k, (i, j) in enumerate(places):
            value = OPS["reshape"](x * float(k + 1), shape=(1, 1))
            terms.append(PLACE(value, spans=(Span(i, i + 1, 1), Span(j, j + 1, 1)), shape=(4, 4)))
        return ADD(*terms)

    graph = graph_of(placed, "[]")
    np.testing.assert_array_equal(Program(assemble(graph))(2.0)[0], Program(graph)(2.0)[0])


@pytest.mark.parametrize("n", [2, 5, 30])
def test_gradient_by_elements(n: int) -> None:
    """The gradient of a function that reads x[0], x[1], … is packed, without adding zeros."""

    def f(x: Any) -> Any:
        total = 0.0
        for i in range(n):
            total = total + np.sin(x[i])
        return total

    gradient = trace(f, np.zeros(n)).diff()
    assert gradient.cost().total == n
    assert "place" not in names_of(gradient)
    np.testing.assert_array_equal(gradient(np.arange(float(n))), np.cos(np.arange(float(n))))


def test_nothing_to_assemble() -> None:
    """Without placed parts, or with one alone, the graph is given back."""
    for function in (
        lambda x: x + x,
        lambda x: PLACE(x, spans=(Span(0, 3, 1),), shape=(5,)) * 2.0,
    ):
        graph = graph_of(function, "[3]")
        assert assemble(graph) == graph
