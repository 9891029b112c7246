"""Linear algebra as people write it: it traces unchanged, and gradients and Hessians are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.linalg import cho_factor, cho_solve

import graphad as ga
from tests.ops.calculus import derivatives_along

DRAW = np.random.default_rng(7)
DATA = DRAW.normal(size=(6, 2))
TARGET = DRAW.normal(size=6)
OTHER = DRAW.normal(size=(6, 2))
SPREAD = np.array([[0.4, 0.1], [0.1, 0.3]])


def gaussian_log_likelihood(theta: Any) -> Any:
    """Log-likelihood of data under a Gaussian, by slogdet and solve."""
    mean = theta[:2]
    factor = np.array([[np.exp(theta[2]), 0.0], [theta[3], np.exp(theta[4])]])
    covariance = factor @ factor.T
    centred = DATA - mean
    _, logdet = np.linalg.slogdet(covariance)
    whitened = np.linalg.solve(covariance, centred.T)
    return -0.5 * (np.sum(centred.T * whitened) + len(DATA) * (logdet + 2 * np.log(2 * np.pi)))


def gaussian_by_cholesky(theta: Any) -> Any:
    """The same by Cholesky's factorisation of the covariance."""
    a = theta.reshape(2, 2)
    factor = np.linalg.cholesky(a @ a.T + 0.1 * np.eye(2))
    white = np.linalg.solve(factor, DATA.T)
    return -0.5 * np.sum(white**2) - len(DATA) * np.sum(np.log(np.diagonal(factor)))


def kalman_step(theta: Any) -> Any:
    """Negative log-likelihood of two observations in a Kalman filter."""
    drift, q, r = theta
    transition = np.array([[1.0, 1.0], [0.0, 1.0]]) * np.exp(-drift)
    observe = np.array([[1.0, 0.0]])
    x, p, total = np.zeros(2), np.eye(2), 0.0
    for z in (0.7, 1.1):
        x, p = transition @ x, transition @ p @ transition.T + np.exp(q) * np.eye(2)
        s = observe @ p @ observe.T + np.exp(r) * np.eye(1)
        innovation = np.array([z]) - observe @ x
        gain = p @ observe.T @ np.linalg.inv(s)
        x, p = x + gain @ innovation, (np.eye(2) - gain @ observe) @ p
        total = total + 0.5 * (
            innovation @ np.linalg.solve(s, innovation) + np.log(np.linalg.det(s))
        )
    return total


def gaussian_process(theta: Any) -> Any:
    """Negative log marginal likelihood of a Gaussian process, by SciPy's factor."""
    scale, noise = np.exp(theta[:2]), np.exp(theta[2])
    distance = np.sum(((DATA[:, None] - DATA[None]) / scale) ** 2, axis=-1)
    kernel = np.exp(-0.5 * distance) + noise * np.eye(len(DATA))
    factor = cho_factor(kernel, lower=True)
    alpha = cho_solve(factor, TARGET)
    return 0.5 * TARGET @ alpha + np.sum(np.log(np.diag(factor[0])))


def ridge_by_solve(theta: Any) -> Any:
    """Error of ridge regression on other data, by the logarithm of the penalty."""
    gram = DATA.T @ DATA + np.exp(theta[0]) * np.diag(np.exp(theta[1:]))
    weights = np.linalg.solve(gram, DATA.T @ TARGET)
    return np.mean((OTHER @ weights - TARGET) ** 2)


def ridge_by_least_squares(theta: Any) -> Any:
    """The same as least squares of stacked equations."""
    rows = np.vstack([DATA, np.exp(0.5 * theta[0]) * np.diag(np.exp(0.5 * theta[1:]))])
    weights, *_ = np.linalg.lstsq(rows, np.concatenate([TARGET, np.zeros(2)]), rcond=None)
    return np.mean((OTHER @ weights - TARGET) ** 2)


def procrustes(theta: Any) -> Any:
    """Distance of two shapes after the best rotation, by singular values."""
    moved = DATA * np.exp(theta[:2]) + theta[2] * DATA[:, ::-1]
    values = np.linalg.svd(moved.T @ OTHER, compute_uv=False)
    return np.sum(moved**2) + np.sum(OTHER**2) - 2 * values.sum()


def explained_variance(theta: Any) -> Any:
    """Share of the variance along the first principal component."""
    x = DATA @ theta.reshape(2, 2)
    x = x - x.mean(axis=0)
    values = np.linalg.eigvalsh(x.T @ x / (len(x) - 1))
    return values[-1] / values.sum()


def mahalanobis(theta: Any) -> Any:
    """Mahalanobis distances, one matrix for all points."""
    precision = np.linalg.inv(SPREAD + np.diag(np.exp(theta[2:])))
    centred = DATA - theta[:2]
    return np.sum(np.sqrt(np.einsum("ni,ij,nj->n", centred, precision, centred)))


def natural_gradient(theta: Any) -> Any:
    """Length of the natural gradient of a logistic model."""
    p = 1 / (1 + np.exp(-DATA @ theta))
    gradient = DATA.T @ (p - (TARGET > 0))
    fisher = (DATA.T * (p * (1 - p))) @ DATA + 1e-2 * np.eye(2)
    return gradient @ np.linalg.solve(fisher, gradient)


def spectral_norm(theta: Any) -> Any:
    """Product of spectral norms of two layers."""
    weights = theta.reshape(2, 2)
    return np.linalg.norm(weights, 2) * np.linalg.norm(np.tanh(weights) @ SPREAD, ord=2)


SNIPPETS: dict[Callable[[Any], Any], int] = {
    gaussian_log_likelihood: 5,
    gaussian_by_cholesky: 4,
    kalman_step: 3,
    gaussian_process: 3,
    ridge_by_solve: 3,
    ridge_by_least_squares: 3,
    procrustes: 3,
    explained_variance: 4,
    mahalanobis: 4,
    natural_gradient: 2,
    spectral_norm: 4,
}


@pytest.mark.parametrize("function", SNIPPETS, ids=lambda f: f.__name__)
def test_gradient_and_hessian(function: Callable[[Any], Any]) -> None:
    """Derivatives of orders 1 and 2 are those of differences in 80 digits, however computed."""
    draw = np.random.default_rng(1)
    point, direction = draw.uniform(-0.8, 0.9, (2, SNIPPETS[function]))
    graph = ga.trace(function, point)
    np.testing.assert_allclose(graph(point), function(point), rtol=1e-12)
    first, second = (one[0] for one in derivatives_along(graph, [point], [direction])[:2])
    for mode in ("forward", "reverse"):
        gradient = graph.diff(mode=mode)
        hessian = gradient.diff(mode="forward")
        assert gradient(point) @ direction == pytest.approx(float(first), rel=1e-10)
        along = direction @ hessian(point) @ direction
        assert along == pytest.approx(float(second), rel=1e-9)
    np.testing.assert_allclose(hessian(point), hessian(point).T, rtol=1e-9, atol=1e-9)
    assert ga.parse(str(hessian))(point) == pytest.approx(hessian(point), rel=1e-15)
    batch = np.stack([point, 0.9 * point])
    np.testing.assert_allclose(gradient(batch)[1], gradient(0.9 * point), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "function", [kalman_step, gaussian_by_cholesky, natural_gradient], ids=lambda f: f.__name__
)
def test_small_problems_become_machine_code(function: Callable[[Any], Any]) -> None:
    """Equations of few unknowns are compiled to scalars, and agree with the interpreter."""
    point = np.random.default_rng(1).uniform(-0.8, 0.9, SNIPPETS[function])
    gradient = ga.trace(function, point).diff()
    compiled = gradient.compile()
    assert type(compiled).__name__ == "Compiled"
    np.testing.assert_allclose(compiled(point), gradient(point), rtol=1e-10)


def test_two_ways_to_write_ridge_regression() -> None:
    """Normal equations and least squares have the same derivatives."""
    point = np.array([0.3, -0.2, 0.5])
    for order in (1, 2):
        one, other = (
            ga.trace(function, point).diff(order=order)(point)
            for function in (ridge_by_solve, ridge_by_least_squares)
        )
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13)
