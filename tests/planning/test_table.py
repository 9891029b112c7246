"""The table that a plan explains itself with."""

from __future__ import annotations

import re

import numpy as np
import pytest

import graphad as ga
from graphad.errors import DerivativeError


@pytest.fixture
def plan() -> ga.planning.Plan:
    """Return the plan of a third derivative."""
    x = np.array([0.7, -0.4, 0.9])
    return ga.trace(lambda x: np.sin(x[0] * x[1]) * x[2], x, name="f").diff(order=3).plan()


def test_columns(plan: ga.planning.Plan) -> None:
    """Each candidate has a row of counts; the winner is marked, and the reason stands below."""
    title, head, *rows, reason, legend, evaluation = plan.explain().splitlines()
    assert title == "order 3 of f: 3 variables, 1 output element, layout dense"
    assert head.split() == [
        *("strategy", "grain", "nodes", "operations", "add", "mul", "div", "other"),
        *("depth", "live", "rays", "cond", "derive"),
    ]
    marked = [row for row in rows if row.startswith("*")]
    assert len(marked) == 1
    assert marked[0].split()[1] == plan.strategy
    assert {row.lstrip("* ").split()[0] for row in rows} >= {"compose", "forward", "nested"}
    assert reason == plan.reason
    assert legend.startswith("(live: values held at once; rays, cond: ")
    assert evaluation.startswith("evaluation: scalar machine code: ")
    assert str(plan) == plan.explain()


def test_counts_add_up(plan: ga.planning.Plan) -> None:
    """Operations by kind add up to the total of the row, which is that of the graph."""
    row = next(line for line in plan.explain().splitlines() if line.startswith("*"))
    numbers = [int(word.replace(",", "")) for word in row.split()[3:9]]
    assert numbers[1] == sum(numbers[2:6]) == plan.cost().total


def test_directions_show_their_condition(plan: ga.planning.Plan) -> None:
    """Rays and the condition number stand in the row of the directions."""
    row = next(line for line in plan.explain().splitlines() if " directions " in line)
    candidate = next(item for item in plan.candidates if item.name == "directions")
    assert str(candidate.rays) in row.split()
    assert f"{candidate.condition:.3g}" in row.split()


def test_analyze_adds_a_time(plan: ga.planning.Plan) -> None:
    """With analyze, each candidate that was built is run, and its time is the last column."""
    _, head, *rows, _, _, _ = plan.explain(analyze=True, at=np.ones(3)).splitlines()
    assert head.split()[-1] == "call"
    built = [item for item in plan.candidates if item.cost is not None]
    timed = [row for row in rows if row.split()[-1] in {"µs", "ms", "s"}]
    assert len(timed) == len(built)
    assert plan.explain(analyze=True).splitlines()[1] == head


def test_at_needs_all_inputs(plan: ga.planning.Plan) -> None:
    """A point that has not one array for each input is refused."""
    with pytest.raises(DerivativeError, match="f has 1 inputs, and at= gives 2"):
        plan.explain(analyze=True, at=(1.0, 2.0))


def test_skipped_ways_say_why() -> None:
    """A strategy that is not tried has its reason in its row."""
    x = np.linspace(0.1, 1.0, 12)
    plan = ga.trace(lambda x: np.sum(np.exp(x)) ** 3, x).diff(order=4).plan(layout="packed")
    rows = [line for line in plan.explain().splitlines() if "not tried: about" in line]
    assert rows
    assert all("another way takes" in row or "nodes, more than" in row for row in rows)


def test_elimination_shows_its_order() -> None:
    """The order of an elimination is kept, and shown."""
    x = np.array([0.7, -0.4])
    graph = ga.trace(lambda x: np.stack([x[0] * x[1], np.sin(x[0] * x[1])]), x)
    plan = graph.diff().plan(mode="elimination")
    assert plan.explain().splitlines()[-3].startswith("elimination: search ")
    assert "search" in graph.diff(mode="elimination").explain()


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        (np.zeros(3), "scalar machine code: 9 operations are written out one by one"),
        (np.zeros(3, np.float32), "interpreted: .*machine code is made for double precision only"),
        (np.zeros((100, 100)), "array machine code: .* operations are too many to write out"),
    ],
)
def test_evaluation(point: np.ndarray, expected: str) -> None:
    """The last line says what would be compiled, and why."""
    plan = ga.trace(lambda x: np.sum(np.exp(x) * x), point).diff().plan()
    assert re.match(f"evaluation: {expected}", plan.explain().splitlines()[-1])
