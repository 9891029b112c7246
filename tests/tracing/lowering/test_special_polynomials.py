"""Orthogonal polynomials and spherical harmonics are SciPy's, of all degrees and orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import graphad as ga
from graphad.errors import TraceError

X = np.array([-0.9, -0.25, 0.0, 0.5, 0.99])
FAMILIES: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(("eval_legendre", "eval_chebyt", "eval_chebyu", "eval_hermite"), ()),
    **dict.fromkeys(("eval_hermitenorm", "eval_laguerre", "eval_sh_legendre"), ()),
    **dict.fromkeys(("eval_sh_chebyt", "eval_sh_chebyu", "eval_chebyc", "eval_chebys"), ()),
    **dict.fromkeys(("eval_genlaguerre", "eval_gegenbauer"), (0.75,)),
    "eval_jacobi": (0.75, -0.25),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_degrees(name: str) -> None:
    """Degrees from 0 on are SciPy's, one by one and as an array."""
    function, shapes = getattr(special, name), FAMILIES[name]
    for n in (0, 1, 2, 7, 12):
        graph = ga.trace(lambda x, n=n: getattr(special, name)(n, *shapes, x), X)
        np.testing.assert_allclose(graph(X), function(n, *shapes, X), rtol=1e-12, atol=1e-13)
    degrees = np.array([[2], [0], [3]])
    whole = ga.trace(lambda x: getattr(special, name)(degrees, *shapes, x), X)
    np.testing.assert_allclose(whole(X), function(degrees, *shapes, X), rtol=1e-13, atol=1e-14)
    same = ga.trace(lambda x: getattr(special, name)([3, 3], *shapes, x), 0.5)
    np.testing.assert_allclose(same(0.5), function([3, 3], *shapes, 0.5), rtol=1e-13)


def test_parameters_are_differentiated() -> None:
    """Slopes in the parameters of Jacobi's polynomials are those of central differences."""
    graph = ga.trace(lambda a, b: special.eval_jacobi(4, a, b, 0.3), 0.5, 0.25)
    for name, (i, j) in (("a", (1e-6, 0.0)), ("b", (0.0, 1e-6))):
        ends = [special.eval_jacobi(4, 0.5 + s * i, 0.25 + s * j, 0.3) for s in (1, -1)]
        slope = (ends[0] - ends[1]) / 2e-6
        assert graph.diff(name)(0.5, 0.25) == pytest.approx(slope, rel=1e-8)


def test_associated_functions() -> None:
    """All orders are SciPy's, negative ones and those above the degree among them."""
    for degree in range(5):
        for order in range(-degree, degree + 2):
            graph = ga.trace(lambda x, m=order, v=degree: special.lpmv(m, v, x), X)
            np.testing.assert_allclose(graph(X), special.lpmv(order, degree, X), rtol=1e-12)


@pytest.mark.skipif(not hasattr(special, "sph_harm_y"), reason="of SciPy 1.15")
def test_spherical_harmonics() -> None:
    """Values are SciPy's, beyond the sphere's angles too, however they are imported."""
    theta, phi = np.array([0.0, 0.4, 1.5, np.pi, 3.5, -0.5]), np.array([0.3, -2.0, 4.0, 0, 1, 2])
    harmonic = special.sph_harm_y
    for n in range(4):
        for m in range(-n, n + 1):
            graph = ga.trace(lambda t, p, n=n, m=m: harmonic(n, m, t, p), theta, phi)
            np.testing.assert_allclose(
                graph(theta, phi), harmonic(n, m, theta, phi), rtol=1e-12, atol=1e-15
            )
    real = ga.trace(lambda t, p: special.sph_harm_y(2, 1, t, p).imag, 0.4, 0.3)
    assert real(0.4, 0.3) == pytest.approx(harmonic(2, 1, 0.4, 0.3).imag, rel=1e-14)


@pytest.mark.skipif(not hasattr(special, "sph_harm_y"), reason="of SciPy 1.15")
def test_laplacian_of_a_harmonic() -> None:
    """The Laplacian on the sphere gives -n(n + 1) times the function."""
    t, p = 0.7, 1.1
    for n, m in ((2, 1), (3, -2), (4, 3)):
        graph = ga.trace(lambda t, p, n=n, m=m: special.sph_harm_y(n, m, t, p).real, t, p)
        first, second = graph.diff("t")(t, p), graph.diff("t", order=2)(t, p)
        around = graph.diff("p", order=2)(t, p)
        laplacian = second + first / np.tan(t) + around / np.sin(t) ** 2
        assert laplacian == pytest.approx(-n * (n + 1) * graph(t, p), rel=1e-11)


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "traced": (lambda x: special.eval_legendre(x, 0.5), "the degree n must be fixed while tracing"),
    "negative": (lambda x: special.eval_legendre(-2, x), "must be whole, from 0 to 200, and is -2"),
    "not whole": (lambda x: special.eval_chebyt(1.5, x), "others can be a graphad.primitive"),
    "large": (lambda x: special.lpmv(0, 999, x), "the degree v must be from 0 to 200, and is 999"),
    "several": (lambda x: special.lpmv(0, [1, 2], x), "the degree v must be one integer"),
    "arguments": (lambda x: special.eval_sh_jacobi(1, 1, 1, x), "is np.polyval"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """What is not a fixed degree is refused with what to write instead."""
    function, message = REFUSED[name]
    with pytest.raises(TraceError, match=message):
        ga.trace(function, 0.5)
