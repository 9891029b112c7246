"""A density functional of five variables: derivatives up to order 4, against 50 digits and print.

The values of many digits are differences of a second implementation, which follows the formulas of
the paper with mpmath and knows nothing of graphs.
"""

from __future__ import annotations

import runpy
from functools import cache
from itertools import combinations_with_replacement, product
from math import comb, prod
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

import graphad as ga

EXAMPLE = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "exchange_correlation.py"))
PBE, POINT = EXAMPLE["pbe"], EXAMPLE["POINT"]

POINTS = {
    "valence": (0.31, 0.22, 0.09, 0.05, 0.04),
    "one spin": (0.08, 0.003, 0.012, 2e-4, 7e-6),
    "both alike": (0.15, 0.15, 1e-3, 1e-3, 1e-3),
    "tail": (2e-4, 9e-5, 1e-7, 4e-8, 2e-8),
    "core": (39.0, 38.0, 0.81e6, 0.82e6, 0.82e6),
}
"""ρ↑, ρ↓, σ↑↑, σ↑↓, σ↓↓ in atomic units."""

PUBLISHED = {
    0: [-0.276589791995e3 - 0.184442072405e1],
    1: [
        -0.382556082420e1 - 0.814334534280e-1,
        -0.378108116179e1 - 0.820182123795e-1,
        -0.174145337536e-4 + 0.510839298939e-6,
        0.102167859788e-5,
        -0.175120610339e-4 + 0.510839298939e-6,
    ],
    2: [
        -0.429564214817e-1 - 0.124297349784e-2,
        -0.183505806584e-2,
        0.185237729809e-6 + 0.134850158624e-7,
        0.269700317248e-7,
        0.134850158624e-7,
        -0.424802511645e-1 - 0.125767116982e-2,
        0.136189478240e-7,
        0.272378956480e-7,
        0.161839553501e-6 + 0.136189478240e-7,
        0.740514207206e-11 - 0.216571369852e-12,
        -0.433142739704e-12,
        -0.216571369852e-12,
        -0.866285479407e-12,
        -0.433142739704e-12,
        0.786563034093e-11 - 0.216571369852e-12,
    ],
}
"""Exchange plus correlation at the point "core", from the tables of the Density Functional
Repository (Daresbury Laboratory), to twelve digits."""

DIGITS, STEP = 250, 40
"""Differences of order 4 with steps of 1e-40 lose 160 digits, and are wrong by 1e-80."""


# --- the second implementation --------------------------------------------------------------------


def reference(mp: Any, values: tuple[Any, ...]) -> Any:
    """Return the energy per volume as the paper writes it, in terms of s, t, k_F and k_s."""
    up, down, s_uu, s_ud, s_dd = values
    third = mp.mpf(1) / 3

    def exchange(n: Any, gradient: Any) -> Any:
        fermi = mp.cbrt(3 * mp.pi**2 * n)
        s = gradient / (2 * fermi * n)
        kappa, mu = mp.mpf("0.804"), mp.mpf("0.06672455060314922") * mp.pi**2 / 3
        return n * (-3 * fermi / (4 * mp.pi)) * (1 + kappa - kappa / (1 + mu * s * s / kappa))

    def gas(rs: Any, *digits: str) -> Any:
        a, alpha, *betas = [mp.mpf(text) for text in digits]
        powers = [mp.sqrt(rs) ** k * beta for k, beta in enumerate(betas, 1)]
        return -2 * a * (1 + alpha * rs) * mp.log(1 + 1 / (2 * a * sum(powers)))

    n = up + down
    zeta = (up - down) / n
    rs = mp.cbrt(3 / (4 * mp.pi * n))
    zero = gas(rs, "0.0310907", "0.21370", "7.5957", "3.5876", "1.6382", "0.49294")
    one = gas(rs, "0.01554535", "0.20548", "14.1189", "6.1977", "3.3662", "0.62517")
    alpha = -gas(rs, "0.0168869", "0.11125", "10.357", "3.6231", "0.88026", "0.49671")
    f = ((1 + zeta) ** (4 * third) + (1 - zeta) ** (4 * third) - 2) / (2 ** (4 * third) - 2)
    second = 4 / (9 * (mp.cbrt(2) - 1))
    uniform = zero + alpha * f / second * (1 - zeta**4) + (one - zero) * f * zeta**4
    beta, gamma = mp.mpf("0.06672455060314922"), (1 - mp.log(2)) / mp.pi**2
    phi = ((1 + zeta) ** (2 * third) + (1 - zeta) ** (2 * third)) / 2
    k_s = mp.sqrt(4 * mp.cbrt(3 * mp.pi**2 * n) / mp.pi)
    t = mp.sqrt(s_uu + 2 * s_ud + s_dd) / (2 * phi * k_s * n)
    a = beta / gamma / (mp.exp(-uniform / (gamma * phi**3)) - 1)
    ratio = (1 + a * t**2) / (1 + a * t**2 + a**2 * t**4)
    h = gamma * phi**3 * mp.log(1 + beta / gamma * t**2 * ratio)
    x = (exchange(2 * up, 2 * mp.sqrt(s_uu)) + exchange(2 * down, 2 * mp.sqrt(s_dd))) / 2
    return x + n * (uniform + h)


@cache
def exact(name: str, order: int) -> tuple[Any, ...]:
    """Return the unique entries of order k at a point, right to 50 digits and more.

    By central differences: D_α F = Π_i Σ_j (-1)^(α_i - j)·C(α_i, j)·F(x_i + (j - α_i/2)·h_i) / h_i.
    """
    mp = mpmath.MPContext()
    mp.dps = DIGITS
    point = [mp.mpf(x) for x in POINTS[name]]
    steps = [x * mp.mpf(10) ** -STEP for x in point]
    values: dict[tuple[int, ...], Any] = {}

    def at(halves: tuple[int, ...]) -> Any:
        if halves not in values:
            moved = [x + k * h / 2 for x, k, h in zip(point, halves, steps, strict=True)]
            values[halves] = reference(mp, tuple(moved))
        return values[halves]

    found = []
    for index in combinations_with_replacement(range(len(point)), order):
        alpha = [index.count(i) for i in range(len(point))]
        total = mp.mpf(0)
        for places in product(*[range(k + 1) for k in alpha]):
            pairs = list(zip(alpha, places, strict=True))
            weight = prod((-1) ** (k - j) * comb(k, j) for k, j in pairs)
            total += weight * at(tuple([2 * j - k for k, j in pairs]))
        found.append(total / prod(h**k for h, k in zip(steps, alpha, strict=True)))
    return tuple(found)


# --- plans ----------------------------------------------------------------------------------------


@cache
def plan(order: int, mode: str) -> Any:
    """Return the plan of all unique entries of an order."""
    return ga.trace(PBE, *POINT).diff(order=order).plan(layout="packed", mode=mode)


def packed(order: int, mode: str, values: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the unique entries at a point, as a plan computes them."""
    return np.asarray(plan(order, mode)(*values)).reshape(-1)


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize(
    ("order", "mode"),
    [
        *[(order, "auto") for order in (0, 1, 2)],
        *[(order, "compose") for order in (3, 4)],
        *[pytest.param(order, "multivariate", marks=pytest.mark.slow) for order in (3, 4)],
    ],
)
def test_against_many_digits(order: int, mode: str, name: str) -> None:
    """All unique entries of orders 0 to 4 are right to 1e-11.

    At "core" the limit is 1e-10: there ∂⁴/∂ρ↑²∂ρ↓² is what is left of terms 10,000 times as large,
    so that rounding the constants of the functional to float64 changes it by 4e-12 already.
    """
    expected = np.array([float(value) for value in exact(name, order)])
    assert np.all(expected != 0)
    found = packed(order, mode, POINTS[name])
    assert found.shape == (comb(order + 4, 4),)
    np.testing.assert_allclose(found, expected, rtol=1e-10 if name == "core" else 1e-11)


@pytest.mark.parametrize("order", PUBLISHED)
def test_against_print(order: int) -> None:
    """Value, gradient and Hessian are those of the Density Functional Repository."""
    np.testing.assert_allclose(packed(order, "auto", POINTS["core"]), PUBLISHED[order], rtol=5e-12)


def test_one_array() -> None:
    """Written for one array of five numbers, it costs as many operations and gives the same."""
    scalars = plan(2, "forward")
    graph = ga.trace(lambda x: PBE(*x), np.array(POINT))
    whole = graph.diff(order=2).plan(layout="packed", mode="forward")
    assert whole.cost().total == scalars.cost().total
    points = np.array(list(POINTS.values()))
    of_array, of_scalars = whole(points), scalars(*points.T)
    np.testing.assert_allclose(of_array, of_scalars, rtol=1e-13)
    dense = np.moveaxis(np.array(scalars.unpack(of_scalars)), -1, 0)
    np.testing.assert_allclose(whole.unpack(of_array), dense, rtol=1e-13)


@pytest.mark.parametrize("order", range(1, 5))
def test_without_gradients(order: int) -> None:
    """Where the density is constant, all derivatives are finite."""
    mode = "auto" if order < 3 else "compose"
    assert np.all(np.isfinite(packed(order, mode, (0.2, 0.1, 0.0, 0.0, 0.0))))
    assert np.all(np.isfinite(packed(order, mode, (0.2, 0.2, 0.0, 0.0, 0.0))))


# --- the functional -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rs", "zeta", "expected"),
    [
        (1, 0, -0.0598),
        (2, 0, -0.0448),
        (5, 0, -0.0282),
        (10, 0, -0.0186),
        (1, 1, -0.0316),
        (2, 1, -0.0239),
        (5, 1, -0.0154),
        (10, 1, -0.0105),
    ],
)
def test_uniform_gas(rs: float, zeta: float, expected: float) -> None:
    """Correlation of the uniform gas is that of Perdew and Wang's table, in hartree."""
    assert EXAMPLE["uniform_correlation"](rs, zeta) == pytest.approx(expected, abs=5e-5)


def test_limits_of_exchange() -> None:
    """Exchange scales with spin, is Dirac's without gradients, and is at most 1.804 times that."""
    n, exchange = 0.3, EXAMPLE["exchange"]
    dirac = -0.75 * (3 / np.pi) ** (1 / 3) * n ** (4 / 3)
    assert 2 * exchange(n / 2, 0.0) == pytest.approx(dirac, rel=1e-14)
    assert exchange(n, 0.0) == pytest.approx(2 ** (1 / 3) * dirac, rel=1e-14)
    assert 2 * exchange(n / 2, 1e12) == pytest.approx(1.804 * dirac, rel=1e-9)


def test_limits_of_correlation() -> None:
    """Correlation is the uniform gas's without gradients, and vanishes where they are large."""
    correlation = EXAMPLE["correlation"]
    rs = (3 / (4 * np.pi * 0.3)) ** (1 / 3)
    uniform = 0.3 * EXAMPLE["uniform_correlation"](rs, 1 / 3)
    assert correlation(0.2, 0.1, 0.0) == pytest.approx(uniform, rel=1e-14)
    assert abs(correlation(0.2, 0.1, 1e8)) < 1e-6 * abs(uniform)


def test_hydrogen() -> None:
    """With the exact density of hydrogen, PBE gives -0.3059 + -0.0060 hartree, and LSD its own."""
    r, weights = EXAMPLE["grid"](200, 20.0)
    n = np.exp(-2 * r) / np.pi
    least = 1e-12  # of the other spin, which has no density
    sigma = (2 * n) ** 2
    exchange, correlation = EXAMPLE["exchange"], EXAMPLE["correlation"]
    energies = [
        float(weights @ part)
        for part in (
            exchange(n, sigma),
            correlation(n, least * n, sigma),
            exchange(n, 0.0),
            correlation(n, least * n, 0.0),
        )
    ]
    assert energies == pytest.approx([-0.3059, -0.0060, -0.2680, -0.0222], abs=6e-5)
