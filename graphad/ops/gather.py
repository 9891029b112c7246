"""Reading and adding by arrays of indices; the indices are an operand of their own."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import reshape_to
from graphad.ops.movement import permute, spread
from graphad.types import Type, make_type

Shape = tuple[int, ...]


def _take_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    x, indices = types
    (axis,) = attrs
    if not 0 <= axis < x.ndim or indices.dtype.kind not in "iu":
        raise TypeRuleError(f"cannot take {indices} along axis {axis} of {x}")
    return x.with_shape(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])


def _take_evaluate(x: Array, indices: Array, axis: int) -> Array:
    return np.asarray(np.take(x, indices, axis=axis))


def _take_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    return None if tangents[0] is None else take(tangents[0], args[1], axis=attrs[0])


def _take_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    (axis,) = attrs
    assert args[1] is not None
    return scatter_add(ct, args[1], axis=axis, size=types[0].shape[axis]), None


def _offsets(lead: Shape, indices: Operand, size: int) -> Operand:
    """Indices into the batch laid end to end, from indices into each member of it.

    They are checked, since those out of range of one member would be in range of the next.
    """
    count = prod(lead)
    flat = reshape_to(
        OPS["wrapped_index"](indices, size=size), (count, *indices.shape[len(lead) :])
    )
    starts = (np.arange(count) * size).reshape((count,) + (1,) * (flat.ndim - 1))
    return OPS["add"](flat, starts.astype(indices.type.dtype))


def _take_batch(
    lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
) -> Operand:
    depth, (axis,) = len(lead), attrs
    if not batched[1]:
        return take(args[0], args[1], axis=axis + depth)
    x, indices = spread(lead, args, batched)
    own = indices.ndim - depth
    rest = [i for i in range(depth, x.ndim) if i != axis + depth]
    first = permute(x, (*range(depth), axis + depth, *rest))
    size = x.shape[axis + depth]
    flat = reshape_to(first, (prod(lead) * size, *first.shape[depth + 1 :]))
    taken = take(flat, _offsets(lead, indices, size), axis=0)
    whole = reshape_to(taken, indices.shape + tuple([x.shape[i] for i in rest]))
    after = range(depth + own, whole.ndim)
    picked = range(depth, depth + own)
    return permute(whole, (*range(depth), *after[:axis], *picked, *after[axis:]))


take = OPS.enter(
    Op(
        "take",
        _take_infer,
        _take_evaluate,
        attrs=("axis",),
        arity=2,
        jvp=_take_jvp,
        transpose=_take_transpose,
        batch=_take_batch,
        cost=lambda types, out, attrs: 0,
        structural=True,
        generic=True,
        samples=(
            Sample(((4,), (3,)), attrs=(0,), constants={1: np.array([2, 0, 2])}),
            Sample(((2, 3), (2, 2)), attrs=(1,), constants={1: np.array([[0, 2], [1, 1]])}),
        ),
        identity="the elements at indices along an axis",
    )
)


def _scatter_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    x, indices = types
    axis, size = attrs
    if not 0 <= axis <= x.ndim or x.shape[axis : axis + indices.ndim] != indices.shape:
        raise TypeRuleError(f"cannot add {x} at indices {indices} along axis {axis}")
    return make_type(x.shape[:axis] + (size,) + x.shape[axis + indices.ndim :], x.dtype)


def _scatter_evaluate(x: Array, indices: Array, axis: int, size: int) -> Array:
    shape = x.shape[:axis] + (size,) + x.shape[axis + indices.ndim :]
    out = np.zeros(shape, x.dtype)
    at: Any = (slice(None),) * axis + (indices,)
    np.add.at(out, at, x)
    return out


def _scatter_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    if tangents[0] is None:
        return None
    return scatter_add(tangents[0], args[1], axis=attrs[0], size=attrs[1])


def _scatter_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    assert args[1] is not None
    return take(ct, args[1], axis=attrs[0]), None


def _scatter_batch(
    lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
) -> Operand:
    depth, (axis, size) = len(lead), attrs
    if not batched[1]:
        return scatter_add(args[0], args[1], axis=axis + depth, size=size)
    x, indices = spread(lead, args, batched)
    own = indices.ndim - depth
    picked = range(depth + axis, depth + axis + own)
    rest = [i for i in range(depth, x.ndim) if i not in picked]
    first = permute(x, (*range(depth), *picked, *rest))
    flat = reshape_to(first, (prod(lead), *first.shape[depth:]))
    added = scatter_add(flat, _offsets(lead, indices, size), axis=0, size=prod(lead) * size)
    whole = reshape_to(added, (*lead, size, *added.shape[1:]))
    after = range(depth + 1, whole.ndim)
    return permute(whole, (*range(depth), *after[:axis], depth, *after[axis:]))


scatter_add = OPS.enter(
    Op(
        "scatter_add",
        _scatter_infer,
        _scatter_evaluate,
        attrs=("axis", "size"),
        arity=2,
        jvp=_scatter_jvp,
        transpose=_scatter_transpose,
        batch=_scatter_batch,
        cost=lambda types, out, attrs: max(0, types[0].size - out.size),
        generic=True,
        samples=(
            Sample(((3,), (3,)), attrs=(0, 4), constants={1: np.array([2, 0, 2])}),
            Sample(((2, 2, 2), (2, 2)), attrs=(1, 3), constants={1: np.array([[0, 2], [1, 1]])}),
        ),
        identity="elements added up at indices along an axis, structural zeros elsewhere",
    )
)
