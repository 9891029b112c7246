"""Linear ops that move whole axes, and the change of dtype."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import linear, reshape_to, unbroadcast
from graphad.types import DTYPE_NAMES, DTYPES_BY_NAME, Type, make_type

Shape = tuple[int, ...]

# --- shape ---------------------------------------------------------------------------------------


def _reshape_infer(x: Type, shape: Shape) -> Type:
    if prod(shape) != x.size:
        raise TypeRuleError(f"cannot reshape {x} to {shape}")
    return x.with_shape(shape)


reshape = linear(
    "reshape",
    infer=_reshape_infer,
    evaluate=np.reshape,
    transpose=lambda ct, x, shape: reshape_to(ct, x.shape),
    batch=lambda lead, x, shape: reshape_to(x, lead + shape),
    attrs=("shape",),
    samples=(Sample(((2, 3),), attrs=((3, 2),)), Sample(((),), attrs=((1,),))),
    identity="the same elements in another shape",
)


def _transpose_infer(x: Type, axes: Shape) -> Type:
    if sorted(axes) != list(range(x.ndim)):
        raise TypeRuleError(f"axes {axes} do not permute the axes of {x}")
    return x.with_shape(tuple([x.shape[axis] for axis in axes]))


def inverse_permutation(axes: Shape) -> Shape:
    """Return the permutation that undoes `axes`.

    Examples
    --------
    >>> inverse_permutation((1, 2, 0))
    (2, 0, 1)
    """
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


def permute(x: Operand, axes: Shape) -> Operand:
    """Return `x` with its axes in another order; `x` itself if the order is the same."""
    return x if axes == tuple(range(x.ndim)) else transpose(x, axes=axes)


transpose: Op = linear(
    "transpose",
    infer=_transpose_infer,
    evaluate=np.transpose,
    transpose=lambda ct, x, axes: transpose(ct, axes=inverse_permutation(axes)),
    batch=lambda lead, x, axes: transpose(
        x, axes=(*range(len(lead)), *[axis + len(lead) for axis in axes])
    ),
    attrs=("axes",),
    samples=(Sample(((2, 3),), attrs=((1, 0),)), Sample(((2, 3, 4),), attrs=((1, 2, 0),))),
    identity="the axes in another order",
)


def _broadcast_infer(x: Type, shape: Shape) -> Type:
    extra = len(shape) - x.ndim
    if extra < 0 or any(
        n not in (1, m) for n, m in zip(x.shape, shape[max(extra, 0) :], strict=True)
    ):
        raise TypeRuleError(f"cannot broadcast {x} to {shape}")
    return x.with_shape(shape)


def _broadcast_batch(lead: Shape, x: Operand, shape: Shape) -> Operand:
    own = x.shape[len(lead) :]
    aligned = reshape_to(x, lead + (1,) * (len(shape) - len(own)) + own)
    return broadcast(aligned, shape=lead + shape)


broadcast = linear(
    "broadcast_to",
    infer=_broadcast_infer,
    evaluate=np.broadcast_to,
    transpose=lambda ct, x, shape: unbroadcast(ct, x.shape),
    batch=_broadcast_batch,
    attrs=("shape",),
    samples=(
        Sample(((),), attrs=((2, 3),)),
        Sample(((3,),), attrs=((2, 3),)),
        Sample(((2, 1),), attrs=((4, 2, 3),)),
    ),
    identity="repeated along new axes and axes of length 1",
)


def _flip_infer(x: Type, axes: Shape) -> Type:
    if any(not 0 <= axis < x.ndim for axis in axes) or len(set(axes)) != len(axes):
        raise TypeRuleError(f"{x} has no axes {axes}")
    return x


flip: Op = linear(
    "flip",
    infer=_flip_infer,
    evaluate=np.flip,
    transpose=lambda ct, x, axes: flip(ct, axes=axes),
    batch=lambda lead, x, axes: flip(x, axes=tuple([axis + len(lead) for axis in axes])),
    attrs=("axes",),
    samples=(Sample(((4,),), attrs=((0,),)), Sample(((2, 3),), attrs=((0, 1),))),
    identity="the elements in reverse order along axes",
)


def spread(lead: Shape, args: Sequence[Operand], batched: Sequence[bool]) -> list[Operand]:
    """Return the operands, those that are not batched repeated along `lead`."""
    return [
        arg if has else broadcast(arg, shape=lead + arg.shape)
        for arg, has in zip(args, batched, strict=True)
    ]


# --- dtype ---------------------------------------------------------------------------------------


def _cast_evaluate(x: Array, dtype: str) -> Array:
    if x.dtype == object:
        return x
    wanted = DTYPES_BY_NAME[dtype]
    # The real part is meant; NumPy would take it as well, and warn.
    return (x.real if x.dtype.kind == "c" and wanted.kind in "fiu" else x).astype(wanted)


def _cast_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    if tangents[0] is None or not out.type.is_inexact:
        return None
    return cast(tangents[0], dtype=attrs[0])


def _cast_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    if ct.type.is_complex and not types[0].is_complex:  # Re(ct·t) of real t has Re(ct) alone
        ct = OPS["real"](ct)
    return (ct if ct.type == types[0] else cast(ct, dtype=DTYPE_NAMES[types[0].dtype]),)


cast: Op = OPS.enter(
    Op(
        "cast",
        lambda types, attrs: make_type(types[0].shape, DTYPES_BY_NAME[attrs[0]]),
        _cast_evaluate,
        attrs=("dtype",),
        jvp=_cast_jvp,
        transpose=_cast_transpose,
        batch=lambda lead, args, batched, attrs: cast(args[0], dtype=attrs[0]),
        cost=lambda types, out, attrs: 0,
        precise=lambda mp, x, dtype: x,
        elementwise=True,
        samples=(Sample(((3,),), attrs=("f64",)),),
        identity="the same values in another dtype",
    )
)
