"""The table of conventions says what derivatives are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphad as ga

TEXT = (Path(__file__).parents[1] / "docs" / "conventions.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(.*)` \| (\S+) \| (\S+) \|$", TEXT, re.MULTILINE)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs(x)": lambda x: abs(x),
    "sign(x)": lambda x: np.sign(x),
    "floor(x)": lambda x: np.floor(x),
    "maximum(x, 0)": lambda x: np.maximum(x, 0.0),
    "minimum(x, 0)": lambda x: np.minimum(x, 0.0),
    "clip(x, 0, 1)": lambda x: np.clip(x, 0.0, 1.0),
    "maximum(x, x)": lambda x: np.maximum(x, x),
    "where(x > 0, x, 0)": lambda x: np.where(x > 0, x, 0.0),
    "where(x > 0, sqrt(x), 0)": lambda x: np.where(x > 0, np.sqrt(x), 0.0),
    "sqrt(x)": lambda x: np.sqrt(x),
    "cbrt(x)": lambda x: np.cbrt(x),
    "log(x)": lambda x: np.log(x),
    "x**0": lambda x: x**0,
    "x**1.5": lambda x: x**1.5,
    "hypot(x, 0)": lambda x: np.hypot(x, 0.0),
}


def test_all_rows_are_tested() -> None:
    """The functions of the table are those below, in its order."""
    assert [name for name, _, _ in ROWS] == list(FUNCTIONS)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(("name", "point", "wanted"), ROWS, ids=[row[0] for row in ROWS])
def test_derivative(name: str, point: str, wanted: str, mode: str) -> None:
    """The derivative is what the table says, in both modes."""
    found = ga.trace(FUNCTIONS[name]).diff(mode=mode)(float(point))
    np.testing.assert_array_equal(found, float(wanted))
