"""Division with remainder, and the parts of a floating-point number.

Conventions: whole parts, exponents and signs have the derivative 0 everywhere; a remainder moves
with the dividend, and against the divisor as often as that goes into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import broadcast_to, elementwise, elementwise_batch, unbroadcast
from graphad.ops.kinks import rint
from graphad.types import Type, broadcast_shapes, make_type

_DIVISION = ((-5.0, 5.0), (0.5, 2.0))


def _truncated(mp: Any, x: Any) -> Any:
    return mp.floor(x) if x >= 0 else mp.ceil(x)


floor_divide = elementwise(
    "floor_divide",
    np.floor_divide,
    None,
    precise=lambda mp, x, y: mp.floor(x / y),
    sample=_DIVISION,
    identity="x / y rounded down",
    analytic=False,
)
remainder = elementwise(
    "remainder",
    np.remainder,
    lambda r, x, y: (1.0, -floor_divide(x, y)),
    precise=lambda mp, x, y: x - y * mp.floor(x / y),
    sample=_DIVISION,
    identity="x - y·⌊x / y⌋, of the sign of y",
    cost=2,
    analytic=False,
)
fmod = elementwise(
    "fmod",
    np.fmod,
    lambda r, x, y: (1.0, -rint((x - r) / y)),
    precise=lambda mp, x, y: x - y * _truncated(mp, x / y),
    sample=_DIVISION,
    identity="x less y as often as it goes into x, of the sign of x",
    cost=2,
    analytic=False,
)
signbit = elementwise(
    "signbit",
    np.signbit,
    None,
    precise=lambda mp, x: x < 0,
    identity="whether x is negative, or -0",
    analytic=False,
)

# --- exponents -----------------------------------------------------------------------------------


def _exponent(x: Array) -> Array:
    exponent: Array = np.frexp(x)[1]
    return exponent


exponent = OPS.enter(
    Op(
        "exponent",
        lambda types, attrs: make_type(types[0].shape, np.dtype(np.int32)),
        _exponent,
        batch=elementwise_batch("exponent"),
        precise=lambda mp, x: mp.frexp(x)[1] if x else 0,
        elementwise=True,
        analytic=False,
        samples=(Sample(((3,),), constants={0: np.array([1.0, -3.0, 0.0])}),),
        identity="the n for which |x| is in [2ⁿ⁻¹, 2ⁿ)",
    )
)


def _ldexp_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    if tangents[0] is None:
        return None
    return broadcast_to(ldexp(tangents[0], args[1]), out.shape)


def _ldexp_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    assert args[1] is not None
    return unbroadcast(ldexp(ct, args[1]), types[0].shape), None


ldexp = OPS.enter(
    Op(
        "ldexp",
        lambda types, attrs: make_type(
            broadcast_shapes((types[0].shape, types[1].shape)), types[0].dtype
        ),
        np.ldexp,
        arity=2,
        jvp=_ldexp_jvp,
        transpose=_ldexp_transpose,
        batch=elementwise_batch("ldexp"),
        precise=lambda mp, x, n: mp.ldexp(x, int(n)),
        elementwise=True,
        analytic=False,
        samples=(Sample(((3,), (3,)), constants={1: np.array([2, -1, 0])}),),
        identity="x·2ⁿ",
    )
)
