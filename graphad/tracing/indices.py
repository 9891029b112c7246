"""What stands between the brackets: kinds of indices, and refusing those that depend on inputs."""

from __future__ import annotations

import operator
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.builder import Value
from graphad.tracing.advice import no_integer, refusal
from graphad.tracing.tracers import Tracer

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder


class Kind(Enum):
    """How NumPy treats an index."""

    ELEMENT = 0
    """An integer for each axis: one element, by itself."""
    BASIC = 1
    """Integers, slices, ``None`` and ``...``: a view."""
    ADVANCED = 2
    """Arrays of integers and masks: a copy."""
    TRACED = 3
    """Integers that depend on an input."""
    MASK = 4
    """A mask that depends on an input."""


def classify(recorder: Recorder, index: Any, ndim: int) -> tuple[Any, Kind]:
    """Return an index without constants of the trace, and its kind.

    Raises
    ------
    TraceError
        If a traced number that is no integer stands in it.
    """
    items = index if isinstance(index, tuple) else (index,)
    kind = Kind.ELEMENT
    cleaned = []
    for item in items:
        if type(item) is int:
            cleaned.append(item)
            continue
        made, own = _item(recorder, item)
        cleaned.append(made)
        kind = max(kind, own, key=_rank)
    if kind is Kind.ELEMENT and len(cleaned) != ndim:
        kind = Kind.BASIC
    return tuple(cleaned), kind


def _rank(kind: Kind) -> int:
    return kind.value


def _item(recorder: Recorder, item: Any) -> tuple[Any, Kind]:
    if item is None or item is Ellipsis:
        return item, Kind.BASIC
    if isinstance(item, slice):
        if any(isinstance(part, Tracer) for part in (item.start, item.stop, item.step)):
            raise no_integer()
        return item, Kind.BASIC
    if isinstance(item, Tracer) or type(item) in (list, tuple):
        content = recorder.content_of(item)
        if isinstance(content, Value):
            return _traced(content)
        empty = content.size == 0 and not isinstance(item, Tracer)
        return content.astype(np.intp) if empty else content, Kind.ADVANCED
    if isinstance(item, bool | np.bool_ | np.ndarray):
        return item, Kind.ADVANCED
    try:
        return operator.index(item), Kind.ELEMENT
    except TypeError:
        return item, Kind.ADVANCED  # for NumPy to refuse


def _traced(value: Value) -> tuple[Value, Kind]:
    if value.type.dtype.kind == "b":
        return value, Kind.MASK
    if value.type.dtype.kind in "iu":
        return value, Kind.TRACED
    raise no_integer()


def no_mask() -> Exception:
    """Return the error for what needs to know how many elements a mask selects."""
    return refusal(
        "how many elements this selects depends on the inputs, and a graph has fixed shapes",
        "write np.where(mask, x, 0.0), which keeps the shape; functions of single elements, sums, "
        "means and extrema of x[mask] are supported, and y[mask] = f(x[mask])",
    )
