"""Colours by derivative order: one sequence of falling lightness, which any eye can tell apart."""

from __future__ import annotations

from dataclasses import dataclass

_LIGHT = ("#f3f5f7", "#cfece2", "#92d2c8", "#5aabc8", "#32619e", "#2a2462")
_DARK = ("#2b333c", "#1d5266", "#2b7f8f", "#58b5a0", "#a3dca8", "#f2f6c8")
_DARK_INK = "#15212c"
_DARKEST_INK = "#000000"
_LIGHT_INK = "#ffffff"
_READABLE = 4.5
LEAST_STEPS = 5
"""Orders up to this one have the same colours in every drawing."""


@dataclass(frozen=True, slots=True)
class Shade:
    """Colours of a box: its fill, its border and the text on it."""

    fill: str
    border: str
    ink: str


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mix(first: str, second: str, part: float) -> str:
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour ``#rrggbb``, by the rule of WCAG 2.

    Examples
    --------
    >>> luminance("#ffffff"), luminance("#000000")
    (1.0, 0.0)
    """
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in [channel / 255 for channel in _channels(colour)]
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21, by the rule of WCAG 2."""
    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


def order_shade(order: int, highest: int, *, dark: bool = False) -> Shade:
    """Return the colours of a derivative order.

    Orders 0 to 5 look the same in all drawings; where there are more, they share the sequence.

    Parameters
    ----------
    order : int
        The derivative order of the box.
    highest : int
        The highest order in the drawing.
    dark : bool
        Whether the background is dark; lightness then rises with the order.
    """
    stops = _DARK if dark else _LIGHT
    place = max(0, order) / max(LEAST_STEPS, highest) * (len(stops) - 1)
    first = min(int(place), len(stops) - 2)
    fill = _mix(stops[first], stops[first + 1], place - first)
    ink = max((_LIGHT_INK, _DARK_INK), key=lambda colour: contrast(colour, fill))
    if contrast(ink, fill) < _READABLE:
        ink = _DARKEST_INK
    border = _mix(fill, "#ffffff", 0.3) if dark else _mix(fill, "#22384a", 0.34)
    return Shade(fill, border, ink)
