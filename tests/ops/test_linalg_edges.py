"""Functions of matrices at the edges: singular matrices, ties, triangles, empty, complex."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import DerivativeError
from graphad.op import Array

MODES = ("forward", "reverse")
S = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])


def minor(a: Array, rows: tuple[int, ...], columns: tuple[int, ...]) -> float:
    """Return the derivative of det(a) by the elements at rows and columns, one of each."""
    if len(set(rows)) < len(rows) or len(set(columns)) < len(columns):
        return 0.0
    b = a.copy()
    for i, j in zip(rows, columns, strict=True):
        b[i, :] = 0.0
        b[:, j] = 0.0
        b[i, j] = 1.0
    total = 0.0
    for order in permutations(range(len(b))):
        sign = round(np.linalg.det(np.eye(len(b))[list(order)]))
        total += sign * np.prod([b[i, order[i]] for i in range(len(b))])
    return float(total)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rank", [0, 1, 2])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_det_of_singular_matrices(n: int, rank: int, mode: str) -> None:
    """Derivatives of orders 1 and 2 are those of the polynomial, whatever the rank."""
    draw = np.random.default_rng(n)
    a = draw.integers(-3, 4, (n, rank)).astype(float) @ draw.integers(-3, 4, (rank, n)).astype(
        float
    )
    graph = ga.trace(np.linalg.det, np.eye(n)).diff(mode=mode)
    cells = list(product(range(n), repeat=2))
    wanted = np.array([minor(a, (i,), (j,)) for i, j in cells]).reshape(n, n)
    np.testing.assert_allclose(graph(a), wanted, atol=1e-12)
    second = graph.diff(mode=mode)(a)
    for (i, j), (k, m) in product(cells, cells):
        assert second[i, j, k, m] == pytest.approx(minor(a, (i, k), (j, m)), abs=1e-10)


def test_det_of_large_matrices() -> None:
    """Of large singular matrices the gradient is right, and the Hessian an error, not a number."""
    a = np.diag([0.0, *range(1, 8)])
    graph = ga.trace(np.linalg.det, np.eye(8))
    wanted = np.zeros((8, 8))
    wanted[0, 0] = 5040.0
    np.testing.assert_allclose(graph.diff()(a), wanted, atol=1e-9)
    with pytest.raises(ga.MatrixError, match=r"inverse of .*Singular matrix"):
        graph.diff(order=2)(a)
    b = S.repeat(3, 0)[:8].repeat(3, 1)[:, :8] + np.diag(np.arange(1.0, 9.0))
    inverse = np.linalg.inv(b)
    second = np.einsum("ji,lk->ijkl", inverse, inverse) - np.einsum("li,jk->ijkl", inverse, inverse)
    np.testing.assert_allclose(
        graph.diff(order=2)(b), np.linalg.det(b) * second, rtol=1e-9, atol=1e-6
    )


@pytest.mark.parametrize("mode", MODES)
def test_equal_eigenvalues(mode: str) -> None:
    """Gradients of symmetric functions of equal eigenvalues are right; nothing is divided by 0."""
    point = 2.0 * np.eye(3)
    for function, wanted in (
        (lambda a: np.sum(np.linalg.eigvalsh(a) ** 2), 2 * point),
        (lambda a: np.sum(np.log(np.linalg.eigvalsh(a))), np.linalg.inv(point)),
        (lambda a: np.sum(np.linalg.eigh(a)[0] ** 2), 2 * point),
        (lambda a: np.linalg.norm(a, "nuc"), np.eye(3)),
        (lambda a: np.sum(np.linalg.svd(a)[1]), np.eye(3)),
        (lambda a: np.linalg.norm(a, 2), np.eye(3) / 3),
    ):
        np.testing.assert_allclose(ga.trace(function, S).diff(mode=mode)(point), wanted, atol=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_vectors_of_equal_values(mode: str) -> None:
    """Derivatives of eigenvectors and singular vectors at ties are not finite: there are none."""
    vectors = ga.trace(lambda a: np.linalg.eigh(a)[1], S).diff(mode=mode)(np.eye(3))
    assert not np.all(np.isfinite(vectors))
    vectors = ga.trace(lambda a: np.linalg.svd(a)[0], S).diff(mode=mode)(np.eye(3))
    assert not np.all(np.isfinite(vectors))
    second = ga.trace(lambda a: np.sum(np.linalg.eigvalsh(a) ** 2), S).diff(order=2)(np.eye(3))
    assert not np.all(np.isfinite(second))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["cholesky", "eigvalsh"])
def test_one_triangle_is_read(name: str, mode: str) -> None:
    """What NumPy does not read has the derivative 0; of the rest it is all."""
    function = getattr(np.linalg, name)
    found = ga.trace(function, S).diff(mode=mode)(S)
    step = 1e-6
    for i, j in np.ndindex(3, 3):
        moved = step * np.outer(np.eye(3)[i], np.eye(3)[j])
        slope = (function(S + moved) - function(S - moved)) / (2 * step)
        np.testing.assert_allclose(found[..., i, j], slope, atol=1e-8)
        assert i >= j or not np.any(found[..., i, j])


@pytest.mark.parametrize("mode", MODES)
def test_pseudoinverse_of_constant_rank(mode: str) -> None:
    """The rule of Golub and Pereyra holds below full rank, as long as the rank stays."""

    def function(t: Any) -> Any:
        column = np.stack([t, 2.0 * t, t * t])
        return np.linalg.pinv(np.outer(column, np.array([1.0, 3.0])))

    graph = ga.trace(function, 0.7)
    found = graph
    for order in (1, 2):
        found = found.diff(mode=mode)
        step = 1e-3
        values = [function(0.7 + k * step) for k in (-2, -1, 0, 1, 2)]
        first = (values[0] - 8 * values[1] + 8 * values[3] - values[4]) / (12 * step)
        second = (-values[0] + 16 * values[1] - 30 * values[2] + 16 * values[3] - values[4]) / (
            12 * step**2
        )
        np.testing.assert_allclose(found(0.7), (first, second)[order - 1], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [2, 3, 5])
def test_complex_matrices(n: int, mode: str) -> None:
    """Derivatives by complex matrices are holomorphic, without conjugation."""
    draw = np.random.default_rng(n)
    z = draw.normal(size=(n, n)) + 1j * draw.normal(size=(n, n)) + 2 * np.eye(n)
    b = draw.normal(size=n) + 1j
    inverse = np.linalg.inv(z)
    det = ga.trace(np.linalg.det, z).diff(mode=mode)(z)
    np.testing.assert_allclose(det, np.linalg.det(z) * inverse.T, rtol=1e-11)
    found = ga.trace(np.linalg.inv, z).diff(mode=mode)(z)
    np.testing.assert_allclose(found, -np.einsum("ik,lj->ijkl", inverse, inverse), rtol=1e-11)
    found = ga.trace(lambda a: np.linalg.solve(a, b), z).diff(mode=mode)(z)
    np.testing.assert_allclose(found, -np.einsum("ik,l->ikl", inverse, inverse @ b), rtol=1e-10)


@pytest.mark.parametrize("mode", MODES)
def test_empty_and_smallest(mode: str) -> None:
    """Matrices of no elements, batches of none, and matrices of one element."""
    for function in (np.linalg.inv, np.linalg.cholesky, np.linalg.eigvalsh, np.linalg.det):
        graph = ga.trace(function, np.zeros((0, 0))).diff(mode=mode)
        value = function(np.zeros((0, 0)))
        assert np.shape(graph(np.zeros((0, 0)))) == (*np.shape(value), 0, 0)
        batch = ga.trace(function, np.eye(2)).diff(mode=mode)(np.zeros((0, 2, 2)))
        assert np.shape(batch) == (0, *np.shape(function(np.eye(2))), 2, 2)
    one = np.array([[4.0]])
    for function, slope in (
        (np.linalg.inv, -1 / 16),
        (np.linalg.cholesky, 1 / 4),
        (np.linalg.det, 1.0),
        (np.linalg.eigvalsh, 1.0),
        (lambda a: np.linalg.norm(a, 2), 1.0),
        (lambda a: np.linalg.slogdet(a)[1], 1 / 4),
    ):
        found = ga.trace(function, one).diff(mode=mode)(one)
        np.testing.assert_allclose(np.ravel(found), [slope], rtol=1e-15)


def test_single_precision() -> None:
    """Graphs run in single precision, derivatives too."""
    point = S.astype(np.float32)
    for function in (
        np.linalg.inv,
        np.linalg.cholesky,
        np.linalg.eigvalsh,
        lambda a: np.linalg.slogdet(a)[1],
        lambda a: np.linalg.svd(a, compute_uv=False),
    ):
        graph = ga.trace(function, S).diff()
        found = graph(point)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, graph(S), rtol=1e-4, atol=1e-4)


def test_logarithm_of_a_determinant_of_either_sign() -> None:
    """The derivative does not depend on the sign, and the sign has none."""
    point = np.array([[0.0, 1.0], [2.0, 0.5]])
    sign, size = ga.trace(lambda a: tuple(np.linalg.slogdet(a)), S[:2, :2]).diff()(point)
    assert not np.any(sign)
    np.testing.assert_allclose(size, np.linalg.inv(point).T, rtol=1e-15)


def test_complex_factors_have_no_derivative() -> None:
    """A graph of a real matrix that is given a complex one is refused where it would conjugate."""
    graph = ga.trace(np.linalg.cholesky, S)
    with pytest.raises((ga.InputError, DerivativeError), match="cholesky"):
        graph(S + 0.1j)
