"""Linear ops that read and write slices: the positions are spans, one for each axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphad.constant import Span
from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import linear, reshape_to
from graphad.ops.movement import spread
from graphad.types import Type, make_type

Shape = tuple[int, ...]

# --- spans ---------------------------------------------------------------------------------------


def full_span(length: int) -> Span:
    """Return the span of a whole axis."""
    return Span(0, length, 1)


def spans_fit(spans: tuple[Span, ...], shape: Shape) -> bool:
    """Return whether there is a span for each axis of `shape`, inside it."""
    return len(spans) == len(shape) and all(
        0 <= span.start <= n and 0 <= span.stop <= n and span.step >= 1
        for span, n in zip(spans, shape, strict=True)
    )


def spans_shape(spans: tuple[Span, ...]) -> Shape:
    """Return the shape of what the spans select."""
    return tuple([span.length for span in spans])


def _slice_infer(x: Type, spans: tuple[Span, ...]) -> Type:
    if not spans_fit(spans, x.shape):
        raise TypeRuleError(f"the slice [{', '.join(map(str, spans))}] does not fit {x}")
    return x.with_shape(spans_shape(spans))


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
    if not spans_fit(spans, shape) or spans_shape(spans) != x.shape:
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
    if not spans_fit(element_spans(index), x.shape):
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

# --- updating ------------------------------------------------------------------------------------


def zeros_of(like: Type) -> Array:
    """Return zeros of this type, for where a structural zero has to be written out."""
    return np.zeros(like.shape, like.dtype)


def _update_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    x, part = types
    (spans,) = attrs
    if not spans_fit(spans, x.shape) or spans_shape(spans) != part.shape:
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
    return update(x, part if part is not None else zeros_of(args[1].type), spans=spans)


def _update_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    (spans,) = attrs
    return (
        update(ct, zeros_of(types[1]), spans=spans) if args[0] is None else None,
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
