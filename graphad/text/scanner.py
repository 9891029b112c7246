"""Reading text piece by piece: a position, what is expected there, and errors that say where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from graphad.errors import ParseError

Nest: TypeAlias = "int | tuple[Nest, ...]"
"""How things nest: the number of a thing, or a tuple of nests."""

WORD = "[A-Za-z_\u0391-\u03c9][0-9A-Za-z_\u0391-\u03c9]*+"
"""A name that needs no quotes: ASCII and Greek, so that no version of Unicode matters."""
# Groups are not repeated possessively: Python 3.11 before 3.11.5 goes wrong there (gh-106052).
QUOTED = r'"(?:[^"\\\n]|\\[^\n])*"'
BLANKS = re.compile(r"[ \t\r]*+")
SPACE = re.compile(r"(?:[ \t\r\n]++|//[^\n]*+)*")
LINE_END = re.compile(r"[ \t\r]*+(?://[^\n]*+)?(?:\n|\Z)")
NAME = re.compile(f"{WORD}|{QUOTED}")
STRING = re.compile(QUOTED)
OPEN = re.compile(r"\((?![-+.0-9a-z]*j\))")
"""An opening parenthesis, not the one of a complex number."""
CLOSE = re.compile(r"\)")
COMMA = re.compile(",")

_NEXT = re.compile(rf"{QUOTED}|%?[-+.\w]+|[^ \t\r\n]")
_PLAIN = re.compile(WORD)
_ESCAPED = re.compile(
    '["\\\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]'
)
"""What would end a string, break a line, hide, or reorder what is read."""
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-f]{1,6})\}|(.?))", re.DOTALL)
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LONG = {escape[1]: character for character, escape in _SHORT.items()}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a text may ask for; beyond it, `parse` raises `ParseError`.

    Parameters
    ----------
    characters : int
        Length of the text.
    nodes : int
        Nodes of the graph.
    elements : int
        Elements of all constants together.
    nesting : int
        Depth of parentheses.
    """

    characters: int = 1 << 30
    nodes: int = 10_000_000
    elements: int = 1 << 27
    nesting: int = 100


def escape(text: str) -> str:
    """Return `text` with the characters escaped that would break or disguise a line."""
    return _ESCAPED.sub(lambda found: _SHORT.get(found[0]) or f"\\u{{{ord(found[0]):x}}}", text)


def quote(text: str) -> str:
    r"""Return `text` in quotes.

    Examples
    --------
    >>> print(quote('say "x"'))
    "say \"x\""
    """
    return f'"{escape(text)}"'


def spell(name: str) -> str:
    """Return a name as it is written: as it is where that is safe, in quotes elsewhere.

    Examples
    --------
    >>> print(spell("rosen"), spell("θ_1"), spell("<lambda>"), spell("1"))
    rosen θ_1 "<lambda>" "1"
    """
    return name if _PLAIN.fullmatch(name) else quote(name)


def close_matches(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'a' or 'b'?`` where some of the known words are close."""
    close = get_close_matches(word[:80], list(known), n=3)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


class Scanner:
    """A position in a text; what is read there moves it on."""

    def __init__(self, text: str, file: str, limits: Limits) -> None:
        self.text = text
        self.file = file
        self.limits = limits
        self.position = 0

    def error(self, message: str, position: int | None = None) -> ParseError:
        """Return the error that says `message` of a position, the current one if not given."""
        at = self.position if position is None else position
        line = self.text.count("\n", 0, at) + 1
        column = at - self.text.rfind("\n", 0, at)
        return ParseError(message, file=self.file, line=line, column=column)

    def found(self, position: int) -> str:
        """Return what stands at a position, as it is called in messages."""
        blanks = BLANKS.match(self.text, position)
        assert blanks is not None
        position = blanks.end()
        if position >= len(self.text):
            return "the end of the text"
        if LINE_END.match(self.text, position):
            return "the end of the line"
        if self.text[position] == '"' and not STRING.match(self.text, position):
            return "a string that does not end in its line"
        word = _NEXT.match(self.text, position)
        assert word is not None
        return repr(word[0] if len(word[0]) <= 40 else word[0][:37] + "...")

    def wanted(self, what: str) -> ParseError:
        """Return the error that something else was expected here."""
        return self.error(f"expected {what}, found {self.found(self.position)}")

    def skip(self, pattern: re.Pattern[str] = SPACE) -> None:
        """Move past space, lines and comments, or past a pattern that can match nothing."""
        found = pattern.match(self.text, self.position)
        assert found is not None
        self.position = found.end()

    def take(self, pattern: re.Pattern[str], skip: re.Pattern[str] = SPACE) -> str | None:
        """Skip space, and read what matches; give ``None`` if nothing does."""
        self.skip(skip)
        found = pattern.match(self.text, self.position)
        if found is None:
            return None
        self.position = found.end()
        return found[0]

    def expect(self, pattern: re.Pattern[str], what: str, skip: re.Pattern[str] = SPACE) -> str:
        """Skip space, and read what matches.

        Raises
        ------
        ParseError
            If it does not; `what` says what was expected.
        """
        word = self.take(pattern, skip)
        if word is None:
            raise self.wanted(what)
        return word

    def unquote(self, quoted: str, position: int) -> str:
        """Return the text of a string in quotes that starts at `position`.

        Raises
        ------
        ParseError
            If there is an escape in it that does not exist.
        """

        def replace(found: re.Match[str]) -> str:
            if found[1] is not None and int(found[1], 16) < 0x110000:
                return chr(int(found[1], 16))
            if found[2] not in _LONG:
                known = r"\" \\ \n \t \r \u{3b8}"
                at = position + 1 + found.start()
                raise self.error(f"expected one of the escapes {known}, found {found[0]!r}", at)
            return _LONG[found[2]]

        return _ESCAPE.sub(replace, quoted[1:-1])

    def name(self, what: str) -> str:
        """Read a name, in quotes or not.

        Raises
        ------
        ParseError
            If there is none; `what` says what was expected.
        """
        word = self.expect(NAME, what)
        return self.unquote(word, self.position - len(word)) if word[0] == '"' else word

    def nest(self, leaf: Callable[[], None], what: str) -> Nest:
        """Read a leaf, or leaves in parentheses to any depth, and return how they nest.

        Parameters
        ----------
        leaf : callable
            Reads one leaf. Leaves are numbered in the order they are read.
        what : str
            What the leaves are called.

        Raises
        ------
        ParseError
            If a parenthesis or a comma is missing, or the limit of nesting is passed.
        """
        unfinished: list[list[Nest]] = []
        count = 0
        item: Nest
        while True:
            if self.take(OPEN) is not None:
                if len(unfinished) == self.limits.nesting:
                    raise self.error(
                        f"parentheses nest deeper than {self.limits.nesting}; "
                        f"pass Limits(nesting=...) to read deeper ones",
                        self.position - 1,
                    )
                unfinished.append([])
                if self.take(CLOSE) is None:
                    continue
                item = tuple(unfinished.pop())
            else:
                leaf()
                item = count
                count += 1
            while unfinished:
                unfinished[-1].append(item)
                if self.take(COMMA) is not None:
                    break
                self.expect(CLOSE, f"',' or ')' after {what}")
                item = tuple(unfinished.pop())
            else:
                return item
