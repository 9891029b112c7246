"""Sets of positions as bits."""

from __future__ import annotations

from graphad.passes.masks import bits


def test_bits() -> None:
    """Positions come from the lowest on, from numbers of any length."""
    assert list(bits(0)) == []
    assert list(bits(1 << 200 | 0b101)) == [0, 2, 200]
