"""Factorisations, eigenvalues and least squares agree with NumPy; misuse is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import graphad as ga
from tests.tracing.lowering.calls import Case, Traced, call, cases, check, ops_of, refuses, traced

X = traced(4)
A = traced(3, 3)
C = traced(2, 3, 3)
TALL = traced(4, 2)
WIDE = traced(2, 4)
STACK = traced(2, 4, 3)
S = Traced(A.array @ A.array.T + 3 * np.eye(3) + np.triu(np.ones((3, 3)), 1))
"""The triangles differ, so that it shows which one is read."""
SS = Traced(np.stack([S.array, 2 * S.array]))
Z = Traced(A.array + 1j)
EMPTY = traced(0, 0)


@cases(
    *[call(np.linalg.cholesky, x) for x in (S, SS, traced(1, 1, low=1.0), EMPTY)],
    call(np.linalg.cholesky, S, upper=False),
    *[call(np.linalg.eigvalsh, x) for x in (S, SS, C, EMPTY)],
    call(np.linalg.eigvalsh, S, "U"),
    call(np.linalg.eigvalsh, S, UPLO="u"),
    *[call(np.linalg.svd, x, compute_uv=False) for x in (A, C, TALL, WIDE, STACK)],
    *[call(np.linalg.qr, x, "r") for x in (A, C, TALL, WIDE, STACK)],
    *[call(np.linalg.cond, x) for x in (A, C, TALL, WIDE)],
    *[call(np.linalg.cond, C, p) for p in (2, -2, 1, -1, "fro", "nuc", np.inf, -np.inf)],
    *[call(np.linalg.svdvals, x) for x in (A, STACK) if hasattr(np.linalg, "svdvals")],
)
def test_values(case: Case) -> None:
    """Functions of one result, in stacks too, and in single precision."""
    check(case)


def agree(function: Callable[..., Any], *args: Any) -> None:
    """Assert that a traced function of several results gives NumPy's."""
    graph = ga.trace(function, *args)
    for found, wanted in zip(graph(*args), function(*args), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)
        assert np.shape(found) == np.shape(wanted)


def test_the_other_triangle() -> None:
    """With upper=True the upper triangle is read, and an upper factor given."""
    agree(lambda a: (np.linalg.cholesky(a, upper=True),), S.array)


@pytest.mark.parametrize("x", [A, C, TALL, WIDE, STACK, traced(1, 1)], ids=str)
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_qr(x: Traced, mode: str) -> None:
    """Both factors, by position and by name, of any shape in reduced mode."""
    if mode == "complete" and x.array.shape[-2] > x.array.shape[-1]:
        refuses("mode='complete' adds columns that the matrix does not determine",
                np.linalg.qr, x, mode)  # fmt: skip
        return
    agree(lambda a: (*np.linalg.qr(a, mode), np.linalg.qr(a, mode).R), x.array)


@pytest.mark.parametrize("uplo", ["L", "U"])
@pytest.mark.parametrize("x", [S, SS, traced(1, 1)], ids=str)
def test_eigh(x: Traced, uplo: str) -> None:
    """Eigenvalues and eigenvectors, of the triangle that is asked for."""

    def function(a: Any) -> Any:
        w, v = np.linalg.eigh(a, uplo)
        return w, v, np.linalg.eigh(a, UPLO=uplo).eigenvalues

    agree(function, x.array)


@pytest.mark.parametrize("x", [A, C, TALL, WIDE, STACK, traced(1, 1)], ids=str)
def test_svd(x: Traced) -> None:
    """All three parts, by position and by name."""

    def function(a: Any) -> Any:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return u, s, vh, np.linalg.svd(a, full_matrices=False).Vh

    agree(function, x.array)


def test_square_matrices_have_full_vectors() -> None:
    """Without full_matrices=False a square matrix may be decomposed."""
    agree(lambda a: tuple(np.linalg.svd(a)), A.array)


@pytest.mark.parametrize("a", [TALL, WIDE, A], ids=str)
@pytest.mark.parametrize("columns", [None, 1, 2])
def test_least_squares(a: Traced, columns: int | None) -> None:
    """Solutions, residuals, rank and singular values, of tall, wide and square matrices."""
    rows = a.array.shape[0]
    b = traced(rows) if columns is None else traced(rows, columns)

    def function(left: Any, right: Any) -> Any:
        x, residuals, rank, s = np.linalg.lstsq(left, right, rcond=None)
        return x, residuals + 0.0, x.sum() * rank, s

    agree(function, a.array, b.array)


def test_what_is_not_used_is_not_computed() -> None:
    """Of least squares the solution alone needs no singular values."""
    graph = ga.trace(lambda a, b: np.linalg.lstsq(a, b)[0], TALL.array, X.array)
    names = [node.op.name for node in graph.nodes]
    assert "qr" in names
    assert "svdvals" not in names


def test_each_is_one_op() -> None:
    """The graph says what the user wrote."""
    for name, op in (("cholesky", "cholesky"), ("eigvalsh", "eigvalsh")):
        assert ops_of(call(getattr(np.linalg, name), S)) == [op]
    assert ops_of(call(np.linalg.svd, A, compute_uv=False)) == ["svdvals"]
    assert ops_of(call(np.linalg.norm, A, 2)) == ["svdvals", "max"]


def test_refused() -> None:
    """What is not determined by the matrix, or not analytic, says so."""
    refuses("np.linalg.svd: full_matrices= adds vectors that a matrix of shape (4, 2) does not "
            "determine; pass full_matrices=False", np.linalg.svd, TALL)  # fmt: skip
    refuses("hermitian= is not supported; use np.linalg.eigh", np.linalg.svd, S, hermitian=True)
    refuses("mode='raw' is not supported; use mode='reduced'", np.linalg.qr, A, "raw")
    refuses("UPLO='x' is neither 'L' nor 'U'", np.linalg.eigh, S, "x")
    refuses("rcond= changes the rank", np.linalg.lstsq, TALL, X, 1e-3)
    refuses("shapes (4, 2) and (3,) do not fit", np.linalg.lstsq, TALL, traced(3))
    refuses("a square matrix is expected, not an array of shape (4, 2)", np.linalg.cholesky, TALL)
    refuses("a square matrix is expected", np.linalg.eigh, TALL)
    refuses("a square matrix is expected", np.linalg.cond, TALL, 1)
    refuses("a matrix is expected, or a stack of them", np.linalg.qr, X)
    for function, name in (
        (np.linalg.cholesky, "cholesky"),
        (np.linalg.eigh, "eigh"),
        (np.linalg.eigvalsh, "eigvalsh"),
        (np.linalg.qr, "qr"),
    ):
        refuses(f"{name} of a complex matrix conjugates, so it is not analytic; write it with",
                function, Z)  # fmt: skip
    refuses("of a symmetric one use np.linalg.eigh", np.linalg.eig, A)
    refuses("gives a rank, which has no derivative", np.linalg.matrix_rank, A)
