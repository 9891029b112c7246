"""Powers and roots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphad.builder import Value
from graphad.ir import CONST
from graphad.op import OPS, Array, Number, Op, Operand, Sample
from graphad.ops.arithmetic import reciprocal
from graphad.ops.comparison import equal
from graphad.ops.exponential import log
from graphad.ops.factories import elementwise, elementwise_batch, jvp_of_partials
from graphad.ops.kinks import where

LARGEST_CHAIN = 1024
"""Integer exponents up to this size are products by repeated squaring; larger ones are powers."""


def chain_length(exponent: int) -> int:
    """Return the multiplications and divisions of an integer power by repeated squaring.

    Examples
    --------
    >>> [chain_length(n) for n in (0, 1, 2, 3, 4, 7, -2)]
    [0, 0, 1, 2, 2, 4, 2]
    """
    n = abs(exponent)
    if n == 0:
        return 0
    return n.bit_length() - 1 + n.bit_count() - 1 + (exponent < 0)


def _integer_power(x: Array, exponent: int) -> Array:
    """Power by repeated squaring; works on any objects that multiply."""
    n = abs(exponent)
    result = None
    square = x
    while n:
        if n & 1:
            result = square if result is None else result * square
        n >>= 1
        if n:
            square = square * square
    if result is None:
        return x * 0 + 1 if x.dtype == object else np.ones_like(x)
    return 1 / result if exponent < 0 else +result


def _integer_power_partials(y: Operand, x: Operand, n: int) -> Sequence[Operand | Number | None]:
    if n == 0:
        return (None,)
    if n == 1:
        return (1.0,)
    return (n * x if n == 2 else n * integer_power(x, exponent=n - 1),)


integer_power = OPS.enter(
    Op(
        "integer_power",
        lambda types, attrs: types[0],
        _integer_power,
        attrs=("exponent",),
        jvp=jvp_of_partials(_integer_power_partials),
        batch=elementwise_batch("integer_power"),
        cost=lambda types, out, attrs: chain_length(attrs[0]) * out.size,
        precise=lambda mp, x, n: x**n,
        elementwise=True,
        samples=tuple(
            Sample(((3,),), ((0.5, 2.0),), (n,)) for n in (-3, -2, -1, 0, 1, 2, 3, 4, 5, 7)
        ),
        identity="x · x · …, exponent times",
    )
)


def _power_partials(y: Operand, x: Operand, p: Operand) -> Sequence[Operand | Number | None]:
    # At x = 0, 1 stands for x where 0·x⁻¹ and 0·log(x) would be NaN. Nowhere else, so that
    # derivatives by p are right at p = 0 too.
    away = where(equal(x, 0), 1.0, x)
    base = x if _is_never_0(p) else where(equal(p, 0), away, x)
    return p * power(base, p - 1), y * log(away)


def _is_never_0(p: Operand) -> bool:
    return isinstance(p, Value) and p.node.op is CONST and bool(np.all(p.node.attrs[0].array))


power: Op = elementwise(
    "power",
    np.power,
    _power_partials,
    precise=lambda mp, x, p: mp.power(x, p),
    sample=((0.5, 3.0), (-2.0, 2.0)),
    identity="x to the power y",
)
sqrt = elementwise(
    "sqrt",
    np.sqrt,
    lambda y, x: (0.5 * reciprocal(y),),
    precise=lambda mp, x: mp.sqrt(x),
    sample=(0.5, 3.0),
    identity="square root of x",
)
cbrt = elementwise(
    "cbrt",
    np.cbrt,
    lambda y, x: (reciprocal(3.0 * integer_power(y, exponent=2)),),
    precise=lambda mp, x: mp.cbrt(x) if x >= 0 else -mp.cbrt(-x),
    sample=(0.5, 3.0),
    identity="cube root of x",
)


def _inverse_or_zero(x: Array) -> Array:
    return np.asarray(np.divide(1, x, out=np.zeros_like(x), where=x != 0))


pseudo_reciprocal = elementwise(
    "pseudo_reciprocal",
    np.reciprocal,
    lambda y, x: (-(y * y),),
    evaluate=_inverse_or_zero,
    precise=lambda mp, x: 1 / x if x else mp.mpf(0),
    sample=(0.5, 3.0),
    identity="1 / x, and 0 where x is 0 (Moore and Penrose's inverse of a number)",
)
length = elementwise(
    "length",
    np.sqrt,
    lambda y, x: (0.5 * pseudo_reciprocal(y),),
    precise=lambda mp, x: mp.sqrt(x),
    sample=(0.5, 3.0),
    identity="sqrt(x) of a sum of squares: its derivatives at 0 are 0",
)
hypot = elementwise(
    "hypot",
    np.hypot,
    lambda r, x, y: (x * pseudo_reciprocal(r), y * pseudo_reciprocal(r)),
    precise=lambda mp, x, y: mp.sqrt(x * x + y * y),
    sample=(0.5, 3.0),
    identity="sqrt(x² + y²)",
    commutative=True,
    cost=4,
)
