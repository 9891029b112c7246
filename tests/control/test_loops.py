"""What nothing reads of a scan is dropped, and a scan is computed once."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphad as ga
from graphad.control import loops
from graphad.control.scan_form import Scan
from tests.control.closeness import deviation

POINT = np.array([0.3, 0.7, -0.2])


def scans(graph: ga.Graph) -> list[Scan]:
    """Return the attributes of the scans of a graph."""
    return [Scan(*node.attrs) for node in graph.nodes if node.op.name == "scan"]


def several(x: Any) -> Any:
    """Return one of the results of a scan that carries three values and gives two."""

    def body(carry: Any, v: Any) -> Any:
        a, b, c = carry
        return (np.sin(a) * v, b + a, c * v), (a * b, c)

    (a, _, _), (_, c) = ga.scan(body, (0.1, 0.2, 0.3), x)
    return a + c[1]


def test_what_is_not_read_is_dropped() -> None:
    """Results that nothing reads go, and what is carried for them alone."""
    graph = ga.trace(several, POINT)
    less = loops(graph)
    (before,), (after,) = scans(graph), scans(less)
    assert (before.carries, len(before.body.outputs)) == (3, 5)
    assert (after.carries, len(after.body.outputs)) == (2, 3)
    assert deviation(less(POINT), graph(POINT)) == 0.0
    assert deviation(less.diff()(POINT), graph.diff()(POINT)) < 1e-15


def test_nothing_is_dropped_twice() -> None:
    """A second run finds nothing, and a graph without a scan is left alone."""
    less = loops(ga.trace(several, POINT))
    assert loops(less) is less
    plain = ga.trace(np.sin)
    assert loops(plain) is plain


def test_one_scan_gives_values_and_history() -> None:
    """The scan whose history a derivative reads gives the values too."""
    graph = ga.trace(lambda x: ga.scan(lambda c, v: (np.sin(c * v), c), 0.4, x), POINT)
    both = graph.value_and_diff()
    assert [form.history for form in scans(both)].count(True) == 1
    assert len(scans(both)) == 2
    value, _ = both(POINT)
    assert deviation(value, graph(POINT)) == 0.0
