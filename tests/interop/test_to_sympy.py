"""SymPy expressions that graphs are written as have the values that the interpreter gives."""

from __future__ import annotations

import re
import sys
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.interop.to_sympy import RULES, sympy_expressions
from graphad.ir import Graph, map_tree
from graphad.op import OPS, Op, Sample
from tests.interop.cases import (
    DERIVATIVES,
    SUBJECTS,
    assert_same,
    derivative,
    drawn,
    expected_values,
    graph_of,
    graph_of_sample,
    point_of_sample,
    rosen,
)
from tests.strategies import arguments, graphs

sp = pytest.importorskip("sympy")
WITHOUT = {
    "hurwitz_zeta": "SymPy does not derive the zeta function of two arguments by the first",
    "isfinite": "a symbol is a finite number",
    "isnan": "a symbol is a finite number",
}
"""Ops of scalars that have no expression, and why."""


_ARRAYS = "eigh eigvalsh fft ifft pinv qr svd svdvals while_loop inverse slogdet"
ARRAYS = frozenset(_ARRAYS.split())
"""Ops that are not taken apart into scalars, whatever their size."""


def symbol_values(graph: Graph, args: Any) -> dict[Any, Any]:
    """Return the number that each symbol of the inputs stands for."""
    values = {}
    for node, arg in zip(graph.inputs, args, strict=True):
        for index in np.ndindex(node.type.shape):
            number = float(np.asarray(arg)[index])
            values[sp.Symbol("_".join([node.attrs[0], *map(str, index)]))] = number
    return values


def numbers(expressions: Any, graph: Graph, args: Any) -> Any:
    """Return the values of expressions, as arrays of the types of the graph's results."""
    values = symbol_values(graph, args)
    symbols, given = list(values), list(values.values())
    items = [expressions] if not isinstance(expressions, tuple) else list(expressions)
    items = list(flat_tuple(items))
    made = []
    for item, node in zip(items, graph.outputs, strict=True):
        scalars = list(item.reshape(max(1, len(item)))) if node.type.shape else [item]
        if any(item.has(sp.betainc_regularized) for item in scalars):  # mpmath has another order
            found = [plain(item.subs(values).evalf(20)) for item in scalars]
        else:
            function = sp.lambdify(symbols, scalars, "mpmath", cse=True)
            with mpmath.workdps(30):
                found = [plain(item) for item in function(*given)]
        array = np.array(found).astype(node.type.dtype).reshape(node.type.shape)
        made.append(array)
    return map_tree(graph.tree, made)


def plain(number: Any) -> Any:
    """Return a number of mpmath's as one of Python's."""
    if isinstance(number, bool | np.bool_):
        return bool(number)
    exact = complex(number)
    return exact if abs(exact.imag) > 1e-20 else exact.real


def flat_tuple(items: Any) -> Any:
    """Yield the expressions in nested tuples."""
    for item in items:
        if isinstance(item, tuple):
            yield from flat_tuple(item)
        else:
            yield item


def test_every_op_has_an_expression() -> None:
    """Each op of scalars has one, or is among the exceptions, each with a reason."""
    elementwise = {name for name, op in OPS.items() if op.elementwise}
    assert elementwise == set(RULES) | set(WITHOUT)
    assert not set(RULES) & set(WITHOUT)


@pytest.mark.parametrize(("op", "sample"), SUBJECTS)
def test_each_op(op: Op, sample: Sample) -> None:
    """The expression of an op has the values that the op has, in the same shape."""
    if op.name in {"inverse", "solve", "slogdet"} and sample.shapes[0] == (3, 3):
        pytest.skip("SymPy takes half a minute for selections of pivots")
    graph = graph_of_sample(op, sample)
    args = point_of_sample(sample)
    try:
        written = sympy_expressions(graph, {})
    except ga.InteropError:
        assert op.name in WITHOUT or op.name in ARRAYS
        return
    assert_same(numbers(written, graph, args), expected_values(graph, args), 1e-12)


@pytest.mark.parametrize(("name", "order"), DERIVATIVES)
def test_derivatives(name: str, order: int) -> None:
    """A function, its gradient and its Hessian as expressions have the graphs' values."""
    graph = derivative(name, order)
    args = drawn(graph)
    assert_same(numbers(graph.to_sympy(), graph, args), graph(*args), 1e-12)


def test_sympy_derives_the_same() -> None:
    """SymPy's own derivatives of the expression are the expressions of the derivatives."""
    graph = ga.trace(rosen, np.zeros(3))
    symbols = sp.symbols("x_0:3")
    value, gradient = graph.to_sympy(), graph.diff().to_sympy()
    hessian = graph.diff(order=2).to_sympy()
    for i, x in enumerate(symbols):
        assert sp.expand(sp.diff(value, x) - gradient[i]) == 0
        for j, y in enumerate(symbols):
            assert sp.expand(sp.diff(value, x, y) - hessian[i, j]) == 0


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_random_graphs(data: st.DataObject) -> None:
    """Random graphs as expressions have the values of the graphs, and come back as graphs."""
    graph = data.draw(graphs(steps=6, smooth=True))
    args = data.draw(arguments(graph))
    if any(node.op.name in ARRAYS or node.type.is_complex for node in graph.nodes):
        return
    written = sympy_expressions(graph, {})
    inputs = {node.attrs[0]: symbols_of(node.attrs[0], node.type.shape) for node in graph.inputs}
    again = ga.from_sympy(written, inputs)
    expected = expected_values(graph, args)
    with np.errstate(all="ignore"):
        assert_same(again(*args), expected, 1e-9)


def symbols_of(name: str, shape: tuple[int, ...]) -> Any:
    """Return the symbols that stand for an input."""
    if not shape:
        return sp.Symbol(name)
    names = ["_".join([name, *map(str, index)]) for index in np.ndindex(shape)]
    return sp.Array([sp.Symbol(text) for text in names], shape)


def test_symbols_of_ones_own() -> None:
    """Inputs may be symbols, matrices, and symbols with indices, of the user's."""
    graph = ga.trace(lambda a, v, m: a * (v @ m @ v), np.float64(0), np.zeros(2), np.zeros((2, 2)))
    t, p, q = sp.symbols("t p q", real=True)
    made = graph.to_sympy(a=t, v=[p, q], m=sp.MatrixSymbol("M", 2, 2))
    matrix = sp.MatrixSymbol("M", 2, 2)
    vector = sp.Matrix([p, q])
    assert sp.expand(made - t * (vector.T * matrix.as_explicit() * vector)[0]) == 0
    u = sp.IndexedBase("u")
    assert graph.to_sympy(a=1, v=u, m=[[1, 0], [0, 1]]) == u[0] ** 2 + u[1] ** 2
    assert graph.to_sympy(a=1, v=vector, m=[[0, 1], [0, 0]]) == p * q


def test_numbers_are_exact_where_they_are_short() -> None:
    """Numbers such as 2 and 1/4 become exact; others keep all of their bits."""
    made = ga.trace(lambda x: 0.25 * x**2 + 0.1 * x).to_sympy()
    x = sp.Symbol("x")
    assert made == x**2 / 4 + sp.Float(0.1, 17) * x
    assert float(made.coeff(x, 1)) == 0.1
    constants = ga.trace(lambda x: x * 0 + np.array([np.inf, 1e300, 3.0])).to_sympy()
    assert [constants[i] for i in (0, 2)] == [sp.oo, 3]
    assert float(constants[1]) == 1e300


def test_what_is_refused() -> None:
    """Graphs that are too large, unknown inputs and symbols that do not fit are refused."""
    graph = ga.trace(rosen, np.zeros(3))
    with pytest.raises(ga.InteropError, match="rosen has no input 'y'; inputs: x"):
        graph.to_sympy(y=1)
    message = "symbols for x have the shape (2,), not (3,); give an expression for each element"
    with pytest.raises(ga.InteropError, match=re.escape(message)):
        graph.to_sympy(x=sp.symbols("p q"))
    large = ga.trace(rosen, np.zeros(10_000))
    with pytest.raises(ga.InteropError, match="scalars in SymPy, where at most 20,000 are written"):
        large.to_sympy()


def test_conditions() -> None:
    """Conditions are relations and truth values, selections are pieces."""
    graph = graph_of(
        lambda x, y: (
            OPS["logical_or"](OPS["less"](x, y), OPS["equal"](x, 1.0)),
            OPS["mask"](OPS["greater"](x, 0.0), y),
        ),
        "f64",
        "f64",
    )
    x, y = sp.symbols("x y")
    condition, masked = sympy_expressions(graph, {})
    assert condition == sp.Or(x < y, sp.Eq(x, 1))
    assert masked == sp.Piecewise((y, x > 0), (0, True))


def test_without_sympy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no SymPy, that is what is said."""
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(ga.InteropError, match="to_sympy needs SymPy, which cannot be imported"):
        derivative("rosen", 0).to_sympy()
