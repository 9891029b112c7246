"""Exponentials and logarithms."""

from __future__ import annotations

from math import log as ln

import numpy as np

from graphad.op import Array, Op
from graphad.ops.arithmetic import reciprocal
from graphad.ops.factories import elementwise

exp = elementwise(
    "exp",
    np.exp,
    lambda y, x: (y,),
    precise=lambda mp, x: mp.exp(x),
    identity="e to the power x",
)
expm1 = elementwise(
    "expm1",
    np.expm1,
    lambda y, x: (y + 1,),
    precise=lambda mp, x: mp.expm1(x),
    identity="eˣ - 1",
)
exp2 = elementwise(
    "exp2",
    np.exp2,
    lambda y, x: (ln(2) * y,),
    precise=lambda mp, x: mp.power(2, x),
    identity="2 to the power x",
)
log = elementwise(
    "log",
    np.log,
    lambda y, x: (reciprocal(x),),
    precise=lambda mp, x: mp.log(x),
    sample=(0.5, 3.0),
    identity="natural logarithm of x",
)
log1p = elementwise(
    "log1p",
    np.log1p,
    lambda y, x: (reciprocal(1 + x),),
    precise=lambda mp, x: mp.log1p(x),
    sample=(-0.5, 3.0),
    identity="log(1 + x)",
)
log2 = elementwise(
    "log2",
    np.log2,
    lambda y, x: (1 / ln(2) * reciprocal(x),),
    precise=lambda mp, x: mp.log(x) / mp.log(2),
    sample=(0.5, 3.0),
    identity="logarithm of x to base 2",
)
log10 = elementwise(
    "log10",
    np.log10,
    lambda y, x: (1 / ln(10) * reciprocal(x),),
    precise=lambda mp, x: mp.log10(x),
    sample=(0.5, 3.0),
    identity="logarithm of x to base 10",
)


def _logistic(x: Array) -> Array:
    """Of the exponential that does not overflow."""
    small = np.exp(np.where(np.real(x) < 0, x, -x))
    return np.asarray(np.where(np.real(x) < 0, small, 1) / (1 + small), small.dtype)


def _log_logistic(x: Array) -> Array:
    with np.errstate(invalid="ignore"):  # `logaddexp` warns of NaN
        return np.asarray(-np.logaddexp(0, -x))


expit: Op = elementwise(
    "expit",
    np.exp,
    lambda y, x: (y * expit_negative(x),),  # y (1 - y) loses digits where y is near 1
    evaluate=_logistic,
    precise=lambda mp, x: 1 / (1 + mp.exp(-x)),
    identity="logistic function 1 / (1 + exp(-x))",
    cost=3,
)
expit_negative: Op = elementwise(
    "expit_negative",
    np.exp,
    lambda y, x: (-(y * expit(x)),),
    evaluate=lambda x: _logistic(-x),
    precise=lambda mp, x: 1 / (1 + mp.exp(x)),
    identity="1 - expit(x), exact where expit is near 1",
    cost=3,
)
log_expit = elementwise(
    "log_expit",
    np.exp,
    lambda y, x: (expit_negative(x),),
    evaluate=_log_logistic,
    precise=lambda mp, x: -mp.log1p(mp.exp(-x)),
    identity="logarithm of expit",
    analytic=False,
    cost=4,
)
logaddexp = elementwise(
    "logaddexp",
    np.logaddexp,
    lambda z, x, y: (expit(x - y), expit_negative(x - y)),
    precise=lambda mp, x, y: mp.log(mp.exp(x) + mp.exp(y)),
    identity="log(eˣ + eʸ)",
    commutative=True,
    cost=4,
)
