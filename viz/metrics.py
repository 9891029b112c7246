"""How much room text takes: estimates on the safe side, since no font can be asked."""

from __future__ import annotations

from unicodedata import east_asian_width

LABEL_SIZE = 14.0
"""Font size of an op's label, in the reader's own interface font."""
SMALL_SIZE = 10.0
"""Font size of types, attributes and chips, in a font of fixed width."""

_NARROW = frozenset("ijlI|.,:;!'`[](){}ftr1/ ")
_BROAD = frozenset("mwMW%@—")


def label_width(text: str) -> float:
    """Return the width of a label in pixels."""
    ems = 0.0
    for character in text:
        if character in _NARROW:
            ems += 0.42
        elif character in _BROAD:
            ems += 1.0
        else:
            ems += 1.05 if east_asian_width(character) in "WF" else 0.66
    return ems * LABEL_SIZE


def small_width(text: str, size: float = SMALL_SIZE) -> float:
    """Return the width of small text of fixed width in pixels."""
    wide = sum(east_asian_width(character) in "WF" for character in text)
    return (len(text) + wide) * 0.61 * size
