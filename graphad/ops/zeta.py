"""The zeta functions of Hurwitz and Riemann, and their derivatives by both arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.op import Array, Number, Op, Operand
from graphad.ops.blocks import in_blocks
from graphad.ops.special_factory import derivative_family, scipy_special, special_op
from graphad.ops.zeta_sums import hurwitz_derivative, riemann_derivative

_OPERANDS = ((1.5, 4.0), (0.5, 3.0))

# --- by q ----------------------------------------------------------------------------------------


def _zeta(s: Array, q: Array, derivative: int) -> Array:
    factor = np.ones(s.shape)
    for k in range(derivative):
        factor = factor * -(s + k)
    return np.asarray(factor * scipy_special().zeta(s + derivative, q))


def _zeta_partials(
    y: Operand, s: Any, q: Any, derivative: int
) -> Sequence[Operand | Number | None]:
    """Return partials of ``(-1)ᵏ s(s+1)…(s+k-1) ζ(s + k, q)``; that by s has a sum of products."""
    shifted: Any = s + derivative if derivative else s
    by_s: Any = hurwitz_zeta(shifted, q, derivative=1)
    for k in range(derivative):
        by_s = by_s * -(s + k)
    for k in range(derivative):
        part: Any = -zeta(shifted, q, derivative=0)
        for other in range(derivative):
            part = part * -(s + other) if other != k else part
        by_s = by_s + part
    return (by_s, zeta(s, q, derivative=derivative + 1))


zeta: Op = special_op(
    "zeta",
    _zeta,
    _zeta_partials,
    precise=lambda mp, s, q, k: (-1) ** k * mp.rf(s, k) * mp.zeta(s + k, q),
    arity=2,
    attrs=("derivative",),
    domains=_OPERANDS,
    sampled=((0,), (2,)),
    identity="a derivative by q of Hurwitz's zeta function, the sum of (n + q)⁻ˢ",
)

# --- by s ----------------------------------------------------------------------------------------


def _hurwitz(s: Array, q: Array, derivative: int) -> Array:
    s, q = np.broadcast_arrays(s, q)
    return in_blocks(lambda a, b: hurwitz_derivative(a, b, derivative), s, q)


def _hurwitz_partials(
    y: Operand, s: Any, q: Any, derivative: int
) -> Sequence[Operand | Number | None]:
    """By q, each ``logᵏ(n + q) (n + q)⁻ˢ`` gives two terms."""
    above: Any = s + 1
    fewer = derivative - 1
    lower = hurwitz_zeta(above, q, derivative=fewer) if fewer else zeta(above, q, derivative=0)
    by_q = -(s * hurwitz_zeta(above, q, derivative=derivative) + derivative * lower)
    return (hurwitz_zeta(s, q, derivative=derivative + 1), by_q)


hurwitz_zeta: Op = special_op(
    "hurwitz_zeta",
    _hurwitz,
    _hurwitz_partials,
    precise=lambda mp, s, q, k: mp.zeta(s, q, k),
    arity=2,
    attrs=("derivative",),
    smallest={"derivative": 1},
    domains=_OPERANDS,
    sampled=((1,), (2,)),
    identity="a derivative by s of Hurwitz's zeta function, the sum of (n + q)⁻ˢ",
)


def _riemann(s: Array, derivative: int) -> Array:
    special = scipy_special()
    if derivative == 0:
        return np.asarray(special.zeta(s))
    return in_blocks(lambda a: riemann_derivative(a, derivative, special), s)


def _precise_riemann(mp: Any, s: Any, derivative: int) -> Any:
    return mp.zeta(s, 1, derivative)


riemann_zeta = derivative_family(
    "riemann_zeta",
    _riemann,
    precise=_precise_riemann,
    domains=((1.5, 4.0),),
    sampled=((0,), (1,)),
    identity="a derivative of Riemann's zeta function, the sum of n⁻ˢ, continued to s < 1",
)
