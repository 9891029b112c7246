"""Linear ops that only move elements: shapes, slices, padding, joining, updating."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from graphad.constant import Span
from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import linear, reshape_to, unbroadcast
from graphad.types import DTYPE_NAMES, DTYPES_BY_NAME, Type, common_dtype, make_type

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
    if any(not 0 <= axis < x.ndim for axis in axes):
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

# --- slices and padding --------------------------------------------------------------------------


def full_span(length: int) -> Span:
    """Return the span of a whole axis."""
    return Span(0, length, 1)


def _spans_fit(spans: tuple[Span, ...], shape: Shape) -> bool:
    return len(spans) == len(shape) and all(
        0 <= span.start <= n and span.stop <= n and span.step >= 1
        for span, n in zip(spans, shape, strict=True)
    )


def _spans_shape(spans: tuple[Span, ...]) -> Shape:
    return tuple([span.length for span in spans])


def _slice_infer(x: Type, spans: tuple[Span, ...]) -> Type:
    if not _spans_fit(spans, x.shape):
        raise TypeRuleError(f"the slice [{', '.join(map(str, spans))}] does not fit {x}")
    return x.with_shape(_spans_shape(spans))


slice_: Op = linear(
    "slice",
    infer=_slice_infer,
    evaluate=lambda x, spans: x[tuple([span.slice for span in spans])],
    transpose=lambda ct, x, spans: place(ct, spans=spans, shape=x.shape),
    batch=lambda lead, x, spans: slice_(x, spans=(*map(full_span, lead), *spans)),
    attrs=("spans",),
    samples=(
        Sample(((5,),), attrs=((Span(1, 4, 1),),)),
        Sample(((5, 4),), attrs=((Span(0, 5, 2), Span(1, 4, 1)),)),
    ),
    identity="the elements at spans",
)


def _place_evaluate(x: Array, spans: tuple[Span, ...], shape: Shape) -> Array:
    out = np.zeros(shape, x.dtype)
    out[tuple([span.slice for span in spans])] = x
    return out


def _place_infer(x: Type, spans: tuple[Span, ...], shape: Shape) -> Type:
    if not _spans_fit(spans, shape) or _spans_shape(spans) != x.shape:
        raise TypeRuleError(f"{x} does not fill [{', '.join(map(str, spans))}] of {shape}")
    return x.with_shape(shape)


place: Op = linear(
    "place",
    infer=_place_infer,
    evaluate=_place_evaluate,
    transpose=lambda ct, x, spans, shape: slice_(ct, spans=spans),
    batch=lambda lead, x, spans, shape: place(
        x, spans=(*map(full_span, lead), *spans), shape=lead + shape
    ),
    attrs=("spans", "shape"),
    samples=(
        Sample(((3,),), attrs=((Span(1, 4, 1),), (5,))),
        Sample(((3, 2),), attrs=((Span(0, 5, 2), Span(1, 3, 1)), (5, 4))),
    ),
    identity="x at spans, structural zeros around it",
)


def element_spans(index: Shape) -> tuple[Span, ...]:
    """Return the spans that select one element."""
    return tuple([Span(i, i + 1, 1) for i in index])


def _element_infer(x: Type, index: Shape) -> Type:
    if not _spans_fit(element_spans(index), x.shape):
        raise TypeRuleError(f"{x} has no element {list(index)}")
    return x.with_shape(())


element = linear(
    "element",
    infer=_element_infer,
    evaluate=lambda x, index: np.asarray(x[index]),
    transpose=lambda ct, x, index: place(
        reshape_to(ct, (1,) * x.ndim), spans=element_spans(index), shape=x.shape
    ),
    batch=lambda lead, x, index: reshape_to(
        slice_(x, spans=(*map(full_span, lead), *element_spans(index))), lead
    ),
    attrs=("index",),
    samples=(Sample(((4,),), attrs=((2,),)), Sample(((2, 3),), attrs=((1, 0),))),
    identity="one element",
)

# --- joining and updating ------------------------------------------------------------------------


def _concatenate_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    (axis,) = attrs
    first = types[0]
    if not 0 <= axis < first.ndim:
        raise TypeRuleError(f"{first} has no axis {axis}")
    for other in types:
        rest = other.shape[:axis] + other.shape[axis + 1 :]
        if other.ndim != first.ndim or rest != first.shape[:axis] + first.shape[axis + 1 :]:
            raise TypeRuleError(f"cannot join {first} and {other} along axis {axis}")
    joined = sum(t.shape[axis] for t in types)
    shape = (*first.shape[:axis], joined, *first.shape[axis + 1 :])
    return make_type(shape, common_dtype(types))


def _concatenate_evaluate(*args: Any) -> Array:
    *arrays, axis = args
    return np.concatenate(arrays, axis=axis)


def _zeros(like: Type) -> Array:
    return np.zeros(like.shape, like.dtype)


def _concatenate_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    given = [tangent for tangent in tangents if tangent is not None]
    if not given:
        return None
    (axis,) = attrs
    if len(given) == 1:  # one moving part among fixed ones: zeros around it are structural
        position = tangents.index(given[0])
        start = sum(arg.shape[axis] for arg in args[:position])
        spans = list(map(full_span, out.shape))
        spans[axis] = Span(start, start + args[position].shape[axis], 1)
        return place(given[0], spans=tuple(spans), shape=out.shape)
    parts = [
        tangent if tangent is not None else _zeros(arg.type)
        for arg, tangent in zip(args, tangents, strict=True)
    ]
    return concatenate(*parts, axis=axis)


def _concatenate_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    (axis,) = attrs
    cotangents: list[Operand | None] = []
    start = 0
    for arg, type in zip(args, types, strict=True):
        stop = start + type.shape[axis]
        spans = list(map(full_span, ct.shape))
        spans[axis] = Span(start, stop, 1)
        cotangents.append(slice_(ct, spans=tuple(spans)) if arg is None else None)
        start = stop
    return cotangents


def spread(lead: Shape, args: Sequence[Operand], batched: Sequence[bool]) -> list[Operand]:
    """Return the operands, those that are not batched repeated along `lead`."""
    return [
        arg if has else broadcast(arg, shape=lead + arg.shape)
        for arg, has in zip(args, batched, strict=True)
    ]


concatenate: Op = OPS.enter(
    Op(
        "concatenate",
        _concatenate_infer,
        _concatenate_evaluate,
        attrs=("axis",),
        arity=None,
        jvp=_concatenate_jvp,
        transpose=_concatenate_transpose,
        batch=lambda lead, args, batched, attrs: concatenate(
            *spread(lead, args, batched), axis=attrs[0] + len(lead)
        ),
        cost=lambda types, out, attrs: 0,
        structural=True,
        generic=True,
        samples=(
            Sample(((2,), (3,)), attrs=(0,)),
            Sample(((2, 2), (2, 1), (2, 3)), attrs=(1,)),
        ),
        identity="operands joined along an axis",
    )
)


def _pack_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    (shape,) = attrs
    if prod(shape) != len(types) or any(t.shape != () for t in types):
        raise TypeRuleError(f"{len(types)} operands do not pack into {shape}")
    return make_type(shape, common_dtype(types))


def _pack_evaluate(*args: Any) -> Array:
    *scalars, shape = args
    objects = any(x.dtype == object for x in scalars)
    elements = [x[()] for x in scalars]
    return np.array(elements, dtype=object if objects else None).reshape(shape)


def _pack_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    if all(tangent is None for tangent in tangents):
        return None
    parts = [
        tangent if tangent is not None else _zeros(arg.type)
        for arg, tangent in zip(args, tangents, strict=True)
    ]
    return pack(*parts, shape=attrs[0])


def _pack_batch(
    lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
) -> Operand:
    columns = [reshape_to(arg, (*lead, 1)) for arg in spread(lead, args, batched)]
    return reshape_to(concatenate(*columns, axis=len(lead)), lead + attrs[0])


pack = OPS.enter(
    Op(
        "pack",
        _pack_infer,
        _pack_evaluate,
        attrs=("shape",),
        arity=None,
        jvp=_pack_jvp,
        transpose=lambda ct, args, types, attrs: [
            element(ct, index=tuple(map(int, np.unravel_index(i, attrs[0]))))
            if arg is None
            else None
            for i, arg in enumerate(args)
        ],
        batch=_pack_batch,
        cost=lambda types, out, attrs: 0,
        structural=True,
        generic=True,
        samples=(Sample(((), (), ()), attrs=((3,),)), Sample(((),) * 4, attrs=((2, 2),))),
        identity="an array of scalars",
    )
)


def _update_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    x, part = types
    (spans,) = attrs
    if not _spans_fit(spans, x.shape) or _spans_shape(spans) != part.shape:
        raise TypeRuleError(f"{part} does not fill [{', '.join(map(str, spans))}] of {x}")
    return make_type(x.shape, np.result_type(x.dtype, part.dtype))


def _update_evaluate(x: Array, part: Array, spans: tuple[Span, ...]) -> Array:
    out = np.array(x, dtype=np.result_type(x.dtype, part.dtype))
    out[tuple([span.slice for span in spans])] = part
    return out


def _update_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    x, part = tangents
    (spans,) = attrs
    if x is None:
        return None if part is None else place(part, spans=spans, shape=out.shape)
    return update(x, part if part is not None else _zeros(args[1].type), spans=spans)


def _update_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    (spans,) = attrs
    return (
        update(ct, _zeros(types[1]), spans=spans) if args[0] is None else None,
        slice_(ct, spans=spans) if args[1] is None else None,
    )


def _update_batch(
    lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
) -> Operand:
    x, part = spread(lead, args, batched)
    return update(x, part, spans=(*map(full_span, lead), *attrs[0]))


update = OPS.enter(
    Op(
        "update",
        _update_infer,
        _update_evaluate,
        attrs=("spans",),
        arity=2,
        jvp=_update_jvp,
        transpose=_update_transpose,
        batch=_update_batch,
        cost=lambda types, out, attrs: 0,
        structural=True,
        generic=True,
        samples=(
            Sample(((5,), (2,)), attrs=((Span(1, 3, 1),),)),
            Sample(((3, 4), (2, 2)), attrs=((Span(0, 3, 2), Span(1, 3, 1)),)),
        ),
        identity="x with the elements at spans replaced",
    )
)

# --- dtype ---------------------------------------------------------------------------------------


def _cast_evaluate(x: Array, dtype: str) -> Array:
    return x if x.dtype == object else x.astype(DTYPES_BY_NAME[dtype])


def _cast_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    if tangents[0] is None or not out.type.is_inexact:
        return None
    return cast(tangents[0], dtype=attrs[0])


cast: Op = OPS.enter(
    Op(
        "cast",
        lambda types, attrs: make_type(types[0].shape, DTYPES_BY_NAME[attrs[0]]),
        _cast_evaluate,
        attrs=("dtype",),
        jvp=_cast_jvp,
        transpose=lambda ct, args, types, attrs: (cast(ct, dtype=DTYPE_NAMES[types[0].dtype]),),
        batch=lambda lead, args, batched, attrs: cast(args[0], dtype=attrs[0]),
        cost=lambda types, out, attrs: 0,
        precise=lambda mp, x, dtype: x,
        elementwise=True,
        samples=(Sample(((3,),), attrs=("f64",)),),
        identity="the same values in another dtype",
    )
)
