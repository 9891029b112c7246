"""Pieces of SVG text."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given, strategies as st

from graphad.viz.markup import clean, rect, short, text, title


@given(st.text())
def test_clean_text_survives_a_parser(content: str) -> None:
    """Any text can stand in an element and in an attribute; what XML allows is kept."""
    element = ET.fromstring(f'<a b="{clean(content)}">{clean(content)}</a>')
    kept = (element.text or "").replace("\n", " ").replace("\t", " ")
    assert (element.get("b") or "").replace("\n", " ").replace("\t", " ") == kept
    if content.isascii() and content.isprintable():
        assert (element.text or "") == content


@given(st.floats(-1e6, 1e6))
def test_numbers_are_short_and_near(value: float) -> None:
    """Coordinates are within a twentieth, and never in exponent form."""
    written = short(value)
    assert abs(float(written) - value) <= 0.0501
    assert "e" not in written
    assert written != "-0"


def test_elements() -> None:
    """Elements carry class, place and escaped content."""
    assert rect("box", 1, 2.5, 3, 4, 7) == (
        '<rect class="box" x="1" y="2.5" width="3" height="4" rx="7"/>'
    )
    assert rect("page", 0, 0, 3, 4) == '<rect class="page" x="0" y="0" width="3" height="4"/>'
    assert text("head", 1, 2, "<&>") == '<text class="head" x="1" y="2">&lt;&amp;&gt;</text>'
    assert title("a\nb") == "<title>a\nb</title>"
