"""Prices and volatilities, as their users write them."""

import numpy as np
from scipy.special import erf, ndtr


def norm_cdf(x):
    """Distribution function of the standard normal."""
    return 0.5 * (1 + erf(x / np.sqrt(2)))


def black_scholes(S, K, T, r, sigma):
    """Price of a European call."""
    d1 = (np.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * np.sqrt(T))
    d2 = d1 - sigma * np.sqrt(T)
    return S * norm_cdf(d1) - K * np.exp(-r * T) * norm_cdf(d2)


def vega_weighted_error(sigmas):
    """Error of a smile of puts."""
    strikes = np.array([80.0, 100.0, 120.0])
    prices = np.array([1.5, 7.0, 22.0])
    d1 = (np.log(100.0 / strikes) + 0.5 * sigmas**2) / sigmas
    d2 = d1 - sigmas
    put = strikes * ndtr(-d2) - 100.0 * ndtr(-d1)
    vega = 100 * np.exp(-0.5 * d1**2) / np.sqrt(2 * np.pi)
    return np.sum(((put - prices) / vega) ** 2)


def heston_characteristic(params, u=0.7, T=1.0):
    """Heston's characteristic function, as two real numbers."""
    kappa, theta, sigma, rho, v0 = params
    iu = 1j * u
    d = np.sqrt((rho * sigma * iu - kappa) ** 2 + sigma**2 * (iu + u**2))
    g = (kappa - rho * sigma * iu - d) / (kappa - rho * sigma * iu + d)
    e = np.exp(-d * T)
    C = (
        kappa
        * theta
        / sigma**2
        * ((kappa - rho * sigma * iu - d) * T - 2 * np.log((1 - g * e) / (1 - g)))
    )
    D = (kappa - rho * sigma * iu - d) / sigma**2 * ((1 - e) / (1 - g * e))
    phi = np.exp(C + D * v0)
    return np.array([phi.real, phi.imag])


def sabr_volatility(p, F=0.04, K=0.05, T=2.0):
    """Hagan's formula."""
    alpha, beta, rho, nu = p
    logFK = np.log(F / K)
    FK = (F * K) ** ((1 - beta) / 2)
    z = nu / alpha * FK * logFK
    x = np.log((np.sqrt(1 - 2 * rho * z + z**2) + z - rho) / (1 - rho))
    denom = FK * (1 + (1 - beta) ** 2 / 24 * logFK**2 + (1 - beta) ** 4 / 1920 * logFK**4)
    correction = 1 + T * (
        (1 - beta) ** 2 / 24 * alpha**2 / FK**2
        + rho * beta * nu * alpha / (4 * FK)
        + (2 - 3 * rho**2) / 24 * nu**2
    )
    return alpha / denom * z / x * correction


def binomial_tree(S, sigma, K=1.0, r=0.03, T=1.0, n=4):
    """American put by Cox, Ross and Rubinstein."""
    dt = T / n
    u = np.exp(sigma * np.sqrt(dt))
    p = (np.exp(r * dt) - 1 / u) / (u - 1 / u)
    prices = S * u ** np.arange(-n, n + 1, 2)
    values = np.maximum(K - prices, 0)
    for i in range(n - 1, -1, -1):
        prices = S * u ** np.arange(-i, i + 1, 2)
        values = np.exp(-r * dt) * (p * values[1:] + (1 - p) * values[:-1])
        values = np.maximum(values, K - prices)
    return values[0]


def portfolio_risk(w):
    """Mean-variance with a softmax of weights and a penalty on concentration."""
    cov = np.array([[0.04, 0.006, 0.0], [0.006, 0.09, 0.01], [0.0, 0.01, 0.16]])
    mean = np.array([0.05, 0.08, 0.12])
    e = np.exp(w - w.max())
    w = e / e.sum()
    return -mean.dot(w) + 2 * np.dot(w, np.dot(cov, w)) + 0.1 * np.linalg.norm(w, 2) ** 2


def nelson_siegel(beta):
    """Squared error of a yield curve."""
    maturities = np.array([0.5, 1, 2, 5, 10, 30])
    yields = np.array([1.1, 1.3, 1.6, 2.1, 2.5, 2.8])
    m = maturities / beta[3]
    load = (1 - np.exp(-m)) / m
    fit = beta[0] + beta[1] * load + beta[2] * (load - np.exp(-m))
    return np.sqrt(np.mean((yields - fit) ** 2))


def garch(params):
    """Negative log-likelihood of GARCH(1, 1)."""
    omega, a, b = params
    returns = np.array([0.5, -1.2, 0.3, 0.9, -0.7])
    h = np.empty(len(returns))
    h[0] = returns.var()
    for t in range(1, len(returns)):
        h[t] = omega + a * returns[t - 1] ** 2 + b * h[t - 1]
    return 0.5 * np.sum(np.log(h) + returns**2 / h)


SNIPPETS = [
    (black_scholes, 100.0, 95.0, 0.5, 0.02, 0.3),
    (vega_weighted_error, np.array([0.3, 0.22, 0.25])),
    (heston_characteristic, np.array([1.5, 0.04, 0.5, -0.6, 0.05])),
    (sabr_volatility, np.array([0.035, 0.5, -0.3, 0.4])),
    (binomial_tree, 0.97, 0.31),
    (portfolio_risk, np.array([0.2, -0.1, 0.4])),
    (nelson_siegel, np.array([2.9, -1.8, 0.4, 2.5])),
    (garch, np.array([0.1, 0.15, 0.7])),
]
