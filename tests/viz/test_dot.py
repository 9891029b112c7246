"""DOT text of drawings."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings, strategies as st

from graphad.ir import Graph
from graphad.viz import dot
from graphad.viz.dot import quote
from tests.strategies import graphs
from tests.viz.samples import chain, empty, fan, hostile_names, leaves_only, rosenbrock

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def unquoted(text: str) -> str:
    """Read a quoted DOT string as Graphviz does, line breaks as escapes of labels."""
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', text, re.DOTALL)
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), text[1:-1])


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc",))))
def test_quoted_text_is_read_back(text: str) -> None:
    """Quotes and backslashes are escaped, so that text cannot leave its string."""
    allowed = text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    assert unquoted(quote(text)) == allowed


def test_line_breaks_are_escapes() -> None:
    """A line break becomes an escape, so that each statement stays on one line."""
    assert quote("a\r\nb") == '"a\\nb"'


def test_nodes_edges_and_leaves() -> None:
    """Each op is a node, each leaf a node at its use, each operand an edge in its order."""
    lines = dot(rosenbrock()).splitlines()
    assert lines[0] == 'digraph "rosen" {'
    nodes = [line for line in lines if re.match(r"  n\d+ \[", line)]
    leaves = [line for line in lines if re.match(r"  n\d+_\d+ \[", line)]
    edges = [line for line in lines if " -> " in line and re.match(r"  n\d", line)]
    assert len(nodes) == 11
    assert len(leaves) == 4
    assert len(edges) == 15
    assert any('label="x f64[3]"' in leaf for leaf in leaves)
    assert any('label="Σ\\naxis 0\\n%12 f64[]"' in node and "penwidth" in node for node in nodes)


def test_operands_that_do_not_commute_are_told_apart() -> None:
    """The second operand of a difference has a label, and its node keeps the order of edges."""
    text = dot(rosenbrock())
    assert text.count('headlabel="−"') == 2
    assert text.count("ordering=in") == 2


def test_large_graphs_are_collapsed_and_say_so() -> None:
    """Above the limit the heading says that nodes are collapsed."""
    text = dot(chain(300), limit=100)
    assert "Collapsed: more than 100 boxes." in text
    assert "rank=same" in text
    assert "Collapsed" not in dot(chain(300))


@needs_dot
@pytest.mark.parametrize(
    "graph",
    [rosenbrock(), fan(40), leaves_only(), empty(), hostile_names()],
    ids=lambda graph: re.sub(r"\W", "", graph.name),
)
@pytest.mark.parametrize("limit", [None, 0])
def test_graphviz_reads_it(graph: Graph, limit: int | None) -> None:
    """Graphviz takes the text without a complaint."""
    command = ["dot", "-Tsvg"]
    done = subprocess.run(
        command, input=dot(graph, limit=limit), capture_output=True, encoding="utf-8", check=True
    )
    assert done.stderr == ""


@given(graphs(names=st.text(min_size=1, max_size=8)))
@settings(max_examples=30)
def test_each_statement_stays_on_its_line(graph: Graph) -> None:
    """Whatever names are, quotes are balanced on every line."""
    for line in dot(graph).splitlines():
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
        assert '"' not in outside
