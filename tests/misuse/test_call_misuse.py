"""Wrong examples, calls, derivatives and texts: the message says what was wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.builder import Builder
from graphad.types import FLOAT64

X = np.array([0.3, 0.7, 1.1])
G = ga.trace(lambda x, y: np.sum(x**2) * y, X, 1.0)
V = ga.trace(lambda x: 2.0 * x, X)
TAN = ga.trace(np.tan)


class Frame:
    """An object that has values and no numbers, as a table with columns of text has."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array([["a", 1.0]], dtype=object)


EXAMPLES = [
    ("integers", np.array([1, 2, 3]), "is of integers or booleans", "write example.astype(float)"),
    ("booleans", True, "is of integers or booleans", "by a default argument, functools.partial"),
    ("text", "hello", "is the str 'hello'", "only numbers and arrays are inputs"),
    ("none", None, "is the NoneType None", "only numbers and arrays are inputs"),
    ("texts", np.array(["a"]), "is an array of dtype <U1", "only numbers and arrays"),
    ("objects", np.array([1.0, None]), "is an array of dtype object", "only numbers and arrays"),
    ("dates", np.array(["2020-01-01"], "M8[D]"), "dtype datetime64[D]", "only numbers and arrays"),
    ("records", np.zeros(2, [("a", float)]), "is an array of dtype", "only numbers and arrays"),
    ("table", Frame(), "is a Frame", "only numbers and arrays are inputs"),
    ("half", X.astype(np.float16), "values of dtype float16", "write x.astype(float)"),
    ("extended", X.astype(np.longdouble), "cannot be in a graph", "write x.astype(float)"),
    ("ragged", [[1.0], [1.0, 2.0]], "makes no array", "give lists of equal lengths"),
    ("masked", np.ma.masked_array(X, [0, 1, 0]), "is a masked array", "x.filled(0.0)"),
    ("empty", {}, "holds no floating number", "only numbers and arrays are inputs"),
]


@pytest.mark.parametrize(("example", "what", "instead"), [row[1:] for row in EXAMPLES])
def test_examples(example: Any, what: str, instead: str) -> None:
    """An example that is no floating array is refused, with what to give instead."""
    with pytest.raises(ga.TraceError) as caught:
        ga.trace(lambda x: x, example)
    assert what in str(caught.value)
    assert instead in str(caught.value)
    assert __file__ in str(caught.value)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_matrix() -> None:
    """A matrix, of which ``*`` is another product, is refused as an example."""
    with pytest.raises(ga.TraceError, match=r"is an np\.matrix(.|\n)*np\.asarray\(x\)"):
        ga.trace(lambda x: x * x, np.matrix([[1.0]]))


TRACES = [
    (lambda: ga.trace(lambda x: x, X, X), "takes 1 positional arguments, and 2 examples"),
    (lambda: ga.trace(lambda x: x, X, x=X), "x has two examples"),
    (lambda: ga.trace(lambda x: x, z=X), "has no parameter z"),
    (lambda: ga.trace(np.sin(1.0)), "trace takes a function, not the float64"),
    (lambda: ga.trace("np.sin"), "trace takes a function, not the str 'np.sin'"),
    (lambda: ga.trace(lambda x: len(x)), "a parameter without an example is a scalar"),
]

CALLS = [
    (
        lambda: G(np.zeros(2), 1.0),
        "takes an array of shape (3,), or (..., 3) for a batch, not (2,)",
    ),
    (lambda: G(X), "also needs 'y'"),
    (lambda: G(X, 1.0, 2.0), "takes 2 inputs, but got 3"),
    (lambda: G(X, z=1.0), "has no input 'z'"),
    (lambda: G(X, 1.0, y=2.0), "got 'y' both by position and by name"),
    (lambda: G("abc", 1.0), "was given text ('abc'); convert it: float(text)"),
    (lambda: G(None, 1.0), "was given None; give it a number or an array"),
    (lambda: G(np.array([None] * 3), 1.0), "convert them: np.asarray(x, float)"),
    (lambda: G([1.0, [2.0]], 1.0), "was given what is no array of numbers"),
    (lambda: G(np.ma.masked_array(X, [0, 1, 0]), 1.0), "fill it first: x.filled(0.0)"),
    (lambda: G(X.astype(np.float16), 1.0), "was given float16, which graphs do not hold"),
    (lambda: G(X.astype(np.longdouble), 1.0), "convert it: x.astype(float)"),
    (lambda: G(np.zeros((5, 3)), np.zeros(4)), "batch"),
]

DERIVATIVES = [
    (lambda: G.diff("z"), "there is no input 'z' to differentiate by; inputs: x, y"),
    (lambda: G.diff(5), "there is no input 5 to differentiate by; inputs: x, y"),
    (lambda: G.diff(X), "wrt is names or positions of inputs"),
    (lambda: G.diff(order=-1), "the order of a derivative is 0, 1, 2, … and not -1"),
    (lambda: G.diff(order=1.5), "and not 1.5"),
    (lambda: G.diff(order=1000), "would take very long; .taylor(1000)"),
    (lambda: G.diff(mode="revers"), "there is no mode 'revers'; modes: auto, forward, reverse"),
    (lambda: G.diff(order=2).plan("paked"), "there is no layout 'paked'; layouts: dense, packed"),
    (lambda: G.diff(order=2).plan(mode="foo"), "there is no mode 'foo' to plan by"),
    (lambda: G.compile(opt=7), 'opt is 0, 1 or "auto", and not 7'),
    (lambda: G.compile(opt="fast"), "opt is 0, 1 or \"auto\", and not 'fast'"),
    (lambda: G.compile("foo"), "there is no layout 'foo'"),
    (lambda: G.compile(orders=(0, -1)), "0, 1, 2, … and not -1"),
    (lambda: G.compile(orders="ab"), "0, 1, 2, … and not 'a'"),
    (lambda: G.compile("csr", orders=(0, 1)), "several orders at once come in the layouts"),
    (lambda: TAN.taylor(-1), "the order of a Taylor series is 0, 1, 2, … and not -1"),
    (lambda: V.hvp(), "needs one scalar output, and f gives f64[3]"),
    (lambda: V.batch(-3), "cannot batch by a negative size"),
    (lambda: ga.trace(lambda x: x > 0.5, X).diff(), "only floating-point outputs have derivatives"),
    (lambda: ga.trace(lambda x: x.astype(int), X).diff(), "the output of f is i64[3]"),
]

TEXTS = [
    (lambda: ga.parse(""), "expected 'graphad 1', found the end of the text"),
    (lambda: ga.parse("graph f(%x: f64[]) -> f64[] {"), "<text>:1:1: expected 'graphad 1'"),
    (lambda: ga.parse("graphad 9\n"), "<text>:1:"),
    (lambda: ga.parse(str(V).replace("multiply", "multipli")), "<text>:3:"),
    (lambda: ga.parse(str(V).replace("return %2", "return %9")), "%9"),
    (lambda: ga.parse(5), "parse takes a str, not int"),
    (lambda: V.run("simplfy"), "there is no pass 'simplfy'; did you mean 'simplify'?"),
    (lambda: V.render("drawing.foo"), "end the path in .svg"),
]


@pytest.mark.parametrize(("misuse", "what"), [*TRACES, *CALLS, *DERIVATIVES, *TEXTS])
def test_message(misuse: Callable[[], Any], what: str) -> None:
    """The error is graphad's, and says what was wrong and what is right."""
    with pytest.raises(ga.GraphadError, match=re.escape(what)):
        misuse()


def test_values_of_two_graphs() -> None:
    """Values of one builder are not taken by another."""
    one, other = Builder(), Builder()
    x, y = one.input("x", FLOAT64), other.input("y", FLOAT64)
    with pytest.raises(ga.GraphadError, match="graph"):
        x + y


def test_loops_beyond_the_budget() -> None:
    """A loop with too many operations names its line, and what to write instead of a loop."""

    def f(x: Any) -> Any:
        for _ in range(10_000):
            x = np.sin(x)
        return x

    with pytest.raises(ga.TraceError, match="operations") as caught:
        ga.tracing.trace_function(f, budget=500)
    message = str(caught.value)
    assert "x = np.sin(x)" in message
    assert "loop" in message
    assert __file__ in message


def test_casts_to_integers_are_flat() -> None:
    """What goes through integers has a derivative of zero, as documented of floor, and a value."""
    graph = ga.trace(lambda x: x.astype(int) * x, X)
    assert graph(X * 3).tolist() == ((X * 3).astype(int) * (X * 3)).tolist()
    np.testing.assert_array_equal(graph.diff()(X * 3), np.diag((X * 3).astype(int)))


def test_the_argument_is_not_changed() -> None:
    """A function that writes into its argument gives a graph that does not."""

    def f(x: Any) -> Any:
        x *= 2
        return np.sum(x)

    point = X.copy()
    assert ga.trace(f, point)(point) == np.sum(2 * X)
    np.testing.assert_array_equal(point, X)


def test_print_is_harmless(capsys: Any) -> None:
    """A traced value can be printed: what it is, and not its value."""

    def f(x: Any) -> Any:
        print(x, x[0])  # noqa: T201
        return x

    ga.trace(f, X)
    assert "<traced f64[3]> <traced f64[]>" in capsys.readouterr().out
