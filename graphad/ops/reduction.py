"""Sums, extrema and running sums along axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.comparison import equal
from graphad.ops.factories import broadcast_to, linear, reshape_to
from graphad.ops.kinks import mask
from graphad.ops.movement import cast, flip
from graphad.types import DTYPE_NAMES, Type

Shape = tuple[int, ...]


def _reduced(x: Type, axes: Shape) -> Type:
    if any(not 0 <= axis < x.ndim for axis in axes) or len(set(axes)) != len(axes):
        raise TypeRuleError(f"{x} has no axes {axes}")
    return x.with_shape(tuple([n for axis, n in enumerate(x.shape) if axis not in axes]))


def kept(shape: Shape, axes: Shape) -> Shape:
    """Return `shape` with length 1 along `axes`."""
    return tuple([1 if axis in axes else n for axis, n in enumerate(shape)])


def _sum_infer(x: Type, axes: Shape) -> Type:
    if x.dtype.kind == "b":
        raise TypeRuleError("a sum of booleans needs a cast to a number first")
    return _reduced(x, axes)


def _shifted(axes: Shape, depth: int) -> Shape:
    return tuple([axis + depth for axis in axes])


sum_: Op = linear(
    "sum",
    infer=_sum_infer,
    evaluate=lambda x, axes: np.asarray(np.sum(x, axis=axes, dtype=x.dtype)),
    transpose=lambda ct, x, axes: broadcast_to(reshape_to(ct, kept(x.shape, axes)), x.shape),
    batch=lambda lead, x, axes: sum_(x, axes=_shifted(axes, len(lead))),
    attrs=("axes",),
    samples=(
        Sample(((4,),), attrs=((0,),)),
        Sample(((2, 3),), attrs=((1,),)),
        Sample(((2, 3, 2),), attrs=((0, 2),)),
    ),
    identity="sum over axes",
    cost=lambda types, out, attrs: max(0, types[0].size - out.size),
    structural=False,
)


def _running_sum(x: Array, axis: int) -> Array:
    result: Array = np.cumsum(x, axis=axis, dtype=x.dtype)
    return result


def _cumsum_infer(x: Type, axis: int) -> Type:
    _reduced(x, (axis,))
    return x


cumsum: Op = linear(
    "cumsum",
    infer=_cumsum_infer,
    evaluate=_running_sum,
    transpose=lambda ct, x, axis: flip(cumsum(flip(ct, axes=(axis,)), axis=axis), axes=(axis,)),
    batch=lambda lead, x, axis: cumsum(x, axis=axis + len(lead)),
    attrs=("axis",),
    samples=(Sample(((4,),), attrs=(0,)), Sample(((2, 3),), attrs=(1,))),
    identity="running sum along an axis",
    cost=lambda types, out, attrs: max(0, out.size - out.size // max(1, out.shape[attrs[0]])),
    structural=False,
)


def _extremum_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """Mean of the tangents of the elements that attain the extremum."""
    x, tangent = args[0], tangents[0]
    if tangent is None:
        return None
    (axes,) = attrs
    attained = equal(x, reshape_to(out, kept(x.shape, axes)))
    count = sum_(cast(attained, dtype=DTYPE_NAMES[out.type.dtype]), axes=axes)
    return sum_(mask(attained, tangent), axes=axes) / count


def _extremum(name: str, ufunc: np.ufunc, identity: str) -> Op:
    def infer(types: Sequence[Type], attrs: Attrs) -> Type:
        out = _reduced(types[0], attrs[0])
        if out.size and not types[0].size:
            raise TypeRuleError(f"{name} over no elements has no value")
        return out

    return OPS.enter(
        Op(
            name,
            infer,
            lambda x, axes: np.asarray(ufunc.reduce(x, axis=axes)),
            attrs=("axes",),
            jvp=_extremum_jvp,
            batch=lambda lead, args, batched, attrs: OPS[name](
                args[0], axes=_shifted(attrs[0], len(lead))
            ),
            cost=lambda types, out, attrs: max(0, types[0].size - out.size),
            generic=True,
            samples=(Sample(((4,),), attrs=((0,),)), Sample(((2, 3),), attrs=((1,),))),
            identity=identity,
        )
    )


max_ = _extremum("max", np.maximum, "largest element along axes")
min_ = _extremum("min", np.minimum, "smallest element along axes")
