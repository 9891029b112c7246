"""Matrices that LAPACK refuses are named, with the user's line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import GraphadError
from graphad.evaluate import Program

SINGULAR = np.ones((2, 2))
GOOD = np.array([[2.0, 1.0], [1.0, 3.0]])


def inverted(a: Any) -> Any:
    """Return a function that needs an inverse."""
    return np.sum(
        np.linalg.inv(a @ a)  # the line that is named
    )


@pytest.mark.parametrize(
    ("function", "op", "point", "said"),
    [
        (np.linalg.inv, "inverse", SINGULAR, "Singular matrix"),
        (lambda a: np.linalg.solve(a, np.ones(2)), "solve", SINGULAR, "Singular matrix"),
        (np.linalg.cholesky, "cholesky", -GOOD, "Matrix is not positive definite"),
        (lambda a: np.linalg.lstsq(a, np.ones(2))[0], "triangular_solve", 0 * GOOD, "Singular"),
        (lambda a: np.linalg.svd(a, compute_uv=False), "svdvals", GOOD * np.nan, "SVD did not"),
    ],
)
def test_the_operation_is_named(function: Any, op: str, point: Any, said: str) -> None:
    """The error is NumPy's and ours, and says which operation of which graph it was."""
    graph = ga.trace(function, GOOD)
    with pytest.raises(ga.MatrixError, match=rf"{op} of f64\[2,2\] in .*: .*{said}"):
        graph(point)


def test_the_line_is_named() -> None:
    """The message has the file, the line and its text."""
    graph = ga.trace(inverted, GOOD)
    with pytest.raises(ga.MatrixError) as caught:
        graph(SINGULAR)
    message = str(caught.value)
    assert "test_failures.py:21: inverse of f64[2,2] in inverted: Singular matrix" in message
    assert message.endswith("np.linalg.inv(a @ a)  # the line that is named")
    assert isinstance(caught.value, np.linalg.LinAlgError)
    assert isinstance(caught.value, GraphadError)
    assert isinstance(caught.value.__cause__, np.linalg.LinAlgError)


def test_what_belongs_to_a_derivative_says_so() -> None:
    """The logarithm of a singular determinant has a value, its derivative has not."""
    graph = ga.trace(lambda a: np.linalg.slogdet(a)[1], GOOD)
    assert graph(SINGULAR) == -np.inf
    with pytest.raises(ga.MatrixError, match="it is of the derivative of order 1, by "):
        graph.diff()(SINGULAR)


def test_one_of_a_batch() -> None:
    """As in NumPy, one singular matrix in a batch is an error."""
    graph = ga.trace(inverted, GOOD)
    with pytest.raises(ga.MatrixError, match="Singular matrix"):
        graph(np.stack([GOOD, SINGULAR]))


def test_it_goes_on_afterwards() -> None:
    """A program that failed is as good as before."""
    program = Program(ga.trace(inverted, GOOD))
    for _ in range(2):
        with pytest.raises(ga.MatrixError):
            program(SINGULAR)
        np.testing.assert_allclose(program(GOOD)[0], inverted(GOOD), rtol=1e-15)
