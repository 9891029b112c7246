"""What NumPy composes of its other functions, where that is not visible to a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.tracing.advice import refusal
from graphad.tracing.handlers import HANDLERS, handles
from graphad.tracing.lowering.registry import present
from graphad.tracing.tracers import Tracer, first_tracer

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder

TRACED_THROUGH = present(
    "apply_over_axes", "corrcoef", "cov", "diag_indices_from", "einsum_path", "ix_",
    "poly", "polyadd", "polyder", "polyint", "polysub",
    "real_if_close", "tril_indices_from", "triu_indices_from", "vander",
)  # fmt: skip
"""Functions of which NumPy's own Python code is traced."""


def _through(function: Callable[..., Any], recorder: Recorder, *args: Any, **kwargs: Any) -> Any:
    return recorder.traced_through(function, args, kwargs)


for _function in TRACED_THROUGH:
    HANDLERS[_function] = partial(_through, _function)


@handles(np.arange)
def _arange(recorder: Recorder, *args: Any, **kwargs: Any) -> Any:
    raise refusal(
        "how many elements np.arange gives depends on the inputs",
        "write start + step * np.arange(n) with a fixed n, or np.linspace(start, stop, n)",
    )


@handles(np.piecewise)
def _piecewise(
    recorder: Recorder, x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any
) -> Any:
    """Select among functions of all elements; of several conditions that hold, the last counts."""
    array = recorder.call(np.asarray, (x,))
    single = isinstance(condlist, bool | np.bool_) or (
        not isinstance(condlist[0], list) and getattr(condlist[0], "ndim", 0) < min(array.ndim, 1)
    )
    tests = [recorder.call(np.asarray, (test,)) for test in ([condlist] if single else condlist)]
    if len(funclist) == len(tests) + 1:
        found = reduce(np.logical_or, tests)
        tests.append(recorder.call(np.logical_not, (found,)))
    elif len(funclist) != len(tests):
        raise refusal(
            f"np.piecewise was given {len(tests)} conditions and {len(funclist)} functions",
            f"give {len(tests)} functions, or {len(tests) + 1}",
        )
    result: Any = np.zeros(array.shape, array.dtype)
    for test, function in zip(tests, funclist, strict=True):
        value = function(array, *args, **kw) if callable(function) else function
        result = recorder.call(np.where, (test, value, result))
    return result if result.dtype == array.dtype else result.astype(array.dtype)


@handles(np.apply_along_axis)
def _apply_along_axis(
    recorder: Recorder,
    func1d: Callable[..., Any],
    axis: int,
    arr: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    array = recorder.array_of(arr)
    rows = recorder.call(np.moveaxis, (array, axis, -1))
    lead = rows.shape[:-1]
    parts = [func1d(rows[index], *args, **kwargs) for index in np.ndindex(lead)]
    whole = recorder.call(np.array, (parts,))
    shape = whole.shape[1:]
    made = recorder.call(np.reshape, (whole, lead + shape))
    first = axis % array.ndim
    inner = range(-len(shape), 0)
    return np.moveaxis(made, tuple(inner), tuple(range(first, first + len(shape))))


def numbered(array: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Yield the index and the value of each element, as ``np.ndenumerate`` does."""
    if not isinstance(array, Tracer):
        array = np.asarray(array)
    for index in np.ndindex(array.shape):
        yield index, array[index] if index else array


def iterated(op: Any, *args: Any, **kwargs: Any) -> Any:
    """Return ``np.nditer``, which does not take traced arrays."""
    if first_tracer((op,)) is not None:
        raise refusal(
            "np.nditer reads memory, which traced arrays do not have",
            "write for value in x.flat, or for index in np.ndindex(x.shape)",
        )
    return np.nditer(op, *args, **kwargs)


class Joined:
    """``np.r_`` and ``np.c_``, which join what stands between their brackets.

    Parameters
    ----------
    plain : object
        NumPy's own, which is asked where nothing is traced.
    """

    def __init__(self, plain: Any) -> None:
        self._plain = plain

    def __getitem__(self, items: Any) -> Any:
        """Return slices as ranges, numbers and arrays, one after the other."""
        parts = items if isinstance(items, tuple) else (items,)
        tracer = first_tracer(parts)
        if tracer is None:
            return self._plain[items]
        if isinstance(parts[0], str):
            raise refusal(
                f"np.r_[{parts[0]!r}, ...] with a text is not traced", "write np.concatenate"
            )
        call = tracer._recorder.call
        made = [
            self._plain[part] if isinstance(part, slice) else call(np.atleast_1d, (part,))
            for part in parts
        ]
        if self._plain is np.r_:
            return call(np.concatenate, (made,))
        columns = [part.reshape(-1, 1) if part.ndim == 1 else part for part in made]
        return call(np.concatenate, (columns,), {"axis": -1})


class ElementByElement:
    """``np.vectorize``: a function of numbers, called for each element.

    Parameters
    ----------
    plain : numpy.vectorize
        NumPy's own, which is asked where nothing is traced.
    function : callable
        The function, as a trace sees it.
    """

    def __init__(self, plain: Any, function: Callable[..., Any]) -> None:
        self._plain = plain
        self._function = function

    @classmethod
    def made(cls, pyfunc: Callable[..., Any], *args: Any, **kwargs: Any) -> ElementByElement:
        """Return ``np.vectorize`` of a function."""
        return cls(np.vectorize(pyfunc, *args, **kwargs), pyfunc)

    def __call__(self, *args: Any) -> Any:
        """Return the array of the function's values."""
        tracer = first_tracer(args)
        if tracer is None:
            return self._plain(*args)
        if self._plain.signature is not None or self._plain.excluded:
            raise refusal("np.vectorize with signature= or excluded= is not traced", "write a loop")
        call = tracer._recorder.call
        arrays = call(np.broadcast_arrays, args)
        values = [
            self._function(*[array[index] for array in arrays])
            for index in np.ndindex(arrays[0].shape)
        ]
        return call(np.reshape, (call(np.array, (values,)), arrays[0].shape))
