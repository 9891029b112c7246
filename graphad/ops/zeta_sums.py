"""Derivatives of the zeta functions of Hurwitz and Riemann by s, without cancellation.

Sums with Euler's and Maclaurin's formula, differentiated in s as truncated power series (Johansson
2015, Rigorous high-precision computation of the Hurwitz zeta function and its derivatives). Around
the pole, where these differ by much from their result for s < 1, Stieltjes' constants; far left
the functional equation (Riemann 1859).
"""

from __future__ import annotations

from math import comb, factorial, log, pi
from typing import Any

import numpy as np

from graphad.op import Array

_TERMS = 16
_BERNOULLI = (
    *(1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510),
    *(43867 / 798, -174611 / 330, 854513 / 138, -236364091 / 2730),
)
"""Those of even order; with 16 terms before, what follows is less than 1e-20 of the result."""


def hurwitz_derivative(s: Array, q: Array, derivative: int) -> Array:
    """Return a derivative by s of ``Σ (n + q)⁻ˢ``; NaN for s < 1 and for q ≤ 0.

    Parameters
    ----------
    s, q : array
        Of one shape, with one axis.
    derivative : int
        k, 1 or more.

    Notes
    -----
    All terms but the first have one sign if ``q > 0``: ``(-log(n + q))ᵏ (n + q)⁻ˢ``, then
    ``∫ (-log t)ᵏ t⁻ˢ dt`` from ``a = q + 16``. Terms with Bernoulli's numbers are small beside.
    """
    with np.errstate(all="ignore"):
        inside = (s >= 1) & (q > 0)
        s, q = np.where(inside, s, 2.0), np.where(inside, q, 1.0)
        x = q[..., None] + np.arange(_TERMS)
        powers = np.power(x, -s[..., None])
        logs = np.log(x)
        terms = np.where(logs == 0, 0.0, (-logs) ** derivative * powers)
        a = q + _TERMS
        high = np.log(a)
        tail = (-high) ** derivative / 2 + _corrections(s, a, high, derivative)
        for j in range(derivative + 1):
            falling = (-1) ** derivative * factorial(derivative) / factorial(derivative - j)
            tail = tail + falling * a * high ** (derivative - j) / (s - 1) ** (j + 1)
        last = np.power(a, -s)
        found = np.sum(terms, axis=-1) + np.where(last == 0, 0.0, last * tail)
    return np.where(inside, found, np.nan)


def _corrections(s: Array, a: Array, high: Array, derivative: int) -> Array:
    """Return the k-th derivative of ``Σ B₂ⱼ/(2j)! s(s+1)…(s+2j-2) a¹⁻²ʲ⁻ˢ``, without ``a⁻ˢ``."""
    product = [s / a, 1 / a] + [np.zeros(s.shape)] * (derivative - 1)
    total = [np.zeros(s.shape) for _ in product]
    for j, number in enumerate(_BERNOULLI, start=1):
        for i, part in enumerate(product):
            total[i] = total[i] + number / factorial(2 * j) * part
        for m in (2 * j - 1, 2 * j):
            lower = [np.zeros(s.shape), *product[:-1]]
            product = [((s + m) * p + q) / a for p, q in zip(product, lower, strict=True)]
    found = np.zeros(s.shape)
    for i, part in enumerate(total):
        scale = factorial(derivative) / factorial(derivative - i)
        found = found + scale * part * (-high) ** (derivative - i)
    return found


# --- Riemann's -----------------------------------------------------------------------------------

_STIELTJES = (
    *(0.5772156649015329, 0.07281584548367673, -0.00484518159643616, -0.00034230573671722433),
    *(
        9.689041939447084e-05,
        -6.6110318108421895e-06,
        -3.316240908752772e-07,
        1.0462094584479188e-07,
    ),
    *(-8.733218100273798e-09, 9.47827778276236e-11, 5.658421927608708e-11, -6.768689863513697e-12),
    *(
        3.4921159366720317e-13,
        4.4104247417577536e-15,
        -2.3997862217709992e-15,
        2.1677312200726828e-16,
    ),
    *(
        -9.544466076366965e-18,
        -7.387676660538637e-20,
        4.800850782488065e-20,
        -4.139956737713306e-21,
    ),
    *(
        1.9168201593991233e-22,
        -2.0441543122262165e-24,
        -4.818498501107353e-25,
        4.8118570515125666e-26,
    ),
    *(
        -2.560263310318815e-27,
        6.927840895304667e-29,
        1.628607550485587e-30,
        -3.1939375611532554e-31,
    ),
    *(2.0991515893634255e-32, -8.33674529544144e-34, 1.3412593772192187e-35, 9.137143891298173e-37),
    *(
        -9.768421446893165e-38,
        5.1946428874557335e-39,
        -1.7317495951610044e-40,
        1.9716202332662872e-42,
    ),
    *(
        1.9484800827555884e-43,
        -1.7148402816434978e-44,
        8.201623257950248e-46,
        -2.5390961700398236e-47,
    ),
    *(
        3.048374806812473e-49,
        2.1510328807813953e-50,
        -1.8781376778317063e-51,
        8.714569870915345e-53,
    ),
    *(-2.704293254941653e-54, 4.240302974829752e-56),
)
"""``(-1)ⁿ γₙ/n!``, the coefficients of ``ζ(s) - 1/(s - 1)`` by powers of s - 1."""
_LEFT, _RIGHT = -4.0, 5.0
"""Between these, Stieltjes' constants lose no digit."""


def riemann_derivative(s: Array, derivative: int, special: Any) -> Array:
    """Return a derivative of Riemann's zeta function.

    Parameters
    ----------
    s : array
        With one axis.
    derivative : int
        k, 1 or more.
    special : module
        `scipy.special`.
    """
    right, left = s > _RIGHT, s < _LEFT
    found = _around_the_pole(np.where(right | left, 0.0, s), derivative)
    if np.any(right):
        far = hurwitz_derivative(np.where(right, s, 6.0), np.ones(s.shape), derivative)
        found = np.where(right, far, found)
    if np.any(left):
        found = np.where(left, _reflected(np.where(left, s, -6.0), derivative, special), found)
    return found


def _around_the_pole(s: Array, derivative: int) -> Array:
    off = s - 1
    total = np.zeros(s.shape)
    for n in range(len(_STIELTJES) - 1, derivative - 1, -1):
        falling = factorial(n) // factorial(n - derivative)
        total = total * off + _STIELTJES[n] * falling
    with np.errstate(all="ignore"):
        pole = (-1) ** derivative * factorial(derivative) / off ** (derivative + 1)
    return np.asarray(total + pole)


def _reflected(s: Array, derivative: int, special: Any) -> Array:
    """Derive ``2 (2π)ˢ⁻¹ Γ(1 - s) · sin(πs/2) · ζ(1 - s)`` as a product of power series."""
    t = 1 - s
    with np.errstate(all="ignore"):
        half = t / 2  # both factors are finite where the result is
        lower, upper = [pi**-h * special.gamma(h) for h in (half, half + 0.5)]
        growth = [lower * upper]
        slopes = [log(2 * pi) - special.psi(t)]
        slopes += [special.zeta(float(m), t) for m in range(2, derivative + 1)]
        for n in range(1, derivative + 1):
            growth.append(sum(slopes[j] * growth[n - 1 - j] for j in range(n)) / n)
        turns = np.rint(s / 2)
        angle, sign = (s - 2 * turns) * (pi / 2), 1 - 2 * (turns % 2)
        waves = [sign * (np.sin(angle), np.cos(angle))[k % 2] for k in range(derivative + 1)]
        total = np.zeros(s.shape)
        for i in range(derivative + 1):
            quarter = (pi / 2) ** i * (1 if i % 4 < 2 else -1) * waves[i]
            for j in range(derivative + 1 - i):
                k = derivative - i - j
                ones = np.ones(t.shape)
                value = hurwitz_derivative(t, ones, k) if k else special.zeta(t, 1.0)
                ways = comb(derivative, i) * comb(derivative - i, j) * factorial(j)
                total = total + ways * quarter * growth[j] * (-1) ** k * value
    return np.asarray(total)
