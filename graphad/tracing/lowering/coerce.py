"""From what users pass to NumPy to values of a graph, with NumPy's promotion (NEP 50).

Python numbers are weak: they take the dtype of the other operand. NumPy scalars and arrays are
strong. Where dtypes differ, a `cast` is put into the graph, so that operands of an op are of one
dtype.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from graphad.builder import Builder, Value
from graphad.constant import Constant
from graphad.errors import TraceError, TypeRuleError
from graphad.ir import CONST
from graphad.op import Array, Number
from graphad.ops import OPS
from graphad.tracing.lowering.registry import ArrayLike
from graphad.types import DTYPE_NAMES, DType

Shape: TypeAlias = tuple[int, ...]
Kind: TypeAlias = "DType | type"

_BOOL = np.dtype(np.bool_)


def emit(name: str, *args: Value | Number | Array, **attrs: Any) -> Value:
    """Emit an op by name."""
    made = OPS[name](*args, **attrs)
    assert isinstance(made, Value)
    return made


def reshaped(x: Value, shape: Shape) -> Value:
    """Return `x` in another shape of as many elements; `x` itself if it has that shape."""
    if x.shape == shape:
        return x
    array = constant_array(x)
    if array is not None:
        return x.builder.constant(array.reshape(shape))
    return emit("reshape", x, shape=shape)


def permuted(x: Value, axes: Sequence[int]) -> Value:
    """Return `x` with its axes in another order; `x` itself if the order is the same."""
    order = tuple(axes)
    return x if order == tuple(range(x.ndim)) else emit("transpose", x, axes=order)


def broadcasted(x: Value, shape: Shape) -> Value:
    """Return `x` repeated to a shape; `x` itself if it has that shape."""
    return x if x.shape == shape else emit("broadcast_to", x, shape=shape)


# --- what is known while tracing ---------------------------------------------------------------


def constant_array(x: ArrayLike) -> Array | None:
    """Return the array that `x` is, or ``None`` if it depends on an input."""
    if isinstance(x, Value):
        return x.node.attrs[0].array if x.node.op is CONST else None
    if isinstance(x, list | tuple) and any(isinstance(item, Value) for item in x):
        parts = [constant_array(item) for item in x]
        return None if any(part is None for part in parts) else np.array(parts)
    return np.asarray(x)


def known_array(x: ArrayLike, what: str) -> Array:
    """Return the array that `x` is.

    Raises
    ------
    TraceError
        If it depends on an input.
    """
    array = constant_array(x)
    if array is None:
        raise TraceError(f"{what} must be fixed while tracing; it cannot depend on an input")
    return array


def known_int(x: object, what: str) -> int:
    """Return the integer that `x` is.

    Raises
    ------
    TraceError
        If it is something else, or depends on an input.
    """
    array = known_array(x, what)
    try:
        return operator.index(array[()])
    except TypeError:
        raise TraceError(f"{what} must be an integer, not {x!r}") from None


def known_ints(x: object, what: str) -> Shape:
    """Return one integer, or a sequence of them, as a tuple."""
    items: Iterable[object] = x if isinstance(x, list | tuple | range | np.ndarray) else (x,)
    if isinstance(x, np.ndarray) and x.ndim == 0:
        items = (x,)
    return tuple([known_int(item, what) for item in items])


def one_axis(axis: object, ndim: int) -> int:
    """Return an axis counted from the front.

    Raises
    ------
    TraceError
        If there is no such axis.
    """
    n = known_int(axis, "axis")
    if not -ndim <= n < ndim:
        raise TraceError(f"axis {n} is out of range for an array of {ndim} dimensions")
    return n % ndim


def many_axes(axis: object, ndim: int) -> Shape:
    """Return axes counted from the front, in the order given; ``None`` means all.

    Raises
    ------
    TraceError
        If there is no such axis, or one is named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    axes = tuple([one_axis(n, ndim) for n in known_ints(axis, "axis")])
    if len(set(axes)) != len(axes):
        raise TraceError(f"axis={axis} names an axis twice")
    return axes


def float_dtype(dtype: object, x: Value) -> Value:
    """Cast `x` as ``dtype=`` asks; only floating dtypes are taken.

    Raises
    ------
    TraceError
        If the dtype is not real or complex floating point.
    """
    if dtype is None:
        return x
    wanted = np.dtype(dtype)  # type: ignore[call-overload]
    if wanted.kind not in "fc":
        raise TraceError(f"dtype={wanted} has no derivatives; use dtype=np.float64 or leave it out")
    return cast_to(x, wanted)


# --- values ------------------------------------------------------------------------------------


def cast_to(x: Value, dtype: DType) -> Value:
    """Return `x` in another dtype; `x` itself if it has that dtype.

    Raises
    ------
    TraceError
        If graphs do not hold the dtype, or the imaginary part would be lost.
    """
    if x.type.dtype == dtype:
        return x
    if dtype not in DTYPE_NAMES:
        raise TraceError(f"NumPy gives {dtype} here, which graphs do not hold; cast to float64")
    if x.type.is_complex and dtype.kind != "c":
        raise TraceError(
            f"{x.type} cannot be cast to {dtype}, which has no imaginary part; take x.real"
        )
    array = constant_array(x)
    if array is not None:
        return x.builder.constant(array.astype(dtype))
    return emit("cast", x, dtype=DTYPE_NAMES[dtype])


def as_value(builder: Builder, x: ArrayLike, like: Value | None = None) -> Value:
    """Return numbers, arrays, and nested lists with values among them, as one value.

    Parameters
    ----------
    builder : Builder
        Where constants go.
    x : array_like
        A value of the builder, a number, an array or nested lists of these.
    like : Value, optional
        The operand beside which a Python number stands, and which gives it its dtype.

    Returns
    -------
    Value
        Of the shape ``np.shape(x)``.

    Raises
    ------
    TraceError
        If `x` is not numbers, or the lists are ragged.
    GraphError
        If a value belongs to another graph.

    Examples
    --------
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> as_value(b, [[x, 1.0], [0.0, x]])
    <value <%3: f64[2,2] = pack %0 %1 %2 %0>>
    """
    if isinstance(x, Value):
        builder.lift(x, x)  # refuses values of other graphs
        return x
    if isinstance(x, list | tuple):
        return _from_sequence(builder, x)
    if like is not None and type(x) in (int, float, complex):
        return _constant(builder, np.asarray(x, dtype=np.result_type(like.type.dtype, x)))
    return _constant(builder, x)


def as_values(builder: Builder, items: Iterable[ArrayLike]) -> list[Value]:
    """Return each of `items` as a value, by itself."""
    return [as_value(builder, item) for item in items]


def _constant(builder: Builder, x: ArrayLike) -> Value:
    if isinstance(x, np.ma.MaskedArray | np.matrix):
        raise TraceError(
            f"a {type(x).__name__} cannot be in a graph; use a plain array, np.asarray(x)"
        )
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise TraceError(f"{type(x).__name__} does not make an array: {error}") from None
    if array.dtype.kind not in "biufc":
        raise TraceError(
            f"{type(x).__name__} of dtype {array.dtype} is not a number or an array of numbers"
        )
    try:
        return builder.constant(array)
    except TypeRuleError as error:
        raise TraceError(str(error)) from None


def _from_sequence(builder: Builder, items: Sequence[Any]) -> Value:
    if not _holds_value(items):
        return _constant(builder, items)
    shape, leaves = _grid(items)
    parts = as_values(builder, leaves)
    if all(part.shape == () for part in parts):
        return emit("pack", *common_dtype(parts), shape=shape)
    if len(shape) > 1:
        parts = as_values(builder, items)
    shapes = {part.shape: None for part in parts}
    if len(shapes) > 1:
        listed = " and ".join(map(str, shapes))
        raise TraceError(f"a list of arrays of shapes {listed} does not make one array")
    return stacked(parts)


def _holds_value(items: Sequence[Any]) -> bool:
    return any(
        isinstance(item, Value) or (isinstance(item, list | tuple) and _holds_value(item))
        for item in items
    )


def _grid(items: Sequence[Any]) -> tuple[Shape, list[Any]]:
    """Return the shape and the leaves of nested lists, as deep as they are regular."""
    shape: Shape = (len(items),)
    level = list(items)
    while level and all(isinstance(item, list | tuple) for item in level):
        lengths = {len(item) for item in level}
        if len(lengths) > 1:
            break
        shape += (lengths.pop(),)
        level = [leaf for item in level for leaf in item]
    return shape, level


def stacked(parts: Sequence[Value], axis: int = 0) -> Value:
    """Return values of one shape side by side along a new axis."""
    values = common_dtype(parts)
    shape = values[0].shape
    if shape == ():
        return emit("pack", *values, shape=(len(values),))
    longer = (*shape[:axis], 1, *shape[axis:])
    columns = [reshaped(value, longer) for value in values]
    return columns[0] if len(columns) == 1 else emit("concatenate", *columns, axis=axis)


# --- promotion ---------------------------------------------------------------------------------


def common_dtype(values: Sequence[Value]) -> list[Value]:
    """Return values cast to the dtype that NumPy promotes them to."""
    dtypes = sorted({value.type.dtype for value in values}, key=str)
    if len(dtypes) == 1:
        return list(values)
    dtype = np.result_type(*dtypes)
    return [cast_to(value, dtype) for value in values]


def promoted(builder: Builder, items: Sequence[ArrayLike]) -> list[Value]:
    """Return numbers and arrays as values of the dtype NumPy promotes them to; numbers are weak."""
    whole = [_whole(builder, item) for item in items]
    dtype = np.result_type(
        *[item.type.dtype if isinstance(item, Value) else item for item in whole]
    )
    return [_fitted(builder, item, dtype) for item in whole]


def operands(builder: Builder, ufunc: np.ufunc, args: Sequence[ArrayLike]) -> list[Value]:
    """Return the operands of a ufunc as values of the dtypes in which NumPy computes it.

    Raises
    ------
    TraceError
        If the ufunc does not take them.
    """
    whole = [_whole(builder, arg) for arg in args]
    kinds = tuple([arg.type.dtype if isinstance(arg, Value) else type(arg) for arg in whole])
    dtypes = _loop(ufunc, kinds)
    return [_fitted(builder, arg, dtype) for arg, dtype in zip(whole, dtypes, strict=True)]


def _whole(builder: Builder, x: ArrayLike) -> Value | int | float | complex:
    """Return a Python number as it is, since it is weak, and anything else as a value."""
    if isinstance(x, Value):
        return x if x.builder is builder else as_value(builder, x)
    if isinstance(x, int | float | complex) and not isinstance(x, np.generic | bool):
        return int(x) if isinstance(x, int) else float(x) if isinstance(x, float) else complex(x)
    return as_value(builder, x)


def _fitted(builder: Builder, x: Value | int | float | complex, dtype: DType) -> Value:
    if isinstance(x, Value):
        return cast_to(x, dtype)
    try:
        if x and not isinstance(x, complex):  # equal numbers differ in bits only as zeros
            return builder.constant(_number(x, dtype))
        return builder.constant(np.asarray(x, dtype=dtype))
    except OverflowError:
        raise TraceError(f"{x} is out of range for {dtype}") from None


@lru_cache(maxsize=1024, typed=True)
def _number(x: float, dtype: DType) -> Constant:
    return Constant(np.asarray(x, dtype=dtype))


@lru_cache(maxsize=4096)
def _loop(ufunc: np.ufunc, kinds: tuple[Kind, ...]) -> tuple[DType, ...]:
    """Return the dtypes in which a ufunc computes operands of these dtypes."""
    try:
        resolved = ufunc.resolve_dtypes(kinds + (None,) * ufunc.nout)
    except TypeError:
        listed = " and ".join(
            str(kind) if isinstance(kind, np.dtype) else f"a Python {kind.__name__}"
            for kind in kinds
        )
        raise TraceError(f"np.{ufunc.__name__} does not take {listed}") from None
    return resolved[: ufunc.nin]


def truth(x: Value) -> Value:
    """Return whether elements are true: not zero."""
    if x.type.dtype == _BOOL:
        return x
    array = constant_array(x)
    if array is not None:
        return x.builder.constant(array.astype(bool))
    return emit("not_equal", x, x.builder.constant(np.zeros((), x.type.dtype)))
