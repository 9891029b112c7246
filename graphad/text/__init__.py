"""Graphs as text: `dump` writes it, `parse` reads it back, exactly.

The form is described in ``docs/ir-text.md``. ``parse(dump(graph))`` equals `graph`, every bit of
its constants too, and ``dump(parse(text))`` is `text` where `dump` wrote it. Reading evaluates
nothing.
"""

from graphad.text.reader import parse
from graphad.text.scanner import Limits
from graphad.text.writer import dump

__all__ = ["Limits", "dump", "parse"]
