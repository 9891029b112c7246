"""Branches: values, derivatives, batches, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga
from tests.control.closeness import MODES, deviation


def branched(x: Any) -> Any:
    """Return one of two functions, by the sign of the first element."""
    scale = x[1]
    return ga.cond(x[0] > 0, lambda v: np.sqrt(v[0]) * scale, lambda v: v[1] ** 3, x)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", range(5))
def test_derivatives_are_those_of_the_branch(order: int, mode: str) -> None:
    """Derivatives of orders 0 to 4 are those of the function that is chosen."""
    graph = ga.trace(branched, np.array([1.0, 2.0])).diff(order=order, mode=mode)
    for chosen, point in (
        (lambda v: np.sqrt(v[0]) * v[1], np.array([1.5, 2.0])),
        (lambda v: v[1] ** 3, np.array([-1.5, 2.0])),
    ):
        expected = ga.trace(chosen, np.array([1.5, 2.0])).diff(order=order, mode="forward")
        assert deviation(graph(point), expected(point)) < 1e-14
    assert ga.parse(str(graph)) == graph


def test_what_is_not_chosen_is_not_evaluated() -> None:
    """The branch not taken costs nothing, and leaks no NaN into derivatives."""
    graph = ga.trace(lambda x: ga.cond(x > 0, np.log, lambda x: 2.0 * x, x), 1.0)
    for order in range(4):
        derived = graph.diff(order=order)
        many = derived(np.array([-1.0, 0.0, 2.0]))
        assert np.isfinite(many).all()
        assert many.tolist() == [derived(x) for x in (-1.0, 0.0, 2.0)]


def test_batches_of_one_condition() -> None:
    """Where the condition is the same for all points, a branch stays a branch."""
    graph = ga.trace(lambda a, x: ga.cond(a > 0, np.sin, np.cos, x), 1.0, np.zeros(2))
    wide = graph.batch(3, wrt="x")
    assert [node.op.name for node in wide.nodes].count("cond") == 1
    points = np.arange(6.0).reshape(3, 2)
    assert deviation(wide(1.0, points), np.sin(points)) == 0.0
    assert deviation(wide(-1.0, points), np.cos(points)) == 0.0


def test_structures_and_dtypes() -> None:
    """Branches may return structures; numbers of other dtypes are promoted as np.where does."""

    def function(x: Any) -> Any:
        found = ga.cond(
            x > 0,
            lambda p: {"a": p["u"], "b": [p["v"]]},
            lambda p: {"a": 0, "b": [1]},
            {"u": x, "v": 3.0 * x},
        )
        return found["a"] * found["b"][0]

    graph = ga.trace(function)
    assert float(graph(2.0)) == 12.0
    assert float(graph(-2.0)) == 0.0
    assert float(graph.diff()(2.0)) == 12.0
    assert float(graph.diff()(-2.0)) == 0.0


def test_conditions_that_are_known() -> None:
    """A condition that does not depend on an input chooses while tracing; and on plain numbers."""
    graph = ga.trace(lambda x: ga.cond(True, np.sin, np.cos, x))
    assert [node.op.name for node in graph.nodes] == ["input", "sin"]
    assert ga.cond(False, np.sin, np.cos, 0.0) == 1.0


def test_machine_code_selects() -> None:
    """Machine code evaluates both branches, and selects."""
    graph = ga.trace(branched, np.array([1.0, 2.0])).diff(order=2)
    points = np.array([[1.0, 2.0], [-1.0, 2.0]])
    assert deviation(graph.compile()(points), graph(points)) < 1e-14


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "array": (
        lambda x: ga.cond(x > 0, np.sin, np.cos, x),
        r"(?s)the condition of a cond is one truth value, not bool\[2\].*np.where",
    ),
    "number": (
        lambda x: ga.cond(x[0], np.sin, np.cos, x),
        r"(?s)one truth value, not f64\[\].*write a comparison",
    ),
    "shapes": (
        lambda x: ga.cond(x[0] > 0, lambda: x, lambda: 0.0),
        r"(?s)the branches f and f return f64\[2\] and f64\[\].*same shape from both",
    ),
    "structures": (
        lambda x: ga.cond(x[0] > 0, lambda: (x, x), lambda: x),
        r"(?s)the branches f and f return \(\*, \*\) and \*.*same structure",
    ),
    "truth": (
        lambda x: x[0] if x[0] > 0 else x[1],
        r"(?s)asks whether a traced value is true.*graphad.cond",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    """Conditions and branches that do not fit are refused, with what to write instead."""
    function, message = REFUSED[name]
    with pytest.raises(ga.TraceError, match=message):
        ga.trace(function, np.ones(2))


def test_plain_conditions_are_refused_alike() -> None:
    """On plain arrays too, a condition is one truth value."""
    with pytest.raises(ga.TraceError, match="one truth value, not bool of shape"):
        ga.cond(np.array([True, False]), np.sin, np.cos, 0.0)
    with pytest.raises(ga.TraceError, match="one truth value, not float64"):
        ga.cond(1.0, np.sin, np.cos, 0.0)


def test_plain_operands_are_left_alone() -> None:
    """A branch that writes in place changes a copy, traced or not."""

    def raised(v: Any) -> Any:
        v[0] = 5.0
        return v * v[1]

    def function(x: Any) -> Any:
        y = 2 * x
        return ga.cond(x[0] > 0, raised, lambda v: v, y) + y

    point = np.array([1.0, 2.0])
    assert function(point).tolist() == [22.0, 20.0]
    assert ga.trace(function, point)(point).tolist() == [22.0, 20.0]
