"""Loops and branches written out by other ops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.ir import verify
from graphad.passes import expand

POINT = np.array([0.3, 0.7, -0.2])


def looped(x: Any) -> Any:
    """Return a scan with a scan and a branch inside."""

    def body(c: Any, v: Any) -> Any:
        inner, _ = ga.scan(lambda s, u: (s * u + v, None), c, x, reverse=True)
        return ga.cond(v > 0, lambda: np.sin(inner), lambda: inner * v), np.array([c, inner])

    return ga.scan(body, 0.5, x)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_values_stay(order: int) -> None:
    """The graph written out has no op that holds a graph, and the same values."""
    graph = ga.trace(looped, POINT).diff(order=order)
    made = verify(expand(graph))
    assert all(node.op.interpret is None for node in made.nodes)
    for a, b in zip(made(POINT), graph(POINT), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-15)


def test_a_graph_of_other_ops_is_left_alone() -> None:
    """Where there is nothing to write out, the graph itself comes back."""
    graph = ga.trace(np.sin)
    assert expand(graph) is graph


def test_what_is_too_long_is_refused() -> None:
    """A loop of very many operations is not written out."""
    graph = ga.trace(lambda x: ga.scan(lambda c, _: (np.sin(c), None), x, length=10_000)[0])
    with pytest.raises(ga.PassError, match="a scan of 10,000 steps would be 20,000 operations"):
        expand(graph)
