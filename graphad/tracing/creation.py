"""Arrays made from traced values, and like them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.builder import Value
from graphad.errors import TraceError, TypeRuleError
from graphad.tracing.advice import refusal
from graphad.tracing.arrays import TracedArray
from graphad.tracing.handlers import handles
from graphad.tracing.lowering.coerce import broadcasted, cast_to, reshaped
from graphad.tracing.storage import Storage

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder


@handles(np.array)
def _array(
    recorder: Recorder,
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: str | None = "K",
    subok: bool = False,
    ndmin: int = 0,
    like: object = None,
) -> Any:
    source = object if isinstance(object, TracedArray) else None
    wanted = None if dtype is None else np.dtype(dtype)
    if wanted is not None and wanted.kind not in "biufc":
        raise refusal(f"an array of dtype {wanted} cannot hold traced values", "leave dtype= out")
    if source is not None and wanted in (None, source.dtype) and ndmin <= source.ndim:
        recorder.operand(source)
        return source.copy(order or "K") if copy else source
    content = recorder.content_of(object)
    shape = (1,) * (ndmin - len(content.shape)) + content.shape
    if isinstance(content, np.ndarray):
        return recorder.constant(np.array(content, dtype=wanted, order="C").reshape(shape))
    try:
        value = content if wanted is None else cast_to(content, wanted)
    except (TraceError, TypeRuleError) as error:
        raise recorder.explained(error) from error
    ordered = order in ("C", "K", "A", None) and (source is None or source.is_ordered())
    return TracedArray(recorder, Storage(recorder, reshaped(value, shape), ordered))


@handles(np.asarray, np.asanyarray)
def _asarray(
    recorder: Recorder,
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    copy: bool | None = None,
    **other: object,
) -> Any:
    if order == "F" or order == "C":
        return _contiguous(recorder, a, dtype, order=order)
    return _array(recorder, a, dtype, copy=copy)


@handles(np.ascontiguousarray)
def _contiguous(
    recorder: Recorder, a: Any, dtype: Any = None, *, order: str = "C", like: object = None
) -> Any:
    array = _array(recorder, a, dtype, copy=None)
    if order == "C" and array.is_ordered():
        return array if array.ndim else recorder.call(np.reshape, (array, (1,)))
    made = array.copy(order)
    made.storage.may_share(array.storage)
    return made


@handles(np.asfortranarray)
def _fortran(recorder: Recorder, a: Any, dtype: Any = None, *, like: object = None) -> Any:
    return _contiguous(recorder, a, dtype, order="F")


@handles(np.copy)
def _copy(recorder: Recorder, a: Any, order: str = "K", subok: bool = False) -> Any:
    return _array(recorder, a, order=order)


def _like(recorder: Recorder, a: Any, dtype: Any, shape: Any, fill: Any = 0) -> Any:
    """Return an array of one number, made like `a`: of its shape, dtype and order in memory."""
    if isinstance(a, TracedArray):
        kind = a.dtype if dtype is None else dtype
        made = recorder.constant(np.full_like(a.positions(), fill, kind, shape=shape))
        if isinstance(made, TracedArray):
            made.storage.ordered = a.storage.ordered
        return made
    content = recorder.content_of(a)
    own = content.type.dtype if isinstance(content, Value) else content.dtype
    lengths = content.shape if shape is None else shape
    return recorder.constant(np.full(lengths, fill, own if dtype is None else dtype))


@handles(np.zeros_like)
def _zeros_like(
    recorder: Recorder, a: Any, dtype: Any = None, order: str = "K", subok: bool = True,
    shape: Any = None, **other: object,
) -> Any:  # fmt: skip
    return _like(recorder, a, dtype, shape)


@handles(np.ones_like)
def _ones_like(
    recorder: Recorder, a: Any, dtype: Any = None, order: str = "K", subok: bool = True,
    shape: Any = None, **other: object,
) -> Any:  # fmt: skip
    return _like(recorder, a, dtype, shape, 1)


@handles(np.empty_like)
def _empty_like(
    recorder: Recorder, prototype: Any, dtype: Any = None, order: str = "K", subok: bool = True,
    shape: Any = None, **other: object,
) -> Any:  # fmt: skip
    kind = prototype.dtype if dtype is None else np.dtype(dtype)
    return _like(recorder, prototype, kind, shape, np.nan if kind.kind in "fc" else 0)


def unset(shape: Any, dtype: Any = float) -> Any:
    """Return an array for ``np.empty``: NaN everywhere, so that no trace depends on chance."""
    made = np.zeros(shape, dtype)
    if made.dtype.kind in "fc":
        made[...] = np.nan
    return made


@handles(np.full_like)
def _full_like(
    recorder: Recorder, a: Any, fill_value: Any, dtype: Any = None, order: str = "K",
    subok: bool = True, shape: Any = None, **other: object,
) -> Any:  # fmt: skip
    content = recorder.content_of(fill_value)
    if isinstance(content, np.ndarray) and content.ndim == 0:
        return _like(recorder, a, dtype, shape, content)
    made = _like(recorder, a, dtype, shape)
    made[...] = fill_value
    return made


@handles(np.full)
def _full(
    recorder: Recorder, shape: Any, fill_value: Any, dtype: Any = None, order: str = "C",
    **other: object,
) -> Any:  # fmt: skip
    content = recorder.content_of(fill_value)
    if isinstance(content, np.ndarray):
        return recorder.constant(np.full(shape, content, dtype))
    made = _array(recorder, fill_value, dtype)
    lengths = np.broadcast_shapes(tuple(np.empty(shape, bool).shape))
    value = broadcasted(recorder.lift(made.content()), lengths)
    return TracedArray(recorder, Storage(recorder, value))
