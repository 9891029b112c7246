"""The order of nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphad as ga
from graphad.ir import verify
from graphad.passes import schedule

LENGTH = 300


def chain(x: Any) -> Any:
    """Apply sine again and again."""
    for _ in range(LENGTH):
        x = np.sin(x)
    return x


def test_a_chain_holds_few_values() -> None:
    """Each factor of the chain rule is multiplied as soon as it is there."""
    graph = ga.trace(chain)
    raw = graph.diff(mode="forward", optimize=False)
    assert raw.cost().peak_live > LENGTH
    ordered = verify(schedule(raw))
    assert ordered.cost().peak_live < 6
    assert graph.diff(mode="forward").cost().peak_live < 6
    assert ordered(0.5) == raw(0.5)


def test_nodes_are_the_same() -> None:
    """Only the order differs: the same operations, inputs, outputs and symmetry."""
    hessian = ga.trace(lambda x, y: np.sum(np.sin(x) * y) ** 3, np.zeros(3)).diff(order=2)
    raw = hessian.diff(optimize=False)
    ordered = schedule(raw)
    assert sorted(node.op.name for node in ordered.nodes) == sorted(
        node.op.name for node in raw.nodes
    )
    assert (ordered.input_names, ordered.tree, ordered.symmetry) == (
        raw.input_names,
        raw.tree,
        raw.symmetry,
    )


def test_a_good_order_is_kept() -> None:
    """A graph whose order is as good comes back as it is."""
    graph = ga.trace(chain)
    assert schedule(graph) is graph
