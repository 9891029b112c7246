"""Rule factories: from a few facts about an op to its whole entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, BatchRule, JvpRule, Number, Op, Operand, Sample
from graphad.types import DType, Type, broadcast_shapes, common_dtype, make_type

Partials = Callable[..., Sequence[Operand | Number | None]]


# --- shapes -----------------------------------------------------------------------------------


def reshape_to(x: Operand, shape: tuple[int, ...]) -> Operand:
    """Return `x` in another shape of as many elements; `x` itself if it has that shape."""
    return x if x.shape == shape else OPS["reshape"](x, shape=shape)


def broadcast_to(x: Operand, shape: tuple[int, ...]) -> Operand:
    """Return `x` repeated along new axes; `x` itself if it has that shape."""
    return x if x.shape == shape else OPS["broadcast_to"](x, shape=shape)


def unbroadcast(x: Operand, shape: tuple[int, ...]) -> Operand:
    """Sum `x` over the axes that broadcasting from `shape` repeated: its transpose."""
    if x.shape == shape:
        return x
    extra = x.ndim - len(shape)
    repeated = [
        axis
        for axis in range(x.ndim)
        if axis < extra or (shape[axis - extra] == 1 and x.shape[axis] != 1)
    ]
    summed = OPS["sum"](x, axes=tuple(repeated)) if repeated else x
    return reshape_to(summed, shape)


def total(terms: Sequence[Operand]) -> Operand | None:
    """Return the sum of values of one shape; ``None`` for no terms."""
    if not terms:
        return None
    return terms[0] if len(terms) == 1 else OPS["add"](*terms)


# --- type rules -------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _resolve(ufunc: np.ufunc, dtypes: tuple[DType, ...]) -> DType:
    return ufunc.resolve_dtypes((*dtypes, None))[-1]


def ufunc_type(ufunc: np.ufunc) -> Callable[[Sequence[Type], Attrs], Type]:
    """Return the type rule of a ufunc: shapes broadcast, the dtype is NumPy's."""

    def infer(types: Sequence[Type], attrs: Attrs) -> Type:
        first = types[0]
        same = True
        for other in types:  # a loop: this is called for every node
            if other is not first:
                same = False
                break
        if len(types) > 2:  # an n-ary sum or product
            dtype = first.dtype if same else common_dtype(types)
        else:
            try:
                dtype = _resolve(ufunc, tuple([t.dtype for t in types]))
            except TypeError:
                listed = " and ".join(str(t) for t in types)
                raise TypeRuleError(f"{ufunc.__name__} does not take {listed}") from None
        if same:
            return first if dtype == first.dtype else make_type(first.shape, dtype)
        return make_type(broadcast_shapes(tuple([t.shape for t in types])), dtype)

    return infer


# --- batch rules ------------------------------------------------------------------------------


def align(lead: tuple[int, ...], args: Sequence[Operand], batched: Sequence[bool]) -> list[Operand]:
    """Insert axes of length 1 after `lead`, so that batched operands broadcast as before."""
    depth = len(lead)
    own = [arg.ndim - depth if has else arg.ndim for arg, has in zip(args, batched, strict=True)]
    most = max(own)
    return [
        reshape_to(arg, lead + (1,) * (most - n) + arg.shape[depth:]) if has and n < most else arg
        for arg, has, n in zip(args, batched, own, strict=True)
    ]


def elementwise_batch(name: str) -> BatchRule:
    """Return the batch rule of an op that broadcasts its operands."""

    def batch(
        lead: tuple[int, ...], args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
    ) -> Operand:
        op = OPS[name]
        return op(*align(lead, args, batched), **dict(zip(op.attrs, attrs, strict=True)))

    return batch


# --- derivatives ------------------------------------------------------------------------------


def jvp_of_partials(partials: Partials) -> JvpRule:
    """Return the jvp rule of an elementwise op: the sum of local partials times tangents.

    ``partials(y, *xs, *attrs)`` gives, for each operand, the local partial as a value or a number;
    ``None`` is a structural zero.
    """

    def jvp(
        out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
    ) -> Operand | None:
        local = partials(out, *args, *attrs)
        terms = [
            broadcast_to(OPS["multiply"](tangent, partial), out.shape)
            for partial, tangent in zip(local, tangents, strict=True)
            if partial is not None and tangent is not None
        ]
        return total(terms)

    return jvp


def elementwise(
    name: str,
    ufunc: np.ufunc,
    partials: Partials | None,
    *,
    precise: Callable[..., Any],
    sample: tuple[float, float] | tuple[tuple[float, float], ...] = (-2.0, 2.0),
    identity: str = "",
    commutative: bool = False,
    cost: int = 1,
    analytic: bool = True,
    evaluate: Callable[..., Array] | None = None,
) -> Op:
    """Enter an elementwise op that is one NumPy ufunc, or takes and gives types as one does.

    Parameters
    ----------
    name : str
        Name of the op.
    ufunc : numpy.ufunc
        Its evaluation and its type rule.
    partials : callable or None
        ``partials(y, *xs)``: the local partials, by op calls. From them come forward mode, reverse
        mode and Taylor mode. ``None`` if the derivative is zero wherever it exists.
    precise : callable
        ``precise(mp, *xs)``: one element by mpmath.
    sample : tuple
        Interval to test in, or one for each operand.
    identity : str
        What it computes.
    commutative : bool
        Whether operands may be swapped.
    cost : int
        Scalar operations for each element of the output.
    analytic : bool
        Whether it may carry complex derivatives.
    evaluate : callable, optional
        Its evaluation, where that is not the ufunc.
    """
    domains: tuple[Any, ...] = sample if isinstance(sample[0], tuple) else (sample,)
    arity = ufunc.nin
    shapes: list[tuple[tuple[int, ...], ...]] = [((),) * arity, ((3,),) * arity]
    if arity == 2:
        shapes.append(((2, 3), (3,)))
    return OPS.enter(
        Op(
            name,
            ufunc_type(ufunc),
            ufunc if evaluate is None else evaluate,
            arity=arity,
            jvp=None if partials is None else jvp_of_partials(partials),
            batch=elementwise_batch(name),
            cost=lambda types, out, attrs: cost * out.size,
            precise=precise,
            ufunc=ufunc if evaluate is None else None,
            commutative=commutative,
            elementwise=True,
            analytic=analytic,
            samples=tuple(Sample(shape, domains) for shape in shapes),
            identity=identity,
        )
    )


def linear(
    name: str,
    *,
    infer: Callable[..., Type],
    evaluate: Callable[..., Array],
    transpose: Callable[..., Operand],
    batch: Callable[..., Operand],
    attrs: tuple[str, ...] = (),
    samples: tuple[Sample, ...] = (),
    identity: str = "",
    cost: Callable[[Sequence[Type], Type, Attrs], int] = lambda types, out, attrs: 0,
    structural: bool = True,
    generic: bool = True,
) -> Op:
    """Enter an op of one operand in which it is linear: its derivative is the op itself.

    Parameters
    ----------
    infer : callable
        ``infer(type, *attrs)`` gives the output's type.
    evaluate : callable
        ``evaluate(array, *attrs)``.
    transpose : callable
        ``transpose(cotangent, type, *attrs)``, `type` being the operand's.
    batch : callable
        ``batch(lead, x, *attrs)``: the op on `x`, which has the leading axes `lead`.
    """

    def jvp(
        out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
    ) -> Operand | None:
        tangent = tangents[0]
        if tangent is None:
            return None
        return tangent.emit(OPS[name], (tangent,), attrs)

    return OPS.enter(
        Op(
            name,
            lambda types, attrs: infer(types[0], *attrs),
            evaluate,
            attrs=attrs,
            jvp=jvp,
            transpose=lambda ct, args, types, attrs: (transpose(ct, types[0], *attrs),),
            batch=lambda lead, args, batched, attrs: batch(lead, args[0], *attrs),
            cost=cost,
            structural=structural,
            generic=generic,
            samples=samples,
            identity=identity,
        )
    )


def multilinear_jvp(name: str) -> JvpRule:
    """Return the product rule for an op that is linear in each operand."""

    def jvp(
        out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
    ) -> Operand | None:
        terms = [
            tangent.emit(OPS[name], (*args[:i], tangent, *args[i + 1 :]), attrs)
            for i, tangent in enumerate(tangents)
            if tangent is not None
        ]
        return total(terms)

    return jvp
