"""Likelihoods, regressions and estimators, as their users write them."""

# ruff: noqa: B008, B905, RUF059 -- written as people write
import numpy as np
from scipy.special import gammaln, logsumexp

rng = np.random.default_rng(1)

DATA = rng.normal(size=(7, 2))
DESIGN = np.column_stack([np.ones(7), rng.normal(size=(7, 2))])
LABELS = (rng.uniform(size=7) > 0.4).astype(float)
COUNTS = rng.poisson(3.0, size=7)
TIMES = rng.exponential(2.0, size=7)
OBSERVED = rng.uniform(size=7) > 0.3


def gaussian_mixture(logits, means, log_sigmas):
    """Log-likelihood of a mixture of isotropic Gaussians."""
    n, d = DATA.shape
    log_weights = logits - logsumexp(logits)
    diff = DATA[:, None, :] - means[None, :, :]
    sq = np.sum(diff**2, axis=-1) / np.exp(2 * log_sigmas)
    log_norm = -0.5 * d * np.log(2 * np.pi) - d * log_sigmas
    return np.sum(logsumexp(log_weights + log_norm - 0.5 * sq, axis=1))


def logistic_regression(beta):
    """Negative log-likelihood with a ridge penalty."""
    z = DESIGN @ beta
    return np.sum(np.logaddexp(0, z) - LABELS * z) + 0.5 * 0.1 * beta @ beta


def poisson_regression(beta):
    """Poisson deviance with a log link."""
    eta = DESIGN.dot(beta)
    mu = np.exp(eta)
    loglik = COUNTS * eta - mu - gammaln(COUNTS + 1)
    return -loglik.mean()


def irls_step(beta):
    """One step of iteratively reweighted least squares."""
    p = 1 / (1 + np.exp(-DESIGN @ beta))
    w = p * (1 - p)
    z = DESIGN @ beta + (LABELS - p) / w
    XtW = DESIGN.T * w
    return np.linalg.solve(XtW @ DESIGN + 1e-3 * np.eye(3), XtW @ z)


def huber_location(mu, delta=1.345):
    """Huber's loss of a location and a scale."""
    r = (DATA[:, 0] - mu[0]) / np.exp(mu[1])
    a = np.abs(r)
    loss = np.where(a <= delta, 0.5 * r**2, delta * (a - 0.5 * delta))
    return np.sum(loss) + len(r) * mu[1]


def tukey_biweight(theta, c=4.685):
    """M-estimation of a line with Tukey's biweight."""
    x, y = DATA.T
    r = y - (theta[0] + theta[1] * x)
    u = np.clip(r / c, -1, 1)
    return (c**2 / 6 * (1 - (1 - u**2) ** 3)).sum()


def quantile_loss(q, taus=np.array([0.1, 0.5, 0.9])):
    """Pinball loss of three quantiles at once."""
    total = 0.0
    for tau, qi in zip(taus, q):
        e = DATA[:, 1] - qi
        total += np.mean(np.maximum(tau * e, (tau - 1) * e)) + 0.01 * qi**2
    return total


def cox_partial_likelihood(beta):
    """Cox's partial likelihood (Breslow), times sorted by hand."""
    order = np.argsort(-TIMES)
    eta = DESIGN[order, 1:] @ beta
    event = OBSERVED[order]
    log_risk = np.log(np.cumsum(np.exp(eta)))
    return -np.sum((eta - log_risk)[event])


def weibull_survival(params):
    """Log-likelihood of censored Weibull times."""
    k, lam = np.exp(params)
    t = TIMES / lam
    log_hazard = np.log(k / lam) + (k - 1) * np.log(t)
    return np.sum(np.where(OBSERVED, log_hazard, 0.0)) - np.sum(t**k)


def student_t(theta):
    """Negative log-likelihood of Student's t with free degrees of freedom."""
    mu, log_s, log_nu = theta
    nu = np.exp(log_nu)
    z = (DATA[:, 0] - mu) / np.exp(log_s)
    ll = (
        gammaln((nu + 1) / 2)
        - gammaln(nu / 2)
        - 0.5 * np.log(np.pi * nu)
        - log_s
        - (nu + 1) / 2 * np.log1p(z**2 / nu)
    )
    return -np.sum(ll)


def wasserstein_1d(x):
    """Squared 2-Wasserstein distance of two samples of one size."""
    y = DATA[:6, 1]
    return np.mean((np.sort(x) - np.sort(y)) ** 2)


def multivariate_normal(params):
    """Log-density with a Cholesky factor built from a vector, in place."""
    mu = params[:2]
    L = np.zeros((2, 2))
    L[np.tril_indices(2)] = params[2:]
    L[np.diag_indices(2)] = np.exp(np.diag(L))
    sol = np.linalg.solve(L, (DATA - mu).T)
    logdet = 2 * np.log(np.diag(L)).sum()
    return -0.5 * (np.einsum("ij,ij->", sol, sol) + len(DATA) * (logdet + 2 * np.log(2 * np.pi)))


def dirichlet_multinomial(alpha):
    """Log-probability of counts under a Dirichlet-multinomial."""
    a = np.exp(alpha)
    n = np.array([4, 1, 3])
    total = a.sum()
    out = gammaln(total) - gammaln(total + n.sum())
    for i in range(len(n)):
        out = out + gammaln(a[i] + n[i]) - gammaln(a[i])
    return out


SNIPPETS = [
    (
        gaussian_mixture,
        np.array([0.2, -0.3]),
        np.array([[-0.5, 0.1], [0.6, 0.4]]),
        np.array([0.1, -0.2]),
    ),
    (logistic_regression, np.array([0.2, -0.4, 0.7])),
    (poisson_regression, np.array([0.9, 0.1, -0.2])),
    (irls_step, np.array([0.2, -0.4, 0.7])),
    (huber_location, np.array([0.12, -0.3])),
    (tukey_biweight, np.array([0.12, 0.33])),
    (quantile_loss, np.array([-1.234, 0.057, 1.11])),
    (cox_partial_likelihood, np.array([0.3, -0.6])),
    (weibull_survival, np.array([0.1, 0.8])),
    (student_t, np.array([0.1, -0.2, 1.1])),
    (wasserstein_1d, np.array([0.3, -1.2, 0.9, 1.7, -0.4, 0.05])),
    (multivariate_normal, np.array([0.1, -0.2, 0.3, 0.4, -0.1])),
    (dirichlet_multinomial, np.array([0.1, 0.5, -0.3])),
]
