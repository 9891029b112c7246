"""NumPy source that graphs are written as gives what the interpreter gives."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.interop.numpy_rules import EMITTERS
from graphad.interop.python import LARGEST, python_source
from graphad.ir import Graph
from graphad.op import OPS, Op, Sample
from tests.interop.cases import (
    DERIVATIVES,
    EDGES,
    SUBJECTS,
    assert_same,
    derivative,
    drawn,
    expected_values,
    graph_of,
    graph_of_sample,
    point_of_sample,
)
from tests.strategies import arguments, graphs

WITHOUT: dict[str, str] = {}
"""Ops that have no NumPy source, and why."""


def ran(graph: Graph, args: Any) -> Any:
    """Write a graph, run its source, and return what the function gives."""
    names: dict[str, Any] = {}
    source = python_source(graph, "written")
    assert "graphad" not in source
    exec(compile(source, "<written>", "exec"), names)  # noqa: S102 -- what we wrote ourselves
    with np.errstate(all="ignore"):
        return names["written"](*args)


def test_every_op_has_an_emitter() -> None:
    """Each op of the registry is written, or is among the exceptions, each with a reason."""
    assert set(OPS) - {"input", "const"} == set(EMITTERS) | set(WITHOUT)
    assert not set(EMITTERS) & set(WITHOUT)


@pytest.mark.parametrize(("op", "sample"), SUBJECTS)
def test_each_op(op: Op, sample: Sample) -> None:
    """An op as source gives what it gives in a graph, of the same dtype."""
    if op.name in WITHOUT:
        pytest.skip(WITHOUT[op.name])
    graph = graph_of_sample(op, sample)
    args = point_of_sample(sample)
    found, expected = ran(graph, args), expected_values(graph, args)
    assert_same(found, expected)
    assert np.asarray(found).dtype == np.asarray(expected).dtype


@pytest.mark.parametrize(("name", "order"), DERIVATIVES)
def test_derivatives(name: str, order: int) -> None:
    """A function, its gradient and its Hessian as source give what the graphs give."""
    graph = derivative(name, order)
    args = drawn(graph)
    assert_same(ran(graph, args), graph(*args))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_graphs(data: st.DataObject) -> None:
    """Random graphs of several dtypes as source give what they give."""
    graph = data.draw(graphs(dtypes=("f32", "c128", "i64", "bool")))
    args = data.draw(arguments(graph))
    assert_same(ran(graph, args), expected_values(graph, args), 1e-6)


ELEMENTWISE = sorted(
    name for name, op in OPS.items() if op.elementwise and op.ufunc is not None and op.arity
)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_edges(name: str) -> None:
    """Zeros of both signs, infinities and NaN go through as they go through the graph."""
    op = OPS[name]
    assert op.arity is not None
    size = len(EDGES)
    graph = graph_of(lambda *xs: op(*xs), *[f"f64[{size}]", f"f64[{size},1]"][: op.arity])
    args = [EDGES, EDGES[:, None]][: op.arity]
    assert_same(ran(graph, args), expected_values(graph, args), signs=True)


@pytest.mark.parametrize("size", [3, 200])
def test_constant_arrays(size: int) -> None:
    """Constants come back to the last bit, as numbers or as bytes."""
    values = np.sin(np.arange(float(size)))
    values[:3] = [np.nan, -np.inf, -0.0]
    graph = graph_of(lambda x: OPS["multiply"](x, values), f"f64[{size}]")
    assert ("base64" in python_source(graph)) == (size > 100)
    assert_same(ran(graph, [np.ones(size)]), values, signs=True)


def test_large_constants_are_refused() -> None:
    """Constants that would make megabytes of source are refused, with their type."""
    size = LARGEST // 8 + 1
    graph = graph_of(lambda x: OPS["multiply"](x, np.ones(size)), f"f64[{size}]")
    message = f"f has more than 1,048,576 bytes of constants, the one of type f64[{size}] among"
    with pytest.raises(ga.InteropError, match=re.escape(message)):
        python_source(graph)


def test_constants_alone() -> None:
    """Numbers that no input takes part in are NumPy's, so that 1/0 is inf as in the graph."""
    graph = graph_of(lambda x: (x, x.builder.constant(1.0) / x.builder.constant(0.0)), "f64")
    found = ran(graph, [2.0])
    assert_same(found, (2.0, np.inf))


def test_names_are_the_users() -> None:
    """Values are named after the variables of the traced function, inputs after parameters."""

    def area(width: Any, lambda_: Any) -> Any:
        side = width + 1
        result = side * lambda_
        return result, width

    source = python_source(ga.trace(area))
    assert "side = width + 1.0\n" in source
    assert "result = side * lambda_\n" in source
    assert "return (result, width)\n" in source


def test_names_that_are_taken() -> None:
    """Inputs that are called like modules or words of Python are called otherwise."""
    b = ga.parse(
        'graphad 1\ngraph "a b"(%np: f64[], %"x y": f64[]) -> f64[] '
        '{\n  %2: f64[] = add %np %"x y"\n  return %2\n}'
    )
    source = python_source(b)
    assert "def a_b(np_, x_y):" in source


def test_names_that_are_refused() -> None:
    """A name that Python does not take is refused."""
    graph = graph_of(lambda x: x, "f64")
    with pytest.raises(ga.InteropError, match="'my f' is no name for a function; use letters"):
        python_source(graph, "my f")
    with pytest.raises(ga.InteropError, match="'class' is no name for a function"):
        python_source(graph, "class")


def test_structures() -> None:
    """Parts of structures are parameters of their own; results nest as the function's do."""
    pytest.importorskip("optree")

    def parts(p: Any) -> Any:
        return {"norm": p["w"] @ p["w"], "rest": [p["s"], (p["s"] * 2,)]}

    graph = ga.trace(parts, {"w": np.zeros(3), "s": 1.0})
    names: dict[str, Any] = {}
    exec(python_source(graph, "f"), names)  # noqa: S102 -- what we wrote ourselves
    found = names["f"](2.0, np.ones(3))
    assert found == {"norm": 3.0, "rest": [2.0, (4.0,)]}
