"""Examples of arguments that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphad.errors import TraceError
from graphad.tracing import trace_function


@pytest.mark.parametrize(
    ("example", "what", "instead"),
    [
        (3, "the example for x is of integers or booleans", "write 3.0"),
        (True, "of integers or booleans", "write 1.0"),
        (np.zeros(3, int), "of integers or booleans", "write np.zeros(3)"),
        (np.zeros((2, 2), int), "of integers or booleans", "write np.zeros((2, 2))"),
        ([1, 2], "of integers or booleans", "write [1.0, 2.0]"),
        (np.arange(5), "of integers or booleans", "example.astype(float)"),
        (np.array([3, 1]), "of integers or booleans", "partial(f, x=...) or a closure"),
        ("a", "the example for x is the str 'a'", "functools.partial"),
        (None, "the example for x is the NoneType None", "closing over them"),
        ({}, "the example for x holds no floating number", "closing over them"),
        (object(), "the example for x is a object", "closing over them"),
        ([[1.0], [1.0, 2.0]], "the example for x makes no array", "lists of equal lengths"),
        (np.longdouble(1.0), "values of dtype", "x.astype(float)"),
        (np.array(["a"]), "the example for x is an array of dtype", "closing over them"),
    ],
)
def test_examples(example: Any, what: str, instead: str) -> None:
    """Examples that are no floating numbers are refused, in the line of the call."""
    with pytest.raises(TraceError) as caught:
        trace_function(lambda x: x, [example])
    message = str(caught.value)
    assert message.startswith(f"{__file__}:")
    assert what in message
    assert instead in message


def test_wrong_number_of_examples() -> None:
    """More examples than parameters, unknown names and two examples for one are refused."""
    with pytest.raises(TraceError, match="takes 1 positional arguments, and 2 examples"):
        trace_function(lambda x: x, [1.0, 2.0])
    with pytest.raises(TraceError, match="f has no parameter y"):
        trace_function(lambda x: x, [], {"y": 1.0})
    with pytest.raises(TraceError, match="x has two examples"):
        trace_function(lambda x: x, [1.0], {"x": 1.0})


def test_no_function() -> None:
    """What is no function cannot be traced."""
    with pytest.raises(TraceError, match=r"trace takes a function, not the float 3\.0"):
        trace_function(3.0, [])  # type: ignore[arg-type]
