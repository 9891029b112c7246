"""Graphs that are read from SymPy have the values that SymPy gives."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.interop.sympy_rules import RULES, readable
from tests.interop.cases import assert_same, rosen

sp = pytest.importorskip("sympy")
x, y, z = sp.symbols("x y z", real=True)
POINTS = {"x": 0.7, "y": -1.3, "z": 2.25}

FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "Abs": (sp.Abs, 1),
    "Heaviside": (sp.Heaviside, 1),
    "Max": (sp.Max, 3),
    "Min": (sp.Min, 3),
    "Mod": (sp.Mod, 2),
    "acos": (lambda t: sp.acos(t / 4), 1),
    "acosh": (lambda t: sp.acosh(t + 4), 1),
    "acot": (sp.acot, 1),
    "acoth": (lambda t: sp.acoth(t + 4), 1),
    "acsc": (lambda t: sp.acsc(t + 4), 1),
    "acsch": (sp.acsch, 1),
    "asec": (lambda t: sp.asec(t + 4), 1),
    "asech": (lambda t: sp.asech((t + 4) / 8), 1),
    "asin": (lambda t: sp.asin(t / 4), 1),
    "asinh": (sp.asinh, 1),
    "atan": (sp.atan, 1),
    "atan2": (sp.atan2, 2),
    "atanh": (lambda t: sp.atanh(t / 4), 1),
    "ceiling": (sp.ceiling, 1),
    "cos": (sp.cos, 1),
    "cosh": (sp.cosh, 1),
    "cot": (sp.cot, 1),
    "coth": (sp.coth, 1),
    "csc": (sp.csc, 1),
    "csch": (sp.csch, 1),
    "erf": (sp.erf, 1),
    "erfc": (sp.erfc, 1),
    "exp": (sp.exp, 1),
    "floor": (sp.floor, 1),
    "frac": (sp.frac, 1),
    "log": (lambda t: sp.log(t + 4), 1),
    "Ei": (lambda t: sp.Ei(t + 4), 1),
    "LambertW": (lambda t: sp.LambertW(t + 4), 1),
    "besseli": (lambda t: sp.besseli(1, t), 1),
    "besselj": (lambda t: sp.besselj(2, t), 1),
    "besselk": (lambda t: sp.besselk(0, t + 4), 1),
    "bessely": (lambda t: sp.bessely(1, t + 4), 1),
    "beta": (lambda t, u: sp.beta(t + 4, u + 4), 2),
    "erfi": (sp.erfi, 1),
    "erfinv": (lambda t: sp.erfinv(t / 4), 1),
    "expint": (lambda t: sp.expint(2, t + 4), 1),
    "gamma": (lambda t: sp.gamma(t + 4), 1),
    "loggamma": (lambda t: sp.loggamma(t + 4), 1),
    "lowergamma": (lambda t, u: sp.lowergamma(t + 4, u + 4), 2),
    "polygamma": (lambda t: sp.polygamma(1, t + 4) + sp.digamma(t + 4), 1),
    "uppergamma": (lambda t, u: sp.uppergamma(t + 4, u + 4), 2),
    "zeta": (lambda t: sp.zeta(t + 4) + sp.zeta(3, t + 4), 1),
    "sec": (sp.sec, 1),
    "sech": (sp.sech, 1),
    "sign": (sp.sign, 1),
    "sin": (sp.sin, 1),
    "sinc": (sp.sinc, 1),
    "sinh": (sp.sinh, 1),
    "tan": (sp.tan, 1),
    "tanh": (sp.tanh, 1),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function(name: str) -> None:
    """A function of SymPy's as a graph has SymPy's values, to 13 digits."""
    function, arity = FUNCTIONS[name]
    for symbols in ((x, y, z), (y, z, x), (z, x, y)):
        used = symbols[:arity]
        expr = function(*used)
        graph = ga.from_sympy(expr, used)
        args = [POINTS[symbol.name] for symbol in used]
        expected = float(expr.subs(dict(zip(used, args, strict=True))).evalf(20))
        assert graph(*args) == pytest.approx(expected, rel=1e-13)


def test_functions_at_zero() -> None:
    """Functions that are defined apart at 0 have their values there."""
    assert ga.from_sympy(sp.sinc(x))(0.0) == 1.0
    assert ga.from_sympy(sp.Heaviside(x))(0.0) == 0.5
    assert ga.from_sympy(sp.Heaviside(x, 1))(0.0) == 1.0
    assert ga.from_sympy(sp.sign(x))(0.0) == 0.0


EXPRESSIONS = {
    "sum": x - 2 * y + sp.Rational(1, 3),
    "powers": x**2 + x**-1 + x**-3 + sp.sqrt(x) + 1 / sp.sqrt(x) + x ** sp.Rational(1, 3) + z**y,
    "roots": x ** sp.Rational(3, 2) + x ** sp.Rational(-3, 2) + x ** sp.Float(0.25),
    "fractions": (x + y) / (x * z) / (1 + sp.exp(-x)),
    "constants": sp.pi * x + sp.E + sp.GoldenRatio + sp.EulerGamma + sp.Float("0.1"),
    "exponential": 2**x + sp.exp(x * y),
    "logarithm": sp.log(z, 10) + sp.log(x) / sp.log(2),
    "pieces": sp.Piecewise((x, x > y), (y**2, sp.Eq(x, y)), (z, True)),
    "pieces without end": sp.Piecewise((x, x < y), (z, x > 0)),
    "logic": sp.Piecewise((x, sp.And(x > y, sp.Or(z < 1, sp.Not(x < z)))), (y, True)),
    "ite": sp.Piecewise((1, sp.ITE(x > 0, y > 0, z > 0)), (2, True)),
    "derivative": sp.Derivative(sp.sin(x) * y, x),
    "derivative of a modulus": sp.diff(sp.Abs(x) * y, x),
    "product of a sum": sp.Product(x + sp.Symbol("k"), (sp.Symbol("k"), 1, 3)),
    "substitution": sp.Subs(sp.sin(x) * z, x, y),
    "real parts": sp.re(sp.exp(x), evaluate=False) + sp.conjugate(y, evaluate=False),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions(name: str) -> None:
    """Expressions as graphs have SymPy's values."""
    expr = EXPRESSIONS[name]
    graph = ga.from_sympy(expr, [x, y, z])
    expected = float(sp.sympify(expr).doit().subs(POINTS_OF).evalf(20))
    assert graph(*POINTS.values()) == pytest.approx(expected, rel=1e-13)


POINTS_OF = {x: POINTS["x"], y: POINTS["y"], z: POINTS["z"]}


def test_selection_that_leaves_a_gap() -> None:
    """Where no condition of a Piecewise holds, the value is NaN, as SymPy's."""
    graph = ga.from_sympy(sp.Piecewise((x, x > 1), (y, x < 0)), [x, y])
    assert np.isnan(graph(0.5, 1.0))
    assert graph(2.0, 1.0) == 2.0


def test_conditions() -> None:
    """A relation alone is a graph of truth values."""
    graph = ga.from_sympy((sp.Xor(x > 0, y > 0), sp.true), [x, y])
    found = graph(1.0, -1.0)
    assert found == (True, True)
    assert graph(1.0, 1.0)[0] == np.False_


def test_inputs_of_each_kind() -> None:
    """Inputs may be symbols, symbols with indices, matrices, and arrays of symbols."""
    i = sp.Symbol("i", integer=True)
    v = sp.IndexedBase("v", shape=(3,))
    m = sp.MatrixSymbol("M", 2, 3)
    p, q = sp.symbols("p q")
    expr = sp.Sum(v[i] ** 2, (i, 0, 2)) * m[1, 2] + p - q
    graph = ga.from_sympy(expr, {"v": v, "M": m, "w": [p, q]}, name="g")
    assert [str(node.type) for node in graph.inputs] == ["f64[3]", "f64[2,3]", "f64[2]"]
    matrix = np.arange(6.0).reshape(2, 3)
    assert graph(np.array([1.0, 2.0, 3.0]), matrix, np.array([0.5, 0.25])) == 70.25
    assert graph.name == "g"
    column = sp.Matrix([p, q])
    linear = ga.from_sympy(sp.Matrix([[1, 2], [3, 4]]) * column, {"w": column})
    assert_same(linear(np.array([1.0, 2.0])), np.array([[5.0], [11.0]]))


def test_symbols_are_found() -> None:
    """Without inputs, the free symbols are the inputs, by name."""
    v = sp.IndexedBase("v", shape=(2,))
    graph = ga.from_sympy([z * x, v[0] * v[1]])
    assert graph.input_names == ("v", "x", "z")
    assert_same(graph(np.array([2.0, 3.0]), 5.0, 7.0), np.array([35.0, 6.0]))


def test_results_of_each_kind() -> None:
    """Arrays, matrices, lists and tuples of expressions come as arrays and tuples."""
    expr = (sp.Matrix([[x, 1], [0, x**2]]), [x, (2)], sp.Array([[[x]]]), sp.Integer(3))
    graph = ga.from_sympy(expr, [x])
    found = graph(2.0)
    expected = (np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([2.0, 2.0]), np.full((1, 1, 1), 2.0))
    assert_same(found, (*expected, 3.0))
    product = sp.MatrixSymbol("A", 2, 2) * sp.MatrixSymbol("B", 2, 1)
    made = ga.from_sympy(product, [sp.MatrixSymbol("A", 2, 2), sp.MatrixSymbol("B", 2, 1)])
    a, b = np.arange(4.0).reshape(2, 2), np.array([[1.0], [2.0]])
    assert_same(made(a, b), a @ b)


def test_there_and_back() -> None:
    """A graph that went through SymPy has the values and derivatives that it had."""
    graph = ga.trace(rosen, np.zeros(3))
    again = ga.from_sympy(graph.to_sympy(), {"x": sp.symbols("x_0:3")})
    at = np.array([0.5, 1.5, -0.25])
    for order in (1, 2, 3):
        assert_same(again.diff(order=order)(at), graph.diff(order=order)(at), 1e-12)


def test_derivatives_are_sympys() -> None:
    """Derivatives of a graph from SymPy are what SymPy derives."""
    expr = sp.exp(-(x**2)) * sp.sin(x * y) + sp.atan2(y, x)
    graph = ga.from_sympy(expr, [x, y])
    hessian = graph.diff(order=2)(0.7, -1.3)
    for i, p in enumerate((x, y)):
        for j, q in enumerate((x, y)):
            expected = float(sp.diff(expr, p, q).subs({x: 0.7, y: -1.3}).evalf(20))
            assert hessian[i][j] == pytest.approx(expected, rel=1e-12)


i, n = sp.symbols("i n", integer=True)
REFUSED = {
    "there is no operation for Si, in Si(x); functions that are read: Abs, ": (
        sp.Si(x),
        [x],
    ),
    "besselj(1/2, x) has the order 1/2; whole numbers from 0 on are read": (
        sp.besselj(sp.Rational(1, 2), x),
        [x],
    ),
    "there is no operation for Integral, in Integral(sin(x), x)": (sp.Integral(sp.sin(x), x), [x]),
    "the symbol y is not among the inputs: x (symbols with other assumptions": (x + y, [x]),
    "v is not among the inputs: x": (sp.IndexedBase("v")[0], [x]),
    "v[i] has an index that is no number; sum over it, or insert one": (
        sp.IndexedBase("v", shape=(2,))[i],
        [sp.IndexedBase("v", shape=(2,))],
    ),
    "v[5] is outside of the input v of shape (2,)": (
        sp.IndexedBase("v")[5],
        [sp.IndexedBase("v", shape=(2,))],
    ),
    "the input v has no lengths in numbers; write IndexedBase('v', shape=(3,))": (
        sp.IndexedBase("v")[0],
        [sp.IndexedBase("v")],
    ),
    "runs over i between bounds that are not both whole numbers; insert numbers": (
        sp.Sum(x**i, (i, 0, n)),
        [x],
    ),
    "has more than 10,000 terms; write it with arrays": (sp.Sum(x**i, (i, 0, 10**6)), [x]),
    "the input [x, y] has no name; give a dictionary, as in inputs={'x': [x, y]}": (x, [[x, y]]),
    "x**2 among the inputs v is no symbol": (x, {"v": [x**2]}),
    "the input v is x**2; give a symbol, an IndexedBase with a shape": (x, {"v": x**2}),
    "a complex infinity (zoo) has no number; is there a division by 0?": (
        sp.Add(x, sp.zoo, evaluate=False),
        [x],
    ),
    "SymPy leaves Derivative(g(x), x) as it is; write it out": (
        sp.Derivative(sp.Function("g")(x), x),
        [x],
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_refused(message: str) -> None:
    """What cannot be read is refused, by name, with what to do instead."""
    expr, inputs = REFUSED[message]
    with pytest.raises(ga.InteropError, match=re.escape(message)):
        ga.from_sympy(expr, inputs)


def test_functions_that_are_listed() -> None:
    """The message about unknown functions lists what is read."""
    assert set(FUNCTIONS) <= set(readable())
    assert set(RULES) <= set(readable())


def test_without_sympy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no SymPy, that is what is said."""
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(ga.InteropError, match="from_sympy needs SymPy, which cannot be imported"):
        ga.from_sympy(x)
