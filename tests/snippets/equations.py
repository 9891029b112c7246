"""Ordinary and partial differential equations, as their users write them."""

# ruff: noqa: E741 -- written as people write
import numpy as np


def burgers(u0, nu=0.05):
    """A few steps of Burgers' equation with periodic ends."""
    dx, dt = 0.2, 0.02
    u = u0.copy()
    for _ in range(3):
        un = u.copy()
        u = (
            un
            - dt / (2 * dx) * un * (np.roll(un, -1) - np.roll(un, 1))
            + nu * dt / dx**2 * (np.roll(un, -1) - 2 * un + np.roll(un, 1))
        )
    return np.sum(u**2)


def heat_2d(T0, alpha=0.1):
    """Two steps of the heat equation, interior updated in place."""
    T = T0.copy()
    for _ in range(2):
        T[1:-1, 1:-1] += alpha * (
            T[2:, 1:-1] + T[:-2, 1:-1] + T[1:-1, 2:] + T[1:-1, :-2] - 4 * T[1:-1, 1:-1]
        )
        T[0, :] = T[1, :]
        T[:, -1] = 0
    return np.sum(np.exp(T))


def lotka_volterra(params):
    """Populations after some Runge-Kutta steps."""
    alpha, beta, delta, gamma = params

    def f(y):
        return np.array([alpha * y[0] - beta * y[0] * y[1], delta * y[0] * y[1] - gamma * y[1]])

    y = np.array([1.2, 0.8])
    dt = 0.1
    for _ in range(2):
        k1 = f(y)
        k2 = f(y + 0.5 * dt * k1)
        k3 = f(y + 0.5 * dt * k2)
        k4 = f(y + dt * k3)
        y = y + dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return y


def sir_fit(theta):
    """Misfit of an SIR epidemic to observed cases."""
    beta, gamma = theta
    S, I, R = 0.99, 0.01, 0.0
    observed = [0.012, 0.015, 0.018, 0.022, 0.027]
    loss = 0
    for obs in observed:
        new = beta * S * I
        rec = gamma * I
        S, I, R = S - new, I + new - rec, R + rec
        loss += (np.log(I) - np.log(obs)) ** 2
    return loss


def reaction_kinetics(log_k):
    """Concentrations of A -> B <-> C after explicit Euler steps with a stoichiometric matrix."""
    k = np.exp(log_k)
    N = np.array([[-1, 0, 0], [1, -1, 1], [0, 1, -1]])
    c = np.array([1.0, 0.0, 0.0])
    history = [c]
    for _ in range(5):
        rates = k * np.array([c[0], c[1], c[2] ** 2])
        c = c + 0.1 * N @ rates
        history.append(c)
    return np.array(history)[-1]


def poisson_residual(u):
    """Energy of the residual of a nonlinear Poisson equation."""
    n = len(u)
    h = 1 / (n + 1)
    padded = np.pad(u, 1)
    laplace = (padded[2:] - 2 * padded[1:-1] + padded[:-2]) / h**2
    return h * np.sum((laplace - np.exp(u) + 2) ** 2)


def thomas(d):
    """Solve a tridiagonal system whose right side and diagonal depend on the input."""
    n = len(d)
    a, b, c = -np.ones(n), 2.5 + d**2, -np.ones(n)
    cp, dp = np.zeros(n), np.zeros(n)
    cp[0], dp[0] = c[0] / b[0], d[0] / b[0]
    for i in range(1, n):
        m = b[i] - a[i] * cp[i - 1]
        cp[i] = c[i] / m
        dp[i] = (d[i] - a[i] * dp[i - 1]) / m
    x = np.zeros(n)
    x[-1] = dp[-1]
    for i in reversed(range(n - 1)):
        x[i] = dp[i] - cp[i] * x[i + 1]
    return x


def upwind_advection(speed):
    """Total of squares after upwind steps with a speed that varies in space."""
    u = np.exp(-(np.linspace(-1, 1, 5) ** 2) * 4)
    for _ in range(2):
        flux = np.maximum(speed, 0) * u + np.minimum(speed, 0) * np.roll(u, -1)
        u = u - 0.3 * (flux - np.roll(flux, 1))
    return u.dot(u)


def van_der_pol_implicit(x):
    """One implicit step by three Newton iterations with a Jacobian by hand."""
    mu, h = 2.0, 0.1
    y = x.copy()
    for _ in range(3):
        residual = y - x - h * np.array([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])
        J = np.eye(2)
        J[0, 1] -= h
        J[1, 0] -= h * (-2 * mu * y[0] * y[1] - 1)
        J[1, 1] -= h * mu * (1 - y[0] ** 2)
        y = y - np.linalg.solve(J, residual)
    return y


def gray_scott_step(u, v):
    """One step of Gray and Scott's model in one dimension."""
    F, k = 0.04, 0.06
    lap = lambda z: np.roll(z, 1) + np.roll(z, -1) - 2 * z  # noqa: E731
    uvv = u * v * v
    return u + 0.2 * lap(u) - uvv + F * (1 - u), v + 0.1 * lap(v) + uvv - (F + k) * v


SNIPPETS = [
    (burgers, np.array([0.1, 0.8, 1.1, 0.4, -0.3])),
    (heat_2d, np.array([[0.1, 0.4, 0.2, 0.0], [0.3, 1.0, 0.7, 0.1], [0.0, 0.5, 0.2, 0.3]])),
    (lotka_volterra, np.array([1.1, 0.4, 0.1, 0.4])),
    (sir_fit, np.array([0.5, 0.2])),
    (reaction_kinetics, np.array([0.2, -0.4, -0.8])),
    (poisson_residual, np.array([0.1, 0.25, 0.3, 0.15])),
    (thomas, np.array([0.3, -0.5, 0.8, 0.1])),
    (upwind_advection, np.array([0.5, 0.8, -0.3, 0.4, -0.6])),
    (van_der_pol_implicit, np.array([1.2, -0.4])),
    (gray_scott_step, np.array([0.9, 0.8, 1.0]), np.array([0.1, 0.3, 0.05])),
]
