"""Ufuncs, and functions that act on each element by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log, pi
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError, TypeRuleError
from graphad.ops.powers import LARGEST_CHAIN
from graphad.tracing.lowering.coerce import (
    as_value,
    as_values,
    constant_array,
    emit,
    float_dtype,
    operands,
    promoted,
    truth,
)
from graphad.tracing.lowering.complex import (
    conjugated,
    direction,
    root,
    size,
    squared_size_of,
)
from graphad.tracing.lowering.registry import (
    LOWERINGS,
    ArrayLike,
    Inner,
    Lowering,
    check_neutral,
    lowers,
)

_DIRECT: Mapping[np.ufunc, str] = {
    np.negative: "negative",
    np.reciprocal: "reciprocal",
    np.add: "add",
    np.subtract: "subtract",
    np.divide: "divide",
    np.fabs: "absolute",
    np.exp: "exp",
    np.expm1: "expm1",
    np.exp2: "exp2",
    np.log: "log",
    np.log1p: "log1p",
    np.log2: "log2",
    np.log10: "log10",
    np.logaddexp: "logaddexp",
    np.cbrt: "cbrt",
    np.hypot: "hypot",
    np.sin: "sin",
    np.cos: "cos",
    np.tan: "tan",
    np.arcsin: "arcsin",
    np.arccos: "arccos",
    np.arctan: "arctan",
    np.arctan2: "arctan2",
    np.sinh: "sinh",
    np.cosh: "cosh",
    np.tanh: "tanh",
    np.arcsinh: "arcsinh",
    np.arccosh: "arccosh",
    np.arctanh: "arctanh",
    np.maximum: "maximum",
    np.minimum: "minimum",
    np.floor: "floor",
    np.ceil: "ceil",
    np.trunc: "trunc",
    np.rint: "rint",
    np.less: "less",
    np.less_equal: "less_equal",
    np.greater: "greater",
    np.greater_equal: "greater_equal",
    np.equal: "equal",
    np.not_equal: "not_equal",
    np.isnan: "isnan",
    np.isfinite: "isfinite",
}
"""Ufuncs that are one op."""


def elementwise_lowering(ufunc: np.ufunc, build: Callable[..., Any]) -> Lowering:
    """Return the lowering of a ufunc; ``build(*values)`` gets operands of the right dtypes."""
    name = f"np.{ufunc.__name__}"

    def lowering(builder: Builder, *args: ArrayLike, **kwargs: Any) -> Any:
        try:
            if kwargs:
                dtype = kwargs.pop("dtype", None)
                for key, value in kwargs.items():
                    check_neutral(name, key, value)
                if dtype is not None:
                    args = tuple([float_dtype(dtype, value) for value in as_values(builder, args)])
            return build(*operands(builder, ufunc, args))
        except (TraceError, TypeRuleError) as error:
            text = str(error)
            raise TraceError(text if text.startswith(name) else f"{name}: {text}") from error

    return lowering


def _direct(name: str) -> Callable[..., Value]:
    return lambda *values: emit(name, *values)


for _ufunc, _name in _DIRECT.items():
    LOWERINGS.enter(_ufunc, elementwise_lowering(_ufunc, _direct(_name)))


def _lowers_ufunc(*ufuncs: np.ufunc) -> Callable[[Inner], Inner]:
    def enter(build: Inner) -> Inner:
        for ufunc in ufuncs:
            LOWERINGS.enter(ufunc, elementwise_lowering(ufunc, build))
        return build

    return enter


# --- powers ------------------------------------------------------------------------------------


@_lowers_ufunc(np.multiply)
def _multiply(x: Value, y: Value) -> Value:
    smooth = squared_size_of(x) if x.node is y.node else None
    return emit("multiply", x, y) if smooth is None else smooth


_lowers_ufunc(np.sqrt)(root)


@_lowers_ufunc(np.square)
def _square(x: Value) -> Value:
    smooth = squared_size_of(x)
    return smooth if smooth is not None else emit("integer_power", x, exponent=2)


@_lowers_ufunc(np.power, np.float_power)
def raised(x: Value, exponent: Value) -> Value:
    """Return a power: a product, root or reciprocal where the exponent is a number that gives one.

    Parameters
    ----------
    x, exponent : Value
        Of one dtype.

    Raises
    ------
    TraceError
        If integers are raised to a negative power.
    """
    array = constant_array(exponent)
    if array is not None and array.shape == ():
        number = complex(array[()])
        if number.imag == 0:
            special = _special_power(x, number.real)
            if special is not None:
                return special
    return emit("power", x, exponent)


def _special_power(x: Value, exponent: float) -> Value | None:
    if exponent == 0.5 and x.type.is_inexact:
        return root(x)
    if not exponent.is_integer() or abs(exponent) > LARGEST_CHAIN:
        return None
    n = int(exponent)
    if n < 0 and not x.type.is_inexact:
        raise TraceError(f"integers have no power {n}; write x.astype(np.float64)**{n}")
    if n == 1:
        return x
    if n == -1:
        return emit("reciprocal", x)
    smooth = squared_size_of(x) if n % 2 == 0 and n > 0 else None
    if smooth is not None:  # |z|² has no root in it, and is smooth at 0
        return smooth if n == 2 else emit("integer_power", smooth, exponent=n // 2)
    return emit("integer_power", x, exponent=n)


# --- scaled, signed, and exponentials to other bases ---------------------------------------------


@_lowers_ufunc(np.positive)
def _positive(x: Value) -> Value:
    return x


@_lowers_ufunc(np.deg2rad, np.radians)
def _deg2rad(x: Value) -> Value:
    return emit("multiply", x, pi / 180)


@_lowers_ufunc(np.rad2deg, np.degrees)
def _rad2deg(x: Value) -> Value:
    return emit("multiply", x, 180 / pi)


@_lowers_ufunc(np.logaddexp2)
def _logaddexp2(x: Value, y: Value) -> Value:
    scaled = [emit("multiply", value, log(2)) for value in (x, y)]
    return emit("multiply", emit("logaddexp", *scaled), 1 / log(2))


@_lowers_ufunc(np.heaviside)
def _heaviside(x: Value, at_zero: Value) -> Value:
    step = emit("multiply", emit("add", emit("sign", x), 1.0), 0.5)
    return emit("where", emit("equal", x, 0.0), at_zero, step)


_lowers_ufunc(np.absolute)(size)
_lowers_ufunc(np.sign)(direction)
_lowers_ufunc(np.conjugate)(conjugated)


@lowers(np.fix, positional="x out")
def _fix(builder: Builder, x: ArrayLike) -> Value:
    return emit("trunc", *operands(builder, np.trunc, [x]))


# --- selection -----------------------------------------------------------------------------------


def _ignoring_nan(extremum: str) -> Callable[[Value, Value], Value]:
    """Where one operand is NaN, the other one; NaN is only tested for where it can be."""

    def build(x: Value, y: Value) -> Value:
        result = emit(extremum, x, y)
        for tested, other in ((x, y), (y, x)):
            array = constant_array(tested)
            if tested.type.is_inexact and (array is None or np.isnan(array).any()):
                result = emit("where", emit("isnan", tested), other, result)
        return result

    return build


LOWERINGS.enter(np.fmax, elementwise_lowering(np.fmax, _ignoring_nan("maximum")))
LOWERINGS.enter(np.fmin, elementwise_lowering(np.fmin, _ignoring_nan("minimum")))


@lowers(np.clip, positional="a a_min a_max out")
def _clip(
    builder: Builder,
    a: ArrayLike,
    a_min: ArrayLike = None,
    a_max: ArrayLike = None,
    *,
    min: ArrayLike = None,
    max: ArrayLike = None,
) -> Value:
    low = a_min if min is None else min
    high = a_max if max is None else max
    bounds = [bound for bound in (low, high) if bound is not None]
    x, *limits = promoted(builder, [a, *bounds])
    if low is not None:
        x = emit("maximum", x, limits[0])
    return x if high is None else emit("minimum", x, limits[-1])


@lowers(np.where, positional="condition x y")
def _where(builder: Builder, condition: ArrayLike, x: ArrayLike = None, y: ArrayLike = None) -> Any:
    if x is None or y is None:
        array = constant_array(condition)
        if array is None:
            raise TraceError(
                "where a traced condition holds is not known while tracing; "
                "give all three arguments: np.where(condition, x, y)"
            )
        return np.nonzero(array)
    (test,) = as_values(builder, [condition])
    return emit("where", truth(test), *promoted(builder, [x, y]))


@lowers(np.select, positional="condlist choicelist default")
def _select(
    builder: Builder, condlist: ArrayLike, choicelist: ArrayLike, default: ArrayLike = 0
) -> Value:
    tests = as_values(builder, condlist)
    *choices, result = promoted(builder, [*choicelist, default])
    if len(tests) != len(choices) or not tests:
        raise TraceError(f"{len(tests)} conditions do not go with {len(choices)} choices")
    for test, choice in zip(reversed(tests), reversed(choices), strict=True):
        result = emit("where", truth(test), choice, result)
    return result


@lowers(np.nan_to_num, positional="x copy nan posinf neginf")
def _nan_to_num(
    builder: Builder,
    x: ArrayLike,
    nan: float = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Value:
    (value,) = as_values(builder, [x])
    if value.type.dtype.kind != "f":
        return value
    limits = np.finfo(value.type.dtype)
    highest = limits.max if posinf is None else posinf
    lowest = limits.min if neginf is None else neginf
    instead = [as_value(builder, number, value) for number in (nan, highest, lowest)]
    result = emit("where", emit("isnan", value), instead[0], value)
    result = emit("where", emit("equal", value, np.inf), instead[1], result)
    return emit("where", emit("equal", value, -np.inf), instead[2], result)


# --- comparison and logic ------------------------------------------------------------------------


@_lowers_ufunc(np.isinf)
def _isinf(x: Value) -> Value:
    if not x.type.is_inexact:
        return x.builder.constant(np.zeros(x.shape, bool))
    return emit("equal", emit("absolute", x), np.inf)


def _logical(name: str) -> Callable[..., Value]:
    return lambda *values: emit(name, *map(truth, values))


def _bitwise(name: str) -> Callable[..., Value]:
    def build(*values: Value) -> Value:
        if any(value.type.dtype.kind != "b" for value in values):
            raise TraceError(f"only booleans are taken; for truth of numbers use np.{name}")
        return emit(name, *values)

    return build


for _ufunc in (np.logical_and, np.logical_or, np.logical_xor, np.logical_not):
    LOWERINGS.enter(_ufunc, elementwise_lowering(_ufunc, _logical(_ufunc.__name__)))
for _ufunc, _name in (
    (np.bitwise_and, "logical_and"),
    (np.bitwise_or, "logical_or"),
    (np.bitwise_xor, "logical_xor"),
    (np.invert, "logical_not"),
):
    LOWERINGS.enter(_ufunc, elementwise_lowering(_ufunc, _bitwise(_name)))
