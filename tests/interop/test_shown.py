"""What the document on other languages shows is what is written."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent
from typing import Any

import numpy as np

import graphad as ga

DOCUMENT = Path(__file__).parents[2] / "docs" / "interop.md"


def rosen(x: Any) -> Any:
    """Return the function of the document."""
    step = x[1:] - x[:-1] ** 2
    return np.sum(100 * step**2 + (1 - x[:-1]) ** 2)


def test_what_is_shown() -> None:
    """The NumPy source and the formula in the document are those of its function."""
    text = DOCUMENT.read_text(encoding="utf-8")
    graph = ga.trace(rosen, np.zeros(4))
    assert indent(graph.to_python(), "    ") in text
    assert indent(graph.to_latex(), "    ") in text
    assert "void rosen_gradient(const double *x, double *out)" in text
    assert "void rosen_gradient(const double *x, double *out);" in graph.diff().to_c(
        "rosen_gradient"
    )
