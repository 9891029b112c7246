"""Curves, surfaces and interpolation, as their users write them."""

# ruff: noqa: B905, RUF007 -- written as people write
import numpy as np

KNOTS = np.array([0.0, 1.0, 2.5, 4.0])
CENTRES = np.array([[0.0, 0.0], [1.0, 0.2], [0.3, 0.9], [0.8, 1.1]])


def de_boor(c, x=2.3, p=3):
    """Evaluate a B-spline by de Boor's algorithm."""
    t = np.array([0, 0, 0, 0, 2, 4, 4, 4, 4.0])
    k = np.searchsorted(t, x, side="right") - 1
    d = [c[j + k - p] for j in range(p + 1)]
    for r in range(1, p + 1):
        for j in range(p, r - 1, -1):
            alpha = (x - t[j + k - p]) / (t[j + 1 + k - r] - t[j + k - p])
            d[j] = (1.0 - alpha) * d[j - 1] + alpha * d[j]
    return np.sin(d[p])


def cubic_spline_energy(y):
    """Second derivatives of a natural cubic spline by a solve; bending energy."""
    n = len(KNOTS)
    h = np.diff(KNOTS)
    A = np.zeros((n, n))
    A[0, 0] = A[-1, -1] = 1
    rhs = np.zeros(n)
    for i in range(1, n - 1):
        A[i, i - 1], A[i, i], A[i, i + 1] = h[i - 1], 2 * (h[i - 1] + h[i]), h[i]
        rhs[i] = 6 * ((y[i + 1] - y[i]) / h[i] - (y[i] - y[i - 1]) / h[i - 1])
    m = np.linalg.solve(A, rhs)
    return np.sum(h / 3 * (m[:-1] ** 2 + m[:-1] * m[1:] + m[1:] ** 2))


def thin_plate_spline(values):
    """Value of a thin-plate spline at a point, from values at centres."""

    def kernel(r2):
        return np.where(r2 > 0, 0.5 * r2 * np.log(np.where(r2 > 0, r2, 1)), 0)

    n = len(CENTRES)
    d2 = ((CENTRES[:, None] - CENTRES) ** 2).sum(-1)
    P = np.c_[np.ones(n), CENTRES]
    A = np.block([[kernel(d2) + 0.1 * np.eye(n), P], [P.T, np.zeros((3, 3))]])
    w = np.linalg.solve(A, np.append(values, [0, 0, 0]))
    point = np.array([0.4, 0.5])
    basis = np.r_[kernel(((point - CENTRES) ** 2).sum(1)), 1, point]
    return (basis @ w) ** 2


def bezier_length(control):
    """Length of a Bézier curve by a sum over chords."""
    t = np.linspace(0, 1, 4)[:, None]
    P0, P1, P2, P3 = control
    curve = (1 - t) ** 3 * P0 + 3 * (1 - t) ** 2 * t * P1 + 3 * (1 - t) * t**2 * P2 + t**3 * P3
    return np.sum(np.linalg.norm(np.diff(curve, axis=0), axis=1))


def de_casteljau(points, t):
    """A point of a Bézier curve by repeated interpolation."""
    points = [p for p in points]  # noqa: C416
    while len(points) > 1:
        points = [(1 - t) * a + t * b for a, b in zip(points[:-1], points[1:])]
    return points[0]


def ray_sphere(ray):
    """Distance along a ray to a sphere, and the normal's height there."""
    origin, direction = ray[:3], ray[3:]
    direction = direction / np.linalg.norm(direction)
    centre, radius = np.array([0.0, 0.2, 5.0]), 1.5
    oc = origin - centre
    b = np.dot(oc, direction)
    disc = b * b - (np.dot(oc, oc) - radius**2)
    t = np.where(disc > 0, -b - np.sqrt(np.maximum(disc, 1e-12)), np.inf)
    hit = origin + t * direction
    return np.stack([t, (hit - centre)[1] / radius])


def polygon_area_perimeter(vertices):
    """Shoelace formula, over perimeter."""
    x, y = vertices[:, 0], vertices[:, 1]
    area = 0.5 * np.abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    edges = np.roll(vertices, -1, axis=0) - vertices
    return area / np.sum(np.hypot(edges[:, 0], edges[:, 1]))


def haversine(a, b):
    """Distance on the globe of two places in degrees."""
    lat1, lon1 = np.radians(a)
    lat2, lon2 = np.deg2rad(b)
    h = (
        np.sin((lat2 - lat1) / 2) ** 2
        + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6371.0 * np.arcsin(np.sqrt(h))


def triangle_quality(p):
    """Angles and area of a triangle by arctan2 and a determinant."""
    a, b, c = p
    area = 0.5 * np.linalg.det(np.array([b - a, c - a]))
    u, v = b - a, c - a
    angle = np.arctan2(u[0] * v[1] - u[1] * v[0], u @ v)
    return area * angle


def lookup_table(x):
    """A smooth function of values read from a table."""
    return np.sum(np.interp(x, KNOTS, np.array([0.2, 1.1, 0.4, -0.5])) ** 2)


def lagrange(nodes, x=0.37):
    """Lagrange interpolation of exp through nodes that move."""
    total = 0
    for i, xi in enumerate(nodes):
        basis = 1
        for j, xj in enumerate(nodes):
            if i != j:
                basis = basis * (x - xj) / (xi - xj)
        total += np.exp(xi) * basis
    return total


def rosenbrock(x):
    """Rosenbrock's function."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


def himmelblau(p):
    """Himmelblau's function."""
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def ackley(x, a=20, b=0.2, c=2 * np.pi):
    """Ackley's function."""
    d = len(x)
    sum_sq_term = -a * np.exp(-b * np.sqrt(sum(x**2) / d))
    cos_term = -np.exp(sum(np.cos(c * x) / d))
    return a + np.exp(1) + sum_sq_term + cos_term


def rastrigin(x):
    """Rastrigin's function."""
    return 10 * len(x) + sum([(xi**2 - 10 * np.cos(2 * np.pi * xi)) for xi in x])


SNIPPETS = [
    (de_boor, np.array([0.2, 0.7, -0.4, 1.1, 0.5])),
    (cubic_spline_energy, np.array([0.3, 1.2, -0.4, 0.6])),
    (thin_plate_spline, np.array([0.2, -0.6, 1.1, 0.3])),
    (bezier_length, np.array([[0.0, 0.0], [1.0, 2.0], [2.0, -1.0], [3.0, 0.5]])),
    (de_casteljau, np.array([[0.0, 0.1], [1.0, 2.0], [2.0, -1.0]]), 0.3),
    (ray_sphere, np.array([0.1, -0.2, 0.0, 0.05, 0.1, 1.0])),
    (polygon_area_perimeter, np.array([[0.0, 0.1], [2.0, 0.3], [2.4, 1.7], [0.5, 2.0]])),
    (haversine, np.array([52.5, 13.4]), np.array([48.9, 2.3])),
    (triangle_quality, np.array([[0.0, 0.1], [1.3, 0.2], [0.4, 1.1]])),
    (lookup_table, np.array([0.3, 1.9, 3.1])),
    (lagrange, np.array([-0.4, 0.2, 0.9])),
    (rosenbrock, np.array([-1.2, 1.0, 0.7])),
    (himmelblau, np.array([0.4, -1.1])),
    (ackley, np.array([0.7, -0.4, 1.2])),
    (rastrigin, np.array([0.7, -0.4])),
]
