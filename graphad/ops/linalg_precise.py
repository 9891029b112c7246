"""Matrix functions in numbers of many digits: what mpmath computes, for each matrix of a stack.

Signs of vectors, which the definitions leave open, are those that LAPACK gives the same matrix in
double precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphad.op import Array

Matrix = Any
"""A matrix of mpmath's."""


def _of(mp: Any, array: Array) -> Matrix:
    made = mp.matrix(*array.shape)
    for i, j in np.ndindex(array.shape):
        made[i, j] = array[i, j]
    return made


def _array(matrix: Matrix, shape: tuple[int, ...]) -> Array:
    made = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        made[index] = matrix[index if len(shape) == 2 else index[0]]
    return made


def _floats(array: Array) -> Array:
    kind = complex if any(hasattr(x, "_mpc_") for x in array.ravel()) else float
    return np.array([kind(x) for x in array.ravel()]).reshape(array.shape)


def _each(function: Callable[..., Array], *stacks: Array) -> Array:
    """Apply a function to each matrix of stacks."""
    lead = stacks[0].shape[:-2]
    parts = [function(*[stack[index] for stack in stacks]) for index in np.ndindex(lead)]
    made = np.empty((len(parts), *parts[0].shape), dtype=object)
    for i, part in enumerate(parts):
        made[i] = part[()]
    return made.reshape(lead + parts[0].shape)


# --- equations -----------------------------------------------------------------------------------


def _solved(mp: Any, a: Array, b: Array) -> Array:
    """Gauss elimination with partial pivoting."""
    a, x = a.copy(), b.copy()
    n = len(a)
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(a[i, k]))
        for rows in (a, x):
            rows[[k, best]] = rows[[best, k]]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            a[i] = a[i] - factor * a[k]
            x[i] = x[i] - factor * x[k]
    for i in reversed(range(n)):
        for j in range(i + 1, n):
            x[i] = x[i] - a[i, j] * x[j]
        x[i] = x[i] / a[i, i]
    return x


def _eye(mp: Any, n: int) -> Array:
    return _array(mp.eye(n), (n, n))


def inverse(mp: Any, x: Array) -> Array:
    """Inverses."""
    return _each(lambda a: _solved(mp, a, _eye(mp, len(a))), x)


def solve(mp: Any, a: Array, b: Array) -> Array:
    """Solutions of linear equations."""
    return _each(lambda left, right: _solved(mp, left, right), a, b)


def triangular_solve(mp: Any, a: Array, b: Array, lower: bool, flipped: bool) -> Array:
    """Solutions of triangular equations."""

    def one(left: Array, right: Array) -> Array:
        keep = np.tri(len(left), dtype=bool) if lower else np.tri(len(left), dtype=bool).T
        read = np.where(keep, left, mp.mpf(0))
        return _solved(mp, read.T if flipped else read, right)

    return _each(one, a, b)


def pinv(mp: Any, x: Array) -> Array:
    """Pseudoinverses of matrices of full rank."""

    def one(a: Array) -> Array:
        if a.shape[0] >= a.shape[1]:
            return _solved(mp, a.T.dot(a), a.T)
        return _solved(mp, a.dot(a.T), a).T

    return _each(one, x)


# --- determinants --------------------------------------------------------------------------------


def _scalar(value: Any) -> Array:
    made = np.empty((), dtype=object)
    made[()] = value
    return made


def det(mp: Any, x: Array) -> Array:
    """Determinants."""
    return _each(lambda a: _scalar(mp.det(_of(mp, a)) if len(a) else mp.mpf(1)), x)


def cofactor(mp: Any, x: Array) -> Array:
    """Matrices of cofactors, by their definition."""

    def one(a: Array) -> Array:
        made = np.empty(a.shape, dtype=object)
        for i, j in np.ndindex(a.shape):
            minor = np.delete(np.delete(a, i, 0), j, 1)
            size = mp.det(_of(mp, minor)) if len(minor) else mp.mpf(1)
            made[i, j] = size if (i + j) % 2 == 0 else -size
        return made

    return _each(one, x)


def slogdet(mp: Any, x: Array) -> Array:
    """Signs of determinants and logarithms of their sizes."""

    def one(a: Array) -> Array:
        value = mp.det(_of(mp, a)) if len(a) else mp.mpf(1)
        return np.array([mp.sign(value), mp.log(abs(value))], dtype=object)

    return _each(one, x)


# --- factorisations ------------------------------------------------------------------------------


def cholesky(mp: Any, x: Array) -> Array:
    """Factors of Cholesky, from the lower triangle."""

    def one(a: Array) -> Array:
        n = len(a)
        made = np.full((n, n), mp.mpf(0), dtype=object)
        for j in range(n):
            made[j, j] = mp.sqrt(a[j, j] - sum(made[j, k] ** 2 for k in range(j)))
            for i in range(j + 1, n):
                inner = sum(made[i, k] * made[j, k] for k in range(j))
                made[i, j] = (a[i, j] - inner) / made[j, j]
        return made

    return _each(one, x)


def qr(mp: Any, x: Array) -> Array:
    """Factors Q and Rᵀ, one above the other."""

    def one(a: Array) -> Array:
        m, n = a.shape
        factors = mp.qr(_of(mp, a), mode="skinny")
        q, r = _array(factors[0], (m, n)), _array(factors[1], (n, n))
        wanted = np.linalg.qr(_floats(a))[1]
        for i in range(n):
            if (r[i, i] > 0) != (wanted[i, i] > 0):
                r[i], q[:, i] = -r[i], -q[:, i]
        return np.concatenate([q, r.T])

    return _each(one, x)


def _symmetric(a: Array) -> Array:
    return np.where(np.tri(len(a), dtype=bool), a, a.T)


def _eigen(mp: Any, a: Array) -> tuple[Array, Array]:
    n = len(a)
    values, vectors = mp.eigsy(_of(mp, _symmetric(a)))
    w, v = _array(values, (n,)), _array(vectors, (n, n))
    order = sorted(range(n), key=lambda i: w[i])
    w, v = w[order], v[:, order]
    return w, v * _signs(v, np.linalg.eigh(_floats(a))[1])


def _signs(found: Array, wanted: Array) -> Array:
    """Return signs of columns such that they point where they should."""
    inner = np.sum(_floats(found) * wanted, axis=0)
    return np.where(inner < 0, -1, 1)


def eigh(mp: Any, x: Array) -> Array:
    """Eigenvalues of symmetric matrices, above the eigenvectors."""

    def one(a: Array) -> Array:
        w, v = _eigen(mp, a)
        return np.concatenate([w[None], v])

    return _each(one, x)


def eigvalsh(mp: Any, x: Array) -> Array:
    """Eigenvalues of symmetric matrices."""
    return _each(lambda a: _eigen(mp, a)[0], x)


def _singular(mp: Any, a: Array) -> tuple[Array, Array, Array]:
    m, n = a.shape
    k = min(m, n)
    parts = mp.svd_r(_of(mp, a))
    u, s, vh = _array(parts[0], (m, k)), _array(parts[1], (k,)), _array(parts[2], (k, n))
    order = sorted(range(k), key=lambda i: -s[i])
    u, s, vh = u[:, order], s[order], vh[order]
    signs = _signs(u, np.linalg.svd(_floats(a), full_matrices=False)[0])
    return u * signs, s, vh * signs[:, None]


def svd(mp: Any, x: Array) -> Array:
    """Left vectors, singular values, and right vectors as columns, one above the other."""

    def one(a: Array) -> Array:
        u, s, vh = _singular(mp, a)
        return np.concatenate([u, s[None], vh.T])

    return _each(one, x)


def svdvals(mp: Any, x: Array) -> Array:
    """Singular values."""
    return _each(lambda a: _singular(mp, a)[1], x)
