"""Bessel functions of real order, and their derivatives by x, in floating point.

Sums ``2ᵏ J⁽ᵏ⁾ᵥ = Σ (-1)ʲ C(k, j) Jᵥ₋ₖ₊₂ⱼ`` (DLMF 10.6, 10.29) are as accurate as their terms. Of
negative orders near integers, by the distance to the integer, which v - k would round away; scaled
functions, which these sums cancel in, as integrals.
"""

from __future__ import annotations

from math import comb, pi
from typing import Any

import numpy as np

from graphad.op import Array

_SIGNS = {"j": (1, -1), "y": (1, -1), "i": (1, 1), "k": (-1, -1)}
"""Signs of the orders below and above in twice the derivative."""


def cylinder_derivative(kind: str, v: Array, x: Array, derivative: int, special: Any) -> Array:
    """Return a derivative of Jᵥ, Yᵥ, Iᵥ or Kᵥ by x.

    Parameters
    ----------
    kind : str
        One of j, y, i and k.
    v, x : array
    derivative : int
        k, 0 or more.
    special : module
        `scipy.special`.
    """
    lower, upper = _SIGNS[kind]
    total: Any = 0.0
    with np.errstate(all="ignore"):
        for j in range(derivative + 1):
            factor = comb(derivative, j) * lower ** (derivative - j) * upper**j
            total = total + factor * _shifted(kind, v, 2 * j - derivative, x, special)
    return np.asarray(total / 2**derivative)


def _shifted(kind: str, v: Array, shift: int, x: Array, special: Any) -> Any:
    """Return the function of order ``v + shift``; of a negative order, by those of its negative."""
    m = np.abs(v + shift)
    if kind == "k":
        return special.kv(m, x)
    near = np.rint(v)
    off = v - near
    sign = 1 - 2 * ((near + shift) % 2)
    sine, cosine = sign * np.sin(pi * off), sign * np.sin(pi * (0.5 - np.abs(off)))
    first: Any = _plain(kind, m, x, special)
    if kind == "i":
        other, straight, turned = special.kv(m, x), 1.0, -2 / pi * sine
    elif kind == "j":
        other, straight, turned = special.yv(m, x), cosine, sine
    else:
        other, straight, turned = _plain("j", m, x, special), cosine, -sine
    below = _times(straight, first) + _times(turned, other)
    return np.where(v + shift < 0, below, first)


def _times(factor: Any, function: Any) -> Any:
    """Return the product, which is 0 where the factor is, at a pole too."""
    return np.where(factor == 0, 0.0, factor * function)


def _plain(kind: str, m: Array, x: Array, special: Any) -> Any:
    """Return the function of an order of 0 or more; SciPy's for 0 and 1 are more accurate."""
    found = getattr(special, f"{kind}v")(m, x)
    for order in (0, 1):
        if np.any(m == order):
            found = np.where(m == order, getattr(special, f"{kind}{order}")(x), found)
    return found


# --- scaled by exponentials ----------------------------------------------------------------------


def scaled_i_derivative(v: Array, x: Array, derivative: int, special: Any) -> Array:
    """Return a derivative of ``exp(-x) Iᵥ(x)``, x > 0, by x.

    Parameters
    ----------
    v, x : array
        Of one shape, with one axis.
    derivative : int
        k, 0 or more.
    special : module
        `scipy.special`.

    Notes
    -----
    Where x is not small beside v, ``(1/π) ∫ exp(x (cos θ - 1)) cos vθ dθ`` from 0 to π, less
    ``(sin vπ / π) ∫ exp(-x (1 + cosh t) - vt) dt`` from 0 to ∞ (Schläfli 1871, DLMF 10.32.4), each
    differentiated in x, by the rule of Gauss.
    """
    with np.errstate(all="ignore"):
        small = x < (500.0 if derivative == 0 else 0.5 + 0.8 * np.abs(v))
        near: Any = 0.0
        for j in range(derivative + 1):
            factor = comb(derivative, j) * (-1) ** (derivative - j)
            near = near + factor * cylinder_derivative("i", v, x, j, special)
        near = near * np.exp(-x)
        if derivative == 0:
            return np.asarray(np.where(small, near, special.ive(v, x)))
        far = _scaled_i_integrals(v, np.where(small, 10.0, x), derivative)
    return np.where(small | np.isnan(x), near, far)


def _scaled_i_integrals(v: Array, x: Array, derivative: int) -> Array:
    largest = float(np.max(np.abs(v), initial=0.0, where=np.isfinite(v)))
    parts = 5 + int(min(largest, 1000.0)) // 8
    nodes, weights = np.polynomial.legendre.leggauss(32)
    along = ((np.arange(parts)[:, None] + (nodes + 1) / 2) / parts).reshape(-1)
    weights = np.tile(weights / (2 * parts), parts)
    reach = np.arccos(np.maximum(-1.0, 1 - (60 + 12.0 * derivative) / x))
    angle = reach[..., None] * along
    lower = -2 * np.sin(angle / 2) ** 2
    terms = lower**derivative * np.cos(v[..., None] * angle) * np.exp(x[..., None] * lower)
    circle = np.sum(weights * terms, axis=-1) * reach
    reach = np.arccosh(1 + (60 + 12 * (derivative + np.abs(v))) / x)
    t = reach[..., None] * along
    lower = -2 * np.cosh(t / 2) ** 2
    terms = lower**derivative * np.exp(x[..., None] * lower - v[..., None] * t)
    line = np.sum(weights * terms, axis=-1) * reach
    near = np.rint(v)
    sine = (1 - 2 * (near % 2)) * np.sin(pi * (v - near))
    return np.asarray((circle - sine * line) / pi)
