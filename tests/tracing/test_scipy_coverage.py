"""The document on SciPy says what is so, and what it lists is there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from scipy import fft, integrate, linalg, optimize, stats
from scipy.spatial import distance

import graphad as ga
from graphad.tracing.scipy_coverage import _NOTES, document

DOCUMENT = Path(__file__).parents[2] / "docs" / "scipy.md"
MODULES = (fft, integrate, linalg, optimize, stats, distance)


def test_the_document_is_up_to_date() -> None:
    """`docs/scipy.md` is what the module prints."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == document(), "run python -m graphad.tracing.scipy_coverage > docs/scipy.md"


def test_what_is_listed_is_scipys() -> None:
    """Each name in a table is one of SciPy's."""
    names = re.findall(r"(?m)^\| `(\w+)`", document())
    assert len(names) > 80
    assert [name for name in names if not any(hasattr(m, name) for m in MODULES)] == []


def test_notes_are_of_functions_that_are_listed() -> None:
    """No note is of a function that is not in a table."""
    text = document()
    assert [name for name in _NOTES if f"| `{name.rpartition('.')[2]}` |" not in text] == []


def test_the_example_runs() -> None:
    """The code in the document gives the second derivative of the price."""
    found = re.search(r"(?s)```python\n(.*?)```", document())
    assert found is not None
    code = found[1].replace("ga.trace", "made = ga.trace")
    names: dict[str, object] = {}
    exec(compile(code, "the document", "exec"), names)  # noqa: S102 -- what we wrote ourselves
    made = names["made"]
    assert isinstance(made, ga.Graph)
    at = (100.0, 95.0, 1.0, 0.05, 0.2)
    gamma = stats.norm.pdf((np.log(100 / 95) + 0.07) / 0.2) / 20
    np.testing.assert_allclose(made(*at), gamma, rtol=1e-12)
