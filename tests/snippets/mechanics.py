"""Particles, pendulums and robots, as their users write them."""

# ruff: noqa: B905 -- written as people write
import numpy as np


def nbody_energy(pos, vel):
    """Energy of three bodies with softened gravity."""
    m = np.array([1.0, 0.5, 0.3])
    eps = 0.05
    kinetic = 0.5 * np.sum(m * np.sum(vel**2, axis=1))
    potential = 0.0
    n = len(m)
    for i in range(n):
        for j in range(i + 1, n):
            r = pos[i] - pos[j]
            potential -= m[i] * m[j] / np.sqrt(r @ r + eps**2)
    return kinetic + potential


def nbody_accelerations(pos):
    """Accelerations by broadcasting, as in every tutorial on N-body codes."""
    mass = np.array([[1.0], [0.5], [0.3]])
    x, y = pos[:, 0:1], pos[:, 1:2]
    dx = x.T - x
    dy = y.T - y
    inv_r3 = dx**2 + dy**2 + 0.1**2
    inv_r3 = inv_r3 ** (-1.5)
    ax = (dx * inv_r3) @ mass
    ay = (dy * inv_r3) @ mass
    return np.hstack((ax, ay))


def double_pendulum(state):
    """Time derivative of the state of a double pendulum."""
    g, L1, L2, m1, m2 = 9.81, 1.0, 0.8, 1.0, 0.7
    dydx = np.zeros_like(state)
    dydx[0] = state[1]
    delta = state[2] - state[0]
    den1 = (m1 + m2) * L1 - m2 * L1 * np.cos(delta) * np.cos(delta)
    dydx[1] = (
        m2 * L1 * state[1] * state[1] * np.sin(delta) * np.cos(delta)
        + m2 * g * np.sin(state[2]) * np.cos(delta)
        + m2 * L2 * state[3] * state[3] * np.sin(delta)
        - (m1 + m2) * g * np.sin(state[0])
    ) / den1
    dydx[2] = state[3]
    den2 = (L2 / L1) * den1
    dydx[3] = (
        -m2 * L2 * state[3] * state[3] * np.sin(delta) * np.cos(delta)
        + (m1 + m2) * g * np.sin(state[0]) * np.cos(delta)
        - (m1 + m2) * L1 * state[1] * state[1] * np.sin(delta)
        - (m1 + m2) * g * np.sin(state[2])
    ) / den2
    return dydx


def quaternion_rotation(q, v):
    """Rotate a vector by a quaternion that need not be of unit length."""
    q = q / np.linalg.norm(q)
    w, r = q[0], q[1:]
    t = 2 * np.cross(r, v)
    return v + w * t + np.cross(r, t)


def rodrigues(rvec):
    """Rotation matrix of a rotation vector."""
    theta = np.sqrt(np.sum(rvec**2))
    k = rvec / theta
    K = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    return np.eye(3) + np.sin(theta) * K + (1 - np.cos(theta)) * K @ K


class PlanarArm:
    """A planar robot arm."""

    def __init__(self, lengths):
        self.lengths = np.asarray(lengths)

    def forward(self, angles):
        """Position of the tip."""
        cumulative = np.cumsum(angles)
        return np.array(
            [np.sum(self.lengths * np.cos(cumulative)), np.sum(self.lengths * np.sin(cumulative))]
        )

    def cost(self, angles, target=(1.2, 0.8)):
        """How far off it is, and how bent."""
        return np.linalg.norm(self.forward(angles) - target) ** 2 + 0.01 * np.sum(angles**2)


arm_cost = PlanarArm([1.0, 0.7, 0.4]).cost


def dh_transform(theta, d, a, alpha):
    """Denavit-Hartenberg transform."""
    ct, st = np.cos(theta), np.sin(theta)
    ca, sa = np.cos(alpha), np.sin(alpha)
    return np.array(
        [
            [ct, -st * ca, st * sa, a * ct],
            [st, ct * ca, -ct * sa, a * st],
            [0, sa, ca, d],
            [0, 0, 0, 1],
        ]
    )


def robot_tool_position(joints):
    """Position of the tool of an arm of three joints."""
    T = np.eye(4)
    for q, (d, a, alpha) in zip(joints, [(0.3, 0.0, np.pi / 2), (0.0, 0.5, 0.0), (0.1, 0.4, 0.2)]):
        T = T @ dh_transform(q, d, a, alpha)
    return T[:3, 3]


def spring_network(x):
    """Energy of a chain of springs, fixed at both ends."""
    full = np.concatenate([[0.0], x, [5.0]])
    stretch = np.diff(full) - 0.9
    return 0.5 * 3.0 * np.sum(stretch**2) + 0.1 * np.sum(stretch**4)


def verlet_orbit(initial, dt=0.05, steps=3):
    """Position after some steps of velocity Verlet about the sun."""
    x, v = initial[:2].copy(), initial[2:].copy()
    acc = -x / np.linalg.norm(x) ** 3
    for _ in range(steps):
        v += 0.5 * dt * acc
        x += dt * v
        acc = -x / np.linalg.norm(x) ** 3
        v += 0.5 * dt * acc
    return np.concatenate((x, v))


SNIPPETS = [
    (
        nbody_energy,
        np.array([[0.1, 0.2], [1.1, -0.3], [-0.7, 0.8]]),
        np.array([[0.0, 0.1], [0.2, 0.5], [-0.4, 0.3]]),
    ),
    (nbody_accelerations, np.array([[0.1, 0.2], [1.1, -0.3], [-0.7, 0.8]])),
    (double_pendulum, np.array([0.4, 0.3, -0.7, 1.1])),
    (quaternion_rotation, np.array([0.9, 0.2, -0.3, 0.4]), np.array([1.0, -0.5, 0.3])),
    (rodrigues, np.array([0.3, -0.5, 0.8])),
    (arm_cost, np.array([0.3, 0.5, -0.2])),
    (robot_tool_position, np.array([0.3, -0.4, 0.9])),
    (spring_network, np.array([0.8, 2.1, 2.9, 4.2])),
    (verlet_orbit, np.array([1.0, 0.1, -0.1, 0.9])),
]
