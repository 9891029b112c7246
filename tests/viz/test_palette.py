"""Colours of derivative orders."""

from __future__ import annotations

from itertools import pairwise

import pytest

from graphad.viz.palette import contrast, luminance, order_shade


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("highest", [0, 3, 5, 8, 20])
def test_lightness_follows_the_order(highest: int, dark: bool) -> None:
    """Lightness falls with the order, or rises on a dark page, so that any eye can tell."""
    fills = [order_shade(order, highest, dark=dark).fill for order in range(highest + 1)]
    lights = [luminance(fill) for fill in fills]
    for lower, higher in pairwise(lights):
        assert (lower < higher) is dark
        assert lower != higher


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("highest", [5, 12])
def test_text_can_be_read(highest: int, dark: bool) -> None:
    """Text stands out from every fill by the ratio that WCAG asks for."""
    for order in range(highest + 1):
        shade = order_shade(order, highest, dark=dark)
        assert contrast(shade.ink, shade.fill) >= 4.5


def test_low_orders_look_the_same_everywhere() -> None:
    """The colour of an order does not depend on the highest one, up to order 5."""
    assert order_shade(2, 2) == order_shade(2, 5)
    assert order_shade(2, 5) != order_shade(2, 10)


def test_contrast_of_extremes() -> None:
    """Black on white has the ratio 21, a colour on itself 1."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#336699", "#336699") == 1
