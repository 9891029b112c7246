"""Ops with kinks or jumps: selection, extrema, absolute value, rounding.

Conventions: the derivative of ``abs`` at 0 is 0; of ``maximum`` and ``minimum`` at a tie, the mean
of both sides; of ``sign`` and rounding, 0 everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from graphad.op import OPS, Array, Attrs, JvpRule, Op, Operand, Sample
from graphad.ops.comparison import equal, greater, less, logical_not
from graphad.ops.factories import (
    broadcast_to,
    elementwise,
    elementwise_batch,
    total,
    unbroadcast,
)
from graphad.ops.movement import cast
from graphad.types import DTYPE_NAMES, Type, broadcast_shapes, common_dtype, make_type

_CONDITION = np.array([True, False, True])

# --- selection ---------------------------------------------------------------------------------


def _mask_evaluate(condition: Array, x: Array) -> Array:
    zero = 0 if x.dtype == object else x.dtype.type(0)
    return np.where(condition, x, zero)


def _mask_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    return None if tangents[1] is None else mask(args[0], tangents[1])


def _mask_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    assert args[0] is not None
    return None, unbroadcast(mask(args[0], ct), types[1].shape)


mask = OPS.enter(
    Op(
        "mask",
        lambda types, attrs: make_type(
            broadcast_shapes((types[0].shape, types[1].shape)), types[1].dtype
        ),
        _mask_evaluate,
        arity=2,
        jvp=_mask_jvp,
        transpose=_mask_transpose,
        batch=elementwise_batch("mask"),
        precise=lambda mp, condition, x: x if condition else mp.mpf(0),
        elementwise=True,
        samples=(Sample(((3,), (3,)), constants={0: _CONDITION}),),
        identity="x where the condition holds, a structural zero elsewhere",
    )
)


def _where_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    condition, left, right = args[0], tangents[1], tangents[2]
    if left is None:
        if right is None:
            return None
        return broadcast_to(mask(logical_not(condition), right), out.shape)
    if right is None:
        return broadcast_to(mask(condition, left), out.shape)
    return where(condition, left, right)


def _where_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    condition = args[0]
    assert condition is not None
    return (
        None,
        unbroadcast(mask(condition, ct), types[1].shape) if args[1] is None else None,
        unbroadcast(mask(logical_not(condition), ct), types[2].shape) if args[2] is None else None,
    )


where = OPS.enter(
    Op(
        "where",
        lambda types, attrs: make_type(
            broadcast_shapes(tuple([t.shape for t in types])),
            np.result_type(types[1].dtype, types[2].dtype),
        ),
        np.where,
        arity=3,
        jvp=_where_jvp,
        transpose=_where_transpose,
        batch=elementwise_batch("where"),
        precise=lambda mp, condition, x, y: x if condition else y,
        elementwise=True,
        samples=(
            Sample(((3,), (3,), (3,)), constants={0: _CONDITION}),
            Sample(((3,), (2, 3), ()), constants={0: _CONDITION}),
        ),
        identity="x where the condition holds, y elsewhere",
    )
)

# --- extrema of operands -----------------------------------------------------------------------


def _extremum_jvp(wins: Op) -> JvpRule:
    """The tangent of the operand that wins; the mean of those that win at a tie."""

    def jvp(
        out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
    ) -> Operand | None:
        if len(args) != 2:
            return _mean_of_winners(out, args, tangents)
        x, y = args
        left, right = tangents
        if left is None and right is None:
            return None
        if left is None or right is None:
            lone = left if right is None else right
            assert lone is not None
            first = (x, y) if right is None else (y, x)
            chosen = where(equal(x, y), 0.5 * lone, mask(wins(*first), lone))
        else:
            chosen = where(equal(x, y), 0.5 * (left + right), where(wins(x, y), left, right))
        return broadcast_to(chosen, out.shape)

    return jvp


def _mean_of_winners(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None]
) -> Operand | None:
    attained = [equal(x, out) for x in args]
    # Not masks, which move out of products: here that would be one for each use.
    moved = [where(at, t, 0.0) for at, t in zip(attained, tangents, strict=True) if t is not None]
    if not moved:
        return None
    count = total([cast(at, dtype=DTYPE_NAMES[out.type.dtype]) for at in attained])
    summed = total([broadcast_to(part, out.shape) for part in moved])
    assert summed is not None
    assert count is not None
    return summed / count


def _extremum(name: str, ufunc: np.ufunc, wins: Op, identity: str) -> Op:
    def precise(mp: Any, *xs: Any) -> Any:
        return (max if wins is greater else min)(xs)

    return OPS.enter(
        Op(
            name,
            lambda types, attrs: make_type(
                broadcast_shapes(tuple([type.shape for type in types])), common_dtype(types)
            ),
            lambda *arrays: np.asarray(reduce(ufunc, arrays)),
            arity=None,
            jvp=_extremum_jvp(wins),
            batch=elementwise_batch(name),
            cost=lambda types, out, attrs: (len(types) - 1) * out.size,
            precise=precise,
            ufunc=ufunc,
            commutative=True,
            elementwise=True,
            samples=(Sample(((), ())), Sample(((2, 3), (3,))), Sample(((3,), (), (3,)))),
            identity=identity,
        )
    )


maximum = _extremum("maximum", np.maximum, greater, "the largest of x, y, …")
minimum = _extremum("minimum", np.minimum, less, "the smallest of x, y, …")

# --- absolute value and rounding ---------------------------------------------------------------

sign = elementwise(
    "sign",
    np.sign,
    None,
    precise=lambda mp, x: mp.sign(x),
    identity="-1, 0 or 1 as x is",
    analytic=False,
)
absolute = elementwise(
    "absolute",
    np.absolute,
    lambda y, x: (sign(x),),
    precise=lambda mp, x: abs(x),
    identity="|x|",
    analytic=False,
)
floor = elementwise(
    "floor", np.floor, None, precise=lambda mp, x: mp.floor(x), identity="x rounded down"
)
ceil = elementwise("ceil", np.ceil, None, precise=lambda mp, x: mp.ceil(x), identity="x rounded up")
trunc = elementwise(
    "trunc",
    np.trunc,
    None,
    precise=lambda mp, x: mp.floor(x) if x >= 0 else mp.ceil(x),
    identity="x rounded towards 0",
)
rint = elementwise(
    "rint", np.rint, None, precise=lambda mp, x: mp.nint(x), identity="x rounded to the nearest"
)
