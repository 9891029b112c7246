"""Graphs that ops hold are drawn inside the boxes of those ops."""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np

import graphad as ga
from graphad.viz import dot, svg
from tests.viz.test_dot import needs_dot


def looped(x: Any) -> Any:
    """Return the result of a scan with a branch inside, and of a loop with a condition."""

    def body(c: Any, v: Any) -> Any:
        return ga.cond(c > 0.5, lambda: np.sin(c) * v, lambda: c + v), c

    c, y = ga.scan(body, 0.3, x)
    return ga.while_loop(lambda z: z < 3.0, lambda z: z * 2.0 + 1.0, c) * np.sum(y)


GRAPH = ga.trace(looped, np.ones(3))


def test_bodies_are_drawn() -> None:
    """The drawing shows the graphs of both branches, of the test and of the bodies, by name."""
    text = svg(GRAPH)
    for title in ("body: body(c, v)", "then: f(", "otherwise: f(", "test: f(z)", "body: f(z)"):
        assert title in text
    assert "3 steps" in text


def test_drawings_are_deterministic() -> None:
    """The same function gives the same drawing."""
    again = ga.trace(looped, np.ones(3))
    assert svg(again) == svg(GRAPH)
    assert dot(again) == dot(GRAPH)


def test_derivatives_have_their_colours_inside() -> None:
    """A body of a derivative is of its order, and so is the legend."""
    first = ga.trace(lambda x: ga.scan(lambda c, v: (c * v, None), 1.0, x)[0], np.ones(3)).diff()
    assert 'class="box d1"' in svg(first)


def test_boxes_have_room_for_what_they_hold() -> None:
    """The drawing of a graph with a body is larger than that of its parts."""
    from graphad.viz.panels import panel_height, panel_width
    from graphad.viz.picture import full_picture

    for cell in full_picture(GRAPH).cells:
        for panel in cell.panels:
            assert cell.box_height > panel_height(panel)
            assert cell.width > panel_width(panel)


def test_a_large_body_is_not_drawn() -> None:
    """A body of very many nodes is named only."""

    def long(c: Any, _: None) -> Any:
        for _ in range(500):
            c = np.sin(c)
        return c, None

    text = svg(ga.trace(lambda x: ga.scan(long, x, length=2)[0]))
    assert "body: long" not in text
    assert "scan" in text


@needs_dot
def test_graphviz_reads_clusters() -> None:
    """DOT text has a cluster for each body, and Graphviz takes it without a complaint."""
    text = dot(GRAPH)
    assert text.count("subgraph cluster_") == 5
    done = subprocess.run(
        ["dot", "-Tsvg"], input=text, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stderr == ""
