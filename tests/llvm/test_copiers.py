"""Functions that all graphs share."""

from __future__ import annotations

import pytest

from graphad.llvm.copiers import copier_text, link_copiers, linked, symbols


@pytest.mark.parametrize(
    ("width", "names"),
    [
        (1, {"gather", "scatter"}),
        (4, {"fill", "empty", "gather_rows", "spread"}),
        (8, {"fill", "empty", "gather_rows", "spread"}),
    ],
)
def test_symbols(width: int, names: set[str]) -> None:
    """Each function has a name of its own for each width and text."""
    found = symbols(width)
    assert set(found) == names
    assert len({symbol for symbol, _ in found.values()} & {s for s, _ in symbols(2).values()}) == 0
    for name, (symbol, declared) in found.items():
        assert symbol.startswith(f"graphad_{name}_{width}_")
        assert declared.startswith(f"declare void @{symbol}(ptr, ")


def test_names_go_with_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another text has other names, so that objects kept on disk never meet it."""
    before = symbols(1)["gather"][0]
    other = copier_text(1) + "; another version\n"
    monkeypatch.setattr("graphad.llvm.copiers.copier_text", lambda width: other)
    assert symbols.__wrapped__(1)["gather"][0] != before


def test_linked() -> None:
    """Calls get the names, and only what is called is declared."""
    text = linked("  call void @scatter(ptr %a)\n  call void @gather_more()", 1)
    symbol = symbols(1)["scatter"][0]
    assert text.splitlines()[0] == f"  call void @{symbol}(ptr %a)"
    assert text.splitlines()[1] == "  call void @gather_more()"
    assert text.count("declare") == 1


def test_made_once() -> None:
    """The functions are compiled once."""
    assert link_copiers(4) is link_copiers(4)
