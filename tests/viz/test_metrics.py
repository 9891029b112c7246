"""Estimates of text widths."""

from __future__ import annotations

from graphad.viz.metrics import LABEL_SIZE, label_width, small_width


def test_longer_text_is_wider() -> None:
    """Widths add up, and wide letters count more than narrow ones."""
    assert label_width("sinsin") == 2 * label_width("sin")
    assert label_width("MMM") > label_width("nnn") > label_width("iii") > 0
    assert label_width("") == small_width("") == 0


def test_text_of_fixed_width() -> None:
    """Small text takes the same room for each letter, and twice that for full-width characters."""
    assert small_width("iii") == small_width("MMM")
    assert small_width("日本") == small_width("abcd")
    assert small_width("ab", 20.0) == 2 * small_width("ab", 10.0)


def test_wide_characters_take_their_size() -> None:
    """A full-width character is at least as wide as the font is high."""
    assert label_width("日") >= LABEL_SIZE
