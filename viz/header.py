"""The head of a drawing: name, types, counts and the legend."""

from __future__ import annotations

from graphad.viz.cells import Picture
from graphad.viz.labels import shorten
from graphad.viz.markup import clean, rect, short, text, title
from graphad.viz.metrics import label_width, small_width
from graphad.viz.style import order_suffix

_SWATCH = 22.0
_LINE = 25.0


def header(picture: Picture, width: float) -> tuple[list[str], float]:
    """Return the lines of SVG above a drawing of this width, and the height they take."""
    name = shorten(picture.name, 40)
    lines = [text("name", 0, 15, name)]
    beside = label_width(name) * 17 / 14 + 10
    room = int((width - beside) / small_width("x", 11.0))
    if room >= 16 and small_width(picture.signature, 11.0) <= width - beside:
        lines.append(text("signature", beside, 15, picture.signature))
        y = 34.0
    else:
        fitting = max(16, int(width / small_width("x", 11.0)))
        lines.append(
            f"<g>{title(picture.signature)}"
            f"{text('signature', 0, 34, shorten(picture.signature, fitting))}</g>"
        )
        y = 52.0
    lines.append(text("muted", 0, y, picture.summary))
    legend, y = _legend(picture, width, y + 12)
    lines.extend(legend)
    if picture.notice:
        for line in _wrapped(picture.notice, width - 20):
            lines.append(rect("noticebox", 0, y, width, 22, 0))
            lines.append(text("noticetext", 10, y + 15, line))
            y += 22
        y += 8
    return lines, y + 14


def _wrapped(content: str, width: float) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in content.split():
        longer = f"{line} {word}".strip()
        if line and small_width(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def _legend(picture: Picture, width: float, top: float) -> tuple[list[str], float]:
    """Return the legend and where it ends; items go to a new line where the width is used up."""
    items: list[tuple[float, str]] = []
    highest = max(picture.orders, default=0)
    if picture.orders:
        words = "derivative order"
        items.append((small_width(words) + 2, text("muted", 0, 13, words)))
        for order in picture.orders:
            suffix = order_suffix(order, highest)
            swatch = rect(f"box d{suffix}", 0, 1, _SWATCH, 17, 4)
            number = text(f"mid t{suffix}", _SWATCH / 2, 13, str(order))
            items.append((_SWATCH - 2, f'<g class="swatch">{swatch}{number}</g>'))
        items.append((6, ""))
    kinds = {slot.kind for cell in picture.cells for slot in cell.slots}
    kinds |= {cell.kind for cell in picture.cells}
    for kind, word in (
        ("input", "input"),
        ("const", "constant"),
        ("reference", "value drawn elsewhere"),
        ("output", "output"),
    ):
        if kind in kinds:
            size = small_width(word, 10.5) + 14
            radius = 4 if kind in ("const", "reference") else 9
            shade = f" d{order_suffix(picture.orders[0], highest)}" if kind == "reference" else ""
            ink = f"t{order_suffix(picture.orders[0], highest)}" if shade else f"{kind}text"
            box = rect(f"box {kind}box{shade}", 0, 0.5, size, 18, radius)
            items.append((size, box + text(f"chip mid {ink}", size / 2, 13.2, word)))
    lines = ['<g class="legend">']
    x, y = 0.0, top
    for size, content in items:
        if x and x + size > width:
            x, y = 0.0, y + _LINE
        if content:
            lines.append(f'<g transform="translate({short(x)} {short(y)})">{content}</g>')
        x += size + 8
    lines.append("</g>")
    return lines, y + (_LINE if items else 0.0)


def label(picture: Picture) -> str:
    """Return what a screen reader says of the drawing, ready for an attribute."""
    return clean(f"graph {picture.name}{picture.signature}: {picture.summary}")
