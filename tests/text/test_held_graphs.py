"""Graphs within graphs as text: read back as they were, with errors where they are."""

from __future__ import annotations

import re

import numpy as np
import pytest

import graphad as ga
from graphad.text import Limits, dump, parse

TEXT = """graphad 1
graph powers(%x: f64[]) -> f64[3] {
  %2: f64[4] = scan %x 1.0 carries=1 slices=0 length=3 reverse=false history=false \
body=graph step(%x: f64[], %c: f64[]) -> (f64[], f64[]) {
    %2: f64[] = multiply %c %x
    return (%2, %c)
  }
  %3: f64[3] = slice %2 [1:4]
  return %3
}"""


def test_held_graphs_are_read_back() -> None:
    """Text is written as it was read, and the graph does what it says."""
    graph = ga.parse(TEXT)
    assert str(graph) == TEXT
    assert graph(2.0).tolist() == [1.0, 2.0, 4.0]
    assert graph.diff()(2.0).tolist() == [0.0, 1.0, 4.0]


def test_origins_are_lines() -> None:
    """Nodes come from their lines, those in a held graph and those after it."""
    graph = parse(TEXT, file="p.ir")
    scan = graph.nodes[2]
    body = scan.attr("body")
    assert graph.origin(scan).line == 3
    assert body.origin(body.nodes[-1]).line == 4
    assert graph.origin(graph.nodes[3]).line == 7


def test_origins_are_comments() -> None:
    """A comment on where a node came from stands behind the graph that it holds."""
    graph = ga.trace(lambda x: ga.scan(lambda c, _: (np.sin(c), None), x, length=2)[0])
    text = dump(graph, origins=True)
    assert re.search(r"\n  \}  // .*test_held_graphs.py:\d+ trace order 0\n  return", text)
    assert parse(text) == graph


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("multiply %c %x", "multiply %c %z", r":4:29: %z is not defined"),
        ("multiply %c %x", "multiply %c %9", r":4:29: %9 is not defined"),
        ("return (%2, %c)", "return %2", r":5:5: the results are f64\[\], the head"),
        ("carries=1", "carries=3", r":3:16: scan of 3 carried values and 0 slices does not fit"),
        ("length=3", "length=4", r":3:7: this scan gives f64\[5\], not f64\[4\]"),
        ("body=graph step", "body=step", r"expected a value such as"),
        ("body=graph", "length=graph", "scan is given length twice"),
        ("length=3", "length=true", "length of scan: expected an integer, found true"),
        ("slice %2 [1:4]", "slice %2 spans=3", "expected a span|spans of slice"),
    ],
)
def test_errors_say_where(old: str, new: str, message: str) -> None:
    """What is wrong in or around a held graph is said with line and column."""
    with pytest.raises(ga.ParseError, match=message):
        parse(TEXT.replace(old, new))


def test_limits_hold_inside() -> None:
    """Nodes of held graphs count, and so does their depth."""
    with pytest.raises(ga.ParseError, match="more than 4 nodes"):
        parse(TEXT, limits=Limits(nodes=4))
    assert len(parse(TEXT, limits=Limits(nodes=7)).nodes) == 4
    with pytest.raises(ga.ParseError, match="graphs nest deeper than 0"):
        parse(TEXT.replace("(f64[], f64[])", "f64[]"), limits=Limits(nesting=0))
