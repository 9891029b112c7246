"""NumPy functions that write into an array, and questions that need no values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.tracing.advice import foreign_array, refusal
from graphad.tracing.arrays import TracedArray
from graphad.tracing.fitting import fitting
from graphad.tracing.handlers import HANDLERS, handles
from graphad.tracing.lowering.registry import present
from graphad.tracing.tracers import Tracer

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder


def _own(array: Any) -> TracedArray:
    if not isinstance(array, TracedArray):
        raise foreign_array()
    return array


@handles(np.copyto)
def _copyto(
    recorder: Recorder, dst: Any, src: Any, casting: str = "same_kind", where: Any = True
) -> None:
    target = _own(dst)
    if where is True:
        target[...] = src
    else:
        target.fill_with(recorder.call(np.where, (where, src, target)))


def _put_flat(recorder: Recorder, target: TracedArray, where: Any, values: Any) -> None:
    """Write values one after the other, from the start again where there are too few."""
    flat = target.places(Ellipsis).reshape(-1)[where]
    content = recorder.array_of(values)
    if flat.size and content.size:
        turns = np.arange(flat.size) % content.size
        chosen = recorder.call(np.reshape, (content, (-1,)))[turns]
        target.put_at(flat, fitting(recorder.content_of(chosen), target.dtype))


@handles(np.put)
def _put(recorder: Recorder, a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    indices = np.asarray(ind).reshape(-1)
    if mode != "raise":
        raise refusal(f"np.put with mode={mode!r} is not supported", "write indices in range")
    _put_flat(recorder, _own(a), indices, v)


@handles(np.place)
def _place(recorder: Recorder, arr: Any, mask: Any, vals: Any) -> None:
    _put_flat(recorder, _own(arr), np.flatnonzero(mask), vals)


@handles(np.putmask)
def _putmask(recorder: Recorder, a: Any, mask: Any, values: Any) -> None:
    target, content = _own(a), recorder.array_of(values)
    turns = np.arange(target.size) % max(1, content.size)
    chosen = recorder.call(np.reshape, (content, (-1,)))[turns]
    whole = recorder.call(np.reshape, (chosen, target.shape))
    target.fill_with(recorder.call(np.where, (mask, whole, target)))


@handles(np.put_along_axis)
def _put_along_axis(
    recorder: Recorder, arr: Any, indices: Any, values: Any, axis: int | None = -1
) -> None:
    target = _own(arr)
    places = np.take_along_axis(target.places(Ellipsis), np.asarray(indices), axis)
    target.put_at(places, fitting(recorder.content_of(values), target.dtype))


@handles(np.fill_diagonal)
def _fill_diagonal(recorder: Recorder, a: Any, val: Any, wrap: bool = False) -> None:
    target = _own(a)
    if target.ndim != 2 or wrap:
        raise refusal(
            "np.fill_diagonal is traced for two dimensions and without wrap=",
            "write x[i, i, i] = value with i = np.arange(n)",
        )
    _put_flat(recorder, target, slice(None, target.shape[1] ** 2, target.shape[1] + 1), val)


# --- questions about shapes and dtypes -----------------------------------------------------------

QUESTIONS = present(
    "shape", "ndim", "size", "result_type", "can_cast", "common_type", "min_scalar_type",
    "iscomplexobj", "isrealobj", "isscalar",
)  # fmt: skip


def _stand_in(recorder: Recorder, x: Any) -> Any:
    """Return a plain array of the shape and dtype of a traced one, which takes no memory."""
    if isinstance(x, Tracer):
        whole = np.broadcast_to(np.zeros((), x.dtype), x.shape)
        return whole if isinstance(x, TracedArray) else whole[()]
    if type(x) in (list, tuple):
        return _stand_in(recorder, recorder.array_of(x))
    return x


def _ask(function: Callable[..., Any], recorder: Recorder, *args: Any, **kwargs: Any) -> Any:
    known = {key: _stand_in(recorder, value) for key, value in kwargs.items()}
    return function(*[_stand_in(recorder, arg) for arg in args], **known)


for _function in QUESTIONS:
    HANDLERS[_function] = partial(_ask, _function)


@handles(np.shares_memory, np.may_share_memory)
def _shares_memory(recorder: Recorder, a: Any, b: Any, max_work: object = None) -> bool:
    if not (isinstance(a, TracedArray) and isinstance(b, TracedArray)):
        return False
    return a.storage is b.storage and bool(np.shares_memory(a.positions(), b.positions()))


@handles(np.array_repr, np.array_str, np.array2string)
def _text(recorder: Recorder, a: Any, *args: object, **kwargs: object) -> str:
    return repr(a)
