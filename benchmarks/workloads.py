"""Functions that figures are given for, as plain NumPy, and the points they are taken at.

Operations stand in a fixed order, so that a count or a ratio means the same wherever it is quoted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Function = Callable[[Any], Any]

# --- scalars of vectors ---------------------------------------------------------------------------


def rosenbrock(x: Any) -> Any:
    """Return Rosenbrock's banana in n dimensions, a chain of squares."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def coupled(x: Any) -> Any:
    """Return a ring of polynomials and exponentials, and a product that couples all variables.

    Taken with 4, 6 and 8 variables, at `coupled_point`.
    """
    y = np.roll(x, -1)
    local = 0.5 * x * x + x * x * y - y * y * y / 3.0 + 0.1 * np.exp(x * y)
    return np.sum(local) + np.sin(np.sum(x)) * np.exp(-0.1 * np.sum(x * x))


def coupled_point(n: int) -> Any:
    """Return the point that `coupled` of n variables is taken at."""
    return np.random.default_rng(0).uniform(-0.8, 0.8, n)


def lennard_jones(x: Any) -> Any:
    """Return the Lennard-Jones energy of atoms, x, y and z of each, in units of depth and radius.

    Parameters
    ----------
    x : ndarray, shape (3 * atoms,)
        Coordinates, atom by atom.
    """
    p = x.reshape(-1, 3)
    i, j = np.triu_indices(len(p), 1)
    d = p[i] - p[j]
    s = np.sum(d * d, axis=-1) ** -3
    return np.sum(4.0 * (s * s - s))


def lennard_jones_point(atoms: int) -> Any:
    """Return coordinates of up to 4 atoms, a little off a tetrahedron."""
    base = np.array([[0, 0, 0], [1.1, 0, 0], [0.5, 1.0, 0], [0.5, 0.4, 0.95]])[:atoms]
    return (base + np.random.default_rng(0).uniform(-0.05, 0.05, base.shape)).ravel()


def product(x: Any) -> Any:
    """Return the product of 6 variables."""
    return x[0] * x[1] * x[2] * x[3] * x[4] * x[5]


def small_mlp(x: Any) -> Any:
    """Return a weighted sum of 4 tanh units of 4 inputs, all weights fixed."""
    r = np.random.default_rng(0)
    w, b, v = r.uniform(-1, 1, (4, 4)), r.uniform(-1, 1, 4), r.uniform(-1, 1, 4)
    return v @ np.tanh(w @ x + b)


def log_sum_exp(x: Any) -> Any:
    """Return the logarithm of the sum of exponentials."""
    return np.log(np.sum(np.exp(x)))


def mix(x: Any) -> Any:
    """Return sin(xy)·eᶻ + log(1+x²+y²+z²)/(1+x²z²) of three variables."""
    x, y, z = x
    return np.sin(x * y) * np.exp(z) + np.log(1 + x * x + y * y + z * z) / (1 + x * x * z * z)


def univariate(t: Any) -> Any:
    """Return exp(sin t)·log1p(t²), taken at t = 1.1."""
    return np.exp(np.sin(t)) * np.log1p(t * t)


def chained(x: Any) -> Any:
    """Return a chain of terms of neighbours, whose Hessian is tridiagonal; taken with 10,000."""
    a, b = x[:-1], x[1:]
    return np.sum(0.5 * a * a + np.sin(a * b) + 0.25 * (b - a * a) ** 2)


def black_scholes(v: Any) -> Any:
    """Return the price of a European call (Black and Scholes, 1973).

    Parameters
    ----------
    v : ndarray, shape (5,)
        Spot, strike, rate, volatility and maturity.
    """
    from scipy.special import erf

    s, k, r, sig, t = v
    q = sig * np.sqrt(t)
    d1 = (np.log(s / k) + (r + 0.5 * sig * sig) * t) / q
    d2 = d1 - q

    def cdf(u: Any) -> Any:
        return 0.5 * (1.0 + erf(u / np.sqrt(2.0)))

    return s * cdf(d1) - k * np.exp(-r * t) * cdf(d2)


# --- families -------------------------------------------------------------------------------------


def logistic_regression(features: Any, labels: Any) -> Function:
    """Return the loss of a logistic regression, a function of its weights.

    Parameters
    ----------
    features : ndarray, shape (1000, 100)
        One row for each example.
    labels : ndarray, shape (1000,)
        1 or -1.
    """
    return lambda w: np.sum(np.log1p(np.exp(-labels * (features @ w))))


def mlp(inputs: int, width: int, seed: int = 4) -> Function:
    """Return a network of two tanh layers and one output, a function of its inputs."""
    r = np.random.default_rng(seed)
    sizes = ((inputs, width), (width, width), (width, 1))
    w = [r.standard_normal(s) / np.sqrt(s[0]) for s in sizes]
    b = [0.1 * r.standard_normal(s[1]) for s in sizes]
    return lambda x: (np.tanh(np.tanh(x @ w[0] + b[0]) @ w[1] + b[1]) @ w[2] + b[2])[0]


# --- vectors of vectors ---------------------------------------------------------------------------


def robot_arm(q: Any) -> Any:
    """Return where an arm of 6 joints has its hand: position and three angles.

    Parameters
    ----------
    q : ndarray, shape (6,)
        Angles of the joints.
    """
    a1, a2, a3, d1, d4, d6 = 175.0, 890.0, 50.0, 575.0, 1035.0, 185.0
    q1, q2, q3, q4, q5, q6 = q
    c1, c2, c3, c4, c5, c6 = (np.cos(u) for u in (q1, q2, q3, q4, q5, q6))
    s1, s2, s3, s4, s5, s6 = (np.sin(u) for u in (q1, q2, q3, q4, q5, q6))
    c23 = c2 * c3 - s2 * s3
    s23 = c2 * s3 + s2 * c3
    ax = s5 * (c1 * c23 * c4 + s1 * s4) + c1 * s23 * c5
    ay = s5 * (s1 * c23 * c4 - c1 * s4) + s1 * s23 * c5
    az = s23 * c4 * s5 - c23 * c5
    w = c23 * s5 + s23 * c4 * c5
    nz = c6 * w - s23 * s4 * s6
    oz = -s6 * w - s23 * s4 * c6
    reach = a1 + a2 * c2 + a3 * c23 + d4 * s23
    return np.array(
        [
            d6 * ax + c1 * reach,
            d6 * ay + s1 * reach,
            a2 * s2 + d1 + a3 * s23 - d4 * c23 + d6 * az,
            np.arctan2(ay, ax),
            np.arctan2(np.sqrt(1 - az * az), az),
            np.arctan2(oz, -nz),
        ]
    )


def heart_dipole(x: Any) -> Any:
    """Return residuals of the human heart dipole problem (Nelson and Hodgkin, 1981), 8 unknowns."""
    a, b, c, d, t, u, v, w = x
    tv, uw = t * t - v * v, u * u - w * w
    t3, v3 = t * (t * t - 3 * v * v), v * (v * v - 3 * t * t)
    u3, w3 = u * (u * u - 3 * w * w), w * (w * w - 3 * u * u)
    return np.array(
        [
            a + b - 1,
            c + d - 1,
            t * a + u * b - v * c - w * d - 1,
            v * a + w * b + t * c + u * d - 1,
            a * tv - 2 * c * t * v + b * uw - 2 * d * u * w - 1,
            c * tv - 2 * a * t * v + d * uw - 2 * b * u * w - 1,
            a * t3 + c * v3 + b * u3 + d * w3 - 1,
            c * t3 - a * v3 + d * u3 - b * w3 - 1,
        ]
    )
