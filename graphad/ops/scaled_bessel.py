"""Derivatives of exponentially scaled Bessel functions, and of sin(x)/x, without cancellation.

A scaled function falls as a power of x, and the terms of ``(e⁻ˣ I(x))' = e⁻ˣ (I'(x) - I(x))``
cancel more digits with each order. As integrals with the factor ``cos θ - 1`` they do not.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb, pi

import numpy as np

from graphad.op import Array

Values = Callable[[int, Array], Array]
"""``values(n, x)`` gives the function of order n."""

_POINTS = 160
"""More than 20 for each oscillation or decay of an integrand."""


def ive_derivative(order: int, derivative: int, x: Array, ive: Values) -> Array:
    """Return a derivative of ``exp(-|x|) I(x)`` for an integer order; at 0, the mean of both sides.

    Parameters
    ----------
    order, derivative : int
        n of 0 or more, and k of 1 or more.
    x : array
    ive : callable
        SciPy's.

    Notes
    -----
    ``(1/π) ∫ (cos θ - 1)ᵏ exp(x (cos θ - 1)) cos nθ dθ`` from 0 to π, or to where nothing is
    left, by the trapezoidal rule, which is exact to rounding for periodic functions. Where x is
    small beside n, the derivatives of I dominate, and the product rule does not cancel.
    """
    near = np.abs(x)
    points = _POINTS + 4 * order
    with np.errstate(all="ignore"):
        reach = np.arccos(np.maximum(-1.0, 1 - (60 + 12.0 * derivative) / near))
        reach = np.where(near > 0, reach, pi)
        theta = reach[..., None] * ((np.arange(points) + 0.5) / points)
        lower = -2 * np.sin(theta / 2) ** 2
        terms = lower**derivative * np.cos(order * theta) * np.exp(near[..., None] * lower)
        found = np.sum(terms, axis=-1) * reach / (pi * points)
    small = near < order * 1.5
    if np.any(small):
        at = np.where(small, near, 1.0)
        terms = [
            comb(derivative, j) * (-1) ** (derivative - j) * unscaled_derivative(order, j, at, ive)
            for j in range(derivative + 1)
        ]
        found = np.where(small, sum(terms), found)
    odd = (order + derivative) % 2 == 1
    return np.asarray(found * np.sign(x) if odd else found)


def unscaled_derivative(order: int, derivative: int, x: Array, values: Values) -> Array:
    """Return ``2⁻ᵏ Σ C(k, j) Iₙ₋ₖ₊₂ⱼ(x)``: the k-th derivative of I, by its recurrence.

    Parameters
    ----------
    order, derivative : int
    x : array
    values : callable
        I of an order that is not negative, perhaps scaled.
    """
    total = np.zeros(x.shape)
    for j in range(derivative + 1):
        total = total + comb(derivative, j) * values(abs(order - derivative + 2 * j), x)
    return np.asarray(total / 2**derivative)


def kve_derivative(order: int | Array, derivative: int, x: Array) -> Array:
    """Return a derivative of ``exp(x) K(x)``, x > 0.

    Parameters
    ----------
    order : int or array
        Any real number.
    derivative : int
        k, 1 or more.
    x : array

    Notes
    -----
    ``∫ (1 - cosh t)ᵏ exp(-x (cosh t - 1)) cosh vt dt`` from 0 to ∞, by the trapezoidal rule up to
    where the integrand has fallen to nothing.
    """
    with np.errstate(all="ignore"):
        positive = np.where(x > 0, x, 1.0)
        size = np.abs(np.asarray(order, np.float64))
        reach = np.arccosh(1 + (60 + 12.0 * (derivative + size)) / positive)
        points = _POINTS
        t = reach[..., None] * (np.arange(points + 1) / points)
        lower = -2 * np.sinh(t / 2) ** 2
        terms = (
            lower**derivative * np.exp(positive[..., None] * lower) * np.cosh(size[..., None] * t)
        )
        terms[..., 0] /= 2
        found = np.sum(terms, axis=-1) * reach / points
    return np.where(x > 0, found, np.nan)


def sine_ratio_derivative(x: Array, derivative: int) -> Array:
    """Return a derivative of sin(x)/x, right at 0 too.

    Parameters
    ----------
    x : array
    derivative : int
        k, 0 or more.

    Notes
    -----
    Near 0, ``∫ sᵏ cos(xs + kπ/2) ds`` from 0 to 1, by the rule of Gauss; further out,
    ``x f⁽ᵏ⁾ = sin⁽ᵏ⁾(x) - k f⁽ᵏ⁻¹⁾``, which multiplies errors by less than 1.
    """
    if derivative == 0:
        with np.errstate(invalid="ignore"):
            return np.where(x == 0, 1.0, np.sin(x) / np.where(x == 0, 1.0, x))
    near = np.abs(x) < derivative + 4
    nodes, weights = np.polynomial.legendre.leggauss(24 + derivative)
    s = (nodes + 1) / 2
    at = np.where(near, x, 0.0)[..., None] * s
    inner = np.sum(weights / 2 * s**derivative * _turned_cosine(at, derivative), axis=-1)
    far = np.where(near, 1.0, x)
    with np.errstate(invalid="ignore"):
        outer = np.sin(far) / far
        for k in range(1, derivative + 1):
            outer = (_turned_cosine(far, k - 1) - k * outer) / far
    return np.where(near, inner, outer)


def _turned_cosine(x: Array, k: int) -> Array:
    """Return the k-th derivative of the cosine."""
    found: Array = np.cos(x) if k % 2 == 0 else np.sin(x)
    return found if k % 4 in (0, 3) else -found
