"""The table of what SciPy's special functions become, and how their arguments are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import cast_to, constant_array, emit, promoted
from graphad.tracing.lowering.registry import ArrayLike, Inner, Lowering, bound_lowering

SPECIAL: dict[str, Lowering] = {}
"""Lowerings by the name in `scipy.special`; filled by `graphad.tracing.lowering.special`."""


def lowers_special(*names: str, positional: str = "") -> Callable[[Inner], Inner]:
    """Enter a function as the lowering of functions of `scipy.special`.

    Parameters
    ----------
    *names : str
        Their names there.
    positional : str
        SciPy's positional parameters, in order, where they are not just the lowering's own.
    """

    def enter(inner: Inner) -> Inner:
        for name in names:
            enter_special(name, inner, positional)
        return inner

    return enter


def enter_special(name: str, inner: Callable[..., Any], positional: str = "") -> None:
    """Enter one lowering.

    Raises
    ------
    ValueError
        If the name has one already.
    """
    if name in SPECIAL:
        raise ValueError(f"scipy.special.{name} has a lowering already")
    SPECIAL[name] = bound_lowering(f"scipy.special.{name}", inner, positional)


def floats(builder: Builder, *items: ArrayLike) -> list[Value]:
    """Return operands as real values of one floating dtype, as SciPy computes them.

    Raises
    ------
    TraceError
        If one is complex.
    """
    values = promoted(builder, items)
    for value in values:
        if value.type.is_complex:
            raise TraceError(f"does not take {value.type}; only real arguments are traced")
    if not values[0].type.is_inexact:
        return [cast_to(value, np.dtype(np.float64)) for value in values]
    return values


def fixed_integer(x: ArrayLike, what: str) -> int:
    """Return the integer that `x` is, which may be written as a float.

    Raises
    ------
    TraceError
        If it depends on an input, is not one number, or not an integer.
    """
    array = constant_array(x)
    if array is None:
        raise TraceError(f"{what} must be fixed while tracing; it cannot depend on an input")
    if array.size != 1:
        raise TraceError(
            f"{what} must be one integer; call it for each and join the results with np.stack"
        )
    number = float(array.reshape(())[()].real)
    if not number.is_integer():
        raise TraceError(f"{what} must be an integer, not {number}; only integers are traced")
    return int(number)


def fixed_order(x: ArrayLike) -> int | None:
    """Return the order of a Bessel function if it is one integer, which may be written as a float.

    Raises
    ------
    TraceError
        If it depends on an input.
    """
    array = constant_array(x)
    if array is None:
        raise TraceError(
            "the order v must be fixed while tracing; it cannot depend on an input, since there "
            "is no derivative in it"
        )
    if array.ndim or array.dtype.kind == "c" or not float(array[()]).is_integer():
        return None
    return int(array[()])


def one_op(name: str, **attrs: Any) -> Callable[..., Value]:
    """Return a lowering to an op of any number of operands."""

    def inner(builder: Builder, *args: ArrayLike) -> Value:
        return emit(name, *floats(builder, *args), **attrs)

    return inner
