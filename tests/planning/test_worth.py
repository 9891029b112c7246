"""What is followed at scalar grain: by counts of operations and nodes, before it is derived."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.cost import operations
from graphad.errors import DerivativeError
from graphad.passes.edge_pushing import edge_pushing
from graphad.planning import STRATEGIES
from graphad.planning.worth import MOST, SHARE, SMALL, WORK, Effort


def regression(rows: int, parameters: int) -> Any:
    """Return the likelihood of a logistic regression, of a matrix of data."""
    generator = np.random.default_rng(0)
    data = generator.standard_normal((rows, parameters))
    labels = generator.integers(0, 2, rows)

    def likelihood(b: Any) -> Any:
        return np.sum(np.logaddexp(0, data @ b) - labels * (data @ b))

    return ga.trace(likelihood, np.zeros(parameters))


def rotated(x: Any) -> Any:
    """Return points after many small nonlinear steps: long code of short vectors."""
    for _ in range(12):
        x = x + 0.1 * np.sin(np.roll(x, 1) * x) * np.exp(-np.roll(x, -1))
    return x


@pytest.mark.parametrize("layout", ["dense", "packed"])
@pytest.mark.parametrize("order", [1, 2])
def test_large_data_stays_an_array(
    order: int, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function of a large matrix is not taken apart: nothing is estimated, nothing derived."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("it was taken apart")

    monkeypatch.setattr("graphad.planning.planner.estimate", refuse)
    derivative = regression(1000, 20).diff(order=order)
    plan = derivative.plan(layout)
    assert plan.strategy == "nested"
    assert "all others  scalar  not tried: the function alone takes 45,999 op" in plan.explain()
    found = plan(np.ones(20))
    expected = derivative(np.ones(20))
    if layout == "packed" and order == 2:
        expected = expected[np.triu_indices(20)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_little_data_is_taken_apart() -> None:
    """The same function of few numbers is planned at scalar grain."""
    plan = regression(4, 2).diff(order=2).plan("packed")
    assert len([item for item in plan.candidates if item.cost is not None]) > 4


def test_a_large_sparse_hessian_needs_few_directions() -> None:
    """A dense Hessian of a long chain is read off two products, and scalars are not followed."""
    x = np.linspace(0.5, 1.5, 1500)
    graph = ga.trace(lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2), x)
    plan = graph.diff(order=2).plan()
    assert plan.strategy == "compressed"
    assert plan.winner.rays == 2
    assert {item.name for item in plan.candidates} == {"all others", "nested", "compressed"}
    found = plan(x)
    np.testing.assert_allclose(np.diag(found, 1), -400 * x[:-1], rtol=1e-13)
    assert np.count_nonzero(np.triu(found, 2)) == 0


def test_zeros_are_not_looked_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many entries, those that are no zeros are found only where scalars are followed."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("zeros were looked for")

    x = np.linspace(0.1, 0.9, 220)
    graph = ga.trace(lambda x: np.exp(np.sum(np.sin(x)) * x[0]), x)
    monkeypatch.setattr("graphad.planning.planner.pattern", refuse)
    plan = graph.diff(order=2).plan()
    assert plan.winner.grain == "array"
    np.testing.assert_allclose(plan(x), graph.diff(order=2)(x), rtol=1e-12)


def test_what_has_no_machine_code_stays_an_array() -> None:
    """Thousands of scalars that NumPy would evaluate one by one are not followed."""
    u = np.linspace(0.1, 3.0, 200)
    graph = ga.trace(lambda p: np.sum(np.real(np.exp(1j * u * p[0] - p[1] * u**2))), np.ones(2))
    plan = graph.diff(order=2).plan()
    assert plan.strategy == "nested"
    assert "none has machine code" in plan.explain()


def test_ways_make_a_bounded_number_of_nodes() -> None:
    """What all ways make together is bounded, and those that are left out say so."""
    x = np.linspace(0.3, 0.9, 6)
    plan = ga.trace(rotated, x).diff(order=2).plan("packed")
    notes = {item.name: item.note for item in plan.candidates}
    assert "other ways made enough" in " ".join(notes.values())
    assert sum(item.raw > 0 for item in plan.candidates) < 3


def test_what_is_spent() -> None:
    """Nodes that were made are taken off what all ways may make; costly arrays allow for more."""
    graph = ga.trace(rotated, np.ones(6))
    compose = STRATEGIES["compose"]
    effort = Effort(graph, 6, 10**6)
    assert effort.left == WORK
    assert effort.against(compose, SMALL * 3, [10**6]) == ""
    effort.spend(WORK)
    assert effort.against(compose, SMALL * 3, []) == ""
    assert effort.against(compose, SMALL * 3, [10**6]) == (
        "not tried: about 6,000 nodes, and other ways made enough"
    )
    assert Effort(graph, 6, 2 * 10**6).left == 2 * 10**6 / SHARE
    assert Effort(graph, 6, 10**9).left == MOST


def test_sweeps_back_are_one_for_each_row() -> None:
    """Of large functions with several outputs, ways that sweep back are expected to cost more."""
    graph = ga.trace(rotated, np.ones(6))
    effort = Effort(graph, 6, None)
    reverse = STRATEGIES["reverse-forward"]
    assert effort.expected(reverse, SMALL + 1) == 6 * reverse.growth * (SMALL + 1)
    assert effort.expected(reverse, SMALL) == reverse.growth * SMALL
    names = [one.name for one in effort.in_order(list(STRATEGIES.values()), SMALL + 1)]
    assert names[-1] == "edge-pushing"
    assert names.index("compose") == 0
    assert effort.against_function() == effort.against_scalars(1e9) == ""


def test_plans_do_not_depend_on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes, the same is tried and the same graph is found."""
    x = np.array([0.7, -0.4, 0.9])
    derivative = ga.trace(lambda x: np.tanh(x[0] * x[1]) / (1 + x[2] ** 2), x).diff(order=2)
    first = derivative.plan("packed")
    ticks = iter(range(0, 10**9, 1000))
    monkeypatch.setattr("time.perf_counter", lambda: float(next(ticks)))
    second = derivative.plan("packed")
    assert str(first.graph) == str(second.graph)
    assert [item.note for item in first.candidates] == [item.note for item in second.candidates]


def test_edge_pushing_is_broken_off() -> None:
    """Edge pushing refuses to make more nodes than it may."""
    graph = ga.trace(rotated, np.ones(6))
    with pytest.raises(DerivativeError, match="edge pushing makes more than 2,000 nodes"):
        edge_pushing(graph, 2, limit=2_000)
    assert len(edge_pushing(graph, 1, limit=1e6)) > operations(graph)
