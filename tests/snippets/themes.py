"""The modules of snippets, each with a list `SNIPPETS`."""

from __future__ import annotations

from types import ModuleType

from tests.snippets import (
    equations,
    finance,
    geometry,
    learning,
    mechanics,
    physics,
    signal,
    statistics,
    vision,
)

THEMES: tuple[ModuleType, ...] = (
    statistics,
    mechanics,
    vision,
    signal,
    finance,
    learning,
    equations,
    physics,
    geometry,
)
