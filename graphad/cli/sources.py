"""What commands start from: traced functions, and the names of their inputs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from graphad.api import Graph
from graphad.cli.values import Points, array_of
from graphad.errors import InputError, TraceError
from graphad.tracing.examples import plan_call
from graphad.tracing.trace import trace_function
from graphad.types import DTYPES_BY_NAME, make_type

_USED_AS_ARRAY = re.compile(r"\((\w+)[^()]*: a parameter without an example is a scalar\)")
"""Finds in the message of the tracer which parameter needs a shape."""


def traced(
    function: Callable[..., Any],
    shapes: dict[str, tuple[int, ...]],
    dtype: str | None,
    points: Points,
) -> Graph:
    """Return the graph of a function whose parameters have these shapes.

    The trace is checked at `points` where they are given, one for each parameter.
    """
    if isinstance(function, Graph):
        if shapes or dtype:
            option = "--shape" if shapes else "--dtype"
            raise InputError(
                f"{option} is for functions, and this is a graph already: {function!r}"
            )
        return function
    check_names(function, shapes)
    kind = DTYPES_BY_NAME[dtype or "f64"]
    types = {name: make_type(shape, kind) for name, shape in shapes.items()}
    examples: dict[str, Any] = {}
    for one in plan_call(function, (), types).inputs:
        type = make_type(one.type.shape, kind if dtype else one.type.dtype)
        numbers = points.get(one.name, ())
        given = len(numbers) == type.size
        examples[one.name] = array_of(one.name, numbers, type)[0] if given else type
    try:
        return trace_function(function, (), examples, make=Graph)
    except TraceError as error:
        scalar = _USED_AS_ARRAY.search(str(error))
        if scalar is None:
            raise
        raise TraceError(f"{error}\non the command line: --shape {scalar[1]}=3") from error


def check_names(function: Callable[..., Any], shapes: dict[str, tuple[int, ...]]) -> None:
    """Check that a function has the parameters that shapes are given for."""
    if isinstance(function, np.ufunc):
        known = [one.name for one in plan_call(function, (), {}).inputs]
    else:
        try:
            parameters = inspect.signature(function).parameters.values()
        except (ValueError, TypeError):  # a function of C's that does not tell
            return
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return
        known = [parameter.name for parameter in parameters]
    for name in shapes:
        if name not in known:
            raise InputError(
                f"--shape: there is no parameter {name!r}; parameters: {', '.join(known) or 'none'}"
            )


def listed_inputs(wrt: str | None) -> str | list[str] | None:
    """Return the names in the text of ``--wrt``: one alone, or a list if there is a comma."""
    if wrt is None or "," not in wrt:
        return wrt
    return [name.strip() for name in wrt.split(",") if name.strip()]
