"""Names, strings and places in a text."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from graphad.text.scanner import COMMA, Limits, Scanner, close_matches, escape, quote, spell

ANY_TEXT = st.text(st.characters())


def scanner(text: str) -> Scanner:
    """Return a scanner at the start of a text."""
    return Scanner(text, "a.ir", Limits())


@given(ANY_TEXT)
def test_strings(text: str) -> None:
    """Any text comes back from quotes."""
    quoted = quote(text)
    assert scanner(quoted).unquote(quoted, 0) == text


@given(ANY_TEXT)
def test_names(name: str) -> None:
    """Any name comes back, whether it needs quotes or not."""
    reader = scanner(spell(name) + " rest")
    assert reader.name("a name") == name
    assert reader.name("a name") == "rest"


@given(ANY_TEXT)
def test_nothing_hides(text: str) -> None:
    """Escaped text has no line breaks, control characters, or marks that reorder a line."""
    assert not set(escape(text)) & set("\0\t\n\r\x0b\x0c\x1b\x7f\x85\u200f\u2028\u202e\u2066\ufeff")
    escape(text).encode()


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("x", "x"),
        ("_x1", "_x1"),
        ("Δθ", "Δθ"),
        ("1", '"1"'),
        ("", '""'),
        ("a-b", '"a-b"'),
        ("é", '"é"'),
        ("x\n", '"x\\n"'),
        ("<lambda>", '"<lambda>"'),
        ('a"b\\', '"a\\"b\\\\"'),
        ("\u202e\x07", '"\\u{202e}\\u{7}"'),
    ],
)
def test_spelling(name: str, spelled: str) -> None:
    """Plain names are plain; the others are quoted, and show what they hide."""
    assert spell(name) == spelled


@pytest.mark.parametrize("escape_", [r"\q", r"\u", r"\u{}", r"\u{110000}", r"\x41", r"\u{3B8}"])
def test_unknown_escapes(escape_: str) -> None:
    """An escape that does not exist is named, at its column."""
    reader = scanner(f'"ab{escape_}"')
    with pytest.raises(ValueError, match=r"^a\.ir:1:4: expected one of the escapes "):
        reader.name("a name")


def test_places() -> None:
    """Lines and columns count from 1, a tab as one column, a surrogate pair as one."""
    text = "ab\n\tc😀d"
    found = [(e.line, e.column) for e in (scanner(text).error("", i) for i in range(len(text) + 1))]
    assert found == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "the end of the text"),
        (" // comment", "the end of the line"),
        ("  \n x", "the end of the line"),
        (" -1.5e3)", "'-1.5e3'"),
        ('"a b" c', "'\"a b\"'"),
        ('"a b', "a string that does not end in its line"),
        ("(x)", "'('"),
        ("x" * 50, "'" + "x" * 37 + "...'"),
    ],
)
def test_what_was_found(text: str, found: str) -> None:
    """Messages name the next word as it stands, shortened where it is long."""
    reader = scanner(text)
    reader.position = 0
    assert reader.found(0) == found


def test_nests() -> None:
    """Leaves are numbered in the order they are read; comments and lines may come between."""
    reader = scanner("( , ( // one\n,),(), ,) rest")
    count = []
    assert reader.nest(lambda: count.append(0), "a leaf") == (0, (1, 2), (), 3, 4)
    assert len(count) == 5
    assert reader.take(COMMA) is None


def test_close_matches() -> None:
    """Close words are suggested, and nothing where none is close."""
    assert close_matches("sine", ["sin", "cos", "sinh"]) == "; did you mean 'sin' or 'sinh'?"
    assert close_matches("frob", ["sin", "cos"]) == ""
