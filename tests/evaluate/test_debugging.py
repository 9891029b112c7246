"""`debug_nans`: the operation that made a NaN or an infinity, its operands, line and pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.builder import Builder
from graphad.evaluate import evaluate
from graphad.types import FLOAT64

ONES = np.ones(3)


def ratio(x: Any, y: Any) -> Any:
    """Return a sum of roots of quotients."""
    z = x / y  # the quotient
    return np.sum(np.sqrt(z))


RATIO = ga.trace(ratio, ONES, ONES)
X, Y = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 4.0])


def message(graph: Any, *args: Any) -> str:
    """Return the message of the error that a call raises."""
    with pytest.raises(ga.NonFiniteError) as caught:
        graph(*args, debug_nans=True)
    assert isinstance(caught.value, FloatingPointError)
    return str(caught.value)


def test_message() -> None:
    """It says file and line, op, place, the line's text, operands and value."""
    line = ratio.__code__.co_firstlineno + 2
    lines = message(RATIO, X, Y).splitlines()
    assert lines[0] == f"{__file__}:{line}: divide made a NaN at (0,) of finite operands"
    assert lines[1] == "    z = x / y  # the quotient"
    assert lines[2:4] == ["  %x: f64[3] = [0. 1. 2.]", "  %y: f64[3] = [0. 1. 4.]"]
    assert lines[4].endswith("f64[3] = [nan 1.  0.5]")
    assert lines[5] == "the node was made by trace"


def test_pass_and_order() -> None:
    """What a pass made is said to be its, and for which derivative."""
    text = message(RATIO.diff("x", mode="reverse"), X, ONES)
    assert f"{__file__}:{ratio.__code__.co_firstlineno + 3}: " in text
    assert "made an infinity at (0,) of finite operands" in text
    assert "the node was made by " in text
    assert "made by trace" not in text
    assert text.endswith("for the derivative of order 1")


@pytest.mark.parametrize("make", [lambda g: g, lambda g: g.compile(), lambda g: g.plan()])
def test_every_form(make: Any) -> None:
    """Graphs, plans and compiled code raise it, and agree with plain calls where all is finite."""
    form = make(RATIO.diff("x"))
    assert "made an infinity" in message(form, X, ONES)
    np.testing.assert_allclose(form(ONES, ONES, debug_nans=True), form(ONES, ONES), rtol=1e-15)


def test_structures_and_batches() -> None:
    """Structures, keywords and batches are taken as in other calls."""
    graph = ga.trace(lambda p: {"y": np.log(p["x"])}, {"x": 1.0})
    text = message(graph, {"x": np.array([1.0, 0.0, 2.0])})
    assert "log made an infinity at (1,) of finite operands" in text
    assert "made an infinity" in message(graph.compile(), {"x": 0.0})
    assert graph({"x": 1.0}, debug_nans=True) == {"y": 0.0}
    many = RATIO(np.ones((4, 3)), y=ONES, debug_nans=True)
    np.testing.assert_allclose(many, np.full(4, 3.0), rtol=1e-15)


def test_inputs_and_constants() -> None:
    """An input or a constant that is not finite is named as such."""
    assert message(RATIO, np.array([1.0, np.nan, 1.0]), ONES) == (
        "input 'x' of ratio has a NaN at (1,)"
    )
    builder = Builder()
    x = builder.input("x", FLOAT64)
    graph = builder.finish("f", [x * float("inf")])
    with pytest.raises(ga.NonFiniteError, match="a constant of f has an infinity"):
        evaluate(graph, [1.0], debug_nans=True)


def test_what_reaches_no_result() -> None:
    """A branch that is not taken may be anything."""
    graph = ga.trace(lambda x: np.where(x > 0, 1 / x, 0.0))
    assert graph(0.0, debug_nans=True) == 0.0


def test_off_by_default() -> None:
    """Without it, a NaN is a result like any other."""
    assert np.isnan(RATIO(X, Y))
    with pytest.raises(ga.InputError, match="debug"):
        RATIO(X, Y, debug=True)
