"""Other shapes of the same elements, and questions about shapes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import (
    Shape,
    as_value,
    as_values,
    broadcasted,
    cast_to,
    constant_array,
    emit,
    known_int,
    known_ints,
    many_axes,
    one_axis,
    permuted,
    reshaped,
)
from graphad.tracing.lowering.registry import ArrayLike, lowers, present
from graphad.types import broadcast_shapes

# --- reshape -------------------------------------------------------------------------------------


def resolved_shape(shape: object, size: int) -> Shape:
    """Return a shape with its ``-1`` worked out.

    Raises
    ------
    TraceError
        If the shape does not hold `size` elements.
    """
    wanted = known_ints(shape, "the shape")
    if wanted.count(-1) == 1:
        rest = prod(n for n in wanted if n != -1)
        if rest and size % rest == 0:
            wanted = tuple([size // rest if n == -1 else n for n in wanted])
    if min(wanted, default=0) < 0 or prod(wanted) != size:
        raise TraceError(f"an array of {size} elements does not take the shape {wanted}")
    return wanted


@lowers(np.reshape, positional="a shape order")
def _reshape(
    builder: Builder, a: ArrayLike, shape: object = None, *, newshape: object = None
) -> Value:
    x = as_value(builder, a)
    return reshaped(x, resolved_shape(newshape if shape is None else shape, x.type.size))


@lowers(np.ravel, positional="a order")
def _ravel(builder: Builder, a: ArrayLike) -> Value:
    x = as_value(builder, a)
    return reshaped(x, (x.type.size,))


@lowers(np.squeeze)
def _squeeze(builder: Builder, a: ArrayLike, axis: Any = None) -> Value:
    x = as_value(builder, a)
    if axis is None:
        dropped: Shape = tuple([i for i, n in enumerate(x.shape) if n == 1])
    else:
        dropped = many_axes(axis, x.ndim)
        for i in dropped:
            if x.shape[i] != 1:
                raise TraceError(f"axis {i} of shape {x.shape} has not the length 1")
    return reshaped(x, tuple([n for i, n in enumerate(x.shape) if i not in dropped]))


@lowers(np.expand_dims)
def _expand_dims(builder: Builder, a: ArrayLike, axis: Any) -> Value:
    x = as_value(builder, a)
    count = len(known_ints(axis, "axis"))
    new = many_axes(axis, x.ndim + count)
    lengths = iter(x.shape)
    return reshaped(x, tuple([1 if i in new else next(lengths) for i in range(x.ndim + count)]))


def at_least(x: Value, ndim: int) -> Value:
    """Return `x` with axes of length 1 added as ``np.atleast_1d``, ``2d`` and ``3d`` do."""
    if x.ndim >= ndim:
        return x
    if ndim == 3 and x.ndim == 2:
        return reshaped(x, (*x.shape, 1))
    if ndim == 3 and x.ndim == 1:
        return reshaped(x, (1, *x.shape, 1))
    return reshaped(x, (1,) * (ndim - x.ndim) + x.shape)


def _enter_at_least(function: Any, ndim: int) -> None:
    @lowers(function)
    def _at_least(builder: Builder, *arys: ArrayLike) -> Any:
        results = tuple([at_least(x, ndim) for x in as_values(builder, arys)])
        return results[0] if len(results) == 1 else results


for _least, _function in enumerate((np.atleast_1d, np.atleast_2d, np.atleast_3d), start=1):
    _enter_at_least(_function, _least)

# --- order of axes -------------------------------------------------------------------------------


@lowers(np.transpose)
def _transpose(builder: Builder, a: ArrayLike, axes: Any = None) -> Value:
    x = as_value(builder, a)
    order = tuple(reversed(range(x.ndim))) if axes is None else many_axes(axes, x.ndim)
    if len(order) != x.ndim:
        raise TraceError(f"axes={axes} do not order the {x.ndim} axes of shape {x.shape}")
    return permuted(x, order)


@lowers(*present("matrix_transpose", "linalg.matrix_transpose"), positional="x")
def _matrix_transpose(builder: Builder, x: ArrayLike) -> Value:
    value = as_value(builder, x)
    if value.ndim < 2:
        raise TraceError(f"an array of shape {value.shape} is not a matrix")
    return permuted(value, (*range(value.ndim - 2), value.ndim - 1, value.ndim - 2))


@lowers(np.swapaxes)
def _swapaxes(builder: Builder, a: ArrayLike, axis1: int, axis2: int) -> Value:
    x = as_value(builder, a)
    first, second = one_axis(axis1, x.ndim), one_axis(axis2, x.ndim)
    order = list(range(x.ndim))
    order[first], order[second] = second, first
    return permuted(x, order)


@lowers(np.moveaxis)
def _moveaxis(builder: Builder, a: ArrayLike, source: Any, destination: Any) -> Value:
    x = as_value(builder, a)
    if source is None or destination is None:
        raise TraceError("source and destination must be axes")
    taken, put = many_axes(source, x.ndim), many_axes(destination, x.ndim)
    if len(taken) != len(put):
        raise TraceError(f"{len(taken)} axes do not move to {len(put)} places")
    order = [axis for axis in range(x.ndim) if axis not in taken]
    for place, axis in sorted(zip(put, taken, strict=True)):
        order.insert(place, axis)
    return permuted(x, order)


@lowers(np.rollaxis)
def _rollaxis(builder: Builder, a: ArrayLike, axis: int, start: int = 0) -> Value:
    x = as_value(builder, a)
    moved, place = one_axis(axis, x.ndim), known_int(start, "start")
    if not -x.ndim <= place <= x.ndim:
        raise TraceError(f"start={place} is out of range for {x.ndim} dimensions")
    place += x.ndim if place < 0 else 0
    order = [i for i in range(x.ndim) if i != moved]
    order.insert(place - 1 if moved < place else place, moved)
    return permuted(x, order)


# --- repetition ----------------------------------------------------------------------------------


@lowers(np.broadcast_to, positional="array shape subok")
def _broadcast_to(builder: Builder, array: ArrayLike, shape: object) -> Value:
    return broadcasted(as_value(builder, array), known_ints(shape, "the shape"))


@lowers(np.broadcast_arrays)
def _broadcast_arrays(builder: Builder, *args: ArrayLike) -> tuple[Value, ...]:
    values = as_values(builder, args)
    shape = broadcast_shapes(tuple([x.shape for x in values]))
    return tuple([broadcasted(x, shape) for x in values])


@lowers(np.meshgrid)
def _meshgrid(
    builder: Builder,
    *xi: ArrayLike,
    copy: bool = True,
    sparse: bool = False,
    indexing: str = "xy",
) -> tuple[Value, ...]:
    values = as_values(builder, xi)
    n = len(values)
    places = list(range(n))
    if indexing == "xy" and n > 1:
        places[0], places[1] = 1, 0
    elif indexing not in ("xy", "ij"):
        raise TraceError(f"indexing={indexing!r} is not 'xy' or 'ij'")
    lines = [
        reshaped(x, (1,) * place + (x.type.size,) + (1,) * (n - 1 - place))
        for x, place in zip(values, places, strict=True)
    ]
    if sparse:
        return tuple(lines)
    shape = broadcast_shapes(tuple([line.shape for line in lines]))
    return tuple([broadcasted(line, shape) for line in lines])


# --- reversal ------------------------------------------------------------------------------------


@lowers(np.flip, positional="m axis")
def _flip(builder: Builder, m: ArrayLike, axis: Any = None) -> Value:
    x = as_value(builder, m)
    axes = tuple(sorted(many_axes(axis, x.ndim)))
    return emit("flip", x, axes=axes) if axes else x


def _enter_flip(function: Any, axis: int) -> None:
    @lowers(function)
    def _flip_one(builder: Builder, m: ArrayLike) -> Value:
        x = as_value(builder, m)
        return emit("flip", x, axes=(one_axis(axis, x.ndim),))


_enter_flip(np.flipud, 0)
_enter_flip(np.fliplr, 1)


@lowers(np.rot90)
def _rot90(builder: Builder, m: ArrayLike, k: int = 1, axes: Any = (0, 1)) -> Value:
    x = as_value(builder, m)
    plane = many_axes(axes, x.ndim)
    if len(plane) != 2:
        raise TraceError(f"axes={axes} are not the two axes of a plane")
    quarter = known_int(k, "k") % 4
    first, second = plane
    swapped = [second if i == first else first if i == second else i for i in range(x.ndim)]
    if quarter == 0:
        return x
    if quarter == 2:
        return emit("flip", x, axes=tuple(sorted(plane)))
    if quarter == 1:
        return permuted(emit("flip", x, axes=(second,)), swapped)
    return emit("flip", permuted(x, swapped), axes=(second,))


# --- questions, copies, and arrays like another --------------------------------------------------


@lowers(np.shape)
def _shape(builder: Builder, a: ArrayLike) -> Shape:
    return as_value(builder, a).shape


@lowers(np.ndim)
def _ndim(builder: Builder, a: ArrayLike) -> int:
    return as_value(builder, a).ndim


@lowers(np.size)
def _size(builder: Builder, a: ArrayLike, axis: Any = None) -> int:
    shape = as_value(builder, a).shape
    return prod(shape[i] for i in many_axes(axis, len(shape)))


@lowers(np.iscomplexobj)
def _iscomplexobj(builder: Builder, x: ArrayLike) -> bool:
    return as_value(builder, x).type.is_complex


@lowers(np.isrealobj)
def _isrealobj(builder: Builder, x: ArrayLike) -> bool:
    return not as_value(builder, x).type.is_complex


@lowers(np.result_type)
def _result_type(builder: Builder, *arrays_and_dtypes: Any) -> np.dtype[Any]:
    return np.result_type(*[x.type.dtype if isinstance(x, Value) else x for x in arrays_and_dtypes])


@lowers(np.copy, positional="a order subok")
def _copy(builder: Builder, a: ArrayLike) -> Value:
    return as_value(builder, a)


@lowers(*present("astype"), positional="x dtype")
def _astype(builder: Builder, x: ArrayLike, dtype: Any, *, copy: bool = True) -> Value:
    return cast_to(as_value(builder, x), np.dtype(dtype))


def _like(builder: Builder, a: ArrayLike, fill: ArrayLike, dtype: Any, shape: Any) -> Value:
    like = as_value(builder, a)
    wanted = like.shape if shape is None else known_ints(shape, "the shape")
    kind = like.type.dtype if dtype is None else np.dtype(dtype)
    array = constant_array(fill)
    if array is not None:
        full = np.broadcast_to(array.astype(kind), wanted)
        return builder.constant(full)
    return broadcasted(cast_to(as_value(builder, fill), kind), wanted)


def _enter_like(function: Any, fill: int) -> None:
    @lowers(function, positional="a dtype order subok shape")
    def _filled(builder: Builder, a: ArrayLike, dtype: Any = None, shape: Any = None) -> Value:
        return _like(builder, a, fill, dtype, shape)


_enter_like(np.zeros_like, 0)
_enter_like(np.empty_like, 0)
_enter_like(np.ones_like, 1)


@lowers(np.full_like, positional="a fill_value dtype order subok shape")
def _full_like(
    builder: Builder, a: ArrayLike, fill_value: ArrayLike, dtype: Any = None, shape: Any = None
) -> Value:
    return _like(builder, a, fill_value, dtype, shape)
