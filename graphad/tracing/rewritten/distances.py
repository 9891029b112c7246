"""Functions of `scipy.spatial.distance`: between vectors, and between all of two sets."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "cdist",
    "chebyshev",
    "cityblock",
    "cosine",
    "euclidean",
    "minkowski",
    "pdist",
    "sqeuclidean",
    "squareform",
]

METRICS = ("euclidean", "sqeuclidean", "cityblock", "chebyshev", "minkowski", "cosine")


def _length(x: Any, name: str, p: Any, w: Any) -> Any:
    """Return the length of vectors along the last axis, by a metric of their difference."""
    weights = 1.0 if w is None else np.asarray(w)
    if name == "euclidean":
        return np.linalg.norm(x if w is None else x * np.sqrt(weights), axis=-1)
    if name == "sqeuclidean":
        return np.sum(weights * x**2, axis=-1)
    if name == "cityblock":
        return np.sum(weights * np.abs(x), axis=-1)
    if name == "chebyshev":
        if w is not None:
            raise NotImplementedError("w= is not traced with this metric; leave it out")
        return np.max(np.abs(x), axis=-1)
    return np.sum(weights * np.abs(x) ** p, axis=-1) ** (1 / p)


def _angle(u: Any, v: Any) -> Any:
    """Return one less the cosine of the angle between vectors along the last axis."""
    lengths = np.sqrt(np.sum(u * u, axis=-1) * np.sum(v * v, axis=-1))
    return 1.0 - np.sum(u * v, axis=-1) / lengths


def _between(u: Any, v: Any, metric: Any, p: Any, w: Any) -> Any:
    if not isinstance(metric, str) or metric not in METRICS:
        raise NotImplementedError(
            f"the metric {metric!r} is not traced; there are {', '.join(METRICS)}, or write it "
            "out for x[:, None, :] - y[None, :, :]"
        )
    if metric != "cosine":
        return _length(u - v, metric, p, w)
    if w is not None:
        raise NotImplementedError("w= is not traced with this metric; leave it out")
    return _angle(u, v)


def _rows(x: Any, name: str) -> Any:
    rows = np.asarray(x)
    if rows.ndim != 2:
        raise ValueError(f"{name} must be a 2-dimensional array, not of shape {rows.shape}")
    return rows * 1.0


def cdist(
    XA: Any, XB: Any, metric: Any = "euclidean", *, out: Any = None, p: Any = 2, w: Any = None
) -> Any:
    """Return the distances of each row of one matrix from each of another."""
    a, b = _rows(XA, "XA"), _rows(XB, "XB")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"rows of {a.shape[1]} and of {b.shape[1]} numbers do not go together")
    return _between(a[:, None, :], b[None, :, :], metric, p, w)


def pdist(X: Any, metric: Any = "euclidean", *, out: Any = None, p: Any = 2, w: Any = None) -> Any:
    """Return the distances of rows of a matrix from each other, each pair once."""
    rows = _rows(X, "X")
    first, second = np.triu_indices(rows.shape[0], 1)
    return _between(rows[first], rows[second], metric, p, w)


def squareform(X: Any, force: str = "no", checks: bool = True) -> Any:
    """Return distances of pairs as a symmetric matrix, or the other way round."""
    x = np.asarray(X)
    to_vector = x.ndim == 2
    if x.ndim not in (1, 2) or (force.lower(), to_vector) in (
        ("tomatrix", True),
        ("tovector", False),
    ):
        raise ValueError(f"an array of shape {x.shape} cannot be turned by force={force!r}")
    if to_vector:
        if x.shape[0] != x.shape[1]:
            raise ValueError(f"the matrix must be square, not of shape {x.shape}")
        return x[np.triu_indices(x.shape[0], 1)]
    n = int(np.ceil(np.sqrt(x.shape[0] * 2)))
    if n * (n - 1) != 2 * x.shape[0]:
        raise ValueError(f"{x.shape[0]} is not the number of pairs of anything")
    n = max(n, 1)
    places = np.full((n, n), x.shape[0])
    places[np.triu_indices(n, 1)] = np.arange(x.shape[0])
    padded = np.concatenate([x, np.zeros(1)])
    return padded[np.minimum(places, places.T)]


def _of_two(u: Any, v: Any, metric: str, p: Any, w: Any) -> Any:
    a, b = np.asarray(u) * 1.0, np.asarray(v) * 1.0
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError("Input vector should be 1-D.")
    return _between(a, b, metric, p, w)


def euclidean(u: Any, v: Any, w: Any = None) -> Any:
    """Return Euclid's distance of two vectors."""
    return _of_two(u, v, "euclidean", 2, w)


def sqeuclidean(u: Any, v: Any, w: Any = None) -> Any:
    """Return the square of Euclid's distance."""
    return _of_two(u, v, "sqeuclidean", 2, w)


def cityblock(u: Any, v: Any, w: Any = None) -> Any:
    """Return the sum of the differences."""
    return _of_two(u, v, "cityblock", 1, w)


def chebyshev(u: Any, v: Any, w: Any = None) -> Any:
    """Return the largest difference."""
    return _of_two(u, v, "chebyshev", 1, w)


def minkowski(u: Any, v: Any, p: Any = 2, w: Any = None) -> Any:
    """Return the distance by powers of `p`."""
    return _of_two(u, v, "minkowski", p, w)


def cosine(u: Any, v: Any, w: Any = None) -> Any:
    """Return one less the cosine of the angle."""
    return _of_two(u, v, "cosine", 2, w)
