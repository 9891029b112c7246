"""Calls of the user's own functions within a trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphad.builder import Value
from graphad.errors import TraceError, TypeRuleError
from graphad.op import Attrs, Op
from graphad.tracing.advice import refusal
from graphad.tracing.recorder import Recorder
from graphad.tracing.trace import ACTIVE
from graphad.tracing.tracers import first_tracer
from graphad.types import Type


def recorder_of(args: Sequence[Any]) -> Recorder | None:
    """Return the trace that arguments belong to; ``None`` if they are plain."""
    if first_tracer(args) is None:
        return None
    recorder = ACTIVE.get()
    if recorder is None or recorder.closed:
        return None
    found: Recorder = recorder.innermost()
    return found


def operands_of(recorder: Recorder, name: str, args: Sequence[Any]) -> list[Value]:
    """Return arguments as values of a trace.

    Raises
    ------
    TraceError
        If one is no number or array.
    """
    recorder.locate()
    values = []
    for position, arg in enumerate(args):
        content = recorder.content_of(arg)
        if isinstance(content, np.ndarray) and content.dtype.kind not in "biufc":
            raise refusal(
                f"argument {position} of {name} is no number or array",
                "close over what is fixed: it is no part of the graph",
            )
        values.append(recorder.lift(content))
    return values


def emitted(recorder: Recorder, op: Op, values: Sequence[Value], attrs: Attrs = ()) -> Any:
    """Return the result of an op as a value of the trace.

    Raises
    ------
    TraceError
        If the op does not take these values; names the user's line.
    """
    builder = recorder.builder
    try:
        node = builder.emit(op, tuple([value.node for value in values]), attrs)
    except TypeRuleError as error:
        raise recorder.explained(error) from error
    return recorder.wrap(Value(builder, node), ordered=True)


def types_of(values: Sequence[Value]) -> tuple[Type, ...]:
    """Return the types of values."""
    return tuple([value.type for value in values])


Function = Callable[..., Any]

__all__ = ["Function", "TraceError", "emitted", "operands_of", "recorder_of", "types_of"]
