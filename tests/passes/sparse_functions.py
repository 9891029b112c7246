"""Functions with sparse derivatives, and points for any size, for tests at array grain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Sparse:
    """A function whose derivatives are sparse.

    Parameters
    ----------
    function : callable
        Of arrays.
    shapes : callable
        ``shapes(n)``: the shape of each argument.
    jacobian, hessian : int
        Directions that suffice for its Jacobian, and for its Hessians, at any size from 6 up.
    """

    function: Callable[..., Any]
    shapes: Callable[[int], tuple[tuple[int, ...], ...]]
    jacobian: int
    hessian: int

    def point(self, n: int) -> tuple[Any, ...]:
        """Return arguments between 0.3 and 1.1, no two elements alike."""
        draw = np.random.default_rng(n)
        return tuple([draw.uniform(0.3, 1.1, shape) for shape in self.shapes(n)])


def _vector(n: int) -> tuple[tuple[int, ...], ...]:
    return ((n,),)


def _permuted(x: Any) -> Any:
    order = (np.arange(len(x)) * 5 + 2) % len(x) if len(x) % 5 else np.arange(len(x))[::-1]
    y = x[order]
    return np.sum(np.exp(y[:-1] * y[1:]))


def _blocks(x: Any) -> Any:
    b = x.reshape(-1, 2)
    return np.sum(np.prod(b, axis=1) ** 2 * np.sin(b[:, 0]))


def _smoothing(u: Any) -> Any:
    across, down = u[1:, 1:] - u[1:, :-1], u[1:, 1:] - u[:-1, 1:]
    return np.sum(np.sqrt(1.0 + across**2 + down**2))


def _laplace(u: Any) -> Any:
    inner = u[1:-1, 1:-1]
    around = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
    return around - 4.0 * inner - np.exp(inner)


def _edges(x: Any) -> Any:
    i = np.arange(len(x))
    j = (i + 2) % len(x)
    return np.sum((x[i] - x[j]) ** 4)


def _scattered(x: Any) -> Any:
    y = np.concatenate([x[::2] ** 2, np.zeros(len(x) - len(x[::2]))])
    return np.sum(y * x[::-1])


def _kinks(x: Any) -> Any:
    a, b = x[:-1], x[1:]
    return np.sum(np.where(a > b, a * b, b**3) + np.maximum(a, b**2) + np.abs(a - 0.5) * b)


def _products(a: Any, x: Any) -> Any:
    return np.einsum("ij,ij->i", a, a) * x


SPARSE: dict[str, Sparse] = {
    "separable": Sparse(lambda x: np.sum(np.exp(x) * x), _vector, 1, 1),
    "tridiagonal": Sparse(lambda x: np.sum(np.sin(x[:-1] * x[1:]) + x[1:] ** 2), _vector, 1, 3),
    "pentadiagonal": Sparse(lambda x: np.sum(x[:-2] * x[1:-1] * np.sin(x[2:])), _vector, 1, 5),
    "arrow": Sparse(lambda x: np.sum(np.exp(x[1:] * x[0])), _vector, 1, 2),
    "permuted": Sparse(_permuted, _vector, 1, 4),
    "blocks": Sparse(_blocks, lambda n: ((2 * n,),), 1, 2),
    "smoothing": Sparse(_smoothing, lambda n: ((n, n),), 1, 9),
    "laplace": Sparse(_laplace, lambda n: ((n, n),), 7, 1),
    "edges": Sparse(_edges, _vector, 1, 6),
    "scattered": Sparse(_scattered, _vector, 1, 4),
    "kinks": Sparse(_kinks, _vector, 1, 3),
    "differences": Sparse(lambda x: (x[1:] - x[:-1] ** 2) * x[:-1], _vector, 2, 3),
    "elementwise": Sparse(lambda x: np.tanh(x) * x, _vector, 1, 1),
    "bilinear": Sparse(lambda x, y: np.sum(x * y), lambda n: ((n,), (n,)), 1, 1),
    "rows": Sparse(_products, lambda n: ((n, 2), (n,)), 3, 2),
    "parameter": Sparse(lambda x, p: np.sum(np.sin(p * x)) + x[0], lambda n: ((n,), ()), 1, 2),
    "two outputs": Sparse(lambda x: (np.sum(x**3), x[1:] * x[:-1]), _vector, 3, 8),
    "cumulative": Sparse(lambda x: np.cumsum(x[:3]) * x[:3], _vector, 3, 6),
}
