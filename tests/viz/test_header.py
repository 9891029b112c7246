"""The head of a drawing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

from graphad.viz.header import header, label
from graphad.viz.picture import full_picture
from tests.viz.samples import orders, rosenbrock


def texts(lines: list[str]) -> list[str]:
    """Return the lines of text in a piece of SVG."""
    root = ET.fromstring(f"<g>{''.join(lines)}</g>")
    return ["".join(element.itertext()) for element in root.iter("text")]


def test_short_signature_stands_beside_the_name() -> None:
    """Name, signature and counts come first."""
    lines, height = header(full_picture(rosenbrock()), 460)
    assert texts(lines)[:3] == ["rosen", "(x: f64[3]) → f64[]", "13 nodes, 10 ops"]
    assert height < 100


def test_long_signature_is_cut_and_shown_by_hovering() -> None:
    """A signature wider than the drawing has a line of its own, and is whole in its title."""
    whole = "(" + ", ".join(f"x{i}: f64[]" for i in range(40)) + ") → f64[]"
    lines, _ = header(replace(full_picture(rosenbrock()), signature=whole), 460)
    assert texts(lines)[1].endswith("…")
    assert any(f"<title>{whole}</title>" in line for line in lines)


def test_legend_goes_on_in_a_new_line() -> None:
    """Many orders take several lines, and the height grows with them."""
    _, low = header(full_picture(orders(3)), 460)
    lines, high = header(full_picture(orders(40)), 460)
    assert high > low
    assert [line for line in texts(lines) if line.isdecimal()] == [str(i) for i in range(41)]


def test_notice_is_wrapped() -> None:
    """A notice that is wider than the drawing takes several lines and loses no word."""
    notice = "This picture stands for very many nodes at once. " * 5
    lines, _ = header(replace(full_picture(rosenbrock()), notice=notice), 460)
    shown = [line for line in texts(lines) if set(line.split()) & {"picture", "nodes", "stands"}]
    assert " ".join(shown).split() == notice.split()
    assert len(shown) > 2


def test_label_is_ready_for_an_attribute() -> None:
    """What a screen reader says holds name, types and counts, escaped."""
    picture = replace(full_picture(rosenbrock()), name='a"<b')
    assert label(picture) == "graph a&quot;&lt;b(x: f64[3]) → f64[]: 13 nodes, 10 ops"
