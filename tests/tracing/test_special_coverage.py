"""The document on special functions says what is so."""

from __future__ import annotations

from pathlib import Path

import pytest
import scipy
from scipy import special

from graphad.tracing.lowering.special_table import SPECIAL
from graphad.tracing.special_coverage import _NOTES, decided, document, public_names

DOCUMENT = Path(__file__).parents[2] / "docs" / "special.md"


def test_the_document_is_up_to_date() -> None:
    """`docs/special.md` is what the module prints, if SciPy is the one that it was made with."""
    text = DOCUMENT.read_text(encoding="utf-8")
    if f"as of SciPy {scipy.__version__}:" not in text:
        pytest.skip("the document was made with another version of SciPy")
    assert text == document(), "run python -m graphad.tracing.special_coverage > docs/special.md"


def test_every_public_function_is_decided() -> None:
    """Each function of `scipy.special` is supported or refused; none is traced by accident."""
    assert [name for name in public_names() if not decided(name)] == []
    assert len(public_names()) > 300


def test_notes_are_of_functions_that_are_there() -> None:
    """No note is of a function that is not supported."""
    assert set(_NOTES) <= set(SPECIAL)
    newer = {"softplus", "sph_harm_y"}
    assert {name for name in SPECIAL if not hasattr(special, name)} <= newer
