"""Filters, spectra and estimators of states, as their users write them."""

# ruff: noqa: B008 -- written as people write
import numpy as np

rng = np.random.default_rng(3)
SIGNAL = rng.normal(size=12)
MEASURED = np.array([0.9, 2.1, 2.8])


def kalman_step(x, P_flat):
    """One step of prediction and update; mean and covariance after it."""
    P = P_flat.reshape(2, 2)
    F = np.array([[1.0, 0.1], [0.0, 1.0]])
    Q = 0.01 * np.eye(2)
    H = np.array([[1.0, 0.0]])
    R = np.array([[0.25]])
    x = F @ x
    P = F @ P @ F.T + Q
    y = 0.7 - H @ x
    S = H @ P @ H.T + R
    K = P @ H.T @ np.linalg.inv(S)
    x = x + K @ y
    P = (np.eye(2) - K @ H) @ P
    return x, P


def kalman_likelihood(log_noise):
    """Negative log-likelihood of a local-level model."""
    q, r = np.exp(log_noise)
    mean, var, nll = 0.0, 1.0, 0.0
    for z in MEASURED:
        var = var + q
        s = var + r
        nll += 0.5 * (np.log(2 * np.pi * s) + (z - mean) ** 2 / s)
        gain = var / s
        mean = mean + gain * (z - mean)
        var = (1 - gain) * var
    return nll


def iir_filter(coeffs):
    """Energy of a signal after a biquad, by the loop."""
    b, a = coeffs[:3], coeffs[3:]
    y = np.zeros_like(SIGNAL)
    for n in range(len(SIGNAL)):
        acc = b[0] * SIGNAL[n]
        for k in (1, 2):
            if n >= k:
                acc += b[k] * SIGNAL[n - k] - a[k - 1] * y[n - k]
        y[n] = acc
    return np.mean(y**2)


def stft_energy(params):
    """Energy of a chirp in windows, by sums over cosines and sines."""
    t = np.arange(12) / 12
    s = np.sin(2 * np.pi * (params[0] * t + params[1] * t**2))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(8) / 8)
    total = 0
    for start in range(0, 5, 4):
        frame = s[start : start + 8] * window
        for k in range(1, 3):
            re = np.sum(frame * np.cos(2 * np.pi * k * np.arange(8) / 8))
            im = np.sum(frame * np.sin(2 * np.pi * k * np.arange(8) / 8))
            total += (re**2 + im**2) / k
    return total


def spectral_flatness(x):
    """Flatness of the power spectrum."""
    power = np.abs(np.fft.rfft(x)) ** 2 + 1e-3
    return np.exp(np.mean(np.log(power))) / np.mean(power)


def imu_update(state, gyro=np.array([0.1, -0.2, 0.3]), dt=0.02):
    """Integrate a gyroscope with a bias into a quaternion; tilt by the accelerometer."""
    q, bias = state[:4], state[4:]
    wx, wy, wz = gyro - bias
    omega = np.array([[0, -wx, -wy, -wz], [wx, 0, wz, -wy], [wy, -wz, 0, wx], [wz, wy, -wx, 0]])
    q = q + 0.5 * dt * omega.dot(q)
    q /= np.linalg.norm(q)
    gravity = np.array(
        [
            2 * (q[1] * q[3] - q[0] * q[2]),
            2 * (q[0] * q[1] + q[2] * q[3]),
            q[0] ** 2 - q[1] ** 2 - q[2] ** 2 + q[3] ** 2,
        ]
    )
    return np.sum((gravity - [0.05, -0.02, 0.99]) ** 2)


def hmm_forward(log_trans, log_emit):
    """Log-likelihood of a hidden Markov model, in log space."""
    obs = [0, 1, 1, 0]
    trans = log_trans - np.log(np.sum(np.exp(log_trans), axis=1, keepdims=True))
    emit = log_emit - np.log(np.sum(np.exp(log_emit), axis=1, keepdims=True))
    alpha = np.log(0.5) + emit[:, obs[0]]
    for o in obs[1:]:
        scores = alpha[:, None] + trans
        m = scores.max(axis=0)
        alpha = m + np.log(np.exp(scores - m).sum(axis=0)) + emit[:, o]
    return np.logaddexp.reduce(alpha)


def lqr_cost(gain):
    """Cost of a linear feedback over a horizon."""
    A = np.array([[1.0, 0.1], [0.0, 1.0]])
    B = np.array([0.005, 0.1])
    x = np.array([1.0, -0.5])
    cost = 0.0
    for _ in range(5):
        u = -gain @ x
        cost += x @ x + 0.1 * u**2
        x = A @ x + B * u
    return cost


def matched_filter(template):
    """Peak of a normalised correlation, made smooth by a softmax."""
    c = np.correlate(SIGNAL[:7], template, mode="valid") / np.sqrt(np.sum(template**2))
    weights = np.exp(c - np.max(c))
    return np.dot(weights, c) / weights.sum()


SNIPPETS = [
    (kalman_step, np.array([0.5, 0.2]), np.array([1.0, 0.1, 0.1, 0.5])),
    (kalman_likelihood, np.array([-1.0, -0.5])),
    (iir_filter, np.array([0.4, 0.3, 0.1, -0.2, 0.15])),
    (stft_energy, np.array([1.7, 0.6])),
    (spectral_flatness, np.array([0.3, -0.8, 0.5, 1.1, -0.4])),
    (imu_update, np.array([0.95, 0.1, -0.2, 0.15, 0.01, -0.02, 0.005])),
    (hmm_forward, np.array([[0.5, -0.2], [0.1, 0.4]]), np.array([[0.3, -0.6], [0.2, 0.9]])),
    (lqr_cost, np.array([0.8, 1.1])),
    (matched_filter, np.array([0.5, -0.7, 0.9])),
]
