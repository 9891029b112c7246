"""The error functions, Dawson's, and the normal distribution function and its inverses."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from math import pi, sqrt
from typing import Any

import numpy as np

from graphad.op import Array, Op
from graphad.ops.blocks import in_blocks
from graphad.ops.dawson import dawson_derivative
from graphad.ops.exponential import exp
from graphad.ops.gaussian_tails import erfcx_derivative, gaussian, log_ndtr_derivative
from graphad.ops.special_factory import derivative_family, scipy_special, special_op


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


def _found_late(name: str) -> Callable[[Array], Any]:
    def evaluate(x: Array) -> Any:
        return _evaluation(name)(x)

    return evaluate


erf = special_op(
    "erf",
    _found_late("erf"),
    lambda y, x: (2 / sqrt(pi) * exp(-(x * x)),),
    precise=lambda mp, x: mp.erf(x),
    identity="error function: 2/√π times the integral of exp(-t²) from 0 to x",
)
erfc = special_op(
    "erfc",
    _found_late("erfc"),
    lambda y, x: (-2 / sqrt(pi) * exp(-(x * x)),),
    precise=lambda mp, x: mp.erfc(x),
    identity="1 - erf(x), exact where erf is near 1",
)
erfi = special_op(
    "erfi",
    lambda x: scipy_special().erfi(x),
    lambda y, x: (2 / sqrt(pi) * exp(x * x),),
    precise=lambda mp, x: mp.erfi(x),
    identity="imaginary error function: 2/√π times the integral of exp(t²) from 0 to x",
)
erfinv = special_op(
    "erfinv",
    lambda x: scipy_special().erfinv(x),
    lambda y, x: (sqrt(pi) / 2 * exp(y * y),),
    precise=lambda mp, x: mp.erfinv(x),
    domains=((-0.8, 0.8),),
    identity="inverse of erf",
)


def _erfcinv(x: Array) -> Array:
    special = scipy_special()
    middle = np.abs(x - 1) <= 0.5  # 1 - x is exact there
    inner = special.erfinv(np.where(middle, 1 - x, 0.0))
    return np.where(middle, inner, np.asarray(special.erfcinv(x)))


erfcinv = special_op(
    "erfcinv",
    _erfcinv,
    lambda y, x: (-sqrt(pi) / 2 * exp(y * y),),
    precise=lambda mp, x: mp.erfinv(1 - x),
    domains=((0.2, 1.8),),
    identity="inverse of erfc",
)

# --- erfc times its exponential ------------------------------------------------------------------


def _erfcx(x: Array, derivative: int) -> Array:
    value: Array = scipy_special().erfcx(x)
    if derivative == 0:
        return value
    return in_blocks(lambda z, known: erfcx_derivative(z, derivative, known), x, np.asarray(value))


def _precise_erfcx(mp: Any, x: Any, derivative: int) -> Any:
    with mp.extraprec(200):
        before, last = 2 / mp.sqrt(mp.pi), mp.exp(x * x) * mp.erfc(x)
        for k in range(1, derivative + 1):
            before, last = last, (before - 2 * x * last) / (2 * k)
        return (-2) ** derivative * mp.factorial(derivative) * last


erfcx = derivative_family(
    "erfcx",
    _erfcx,
    precise=_precise_erfcx,
    sampled=((0,), (2,)),
    identity="a derivative of exp(x²) erfc(x)",
)

# --- Dawson's function ---------------------------------------------------------------------------


def _dawsn(x: Array, derivative: int) -> Array:
    value = np.asarray(scipy_special().dawsn(x))
    if derivative == 0:
        return value
    return in_blocks(lambda z, known: dawson_derivative(z, derivative, known), x, value)


def _precise_dawsn(mp: Any, x: Any, derivative: int) -> Any:
    with mp.extraprec(200):
        value = mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)
        if derivative == 0:
            return value
        before, last = value, 1 - 2 * x * value
        for k in range(1, derivative):
            before, last = last, -2 * (x * last + k * before)
        return last


dawsn = derivative_family(
    "dawsn",
    _dawsn,
    precise=_precise_dawsn,
    sampled=((0,), (2,)),
    identity="a derivative of Dawson's function, exp(-x²) times the integral of exp(t²) to x",
)

# --- normal distribution -------------------------------------------------------------------------


def _ndtr(x: Array) -> Array:
    special = scipy_special()
    low = np.minimum(x, 0.0)
    tail = special.erfcx(-low / sqrt(2)) * gaussian(low) / 2
    return np.where(x < -1, np.asarray(tail), np.asarray(special.ndtr(x)))


ndtr = special_op(
    "ndtr",
    _ndtr,
    lambda y, x: (1 / sqrt(2 * pi) * exp(-0.5 * (x * x)),),
    precise=lambda mp, x: mp.ncdf(x),
    identity="normal distribution function",
)
ndtri = special_op(
    "ndtri",
    lambda p: scipy_special().ndtri(p),
    lambda y, p: (sqrt(2 * pi) * exp(0.5 * (y * y)),),
    precise=lambda mp, p: mp.sqrt(2) * mp.erfinv(2 * p - 1),
    domains=((0.1, 0.9),),
    identity="inverse of the normal distribution function",
)


def _log_ndtr(x: Array, derivative: int) -> Array:
    special = scipy_special()
    if derivative == 0:
        return np.asarray(special.log_ndtr(x))
    known = [np.asarray(special.erfcx(-x / sqrt(2))), np.asarray(special.ndtr(x))]
    return in_blocks(lambda z, e, p: log_ndtr_derivative(z, derivative, e, p), x, *known)


def _precise_log_ndtr(mp: Any, x: Any, derivative: int) -> Any:
    with mp.extraprec(400):
        if derivative == 0:
            return mp.log(mp.ncdf(x))
        found = [mp.npdf(x) / mp.ncdf(x)]
        for m in range(derivative - 1):
            total = x * found[m] + (m * found[m - 1] if m else 0)
            for i in range(m + 1):
                total += mp.binomial(m, i) * found[i] * found[m - i]
            found.append(-total)
        return found[-1]


log_ndtr: Op = derivative_family(
    "log_ndtr",
    _log_ndtr,
    precise=_precise_log_ndtr,
    sampled=((0,), (2,)),
    identity="a derivative of the logarithm of the normal distribution function",
)

__all__ = [
    "dawsn",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfi",
    "erfinv",
    "log_ndtr",
    "ndtr",
    "ndtri",
]
