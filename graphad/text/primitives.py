"""Names of the user's own functions in texts of graphs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from graphad.errors import GraphError
from graphad.op import Op
from graphad.text.scanner import BLANKS, WORD, Scanner

PRIMITIVE = "primitive"
"""The word before such a name."""
_NAME = re.compile(rf"@{WORD}(?:\.{WORD})*")


def read_primitive(scanner: Scanner, ops: Mapping[str, Any]) -> Op:
    """Read the name of a primitive, such as ``@solve`` or ``@solve.batch``, and return its op.

    Raises
    ------
    ParseError
        If it is not among those that the reader was given.
    """
    scanner.skip(BLANKS)
    start = scanner.position
    word = scanner.expect(_NAME, "the name of a primitive, such as @solve", BLANKS)
    name, *path = word[1:].split(".")
    if name not in ops:
        known = f"; given are {', '.join(ops)}" if ops else ""
        raise scanner.error(
            f"{word} is a function of the user's: parse(text, ops={{{name!r}: ...}}){known}",
            start,
        )
    try:
        found: Op = ops[name].op_of(path)
    except GraphError as error:
        raise scanner.error(str(error), start) from None
    return found
