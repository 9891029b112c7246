"""Functions of SciPy's that are written anew are SciPy's, and are traced with their derivatives."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.optimize
import scipy.spatial
from scipy.integrate import simpson, trapezoid
from scipy.spatial import distance
from scipy.spatial.distance import cdist

import graphad as ga
from graphad.errors import TraceError
from graphad.tracing.rewritten import REWRITTEN
from tests.ops.special_references import Reference, exact_derivatives, mp

DRAW = np.random.default_rng(0)
la, integrate = scipy.linalg, scipy.integrate
V, W, T = DRAW.normal(size=6), DRAW.normal(size=4), np.cumsum(DRAW.uniform(0.2, 1.0, 6))
A, Q = DRAW.normal(size=(4, 4)), DRAW.normal(size=(4, 4))
P = DRAW.normal(size=(3, 6))
BANDS = DRAW.normal(size=(3, 6)) + np.array([[0.0], [5.0], [0.0]])

CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "trapezoid": (lambda y: trapezoid(y), (V,)),
    "trapezoid, dx": (lambda y, d: trapezoid(y, dx=d), (V, 0.25)),
    "trapezoid, x": (lambda y, x: integrate.trapezoid(y, x), (V, T)),
    "trapezoid, axis": (lambda y: trapezoid(y, dx=0.5, axis=0), (P,)),
    "trapezoid, matrices": (lambda y, x: trapezoid(y, x, axis=1), (P, P**3)),
    "cumulative": (lambda y, x: integrate.cumulative_trapezoid(y, x), (V, T)),
    "cumulative, from 0": (lambda y: integrate.cumulative_trapezoid(y, initial=0), (P,)),
    "cumulative, axis": (lambda y: integrate.cumulative_trapezoid(y, dx=2, axis=0), (P,)),
    "simpson, even": (lambda y: simpson(y), (V,)),
    "simpson, odd": (lambda y: simpson(y, dx=0.5), (V[:5],)),
    "simpson, x": (lambda y, x: simpson(y, x=x), (V, T)),
    "simpson, x odd": (lambda y, x: simpson(y, x), (V[:5], T[:5])),
    "simpson, matrix": (lambda y: simpson(y, x=T, axis=1), (P,)),
    "simpson, axis": (lambda y: simpson(y, axis=0), (P,)),
    "simpson, two": (lambda y: simpson(y), (V[:2],)),
    "romb": (lambda y: integrate.romb(y, dx=0.5), (V[:5],)),
    "fixed_quad": (lambda b: integrate.fixed_quad(lambda x: np.sin(x * b), 0.0, b)[0], (1.25,)),
    "fixed_quad, fixed": (
        lambda b: integrate.fixed_quad(lambda x: np.sin(x * b), 0, 1, n=7)[0],
        (1.25,),
    ),
    "cdist": (lambda x, y: cdist(x, y), (P, P[:2] ** 2 + 1)),
    "pdist": (lambda x: distance.pdist(x), (P,)),
    **{
        f"cdist, {metric}": (lambda x, y, m=metric: cdist(x, y, m), (P, P[:2] ** 2 + 1))
        for metric in ("sqeuclidean", "cityblock", "chebyshev", "cosine")
    },
    "cdist, minkowski": (lambda x, y: cdist(x, y, "minkowski", p=3), (P, P[:2] ** 2 + 1)),
    "cdist, weights": (lambda x, y: cdist(x, y, "euclidean", w=T), (P, P[:2] ** 2 + 1)),
    "pdist, cityblock": (lambda x: distance.pdist(x, metric="cityblock"), (P,)),
    "squareform": (lambda x: distance.squareform(x), (V,)),
    "squareform, back": (lambda x: distance.squareform(x + x.T, checks=False), (A,)),
    "euclidean": (lambda x, y: scipy.spatial.distance.euclidean(x, y), (V, T)),
    "others": (
        lambda x, y: (
            distance.sqeuclidean(x, y)
            * distance.cityblock(x, y)
            * distance.chebyshev(x, y)
            * distance.minkowski(x, y, 3)
            * distance.cosine(x, y)
        ),
        (V, T),
    ),
    "euclidean, weights": (lambda x, y: distance.euclidean(x, y, T), (V, T)),
    "rosen": (lambda x: scipy.optimize.rosen(x), (V,)),
    "block_diag": (lambda a, b: la.block_diag(a, b, 2.0 * b[0]), (A, W)),
    "toeplitz": (lambda c, r: la.toeplitz(c, r), (W, V)),
    "toeplitz, symmetric": (lambda c: la.toeplitz(c), (W,)),
    "hankel": (lambda c, r: la.hankel(c, r) + 0, (W, V)),
    "hankel, one": (lambda c: la.hankel(c), (W,)),
    "circulant": (lambda c: la.circulant(c), (W,)),
    "companion": (lambda c: la.companion(c), (W,)),
    "convolution_matrix": (lambda c: la.convolution_matrix(c, 3), (W,)),
    "convolution_matrix, same": (lambda c: la.convolution_matrix(c, 3, "same"), (W,)),
    "convolution_matrix, valid": (lambda c: la.convolution_matrix(c, 6, "valid"), (W,)),
    "khatri_rao": (lambda a, b: la.khatri_rao(a, b[:2]), (A, Q)),
    "expm": (lambda a: la.expm(a), (A,)),
    "expm, large": (lambda a: la.expm(a), (3 * A,)),
    "expm, stack": (lambda a: la.expm(a), (np.stack([A, 5 * Q]),)),
    "qr": (lambda a: la.qr(a)[0] @ la.qr(a)[1] ** 2, (A,)),
    "qr, economic": (lambda a: la.qr(a[:, :2], mode="economic")[0], (A,)),
    "qr, r": (lambda a: la.qr(a[:, :2], mode="r")[0], (A,)),
    "lstsq": (lambda a, b: la.lstsq(a[:, :2], b)[0], (A, W)),
    "lstsq, residue": (lambda a, b: la.lstsq(a[:, :2], b)[1], (A, W)),
    "lstsq, residues": (lambda a, b: la.lstsq(a[:, :2], b)[1], (A, Q)),
    "polar": (lambda a: la.polar(a)[0] @ la.polar(a)[1] ** 2, (A,)),
    "polar, left": (lambda a: la.polar(a, "left")[1], (A,)),
    "solve_sylvester": (
        lambda a, q: la.solve_sylvester(a, a[:3, :3] + 9 * np.eye(3), q[:, :3]),
        (A, Q),
    ),
    "lyapunov": (lambda a, q: la.solve_continuous_lyapunov(a + 9 * np.eye(4), q), (A, Q)),
    "discrete lyapunov": (lambda a, q: la.solve_discrete_lyapunov(a / 5, q), (A, Q)),
    "solve_toeplitz": (lambda c, b: la.solve_toeplitz((c + 9 * np.eye(4)[0], c), b), (W, Q)),
    "matmul_toeplitz": (lambda c, b: la.matmul_toeplitz(c, b), (W, Q)),
    "solve_circulant": (lambda c, b: la.solve_circulant(c, b), (W, W + 1)),
    "solve_banded": (lambda ab, b: la.solve_banded((1, 1), ab, b), (BANDS, V)),
    "solve_banded, two": (
        lambda ab, b: la.solve_banded((0, 2), ab[::-1], b),
        (BANDS[[1, 0, 2]], V),
    ),
    "solveh_banded": (lambda ab, b: la.solveh_banded(ab, b), (BANDS[:2], V)),
    "solveh_banded, lower": (lambda ab, b: la.solveh_banded(ab, b, lower=True), (BANDS[1:], V)),
    "eigvalsh_tridiagonal": (lambda d, e: la.eigvalsh_tridiagonal(d, e), (V, V[1:])),
}


@pytest.mark.parametrize("case", CASES)
def test_values_and_slopes(case: str) -> None:
    """Values are SciPy's, and slopes along a line those of central differences."""
    function, args = CASES[case]
    graph = ga.trace(function, *args)
    found, expected = graph(*args), function(*args)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=2e-12, atol=1e-13)
    draw = np.random.default_rng(1)
    steps = [draw.normal(size=np.shape(arg)) for arg in args]
    ends = [
        function(*[arg + sign * 1e-6 * step for arg, step in zip(args, steps, strict=True)])
        for sign in (1, -1)
    ]
    slope = (np.asarray(ends[0]) - ends[1]) / 2e-6
    total = np.zeros(np.shape(found))
    for name, step in zip(inspect.signature(function).parameters, steps, strict=False):
        total = total + np.tensordot(graph.diff(name)(*args), step, np.ndim(step))
    np.testing.assert_allclose(total, slope, rtol=1e-6, atol=1e-6 * np.max(np.abs(slope)))


def test_all_are_compared() -> None:
    """Each function that is written anew is among those that are compared."""
    text = Path(__file__).read_text(encoding="utf-8")
    names = [name.rpartition(".")[2] for name in REWRITTEN]
    assert [name for name in names if f"{name}(" not in text] == []


# --- the exponential of matrices -----------------------------------------------------------------

ROTATION = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.5], [0.0, 0.25, -0.125]])
SHEAR = np.array([[0.0, 8.0, 0.0], [0.0, 0.0, 8.0], [0.0, 0.0, 0.0]])
STIFF = np.array([[-1.0, 0.5, 0.0], [0.25, -64.0, 1.0], [0.0, 2.0, -512.0]])
DIRECTION = np.array([[0.5, -1.0, 0.25], [1.0, 0.75, -0.5], [0.0, 0.125, -1.0]])


@pytest.mark.parametrize(
    ("matrix", "tolerance"),
    [(ROTATION / 64, 1e-15), (ROTATION * 4, 1e-14), (SHEAR, 1e-14), (STIFF, 1e-11)],
    ids=["small", "turning", "not normal", "stiff"],
)
def test_expm_is_right_to_order_4(matrix: Any, tolerance: float) -> None:
    """Derivatives along a line are those of mpmath's exponential, to some times the rounding."""

    def exact(t: Any) -> Any:
        whole = mp.expm(mp.matrix(matrix.tolist()) + t * mp.matrix(DIRECTION.tolist()))
        return whole[0, 0] + 2 * whole[0, 1] - whole[1, 0] + whole[2, 0]

    def function(t: Any) -> Any:
        whole = scipy.linalg.expm(matrix + t * DIRECTION)
        return whole[0, 0] + 2 * whole[0, 1] - whole[1, 0] + whole[2, 0]

    points = (0.0, 0.125, -0.75, 1.5)
    expected = exact_derivatives(Reference("expm", function, exact, points))
    graph = ga.trace(function, 0.5)
    for order in range(5):
        found = graph.diff(order=order)(np.array(points)) if order else graph(np.array(points))
        size = abs(expected[: order + 1]).max(axis=0)
        np.testing.assert_array_less(abs(found - expected[order]), 10 * tolerance * size)


def test_expm_of_norms_beyond_the_squarings() -> None:
    """A matrix too large to be scaled gives NaN, and no wrong number."""
    graph = ga.trace(lambda a: scipy.linalg.expm(a), np.eye(2))
    large = np.diag([-4000.0, -1.0])
    np.testing.assert_allclose(graph(large), scipy.linalg.expm(large), rtol=1e-11)
    assert np.isnan(graph(np.diag([-5000.0, -1.0]))).all()


# --- what is refused -----------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "the metric": (lambda a: cdist(a, a, "jaccard"), "cdist: the metric 'jaccard' is not traced"),
    "a function": (lambda a: cdist(a, a, lambda u, v: 1.0), r"x\[:, None, :\] - y\[None, :, :\]"),
    "rows": (lambda a: cdist(a, a[:, :2]), "rows of 4 and of 2 numbers do not go together"),
    "weights": (lambda a: cdist(a, a, "cosine", w=W), "w= is not traced with this metric"),
    "pivoting": (lambda a: la.qr(a, pivoting=True), "scipy.linalg.qr: pivoting= chooses columns"),
    "full": (lambda a: la.qr(a[:, :2])[0], "use mode='economic'"),
    "cond": (lambda a: la.lstsq(a, W, cond=0.1)[0], "cond= changes the rank"),
    "square": (lambda a: la.expm(a[:2]), "scipy.linalg.expm: The input must be at least a square"),
    "a table": (lambda a: integrate.romb(a[0], show=True), "show= prints a table; leave|leave it"),
    "samples": (lambda a: integrate.romb(a[0]), "Number of samples must be one plus"),
    "initial": (lambda a: integrate.cumulative_trapezoid(a, initial=1), "must be `None` or `0`"),
    "bands": (lambda a: la.solve_banded((1, 0), a, W), "2 diagonals are expected, not shape"),
    "general eigenvalues": (lambda a: la.eigvals(a), "scipy.linalg.eigvals of a matrix that need"),
    "logarithms": (lambda a: la.logm(a), "scipy.linalg.logm is not traced"),
    "other functions": (lambda a: la.null_space(a), "scipy.linalg.null_space is not traced"),
    "a traced integrand": (
        lambda a: integrate.quad(lambda t: np.exp(-t * a[0, 0]), 0.0, 1.0)[0],
        "scipy.integrate.quad chooses its points by the values(.|\n)*np.polynomial.legendre",
    ),
    "a traced equation": (
        lambda a: scipy.optimize.brentq(lambda t: t - a[0, 0], -9.0, 9.0),
        "scipy.optimize.brentq searches while it runs(.|\n)*graphad.implicit",
    ),
    "steps": (
        lambda a: integrate.solve_ivp(lambda t, y: -a[0, 0] * y, (0.0, 1.0), [1.0]).y,
        "scipy.integrate.solve_ivp chooses its steps by the values(.|\n)*graphad.scan",
    ),
    "quadrature": (lambda a: integrate.quad(np.sin, 0.0, a[0, 0]), "chooses its points by the val"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    """What is not traced is named as users import it, and says what to write instead."""
    function, message = REFUSED[case]
    with pytest.raises(TraceError, match=message):
        ga.trace(function, A)
