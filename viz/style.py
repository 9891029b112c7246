"""The style sheet of a drawing, for light and for dark surroundings."""

from __future__ import annotations

from collections.abc import Sequence

from graphad.viz.palette import LEAST_STEPS, order_shade

_SHARED = """\
.graphad text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;\
font-size:10px}
.graphad .head{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",\
"DejaVu Sans",sans-serif;font-size:14px;font-weight:600}
.graphad .name{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",\
"DejaVu Sans",sans-serif;font-size:17px;font-weight:700}
.graphad .mid{text-anchor:middle}
.graphad .detail,.graphad .chip{font-size:10.5px}
.graphad .signature{font-size:11px}
.graphad .port{font-size:10px}
.graphad .note{opacity:.85}
.graphad .arrow{fill:none;stroke-width:1.2}
.graphad .arrow:hover{stroke-width:3}
.graphad .op:hover .box,.graphad .group:hover .box{stroke-width:2.6}
.graphad .op:target .box{stroke-width:4}
.graphad .box{stroke-width:1}
.graphad rect.result{stroke-width:2.4}
.graphad .constbox{stroke-dasharray:2.5 2;fill-opacity:0}
.graphad .referencebox{stroke-dasharray:2.5 2}
.graphad a{cursor:pointer}
"""

_LIGHT = {
    "page": "#ffffff",
    "ink": "#15212c",
    "muted": "#566472",
    "line": "#93a0ad",
    "strong": "#2f6fb3",
    "row": "#f7f9fb",
    "input": ("#fff0d2", "#d9932b", "#6b4300"),
    "const": ("#ffffff", "#98a4b0", "#37444f"),
    "output": ("#22303d", "#22303d", "#ffffff"),
    "notice": ("#fff6e0", "#d9932b", "#6b4300"),
}
_DARK = {
    "page": "#14191f",
    "ink": "#e8edf2",
    "muted": "#9ba8b5",
    "line": "#66737f",
    "strong": "#7db8f0",
    "row": "#191f26",
    "input": ("#46340f", "#d6a045", "#ffe2ab"),
    "const": ("#14191f", "#6d7985", "#c6d0da"),
    "output": ("#e8edf2", "#e8edf2", "#14191f"),
    "notice": ("#3b2d10", "#d6a045", "#ffe2ab"),
}


def order_suffix(order: int, highest: int) -> str:
    """Return how classes of a derivative order end; drawings of other colours differ in it."""
    return f"{order}" if highest <= LEAST_STEPS else f"{order}-{highest}"


def _theme(orders: Sequence[int], dark: bool) -> str:
    colours = _DARK if dark else _LIGHT
    page, ink, muted, line = (colours[key] for key in ("page", "ink", "muted", "line"))
    rules = [
        f".graphad .page{{fill:{page}}}",
        f".graphad text{{fill:{ink}}}",
        f".graphad .muted,.graphad .port{{fill:{muted}}}",
        f".graphad .port{{stroke:{page};stroke-width:2.5px;paint-order:stroke}}",
        f".graphad .arrow,.graphad .stem{{stroke:{line}}}",
        f".graphad .tips{{fill:{line}}}",
        f".graphad .arrow:hover{{stroke:{colours['strong']}}}",
        f".graphad .row{{fill:{colours['row']}}}",
        f".graphad rect.result{{stroke:{ink}}}",
    ]
    for key in ("input", "const", "output", "notice"):
        fill, border, text = colours[key]
        rules.append(f".graphad .{key}box{{fill:{fill};stroke:{border}}}")
        rules.append(f".graphad .{key}text{{fill:{text}}}")
    highest = max(orders, default=0)
    for order in orders:
        suffix = order_suffix(order, highest)
        shade = order_shade(order, highest, dark=dark)
        rules.append(f".graphad .d{suffix}{{fill:{shade.fill};stroke:{shade.border}}}")
        rules.append(f".graphad .t{suffix}{{fill:{shade.ink}}}")
        rules.append(f".graphad .f{suffix}{{fill:{shade.ink};opacity:.55}}")
    return "\n".join(rules)


def style_sheet(orders: Sequence[int]) -> str:
    """Return the CSS of a drawing in which these derivative orders occur.

    Every selector starts with ``.graphad``, so that a page in which the drawing stands keeps its
    own style; no variables are used, since not every SVG reader knows them.
    """
    dark = "\n".join("  " + line for line in _theme(orders, True).splitlines())
    return f"{_SHARED}{_theme(orders, False)}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
