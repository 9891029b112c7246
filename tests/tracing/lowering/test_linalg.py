"""Equations, inverses and determinants agree with NumPy, in stacks too; misuse is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import TraceError
from tests.tracing.lowering.calls import Case, Traced, call, cases, check, ops_of, refuses, traced

X = traced(3)
A = traced(3, 3)
B = traced(3, 2)
C = traced(2, 3, 3)
D = traced(2, 3, 4)
E = traced(4, 1, 3, 3, seed=1)
T = traced(2, 3, 6)
Z = Traced(A.array + 1j * np.roll(A.array, 1))
W = traced(2, 3)
INTEGERS = Traced(np.array([[2, 1], [1, 3]]))


@cases(
    call(np.linalg.solve, A, X),
    call(np.linalg.solve, A, B),
    call(np.linalg.solve, C, X),
    call(np.linalg.solve, C, D),
    call(np.linalg.solve, C, B),
    call(np.linalg.solve, A, D),
    call(np.linalg.solve, E, D),
    call(np.linalg.solve, A.array, X),
    call(np.linalg.solve, A, B.array),
    call(np.linalg.solve, INTEGERS, [1.0, 2.0]),
    call(np.linalg.solve, Z, X),
    call(np.linalg.solve, Z, Z),
    call(np.linalg.solve, traced(1, 1), traced(1)),
    call(np.linalg.solve, traced(0, 0), traced(0)),
    call(np.linalg.solve, traced(0, 0), traced(0, 2)),
    call(np.linalg.solve, traced(0, 3, 3), traced(0, 3, 1)),
    call(np.linalg.tensorsolve, T, W),
    call(np.linalg.tensorsolve, traced(2, 6, 3), W, axes=(1,)),
)
def test_equations(case: Case) -> None:
    """Solutions for vectors and matrices; leading axes broadcast."""
    check(case)


@cases(
    *[call(np.linalg.inv, x) for x in (A, C, E, INTEGERS, Z, traced(1, 1), traced(0, 0))],
    *[call(np.linalg.pinv, x) for x in (A, B, C, D, W, INTEGERS, traced(2, 0), traced(0, 2, 3))],
    call(np.linalg.tensorinv, traced(4, 6, 8, 3)),
    call(np.linalg.tensorinv, traced(6, 2, 3), ind=1),
    *[call(np.linalg.matrix_power, C, n) for n in (-2, -1, 0, 3)],
)
def test_inverses(case: Case) -> None:
    """Inverses, pseudoinverses, and what is made of them."""
    check(case)


@cases(
    *[call(np.linalg.det, x) for x in (A, C, E, INTEGERS, Z, traced(2, 2), traced(5, 5))],
    *[call(np.linalg.det, x) for x in (traced(1, 1), traced(0, 0), traced(0, 2, 2))],
)
def test_determinants(case: Case) -> None:
    """Determinants, also of matrices of no elements."""
    check(case)


@pytest.mark.parametrize("x", [A, C, E, traced(1, 1), traced(0, 0)], ids=str)
def test_sign_and_logarithm_have_names(x: Traced) -> None:
    """The result of slogdet is a named tuple, as NumPy's is."""

    def function(a: Any) -> Any:
        result = np.linalg.slogdet(a)
        sign, size = result
        return sign, size, result.sign * result.logabsdet

    graph = ga.trace(function, x.array)
    for found, wanted in zip(graph(x.array), function(x.array), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_one_matrix_is_factorised_once() -> None:
    """Right sides of a batch with one matrix are columns of one equation."""
    assert ops_of(call(np.linalg.solve, A, D)).count("solve") == 1
    assert "broadcast_to" not in ops_of(call(np.linalg.solve, A, D))


@cases(
    call(np.linalg.solve, A, X),
    call(np.linalg.inv, A),
    call(np.linalg.det, A),
    call(np.linalg.pinv, A),
)
def test_each_is_one_op(case: Case) -> None:
    """The graph says what the user wrote, but for shapes."""
    assert len([name for name in ops_of(case) if name != "reshape"]) == 1


def test_refused() -> None:
    """What does not fit is refused while tracing, with what to write instead."""
    square = "a square matrix is expected, not an array of shape (2, 3); for least squares use"
    for name in ("inv", "det", "slogdet"):
        refuses(f"np.linalg.{name}: {square}", getattr(np.linalg, name), W)
    refuses(square, np.linalg.solve, W, X)
    refuses("a square matrix is expected", np.linalg.matrix_power, W, -1)
    refuses("a matrix is expected, or a stack of them, not an array of shape (3,)",
            np.linalg.inv, X)  # fmt: skip
    refuses("shapes (3, 3) and (2,) do not fit: 3 unknowns, and right sides of length 2",
            np.linalg.solve, A, traced(2))  # fmt: skip
    refuses("shapes (5,) and (2,) do not broadcast", np.linalg.solve, traced(5, 3, 3), D)
    refuses("the right side must be a vector or a matrix", np.linalg.solve, A, 1.0)
    refuses("rcond= changes the rank, at which the pseudoinverse jumps; leave it out",
            np.linalg.pinv, W, 1e-3)  # fmt: skip
    refuses("rtol= changes the rank", np.linalg.pinv, W, rtol=1e-3)
    refuses("hermitian= is not supported", np.linalg.pinv, A, hermitian=True)
    refuses("pinv of a complex matrix conjugates, so it is not analytic", np.linalg.pinv, Z)
    refuses("slogdet of a complex matrix conjugates", np.linalg.slogdet, Z)
    refuses("does not make a square matrix", np.linalg.tensorinv, D)
    refuses("ind=0 must be positive", np.linalg.tensorinv, T, ind=0)
    refuses("do not make a square system", np.linalg.tensorsolve, T, X)


def test_errors_name_the_line() -> None:
    """What is refused while tracing names the user's line."""
    with pytest.raises(TraceError, match=r"test_linalg\.py.*square matrix is expected"):
        ga.trace(lambda a: np.linalg.inv(a), np.ones((2, 3)))


def test_factors_of_cholesky_are_not_factorised_again() -> None:
    """Equations with a factor of Cholesky's, or its transpose, are solved by substitution."""

    def function(a: Any, b: Any) -> Any:
        factor = np.linalg.cholesky(a)
        return np.linalg.solve(factor.T, np.linalg.solve(factor, b))

    a = A.array @ A.array.T + np.eye(3)
    graph = ga.trace(function, a, X.array)
    names = [node.op.name for node in graph.nodes]
    assert names.count("triangular_solve") == 2
    assert "solve" not in names
    np.testing.assert_allclose(graph(a, X.array), np.linalg.solve(a, X.array), rtol=1e-13)
