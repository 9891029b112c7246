"""Functions of scipy.linalg are traced as NumPy's are, and agree with SciPy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from scipy.linalg import cho_factor, cho_solve, solve_triangular

import graphad as ga
from graphad.errors import TraceError
from graphad.tracing.lowering import scipy_linalg_lowering

DRAW = np.random.default_rng(0)
A = DRAW.normal(size=(3, 3)) + 3 * np.eye(3)
S = A @ A.T + np.eye(3)
B = DRAW.normal(size=3)
M = DRAW.normal(size=(3, 2))
la = scipy.linalg

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "solve": lambda a, b: la.solve(a, b),
    "solve, transposed": lambda a, b: la.solve(a, b, transposed=True, overwrite_a=True),
    "solve, positive": lambda a, b: la.solve(a, b, assume_a="pos"),
    "solve, lower": lambda a, b: la.solve(a, b, lower=True, assume_a="pos"),
    "solve, symmetric": lambda a, b: la.solve(a, b, assume_a="sym"),
    "solve_triangular": lambda a, b: solve_triangular(a, b, check_finite=False),
    "solve_triangular, lower": lambda a, b: solve_triangular(a, b, lower=True),
    "solve_triangular, transposed": lambda a, b: solve_triangular(a, b, "T", lower=True),
    "solve_triangular, unit": lambda a, b: solve_triangular(a, b, 1, unit_diagonal=True),
    "cholesky": lambda a, b: la.cholesky(a) @ b,
    "cholesky, lower": lambda a, b: la.cholesky(a, lower=True) @ b,
    "cho_solve": lambda a, b: cho_solve(cho_factor(a), b),
    "cho_solve, lower": lambda a, b: cho_solve(cho_factor(a, lower=True), b),
    "cho_solve, triangular": lambda a, b: cho_solve((la.cholesky(a, lower=True), True), b),
    "log determinant": lambda a, b: np.sum(np.log(np.diag(cho_factor(a)[0]))) + 0 * b,
    "inv": lambda a, b: la.inv(a) @ b,
    "det": lambda a, b: la.det(a) * b,
    "eigh, upper": lambda a, b: la.eigh(a, lower=False, eigvals_only=True) * b,
    "eigvalsh": lambda a, b: la.eigvalsh(a) * b,
    "svd": lambda a, b: la.svd(a)[0] @ b,
    "svdvals": lambda a, b: la.svdvals(a) * b,
    "pinv": lambda a, b: la.pinv(a[:, :2]) @ b,
    "norm": lambda a, b: la.norm(a, 2) * la.norm(b),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients(name: str) -> None:
    """Values are SciPy's, and gradients those of central differences."""
    function = FUNCTIONS[name]
    graph = ga.trace(function, S, B)
    np.testing.assert_allclose(graph(S, B), function(S, B), rtol=1e-12)
    found = graph.diff("a")(S, B)
    step = 1e-6
    for i, j in np.ndindex(3, 3):
        moved = step * np.outer(np.eye(3)[i], np.eye(3)[j])
        slope = (np.asarray(function(S + moved, B)) - function(S - moved, B)) / (2 * step)
        np.testing.assert_allclose(found[..., i, j], slope, rtol=1e-7, atol=1e-8)


def test_matrices_of_right_sides() -> None:
    """Several right sides are solved at once."""
    graph = ga.trace(lambda a, b: cho_solve(cho_factor(a), b), S, M)
    np.testing.assert_allclose(graph(S, M), np.linalg.solve(S, M), rtol=1e-12)


def test_refused() -> None:
    """What is not supported says so."""
    for function, message in (
        (lambda a: la.solve(a, B, assume_a="banded"), "assume_a='banded' is not supported"),
        (lambda a: solve_triangular(a, B, trans="C"), "trans='C' is not supported; use 0 or 1"),
        (lambda a: la.eigh(a, np.eye(3))[0], "two matrices are not supported; factorise b"),
        (lambda a: la.eigh(a)[1], "eigenvectors have other signs than NumPy's; use np.linalg.eigh"),
        (lambda a: la.inv(a[:2]), "scipy.linalg.inv: np.linalg.inv: a square matrix is expected"),
        (lambda a: la.logm(a), "logm of a traced value is not supported"),
    ):
        with pytest.raises(TraceError, match=message.replace("(", r"\(")):
            ga.trace(function, S)


def test_others_have_none() -> None:
    """Functions of the same names of other modules are not taken for SciPy's."""
    assert scipy_linalg_lowering(np.linalg.inv) is None
    assert scipy_linalg_lowering(la.expm) is None
    assert scipy_linalg_lowering(la.inv) is not None


def test_tracing_does_not_import_scipy() -> None:
    """A trace of functions of NumPy alone leaves SciPy out."""
    code = (
        "import sys, numpy as np, graphad as ga; ga.trace(np.linalg.inv, np.eye(2)); "
        "print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
