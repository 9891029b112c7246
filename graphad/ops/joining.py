"""Linear ops that join operands into one array."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from graphad.constant import Span
from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import reshape_to
from graphad.ops.movement import spread
from graphad.ops.slicing import element, full_span, place, slice_, zeros_of
from graphad.types import Type, common_dtype, make_type

Shape = tuple[int, ...]


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
        tangent if tangent is not None else zeros_of(arg.type)
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
        tangent if tangent is not None else zeros_of(arg.type)
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
