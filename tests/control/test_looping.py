"""Loops that end by a condition: fixed points, derivatives, batches, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga
from tests.control.closeness import deviation


def newton(a: Any, max_steps: int | None = None) -> Any:
    """Return the cube root of a, by Newton's method from 1."""

    def going(x: Any) -> Any:
        return np.abs(x**3 - a) > 1e-13 * a

    # One step more, as derivatives converge a step behind the values.
    def step(x: Any) -> Any:
        return x - (x**3 - a) / (3 * x**2)

    x = ga.while_loop(going, step, 1.0, max_steps=max_steps)
    return step(step(x))


@pytest.mark.parametrize("max_steps", [None, 40])
@pytest.mark.parametrize("order", range(5))
def test_a_fixed_point(order: int, max_steps: int | None) -> None:
    """Derivatives of a cube root by Newton's method are those of the power, forward and reverse."""
    factor = np.prod([1 / 3 - i for i in range(order)])
    graph = ga.trace(lambda a: newton(a, max_steps), 3.0)
    modes = ["auto", "forward"] if max_steps is None else ["auto", "forward", "reverse"]
    for mode in modes:
        derived = graph.diff(order=order, mode=mode)
        assert float(derived(3.0)) == pytest.approx(factor * 3.0 ** (1 / 3 - order), rel=1e-10)
        assert ga.parse(str(derived)) == derived
        assert str(ga.parse(str(derived))) == str(derived)


def test_values_are_those_of_the_python_loop() -> None:
    """A traced loop gives what it gives on plain numbers; so does a batch of points."""
    graph = ga.trace(newton, 3.0)
    points = np.array([[2.0, 3.0], [5.0, 70.0]])
    each = np.array([[newton(a) for a in row] for row in points])
    assert deviation(graph(points), each) < 1e-15
    slopes = np.array([[graph.diff()(a) for a in row] for row in points])
    assert deviation(graph.diff()(points), slopes) < 1e-15


def test_a_bound_ends_the_loop() -> None:
    """After so many steps the loop ends, whether the test holds or not, traced and on plain."""

    def doubled(x: Any) -> Any:
        return ga.while_loop(lambda y: y < 1000.0, lambda y: 2 * y, x, max_steps=3)

    assert doubled(1.0) == 8.0
    graph = ga.trace(doubled)
    assert float(graph(1.0)) == 8.0
    assert float(graph(600.0)) == 1200.0
    assert float(graph.diff(mode="reverse")(1.0)) == 8.0
    assert float(graph.diff(mode="reverse")(600.0)) == 2.0
    assert float(ga.trace(lambda x: ga.while_loop(lambda y: y < 9, lambda y: y, x, 0))(3.0)) == 3.0


def test_steps_after_the_end_are_not_taken() -> None:
    """What a step would make of values after the end, such as NaN, reaches no derivative."""

    def function(x: Any) -> Any:
        return ga.while_loop(lambda y: y > 0.5, lambda y: y - np.sqrt(y - 0.25), x, max_steps=10)

    graph = ga.trace(function, 1.0)
    for mode in ("forward", "reverse"):
        derived = graph.diff(mode=mode, order=2)
        assert np.isfinite(derived(1.0))
        assert derived(np.array([1.0, 0.2])).tolist() == [derived(1.0), derived(0.2)]


def test_the_mode_is_forward_where_it_must_be() -> None:
    """A loop without a bound differentiates forward by itself, and in reverse it is refused."""

    def function(x: Any) -> Any:
        return np.sum(ga.while_loop(lambda y: np.sum(y) < 9.0, lambda y: y * x + 1, x))

    graph = ga.trace(function, np.array([1.1, 1.2, 1.3]))
    assert "a while_loop without max_steps" in graph.diff().explain()
    with pytest.raises(ga.DerivativeError, match=r'max_steps=n.*mode="forward"'):
        graph.diff(mode="reverse")


def test_several_values_with_a_counter() -> None:
    """A loop may carry structures; Python numbers take the dtype that the body gives them."""

    def function(x: Any) -> Any:
        def step(carry: Any) -> Any:
            return {"n": carry["n"] + 1, "y": carry["y"] * x}

        done = ga.while_loop(lambda c: c["n"] < 3, step, {"n": 0, "y": 1})
        return done["y"] * done["n"]

    graph = ga.trace(function)
    assert [float(graph.diff(order=k)(2.0)) for k in range(4)] == [24.0, 36.0, 36.0, 18.0]


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "test": (
        lambda x: ga.while_loop(lambda y: y > 0, lambda y: y - 1, x),
        r"(?s)the test f of a while_loop returns bool.*and not one truth value.*np.any",
    ),
    "number": (
        lambda x: ga.while_loop(lambda y: y[0], lambda y: y - 1, x),
        r"the test f of a while_loop returns f.*and not one truth value",
    ),
    "shape": (
        lambda x: ga.while_loop(lambda y: np.sum(y) > 0, lambda y: y - x, x[0]),
        r"is given y as f64\[\] and returns it as f64\[2\]",
    ),
    "structure": (
        lambda x: ga.while_loop(lambda y: y[0] > 0, lambda y: (y, y), x),
        r"is given the carry \* and returns \(\*, \*\)",
    ),
    "bound": (
        lambda x: ga.while_loop(lambda y: y[0] > 0, lambda y: y - 1, x, max_steps=-1),
        r"max_steps of a while_loop is a fixed integer, and not -1",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    """Tests and bodies that do not fit are refused, traced and on plain arrays."""
    function, message = REFUSED[name]
    with pytest.raises(ga.TraceError, match=message):
        ga.trace(function, np.ones(2))
    with pytest.raises(ga.TraceError, match=message):
        function(np.ones(2))


def test_a_python_while_is_told_of_while_loop() -> None:
    """A while statement on traced values is refused, and the message names while_loop."""

    def function(x: Any) -> Any:
        while x > 1:
            x = x / 2
        return x

    with pytest.raises(ga.TraceError, match=r"graphad.while_loop\(test, body, init\)"):
        ga.trace(function)


def test_no_scalars() -> None:
    """A loop without a bound is not written out."""
    graph = ga.trace(newton, 3.0)
    with pytest.raises(ga.PassError, match="is not made of scalars; keep the array graph"):
        graph.scalarize()
    assert float(graph.compile()(3.0)) == float(graph(3.0))


def test_a_check_at_a_point_where_a_loop_does_not_end() -> None:
    """A trace is checked where its loop ends, and refused if it does so nowhere."""
    graph = ga.trace(lambda x: ga.while_loop(lambda y: y < 9, lambda y: y * x, x), 2.0)
    assert float(graph(2.0)) == 16.0
    with pytest.raises(ga.TraceError, match=r"(?s)has not ended after 20,000 steps.*example"):
        ga.trace(lambda x: ga.while_loop(lambda y: y > -1.0, lambda y: y + 1.0, x * x))
