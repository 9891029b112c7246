"""Reading and writing elements: all forms of NumPy's index, on values of a graph.

Basic indices (integers, slices, ``...``, ``None``) become readable `element`, `slice`, `flip` and
`reshape`. Arrays of integers and masks become one `take` along one axis, of which the indices are
worked out by letting NumPy index an array of positions.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from graphad.builder import Value
from graphad.constant import Span
from graphad.errors import TraceError
from graphad.op import Array
from graphad.tracing.lowering.coerce import (
    Shape,
    as_value,
    broadcasted,
    cast_to,
    constant_array,
    emit,
    permuted,
    reshaped,
)

Item: TypeAlias = Any
"""An int, a slice, ``None``, an array of integers or booleans, or a value of integers."""


class Basic(NamedTuple):
    """What integers, slices and new axes select of a shape.

    Parameters
    ----------
    spans : tuple of Span
        For each axis of the array.
    flipped : tuple of int
        Axes along which the selected elements stand in reverse.
    shape : tuple of int
        Shape of the result: without the axes of integers, with the new axes.
    """

    spans: tuple[Span, ...]
    flipped: Shape
    shape: Shape


# --- reading -------------------------------------------------------------------------------------


def getitem(value: Value, index: Any) -> Value:
    """Return ``value[index]``.

    Parameters
    ----------
    value : Value
        The array.
    index : object
        Integers, slices, ``...``, ``None``, arrays or lists of integers, masks that do not depend
        on an input, or a tuple of these. One value of integers may stand for an axis.

    Returns
    -------
    Value

    Raises
    ------
    TraceError
        If the index is out of range, is no index, or is a mask that depends on an input.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.types import make_type
    >>> x = Builder().input("x", make_type((3, 4), np.dtype(float)))
    >>> getitem(x, (1, slice(None, None, -1))).shape, getitem(x, ([0, 2], 1)).shape
    ((4,), (2,))
    """
    if type(index) is int and value.ndim == 1:
        n = value.shape[0]
        if not -n <= index < n:
            raise _out_of_range(value.shape, f"index {index} is out of bounds for size {n}")
        return emit("element", value, index=(index % n,))
    items = _items(index)
    if any(isinstance(item, Value) for item in items):
        return _take_traced(value, _expanded(items, value.ndim))
    _probe(value.shape, items)
    if any(isinstance(item, np.ndarray) and item.ndim == 0 for item in items):
        return _take_flat(value, items)  # a boolean scalar, which makes an axis
    if not any(isinstance(item, np.ndarray) for item in items):
        return _get_basic(value, _expanded(items, value.ndim))
    return _take(value, items)


def _items(index: Any) -> list[Item]:
    """Return the parts of an index, lists as arrays and constants as what they are."""
    parts = index if isinstance(index, tuple) else (index,)
    return [_item(part) for part in parts]


def _item(part: Any) -> Item:
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    if isinstance(part, Value):
        array = constant_array(part)
        if array is None:
            return part
        part = array
    if isinstance(part, int | np.integer) and not isinstance(part, bool):
        return int(part)
    if isinstance(part, list | tuple) and any(isinstance(item, Value) for item in part):
        array = constant_array(part)
        if array is None:
            raise TraceError("a list of traced integers is no index; stack them with np.array")
        part = array
    array = np.asarray(part)
    if array.size == 0 and isinstance(part, list | tuple):
        return array.astype(np.intp)
    if array.dtype.kind in "iu":
        return int(array) if array.ndim == 0 else array.astype(np.int64)
    if array.dtype.kind == "b":
        return array
    raise TraceError(
        f"an array is indexed by integers, slices, masks, ... and None, not by {part!r}"
    )


def _out_of_range(shape: Shape, reason: object) -> TraceError:
    return TraceError(f"{reason}; the array that is indexed has the shape {shape}")


def _probe(shape: Shape, items: list[Item]) -> None:
    """Let NumPy judge an index, on an array of that shape that takes no memory.

    Raises
    ------
    TraceError
        With NumPy's words.
    """
    try:
        np.broadcast_to(np.False_, shape)[tuple(items)]
    except (IndexError, ValueError, TypeError) as error:
        raise _out_of_range(shape, error) from None


def _consumed(item: Item) -> int:
    """Return how many axes of the array an item speaks of."""
    if item is None:
        return 0
    return item.ndim if isinstance(item, np.ndarray) and item.dtype.kind == "b" else 1


def _expanded(items: list[Item], ndim: int) -> list[Item]:
    """Return items with ``...``, or the axes at the end that no item speaks of, as slices."""
    dots = [i for i, item in enumerate(items) if item is Ellipsis]
    rest = ndim - sum(_consumed(item) for item in items if item is not Ellipsis)
    if len(dots) > 1 or rest < 0:
        raise TraceError(f"too many indices for an array of {ndim} dimensions")
    at = dots[0] if dots else len(items)
    return [*items[:at], *[slice(None)] * rest, *items[at + 1 :]]


def _basic(shape: Shape, items: list[Item]) -> Basic:
    spans: list[Span] = []
    flipped = []
    result = []
    for item in items:
        if item is None:
            result.append(1)
            continue
        n = shape[len(spans)]
        if isinstance(item, int):
            spans.append(Span(item % n, item % n + 1, 1))
            continue
        positions = range(*item.indices(n))
        if positions.step < 0:
            positions = positions[::-1]
            if len(positions) > 1:
                flipped.append(len(spans))
        spans.append(_span(positions))
        result.append(len(positions))
    return Basic(tuple(spans), tuple(flipped), tuple(result))


def _span(positions: range) -> Span:
    """Return the one span of these rising positions, so that equal slices are equal nodes."""
    if not positions:
        return Span(0, 0, 1)
    step = positions.step if len(positions) > 1 else 1
    return Span(positions[0], positions[-1] + 1, step)


def _lengths(spans: tuple[Span, ...]) -> Shape:
    return tuple([span.length for span in spans])


def _get_basic(x: Value, items: list[Item]) -> Value:
    basic = _basic(x.shape, items)
    if items and all(isinstance(item, int) for item in items):
        return emit("element", x, index=tuple([span.start for span in basic.spans]))
    if _lengths(basic.spans) != x.shape:
        x = emit("slice", x, spans=basic.spans)
    if basic.flipped:
        x = emit("flip", x, axes=basic.flipped)
    return reshaped(x, basic.shape)


def _is_array(item: Item) -> bool:
    return isinstance(item, np.ndarray | Value)


def _is_advanced(item: Item) -> bool:
    return isinstance(item, int) or _is_array(item)


def _contiguous(places: list[int]) -> bool:
    return places[-1] - places[0] == len(places) - 1


def _take(x: Value, items: list[Item]) -> Value:
    """Apply the basic items, merge the axes of the arrays to one, and take along it.

    NumPy puts the axes of the arrays where they stood, or first where a slice or a new axis stands
    between two of them, or ``...``, even if that stands for no axis; integers count as arrays.
    """
    apart = not _contiguous([i for i, item in enumerate(items) if _is_advanced(item)])
    expanded = _expanded(items, x.ndim)
    without = [item for item in expanded if not isinstance(item, int)]
    places = [i for i, item in enumerate(without) if _is_array(item)]
    if not _contiguous(places):
        return _take_flat(x, items)
    arrays = without[places[0] : places[-1] + 1]
    basic = []
    for item in expanded:
        basic.extend([slice(None)] * _consumed(item) if _is_array(item) else [item])
    x = _get_basic(x, basic)
    axis = places[0]
    depth = sum(map(_consumed, arrays))
    merged = x.shape[axis : axis + depth]
    positions: Array = np.arange(prod(merged)).reshape(merged)[tuple(arrays)]
    x = reshaped(x, (*x.shape[:axis], prod(merged), *x.shape[axis + depth :]))
    taken = emit("take", x, positions.astype(np.int64), axis=axis)
    return _moved_first(taken, axis, positions.ndim) if apart else taken


def _moved_first(x: Value, axis: int, count: int) -> Value:
    picked = range(axis, axis + count)
    return permuted(x, (*picked, *[i for i in range(x.ndim) if i not in picked]))


def _take_flat(x: Value, items: list[Item]) -> Value:
    """Take from all elements in a row, at the positions that NumPy selects."""
    positions = np.arange(x.type.size).reshape(x.shape)[tuple(items)]
    flat = reshaped(x, (x.type.size,))
    return emit("take", flat, positions.astype(np.int64), axis=0)


def _take_traced(x: Value, items: list[Item]) -> Value:
    """Take at integers that are known only when the graph runs.

    Integers along several axes become one, along the axes merged. Where a slice or a new axis
    stands between them, their axes come first, as in NumPy.
    """
    places = [i for i, item in enumerate(items) if _is_advanced(item)]
    for item in items:
        kind = "i" if isinstance(item, int) or not _is_array(item) else _dtype(item).kind
        if kind == "b":
            raise TraceError(
                "a mask that depends on an input selects elements whose number is not known while "
                "tracing; write np.where(mask, x, 0.0)"
                if isinstance(item, Value)
                else "a mask beside a traced index is not supported; write np.flatnonzero(mask)"
            )
        if kind not in "iu":
            raise TraceError(f"an array is indexed by integers, not by {item.type}")
    basic = [slice(None) if i in places else item for i, item in enumerate(items)]
    _probe(x.shape, basic)
    x = _get_basic(x, basic)
    if len(places) == 1:
        return emit("take", x, items[places[0]], axis=places[0])
    lengths = tuple([x.shape[i] for i in places])
    index = _merged(x, [items[i] for i in places], lengths)
    apart = not _contiguous(places)
    axis = 0 if apart else places[0]
    rest = [i for i in range(x.ndim) if i not in places]
    x = permuted(x, (*rest[:axis], *places, *rest[axis:]))
    after = x.shape[axis + len(places) :]
    return emit("take", reshaped(x, (*x.shape[:axis], prod(lengths), *after)), index, axis=axis)


def _dtype(item: Any) -> Any:
    return item.type.dtype if isinstance(item, Value) else item.dtype


def _merged(x: Value, indices: list[Item], lengths: Shape) -> Value:
    """Return the number of each element in axes of these lengths, from its index along each."""
    index: Value | None = None
    for item, n in zip(indices, lengths, strict=True):
        value = cast_to(as_value(x.builder, item), np.dtype(np.int64))
        value = emit("wrapped_index", value, size=n)
        index = value if index is None else emit("add", emit("multiply", index, n), value)
    assert index is not None
    return index


# --- writing -------------------------------------------------------------------------------------


def setitem(value: Value, index: Any, new: Any) -> Value:
    """Return `value` with ``value[index] = new`` done.

    Parameters
    ----------
    value : Value
        The array; it keeps its dtype, as in NumPy.
    index : object
        As in `getitem`. Where a position is named twice, the last element stays. A mask may depend
        on an input if `new` is the same for all elements it selects.
    new : array_like
        Broadcast to what is replaced.

    Returns
    -------
    Value
        The whole array after the assignment.

    Raises
    ------
    TraceError
        If the index is out of range or no index, or `new` does not broadcast.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.types import make_type
    >>> x = Builder().input("x", make_type((4,), np.dtype(float)))
    >>> setitem(x, slice(1, 3), [0.0, 1.0])
    <value <%2: f64[4] = update %0 %1>>
    """
    part = cast_to(as_value(value.builder, new, value), value.type.dtype)
    items = _items(index)
    if any(isinstance(item, Value) for item in items):
        return _put_masked(value, items, part)
    _probe(value.shape, items)
    if any(isinstance(item, np.ndarray) for item in items):
        return _put_at(value, items, part)
    basic = _basic(value.shape, _expanded(items, value.ndim))
    part = _filling(part, basic.shape)
    if not part.type.size:
        return value
    part = reshaped(part, _lengths(basic.spans))
    if basic.flipped:
        part = emit("flip", part, axes=basic.flipped)
    return part if part.shape == value.shape else emit("update", value, part, spans=basic.spans)


def _fits(part: Shape, target: Shape) -> bool:
    return len(part) <= len(target) and all(
        n in (1, m) for n, m in zip(reversed(part), reversed(target), strict=False)
    )


def _trimmed(part: Value, target: Shape) -> Value:
    """Return `part` without axes of length 1 in front, of which NumPy allows any number.

    Raises
    ------
    TraceError
        If it does not broadcast to the shape `target`.
    """
    shape = part.shape
    while len(shape) > len(target) and shape[0] == 1:
        shape = shape[1:]
    if not _fits(shape, target):
        raise TraceError(
            f"a value of shape {part.shape} does not fill a selection of shape {target}"
        )
    return reshaped(part, shape)


def _filling(part: Value, target: Shape) -> Value:
    return broadcasted(_trimmed(part, target), target)


def _put_at(x: Value, items: list[Item], part: Value) -> Value:
    """Take each element from `x`, or from `part` where it is replaced."""
    target = np.broadcast_to(np.False_, x.shape)[tuple(items)].shape
    part = _trimmed(part, target)
    if len(items) == 1 and items[0].dtype.kind == "b" and part.shape == ():
        return _masked(x, x.builder.constant(items[0]), part)
    if not prod(target):
        return x
    size = x.type.size
    source = np.arange(size).reshape(x.shape)
    source[tuple(items)] = size + np.arange(part.type.size).reshape(part.shape)
    both = emit("concatenate", reshaped(x, (size,)), reshaped(part, (part.type.size,)), axis=0)
    return emit("take", both, source.astype(np.int64), axis=0)


def _put_masked(x: Value, items: list[Item], part: Value) -> Value:
    """Write where a mask holds that is known only when the graph runs."""
    mask = items[0]
    if len(items) == 1 and mask.type.dtype.kind in "iu" and mask.ndim == 0 and x.ndim:
        n = x.shape[0]  # one place along the first axis
        mask = emit("equal", np.arange(n), emit("wrapped_index", mask, size=n))
    if len(items) > 1 or mask.type.dtype.kind != "b":
        raise TraceError(
            "the place to write to depends on an input; "
            "select instead: x = np.where(np.arange(x.shape[0]) == i, new, x)"
        )
    if mask.shape != x.shape[: mask.ndim]:
        raise TraceError(f"a mask of shape {mask.shape} does not fit an array of shape {x.shape}")
    rest = x.shape[mask.ndim :]
    while part.ndim > len(rest) and part.shape[0] == 1:
        part = reshaped(part, part.shape[1:])
    if not _fits(part.shape, rest):
        raise TraceError(
            "how many elements a traced mask selects is not known while tracing; "
            "write x = np.where(mask, new, x), with new of the shape of x"
        )
    return _masked(x, mask, part)


def _masked(x: Value, mask: Value, part: Value) -> Value:
    """Return `part` where the mask over the first axes holds, `x` elsewhere."""
    wide = reshaped(mask, mask.shape + (1,) * (x.ndim - mask.ndim))
    return emit("where", wide, part, x)
