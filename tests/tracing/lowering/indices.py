"""Reading and writing by graphs, and hypothesis strategies of indices."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices

from graphad.builder import Builder, Value
from graphad.op import Array
from graphad.tracing.lowering import getitem, setitem
from graphad.types import make_type
from tests.tracing.lowering.calls import evaluated

Shape = tuple[int, ...]


def input_like(builder: Builder, array: Array, name: str = "x") -> Value:
    """Return an input of an array's type."""
    return builder.input(name, make_type(array.shape, array.dtype))


def numbered(shape: Shape) -> Array:
    """Return an array in which each element is another number."""
    return np.arange(1.0, 1.0 + np.prod(shape, dtype=int)).reshape(shape)


def read(array: Array, index: Any) -> Array:
    """Return ``array[index]``, by a graph."""
    builder = Builder()
    result = getitem(input_like(builder, array), index)
    return evaluated(builder.finish("f", [result]), [array])[0]


def written(array: Array, index: Any, new: Any, traced: bool = True) -> Array:
    """Return the array after ``array[index] = new``, by a graph."""
    builder = Builder()
    x = input_like(builder, array)
    part = input_like(builder, np.asarray(new), "new") if traced else new
    result = setitem(x, index, part)
    arrays = [array, np.asarray(new)] if traced else [array]
    return evaluated(builder.finish("f", [result]), arrays)[0]


# --- strategies ----------------------------------------------------------------------------------


@st.composite
def item(draw: st.DrawFn, shape: Shape, axis: int, broadcast: Shape) -> tuple[Any, int]:
    """Return one part of an index, for the axes from `axis` on, and how many axes it takes."""
    n = shape[axis]
    kinds = ["slice", "full", "none"]
    if n:
        kinds += ["int", "array", "list", "zero_d"]
    kinds.append("mask")
    if axis + 1 < len(shape):
        kinds.append("mask2")
    kind = draw(st.sampled_from(kinds))
    position = st.integers(-n, n - 1)
    if kind == "slice":
        return draw(st.slices(n)), 1
    if kind == "full":
        return slice(None), 1
    if kind == "none":
        return None, 0
    if kind == "int":
        return draw(position), 1
    if kind == "zero_d":
        return np.array(draw(position)), 1
    if kind == "array":
        lengths = [draw(st.sampled_from([1, m])) for m in broadcast]
        lengths = lengths[draw(st.integers(0, len(lengths))) :]
        count = int(np.prod(lengths))
        flat = draw(st.lists(position, min_size=count, max_size=count))
        return np.array(flat, dtype=np.int64).reshape(lengths), 1
    if kind == "list":
        return draw(st.lists(position, min_size=1, max_size=1)), 1
    taken = 1 if kind == "mask" else 2
    some = shape[axis : axis + taken]
    count = int(np.prod(some))
    flat = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return np.array(flat, dtype=bool).reshape(some), taken


@st.composite
def any_index(draw: st.DrawFn, shape: Shape) -> Any:
    """Return a tuple of parts of all kinds; NumPy may still refuse it."""
    broadcast = draw(st.sampled_from([(2,), (3,), (2, 3), (1, 2)]))
    parts: list[Any] = []
    axis = 0
    limit = draw(st.integers(0, len(shape)))
    while axis < limit:
        part, taken = draw(item(shape, axis, broadcast))
        parts.append(part)
        axis += taken
        if len(parts) > 6:
            break
    if draw(st.booleans()) and axis <= len(shape):
        parts.append(Ellipsis)
        if axis < len(shape) and draw(st.booleans()):
            part, taken = draw(item(shape, len(shape) - 1, broadcast))
            parts.append(part)
    return tuple(parts)


SHAPES = array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
WITH_EMPTY = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


@st.composite
def shape_and_index(draw: st.DrawFn) -> tuple[Shape, Any]:
    """Return a shape and an index for it."""
    shape = draw(SHAPES)
    return shape, draw(any_index(shape))


@st.composite
def shape_and_basic_index(draw: st.DrawFn) -> tuple[Shape, Any]:
    """Return a shape, which may be empty or of no axes, and an index of integers and slices."""
    shape = draw(WITH_EMPTY)
    return shape, draw(basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))


def replacement(shape: Shape, index: Any, data: st.DataObject) -> Array:
    """Return an array that may broadcast to what an index selects, or nearly."""
    try:
        target = numbered(shape)[index].shape
    except IndexError:
        target = ()
    lengths = [data.draw(st.sampled_from([1, n])) for n in target]
    lengths = lengths[data.draw(st.integers(0, len(lengths))) :]
    if data.draw(st.booleans()):  # a second empty array too many is taken by NumPy now and then
        lengths.insert(0, 1 if 0 in lengths else data.draw(st.sampled_from([1, 1, 2])))
    return -numbered(tuple(lengths))
