"""Functions as they stand in papers and notebooks: physics, statistics, machine learning, geometry.

Plain NumPy, written without graphad in mind. `CASES` has each with a point.
"""

# ruff: noqa: D103 -- the names say what they are

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# --- one number ----------------------------------------------------------------------------------


def univariate(x):
    return np.exp(np.sin(x)) * np.log1p(x**2)


def planck(x):
    return x**3 / np.expm1(x)


def damped_oscillation(t):
    gamma, omega, phase = 0.3, 2.5, 0.4
    return np.exp(-gamma * t) * np.cos(omega * t + phase)


def kepler(mean_anomaly, eccentricity=0.3):
    anomaly = mean_anomaly
    for _ in range(6):
        slope = 1 - eccentricity * np.cos(anomaly)
        anomaly = anomaly - (anomaly - eccentricity * np.sin(anomaly) - mean_anomaly) / slope
    return anomaly


def bessel(x):
    theta = (np.arange(12) + 0.5) * np.pi / 12
    return np.mean(np.cos(x * np.sin(theta)))


def legendre(x):
    before, p = 1.0, x
    for n in range(1, 6):
        before, p = p, ((2 * n + 1) * x * p - n * before) / (n + 1)
    return p


def lorentz_rapidity(v):
    gamma = 1 / np.sqrt(1 - v**2)
    return gamma * np.arctanh(v) + np.arcsin(v) * np.arccos(v)


def pade(x):
    return np.polyval([1.0, 12.0, 60.0, 120.0], x) / np.polyval([-1.0, 12.0, -60.0, 120.0], x)


def catenary_and_friends(x):
    return np.cosh(x) / np.tan(x) + np.sinh(x) * np.arctan(x) - np.cbrt(x) * np.log2(x) + 2.0**x


# --- several numbers -----------------------------------------------------------------------------


def van_der_waals(volume, temperature):
    return 8 * temperature / (3 * volume - 1) - 3 / volume**2


def hill(concentration, half, exponent):
    return concentration**exponent / (half**exponent + concentration**exponent)


def haversine(latitude1, longitude1, latitude2, longitude2):
    chord = (
        np.sin((latitude2 - latitude1) / 2) ** 2
        + np.cos(latitude1) * np.cos(latitude2) * np.sin((longitude2 - longitude1) / 2) ** 2
    )
    return 2 * np.arcsin(np.sqrt(chord))


def normal_log_density(x, mean, log_scale):
    z = (x - mean) / np.exp(log_scale)
    return -0.5 * z**2 - log_scale - 0.5 * np.log(2 * np.pi)


# --- a vector to a number ------------------------------------------------------------------------


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def oblate_gravity(r):
    distance = np.linalg.norm(r)
    sine = r[2] / distance
    return -1 / distance * (1 - 0.00108 / distance**2 * (3 * sine**2 - 1) / 2)


def morse_triatomic(x):
    a, b = np.hypot(x[0], x[1]), np.sqrt((x[2] - x[0]) ** 2 + x[3] ** 2)
    return (1 - np.exp(-1.2 * (a - 0.9))) ** 2 + (1 - np.exp(-0.7 * (b - 1.1))) ** 2


def lennard_jones(x):
    p = x.reshape(-1, 2)
    i, j = np.triu_indices(len(p), 1)
    d = p[i] - p[j]
    s = np.sum(d * d, axis=-1) ** -3
    return np.sum(4.0 * (s * s - s))


def log_sum_exp(x):
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


FEATURES = np.array([[0.5, -1.2, 0.3], [1.5, 0.2, -0.7], [-0.3, 0.8, 1.1], [0.9, -0.4, 0.6]])
LABELS = np.array([1.0, -1.0, 1.0, -1.0])


def logistic_loss(weights):
    margins = LABELS * (FEATURES @ weights)
    return np.mean(np.log1p(np.exp(-margins))) + 0.05 * weights @ weights


def student_t_fit(parameters):
    data = np.array([0.2, -0.5, 1.4, 0.3])
    location, log_scale = parameters
    z = (data - location) * np.exp(-log_scale)
    return np.sum(2.5 * np.log1p(z**2 / 4) + log_scale)


def relative_entropy(logits):
    p = np.exp(logits) / np.exp(logits).sum()
    q = np.array([0.5, 0.3, 0.2])
    return (p * np.log(p / q)).sum()


def huber(x):
    r = x - np.array([0.1, 2.0, -0.3])
    return np.sum(np.where(np.abs(r) < 1, 0.5 * r**2, np.abs(r) - 0.5) * np.square(x))


def geometric_mean(x):
    return np.prod(x) ** (1 / len(x))


def angle_between(x):
    a, b = x[:3], x[3:]
    return np.arctan2(np.linalg.norm(np.cross(a, b)), np.dot(a, b))


def determinant(m):
    return np.dot(m[0], np.cross(m[1], m[2])) + np.trace(m @ m) ** 2


def coupled_ring(x):
    y = np.roll(x, -1)
    local = 0.5 * x * x + x * x * y - y * y * y / 3.0 + 0.1 * np.exp(x * y)
    return np.sum(local) + np.sin(np.sum(x)) * np.exp(-0.1 * np.sum(x * x))


def chained(x):
    a, b = x[:-1], x[1:]
    return np.sum(0.5 * a * a + np.sin(a * b) + 0.25 * (b - a * a) ** 2)


def cluster(positions):
    i, j = np.triu_indices(len(positions), 1)
    inverse = 1 / np.sum((positions[i] - positions[j]) ** 2, axis=-1)
    return np.sum(4 * (inverse**6 - inverse**3))


def two_layers(x):
    draw = np.random.default_rng(4)
    w = draw.standard_normal((x.size, 16)), draw.standard_normal((16, 16))
    hidden = np.tanh(np.tanh(x @ w[0] + 0.1) @ w[1] - 0.2)
    return hidden @ draw.standard_normal(16)


def logistic_regression(weights):
    draw = np.random.default_rng(0)
    features, labels = draw.standard_normal((60, weights.size)), draw.choice([-1.0, 1.0], 60)
    return np.sum(np.log1p(np.exp(-labels * (features @ weights))))


# --- vectors and matrices ------------------------------------------------------------------------


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def layer_norm(x):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-3) * np.array([1.0, 0.5, 2.0, 1.5]) + 0.1


def double_pendulum(state):
    a, b, va, vb = state
    d = a - b
    below = 3 - np.cos(2 * d)
    wa = -3 * np.sin(a) - np.sin(a - 2 * b) - 2 * np.sin(d) * (vb**2 + va**2 * np.cos(d))
    wb = 2 * np.sin(d) * (2 * va**2 + 2 * np.cos(a) + vb**2 * np.cos(d))
    return np.array([va, vb, wa / below, wb / below])


def robot_arm(angles):
    lengths = np.array([1.0, 0.7, 0.4])
    total = np.cumsum(angles)
    return np.stack([np.sum(lengths * np.cos(total)), np.sum(lengths * np.sin(total))])


def lotka_volterra_step(y):
    def rate(y):
        return np.array([1.1 * y[0] - 0.4 * y[0] * y[1], 0.1 * y[0] * y[1] - 0.4 * y[1]])

    h = 0.1
    k1 = rate(y)
    k2 = rate(y + h / 2 * k1)
    k3 = rate(y + h / 2 * k2)
    k4 = rate(y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def burgers(u):
    right, left = np.roll(u, -1), np.roll(u, 1)
    return -u * (right - left) / 2 + 0.1 * (right - 2 * u + left)


def smoothed(x):
    kernel = np.array([0.25, 0.5, 0.25])
    return np.tanh(np.convolve(x, kernel, mode="same")) * np.diff(x, append=1.0)


def euler_rotation(angles):
    (ca, cb, cc), (sa, sb, sc) = np.cos(angles), np.sin(angles)
    turn_z = np.array([[ca, -sa, 0], [sa, ca, 0], [0, 0, 1]])
    turn_y = np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
    turn_x = np.array([[1, 0, 0], [0, cc, -sc], [0, sc, cc]])
    return turn_z @ turn_y @ turn_x


def gaussian_kernel(x, length):
    return np.exp(-0.5 * ((x[:, None] - x[None, :]) / length) ** 2) + 0.1 * np.eye(3)


def torus_metric(u):
    tube = 2 + np.cos(u[1])
    return np.diag(np.stack([tube**2, 1 + 0.1 * np.sin(u[0]) ** 2]))


def attention(x):
    w = np.array([[0.6, -0.3], [0.2, 0.9]])
    scores = (x @ w) @ x.T / np.sqrt(2)
    weights = np.exp(scores) / np.sum(np.exp(scores), axis=-1, keepdims=True)
    return weights @ x


def perceptron(x, weights, bias):
    hidden = np.tanh(weights @ x + bias)
    return np.sum(hidden**2) / (1 + np.exp(-hidden[0]))


def precision_log_density(factor, deviation):
    lower = np.tril(factor, -1) + np.diag(np.exp(np.diagonal(factor)))
    z = lower.T @ deviation
    return np.sum(np.diagonal(factor)) - 0.5 * np.inner(z, z)


def strain(gradient):
    green = 0.5 * (gradient.T @ gradient - np.eye(2))
    return 2 * 0.7 * green + 1.3 * np.einsum("ii", green) * np.eye(2)


@dataclass(frozen=True, eq=False)
class Case:
    """A function, a point, and whether it is analytic there, so that complex steps are right."""

    function: Callable[..., Any]
    point: tuple[Any, ...]
    analytic: bool = True

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.function.__name__


def _case(function: Callable[..., Any], *point: Any, analytic: bool = True) -> Case:
    arrays = tuple([np.array(x) if isinstance(x, list) else x for x in point])
    return Case(function, arrays, analytic)


CASES = (
    _case(univariate, 1.1),
    _case(planck, 2.3),
    _case(damped_oscillation, 0.7),
    _case(kepler, 0.8),
    _case(bessel, 2.1),
    _case(legendre, 0.45),
    _case(lorentz_rapidity, 0.6),
    _case(pade, 0.9),
    _case(catenary_and_friends, 1.2, analytic=False),  # NumPy has no cbrt of complex numbers
    _case(van_der_waals, 1.7, 0.9),
    _case(hill, 0.8, 1.3, 2.4),
    _case(haversine, 0.9, 0.1, 0.4, 1.2),
    _case(normal_log_density, 0.3, -0.4, 0.2),
    _case(rosenbrock, [1.2, 0.7, -0.4]),
    _case(oblate_gravity, [0.8, -0.5, 1.1], analytic=False),
    _case(morse_triatomic, [0.7, 0.6, 1.9, 0.4], analytic=False),
    _case(lennard_jones, [0.0, 0.0, 1.1, 0.1, 0.4, 1.05]),
    _case(log_sum_exp, [0.3, 1.2, -0.7], analytic=False),
    _case(logistic_loss, [0.4, -0.3, 0.8]),
    _case(student_t_fit, [0.3, -0.2]),
    _case(relative_entropy, [0.3, -0.2, 0.9]),
    _case(huber, [0.4, 0.6, 0.9], analytic=False),
    _case(geometric_mean, [1.2, 0.7, 2.1, 0.4]),
    _case(angle_between, [1.0, 0.2, -0.4, 0.3, 0.9, 0.5], analytic=False),
    _case(determinant, [[0.9, 0.2, -0.4], [0.3, 1.1, 0.5], [-0.2, 0.6, 0.8]]),
    _case(softmax, [0.2, -0.5, 0.9], analytic=False),
    _case(layer_norm, [0.4, -0.7, 1.1, 0.2], analytic=False),
    _case(double_pendulum, [0.7, -0.4, 0.9, -1.3]),
    _case(robot_arm, [0.4, 0.9, -0.6]),
    _case(lotka_volterra_step, [3.0, 1.5]),
    _case(burgers, [0.4, 0.9, -0.3, 0.5]),
    _case(smoothed, [0.3, -0.6, 0.8, 0.5]),
    _case(euler_rotation, [0.3, -0.8, 1.2]),
    _case(gaussian_kernel, [0.1, 0.7, 1.6], 0.8),
    _case(torus_metric, [0.6, 0.9]),
    _case(attention, [[0.4, -0.6], [0.9, 0.3]]),
    _case(perceptron, [0.5, -0.8], [[0.3, 0.7], [-0.5, 0.9]], [0.1, -0.2]),
    _case(precision_log_density, [[0.2, 0.0], [0.5, -0.3]], [0.7, -0.4]),
    _case(strain, [[1.1, 0.2], [-0.1, 0.9]]),
)
"""Functions, with points away from their kinks."""

LARGER = (
    _case(rosenbrock, np.linspace(-1, 2, 100)),
    _case(coupled_ring, np.linspace(-0.8, 0.8, 8)),
    _case(chained, np.linspace(-1, 1, 1000)),
    _case(log_sum_exp, np.linspace(-2, 3, 100), analytic=False),
    _case(cluster, [[0.0, 0.0, 0.0], [1.1, 0.0, 0.0], [0.5, 1.0, 0.0], [0.5, 0.4, 0.95]]),
    _case(two_layers, np.linspace(-1, 1, 8)),
    _case(logistic_regression, np.linspace(-1, 1, 10)),
)
"""Scalar functions of more inputs."""
