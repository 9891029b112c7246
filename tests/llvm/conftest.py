"""Fixtures of tests of machine code."""

from __future__ import annotations

import pytest

from graphad.llvm.cache import VARIABLE


@pytest.fixture(autouse=True)
def _without_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests from reading and writing the user's cache."""
    monkeypatch.setenv(VARIABLE, "off")
