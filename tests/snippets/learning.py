"""Layers and losses of machine learning, as their users write them."""

# ruff: noqa: B008 -- written as people write
import numpy as np
from scipy.special import expit, softmax

rng = np.random.default_rng(4)
X = rng.normal(size=(4, 3))
Y = np.array([0, 2, 1, 2])


def sigmoid(x):
    """The logistic function."""
    return 1.0 / (1.0 + np.exp(-x))


def lstm_cell(weights, x=np.array([0.3, -0.7]), h=np.array([0.1]), c=np.array([0.2])):
    """New hidden state and cell of an LSTM of one unit."""
    W, b = weights[:, :3], weights[:, 3]
    z = W @ np.concatenate([x, h]) + b
    i, f, o, g = np.split(z, 4)
    c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_new), c_new


def attention(q, k, v):
    """Causal scaled dot-product attention."""
    scores = q @ k.T / np.sqrt(q.shape[-1])
    mask = np.triu(np.ones(scores.shape), 1).astype(bool)
    scores = np.where(mask, -1e9, scores)
    scores -= scores.max(axis=-1, keepdims=True)
    w = np.exp(scores)
    w /= w.sum(axis=-1, keepdims=True)
    return np.mean(np.tanh(w @ v))


def softmax_cross_entropy(W):
    """Cross entropy of a linear classifier."""
    logits = X @ W
    p = softmax(logits, axis=1)
    return -np.mean(np.log(p[np.arange(len(Y)), Y]))


def mlp_loss(params):
    """Squared error of a network whose parameters are a dictionary."""
    h = np.tanh(X @ params["w1"] + params["b1"])
    out = h @ params["w2"]
    return np.mean((out - Y) ** 2) + 1e-2 * sum(np.sum(p**2) for p in params.values())


def gp_likelihood(theta):
    """Marginal likelihood of a Gaussian process, by a Cholesky factor."""
    ell, sf, sn = np.exp(theta)
    y = np.array([0.2, -0.5, 0.9, 0.1])
    d2 = np.sum(X**2, 1)[:, None] + np.sum(X**2, 1)[None, :] - 2 * X @ X.T
    K = sf**2 * np.exp(-0.5 * d2 / ell**2) + sn**2 * np.eye(len(y))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return 0.5 * y @ alpha + np.log(np.diag(L)).sum() + 0.5 * len(y) * np.log(2 * np.pi)


def matern_kernel_ridge(theta):
    """Ridge regression with a Matérn kernel, by solve."""
    t = np.array([0.0, 0.4, 1.1, 1.5])
    r = np.abs(t[:, None] - t[None, :]) * np.sqrt(3) / np.exp(theta[0])
    K = (1 + r) * np.exp(-r)
    y = np.cos(3 * t)
    w = np.linalg.solve(K + np.exp(theta[1]) * np.eye(4), y)
    return np.linalg.norm(y - K @ w) ** 2 + 0.1 * w @ K @ w


def batch_norm(x, gamma, beta):
    """A layer of batch normalisation, then swish."""
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    y = gamma * (x - mu) / np.sqrt(var + 1e-5) + beta
    return np.sum(y * expit(y))


def planar_flow(params, z=np.array([[0.2, -0.4], [1.0, 0.3]])):
    """Density under a planar normalising flow."""
    u, w, b = params[:2], params[2:4], params[4]
    a = z @ w + b
    f = z + np.outer(np.tanh(a), u)
    psi = (1 - np.tanh(a) ** 2)[:, None] * w
    log_det = np.log(np.abs(1 + psi @ u))
    log_base = -0.5 * np.sum(f**2, axis=1) - np.log(2 * np.pi)
    return np.sum(log_base + log_det)


def neural_ode(w):
    """State after some RK4 steps of a field that is a small network."""
    w1, w2 = w[:4].reshape(2, 2), w[4:].reshape(2, 2)

    def field(y):
        return w2 @ np.tanh(w1 @ y)

    y, h = np.array([1.0, -0.5]), 0.2
    for _ in range(1):
        k1 = field(y)
        k2 = field(y + h / 2 * k1)
        k3 = field(y + h / 2 * k2)
        k4 = field(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


def crf_likelihood(transitions):
    """Negative log-likelihood of a chain of tags."""
    emissions = np.array([[0.2, 0.5], [-0.3, 0.1], [0.9, 0.4]])
    tags = [0, 1, 1]
    score = emissions[0, tags[0]]
    alpha = emissions[0]
    for t in range(1, len(tags)):
        score += transitions[tags[t - 1], tags[t]] + emissions[t, tags[t]]
        alpha = np.log(np.sum(np.exp(alpha[:, None] + transitions), axis=0)) + emissions[t]
    return np.log(np.sum(np.exp(alpha))) - score


def pca_loss(W):
    """What is lost by projecting onto an orthonormalised pair of directions."""
    Q = W @ np.linalg.inv(np.linalg.cholesky(W.T @ W)).T
    return np.sum((X - X @ Q @ Q.T) ** 2)


def pagerank(logits, damping=0.85):
    """Rank of the first page after power iteration."""
    A = np.exp(logits)
    P = A / A.sum(axis=0)
    n = len(P)
    r = np.ones(n) / n
    for _ in range(3):
        r = damping * P @ r + (1 - damping) / n
        r /= np.abs(r).sum()
    return r[0]


def contrastive_loss(embeddings):
    """InfoNCE of normalised embeddings."""
    z = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    sim = z @ z.T / 0.5
    np.fill_diagonal(sim, -1e9)
    log_prob = sim - np.log(np.sum(np.exp(sim), axis=1, keepdims=True))
    return -np.mean([log_prob[0, 1], log_prob[1, 0], log_prob[2, 0]])


SNIPPETS = [
    (lstm_cell, rng.normal(size=(4, 4)) / 2),
    (attention, rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), rng.normal(size=(2, 2))),
    (softmax_cross_entropy, rng.normal(size=(3, 3))),
    (
        mlp_loss,
        {"w1": rng.normal(size=(3, 2)), "b1": np.array([0.1, -0.2]), "w2": np.array([0.5, -0.8])},
    ),
    (gp_likelihood, np.array([0.2, 0.1, -0.7])),
    (matern_kernel_ridge, np.array([-0.3, -1.2])),
    (batch_norm, rng.normal(size=(3, 2)), np.array([1.1, 0.8]), np.array([0.1, -0.3])),
    (planar_flow, np.array([0.5, -0.3, 0.8, 0.4, 0.1])),
    (neural_ode, np.array([0.5, -0.4, 0.3, 0.8, -0.6, 0.2, 0.7, -0.1])),
    (crf_likelihood, np.array([[0.3, -0.2], [0.6, 0.1]])),
    (pca_loss, rng.normal(size=(3, 2))),
    (pagerank, rng.normal(size=(3, 3))),
    (contrastive_loss, rng.normal(size=(3, 2))),
]
