"""Calls are bound to lowerings by NumPy's parameters, and told apart by NumPy's names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.errors import TraceError, TypeRuleError
from graphad.tracing.lowering.registry import (
    NO_VALUE,
    Table,
    bound_lowering,
    check_neutral,
    present,
    spelled,
)


def test_names() -> None:
    """Functions are spelled as users write them."""
    assert spelled(np.sum) == "np.sum"
    assert spelled(np.linalg.norm) == "np.linalg.norm"
    assert spelled(np.multiply) == "np.multiply"
    assert spelled(np.fft.fft) == "np.fft.fft"


def test_present() -> None:
    """Functions that this NumPy lacks are left out, and aliases are one."""
    assert present("sum", "no_such", "linalg.no_such") == (np.sum,)
    assert present("absolute", "abs") == (np.absolute,)


def test_one_lowering_each() -> None:
    """A second lowering of a function is a mistake."""
    table = Table()
    table.enter(np.sum, lambda builder, *args: None)
    with pytest.raises(ValueError, match=r"np\.sum has a lowering already"):
        table.enter(np.sum, lambda builder, *args: None)


@pytest.mark.parametrize(
    ("key", "value"),
    [("out", None), ("where", True), ("order", "K"), ("dtype", None), ("any", NO_VALUE)],
)
def test_neutral(key: str, value: object) -> None:
    """Defaults that are passed explicitly change nothing."""
    check_neutral("np.sum", key, value)


def test_binding() -> None:
    """Positional arguments go by NumPy's order, and those without a use must change nothing."""

    def inner(builder: Builder, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return a, axis, keepdims

    lowering = bound_lowering("np.f", inner, "a axis dtype out keepdims")
    builder = Builder()
    assert lowering(builder, 1) == (1, None, False)
    assert lowering(builder, 1, 2, None, None, True) == (1, 2, True)
    assert lowering(builder, 1, keepdims=NO_VALUE, axis=3, out=None) == (1, 3, False)
    with pytest.raises(TraceError, match=r"np\.f takes 5 arguments, not 6"):
        lowering(builder, 1, 2, None, None, True, 6)
    with pytest.raises(TraceError, match=r"np\.f does not take dtype= .* cast instead"):
        lowering(builder, 1, 2, np.int64)


def test_errors_are_told_in_numpys_name() -> None:
    """Errors of ops name the function that the user called."""

    def inner(builder: Builder, a: Any) -> Any:
        raise TypeRuleError("shapes do not fit")

    with pytest.raises(TraceError, match=r"^np\.f: shapes do not fit$"):
        bound_lowering("np.f", inner)(Builder(), 1)
