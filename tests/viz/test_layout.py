"""The layered layout."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings, strategies as st

from graphad.viz.layout import Layout, Link, lay_out


@st.composite
def boxes_and_links(
    draw: st.DrawFn,
) -> tuple[list[float], list[float], list[Link], list[bool]]:
    """Sizes of boxes, links that lead from a box to a later one, and which boxes are free."""
    count = draw(st.integers(1, 24))
    size = st.integers(10, 150).map(float)
    widths = draw(st.lists(size, min_size=count, max_size=count))
    heights = draw(st.lists(size, min_size=count, max_size=count))
    links = []
    for _ in range(draw(st.integers(0, 2 * count)) if count > 1 else 0):
        target = draw(st.integers(1, count - 1))
        source = draw(st.integers(0, target - 1))
        half = widths[target] / 2
        links.append(Link(source, target, draw(st.sampled_from((-half, -3.0, 0.0, half / 2)))))
    free = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return widths, heights, links, free


def overlapping(layout: Layout, widths: Sequence[float], heights: Sequence[float]) -> list[object]:
    """Return pairs of boxes that have an area in common."""
    found: list[object] = []
    for a in range(len(widths)):
        for b in range(a):
            across = layout.left[a] < layout.left[b] + widths[b] - 1e-6
            across = across and layout.left[b] < layout.left[a] + widths[a] - 1e-6
            along = layout.top[a] < layout.top[b] + heights[b] - 1e-6
            along = along and layout.top[b] < layout.top[a] + heights[a] - 1e-6
            if across and along:
                found.append((b, a))
    return found


@settings(max_examples=40)
@given(boxes_and_links())
def test_boxes_do_not_overlap(
    drawn: tuple[list[float], list[float], list[Link], list[bool]],
) -> None:
    """No two boxes have an area in common, and all lie within the size that is given."""
    widths, heights, links, free = drawn
    layout = lay_out(widths, heights, links, free=free)
    assert overlapping(layout, widths, heights) == []
    assert min(layout.left) >= -1e-6
    assert min(layout.top) >= -1e-6
    assert max(x + w for x, w in zip(layout.left, widths, strict=True)) <= layout.width + 1e-6
    assert max(y + h for y, h in zip(layout.top, heights, strict=True)) <= layout.height + 1e-6


@settings(max_examples=40)
@given(boxes_and_links())
def test_links_lead_downwards(
    drawn: tuple[list[float], list[float], list[Link], list[bool]],
) -> None:
    """Every route runs from the bottom of its source to the top of its target, never upwards."""
    widths, heights, links, free = drawn
    layout = lay_out(widths, heights, links, free=free)
    for link, route in zip(links, layout.routes, strict=True):
        assert len(route) % 3 == 1
        heights_passed = [y for _, y in route]
        assert heights_passed == sorted(heights_passed)
        assert route[0] == pytest.approx(
            (
                layout.left[link.source] + widths[link.source] / 2,
                layout.top[link.source] + heights[link.source],
            )
        )
        assert route[-1][1] == pytest.approx(layout.top[link.target])
        assert route[0][1] < route[-1][1]


@settings(max_examples=40)
@given(boxes_and_links())
def test_routes_pass_no_box(drawn: tuple[list[float], list[float], list[Link], list[bool]]) -> None:
    """Where a route runs beside boxes of a row, it runs upright between them."""
    widths, heights, links, free = drawn
    layout = lay_out(widths, heights, links, free=free)
    for link, route in zip(links, layout.routes, strict=True):
        for start in range(0, len(route) - 1, 3):
            (x, high), (other_x, low) = route[start], route[start + 3]
            for box in range(len(widths)):
                if box in (link.source, link.target):
                    continue
                top, bottom = layout.top[box], layout.top[box] + heights[box]
                beside = high < bottom - 1e-6 and low > top + 1e-6
                left, right = layout.left[box], layout.left[box] + widths[box]
                in_reach = min(x, other_x) < right - 1e-6 and max(x, other_x) > left + 1e-6
                assert not (beside and in_reach)


@settings(max_examples=40)
@given(boxes_and_links())
def test_links_enter_where_asked(
    drawn: tuple[list[float], list[float], list[Link], list[bool]],
) -> None:
    """Links enter at their offsets; those of a free box may trade theirs among each other."""
    widths, heights, links, free = drawn
    layout = lay_out(widths, heights, links, free=free)
    for box in range(len(widths)):
        own = [i for i, link in enumerate(links) if link.target == box]
        middle = layout.left[box] + widths[box] / 2
        entered = [layout.routes[i][-1][0] - middle for i in own]
        asked = [links[i].offset for i in own]
        if free[box]:
            entered.sort()
            asked.sort()
        assert entered == pytest.approx(asked, abs=1e-6)


@settings(max_examples=40)
@given(boxes_and_links())
def test_layout_is_deterministic(
    drawn: tuple[list[float], list[float], list[Link], list[bool]],
) -> None:
    """The same boxes and links are laid out in the same way."""
    widths, heights, links, free = drawn
    first = lay_out(widths, heights, links, free=free)
    assert lay_out(list(widths), list(heights), list(links), free=list(free)) == first


def test_free_links_do_not_cross() -> None:
    """Links of a free box enter in the order in which their sources stand."""
    links = [Link(0, 2, 10.0), Link(1, 2, -10.0)]
    crossed = lay_out([40.0] * 3, [20.0] * 3, links)
    free = lay_out([40.0] * 3, [20.0] * 3, links, free=[True] * 3)
    for layout in (crossed, free):
        assert abs(layout.left[0] - layout.left[1]) >= 40
    order = [route[0][0] for route in free.routes], [route[-1][0] for route in free.routes]
    assert (order[0][0] < order[0][1]) == (order[1][0] < order[1][1])


def test_chain_is_a_straight_line() -> None:
    """Boxes of a chain stand exactly under each other, whatever their widths."""
    widths = [30.0, 80.0, 50.0, 120.0]
    layout = lay_out(widths, [20.0] * 4, [Link(0, 1), Link(1, 2), Link(2, 3)])
    middles = [left + width / 2 for left, width in zip(layout.left, widths, strict=True)]
    assert middles == pytest.approx([middles[0]] * 4)


def test_long_link_is_straight() -> None:
    """A link past several rows has one bend at most at each end."""
    links = [Link(i, i + 1) for i in range(6)] + [Link(0, 6, 12.0)]
    layout = lay_out([40.0] * 7, [20.0] * 7, links)
    inner = {round(x, 3) for x, _ in layout.routes[-1][3:-3]}
    assert len(inner) <= 3


def test_separate_parts_stand_side_by_side() -> None:
    """Parts without links between them are packed, not put in one endless row."""
    layout = lay_out([100.0] * 200, [30.0] * 200, [])
    assert layout.width < 3000
    assert overlapping(layout, [100.0] * 200, [30.0] * 200) == []


def test_given_rows_are_kept() -> None:
    """Boxes stand in the rows that are given."""
    layout = lay_out([40.0] * 4, [20.0] * 4, [Link(0, 2), Link(1, 3)], rows=[0, 0, 1, 2])
    assert layout.top[0] == layout.top[1] < layout.top[2] < layout.top[3]


def test_nothing_is_laid_out() -> None:
    """No boxes take no room."""
    assert lay_out([], [], []) == Layout((), (), (), 0.0, 0.0)


@pytest.mark.parametrize("link", [Link(1, 0), Link(0, 0), Link(0, 2), Link(-1, 1)])
def test_link_backwards_is_refused(link: Link) -> None:
    """A link that does not lead to a later box is an error that names it."""
    with pytest.raises(ValueError, match="does not lead from a box to a later one"):
        lay_out([10.0, 10.0], [10.0, 10.0], [link])


def test_deep_graph_is_laid_out_without_recursion() -> None:
    """A chain of 3,000 boxes is laid out at the default recursion limit."""
    links = [Link(i, i + 1) for i in range(2999)]
    layout = lay_out([40.0] * 3000, [20.0] * 3000, links)
    assert list(layout.top) == sorted(layout.top)
