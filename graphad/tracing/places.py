"""Places in an array, given as flat positions: read them, or replace them, in a graph.

Whatever NumPy does to make a view, it does the same to an array of the positions of elements. So
any view, of a view of a view, is known as an integer array; here such arrays become ops. A regular
place becomes a readable slice, others become reads and writes by index.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphad.builder import Builder, Value
from graphad.constant import Span
from graphad.op import OPS
from graphad.ops.movement import inverse_permutation
from graphad.tracing.lowering.coerce import emit, permuted, reshaped

Shape = tuple[int, ...]
Positions = NDArray[np.intp]


class Box(NamedTuple):
    """A regular place: a span along each axis, and how it is turned to be read."""

    spans: tuple[Span, ...]
    kept: Shape
    """Lengths of the axes that are longer than 1, in the order of the array's axes."""
    flipped: tuple[int, ...]
    """Which of these are read backwards."""
    order: tuple[int, ...]
    """In which order these are read."""


def find_box(positions: Positions, shape: Shape) -> Box | None:
    """Return the regular place that positions are in an array of a shape, if they are one."""
    if positions.size == 0:
        return None
    long = [axis for axis, n in enumerate(positions.shape) if n > 1]
    first = int(positions.flat[0])
    steps = [
        int(positions[tuple([1 if i == axis else 0 for i in range(positions.ndim)])]) - first
        for axis in long
    ]
    regular = np.full((), first)
    for axis, step in zip(long, steps, strict=True):
        regular = regular[..., None] + step * np.arange(positions.shape[axis])
    if not np.array_equal(regular.reshape(positions.shape), positions):
        return None
    strides = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    start = [first // stride % n for stride, n in zip(strides, shape, strict=True)]
    spans = [Span(at, at + 1, 1) for at in start]
    taken: dict[int, tuple[int, int]] = {}
    for rank, (axis, step) in enumerate(zip(long, steps, strict=True)):
        count = positions.shape[axis]
        own = _axis_of(abs(step), strides, shape)
        if own is None or own in taken:
            return None
        by = abs(step) // strides[own]
        low = start[own] if step > 0 else start[own] - by * (count - 1)
        high = low + by * (count - 1) + 1
        if low < 0 or high > shape[own]:
            return None
        spans[own] = Span(low, high, by)
        taken[own] = (rank, step)
    own_axes = sorted(taken)
    return Box(
        tuple(spans),
        tuple([spans[own].length for own in own_axes]),
        tuple([i for i, own in enumerate(own_axes) if taken[own][1] < 0]),
        inverse_permutation(tuple([taken[own][0] for own in own_axes])),
    )


def _axis_of(step: int, strides: list[int], shape: Shape) -> int | None:
    """Return the axis along which a flat step goes, if it goes along one."""
    for axis, stride in enumerate(strides):
        if shape[axis] > 1 and 0 < stride <= step:
            return axis if step % stride == 0 and step // stride < shape[axis] else None
    return None


def is_whole(positions: Positions, shape: Shape) -> bool:
    """Return whether positions are all of an array of a shape, in order."""
    size = prod(shape)
    return positions.size == size and bool(np.array_equal(positions.reshape(-1), np.arange(size)))


def _regular(
    x: Value, positions: Positions, forms: Iterable[Shape]
) -> tuple[Value, Box] | tuple[Value, None]:
    """Return `x` in the first form in which positions are a regular place, and that place."""
    for form in (x.shape, *forms):
        box = find_box(positions, form)
        if box is not None:
            return reshaped(x, form), box
    return x, None


def gather(x: Value, positions: Positions, forms: Iterable[Shape] = ()) -> Value:
    """Return the elements of `x` at flat positions, in the shape of the positions.

    Parameters
    ----------
    x : Value
        The array.
    positions : ndarray of int
        Flat positions.
    forms : iterable of tuple of int
        Other shapes of `x` in which the place may be a slice.
    """
    shape = positions.shape
    if positions.size == 1:
        index = np.unravel_index(int(positions.flat[0]), x.shape)
        if index:
            x = emit("element", x, index=tuple([int(i) for i in index]))
        return reshaped(x, shape)
    if is_whole(positions, x.shape):
        return reshaped(x, shape)
    formed, box = _regular(x, positions, forms)
    if box is None:
        flat = reshaped(x, (x.type.size,))
        return emit("take", flat, np.array(positions, dtype=np.int64), axis=0)
    part = reshaped(emit("slice", formed, spans=box.spans), box.kept)
    if box.flipped:
        part = emit("flip", part, axes=box.flipped)
    return reshaped(permuted(part, box.order), shape)


def replace(x: Value, positions: Positions, new: Value, forms: Iterable[Shape] = ()) -> Value:
    """Return `x` with the elements at flat positions replaced.

    Parameters
    ----------
    x : Value
        The array.
    positions : ndarray of int
        Each at most once.
    new : Value
        Of the dtype of `x`, and the shape of `positions` or ``()``.
    forms : iterable of tuple of int
        Other shapes of `x` in which the place may be a slice.
    """
    if is_whole(positions, x.shape) and new.type.size == x.type.size:
        return reshaped(new, x.shape)
    formed, box = _regular(x, positions, forms)
    if box is None:
        return _replace_anywhere(x, positions, new)
    part_shape = tuple([span.length for span in box.spans])
    if new.shape == () and positions.size > 1:
        part = emit("broadcast_to", new, shape=part_shape)
    else:
        lengths = tuple([box.kept[axis] for axis in box.order])
        part = permuted(reshaped(new, lengths), inverse_permutation(box.order))
        if box.flipped:
            part = emit("flip", part, axes=box.flipped)
    updated = emit("update", formed, reshaped(part, part_shape), spans=box.spans)
    return reshaped(updated, x.shape)


def _replace_anywhere(x: Value, positions: Positions, new: Value) -> Value:
    size = x.type.size
    chosen = np.zeros(size, bool)
    chosen[positions.reshape(-1)] = True
    if new.shape != ():
        flat = reshaped(new, (new.type.size,))
        where = np.array(positions.reshape(-1), dtype=np.int64)
        new = reshaped(emit("scatter_add", flat, where, axis=0, size=size), x.shape)
    return emit("where", x.builder.constant(chosen.reshape(x.shape)), new, x)


def packed(builder: Builder, parts: list[Any], shape: Shape) -> Value:
    """Return scalars, values or NumPy numbers of one dtype, as one array."""
    values = [part if isinstance(part, Value) else builder.constant(part) for part in parts]
    made = OPS["pack"](*values, shape=shape)
    assert isinstance(made, Value)
    return made
