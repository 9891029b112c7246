"""Every function of NumPy's is decided, and docs/numpy.md says how."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from graphad.tracing.coverage import (
    CONSTANTS,
    decision,
    document,
    public_functions,
    undecided,
)
from graphad.tracing.lowering import spelled

TEXT = (Path(__file__).parents[2] / "docs" / "numpy.md").read_text(encoding="utf-8")


def rows(text: str) -> dict[str, tuple[bool, str]]:
    """Return for each function in a document whether it is supported, and the note."""
    found = {}
    for supported, part in zip((True, False), text.split("## Refused"), strict=True):
        for name, note in re.findall(r"^\| `(.*)` \| (.*) \|$", part, re.MULTILINE):
            found[name] = (supported, note)
    return found


def test_nothing_is_undecided() -> None:
    """Each function that can be intercepted is supported, or refused with advice."""
    assert undecided() == []
    assert len(public_functions()) > 350


def test_document_is_up_to_date() -> None:
    """The document says what the tables say, of the functions that this NumPy has."""
    version = re.search(r"as of NumPy (\S+):", TEXT)
    assert version is not None
    if version[1] == np.__version__:
        assert document() == TEXT, "run python -m graphad.tracing.coverage > docs/numpy.md"
    written = rows(TEXT)
    for name, row in rows(document()).items():
        assert written.get(name, row) == row


@pytest.mark.parametrize("name", ["np.sort", "np.zeros", "np.cov", "np.reshape", "np.add"])
def test_supported(name: str) -> None:
    """Lowered functions, makers of constants, NumPy's own code, views and ufuncs."""
    found = decision(name, public_functions()[name])
    assert found is not None
    assert found.supported


def test_refusals_have_advice() -> None:
    """What is refused says why in a sentence without the function's name."""
    refused = [decision(name, function) for name, function in public_functions().items()]
    for item in refused:
        if item is not None and not item.supported:
            assert len(item.note) > 10
            assert not item.note.startswith(("np.", "is not supported "))


def test_nothing_is_known_of_others() -> None:
    """Of a function that is not NumPy's nothing is decided."""
    assert decision("len", len) is None


METADATA = (
    *("array2string", "array_repr", "array_str", "can_cast", "common_type", "einsum_path"),
    *("iscomplexobj", "isrealobj", "may_share_memory", "min_scalar_type", "result_type"),
    *("shares_memory",),
)
"""Functions that give no numbers."""


def test_supported_functions_are_compared_with_many_digits() -> None:
    """Each function that gives numbers of traced values is in a table of calls to order 4."""
    tests = Path(__file__).parents[1]
    tables = [*tests.glob("acceptance/numpy_*.py"), tests / "ops" / "test_linalg.py"]
    calls = "\n".join(table.read_text(encoding="utf-8") for table in tables)
    named = {f"np.{name}" for name in re.findall(r"\bnp\.([\w.]+)", calls)}
    left_out = {f"np.{name}" for name in METADATA} | {spelled(made) for made in CONSTANTS}
    supported = {name for name, (is_supported, _) in rows(TEXT).items() if is_supported}
    assert sorted(supported - named - left_out) == []
