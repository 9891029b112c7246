"""NumPy's functions of what a mask that depends on the inputs selects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.tracing.advice import refusal
from graphad.tracing.indices import no_mask
from graphad.tracing.lowering.registry import present, spelled
from graphad.tracing.masked import REDUCTIONS, arguments, masked
from graphad.tracing.selections import Selection, aligned, mixed

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder

Function = Callable[..., Any]

ELEMENTWISE = {
    *present("where", "clip", "real", "imag", "angle", "round", "around", "nan_to_num", "sinc"),
    *present("i0", "fix", "isclose", "real_if_close", "isposinf", "isneginf"),
    *present("zeros_like", "ones_like", "full_like"),
}
"""Functions, beside ufuncs, that take and give an element each."""
ONE_OPERAND: Mapping[Function, int] = {np.interp: 0, np.polyval: 1}
"""Functions of elements of one operand only; the others are whole arrays."""
ITSELF = {*present("asarray", "asanyarray", "array", "copy", "ascontiguousarray", "atleast_1d")}
CHOOSING = {np.where, np.clip, np.maximum, np.minimum, np.fmax, np.fmin, np.heaviside}
"""Functions of which the derivative is no product, so that zeros may meet what is infinite."""
PRODUCTS = {np.dot, np.inner, np.matmul}


def has_selection(items: Iterable[Any]) -> bool:
    """Return whether a selection is among arguments."""
    return any(type(item) is Selection for item in items)


def apply(
    recorder: Recorder, function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """Return a NumPy function of selections.

    Raises
    ------
    TraceError
        If it is neither a function of elements nor a reduction, or masks differ.
    """
    if function in REDUCTIONS:
        return _reduced(recorder, function, args, kwargs)
    if function in PRODUCTS:
        return _product(recorder, function, *args, **kwargs)
    first = args[0] if args else None
    if function in ITSELF and type(first) is Selection:
        return _itself(function, first, *args[1:], **kwargs)
    if function is np.ravel and type(first) is Selection and not first.rest:
        return first.copy()
    ufunc = isinstance(function, np.ufunc) and function.signature is None
    if not (ufunc or function in ELEMENTWISE or function in ONE_OPERAND):
        raise refusal(
            f"{spelled(function)} of what a mask selects is not supported, since how many "
            "elements that are depends on the inputs",
            "write np.where(mask, x, 0.0), which keeps the shape; functions of single elements, "
            "sums, means and extrema of x[mask] are supported",
        )
    return _elementwise(recorder, function, args, kwargs)


def _itself(function: Function, one: Selection, dtype: Any = None, **kwargs: Any) -> Selection:
    if dtype is not None and np.dtype(dtype) != one.dtype:
        return one.astype(dtype)
    copied = function in (np.array, np.copy) and kwargs.get("copy", True)
    return one.copy() if copied else one


def _elementwise(
    recorder: Recorder, function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    operands = [*args, *kwargs.values()]
    chosen: list[Selection] = [item for item in operands if type(item) is Selection]
    one = chosen[0]
    place = ONE_OPERAND.get(function)
    if place is not None and [type(item) is Selection for item in operands].index(True) != place:
        raise mixed()
    if any(not other.is_by(one._mask) or other.ndim != one.ndim for other in chosen):
        raise mixed()
    axes = len(one.rest)
    alike = len(dict.fromkeys(item.rest for item in chosen)) == 1
    guarded = function in CHOOSING or not alike

    def opened(item: Any) -> Any:
        if type(item) is Selection:
            return item.whole(guarded)
        return item if place is not None else aligned(one, axes, item)

    named = {name: opened(item) for name, item in kwargs.items()}
    with np.errstate(all="ignore"):  # of constants; elements that are not selected do not count
        result = recorder.call(function, [opened(item) for item in args], named)
    if isinstance(result, tuple):
        return tuple([one.like(part) for part in result])
    return one.like(result)


def _reduced(
    recorder: Recorder, function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    one, given = arguments(function, args, kwargs)
    if type(one) is not Selection or has_selection(given.values()):
        raise mixed()
    axis = given.pop("axis", None)
    first = one._mask.ndim  # axes of all elements that are the first of the selection
    axes = range(one.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if any(not -one.ndim <= i < one.ndim for i in axes):
        raise refusal(f"axis {axis} is out of range for {one.ndim} dimensions", "check axis=")
    places = [i % one.ndim for i in axes]
    over = tuple([place + first - 1 for place in places if place])
    if 0 not in places:
        return one.like(
            recorder.call(function, (one.whole(guarded=True),), {"axis": over, **given})
        )
    given["axis"] = (*range(first), *over)
    mask = recorder.call(np.broadcast_to, (one.mask(), one._whole.shape))
    with np.errstate(all="ignore"):
        found = masked(recorder, function, one.whole(), mask, given)
    if given.get("keepdims") and first > 1:
        return recorder.call(np.reshape, (found, found.shape[first - 1 :]))
    return found


def _product(recorder: Recorder, function: Function, a: Any, b: Any, **kwargs: Any) -> Any:
    """Return the inner product of two selections, or that of selected rows with a matrix."""
    if kwargs:
        raise no_mask()
    if type(a) is type(b) is Selection and a.ndim == b.ndim == 1:
        return recorder.call(np.sum, (recorder.call(np.multiply, (a, b)),))
    if type(a) is Selection and a.ndim == 2 and type(b) is not Selection:
        return a.like(recorder.call(function, (a.whole(guarded=True), b)))
    raise no_mask()
