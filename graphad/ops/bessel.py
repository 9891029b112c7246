"""Bessel functions of integer order, spherical ones too, and sinc: each with its derivatives.

The derivative of order k is one op, not a graph of functions of several orders, since it can be
evaluated where the formulas with 1/x are 0/0: ``2ᵏ J⁽ᵏ⁾ₙ = Σ (-1)ʲ C(k, j) Jₙ₋ₖ₊₂ⱼ``, and so for
the others (DLMF 10.6, 10.29, 10.51).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial
from math import comb, pi
from typing import Any

import numpy as np

from graphad.op import Array, Op
from graphad.ops.blocks import in_blocks
from graphad.ops.scaled_bessel import ive_derivative, kve_derivative, sine_ratio_derivative
from graphad.ops.special_factory import derivative_family, scipy_special

_ATTRS = ("order", "derivative")
_SAMPLED = ((0, 0), (1, 0), (2, 1))
_POSITIVE = ((0.5, 4.0),)

# --- functions of integer order ------------------------------------------------------------------


def derivative_terms(order: Any, derivative: int, signs: tuple[int, int]) -> list[tuple[Any, int]]:
    """Return orders and coefficients of the k-th derivative, times 2ᵏ.

    Parameters
    ----------
    order : int or number of mpmath
    derivative : int
    signs : (int, int)
        Of the orders below and above in twice the derivative.
    """
    lower, upper = signs
    return [
        (order - derivative + 2 * j, comb(derivative, j) * lower ** (derivative - j) * upper**j)
        for j in range(derivative + 1)
    ]


def _cylinder(
    name: str,
    symbol: str,
    values: Callable[[Any, int, Array], Any],
    many: str,
    signs: tuple[int, int],
    reflected: int,
    domains: tuple[tuple[float, float], ...],
) -> Op:
    """Enter one; `signs` of the orders below and above in twice the derivative."""

    def summed(one: Callable[[int], Any], order: int, derivative: int) -> Any:
        total = 0.0
        for n, factor in derivative_terms(order, derivative, signs):
            turned = factor * reflected ** abs(n) if n < 0 else factor
            total = total + turned * one(abs(n))
        return total / 2**derivative

    def evaluate(x: Array, order: int, derivative: int) -> Array:
        special = scipy_special()
        return np.asarray(summed(lambda n: values(special, n, x), order, derivative))

    def precise(mp: Any, x: Any, order: int, derivative: int) -> Any:
        return summed(lambda n: getattr(mp, many)(n, x), order, derivative)

    return derivative_family(
        name,
        evaluate,
        precise=precise,
        attrs=_ATTRS,
        domains=domains,
        sampled=_SAMPLED,
        identity=f"a derivative of {symbol} of integer order",
    )


def _low_orders(zero: str, one: str, rest: str) -> Callable[[Any, int, Array], Any]:
    """Return values by the functions for order 0 and 1, which are more accurate, and the rest."""

    def values(special: Any, n: int, x: Array) -> Any:
        if n < 2:
            return getattr(special, one if n else zero)(x)
        return getattr(special, rest)(n, x)

    return values


bessel_j = _cylinder(
    "bessel_j",
    "Bessel's J",
    _low_orders("j0", "j1", "jv"),
    "besselj",
    (1, -1),
    -1,
    ((-4.0, 4.0),),
)
bessel_y = _cylinder(
    "bessel_y", "Bessel's Y", _low_orders("y0", "y1", "yn"), "bessely", (1, -1), -1, _POSITIVE
)
bessel_i = _cylinder(
    "bessel_i",
    "the modified Bessel function I",
    _low_orders("i0", "i1", "iv"),
    "besseli",
    (1, 1),
    1,
    ((-4.0, 4.0),),
)
bessel_k = _cylinder(
    "bessel_k",
    "the modified Bessel function K",
    _low_orders("k0", "k1", "kv"),
    "besselk",
    (-1, -1),
    1,
    _POSITIVE,
)

# --- scaled by exponentials ----------------------------------------------------------------------


def _bessel_ie(x: Array, order: int, derivative: int) -> Array:
    values = _low_orders("i0e", "i1e", "ive")
    if derivative == 0:
        return np.asarray(values(scipy_special(), order, x))
    known = partial(values, scipy_special())
    return in_blocks(lambda z: ive_derivative(order, derivative, z, known), x)


def _bessel_ke(x: Array, order: int, derivative: int) -> Array:
    if derivative == 0:
        return np.asarray(_low_orders("k0e", "k1e", "kve")(scipy_special(), order, x))
    return in_blocks(lambda z: kve_derivative(order, derivative, z), x)


def precise_scaled(bessel: str, sign: int) -> Callable[..., Any]:
    """Return the rule in mpmath of the derivatives of exp(sign·x) times a Bessel function.

    Parameters
    ----------
    bessel : str
        Its name there.
    sign : int
    """

    def precise(mp: Any, x: Any, order: Any, derivative: int) -> Any:
        function, direction = getattr(mp, bessel), 1 if sign < 0 else -1
        flip = (-1) ** (order + derivative) if sign < 0 and x < 0 else 1
        z = abs(x) if sign < 0 else x
        with mp.extraprec(100 + 20 * derivative):
            total = mp.mpf(0)
            for j in range(derivative + 1):
                terms = derivative_terms(order, j, (direction, direction))
                part = sum(factor * function(n, z) for n, factor in terms) / mp.mpf(2) ** j
                total += comb(derivative, j) * sign ** (derivative - j) * part
            return flip * total * mp.exp(sign * z)

    return precise


bessel_ie = derivative_family(
    "bessel_ie",
    _bessel_ie,
    precise=precise_scaled("besseli", -1),
    attrs=_ATTRS,
    domains=_POSITIVE,
    sampled=_SAMPLED,
    identity="a derivative of exp(-|x|) I(x) of integer order",
)
bessel_ke = derivative_family(
    "bessel_ke",
    _bessel_ke,
    precise=precise_scaled("besselk", 1),
    attrs=_ATTRS,
    domains=_POSITIVE,
    sampled=_SAMPLED,
    identity="a derivative of exp(x) K(x) of integer order",
)

# --- spherical -----------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _spherical_terms(
    order: int, derivative: int, signs: tuple[int, int]
) -> tuple[tuple[int, Fraction], ...]:
    """Return orders and coefficients of a derivative of a spherical Bessel function.

    ``(2n + 1) f'ₙ = ±n fₙ₋₁ ± (n + 1) fₙ₊₁``.
    """
    terms = {order: Fraction(1)}
    for _ in range(derivative):
        moved: dict[int, Fraction] = {}
        for n, factor in terms.items():
            parts = ((n - 1, signs[0] * n), (n + 1, signs[1] * (n + 1)))
            for other, weight in parts:
                if weight:
                    part = factor * Fraction(weight, 2 * n + 1)
                    moved[other] = moved.get(other, Fraction(0)) + part
        terms = moved
    return tuple(sorted(terms.items()))


def _spherical(
    name: str,
    symbol: str,
    signs: tuple[int, int],
    precise_one: Callable[[Any, int, Any], Any],
) -> Op:
    def evaluate(x: Array, order: int, derivative: int) -> Array:
        function = getattr(scipy_special(), name)
        total = np.zeros(x.shape)
        for n, factor in _spherical_terms(order, derivative, signs):
            total = total + float(factor) * function(n, x)
        return total

    def precise(mp: Any, x: Any, order: int, derivative: int) -> Any:
        terms = _spherical_terms(order, derivative, signs)
        return sum(precise_one(mp, n, x) * f.numerator / f.denominator for n, f in terms)

    return derivative_family(
        name,
        evaluate,
        precise=precise,
        attrs=_ATTRS,
        domains=_POSITIVE,
        sampled=((0, 0), (1, 1)),
        identity=f"a derivative of the spherical Bessel function {symbol}",
    )


def _halved(bessel: str) -> Callable[[Any, int, Any], Any]:
    def one(mp: Any, n: int, x: Any) -> Any:
        return mp.sqrt(mp.pi / (2 * x)) * getattr(mp, bessel)(n + mp.mpf(1) / 2, x)

    return one


spherical_jn = _spherical("spherical_jn", "j", (1, -1), _halved("besselj"))
spherical_yn = _spherical("spherical_yn", "y", (1, -1), _halved("bessely"))
spherical_in = _spherical("spherical_in", "i", (1, 1), _halved("besseli"))
spherical_kn = _spherical("spherical_kn", "k", (-1, -1), _halved("besselk"))

# --- sinc ----------------------------------------------------------------------------------------


def _sinc(x: Array, derivative: int) -> Array:
    if derivative == 0:
        return np.asarray(np.sinc(x))
    return pi**derivative * in_blocks(lambda z: sine_ratio_derivative(z, derivative), pi * x)


def _precise_sinc(mp: Any, x: Any, derivative: int) -> Any:
    z = mp.pi * x
    if z == 0:
        even = derivative % 2 == 0
        sign = (-1) ** (derivative // 2)
        return mp.pi**derivative * (mp.mpf(sign) / (derivative + 1) if even else mp.mpf(0))
    extra = 100 + int(-(derivative + 1) * min(0, mp.log(abs(z), 2)))
    with mp.extraprec(extra):
        found = mp.sin(z) / z
        for k in range(1, derivative + 1):
            found = (mp.sin(z + k * mp.pi / 2) - k * found) / z
        return mp.pi**derivative * found


sinc = derivative_family(
    "sinc",
    _sinc,
    precise=_precise_sinc,
    sampled=((0,), (1,)),
    identity="a derivative of sin(πx) / (πx), which is 1 at 0",
)
