"""Pictures of graphs that are too large to draw node by node."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings

from graphad.builder import Builder
from graphad.ir import Graph
from graphad.op import OPS
from graphad.types import FLOAT64
from graphad.viz.collapse import collapsed_picture, picture_of
from graphad.viz.picture import LIMIT, full_picture, is_leaf
from tests.strategies import graphs
from tests.viz.samples import chain, fan, leaves_only


def test_small_graphs_are_not_collapsed() -> None:
    """A graph at the limit is drawn in full, and above it collapsed."""
    graph = chain(9)
    assert picture_of(graph, 10) == full_picture(graph)
    assert picture_of(graph, 9) == collapsed_picture(graph, 9)
    assert picture_of(graph, None) == full_picture(graph)


def test_collapsed_picture_says_so() -> None:
    """A collapsed picture names the limit and how to draw every node."""
    picture = picture_of(chain(LIMIT))
    assert picture.notice.startswith("Collapsed: more than 1,500 boxes.")
    assert "limit=None draws every node" in picture.notice


@settings(max_examples=40)
@given(graphs())
def test_groups_hold_all_ops(graph: Graph) -> None:
    """The counts of the boxes add up to the number of ops."""
    picture = collapsed_picture(graph, 0)
    counted = sum(
        int(cell.detail.removeprefix("×").replace(",", ""))
        for cell in picture.cells
        if cell.kind == "group"
    )
    assert counted == sum(not is_leaf(node) for node in graph.nodes)


@settings(max_examples=40)
@given(graphs())
def test_arrows_lead_to_lower_bands(graph: Graph) -> None:
    """Arrows lead from a band to a lower one, and each cell has a row that has a name."""
    picture = collapsed_picture(graph, 0)
    assert len(picture.rows) == len(picture.cells)
    assert max(picture.rows) < len(picture.row_names)
    for arrow in picture.arrows:
        assert picture.rows[arrow.source] < picture.rows[arrow.target]
        assert arrow.source < arrow.target


def test_bands_cover_all_depths() -> None:
    """Bands follow each other without gaps from depth 1 to the deepest."""
    names = collapsed_picture(chain(900), 0).row_names[:-1]
    limits = [tuple(map(int, name.removeprefix("depth ").split(" to "))) for name in names]
    assert limits[0][0] == 1
    assert limits[-1][1] == 900
    for (_, last), (first, _) in pairwise(limits):
        assert first == last + 1


@pytest.mark.parametrize("depth", [1, 2, 17, 18, 19, 37])
def test_bands_name_the_depths_of_their_nodes(depth: int) -> None:
    """Each band holds as many nodes of a chain as its name says."""
    picture = collapsed_picture(chain(depth), 0)
    held = [0] * len(picture.row_names)
    for cell, row in zip(picture.cells, picture.rows, strict=True):
        if cell.kind == "group":
            held[row] += int(cell.detail.removeprefix("×"))
    for name, count in zip(picture.row_names[:-1], held, strict=False):
        first, _, last = name.removeprefix("depth ").partition(" to ")
        assert count == int(last or first) - int(first) + 1


def test_many_kinds_of_ops_are_summed_up() -> None:
    """A band shows its largest groups, and one box for all the others."""
    b = Builder()
    x = b.input("x", FLOAT64)
    names = ["sin", "cos", "tan", "exp", "log", "sinh", "cosh", "tanh", "sqrt", "cbrt"]
    picture = collapsed_picture(b.finish("f", [OPS[name](x) for name in names]), 0)
    groups = [cell for cell in picture.cells if cell.kind == "group"]
    assert len(groups) == 8
    assert sum(cell.head == "other ops" for cell in groups) == 1


def test_uses_of_leaves_are_counted() -> None:
    """A group tells how often it uses inputs."""
    picture = collapsed_picture(fan(30), 0)
    product = next(cell for cell in picture.cells if cell.head == "×")
    assert [(slot.text, slot.note) for slot in product.slots] == [("31 inputs", "×60")]


def test_outputs_that_are_leaves_are_counted() -> None:
    """A graph without ops collapses to its outputs."""
    picture = collapsed_picture(leaves_only(), 0)
    assert [cell.head for cell in picture.cells] == ["2 outputs"]
    assert [(slot.text, slot.note) for slot in picture.cells[0].slots] == [("leaves", "×2")]


def test_long_chain_is_collapsed() -> None:
    """A chain of 20,000 nodes collapses into a few boxes, without recursion."""
    picture = picture_of(chain(20_000))
    assert len(picture.cells) < 60
    assert "20,001 nodes" in picture.summary
