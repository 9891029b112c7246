"""Derivatives of functions of the Gaussian's tail, in floating point, without cancellation.

Recurrences for these derivatives cancel in the tail: each order loses as many digits as the square
of the argument has. Here they are integrals of positive functions, summed by the rule of Takahasi
and Mori (1974, Double exponential formulas for numerical integration).
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, factorial, pi, sqrt

import numpy as np

from graphad.op import Array

_STEP = 1 / 16
_FIRST, _LAST = -4.5, 4.5


@lru_cache(maxsize=1)
def _nodes() -> tuple[Array, Array]:
    """Return points t in (0, ∞) and weights, for functions that decay exponentially."""
    u = np.arange(_FIRST, _LAST + _STEP / 2, _STEP)
    t = np.exp(u - np.exp(-u))
    return t, _STEP * t * (1 + np.exp(-u))


def tail_weights(z: Array) -> tuple[Array, Array]:
    """Return nodes and weights for integrals of ``g(t)·exp(-t² - 2zt)`` from 0 to ∞, z ≥ 0.

    Parameters
    ----------
    z : array

    Returns
    -------
    t, weights : array
        With a last axis more than `z` has.
    """
    nodes, weights = _nodes()
    scale = 1 / (1 + z[..., None])
    t = nodes * scale
    return t, weights * scale * np.exp(-t * (t + 2 * z[..., None]))


def erfcx_derivative(x: Array, derivative: int, erfcx: Array) -> Array:
    """Return a derivative of ``exp(x²)·erfc(x)``: ``(-2)ᵏ k!`` times that of its k-fold integral.

    Parameters
    ----------
    x : array
    derivative : int
        k, 1 or more.
    erfcx : array
        The function itself.

    Notes
    -----
    For ``x ≥ 0`` it is ``(2/√π) ∫ (-2t)ᵏ exp(-t² - 2xt) dt``. For ``x < 0`` the recurrence of the
    repeated integrals g (Gautschi 1964), ``2k gₖ = gₖ₋₂ - 2x gₖ₋₁``, adds positive numbers.
    """
    before, last = np.full(x.shape, 2 / sqrt(pi)), erfcx
    low = np.minimum(x, 0.0)
    for k in range(1, derivative + 1):
        before, last = last, (before - 2 * low * last) / (2 * k)
    left = (-2.0) ** derivative * factorial(derivative) * last
    t, weights = tail_weights(np.maximum(x, 0.0))
    right = 2 / sqrt(pi) * (-2.0) ** derivative * np.sum(t**derivative * weights, axis=-1)
    return np.where(x < 0, left, np.where(np.isnan(x), np.nan, right))


def gaussian(x: Array) -> Array:
    """Return ``exp(-x²/2)``, with x² in two parts, since its rounding would show.

    Parameters
    ----------
    x : array
    """
    with np.errstate(invalid="ignore", over="ignore"):
        head = np.where(abs(x) < 64, np.rint(x * 64) / 64, x)  # its square is exact
        tail = np.where(head == x, 0.0, (x - head) * (x + head))
    return np.exp(-head * head / 2) * np.exp(-tail / 2)


def log_ndtr_derivative(x: Array, derivative: int, erfcx: Array, ndtr: Array) -> Array:
    """Return a derivative of the logarithm of the normal distribution function.

    Parameters
    ----------
    x : array
    derivative : int
        k, 1 or more.
    erfcx : array
        ``exp(x²/2)·erfc(-x/√2)`` where x is negative.
    ndtr : array
        The normal distribution function where x is not negative.

    Notes
    -----
    With ``z = -x/√2``, ``log ndtr(x) = -z² + log(∫ exp(-t² - 2zt) dt) + const``, whose k-th
    derivative is ``2^(k/2)`` times the k-th cumulant of t under that weight. Far right, where these
    vanish, ``h = φ/Φ`` and its derivatives follow from ``h' = -h(x + h)``.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        high = gaussian(np.maximum(x, 0.0)) / (sqrt(2 * pi) * ndtr)
        slope = np.where(x < 0, sqrt(2 / pi) / erfcx, high)
        if derivative == 1:
            return slope
        left = 2 ** (derivative / 2) * _cumulant(np.maximum(-x / sqrt(2), 0.0), derivative)
        if derivative == 2:
            left = left - 1
        right = _of_ratio(np.maximum(x, 0.0), np.where(x < 0, 0.0, slope), derivative)
    return np.where(x < 0, left, right)


def _cumulant(z: Array, order: int) -> Array:
    """Return a cumulant of t, order 2 or more, under the weight ``exp(-t² - 2zt)``, t > 0."""
    t, weights = tail_weights(z)
    weights = weights / np.sum(weights, axis=-1, keepdims=True)
    off = t - np.sum(t * weights, axis=-1, keepdims=True)
    moments = [np.sum(off**k * weights, axis=-1) for k in range(order + 1)]
    cumulants: dict[int, Array] = {}
    for n in range(2, order + 1):
        lower = [comb(n - 1, m - 1) * cumulants[m] * moments[n - m] for m in range(2, n - 1)]
        cumulants[n] = moments[n] - sum(lower)
    return cumulants[order]


def _of_ratio(x: Array, ratio: Array, derivative: int) -> Array:
    """Return the derivative of order ``derivative - 1`` of h, with ``h' = -h(x + h)``."""
    found = [ratio]
    for m in range(derivative - 1):
        total = x * found[m] + (m * found[m - 1] if m else 0.0)
        for i in range(m + 1):
            total = total + comb(m, i) * found[i] * found[m - i]
        found.append(np.where(found[m] == 0, 0.0, -total))
    return found[-1]
