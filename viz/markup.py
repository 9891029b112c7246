"""Pieces of SVG text: numbers, escaped text, elements."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legible(text: str) -> str:
    """Return text with a replacement mark for each character that no XML text may hold."""
    return _FORBIDDEN.sub("\ufffd", text)


def clean(text: str) -> str:
    """Return text that is safe inside an element or a quoted attribute.

    Characters that XML does not allow at all become a replacement mark.

    Examples
    --------
    >>> clean('a<b & "c"')
    'a&lt;b &amp; &quot;c&quot;'
    """
    return escape(legible(text), {'"': "&quot;"})


def short(value: float) -> str:
    """Return a coordinate with one decimal, and none where it is whole.

    Examples
    --------
    >>> short(12.0), short(3.14159), short(-0.01)
    ('12', '3.1', '0')
    """
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def rect(kind: str, x: float, y: float, width: float, height: float, radius: float = 0.0) -> str:
    """Return a rectangle of the class `kind`."""
    rounded = f' rx="{short(radius)}"' if radius else ""
    return (
        f'<rect class="{kind}" x="{short(x)}" y="{short(y)}"'
        f' width="{short(width)}" height="{short(height)}"{rounded}/>'
    )


def text(kind: str, x: float, y: float, content: str) -> str:
    """Return a line of text of the class `kind`, with its baseline at `y`."""
    return f'<text class="{kind}" x="{short(x)}" y="{short(y)}">{clean(content)}</text>'


def title(content: str) -> str:
    """Return what hovering shows."""
    return f"<title>{clean(content)}</title>"
