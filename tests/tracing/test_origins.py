"""Which line is the user's."""

from __future__ import annotations

import inspect
import json
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg

from graphad.tracing import origins
from graphad.tracing.origins import LineFinder, is_library, line_of, line_of_code, user_frame


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (origins.__file__, True),
        (np.__file__, True),
        (np.linalg.__file__, True),
        (scipy.linalg.__file__, True),
        (json.__file__, True),
        ("<frozen importlib._bootstrap>", True),
        (str(Path(sysconfig.get_path("stdlib")) / "site-packages" / "model.py"), False),
        (pytest.__file__, False),
        (__file__, False),
        ("<stdin>", False),
        ("<ipython-input-1-abc>", False),
        ("model.py", False),
    ],
)
def test_libraries(file: str, expected: bool) -> None:
    """graphad, NumPy, SciPy and Python are libraries; what else is installed is not."""
    assert is_library(file) is expected


def test_find() -> None:
    """The nearest line of the user's is found, and known again."""
    finder = LineFinder()

    def here() -> Any:
        return finder.find(1)

    line = here.__code__.co_firstlineno + 1
    assert here() is here()
    assert (here().file, here().line) == (__file__, line)


def test_line_of() -> None:
    """A line has its text, and says whether an item is assigned in it."""

    class Looks:
        def __setitem__(self, index: object, value: object) -> None:
            found.append(line_of(inspect.currentframe().f_back))  # type: ignore[union-attr]

    found: list[Any] = []
    looks = Looks()
    looks[0] = 1.0
    looks[1:2] = line_of(user_frame())
    assert [line.stores_item for line in found] == [True, True]
    assert found[0].text == "looks[0] = 1.0"
    assert str(found[0]).startswith(f"{__file__}:")
    assert not line_of(user_frame()).stores_item
    assert str(line_of(None)) == "?:0"


def test_line_of_code() -> None:
    """A function is named by the line of its def."""
    line = line_of_code(test_line_of_code.__code__)
    assert line.text == "def test_line_of_code() -> None:"
