"""Formulas that graphs are written as mean what the interpreter computes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.interop.latex import latex_text, small_latex
from graphad.interop.latex_rules import RULES
from graphad.interop.latex_text import name_text
from graphad.ir import Graph
from graphad.op import OPS, Op, Sample
from tests.interop.cases import (
    DERIVATIVES,
    SUBJECTS,
    assert_same,
    derivative,
    drawn,
    expected_values,
    flat,
    graph_of,
    graph_of_sample,
    point_of_sample,
)
from tests.interop.mathematics import computed
from tests.strategies import arguments, graphs

BY_NAME = set(OPS) - set(RULES) - {"input", "const"}
"""Ops that are written as functions of whole arrays."""
SAME_NAME = {"erf", "erfc", "sign", "trunc", "argmax", "argmin"}
"""Functions that are called in mathematics as in NumPy."""


def meant(graph: Graph, args: Any) -> list[Any]:
    """Return what the formulas of a graph say at a point."""
    inputs = {
        name_text(node.attrs[0]): np.asarray(arg)
        for node, arg in zip(graph.inputs, args, strict=True)
    }
    shapes = [node.type.shape for node in graph.outputs]
    with np.errstate(all="ignore"):
        found = computed(latex_text(graph), shapes, inputs)
    return [array.astype(node.type.dtype) for array, node in zip(found, graph.outputs, strict=True)]


@pytest.mark.parametrize(("op", "sample"), SUBJECTS)
def test_each_op(op: Op, sample: Sample) -> None:
    """The formula of an op says what the op computes, or names it."""
    graph = graph_of_sample(op, sample)
    text = latex_text(graph)
    assert text.count("{") == text.count("}")
    assert text.count("\\left") == text.count("\\right")
    if "\\operatorname{" + op.name.replace("_", "\\_") + "}" in text:
        assert op.name in BY_NAME | {"reshape", "pack", "place", "update"} | SAME_NAME
        if op.name not in SAME_NAME:
            return
    if op.name in {"argmax", "argmin", "take"}:
        assert name_text("x0") in text or "u" in text
        return
    args = point_of_sample(sample)
    assert_same(meant(graph, args), flat(expected_values(graph, args)), 1e-12)


@pytest.mark.parametrize(("name", "order"), DERIVATIVES)
def test_derivatives(name: str, order: int) -> None:
    """The formulas of a function, its gradient and its Hessian say what the graphs compute."""
    graph = derivative(name, order)
    args = drawn(graph)
    assert_same(meant(graph, args), flat(graph(*args)), 1e-12)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_graphs(data: st.DataObject) -> None:
    """The formulas of random graphs say what the graphs compute."""
    graph = data.draw(graphs(steps=6, names=None))
    text = latex_text(graph)
    if "operatorname" in text or any(node.type.dtype.kind != "f" for node in graph.outputs):
        return
    args = data.draw(arguments(graph))
    assert_same(meant(graph, args), flat(expected_values(graph, args)), 1e-9)


def twice(x: Any) -> Any:
    """Return a function that uses a value twice."""
    t = np.log(np.exp(x) + x * x + 1)
    return t * np.sin(t)


CASES: dict[str, tuple[Any, Any, Any]] = {
    "matrix product": (
        lambda a, x: a @ x,
        ((2, 3), (3,)),
        r"f\left(a, x\right)_{i} = \sum_{j=0}^{2} a_{i, j} \, x_{j}",
    ),
    "sum": (
        lambda x: np.sum((x[1:] - x[:-1] ** 2) ** 2),
        ((4,),),
        r"f\left(x\right) = \sum_{i=0}^{2} \left(x_{i + 1} - x_{i}^{2}\right)^{2}",
    ),
    "functions": (
        lambda x, theta: np.exp(-x) * np.sin(theta) ** 2 / np.sqrt(1 + x),
        ((), ()),
        r"f\left(x, \theta\right) = \frac{e^{-x} \, \sin^{2}\left(\theta\right)}{\sqrt{1 + x}}",
    ),
    "selection": (
        lambda x: np.where(x > 0, x, 1),
        ((),),
        r"f\left(x\right) = \begin{cases} x & \text{if } x > 0 \\ 1 & \text{otherwise} \end{cases}",
    ),
    "shared": (
        twice,
        ((),),
        "\\begin{aligned}\n"
        r"u &= \log\left(e^{x} + x \, x + 1\right) \\" + "\n"
        r"f\left(x\right) &= u \, \sin\left(u\right)" + "\n\\end{aligned}",
    ),
    "solution": (
        lambda a, b: np.linalg.solve(a + 1, b)[0],
        ((2, 2), (2,)),
        None,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_written(case: str) -> None:
    """Formulas read as mathematics is written."""
    function, shapes, expected = CASES[case]
    graph = ga.trace(
        function, *[np.eye(*s) if len(s) == 2 else np.zeros(s) for s in shapes], name="f"
    )
    if expected is None:
        assert "\\operatorname{solve}\\left(" in graph.to_latex()
    else:
        assert graph.to_latex() == expected


def test_small_graphs_are_shown_as_formulas() -> None:
    """A notebook shows a small graph as a formula; a large one has none, and is drawn."""
    graph = ga.trace(lambda x: np.sin(x), name="f")
    assert graph._repr_latex_() == r"$\displaystyle f\left(x\right) = \sin\left(x\right)$"
    large = derivative("network", 2).scalarize()
    assert small_latex(large) is None


def test_large_graphs_are_refused() -> None:
    """A graph of thousands of nodes is no formula."""
    graph = graph_of(lambda x: tuple(x + float(k) for k in range(1200)), "f64")
    message = "f has 2,401 nodes, more than the 2,000 that are written in LaTeX; write a part of it"
    with pytest.raises(ga.InteropError, match=re.escape(message)):
        latex_text(graph)
