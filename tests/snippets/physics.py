"""Molecules, materials, optics and flows, as their users write them."""

# ruff: noqa: B905 -- written as people write
import itertools

import numpy as np
from scipy.special import erfc

ATOMS = np.array([[0.0, 0.0, 0.0], [1.1, 0.1, 0.0], [0.5, 0.9, 0.2]])


def lennard_jones(coords):
    """Energy of three atoms from flat coordinates."""
    r = coords.reshape(-1, 3)
    i, j = np.triu_indices(len(r), k=1)
    d2 = ((r[i] - r[j]) ** 2).sum(-1)
    inv6 = 1.0 / d2**3
    return 4 * np.sum(inv6 * (inv6 - 1))


def morse(r, D=4.6, a=1.9, r0=0.74):
    """Morse's potential and its vibrational levels, at several distances."""
    x = np.exp(-a * (r - r0))
    return D * (1 - x) ** 2 - D


def stillinger_weber(pos):
    """Pairs and triples of silicon, with cut-offs."""
    A, B, p, a, lam, gam = 7.05, 0.602, 4, 1.8, 21.0, 1.2
    energy = 0.0
    n = pos.shape[0]
    for i in range(n):
        for j in range(n):
            if i < j:
                r = np.linalg.norm(pos[i] - pos[j])
                energy += np.where(r < a, A * (B / r**p - 1) * np.exp(1 / (r - a)), 0.0)
    for i in range(n):
        j, k = [m for m in range(n) if m != i]
        dij, dik = pos[j] - pos[i], pos[k] - pos[i]
        rij, rik = np.sqrt(np.dot(dij, dij)), np.sqrt(np.dot(dik, dik))
        cos = np.dot(dij, dik) / (rij * rik)
        energy += lam * np.exp(gam / (rij - a) + gam / (rik - a)) * (cos + 1 / 3) ** 2
    return energy


def tersoff_pair(d):
    """Tersoff's bond order for one bond with a neighbour at distance and angle."""
    r, s, theta = d
    R, D = 2.85, 0.15
    fc = lambda x: np.where(  # noqa: E731
        x < R - D, 1.0, np.where(x > R + D, 0.0, 0.5 - 0.5 * np.sin(np.pi / 2 * (x - R) / D))
    )
    g = 1 + (1.0e5 / 16.2) ** 2 - 1.0e5**2 / (16.2**2 + (-0.6 - np.cos(theta)) ** 2)
    zeta = fc(s) * g * np.exp(0.1 * (r - s) ** 3) * 1e-7
    b = (1 + (1.1 * zeta) ** 0.78) ** (-1 / (2 * 0.78))
    return fc(r) * (1830.8 * np.exp(-2.48 * r) - b * 471.2 * np.exp(-1.73 * r))


def ewald_like(charges_pos):
    """Real and reciprocal sums for three charges in a box."""
    q = np.array([1.0, -1.0, 0.5])
    L, alpha = 4.0, 0.8
    pos = charges_pos.reshape(3, 2)
    real = 0.0
    for i, j in itertools.combinations(range(3), 2):
        d = pos[i] - pos[j]
        d -= L * np.round(d / L)
        r = np.sqrt(np.sum(d**2))
        real += q[i] * q[j] * erfc(alpha * r) / r
    recip = 0.0
    for n in [(1, 0), (0, 1), (1, 1)]:
        k = 2 * np.pi / L * np.array(n)
        phase = np.exp(1j * pos @ k)
        S = np.sum(q * phase)
        recip += np.exp(-(k @ k) / (4 * alpha**2)) / (k @ k) * np.abs(S) ** 2
    return real + recip


def spherical_harmonics(angles):
    """Real spherical harmonics up to l = 2, by formula."""
    theta, phi = angles
    x, y, z = np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)
    out = np.empty(9)
    out[0] = 0.5 * np.sqrt(1 / np.pi)
    out[1:4] = np.sqrt(3 / (4 * np.pi)) * np.array([y, z, x])
    out[4] = 0.5 * np.sqrt(15 / np.pi) * x * y
    out[5] = 0.5 * np.sqrt(15 / np.pi) * y * z
    out[6] = 0.25 * np.sqrt(5 / np.pi) * (3 * z**2 - 1)
    out[7] = 0.5 * np.sqrt(15 / np.pi) * x * z
    out[8] = 0.25 * np.sqrt(15 / np.pi) * (x**2 - y**2)
    return out


def thin_film(thicknesses, n=(1.0, 1.38, 2.3, 1.52), wavelength=0.55):
    """Reflectance of a stack of films, by transfer matrices."""
    M = np.eye(2, dtype=complex)
    for d, index in zip(thicknesses, n[1:-1]):
        delta = 2 * np.pi * index * d / wavelength
        layer = np.array(
            [
                [np.cos(delta), 1j * np.sin(delta) / index],
                [1j * index * np.sin(delta), np.cos(delta)],
            ]
        )
        M = M @ layer
    B, C = M @ np.array([1.0, n[-1]])
    r = (n[0] * B - C) / (n[0] * B + C)
    return np.abs(r) ** 2


def colebrook(p, iterations=6):
    """Friction factor of a pipe by a fixed number of iterations; loss of pressure."""
    Re, rough = p
    f = 0.02
    for _ in range(iterations):
        f = (-2 * np.log10(rough / 3.7 + 2.51 / (Re * np.sqrt(f)))) ** -2
    return f * 100 / 0.1 * 0.5


def mosfet(v, vt=0.5, k=0.2, lam=0.02):
    """Drain current of a level-1 transistor."""
    vgs, vds = v
    vov = vgs - vt
    linear = k * (vov * vds - vds**2 / 2) * (1 + lam * vds)
    saturation = k / 2 * vov**2 * (1 + lam * vds)
    return np.where(vov <= 0, 0.0, np.where(vds < vov, linear, saturation))


def van_genuchten(h, alpha=0.5, n=1.6, Ks=0.3):
    """Hydraulic conductivity of unsaturated soil, at several heads."""
    m = 1 - 1 / n
    Se = np.ones_like(h)
    dry = h < 0
    Se[dry] = (1 + (alpha * np.abs(h[dry])) ** n) ** -m
    return Ks * np.sqrt(Se) * (1 - (1 - Se ** (1 / m)) ** m) ** 2


def pbe_exchange(rho, sigma):
    """Exchange energy density of Perdew, Burke and Ernzerhof."""
    kappa, mu = 0.804, 0.2195149727645171
    kf = (3 * np.pi**2 * rho) ** (1 / 3)
    s = np.sqrt(sigma) / (2 * kf * rho)
    F = 1 + kappa - kappa / (1 + mu * s**2 / kappa)
    return -3 / (4 * np.pi) * kf * rho * F


def cubic_equation_of_state(x):
    """Pressure and fugacity by Peng and Robinson."""
    T, V = x
    R, Tc, Pc, w = 8.314, 304.2, 7.38e6, 0.228
    a = 0.45724 * R**2 * Tc**2 / Pc
    b = 0.07780 * R * Tc / Pc
    m = 0.37464 + 1.54226 * w - 0.26992 * w**2
    alpha = (1 + m * (1 - np.sqrt(T / Tc))) ** 2
    P = R * T / (V - b) - a * alpha / (V * V + 2 * b * V - b * b)
    Z = P * V / (R * T)
    return np.array([P / 1e5, Z - 1 - np.log(Z * (1 - b / V))])


def ising_mean_field(m, beta=0.7, h=0.1):
    """Free energy of coupled mean fields."""
    J = np.array([[0, 1, 0.5], [1, 0, 1], [0.5, 1, 0]])
    field = J.dot(m) + h
    return 0.5 * m.dot(J).dot(m) - np.sum(np.log(2 * np.cosh(beta * field))) / beta


SNIPPETS = [
    (lennard_jones, ATOMS.ravel()),
    (morse, np.array([0.6, 0.9, 1.4])),
    (stillinger_weber, ATOMS + 0.05),
    (tersoff_pair, np.array([2.35, 2.8, 1.9])),
    (ewald_like, np.array([0.1, 0.3, 1.7, 0.8, 0.9, 2.6])),
    (spherical_harmonics, np.array([0.7, 1.9])),
    (thin_film, np.array([0.1, 0.06])),
    (colebrook, np.array([1e5, 1e-3])),
    (mosfet, np.array([1.2, 0.4])),
    (mosfet, np.array([1.2, 1.4])),
    (van_genuchten, np.array([-2.0, -0.5, -7.0])),
    (pbe_exchange, 0.4, 0.3),
    (cubic_equation_of_state, np.array([310.0, 2.5e-3])),
    (ising_mean_field, np.array([0.3, -0.2, 0.5])),
]
