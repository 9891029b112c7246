"""Special functions of two moving arguments, as compositions, for linear operators.

Where one argument alone moves, a function is one of one variable, and its own derivatives serve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphad.op import Op
from graphad.ops import OPS

LOG, LOG1P, EXP, GAMMALN = OPS["log"], OPS["log1p"], OPS["exp"], OPS["gammaln"]


def _xlogy(out: Any, args: Sequence[Any]) -> Any:
    """``x·log y``."""
    x, y = args
    return x * LOG(y)


def _xlog1py(out: Any, args: Sequence[Any]) -> Any:
    """``x·log(1 + y)``."""
    x, y = args
    return x * LOG1P(y)


def _rel_entr(out: Any, args: Sequence[Any]) -> Any:
    """``x·(log x - log y)``."""
    x, y = args
    return x * (LOG(x) - LOG(y))


def _kl_div(out: Any, args: Sequence[Any]) -> Any:
    """``x·(log x - log y) - x + y``."""
    x, y = args
    return _rel_entr(out, args) - x + y


def _betaln(out: Any, args: Sequence[Any]) -> Any:
    """``log Γ(a) + log Γ(b) - log Γ(a + b)``."""
    a, b = args
    return GAMMALN(a) + GAMMALN(b) - GAMMALN(a + b)


def _beta(out: Any, args: Sequence[Any]) -> Any:
    """The exponential of `betaln`, with the sign of the value."""
    return OPS["sign"](out) * EXP(_betaln(out, args))


SPECIAL_PAIRS: Mapping[Op, Callable[[Any, Sequence[Any]], Any]] = {
    OPS["xlogy"]: _xlogy,
    OPS["xlog1py"]: _xlog1py,
    OPS["rel_entr"]: _rel_entr,
    OPS["kl_div"]: _kl_div,
    OPS["betaln"]: _betaln,
    OPS["beta"]: _beta,
}
"""Ops of two operands, with the value at the point and the arguments."""
