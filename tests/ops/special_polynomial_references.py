"""Orthogonal polynomials and spherical harmonics, and their definitions by mpmath."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from tests.ops.special_references import Reference, mp, spread

INSIDE = spread(-0.95, 0.97)
WIDE = spread(-2.5, 3.1)
ANGLES = spread(0.1, 3.0)
HALF, THIRD = mp.mpf(1) / 2, mp.mpf(0.375)


def _hermite_e(n: int, x: Any) -> Any:
    return mp.hermite(n, x / mp.sqrt(2)) / mp.sqrt(2) ** n


def _associated(n: int, m: int, x: Any) -> Any:
    """Return the function by the derivative of Legendre's polynomial."""
    root = mp.sqrt(1 - x * x)
    coefficients = np.polynomial.legendre.leg2poly([0] * n + [1])
    powers = [mp.mpf(float(c)) for c in np.polynomial.polynomial.polyder(coefficients, m)]
    return (-1) ** m * root**m * sum(c * x**k for k, c in enumerate(powers))


def _harmonic(n: int, m: int, theta: Any) -> Any:
    """Return the real part at the azimuth 0.5."""
    ratio = mp.factorial(n - m) / mp.factorial(n + m)
    norm = mp.sqrt((2 * n + 1) / (4 * mp.pi) * ratio)
    return norm * _associated(n, m, mp.cos(theta)) * mp.cos(m * HALF)


POLYNOMIALS = (
    Reference(
        "eval_legendre", lambda x: special.eval_legendre(5, x), lambda x: mp.legendre(5, x), INSIDE
    ),
    Reference("eval_chebyt", lambda x: special.eval_chebyt(6, x), lambda x: mp.chebyt(6, x), WIDE),
    Reference("eval_chebyu", lambda x: special.eval_chebyu(5, x), lambda x: mp.chebyu(5, x), WIDE),
    Reference(
        "eval_chebyc", lambda x: special.eval_chebyc(5, x), lambda x: 2 * mp.chebyt(5, x / 2), WIDE
    ),
    Reference(
        "eval_chebys", lambda x: special.eval_chebys(5, x), lambda x: mp.chebyu(5, x / 2), WIDE
    ),
    Reference(
        "eval_hermite", lambda x: special.eval_hermite(5, x), lambda x: mp.hermite(5, x), WIDE
    ),
    Reference(
        "eval_hermitenorm",
        lambda x: special.eval_hermitenorm(5, x),
        lambda x: _hermite_e(5, x),
        WIDE,
    ),
    Reference(
        "eval_laguerre", lambda x: special.eval_laguerre(4, x), lambda x: mp.laguerre(4, 0, x), WIDE
    ),
    Reference(
        "eval_genlaguerre",
        lambda x: special.eval_genlaguerre(4, 0.5, x),
        lambda x: mp.laguerre(4, HALF, x),
        WIDE,
    ),
    Reference(
        "eval_gegenbauer",
        lambda x: special.eval_gegenbauer(5, 0.375, x),
        lambda x: mp.gegenbauer(5, THIRD, x),
        INSIDE,
    ),
    Reference(
        "eval_jacobi",
        lambda x: special.eval_jacobi(4, 0.375, 0.5, x),
        lambda x: mp.jacobi(4, THIRD, HALF, x),
        INSIDE,
    ),
    Reference(
        "eval_sh_legendre",
        lambda x: special.eval_sh_legendre(4, x),
        lambda x: mp.legendre(4, 2 * x - 1),
        INSIDE,
    ),
    Reference(
        "eval_sh_chebyt",
        lambda x: special.eval_sh_chebyt(4, x),
        lambda x: mp.chebyt(4, 2 * x - 1),
        INSIDE,
    ),
    Reference(
        "eval_sh_chebyu",
        lambda x: special.eval_sh_chebyu(4, x),
        lambda x: mp.chebyu(4, 2 * x - 1),
        INSIDE,
    ),
    Reference("lpmv", lambda x: special.lpmv(2, 5, x), lambda x: _associated(5, 2, x), INSIDE),
    Reference("lpmv", lambda x: special.lpmv(3, 5, x), lambda x: _associated(5, 3, x), INSIDE),
    *[
        Reference(
            "sph_harm_y",
            lambda x, m=m: special.sph_harm_y(4, m, x, 0.5).real,
            lambda x, m=m: _harmonic(4, m, x),
            ANGLES,
        )
        for m in (0, 1, 2)
        if hasattr(special, "sph_harm_y")
    ],
)
"""Of fixed degrees, in their last argument, or the polar angle."""
