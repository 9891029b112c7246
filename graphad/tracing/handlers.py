"""NumPy functions that a trace answers by itself, since they make, share or change memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Function: TypeAlias = Callable[..., Any]
Handler: TypeAlias = Callable[..., Any]
"""``handler(recorder, *args, **kwargs)``: NumPy's call, with traced arrays as they are."""

HANDLERS: dict[Function, Handler] = {}
"""By NumPy function; filled by importing `graphad.tracing`."""


def handles(*functions: Function) -> Callable[[Handler], Handler]:
    """Enter a function as the handler of NumPy functions."""

    def enter(handler: Handler) -> Handler:
        for function in functions:
            HANDLERS[function] = handler
        return handler

    return enter
