"""Levels and places: one loop for what belongs together, and nothing copied that need not be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.llvm import array_plan
from graphad.llvm.array_plan import ArrayPlan
from graphad.llvm.array_values import Kind
from tests.llvm.array_machine import check

X = np.zeros(64)
WEIGHTS = np.random.default_rng(0).uniform(-1, 1, (64, 64))


def plan_of(function: Any, *examples: Any) -> ArrayPlan:
    """Return the plan of a function."""
    return ArrayPlan(ga.trace(function, *examples))


@pytest.mark.parametrize(
    ("function", "loops", "products", "calls"),
    [
        (lambda x: np.sin(x) * np.exp(x) + x[0], 1, 0, 0),
        (lambda x: np.sin(x) * np.sum(x), 2, 0, 0),
        (lambda x: np.tanh(np.tanh(x) @ WEIGHTS), 2, 1, 0),
        (lambda x: np.concatenate([np.sin(x), np.cos(x)]), 1, 0, 0),
        (lambda x: np.sin(np.cumsum(np.sin(x))), 2, 0, 1),
        (lambda x: x, 1, 0, 0),
    ],
)
def test_steps(function: Any, loops: int, products: int, calls: int) -> None:
    """Elementwise work is one loop, cut only by what needs whole arrays."""
    plan = plan_of(function, X)
    assert (len(plan.groups), len(plan.products), len(plan.calls)) == (loops, products, calls)


def test_parts_are_computed_where_they_belong() -> None:
    """Parts of joined arrays, and of arrays joined of those, are written into the output."""
    plan = plan_of(lambda x: np.concatenate([np.sin(x), np.concatenate([np.cos(x), x * 2])]), X)
    assert not plan.buffers
    written = [stored for stores in plan.stores.values() for stored in stores]
    assert {stored.buffer.kind for stored in written} == {Kind.OUTPUT}
    firsts = sorted(int(stored.places[0]) for stored in written if stored.places.size == 64)
    assert firsts == [0, 64, 128]


def test_products_are_written_to_outputs() -> None:
    """A product that is an output needs no memory of its own, its transpose does."""
    assert not plan_of(lambda x: x @ WEIGHTS, np.zeros((9, 64))).buffers
    assert len(plan_of(lambda x: (x @ WEIGHTS).T, np.zeros((9, 64))).buffers) == 1


def test_levels_rise() -> None:
    """A step reads only what steps of lower levels, or its own loop, have written."""
    plan = plan_of(lambda x: np.tanh(np.sin(x) @ WEIGHTS) * np.sum(np.sin(x)) + x, X)
    for node in plan.graph.nodes:
        for i, operand in enumerate(node.inputs):
            if not plan.roles[node.id].space or not plan.is_inline(node, i):
                assert plan.levels[operand.id] <= plan.levels[node.id]
    assert max(plan.levels) == 3


def test_the_same_output_twice() -> None:
    """A value that is two outputs is written to both."""
    plan = plan_of(lambda x: (np.sin(x), np.sin(x)), X)
    (stores,) = plan.stores.values()
    assert [stored.buffer.slot for stored in stores] == [0, 1]


def test_long_chains_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain of operations that is too long for one loop is several, and each is short."""
    monkeypatch.setattr(array_plan, "LONG", 10)

    def chain(x: Any) -> Any:
        y = x
        for _ in range(24):
            y = np.sin(y) + x
        return y

    plan = plan_of(chain, X)
    assert [len(group.nodes) for group in plan.groups] == [10, 10, 10, 10, 8]
    assert [group.level for group in plan.groups] == [1, 2, 3, 4, 5]
    check(plan.graph, count=2)
