"""Refusals that the traced function catches."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from graphad.errors import TraceError
from graphad.tracing import trace_function


def branch(x: Any) -> Any:
    """Go another way where a branch is refused."""
    try:
        if x > 100:
            return x**2
    except TypeError:
        pass
    return x


def number(x: Any) -> Any:
    """Go another way where a number is refused."""
    with contextlib.suppress(Exception):
        return x * 2 if float(x) > 100 else x
    return x


def whole(x: Any) -> Any:
    """Go another way where an integer is refused."""
    try:
        return x * int(x)
    except (TypeError, ValueError):
        return x


@pytest.mark.parametrize("function", [branch, number, whole])
def test_a_caught_refusal_is_raised(function: Callable[..., Any]) -> None:
    """The error is raised all the same, with the line: the graph would be another function."""
    with pytest.raises(TraceError, match=r"test_caught\.py:\d+: (.|\n)*function caught this error"):
        trace_function(function, [1.0])
