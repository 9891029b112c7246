"""Bessel functions of real order as ops: the order is an operand in which there is no derivative.

Those of one integer order are ops of their own, in `graphad.ops.bessel`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphad.op import Array, Op
from graphad.ops.bessel import derivative_terms, precise_scaled
from graphad.ops.bessel_orders import cylinder_derivative, scaled_i_derivative
from graphad.ops.blocks import in_blocks
from graphad.ops.scaled_bessel import kve_derivative
from graphad.ops.special_factory import derivative_family, scipy_special

_SIGNS = {"j": (1, -1), "y": (1, -1), "i": (1, 1), "k": (-1, -1)}


def _of_order(
    name: str,
    symbol: str,
    evaluate: Callable[[Array, Array, int], Array],
    precise: Callable[..., Any],
) -> Op:
    return derivative_family(
        name,
        evaluate,
        precise=precise,
        arity=2,
        domains=((0.5, 4.0), (0.5, 4.0)),
        sampled=((0,), (1,)),
        fixed={0: 1.25},
        refused=(
            f"{name}(v, x) has no derivative rule in the order v, only in x; keep v fixed, or use "
            "finite differences in it"
        ),
        identity=f"a derivative by x of {symbol} of real order v",
    )


# --- as they are ---------------------------------------------------------------------------------


def _cylinder(kind: str, symbol: str) -> Op:
    def evaluate(v: Array, x: Array, derivative: int) -> Array:
        return cylinder_derivative(kind, v, x, derivative, scipy_special())

    def precise(mp: Any, v: Any, x: Any, derivative: int) -> Any:
        function = getattr(mp, f"bessel{kind}")
        terms = derivative_terms(v, derivative, _SIGNS[kind])
        return sum(factor * function(order, x) for order, factor in terms) / 2**derivative

    return _of_order(f"{kind}v", symbol, evaluate, precise)


jv = _cylinder("j", "Bessel's J")
yv = _cylinder("y", "Bessel's Y")
iv = _cylinder("i", "the modified Bessel function I")
kv = _cylinder("k", "the modified Bessel function K")

# --- scaled by exponentials ----------------------------------------------------------------------


def _ive(v: Array, x: Array, derivative: int) -> Array:
    special = scipy_special()
    v, x = np.broadcast_arrays(v, x)
    return in_blocks(lambda n, z: scaled_i_derivative(n, z, derivative, special), v, x)


def _kve(v: Array, x: Array, derivative: int) -> Array:
    if derivative == 0:
        return np.asarray(scipy_special().kve(v, x))
    v, x = np.broadcast_arrays(v, x)
    return in_blocks(lambda n, z: kve_derivative(n, derivative, z), v, x)


def _turned(precise: Callable[..., Any]) -> Callable[..., Any]:
    return lambda mp, v, x, derivative: precise(mp, x, v, derivative)


ive = _of_order("ive", "exp(-x) I(x)", _ive, _turned(precise_scaled("besseli", -1)))
kve = _of_order("kve", "exp(x) K(x)", _kve, _turned(precise_scaled("besselk", 1)))
