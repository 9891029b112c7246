"""Settings and fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Tests neither read nor write the user's cache of machine code.
os.environ["GRAPHAD_CACHE"] = "off"

# No deadline, since machines differ; the same examples in every run, so that a failure stays one.
settings.register_profile("graphad", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("graphad")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that rewrites the files that tests compare with."""
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files instead of comparing"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Return a function that compares a text with a file, or writes it with ``--update-golden``."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is not there; write it with pytest --update-golden"
        assert text == path.read_text(encoding="utf-8"), f"differs from {path}"

    return compare
