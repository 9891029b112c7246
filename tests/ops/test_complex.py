"""Derivatives of holomorphic functions at complex numbers."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.evaluate import Program
from graphad.op import OPS
from graphad.passes import Pipeline, diff, pipeline
from graphad.types import make_type

OPTIMIZE = Pipeline(pipeline.OPTIMIZE)
SCALAR = make_type((), np.dtype(np.complex128))
HOLOMORPHIC = {
    "exp": np.exp,
    "log": lambda z: 1 / z,
    "sqrt": lambda z: 0.5 / np.sqrt(z),
    "sin": np.cos,
    "cos": lambda z: -np.sin(z),
    "tan": lambda z: 1 / np.cos(z) ** 2,
    "arctan": lambda z: 1 / (1 + z * z),
    "sinh": np.cosh,
    "cosh": np.sinh,
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "reciprocal": lambda z: -1 / z**2,
    "negative": lambda z: -1.0,
}


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_holomorphic_functions(name: str, mode: str) -> None:
    """The derivative by a complex number is the complex derivative, without conjugation."""
    b = Builder()
    raw = diff(b.finish(name, [OPS[name](b.input("z", SCALAR))]), mode=mode)
    z = 0.7 + 0.4j
    for graph in (raw, OPTIMIZE(raw)):
        (found,) = Program(graph)(z)
        assert isinstance(found, np.complexfloating)
        np.testing.assert_allclose(found, HOLOMORPHIC[name](z), rtol=1e-14)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_complex_matrices(mode: str) -> None:
    """The Jacobian of a complex matrix product is made of the other factor, not conjugated."""
    b = Builder()
    type = make_type((2, 2), np.dtype(np.complex128))
    x, y = b.input("x", type), b.input("y", type)
    graph = diff(b.finish("f", [OPS["einsum"](x, y, spec="ij,jk->ik")]), "x", mode)
    draw = np.random.default_rng(0)
    left, right = (draw.normal(size=(2, 2)) + 1j * draw.normal(size=(2, 2)) for _ in range(2))
    expected = np.einsum("ia,bk->ikab", np.eye(2), right)
    for made in (graph, OPTIMIZE(graph)):
        np.testing.assert_allclose(Program(made)(left, right)[0], expected, rtol=1e-15)
