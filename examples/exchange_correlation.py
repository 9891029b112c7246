"""A density functional and its derivatives up to order 4: PBE, spin-polarised.

The exchange–correlation energy density of Perdew, Burke and Ernzerhof (Phys. Rev. Lett. 77, 3865,
1996) is a function of five numbers: the densities of the two spins, and the products of their
gradients. Codes for molecules and solids want its first derivatives for the potential, the second
for linear response, and the third and fourth for non-linear response and forces on excited states.
Here it is plain NumPy; the derivatives are planned, counted, and evaluated on a grid.
"""

from __future__ import annotations

import time
from math import comb, factorial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import graphad as ga
from graphad.planning import Plan

Array = NDArray[np.float64]

KAPPA = 0.804
BETA = 0.06672455060314922
MU = BETA * np.pi**2 / 3
GAMMA = (1 - np.log(2.0)) / np.pi**2
# Perdew and Wang (Phys. Rev. B 45, 13244, 1992), Table I: A, α₁, β₁ … β₄, with the digits of A that
# PBE's own code and later libraries take ("PW92 modified"), and f''(0) not rounded.
UNPOLARISED = (0.0310907, 0.21370, 7.5957, 3.5876, 1.6382, 0.49294)
POLARISED = (0.01554535, 0.20548, 14.1189, 6.1977, 3.3662, 0.62517)
STIFFNESS = (0.0168869, 0.11125, 10.357, 3.6231, 0.88026, 0.49671)
WEIGHT = 2 ** (4 / 3) - 2  # f(ζ) is 1 at ζ = 1
CURVATURE = 8 / (9 * WEIGHT)  # f''(0)
POINT = (0.31, 0.22, 0.09, 0.05, 0.04)  # ρ↑, ρ↓, σ↑↑, σ↑↓, σ↓↓ in atomic units
HIGHEST = 4


def exchange(rho: Any, sigma: Any) -> Any:
    """Return exchange of one spin, per volume: half that of an unpolarised gas of twice it."""
    n = 2 * rho
    s2 = 4 * sigma / (4 * (3 * np.pi**2 * n) ** (2 / 3) * n**2)
    enhancement = 1 + KAPPA - KAPPA / (1 + MU * s2 / KAPPA)
    return 0.5 * (-0.75 * (3 / np.pi) ** (1 / 3)) * n ** (4 / 3) * enhancement


def interpolation(rs: Any, a: float, a1: float, b1: float, b2: float, b3: float, b4: float) -> Any:
    """Return Perdew and Wang's G(rs), their equation 10 for p = 1."""
    q = np.sqrt(rs)
    series = q * (b1 + q * (b2 + q * (b3 + q * b4)))
    return -2 * a * (1 + a1 * rs) * np.log1p(1 / (2 * a * series))


def uniform_correlation(rs: Any, zeta: Any) -> Any:
    """Return the correlation energy per electron of a uniform gas."""
    unpolarised = interpolation(rs, *UNPOLARISED)
    polarised = interpolation(rs, *POLARISED)
    stiffness = -interpolation(rs, *STIFFNESS)
    f = ((1 + zeta) ** (4 / 3) + (1 - zeta) ** (4 / 3) - 2) / WEIGHT
    z4 = zeta**4
    return unpolarised + stiffness * f / CURVATURE * (1 - z4) + (polarised - unpolarised) * f * z4


def correlation(rho_up: Any, rho_down: Any, sigma: Any) -> Any:
    """Return correlation per volume; sigma is the square of the whole density's gradient."""
    n = rho_up + rho_down
    zeta = (rho_up - rho_down) / n
    uniform = uniform_correlation((3 / (4 * np.pi * n)) ** (1 / 3), zeta)
    phi = 0.5 * ((1 + zeta) ** (2 / 3) + (1 - zeta) ** (2 / 3))
    screening = 4 / np.pi * (3 * np.pi**2 * n) ** (1 / 3)
    t2 = sigma / (4 * phi**2 * screening * n**2)
    scale = GAMMA * phi**3
    at2 = BETA / GAMMA / np.expm1(-uniform / scale) * t2
    gradient = np.log1p(BETA / GAMMA * t2 * (1 + at2) / (1 + at2 + at2**2))
    return n * (uniform + scale * gradient)


def pbe(rho_up: Any, rho_down: Any, s_uu: Any, s_ud: Any, s_dd: Any) -> Any:
    """Return the PBE exchange–correlation energy per volume, in atomic units.

    Parameters
    ----------
    rho_up, rho_down : float or ndarray
        Densities of the spins, both positive.
    s_uu, s_ud, s_dd : float or ndarray
        Products of their gradients: ∇ρ↑·∇ρ↑, ∇ρ↑·∇ρ↓, ∇ρ↓·∇ρ↓.
    """
    return (
        exchange(rho_up, s_uu)
        + exchange(rho_down, s_dd)
        + correlation(rho_up, rho_down, s_uu + 2 * s_ud + s_dd)
    )


class Row(NamedTuple):
    """The derivatives of one order."""

    plan: Plan
    entries: int
    seconds: float


def derivatives(highest: int = HIGHEST) -> list[Row]:
    """Plan all unique derivatives of each order up to `highest`."""
    graph = ga.trace(pbe, *POINT)
    rows = []
    for order in range(highest + 1):
        start = time.perf_counter()
        plan = graph.diff(order=order).plan(layout="packed")
        seconds = time.perf_counter() - start
        rows.append(Row(plan, comb(len(POINT) + order - 1, order), seconds))
    return rows


def atom(r: Array, valence: float) -> tuple[Array, ...]:
    """Return what `pbe` takes, for a nitrogen atom of Slater's orbitals, at distances r.

    Electrons: 1s² 2s² 2p³, the last with their spins up; orbitals are exp(-6.665 r) and
    r·exp(-valence·r), squared and averaged over angles.
    """
    core = 6.665**3 / np.pi * np.exp(-2 * 6.665 * r)
    outer = valence**5 / (3 * np.pi) * r**2 * np.exp(-2 * valence * r)
    slope_core, slope_outer = -2 * 6.665 * core, (2 / r - 2 * valence) * outer
    slope_up, slope_down = slope_core + 4 * slope_outer, slope_core + slope_outer
    return core + 4 * outer, core + outer, slope_up**2, slope_up * slope_down, slope_down**2


class Found(NamedTuple):
    """What the program found."""

    rows: list[Row]
    energies: tuple[float, float]
    errors: list[float]


def main() -> Found:
    """Derive, count, and expand an atom's energy in a change of its valence shell."""
    rows = derivatives()
    print("Derivatives of PBE by ρ↑, ρ↓, σ↑↑, σ↑↓, σ↓↓, the unique ones of each order:\n")
    print("order  entries  operations  strategy          seconds")
    for order, (plan, entries, seconds) in enumerate(rows):
        total = plan.cost().total
        print(f"{order:>5}  {entries:>7}  {total:>10,}  {plan.strategy:<16}  {seconds:>7.2f}")
    print(f"\nHow order 2 was planned:\n\n{rows[2].plan.explain()}")

    r, weights = grid(100, 12.0)
    before, after = atom(r, 1.92), atom(r, 1.95)
    start, end = (float(weights @ pbe(*fields)) for fields in (before, after))
    print(f"\nE_xc of the atom: {start:.10f}; with its valence shell drawn in: {end:.10f} hartree")
    print("\nTaylor's series of the change, all points of the grid in one call for each order:\n")
    change = np.stack(after) - np.stack(before)
    total, errors = 0.0, []
    for order, (plan, _, _) in enumerate(rows):
        along = contracted(plan.unpack(plan(*before)), change)
        total += float(weights @ along) / factorial(order)
        errors.append(abs(total - end))
        print(f"  up to order {order}: {total:.10f}, off by {errors[-1]:.1e}")
    return Found(rows, (start, end), errors)


def grid(count: int, end: float) -> tuple[Array, Array]:
    """Return radii and the weights of a sum that is the integral over a ball, by Gauss."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    r = end * (nodes + 1) / 2
    return r, weights * end / 2 * 4 * np.pi * r**2


def contracted(derivative: Any, change: Array) -> Any:
    """Return D^k[v, …, v] at each point, from nested tuples of arrays over the points."""
    level = np.asarray(derivative)  # of shape (5, …, 5, points)
    while level.ndim > 1:
        level = np.einsum("i...p,ip->...p", level, change)
    return level


if __name__ == "__main__":
    main()
