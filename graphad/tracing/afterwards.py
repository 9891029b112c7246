"""Constants that were kept from a trace that is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphad.tracing.advice import another_trace
from graphad.tracing.tracers import Tracer, tracers_in


def afterwards(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return a function of constants of a trace that is over, as NumPy gives it.

    A cache of the user's may have kept them. With values of a trace that is going on they are
    constants of it.
    """

    def plain(item: Any) -> Any:
        if isinstance(item, Tracer):
            array = item.plain()
            if array is None:
                raise another_trace(closed=True)
            return array
        return type(item)(map(plain, item)) if type(item) in (list, tuple) else item

    for tracer in tracers_in((*args, *kwargs.values())):
        if not tracer._recorder.closed:
            return tracer._recorder.call(function, args, kwargs)
    return function(*map(plain, args), **{name: plain(item) for name, item in kwargs.items()})
