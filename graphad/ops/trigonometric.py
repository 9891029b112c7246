"""Trigonometric functions and their inverses."""

from __future__ import annotations

import numpy as np

from graphad.op import Op
from graphad.ops.arithmetic import reciprocal
from graphad.ops.factories import elementwise
from graphad.ops.powers import sqrt

sin = elementwise(
    "sin", np.sin, lambda y, x: (cos(x),), precise=lambda mp, x: mp.sin(x), identity="sine of x"
)
cos: Op = elementwise(
    "cos", np.cos, lambda y, x: (-sin(x),), precise=lambda mp, x: mp.cos(x), identity="cosine of x"
)
tan = elementwise(
    "tan",
    np.tan,
    lambda y, x: (1 + y * y,),
    precise=lambda mp, x: mp.tan(x),
    sample=(-1.2, 1.2),
    identity="tangent of x",
)
arcsin = elementwise(
    "arcsin",
    np.arcsin,
    lambda y, x: (reciprocal(sqrt((1 - x) * (1 + x))),),
    precise=lambda mp, x: mp.asin(x),
    sample=(-0.8, 0.8),
    identity="angle whose sine is x",
)
arccos = elementwise(
    "arccos",
    np.arccos,
    lambda y, x: (-reciprocal(sqrt((1 - x) * (1 + x))),),
    precise=lambda mp, x: mp.acos(x),
    sample=(-0.8, 0.8),
    identity="angle whose cosine is x",
)
arctan = elementwise(
    "arctan",
    np.arctan,
    lambda y, x: (reciprocal(1 + x * x),),
    precise=lambda mp, x: mp.atan(x),
    identity="angle whose tangent is x",
)
arctan2 = elementwise(
    "arctan2",
    np.arctan2,
    lambda a, y, x: (x * reciprocal(x * x + y * y), -(y * reciprocal(x * x + y * y))),
    precise=lambda mp, y, x: mp.atan2(y, x),
    sample=(0.5, 2.0),
    identity="angle of the point (y, x), y the first operand",
)
