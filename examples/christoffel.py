"""Christoffel symbols and curvature of Schwarzschild's metric, by differentiating the metric.

    Γᵃ_bc = ½ gᵃᵈ (∂_b g_dc + ∂_c g_db - ∂_d g_bc)

Graphs compose: the metric's derivative is called inside a function that is traced itself, and the
Christoffel symbols are differentiated once more for the curvature. Outside of the mass space is
empty, and Einstein's equations say that Ricci's tensor is zero there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import graphad as ga

Array = NDArray[np.float64]

NAMES = ("t", "r", "θ", "φ")
POINT = np.array([0.0, 3.0, 1.0, 0.5])  # lengths in units of Schwarzschild's radius


def metric(x: Array) -> Array:
    """Return the metric tensor, of shape (4, 4), at the coordinates (t, r, θ, φ)."""
    _, r, theta, _ = x
    f = 1 - 1 / r
    return np.array(
        [
            [-f, 0.0, 0.0, 0.0],
            [0.0, 1 / f, 0.0, 0.0],
            [0.0, 0.0, r**2, 0.0],
            [0.0, 0.0, 0.0, (r * np.sin(theta)) ** 2],
        ]
    )


def closed_form(x: Array) -> Array:
    """Return the Christoffel symbols as textbooks give them."""
    _, r, theta, _ = x
    f = 1 - 1 / r
    gamma = np.zeros((4, 4, 4))
    gamma[0, 0, 1] = gamma[0, 1, 0] = 1 / (2 * r**2 * f)
    gamma[1, 0, 0] = f / (2 * r**2)
    gamma[1, 1, 1] = -1 / (2 * r**2 * f)
    gamma[1, 2, 2] = -r * f
    gamma[1, 3, 3] = -r * f * np.sin(theta) ** 2
    gamma[2, 1, 2] = gamma[2, 2, 1] = gamma[3, 1, 3] = gamma[3, 3, 1] = 1 / r
    gamma[2, 3, 3] = -np.sin(theta) * np.cos(theta)
    gamma[3, 2, 3] = gamma[3, 3, 2] = 1 / np.tan(theta)
    return gamma


class Geometry(NamedTuple):
    """What was found at the point."""

    christoffel: Array
    expected: Array
    ricci: Array
    kretschmann: float


def main() -> Geometry:
    """Trace the metric, then the Christoffel symbols, then the curvature."""
    g = ga.trace(metric, POINT)
    dg = g.diff()  # dg[a, b, c] is ∂_c g_ab

    def christoffel(x: Array) -> Array:
        d = dg(x)
        lowered = np.swapaxes(d, 1, 2) + d - np.moveaxis(d, 2, 0)
        inverse = np.diag(1 / np.diag(g(x)))  # the metric is diagonal
        return 0.5 * np.einsum("ad,dbc->abc", inverse, lowered)

    gamma = ga.trace(christoffel, POINT)
    dgamma = gamma.diff()  # dgamma[a, b, c, d] is ∂_d Γᵃ_bc

    def riemann(x: Array) -> Array:
        c, d = gamma(x), dgamma(x)
        half = np.einsum("abdc->abcd", d) + np.einsum("ace,ebd->abcd", c, c)
        return half - np.swapaxes(half, 2, 3)

    curvature = ga.trace(riemann, POINT)
    ricci = ga.trace(lambda x: np.einsum("abac->bc", curvature(x)), POINT, name="ricci")

    print("The metric:")
    print(f"\n{g}\n")
    for graph in (dg, gamma, curvature, ricci):
        print(f"{graph!r}")

    symbols, expected = gamma(POINT), closed_form(POINT)
    print(f"\nChristoffel symbols that are not zero, at {POINT}, and from a textbook:\n")
    for a, b, c in np.argwhere(symbols):
        print(f"  Γ^{NAMES[a]}_{NAMES[b]}{NAMES[c]} {symbols[a, b, c]:>22} {expected[a, b, c]:>22}")

    tensor = ricci(POINT)
    print(f"\nRicci's tensor is zero: its largest element is {np.abs(tensor).max():.1e}")
    kretschmann = _squared(curvature(POINT), np.diag(g(POINT)))
    print(f"Space is curved all the same: R_abcd·Rᵃᵇᶜᵈ = {kretschmann}, and 12/r⁶ = {12 / 3.0**6}")
    return Geometry(symbols, expected, tensor, kretschmann)


def _squared(riemann: Array, metric_diagonal: Array) -> float:
    """Return R_abcd·Rᵃᵇᶜᵈ from Rᵃ_bcd, for a diagonal metric."""
    m = metric_diagonal
    return float(np.einsum("abcd,abcd,a,b,c,d->", riemann, riemann, m, 1 / m, 1 / m, 1 / m))


if __name__ == "__main__":
    main()
