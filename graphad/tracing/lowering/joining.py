"""Joining and splitting arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import (
    as_value,
    as_values,
    common_dtype,
    emit,
    float_dtype,
    known_array,
    known_ints,
    one_axis,
    reshaped,
    stacked,
)
from graphad.tracing.lowering.indexing import getitem
from graphad.tracing.lowering.registry import ArrayLike, lowers, present
from graphad.tracing.lowering.shapes import at_least


def rows(builder: Builder, arrays: ArrayLike) -> list[Value]:
    """Return a sequence of arrays as values; one array stands for its rows.

    Raises
    ------
    TraceError
        If there are none.
    """
    if isinstance(arrays, list | tuple):
        values = as_values(builder, arrays)
    else:
        whole = as_value(builder, arrays)
        if whole.ndim == 0:
            raise TraceError("a list of arrays is expected, not a scalar; write [x]")
        values = [getitem(whole, i) for i in range(whole.shape[0])]
    if not values:
        raise TraceError("at least one array is needed")
    return values


def joined(parts: Sequence[Value], axis: int) -> Value:
    """Return arrays one after the other along an axis, in the dtype NumPy promotes them to.

    Raises
    ------
    TraceError
        If there is no such axis.
    """
    for x in parts:
        if x.ndim == 0:
            raise TraceError("scalars have no axis to be joined along; use np.stack or np.array")
    values = common_dtype(parts)
    along = one_axis(axis, values[0].ndim)
    return values[0] if len(values) == 1 else emit("concatenate", *values, axis=along)


def _cast_all(values: Sequence[Value], dtype: Any) -> list[Value]:
    return [float_dtype(dtype, x) for x in values]


@lowers(np.concatenate, positional="arrays axis out")
def _concatenate(
    builder: Builder, arrays: ArrayLike, axis: int | None = 0, *, dtype: Any = None
) -> Value:
    values = _cast_all(rows(builder, arrays), dtype)
    if axis is None:
        return joined([reshaped(x, (x.type.size,)) for x in values], 0)
    return joined(values, axis)


@lowers(np.stack, positional="arrays axis out")
def _stack(builder: Builder, arrays: ArrayLike, axis: int = 0, *, dtype: Any = None) -> Value:
    values = _cast_all(rows(builder, arrays), dtype)
    shapes = dict.fromkeys(x.shape for x in values)
    if len(shapes) > 1:
        raise TraceError(f"arrays of shapes {' and '.join(map(str, shapes))} do not stack")
    return stacked(values, one_axis(axis, values[0].ndim + 1))


@lowers(np.vstack)
def _vstack(builder: Builder, tup: ArrayLike, *, dtype: Any = None) -> Value:
    values = _cast_all(rows(builder, tup), dtype)
    if all(x.ndim == 0 for x in values):
        return reshaped(stacked(values), (len(values), 1))
    return joined([at_least(x, 2) for x in values], 0)


@lowers(np.hstack)
def _hstack(builder: Builder, tup: ArrayLike, *, dtype: Any = None) -> Value:
    values = _cast_all(rows(builder, tup), dtype)
    if all(x.ndim == 0 for x in values):
        return stacked(values)
    wide = [at_least(x, 1) for x in values]
    return joined(wide, 0 if wide[0].ndim == 1 else 1)


@lowers(np.dstack)
def _dstack(builder: Builder, tup: ArrayLike) -> Value:
    return joined([at_least(x, 3) for x in rows(builder, tup)], 2)


@lowers(np.column_stack)
def _column_stack(builder: Builder, tup: ArrayLike) -> Value:
    values = rows(builder, tup)
    return joined([reshaped(x, (x.type.size, 1)) if x.ndim < 2 else x for x in values], 1)


@lowers(np.append)
def _append(builder: Builder, arr: ArrayLike, values: ArrayLike, axis: int | None = None) -> Value:
    return _concatenate(builder, [arr, values], axis)


@lowers(np.block)
def _block(builder: Builder, arrays: Any) -> Value:
    depth = _list_depth(arrays)
    blocks = _blocks(builder, arrays)
    ndim = max([depth, *[x.ndim for x in _flat(blocks)]])
    return _joined_blocks(blocks, ndim, depth)


def _list_depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    depths = {_list_depth(item) for item in arrays}
    if len(depths) != 1:
        raise TraceError("lists of blocks must be nested to one depth, and not be empty")
    return depths.pop() + 1


def _blocks(builder: Builder, arrays: Any) -> Any:
    if isinstance(arrays, list):
        return [_blocks(builder, item) for item in arrays]
    return as_value(builder, arrays)


def _flat(blocks: Any) -> list[Value]:
    return [x for item in blocks for x in _flat(item)] if isinstance(blocks, list) else [blocks]


def _joined_blocks(blocks: Any, ndim: int, depth: int) -> Value:
    if not isinstance(blocks, list):
        value: Value = blocks
        return reshaped(value, (1,) * (ndim - value.ndim) + value.shape)
    return joined([_joined_blocks(item, ndim, depth - 1) for item in blocks], ndim - depth)


# --- splitting -----------------------------------------------------------------------------------


def _pieces(x: Value, sections: Any, axis: int, equal: bool) -> list[Value]:
    along = one_axis(axis, x.ndim)
    n = x.shape[along]
    array = known_array(sections, "the places to split at")
    if array.ndim == 0:
        (count,) = known_ints(sections, "the number of pieces")
        if count < 1:
            raise TraceError(f"an array is not split into {count} pieces")
        if equal and n % count:
            raise TraceError(
                f"{n} elements are not split into {count} equal pieces; use np.array_split"
            )
        short, longer = divmod(n, count)
        lengths = [short + 1] * longer + [short] * (count - longer)
        cuts = [0, *np.cumsum(lengths).tolist()]
    else:
        cuts = [0, *known_ints(array, "the places to split at"), None]
    lead = (slice(None),) * along
    return [getitem(x, (*lead, slice(start, stop))) for start, stop in pairwise(cuts)]


@lowers(np.split)
def _split(
    builder: Builder, ary: ArrayLike, indices_or_sections: Any, axis: int = 0
) -> list[Value]:
    return _pieces(as_value(builder, ary), indices_or_sections, axis, equal=True)


@lowers(np.array_split)
def _array_split(
    builder: Builder, ary: ArrayLike, indices_or_sections: Any, axis: int = 0
) -> list[Value]:
    return _pieces(as_value(builder, ary), indices_or_sections, axis, equal=False)


def _enter_split(function: Any, axis: int, least: int) -> None:
    @lowers(function)
    def _split_along(builder: Builder, ary: ArrayLike, indices_or_sections: Any) -> list[Value]:
        x = as_value(builder, ary)
        if x.ndim < least:
            raise TraceError(f"at least {least} dimensions are needed, not {x.ndim}")
        return _pieces(x, indices_or_sections, axis, equal=True)


_enter_split(np.vsplit, axis=0, least=2)
_enter_split(np.dsplit, axis=2, least=3)


@lowers(np.hsplit)
def _hsplit(builder: Builder, ary: ArrayLike, indices_or_sections: Any) -> list[Value]:
    x = as_value(builder, ary)
    return _pieces(x, indices_or_sections, 1 if x.ndim > 1 else 0, equal=True)


@lowers(*present("unstack"), positional="x")
def _unstack(builder: Builder, x: ArrayLike, *, axis: int = 0) -> tuple[Value, ...]:
    value = as_value(builder, x)
    along = one_axis(axis, value.ndim)
    lead = (slice(None),) * along
    return tuple([getitem(value, (*lead, i)) for i in range(value.shape[along])])
