"""Hyperbolic functions and their inverses."""

from __future__ import annotations

import numpy as np

from graphad.op import Op
from graphad.ops.arithmetic import reciprocal
from graphad.ops.factories import elementwise
from graphad.ops.powers import sqrt

sinh = elementwise(
    "sinh",
    np.sinh,
    lambda y, x: (cosh(x),),
    precise=lambda mp, x: mp.sinh(x),
    identity="hyperbolic sine of x",
)
cosh: Op = elementwise(
    "cosh",
    np.cosh,
    lambda y, x: (sinh(x),),
    precise=lambda mp, x: mp.cosh(x),
    identity="hyperbolic cosine of x",
)
tanh = elementwise(
    "tanh",
    np.tanh,
    lambda y, x: (1 - y * y,),
    precise=lambda mp, x: mp.tanh(x),
    identity="hyperbolic tangent of x",
)
arcsinh = elementwise(
    "arcsinh",
    np.arcsinh,
    lambda y, x: (reciprocal(sqrt(1 + x * x)),),
    precise=lambda mp, x: mp.asinh(x),
    identity="number whose hyperbolic sine is x",
)
arccosh = elementwise(
    "arccosh",
    np.arccosh,
    lambda y, x: (reciprocal(sqrt((x - 1) * (x + 1))),),
    precise=lambda mp, x: mp.acosh(x),
    sample=(1.5, 4.0),
    identity="number whose hyperbolic cosine is x",
)
arctanh = elementwise(
    "arctanh",
    np.arctanh,
    lambda y, x: (reciprocal((1 - x) * (1 + x)),),
    precise=lambda mp, x: mp.atanh(x),
    sample=(-0.8, 0.8),
    identity="number whose hyperbolic tangent is x",
)
