"""Style sheets of drawings."""

from __future__ import annotations

from graphad.viz.style import order_suffix, style_sheet


def test_each_order_has_a_fill_for_light_and_dark() -> None:
    """Orders that occur have rules, others have none."""
    sheet = style_sheet((0, 2))
    assert sheet.count(".graphad .d0{") == sheet.count(".graphad .d2{") == 2
    assert ".graphad .d1{" not in sheet


def test_sheet_holds_nothing_that_xml_forbids() -> None:
    """The sheet stands in an element as it is."""
    assert not set("<&") & set(style_sheet((0, 1, 2)))


def test_suffix_depends_on_the_highest_order_if_colours_do() -> None:
    """Drawings in one page whose colours differ have different classes."""
    assert order_suffix(3, 4) == order_suffix(3, 5) == "3"
    assert order_suffix(3, 9) == "3-9"


def test_no_variables_are_used() -> None:
    """SVG readers that know no CSS variables can read the sheet."""
    assert "var(" not in style_sheet((0, 1))
