"""Positions by the order of values: integers, which have no derivative.

What is taken at these positions has one: the derivative follows the element that is chosen. At a
tie the first element is chosen, and a sort keeps equal elements in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.movement import spread
from graphad.types import Type, make_type

Shape = tuple[int, ...]

_INDEX = np.dtype(np.int64)
_VALUES = {0: np.array([3.0, -1.0, 2.0, -1.0])}
_TABLE = {0: np.array([[3.0, -1.0, 2.0], [0.0, 4.0, 4.0]])}


def _indices(array: Any) -> Array:
    return np.asarray(array, dtype=_INDEX)


# --- orders --------------------------------------------------------------------------------------


def _has_axis(x: Type, axis: int, what: str) -> None:
    if not 0 <= axis < x.ndim:
        raise TypeRuleError(f"{x} has no axis {axis} to {what} along")


def _order_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    _has_axis(types[0], attrs[-1], "sort")
    return make_type(types[0].shape, _INDEX)


def _partition_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    out = _order_infer(types, attrs)
    kth, axis = attrs
    n = types[0].shape[axis]
    if not kth or any(not 0 <= k < n for k in kth):
        raise TypeRuleError(f"there is no {kth} among {n} elements to partition {types[0]} by")
    return out


def _shift_last(name: str) -> Callable[..., Operand]:
    """Return the batch rule of an op of one operand whose last attribute is an axis."""

    def batch(
        lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
    ) -> Operand:
        shifted = (*attrs[:-1], attrs[-1] + len(lead))
        return OPS[name](args[0], **dict(zip(OPS[name].attrs, shifted, strict=True)))

    return batch


def _comparisons(types: Sequence[Type], out: Type, attrs: Attrs) -> int:
    """About n·log2(n) for each row that is sorted."""
    n = types[0].shape[attrs[-1]]
    return types[0].size * max(0, (n - 1).bit_length())


argsort = OPS.enter(
    Op(
        "argsort",
        _order_infer,
        lambda x, axis: _indices(np.argsort(x, axis=axis, kind="stable")),
        attrs=("axis",),
        batch=_shift_last("argsort"),
        cost=_comparisons,
        generic=True,
        samples=(
            Sample(((4,),), attrs=(0,), constants=_VALUES),
            Sample(((2, 3),), attrs=(1,), constants=_TABLE),
        ),
        identity="positions that sort x along an axis, equal elements in their order",
    )
)


argpartition = OPS.enter(
    Op(
        "argpartition",
        _partition_infer,
        lambda x, kth, axis: _indices(np.argpartition(x, kth, axis=axis)),
        attrs=("kth", "axis"),
        batch=_shift_last("argpartition"),
        cost=lambda types, out, attrs: 2 * types[0].size,
        generic=True,
        samples=(Sample(((4,),), attrs=((1,), 0), constants=_VALUES),),
        identity="positions that put the kth elements where a sort puts them",
    )
)


def _partition_order(x: Array, kth: Shape, axis: int) -> Array:
    """Positions of the elements as np.partition leaves them: those of equal rank are matched.

    The order within the parts is NumPy's own affair, and differs from that of np.argpartition.
    """
    left = np.partition(x, kth, axis=axis)
    into = np.argsort(left, axis=axis, kind="stable")
    made = np.empty(x.shape, _INDEX)
    np.put_along_axis(made, into, np.argsort(x, axis=axis, kind="stable"), axis=axis)
    return made


partition_order = OPS.enter(
    Op(
        "partition_order",
        _partition_infer,
        _partition_order,
        attrs=("kth", "axis"),
        batch=_shift_last("partition_order"),
        cost=lambda types, out, attrs: 2 * types[0].size,
        generic=True,
        samples=(Sample(((4,),), attrs=((1,), 0), constants=_VALUES),),
        identity="positions of the elements of x as np.partition leaves them",
    )
)

# --- extrema -------------------------------------------------------------------------------------


def _extremum_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    x, (axis,) = types[0], attrs
    _has_axis(x, axis, "search")
    shape = x.shape[:axis] + x.shape[axis + 1 :]
    if prod(shape) and not x.shape[axis]:
        raise TypeRuleError(f"there is no largest or smallest element along axis {axis} of {x}")
    return make_type(shape, _INDEX)


def _position(name: str, function: Callable[..., Any], what: str) -> Op:
    return OPS.enter(
        Op(
            name,
            _extremum_infer,
            lambda x, axis: _indices(function(x, axis=axis)),
            attrs=("axis",),
            batch=_shift_last(name),
            cost=lambda types, out, attrs: max(0, types[0].size - out.size),
            generic=True,
            samples=(
                Sample(((4,),), attrs=(0,), constants=_VALUES),
                Sample(((2, 3),), attrs=(1,), constants=_TABLE),
            ),
            identity=f"position of the first {what} element along an axis",
        )
    )


argmax = _position("argmax", np.argmax, "largest")
argmin = _position("argmin", np.argmin, "smallest")

# --- searching -----------------------------------------------------------------------------------


def _search_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    a, v = types
    side, depth = attrs
    if side not in ("left", "right"):
        raise TypeRuleError(f"side={side!r} is not 'left' or 'right'")
    if a.ndim != depth + 1 or a.shape[:depth] != v.shape[:depth]:
        raise TypeRuleError(f"{v} cannot be searched for in {a}, {depth} axes being shared")
    return make_type(v.shape, _INDEX)


def _search(a: Array, v: Array, side: Any, depth: int) -> Array:
    if depth == 0:
        return _indices(np.searchsorted(a, v, side))
    out = np.empty(v.shape, _INDEX)
    for at in np.ndindex(v.shape[:depth]):
        out[at] = np.searchsorted(a[at], v[at], side)
    return out


def _search_batch(
    lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
) -> Operand:
    side, depth = attrs
    if depth == 0 and not batched[0]:
        return searchsorted(*args, side=side, depth=0)
    return searchsorted(*spread(lead, args, batched), side=side, depth=depth + len(lead))


searchsorted = OPS.enter(
    Op(
        "searchsorted",
        _search_infer,
        _search,
        attrs=("side", "depth"),
        arity=2,
        batch=_search_batch,
        cost=lambda types, out, attrs: out.size * max(1, types[0].shape[-1].bit_length()),
        generic=True,
        samples=(
            Sample(
                ((3,), (4,)),
                attrs=("right", 0),
                constants={0: np.array([-1.0, 0.0, 2.0]), 1: np.array([0.0, 3.0, -2.0, 1.0])},
            ),
            Sample(
                ((2, 2), (2,)),
                attrs=("left", 1),
                constants={0: np.array([[0.0, 1.0], [1.0, 2.0]]), 1: np.array([1.0, 1.0])},
            ),
        ),
        identity="how many elements of a sorted row are below v (with side='right': not above)",
    )
)


def _wrapped(indices: Array, size: int) -> Array:
    if indices.size and not (-size <= indices.min() and indices.max() < size):
        wrong = indices[(indices < -size) | (indices >= size)][0]
        raise IndexError(f"index {wrong} is out of bounds for an axis of size {size}")
    return np.where(indices < 0, indices + size, indices)


wrapped_index: Op = OPS.enter(
    Op(
        "wrapped_index",
        lambda types, attrs: types[0],
        _wrapped,
        attrs=("size",),
        batch=lambda lead, args, batched, attrs: wrapped_index(args[0], size=attrs[0]),
        cost=lambda types, out, attrs: 0,
        generic=True,
        samples=(Sample(((3,),), attrs=(3,), constants={0: np.array([0, -1, 2])}),),
        identity="indices counted from the front, refused where they are out of range",
    )
)
