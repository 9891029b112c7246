"""Linear operators as sums of derivatives along rays."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import factorial, prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import graphad as ga
from graphad.passes.operators_rays import along_rays, rays_for
from graphad.passes.operators_symbol import Polynomial

POINT = np.array([0.3, -0.5, 0.7])


def slater(x: Any) -> Any:
    """The logarithm of a determinant of orbitals of two particles in three dimensions."""
    r = x.reshape(2, 3)
    size = np.exp(-np.sum(r**2, axis=1))
    orbitals = np.stack([size, r[:, 0] * np.sqrt(size)], axis=1)
    return np.linalg.slogdet(orbitals)[1]


def solved(x: Any) -> Any:
    """The solution of equations whose matrix moves."""
    return np.linalg.solve(np.outer(x, np.sin(x)) + 3 * np.eye(3), x**2)


def spectrum(x: Any) -> Any:
    """Intensities of a Fourier transform."""
    return np.abs(np.fft.fft(np.exp(1j * x))) ** 2


@ga.custom_diff(jvp=lambda x, dx: np.cos(x[0]) * dx[0])
def sloped(x: Any) -> Any:
    """A sine with a rule of its own."""
    return np.sin(x)


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "determinant": (slater, np.array([0.1, -0.4, 0.8, 0.5, 0.3, -0.2])),
    "equations": (solved, POINT),
    "transform": (spectrum, POINT),
    "own rule": (lambda x: np.sum(sloped(x[0] * x) * x), POINT),
    "eigenvalues": (lambda x: np.linalg.eigvalsh(np.outer(x, x) + np.diag([1.0, 2.0, 4.0])), POINT),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_against_all_derivatives(name: str) -> None:
    """The Laplacian, one with weights, and a mixture of orders are sums of all derivatives."""
    function, x = FUNCTIONS[name]
    graph = ga.trace(function, x)
    first, second = graph.diff()(x), graph.diff(order=2)(x)
    weights = np.random.default_rng(3).normal(size=(x.size, x.size))
    pairs = (
        (graph.laplacian(), np.trace(second, axis1=-2, axis2=-1)),
        (graph.laplacian(weights=weights), np.sum(weights * second, axis=(-2, -1))),
        (
            graph.operator({(): 2.0, (1,): -3.0, (0, 2): 1.5, (2, 2): 1.0}),
            2 * graph(x) - 3 * first[..., 1] + 1.5 * second[..., 0, 2] + second[..., 2, 2],
        ),
    )
    for operator, expected in pairs:
        np.testing.assert_allclose(operator(x), expected, rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(operator.compile()(x), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", ["equations", "own rule"])
def test_biharmonic(name: str) -> None:
    """The biharmonic operator is the sum of fourth derivatives."""
    function, x = FUNCTIONS[name]
    graph = ga.trace(function, x)
    fourth = graph.diff(order=4)(x)
    expected = np.einsum("...iijj->...", fourth)
    np.testing.assert_allclose(graph.biharmonic()(x), expected, rtol=1e-10)


def test_complex_coefficients() -> None:
    """Complex coefficients of real functions give complex results."""
    graph = ga.trace(solved, POINT)
    second = graph.diff(order=2)(POINT)
    found = graph.operator({(0, 1): 1 + 2j, (2, 2): -1j})(POINT)
    expected = (1 + 2j) * second[:, 0, 1] - 1j * second[:, 2, 2]
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_inputs_that_do_not_move() -> None:
    """Variables are those of the inputs that are named, and their names may be used."""

    def f(a: Any, x: Any) -> Any:
        return a * np.linalg.det(np.outer(x, x) + a * np.eye(3))

    graph = ga.trace(f, 2.0, POINT)
    whole = graph.diff(wrt="x", order=2)(2.0, POINT)
    np.testing.assert_allclose(graph.laplacian(wrt="x")(2.0, POINT), np.trace(whole), rtol=1e-12)
    mixed = graph.operator({("a", ("x", 1)): 1.0})(2.0, POINT)
    expected = graph.diff(wrt="a").diff(wrt="x")(2.0, POINT)[1]
    np.testing.assert_allclose(mixed, expected, rtol=1e-12)


def power(ray: Any, index: tuple[int, ...]) -> float:
    """The coefficient of one multi-index in a power of a line."""
    counts = [index.count(i) for i in range(len(ray))]
    parts = [v**n / factorial(n) for v, n in zip(ray, counts, strict=True)]
    return float(factorial(len(index)) * prod(parts))


@given(st.data(), st.integers(0, 4))
def test_rays_give_the_operator(data: st.DataObject, order: int) -> None:
    """The weighted powers of the rays have the coefficients of the operator, and no others."""
    indices = sorted({tuple(sorted(index)) for index in product(range(3), repeat=order)})
    numbers = data.draw(st.lists(st.integers(-3, 3), min_size=len(indices), max_size=len(indices)))
    terms: Polynomial = {index: float(c) for index, c in zip(indices, numbers, strict=True) if c}
    if not terms:
        return
    rays, weights = rays_for(terms, 3)
    for index in indices:
        made = sum(w * power(ray, index) for ray, w in zip(rays, weights, strict=True))
        assert abs(made - terms.get(index, 0.0)) < 1e-12


def test_a_quadratic_form_takes_as_many_rays_as_its_rank() -> None:
    """A product of two lines is two rays, however many variables it has."""
    terms: Polynomial = {(i, j): 1.0 for i in range(3) for j in range(3, 6)}
    rays, weights = rays_for(terms, 6)
    assert rays.shape == (2, 6)
    assert weights.shape == (2,)


def test_too_large() -> None:
    """Rays that would take too much memory are refused before it is asked for."""
    graph = ga.trace(lambda x: np.linalg.inv(np.outer(x, x) + np.eye(900))[0], np.ones(900))
    with pytest.raises(ga.DerivativeError, match="derivatives along 900 rays through arrays of"):
        along_rays(graph, {(i, i): 1.0 for i in range(900)}, ("x",))
