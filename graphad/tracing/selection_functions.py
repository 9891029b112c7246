"""NumPy's functions of what a mask that depends on the inputs selects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.tracing.advice import refusal
from graphad.tracing.indices import no_mask
from graphad.tracing.lowering.registry import present, spelled
from graphad.tracing.masked import REDUCTIONS, arguments, is_tame, masked
from graphad.tracing.selections import Selection, aligned, mixed
from graphad.tracing.tracers import Tracer

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
PRODUCTS = {np.dot, np.inner, np.matmul}


def has_selection(items: Iterable[Any]) -> bool:
    """Return whether a selection is among arguments."""
    return Selection in map(type, items)


def apply(
    recorder: Recorder, function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """Return a NumPy function of selections.

    Raises
    ------
    TraceError
        If it is neither a function of elements nor a reduction, or masks differ.
    """
    args = [recorder.imported(arg) for arg in args]
    kwargs = {name: recorder.imported(arg) for name, arg in kwargs.items()}
    if function in REDUCTIONS:
        return _reduced(recorder, function, args, kwargs)
    if function in PRODUCTS:
        return _product(recorder, function, *args, **kwargs)
    first = args[0] if args else None
    if function in ITSELF and type(first) is Selection:
        return _itself(function, first, *args[1:], **kwargs)
    if function is np.ravel and type(first) is Selection and not first.rest:
        return first.copy()
    if function is np.linalg.norm and type(first) is Selection:
        return _norm(recorder, *args, **kwargs)
    if function is np.average:
        return _average(recorder, *args, **kwargs)
    if function is np.ptp and len(args) == 1 and not kwargs:
        bounds = [recorder.call(extremum, args) for extremum in (np.max, np.min)]
        return recorder.call(np.subtract, bounds)
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
    shielded = any(item.is_shielded for item in chosen) or not is_tame(function, args)

    def opened(item: Any) -> Any:
        if type(item) is Selection:
            return item.shielded() if shielded else item.whole()
        if place is not None:
            return item
        item = aligned(one, len(one.rest), item)
        return one.shield(item) if shielded and isinstance(item, Tracer) else item

    named = {name: opened(item) for name, item in kwargs.items()}
    with np.errstate(all="ignore"):  # of constants; elements that are not selected do not count
        result = recorder.call(function, [opened(item) for item in args], named)
    if isinstance(result, tuple):
        return tuple([one.like(part, shielded) for part in result])
    return one.like(result, shielded)


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
        return _along_rows(recorder, function, one, {"axis": over, **given})
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
        rows = a.shield(a.whole()) if a.is_shielded else a.whole()
        return a.like(recorder.call(function, (rows, b)), is_shielded=False)
    raise no_mask()


def _along_rows(
    recorder: Recorder, function: Function, one: Selection, kwargs: Mapping[str, Any]
) -> Selection:
    """Return a function of each of the selected rows by itself."""
    shielded = one.is_shielded or function in (np.std, np.linalg.norm)
    rows = one.shielded() if shielded else one.whole()
    return one.like(recorder.call(function, (rows,), kwargs), shielded)


def _norm(
    recorder: Recorder, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False
) -> Any:
    """Return the norm of a selected vector, or of each selected row."""
    if axis in (1, -1) and x.ndim == 2:
        given = {"ord": ord, "axis": x._mask.ndim, "keepdims": keepdims}
        return _along_rows(recorder, np.linalg.norm, x, given)
    if x.ndim != 1 or ord not in (None, 1, 2, np.inf) or axis not in (None, 0, -1) or keepdims:
        raise no_mask()
    zero = np.zeros((), x.dtype)[()]
    flat = recorder.call(np.ravel, (recorder.call(np.where, (x.mask(), x.whole(), zero)),))
    return recorder.call(np.linalg.norm, (flat, ord))


def _average(recorder: Recorder, a: Any, axis: Any = None, weights: Any = None) -> Any:
    """Return the mean of what is selected, with weights that the same mask selects."""
    if weights is None:
        return recorder.call(np.mean, (a, axis))
    if axis is not None or type(a) is not Selection or type(weights) is not Selection:
        raise no_mask()
    total = recorder.call(np.sum, (recorder.call(np.multiply, (a, weights)),))
    return recorder.call(np.divide, (total, recorder.call(np.sum, (weights,))))
