"""Reductions of those elements only at which a mask holds: ``np.sum(x, where=mask)``.

Elements that are left out are replaced by what changes nothing. They have the derivative 0. What
functions of such elements need, so that nothing infinite comes in from the others, is here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from graphad.builder import Value
from graphad.tracing.advice import refusal
from graphad.tracing.lowering.registry import NO_VALUE, present, spelled

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder

Function: TypeAlias = Callable[..., Any]

MAXIMA = present("max", "amax")
MINIMA = present("min", "amin")
_POSITIONAL: Mapping[Function, str] = {
    **dict.fromkeys((np.sum, np.prod), "a axis dtype out keepdims initial where"),
    **dict.fromkeys((*MAXIMA, *MINIMA), "a axis out keepdims initial where"),
    np.mean: "a axis dtype out keepdims",
    **dict.fromkeys((np.var, np.std), "a axis dtype out ddof keepdims"),
    **dict.fromkeys((np.any, np.all), "a axis out keepdims"),
    np.count_nonzero: "a axis",
}
REDUCTIONS: frozenset[Function] = frozenset(_POSITIONAL)
"""NumPy's functions that can leave elements out."""
_BEYOND = frozenset({"where", "initial"})
TAME = {
    *present("add", "subtract", "multiply", "negative", "positive", "square", "sin", "cos"),
    *present("maximum", "minimum", "fmax", "fmin", "absolute", "fabs", "sign", "where", "clip"),
    *present("less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "isnan"),
    *present("logical_and", "logical_or", "logical_xor", "logical_not", "isfinite", "isinf"),
    *present("bitwise_and", "bitwise_or", "bitwise_xor", "invert", "real", "imag", "conjugate"),
    *present("zeros_like", "ones_like", "floor", "ceil", "trunc", "rint", "round", "around"),
}
"""Functions with finite derivatives where their operands are finite."""


def leaves_out(function: Function, kwargs: Mapping[str, Any]) -> bool:
    """Return whether a call is a reduction that leaves elements out, or begins with a number."""
    return function in REDUCTIONS and not _BEYOND.isdisjoint(kwargs)


def arguments(
    function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Return the array that a reduction is called with, and what else is given in earnest.

    Raises
    ------
    TraceError
        If there are too many arguments.
    """
    names = _POSITIONAL[function].split()
    if len(args) > len(names):
        raise refusal(
            f"{spelled(function)} takes {len(names)} arguments, not {len(args)}",
            "check the arguments of this call",
        )
    given = dict(zip(names, args, strict=False)) | dict(kwargs)
    array = given.pop("a")
    return array, {k: v for k, v in given.items() if v is not None and v is not NO_VALUE}


def reduced_where(
    recorder: Recorder, function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """Return a reduction that is called with ``where=``.

    Raises
    ------
    TraceError
        If an extremum is asked for without ``initial=``, as NumPy refuses it too.
    """
    array, given = arguments(function, args, kwargs)
    where = given.pop("where", True)
    if where is True and "initial" not in given:
        return recorder.call(function, (array,), given)
    if function in (*MAXIMA, *MINIMA) and "initial" not in given:
        raise refusal(
            f"{spelled(function)} with where= needs initial=, since the mask may hold nowhere",
            f"write {spelled(function)}(x, where=mask, initial=-np.inf), or another bound",
        )
    return masked(recorder, function, array, where, given)


def masked(
    recorder: Recorder, function: Function, array: Any, mask: Any, given: Mapping[str, Any]
) -> Any:
    """Return a reduction of the elements at which a mask holds.

    Parameters
    ----------
    recorder : Recorder
        The trace.
    function : callable
        One of `REDUCTIONS`.
    array : array_like
        All elements.
    mask : array_like of bool
        Broadcasts to the shape of `array`.
    given : mapping
        Other arguments, by name: axis, keepdims, dtype, initial, ddof. Where the mask holds
        nowhere, a maximum is `initial`, or -inf if that is not given, a mean is NaN.
    """
    call = recorder.call
    x = call(np.asarray, (array,))
    rest = {key: value for key, value in given.items() if key != "initial"}
    if function in (np.any, np.all, np.count_nonzero):
        joined = (np.logical_or, call(np.logical_not, (mask,)))
        ufunc, other = joined if function is np.all else (np.logical_and, mask)
        return call(function, (call(ufunc, (other, x)),), rest)
    if function is np.mean:
        return _mean(recorder, x, mask, rest)
    if function in (np.var, np.std):
        variance = _variance(recorder, x, mask, rest)
        return call(np.sqrt, (variance,)) if function is np.std else variance
    if function in (*MAXIMA, *MINIMA):
        return _extremum(recorder, function in MAXIMA, x, mask, given)
    neutral = np.asarray(function is np.prod, x.dtype)[()]
    total = call(function, (call(np.where, (mask, x, neutral)),), rest)
    if "initial" not in given:
        return total
    return call(np.add if function is np.sum else np.multiply, (total, given["initial"]))


def _extremum(
    recorder: Recorder, largest: bool, x: Any, mask: Any, given: Mapping[str, Any]
) -> Any:
    call = recorder.call
    if x.dtype.kind == "c":
        raise refusal(
            "the largest or smallest of some complex numbers is not supported",
            "take the extremum of x.real, x.imag or np.abs(x)",
        )
    if x.dtype.kind == "f":
        lost: Any = np.asarray(-np.inf if largest else np.inf, x.dtype)[()]
    elif x.dtype.kind == "b":
        lost = np.bool_(not largest)
    else:
        range_ = np.iinfo(x.dtype)
        lost = x.dtype.type(range_.min if largest else range_.max)
    rest = {key: value for key, value in given.items() if key != "initial"}
    shape = np.broadcast_shapes(x.shape, np.shape(mask))
    if 0 in shape and "initial" in given:  # nothing but `initial`
        plain = np.sum(np.zeros(shape, x.dtype), **rest)
        return call(np.full_like, (plain, given["initial"]))
    found = call(np.max if largest else np.min, (call(np.where, (mask, x, lost)),), rest)
    if "initial" not in given:
        return found
    return call(np.maximum if largest else np.minimum, (found, given["initial"]))


def _count(recorder: Recorder, x: Any, mask: Any, rest: Mapping[str, Any]) -> Any:
    """Return how many elements there are, as a number of the dtype of a mean."""
    kind = x.dtype if x.dtype.kind in "fc" else np.dtype(np.float64)
    real = np.zeros((), kind).real.dtype
    one, none = np.ones((), real)[()], np.zeros((), real)[()]
    ones = recorder.call(np.where, (mask, np.full(x.shape, one), none))
    return recorder.call(np.sum, (ones,), rest)


def _mean(recorder: Recorder, x: Any, mask: Any, rest: Mapping[str, Any]) -> Any:
    over = {key: value for key, value in rest.items() if key != "dtype"}
    if "dtype" in rest:
        x = x.astype(rest["dtype"])
    total = masked(recorder, np.sum, x, mask, over)
    return recorder.call(np.divide, (total, _count(recorder, x, mask, over)))


def _variance(recorder: Recorder, x: Any, mask: Any, rest: Mapping[str, Any]) -> Any:
    call = recorder.call
    over = {key: value for key, value in rest.items() if key in ("axis", "keepdims")}
    lost = rest.get("correction", rest.get("ddof", 0))
    if "dtype" in rest:
        x = x.astype(rest["dtype"])
    middle = _mean(recorder, x, mask, {**over, "keepdims": True})
    centred = call(np.subtract, (x, middle))
    squares = call(np.square, (call(np.abs, (centred,)) if x.dtype.kind == "c" else centred,))
    freedom = call(np.subtract, (_count(recorder, x, mask, over), lost))
    total = masked(recorder, np.sum, squares, mask, over)
    return call(np.divide, (total, call(np.maximum, (freedom, 0))))


# --- functions that are infinite where the mask does not hold ------------------------------------


def is_tame(function: Function, args: Sequence[Any]) -> bool:
    """Return whether a call has finite derivatives where its operands are finite."""
    if len(args) == 2 and type(args[1]) in (int, float):
        exponent = function is np.power and type(args[1]) is int and args[1] > 0
        return exponent or (function is np.divide and args[1] != 0) or function in TAME
    return function in TAME


def shielded(recorder: Recorder, mask: Any, item: Any) -> Any:
    """Return an operand with ones in place of the elements at which a mask does not hold.

    A function may be infinite there, and 0·inf is NaN in reverse mode. The selection of its
    operands comes last in their derivatives, so that nothing of it is left.
    """
    content = recorder.content_of(item)
    if not isinstance(content, Value) or content.type.dtype.kind not in "fc":
        return item
    return recorder.call(np.where, (mask, item, np.ones((), content.type.dtype)[()]))
