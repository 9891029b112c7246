"""The text of a traced value: to be shown, and not to be computed with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphad.tracing.advice import refusal

_READING = (
    *("__len__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__"),
    *("__contains__", "__getitem__", "__iter__", "__float__", "__int__", "__complex__"),
    *("split", "rsplit", "splitlines", "partition", "rpartition", "strip", "lstrip", "rstrip"),
    *("count", "find", "rfind", "index", "rindex", "startswith", "endswith", "replace"),
    *("isdigit", "isdecimal", "isnumeric", "encode", "translate", "zfill"),
)
"""What makes something of the characters of a text."""


def _refused(name: str) -> Callable[..., Any]:
    def read(self: str, *args: Any) -> Any:
        raise refusal(
            f"this computes with the text of a traced value, {str.__str__(self)}, which says no "
            "digits of it",
            "keep to numbers, with np.floor, np.log10 and the like; a text may be printed, not "
            "measured",
        )

    read.__name__ = name
    return read


class TracedText(str):
    """What `str` gives of a traced value; its length and characters would be those of no number.

    Examples
    --------
    >>> from graphad import trace
    >>> g = trace(lambda x: x * len(str(x)))
    Traceback (most recent call last):
        ...
    graphad.errors.TraceError: ...
    """

    __slots__ = ()


for _name in _READING:
    setattr(TracedText, _name, _refused(_name))
