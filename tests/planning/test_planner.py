"""The planner: every strategy on every edge case, what wins, and what is refused."""

from __future__ import annotations

import io
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad import progress
from graphad.errors import DerivativeError, PrecisionWarning
from graphad.planning import STRATEGIES
from tests.acceptance.test_composed import flat

EDGES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "a constant": (lambda x: 3.0, (np.array([0.3, 0.5]),)),
    "constant rows": (lambda x: np.array([1.0, 2.0]), (np.array([0.3, 0.5]),)),
    "linear": (lambda x: 2 * x[0] - x[1], (np.array([0.3, 0.5]),)),
    "an input": (lambda x, y: x, (0.3, 0.5)),
    "an ignored input": (lambda x, y: x**3, (0.3, 0.5)),
    "one element": (lambda x: np.sum(np.sin(x)), (np.array([0.3]),)),
    "a scalar": (lambda x: np.exp(x) * x, (0.3,)),
    "empty input": (lambda x: np.sum(x**2), (np.zeros(0),)),
    "empty output": (lambda x: x**2, (np.zeros(0),)),
    "several of each": (lambda x, y: (x * y, np.sin(x) * np.sum(y)), (0.3, np.array([0.5, 0.7]))),
    "a matrix": (lambda a: a @ a, (np.array([[0.3, 0.5], [0.7, 0.2]]),)),
    "a kink": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), (np.array([0.3, -0.5]),)),
    "complex": (lambda z: np.exp(z) * z, (0.3 + 0.4j,)),
    "single precision": (lambda x: x[0] * np.sin(x[1]), (np.array([0.3, 0.5], np.float32),)),
}


def has_mixed(graph: ga.Graph) -> bool:
    """Return whether a derivative has entries by several variables."""
    plan = graph.plan(mode="compose")
    return plan.target.order > 1 and plan.target.variables > 1 and plan.target.rows > 0


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("case", EDGES)
def test_edges(case: str, order: int) -> None:
    """Every strategy and every layout gives what `.diff()` gives, or says that it cannot."""
    function, point = EDGES[case]
    dense = ga.trace(function, *point).diff(order=order)
    expected = flat(dense(*point))
    tolerance = 1e-5 if case == "single precision" else 1e-12
    for mode in ("auto", "nested", *STRATEGIES):
        for layout in ("dense", "packed", "distinct"):
            if mode == "nested" and layout == "distinct":
                continue
            if mode == "taylor" and has_mixed(dense):
                with pytest.raises(DerivativeError, match="do not give the mixed derivatives"):
                    dense.plan(layout=layout, mode=mode)
                continue
            plan = dense.plan(layout=layout, mode=mode)
            found = plan(*point)
            found = flat(found if layout == "dense" else plan.unpack(found))
            for left, right in zip(found, expected, strict=True):
                assert left.shape == right.shape, (mode, layout)
                assert left.dtype == right.dtype, (mode, layout)
                np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("mode", sorted(STRATEGIES))
def test_modes_of_diff(mode: str) -> None:
    """`diff` takes the name of each strategy and gives the same derivative, nested the same way."""
    graph = ga.trace(lambda x, y: (x * np.sin(y), x**2), name="f")
    order = 1 if mode == "taylor" else 2
    made = graph.diff(order=order, mode=mode)
    expected = graph.diff(order=order)
    assert made.tree == expected.tree
    for left, right in zip(flat(made(0.3, 0.5)), flat(expected(0.3, 0.5)), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-14, atol=1e-15)
    assert made.derivation is not None
    assert made.derivation.order == order
    if mode not in {"forward", "reverse"}:
        assert f"{mode}: asked for" in made.explain()
    np.testing.assert_allclose(
        flat(made.diff()(0.3, 0.5))[1], flat(expected.diff()(0.3, 0.5))[1], rtol=1e-14, atol=1e-15
    )


def test_entries_only() -> None:
    """Listed entries come in their order, and cost less than all of them."""
    x = np.linspace(0.2, 0.9, 6)
    third = ga.trace(lambda x: np.prod(x) * np.sin(x[0]), x).diff(order=3)
    plan = third.plan(entries=[(0, 1, 2), (5, 0, 3)])
    dense = third(x)
    np.testing.assert_allclose(plan(x), [dense[0, 1, 2], dense[0, 3, 5]], rtol=1e-13)
    assert plan.layout == "entries"
    assert plan.cost().total < third.plan(layout="packed").cost().total / 4


def test_diagonal() -> None:
    """The diagonal is every (i, i, …), by Taylor polynomials too."""
    x = np.array([0.3, 0.5, 0.8])
    third = ga.trace(lambda x: np.sin(x[0] * x[1]) * x[2] ** 3, x).diff(order=3)
    expected = [third(x)[i, i, i] for i in range(3)]
    for mode in ("auto", "taylor", "nested"):
        np.testing.assert_allclose(third.plan(mode=mode, entries="diagonal")(x), expected)


def test_a_block() -> None:
    """A block by two inputs is planned for itself alone."""
    x, y = np.array([0.3, 0.5]), np.array([0.7, 0.2, 0.4])
    graph = ga.trace(lambda x, y: np.sum(np.sin(x)) * np.sum(np.exp(y) * y), x, y)
    block = graph.diff("x").diff("y")
    plan = block.plan()
    np.testing.assert_allclose(plan(x, y), block(x, y), rtol=1e-14)
    assert plan.cost().total < graph.diff(order=2).plan().cost().total


def test_the_least_wins() -> None:
    """The winner has the fewest operations of all candidates, and the reason says against which."""
    x = np.array([0.7, -0.4, 0.9])
    plan = ga.trace(lambda x: np.log(np.sum(np.exp(x))), x).diff(order=3).plan(layout="packed")
    totals = {item.name: item.cost.total for item in plan.candidates if item.cost is not None}
    assert len(totals) >= 5
    assert plan.cost().total == min(totals.values()) == totals[plan.strategy]
    assert f"{plan.strategy}: {min(totals.values())} operations; " in plan.reason


def test_plans_are_deterministic() -> None:
    """The same request gives the same graph, text and all."""
    x = np.array([0.7, -0.4, 0.9])

    def text() -> str:
        graph = ga.trace(lambda x: np.tanh(x[0] * x[1]) / (1 + x[2] ** 2), x)
        return str(graph.diff(order=3).plan(layout="packed").graph)

    assert text() == text()


def test_what_cannot_be_scalar_is_array() -> None:
    """Where scalar grain is refused, the derivative graph is the plan, and the table says why."""
    index = ga.trace(lambda x: x[np.array([1, 0])] * x, np.zeros(2))
    assert index.diff().plan().strategy != "nested"
    mixed = ga.trace(
        lambda x, y: (x * 2, y**2), np.zeros(2, np.float32), np.zeros(2, np.float64)
    ).diff()
    plan = mixed.plan()
    assert plan.strategy == "nested"
    assert "one dtype" in plan.explain()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "backward"}, "there is no mode 'backward' to plan by; modes: auto, nested, comp"),
        (
            {"mode": "nested", "layout": "coo"},
            r'mode "nested" does not give this: .*the layouts "dense" and "packed"',
        ),
        (
            {"mode": "taylor"},
            r"does not give this: .*the mixed derivatives \(0, 1\), \(0, 2\), \(1",
        ),
        ({"mode": "forward", "nodes": 10}, 'mode "forward" would make about .* more than 10; ask'),
    ],
)
def test_refusals(options: dict[str, Any], message: str) -> None:
    """A mode that does not fit is refused with what to do instead."""
    second = ga.trace(lambda x: x[0] * x[1] * x[2], np.zeros(3)).diff(order=2)
    with pytest.raises(DerivativeError, match=message):
        second.plan(**options)


def test_too_large() -> None:
    """Too large a result is refused before anything is derived, with the number and other ways."""
    fourth = ga.trace(lambda x: np.sum(np.sin(x) ** 3), np.zeros(300)).diff(order=4)
    with pytest.raises(
        DerivativeError,
        match=r"has 8,100,000,000 elements in the layout 'dense': 64,800,000,000 bytes, more than "
        r'1,073,741,824; ask for layout="packed" or "coo", for some entries=',
    ):
        fourth.plan()
    with pytest.raises(DerivativeError, match="344,291,325 elements in the layout 'packed'"):
        fourth.plan(layout="packed")
    found = fourth.plan(layout="coo")(np.linspace(0.1, 1.0, 300))
    assert found.nnz == 300


def test_precision_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """A way that loses half of the digits warns if it is asked for, and is not taken otherwise."""
    module = sys.modules["graphad.passes.directions"]
    monkeypatch.setattr(module, "condition_of", lambda indices: 1e6)
    x = np.array([0.3, 0.5, 0.8, 0.2], np.float32)
    third = ga.trace(lambda x: np.prod(x), x).diff(order=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan = third.plan()
    assert plan.strategy != "directions"
    assert any(item.condition == 1e6 for item in plan.candidates)
    with pytest.warns(PrecisionWarning, match=r"condition number .*, more than half of the"):
        assert third.plan(mode="directions").winner.condition == 1e6


def test_pattern() -> None:
    """The pattern of a derivative is where it is not structurally zero."""
    x = np.array([0.3, 0.5, 0.8])
    second = ga.trace(lambda x: x[0] * np.sin(x[1]) + x[2], x).diff(order=2)
    assert [axis.tolist() for axis in second.pattern()] == [[0, 1, 1], [1, 0, 1]]
    (row,) = ga.trace(lambda x, y: x**2 + y).diff().pattern()[1]
    assert row.tolist() == [0]


def test_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal a long search says what it is trying, and takes the line away."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    second = ga.trace(lambda x: np.sin(x[0] * x[1]), np.zeros(2)).diff(order=2)
    second.plan()
    assert stream.getvalue() == ""
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    second.plan()
    assert stream.getvalue().split("\r")[1].startswith("planning order 2: compose")
    assert stream.getvalue().endswith("\r")


def test_arrays_win_where_scalars_are_many() -> None:
    """A sum over data stays at array grain, which takes few calls, and the reason says so."""
    data = np.linspace(-1, 3, 3000)
    graph = ga.trace(lambda m, s: np.sum(0.5 * ((data - m) * np.exp(-s)) ** 2 + s))
    plan = graph.diff(order=2).plan(layout="packed")
    assert plan.strategy == "nested"
    expected = graph.diff(order=2)(1.1, 0.3)
    found = plan(1.1, 0.3)
    np.testing.assert_allclose(found, [expected[0][0], expected[0][1], expected[1][1]], rtol=1e-12)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("diagonal", "the diagonal is that of a derivative by the same inputs each time"),
        (5, 'entries are a list of indices or "diagonal", and not 5'),
    ],
)
def test_entries_that_do_not_fit(entries: Any, message: str) -> None:
    """A diagonal of mixed inputs, and what is no list, are refused."""
    mixed = ga.trace(lambda a, b: np.sum(a * a) * b, np.zeros(2), 0.0).diff("a").diff("b")
    with pytest.raises(DerivativeError, match=message):
        mixed.plan(entries=entries)


def test_orders_that_would_take_for_ever() -> None:
    """A very high order is refused at once, with what gives it."""
    with pytest.raises(DerivativeError, match=r"would take very long; \.taylor\(1000000\) gives"):
        ga.trace(lambda t: np.exp(t)).diff(order=10**6)
