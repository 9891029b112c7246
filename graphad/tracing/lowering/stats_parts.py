"""Parts of densities; what is made of fixed parameters and counts is worked out while tracing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphad.builder import Value
from graphad.op import Operand
from graphad.ops.special_factory import scipy_special
from graphad.tracing.lowering.coerce import constant_array
from graphad.tracing.lowering.stats_table import compared, o, selected


def _worked_out(function: Callable[..., Any], *args: Operand) -> Operand | None:
    """Return a function of operands that are all known."""
    arrays = [constant_array(arg) for arg in args]
    if not isinstance(args[0], Value) or any(array is None for array in arrays):
        return None
    with np.errstate(all="ignore"):
        return args[0].builder.constant(np.asarray(function(*arrays)))


def shifted(x: Operand, by: float) -> Operand:
    """Return ``x + by``."""
    known = _worked_out(lambda array: array + by, x)
    return o("add", x, by) if known is None else known


def halved(x: Operand) -> Operand:
    """Return ``x / 2``."""
    known = _worked_out(lambda array: array * 0.5, x)
    return o("multiply", x, 0.5) if known is None else known


def difference(x: Operand, y: Operand) -> Operand:
    """Return ``x - y``."""
    known = _worked_out(np.subtract, x, y)
    return o("subtract", x, y) if known is None else known


def log_gamma(x: Operand) -> Operand:
    """Return ``gammaln(x)``; of fixed numbers it is a number."""
    known = _worked_out(scipy_special().gammaln, x)
    return o("gammaln", x) if known is None else known


def log_beta(x: Operand, y: Operand) -> Operand:
    """Return ``betaln(x, y)``."""
    known = _worked_out(scipy_special().betaln, x, y)
    return o("betaln", x, y) if known is None else known


def times_log(x: Operand, y: Operand) -> Operand:
    """Return ``x log y``, 0 for x = 0; for a fixed x, derivatives are 0 there, whatever y is."""
    if constant_array(x) is None:
        return o("xlogy", x, y)
    return x * o("log", selected(compared("equal", x, 0.0), 1.0, y))


def times_log1p(x: Operand, y: Operand) -> Operand:
    """Return ``x log(1 + y)``, as `times_log` does."""
    if constant_array(x) is None:
        return o("xlog1py", x, y)
    return x * o("log1p", selected(compared("equal", x, 0.0), 0.0, y))
