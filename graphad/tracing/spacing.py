"""Numbers at even distances between ends that are traced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.tracing.advice import refusal
from graphad.tracing.handlers import handles
from graphad.tracing.tracers import Tracer

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder


def _checked(name: str, num: Any, other: dict[str, Any]) -> None:
    if isinstance(num, Tracer):
        raise refusal(f"how many numbers {name} gives depends on the inputs", "give a fixed num")
    if set(other) - {"device"}:
        raise refusal(f"{name} does not take {', '.join(sorted(other))}= here", "leave it out")


def _placed(made: Any, axis: int, dtype: Any) -> Any:
    moved = np.moveaxis(made, 0, axis) if axis else made
    return moved if dtype is None else moved.astype(dtype)


def _line(recorder: Recorder, start: Any, stop: Any, num: int, endpoint: bool) -> tuple[Any, Any]:
    """Return numbers along the first axis, and their distance."""
    first, last = recorder.call(np.asarray, (start,)), recorder.call(np.asarray, (stop,))
    parts = num - 1 if endpoint else num
    step = (last - first) / max(parts, 1)
    kind = np.result_type(first.dtype, last.dtype, 1.0)
    count = np.arange(num, dtype=kind).reshape((num,) + (1,) * np.ndim(step))
    made = recorder.call(np.asarray, (count * step + first,))
    if endpoint and num > 1:
        made[-1] = last
    return made, step


@handles(np.linspace)
def _linspace(
    recorder: Recorder,
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    **other: Any,
) -> Any:
    _checked("np.linspace", num, other)
    made, step = _line(recorder, start, stop, num, endpoint)
    made = _placed(made, axis, dtype)
    return (made, step) if retstep else made


@handles(np.logspace)
def _logspace(
    recorder: Recorder,
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
    **other: Any,
) -> Any:
    _checked("np.logspace", num, other)
    exponents, _ = _line(recorder, start, stop, num, endpoint)
    return _placed(recorder.call(np.power, (base, exponents)), axis, dtype)


@handles(np.geomspace)
def _geomspace(
    recorder: Recorder,
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
    **other: Any,
) -> Any:
    """Powers of the ratio of the ends, which is positive where NumPy's function is real."""
    _checked("np.geomspace", num, other)
    first, last = recorder.call(np.asarray, (start,)), recorder.call(np.asarray, (stop,))
    ratio = last / first
    parts = num - 1 if endpoint else num
    shares = (np.arange(num) / max(parts, 1)).reshape((num,) + (1,) * np.ndim(ratio))
    made = recorder.call(np.asarray, (first * recorder.call(np.power, (ratio, shares)),))
    if endpoint and num > 1:
        made[-1] = last
    return _placed(made, axis, dtype)
