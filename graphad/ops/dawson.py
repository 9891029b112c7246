"""Derivatives of Dawson's function in floating point, without cancellation.

``D' = 1 - 2xD`` and what follows from it lose twice as many digits with each order as the argument
has; an integral beside the real line does not.
"""

from __future__ import annotations

from math import factorial, pi, sqrt

import numpy as np

from graphad.op import Array

_NEAR = 0.7
"""Up to here the recurrence keeps zeros of even derivatives exact, and loses no digit."""


def dawson_derivative(x: Array, derivative: int, dawsn: Array) -> Array:
    """Return a derivative of ``D(x) = exp(-x²) ∫ exp(t²) dt`` from 0 to x.

    Parameters
    ----------
    x : array
        With one axis.
    derivative : int
        k, 1 or more.
    dawsn : array
        The function itself.

    Notes
    -----
    ``D⁽ᵏ⁾(x) = (-1)ᵏ k!/(2√π) Re ∫ exp(-(u - ib)²) (x - u + ib)⁻¹⁻ᵏ du`` over the real line, by
    the trapezoidal rule (Chiarella and Reichel 1968, On the evaluation of integrals related to the
    error function). With b² = (k + 1)/2 the integrand is nowhere much larger than the result.
    """
    with np.errstate(all="ignore"):
        before, last = dawsn, 1 - 2 * x * dawsn
        for k in range(1, derivative):
            before, last = last, -2 * (x * last + k * before)
        off = max(1.0, sqrt((derivative + 1) / 2))
        step = off / 10
        half = int((6.5 + derivative / 20) / step) + 1
        u = step * np.arange(-half, half + 1)
        weights = step * np.exp(-((u - 1j * off) ** 2))
        far = np.where(np.abs(x) < _NEAR, 1.0, np.abs(x))[..., None]
        total = np.sum(weights / (far - u + 1j * off) ** (derivative + 1), axis=-1)
        scale = (-1) ** derivative * factorial(derivative) / (2 * sqrt(pi))
        found = np.where(np.isinf(x), 0.0, scale * total.real)
        turned = -found if derivative % 2 == 0 else found
    return np.where(np.abs(x) < _NEAR, last, np.where(x < 0, turned, found))
