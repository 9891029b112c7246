"""The methods of NumPy's ufuncs on traced values: ``np.add.reduce``, ``np.add.at`` and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.builder import Value
from graphad.tracing.advice import foreign_array, refusal
from graphad.tracing.fitting import fitting
from graphad.tracing.lowering.coerce import broadcasted, emit, reshaped
from graphad.tracing.masked import is_tame, shielded

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder

REDUCTIONS = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}
ACCUMULATIONS = {np.add: np.cumsum, np.multiply: np.cumprod}
ASSOCIATIVE = {
    np.fmax,
    np.fmin,
    np.logaddexp,
    np.logaddexp2,
    np.logical_and,
    np.logical_or,
    np.logical_xor,
    np.maximum,
    np.minimum,
}
"""Ufuncs of which running results may be put together from those of parts."""


def apply(
    recorder: Recorder,
    ufunc: np.ufunc,
    method: str,
    inputs: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    """Return what a ufunc, or a method of one, gives on traced values.

    Raises
    ------
    TraceError
        If the method is not supported for this ufunc, or ``where=`` is given without ``out=``.
    """
    named = {key: value for key, value in kwargs.items() if value is not None}
    where = named.pop("where", True)
    if where is not True and method == "__call__":
        return _where(recorder, ufunc, inputs, named, where)
    if where is not True and (method != "reduce" or ufunc not in REDUCTIONS):
        raise refusal(
            f"np.{ufunc.__name__}.{method} with where= is not supported",
            "write np.where(condition, x, other) in place of the elements that are left out",
        )
    if method == "__call__":
        return recorder.call(ufunc, inputs, named)
    if method == "reduce" and ufunc in REDUCTIONS:
        return _along(recorder, REDUCTIONS[ufunc], inputs, kwargs)
    if method == "reduce" and ufunc.nin == 2 and ufunc.nout == 1 and len(inputs) == 1:
        return _folded(recorder, ufunc, inputs[0], **named)
    if method == "accumulate" and ufunc in ACCUMULATIONS:
        return _along(recorder, ACCUMULATIONS[ufunc], inputs, kwargs)
    if method == "accumulate" and ufunc in ASSOCIATIVE:
        return _scanned(recorder, ufunc, *inputs, **named)
    if method == "outer":
        return _outer(recorder, ufunc, inputs, named)
    if method == "at" and ufunc in (np.add, np.subtract):
        return _add_at(recorder, ufunc, *inputs)
    raise refusal(
        f"np.{ufunc.__name__}.{method} of a traced value is not supported",
        "write a loop over the elements, or whole-array functions such as np.sum and np.cumsum",
    )


def _where(
    recorder: Recorder, ufunc: np.ufunc, inputs: Sequence[Any], kwargs: Any, where: Any
) -> Any:
    """Return a ufunc where a condition holds, and what ``out=`` held elsewhere, written into it."""
    given = kwargs.pop("out", ())
    targets = given if isinstance(given, tuple) else (given,)
    if len(targets) != ufunc.nout or any(target is None for target in targets):
        raise refusal(
            f"np.{ufunc.__name__} with where= leaves elements of the result undefined",
            "say what the others are: out=np.zeros_like(x); or write "
            f"np.where(condition, np.{ufunc.__name__}(...), other)",
        )
    if not is_tame(ufunc, inputs):
        inputs = [shielded(recorder, where, x) for x in inputs]
    with np.errstate(all="ignore"):  # of constants; elements that are left out do not count
        found = recorder.call(ufunc, inputs, kwargs)
    results = found if isinstance(found, tuple) else (found,)
    written = []
    for target, result in zip(targets, results, strict=True):
        if not hasattr(target, "fill_with"):
            raise foreign_array()
        written.append(target.fill_with(recorder.call(np.where, (where, result, target))))
    return tuple(written) if isinstance(found, tuple) else written[0]


def _along(recorder: Recorder, function: Any, inputs: Sequence[Any], kwargs: Any) -> Any:
    names = ("axis", "dtype", "out", "keepdims", "initial", "where")
    given = dict(zip(names, inputs[1:], strict=False)) | dict(kwargs)
    if isinstance(given.get("out"), tuple):
        given["out"] = given["out"][0]
    axis = given.pop("axis", 0)
    kept = {key: value for key, value in given.items() if value is not None and value is not False}
    if kept.get("where") is True:
        del kept["where"]
    array = recorder.call(np.asarray, (inputs[0],))
    return recorder.call(function, (array,), {"axis": axis, **kept})


def _folded(recorder: Recorder, ufunc: np.ufunc, items: Any, axis: int = 0) -> Any:
    """Apply a ufunc to the first two rows, to that and the third, and so on."""
    rows = np.moveaxis(recorder.call(np.asarray, (items,)), axis, 0)
    return reduce(lambda total, row: recorder.call(ufunc, (total, row)), rows)


def _scanned(recorder: Recorder, ufunc: np.ufunc, items: Any, axis: int = 0) -> Any:
    """Return running results in log2(n) steps: each joins those of `reach` places before.

    Source: W. D. Hillis and G. L. Steele, "Data parallel algorithms", 1986.
    """
    rows = np.moveaxis(recorder.call(np.asarray, (items,)), axis, 0)
    reach = 1
    while reach < len(rows):
        later = recorder.call(ufunc, (rows[:-reach], rows[reach:]))
        rows = recorder.call(np.concatenate, ((rows[:reach], later),))
        reach *= 2
    return np.moveaxis(rows, 0, axis)


def _outer(recorder: Recorder, ufunc: np.ufunc, inputs: Sequence[Any], kwargs: Any) -> Any:
    left, right = (recorder.call(np.asarray, (x,)) for x in inputs)
    wide = recorder.call(np.reshape, (left, left.shape + (1,) * right.ndim))
    return recorder.call(ufunc, (wide, right), kwargs)


def _add_at(recorder: Recorder, ufunc: np.ufunc, target: Any, index: Any, values: Any) -> None:
    """Add to elements, to an element again each time that the index names it."""
    recorder.locate()
    if not hasattr(target, "storage"):
        raise foreign_array()
    where, given = target.places(index), recorder.content_of(values)
    if ufunc is np.subtract:
        given = recorder.content_of(recorder.call(np.negative, (values,)))
    new = recorder.lift(fitting(given, target.dtype))
    flat = reshaped(broadcasted(new, where.shape), (where.size,))
    own = recorder.lift(target.storage.whole())
    indices = np.array(where.reshape(-1), dtype=np.int64)
    added = emit("scatter_add", flat, indices, axis=0, size=own.type.size)
    total = emit("add", own, reshaped(added, own.shape))
    assert isinstance(total, Value)
    target.storage.write(target.storage.positions(), total)
