"""Texts of traced values: shown as they are, and refused where they are computed with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga


def test_texts_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Printing, formats and messages take the text of a value, of constants too."""

    def f(x: Any) -> Any:
        print(x, str(x), f"{x}", "%s" % (x,), [x])  # noqa: T201, UP031
        print(str(np.arange(3.0)), np.ones(2) * 2)  # noqa: T201
        return 2.0 * x

    assert ga.trace(f, 1.0, check=False)(2.0) == 4.0
    assert (
        capsys.readouterr().out == "<traced f64[]> " * 4 + "[<traced f64[]>]\n[0. 1. 2.] [2. 2.]\n"
    )


READINGS = {
    "length": lambda x: x * len(str(x)),
    "comparison": lambda x: x if str(x) == "nan" else 2 * x,
    "membership": lambda x: x if str(x) in ("inf", "nan") else 2 * x,
    "characters": lambda x: x * int(str(x)[0]),
    "loop": lambda x: x * sum(c == "." for c in str(x)),
    "number": lambda x: x * float(str(x)),
    "key": lambda x: {str(x): x}["1.0"],
    "parts": lambda x: x * len(str(x).split(".")),
}


@pytest.mark.parametrize("name", READINGS)
def test_texts_are_not_computed_with(name: str) -> None:
    """What would depend on the digits is refused."""
    with pytest.raises(ga.TraceError, match=r"computes with the text of a traced value, <traced"):
        ga.trace(READINGS[name], 1.0, check=False)
