"""SVG text of drawings."""

from __future__ import annotations

import re
import warnings
import xml.etree.ElementTree as ET
from collections import Counter

import graphviz
import pytest
from hypothesis import given, settings, strategies as st

from graphad.builder import Builder
from graphad.errors import RenderError
from graphad.ir import Graph
from graphad.op import OPS
from graphad.types import FLOAT64
from graphad.viz import svg
from graphad.viz.picture import is_leaf
from tests.strategies import graphs
from tests.viz.samples import (
    chain,
    empty,
    fan,
    hostile_names,
    leaves_only,
    orders,
    rosenbrock,
)

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ET.Element:
    """Return the root element of an SVG document."""
    return ET.fromstring(text)


def classes(root: ET.Element) -> Counter[str]:
    """Return how often each class occurs."""
    return Counter(name for element in root.iter() for name in (element.get("class") or "").split())


def all_text(root: ET.Element) -> list[str]:
    """Return the lines of text that are drawn."""
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def titles(root: ET.Element) -> list[str]:
    """Return what hovering shows."""
    return [element.text or "" for element in root.iter(f"{SVG}title")]


@given(graphs())
@settings(max_examples=50)
def test_every_graph_is_drawn(graph: Graph) -> None:
    """Well-formed XML with a box for each op and output, and an arrow or a name for each use."""
    root = parsed(svg(graph))
    found = classes(root)
    assert root.tag == f"{SVG}svg"
    assert found["op"] == sum(not is_leaf(node) for node in graph.nodes)
    assert found["output"] == len(graph.outputs)
    uses = sum(len(node.inputs) for node in graph.nodes) + len(graph.outputs)
    named = sum(
        title.startswith(("input ", "constant ", "the value of ")) for title in titles(root)
    )
    unused = sum(title.endswith("not used") for title in titles(root))
    assert found["arrow"] + named - unused == uses


@given(graphs(names=st.text(min_size=1, max_size=8)))
@settings(max_examples=50)
def test_any_names_are_escaped(graph: Graph) -> None:
    """Whatever graph and inputs are called, the text is well-formed."""
    for limit in (None, 0):
        assert parsed(svg(graph, limit=limit)).tag == f"{SVG}svg"


def test_hostile_names_are_shown() -> None:
    """Names with markup are shown as they are; characters that XML forbids become a mark."""
    root = parsed(svg(hostile_names()))
    shown = all_text(root)
    assert 'f<"&\\' in shown
    assert any('a<b & "c"' in line for line in shown)
    assert any("���größe" in line for line in shown)


def test_every_coordinate_is_a_number() -> None:
    """No number in the drawing is infinite or undefined, and all boxes lie inside."""
    for graph in (rosenbrock(), fan(40), leaves_only(), empty()):
        root = parsed(svg(graph))
        width, height = float(root.get("width", "")), float(root.get("height", ""))
        assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
        for element in root.iter(f"{SVG}rect"):
            assert 0 < float(element.get("width", "")) <= width
            assert 0 < float(element.get("height", "")) <= height


def test_nodes_are_coloured_by_derivative_order() -> None:
    """Each order has a class of its own, a colour in light and dark, and a place in the legend."""
    text = svg(orders(4))
    found = classes(parsed(text))
    for order in range(5):
        assert found[f"d{order}"] == 2  # the box, and the swatch of the legend
        assert len(re.findall(rf"\.graphad \.d{order}{{fill:#", text)) == 2
    fills = re.findall(r"\.graphad \.d\d{fill:(#\w+)", text)
    assert len(set(fills)) == 10


def test_very_high_orders_have_their_own_classes() -> None:
    """Where more orders share the colours, their classes differ from those of other drawings."""
    found = classes(parsed(svg(orders(12))))
    assert found["d12-12"] == 2
    assert found["d12"] == 0


def test_legend_names_what_is_there() -> None:
    """The legend explains what occurs in the drawing, and nothing else."""
    lines = all_text(parsed(svg(rosenbrock())))
    for word in ("derivative order", "0", "input", "constant", "output"):
        assert word in lines
    assert "value drawn elsewhere" not in lines
    assert "value drawn elsewhere" in all_text(parsed(svg(fan(40))))


def test_boxes_show_type_and_label() -> None:
    """Boxes show the short label, attributes, name and type."""
    lines = all_text(parsed(svg(rosenbrock())))
    for line in ("rosen", "(x: f64[3]) → f64[]", "[1:3]", "x²", "×", "Σ", "axis 0", "%12 f64[]"):
        assert line in lines


def test_hovering_shows_ir_and_origin() -> None:
    """The title of a box holds the IR line, the user's line, the pass and the order."""
    title = next(title for title in titles(parsed(svg(rosenbrock()))) if title.startswith("%4:"))
    assert title.splitlines() == [
        "%4: f64[2] = subtract %1 %3",
        "subtract: x - y",
        "rosen.py:7, made by trace, derivative order 0",
    ]


def test_operands_that_do_not_commute_are_told_apart() -> None:
    """The second operand of a difference is marked; those of a sum are not."""
    root = parsed(svg(rosenbrock()))
    ports = ["".join(e.itertext()) for e in root.iter(f"{SVG}text") if e.get("class") == "port"]
    assert ports == ["−", "−"]


def test_order_of_operands_is_kept() -> None:
    """The operands of a quotient stand from left to right."""
    b = Builder()
    x, y = b.input("numerator", FLOAT64), b.input("denominator", FLOAT64)
    lines = all_text(parsed(svg(b.finish("f", [x / y]))))
    assert lines.index("numerator") < lines.index("denominator")


def test_result_is_marked() -> None:
    """The op that gives an output has a strong border."""
    assert classes(parsed(svg(rosenbrock())))["result"] == 1


def test_dark_surroundings_have_colours_of_their_own() -> None:
    """The style sheet has rules for dark surroundings, all below the class of the drawing."""
    text = svg(rosenbrock())
    style = text[text.index("<style>") + 7 : text.index("</style>")]
    light, _, dark = style.partition("@media (prefers-color-scheme: dark) {")
    assert ".page{fill:#ffffff}" in light
    assert ".page{fill:#14191f}" in dark
    rules = re.findall(r"^\s*([^@}\n]+){", style, re.MULTILINE)
    for rule in rules:
        assert all(part.strip().startswith(".graphad") for part in rule.split(","))


def test_references_lead_to_their_boxes() -> None:
    """The name of a value is a link to its box."""
    root = parsed(svg(fan(40)))
    ids = {element.get("id") for element in root.iter()}
    links = [element.get("href", "") for element in root.iter(f"{SVG}a")]
    assert len(links) == 40
    assert all(link.removeprefix("#") in ids for link in links)


def test_collapsed_drawing_says_so() -> None:
    """Above the limit the drawing is collapsed, and its text says that and how to avoid it."""
    root = parsed(svg(chain(200), limit=100))
    lines = " ".join(all_text(root))
    assert "Collapsed: more than 100 boxes." in lines
    assert "limit=None draws every node" in lines
    assert classes(root)["op"] == 0
    assert "Collapsed" not in svg(chain(200))


def test_drawing_is_deterministic() -> None:
    """The same graph gives the same text."""
    assert svg(fan(30)) == svg(fan(30))


def test_wide_drawings_are_not_shrunk() -> None:
    """Small drawings fit into their page; wide ones keep their size, so that text is readable."""
    assert 'class="graphad fit"' in svg(rosenbrock())
    b = Builder()
    x = b.input("x", FLOAT64)
    wide = b.finish("wide", [OPS["add"](*[OPS["sin"](x * float(i)) for i in range(2, 24)])])
    assert 'class="graphad fit"' not in svg(wide)


def test_unknown_engine_is_refused() -> None:
    """An engine that is not there is an error that names those that are."""
    with pytest.raises(RenderError, match='no layout engine "neato"; use "builtin" or "dot"'):
        svg(rosenbrock(), engine="neato")


def test_without_graphviz_the_built_in_layout_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Graphviz a warning says so, and the drawing is the built-in one."""
    monkeypatch.setattr(graphviz, "DOT_BINARY", "no-such-program")
    monkeypatch.setattr("graphad.viz.external.find_spec", lambda name: None)
    message = (
        "Graphviz did not lay out the graph rosen: neither the program dot nor pygraphviz is "
        "installed.*The built-in layout is used instead"
    )
    with pytest.warns(UserWarning, match=message):
        drawn = svg(rosenbrock(), engine="dot")
    assert drawn == svg(rosenbrock())


def test_built_in_layout_warns_of_nothing() -> None:
    """The built-in layout does not look for Graphviz."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg(rosenbrock())
