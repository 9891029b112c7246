"""The linear recurrence of first order, of which running products are one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.constant import Span
from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import total
from graphad.ops.movement import flip, spread
from graphad.ops.slicing import place, slice_
from graphad.types import Type

Shape = tuple[int, ...]

FEW_ROWS = 8
"""So many rows of float64 are faster one by one, in Python's numbers, than together."""


def _infer(types: Sequence[Type], attrs: Attrs) -> Type:
    a, b = types
    (axis,) = attrs
    if a.shape != b.shape or a.dtype != b.dtype or not 0 <= axis < a.ndim:
        raise TypeRuleError(f"there is no recurrence of {a} and {b} along axis {axis}")
    if a.dtype.kind == "b":
        raise TypeRuleError("a recurrence of booleans needs a cast to a number first")
    return b


def _evaluate(a: Array, b: Array, axis: int) -> Array:
    factors, terms = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    out = np.empty_like(b)
    result = np.moveaxis(out, axis, 0)
    n = terms.shape[0]
    if n == 0 or not terms.size:
        return out
    plain = terms.dtype != object
    if plain and not np.any(terms[1:]):  # nothing is added: a running product
        result[0] = terms[0]
        result[1:] = factors[1:]
        np.multiply.accumulate(result, axis=0, out=result)
    elif terms.dtype == np.float64 and terms[0].size <= FEW_ROWS:
        for at in np.ndindex(terms.shape[1:]):
            row = (slice(None), *at)
            result[row] = _row(factors[row].tolist(), terms[row].tolist())
    else:
        result[0] = terms[0]
        for t in range(1, n):
            result[t] = factors[t] * result[t - 1] + terms[t]
    return out


def _row(factors: list[float], terms: list[float]) -> list[float]:
    y = terms[0]
    made = [y]
    for t in range(1, len(terms)):
        y = factors[t] * y + terms[t]
        made.append(y)
    return made


def _delayed(x: Operand, axis: int) -> Operand:
    """Return `x` one place later along an axis, a structural zero before it."""
    shape = x.shape
    spans = [Span(0, n, 1) for n in shape]
    early, late = list(spans), list(spans)
    early[axis], late[axis] = Span(0, shape[axis] - 1, 1), Span(1, shape[axis], 1)
    return place(slice_(x, spans=tuple(early)), spans=tuple(late), shape=shape)


def _jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``y'_t = a_t y'_{t-1} + (a'_t y_{t-1} + b'_t)``."""
    (axis,) = attrs
    terms = [] if tangents[1] is None else [tangents[1]]
    if tangents[0] is not None and out.shape[axis] > 1:
        product: Any = OPS["multiply"](tangents[0], _delayed(out, axis))
        terms.append(product)
    added = total(terms)
    return None if added is None else recurrence(args[0], added, axis=axis)


def _transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    """``z_t = ct_t + a_{t+1} z_{t+1}``: a recurrence backwards."""
    (axis,) = attrs
    a = args[0]
    assert a is not None
    if a.shape[axis] < 2:
        return None, ct
    backwards = _delayed(flip(a, axes=(axis,)), axis)
    return None, flip(recurrence(backwards, flip(ct, axes=(axis,)), axis=axis), axes=(axis,))


def _batch(lead: Shape, args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs) -> Operand:
    return recurrence(*spread(lead, args, batched), axis=attrs[0] + len(lead))


recurrence = OPS.enter(
    Op(
        "recurrence",
        _infer,
        _evaluate,
        attrs=("axis",),
        arity=2,
        jvp=_jvp,
        transpose=_transpose,
        batch=_batch,
        cost=lambda types, out, attrs: (
            2 * max(0, out.size - out.size // max(1, out.shape[attrs[0]]))
        ),
        generic=True,
        samples=(
            Sample(((2,), (2,)), attrs=(0,)),
            Sample(((2, 3), (2, 3)), attrs=(1,)),
            Sample(((4, 2), (4, 2)), attrs=(0,)),
        ),
        identity="y[t] = a[t]·y[t-1] + b[t] along an axis, y[-1] = 0",
    )
)
