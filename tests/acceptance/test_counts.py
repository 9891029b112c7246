"""Operations of the unique entries of high orders, planned, beside what they may take at most."""

from __future__ import annotations

import numpy as np
import pytest

import graphad as ga
from benchmarks import workloads
from graphad.passes.entries import request
from tests.passes.functions import agree, differences

FUNCTIONS = {
    "product": (workloads.product, np.linspace(0.5, 1.7, 6)),
    "small_mlp": (workloads.small_mlp, np.linspace(-0.5, 0.7, 4)),
    "log_sum_exp": (workloads.log_sum_exp, np.linspace(-0.5, 0.7, 4)),
    "mix": (workloads.mix, np.array([0.3, 0.7, -0.2])),
    "lennard_jones": (workloads.lennard_jones, workloads.lennard_jones_point(4)),
    "rosenbrock": (workloads.rosenbrock, np.linspace(0.5, 1.7, 6)),
}
MOST = {
    ("product", 3): 27,
    ("product", 4): 15,
    ("small_mlp", 3): 250,
    ("small_mlp", 4): 400,
    ("log_sum_exp", 3): 80,
    ("log_sum_exp", 4): 160,
    ("mix", 3): 240,
    ("mix", 4): 600,
    ("lennard_jones", 3): 650,
    ("lennard_jones", 4): 1130,
    ("rosenbrock", 2): 31,
}
"""Operations at most, by function and order."""
SAMPLES = 12


@pytest.mark.parametrize(("name", "order"), MOST)
def test_operations_of_entries(name: str, order: int) -> None:
    """The plan of all unique entries takes no more operations than stated, and is right."""
    function, point = FUNCTIONS[name]
    graph = ga.trace(function, point)
    plan = graph.diff(order=order).plan(layout="packed")
    assert plan.cost().total <= MOST[name, order]
    entries = request(graph, order).entries
    found = plan(point)
    assert found.shape == (len(entries),)
    chosen = np.random.default_rng(1).permutation(len(entries))[:SAMPLES]
    wanted = differences(graph, [point], [entries[i] for i in chosen])
    agree(found[chosen], wanted)
