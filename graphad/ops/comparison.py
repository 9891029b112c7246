"""Comparisons and logic: their results are booleans and carry no derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphad.op import Op
from graphad.ops.factories import elementwise


def _comparison(
    name: str, ufunc: np.ufunc, precise: Callable[..., Any], sign: str, commutative: bool = False
) -> Op:
    return elementwise(
        name, ufunc, None, precise=precise, identity=f"x {sign} y", commutative=commutative
    )


less = _comparison("less", np.less, lambda mp, x, y: x < y, "<")
less_equal = _comparison("less_equal", np.less_equal, lambda mp, x, y: x <= y, "<=")
greater = _comparison("greater", np.greater, lambda mp, x, y: x > y, ">")
greater_equal = _comparison("greater_equal", np.greater_equal, lambda mp, x, y: x >= y, ">=")
equal = _comparison("equal", np.equal, lambda mp, x, y: x == y, "==", commutative=True)
not_equal = _comparison("not_equal", np.not_equal, lambda mp, x, y: x != y, "!=", commutative=True)
logical_and = _comparison(
    "logical_and", np.logical_and, lambda mp, x, y: bool(x) and bool(y), "and", commutative=True
)
logical_or = _comparison(
    "logical_or", np.logical_or, lambda mp, x, y: bool(x) or bool(y), "or", commutative=True
)
logical_xor = _comparison(
    "logical_xor", np.logical_xor, lambda mp, x, y: bool(x) != bool(y), "xor", commutative=True
)
logical_not = elementwise(
    "logical_not", np.logical_not, None, precise=lambda mp, x: not x, identity="not x"
)
isnan = elementwise(
    "isnan", np.isnan, None, precise=lambda mp, x: mp.isnan(x), identity="whether x is NaN"
)
isfinite = elementwise(
    "isfinite",
    np.isfinite,
    None,
    precise=lambda mp, x: mp.isfinite(x),
    identity="whether x is neither infinite nor NaN",
)
