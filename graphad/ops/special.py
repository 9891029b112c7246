"""The error function and its complement, which NumPy does not have."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import pi, sqrt
from typing import Any

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Number, Op, Operand, Sample
from graphad.ops.exponential import exp
from graphad.ops.factories import elementwise_batch, jvp_of_partials, ufunc_type
from graphad.types import Type

_real_type = ufunc_type(np.cbrt)
"""The type rule of a function of real numbers; which one does not matter."""


@lru_cache(maxsize=4)
def _evaluation(name: str) -> Callable[[Array], Any]:
    """Return SciPy's function, or that of Python's `math` on each element if there is no SciPy."""
    try:
        from scipy import special
    except ImportError:
        one: Callable[[float], float] = getattr(math, name)
        return np.vectorize(lambda x: one(float(x)), otypes=[np.float64])
    found: Callable[[Array], Any] = getattr(special, name)
    return found


def _special(
    name: str,
    partials: Callable[[Operand, Operand], Sequence[Operand | Number | None]],
    precise: Callable[..., Any],
    identity: str,
) -> Op:
    def infer(types: Sequence[Type], attrs: Attrs) -> Type:
        try:
            return _real_type(types, attrs)
        except TypeRuleError:
            raise TypeRuleError(f"{name} does not take {types[0]}") from None

    def evaluate(x: Array) -> Array:
        dtype = infer([Type(np.shape(x), np.asarray(x).dtype)], ()).dtype
        return np.asarray(_evaluation(name)(x), dtype=dtype)

    return OPS.enter(
        Op(
            name,
            infer,
            evaluate,
            jvp=jvp_of_partials(partials),
            batch=elementwise_batch(name),
            precise=precise,
            elementwise=True,
            analytic=False,
            samples=(Sample(((),)), Sample(((3,),))),
            identity=identity,
        )
    )


erf = _special(
    "erf",
    lambda y, x: (2 / sqrt(pi) * exp(-(x * x)),),
    lambda mp, x: mp.erf(x),
    "error function: 2/√π times the integral of exp(-t²) from 0 to x",
)
erfc = _special(
    "erfc",
    lambda y, x: (-2 / sqrt(pi) * exp(-(x * x)),),
    lambda mp, x: mp.erfc(x),
    "1 - erf(x), exact where erf is near 1",
)

__all__ = ["erf", "erfc"]
