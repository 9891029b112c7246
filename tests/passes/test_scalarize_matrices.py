"""Small matrices in scalars: the same numbers as LAPACK's, as accurate, and differentiable."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import graphad as ga
from graphad.builder import Builder
from graphad.errors import PassError
from graphad.evaluate import Program
from graphad.ir import Graph
from graphad.op import OPS, Array
from graphad.passes import scalarize
from graphad.passes.scalarize_matrices import PIVOTED, POLYNOMIAL, RULES, SUBSTITUTED
from graphad.types import make_type

SQUARE = ("inverse", "det", "cofactor", "slogdet", "cholesky")
CASES = [
    (name, n)
    for name, (_, largest) in sorted(RULES.items())
    for n in range(1, largest + 1)
    if n <= 4 or n == largest
]


def graph_of(name: str, *shapes: tuple[int, ...], attrs: tuple[Any, ...] = ()) -> Graph:
    """Return the graph of one op on inputs."""
    b = Builder()
    inputs = [
        b.input(f"x{i}", make_type(shape, np.dtype(np.float64))) for i, shape in enumerate(shapes)
    ]
    node = b.emit(OPS[name], tuple([x.node for x in inputs]), attrs)
    return b.finish(name, [node])


def operands(name: str, n: int, seed: int) -> tuple[list[tuple[int, ...]], list[Array]]:
    """Return shapes and arrays for an op: symmetric positive definite where it must be."""
    draw = np.random.default_rng([seed, n])
    a = draw.normal(size=(2, n, n))
    if name == "cholesky":
        a = a @ a.transpose(0, 2, 1) + np.eye(n)
    if name == "triangular_solve":
        a = a + 3 * np.eye(n)
    arrays = [a, draw.normal(size=(2, n, 2))] if "solve" in name else [a]
    return [x.shape for x in arrays], arrays


def attributes(name: str) -> list[tuple[Any, ...]]:
    """Return the attributes to try an op with."""
    if name == "triangular_solve":
        return [(lower, turned) for lower in (True, False) for turned in (True, False)]
    return [()]


@pytest.mark.parametrize(("name", "n"), CASES)
def test_values(name: str, n: int) -> None:
    """Each op of small matrices has a form in scalars that gives its values, in stacks."""
    for attrs in attributes(name):
        shapes, _ = operands(name, n, 0)
        graph = graph_of(name, *shapes, attrs=attrs)
        lowered = scalarize(graph)
        assert all(node.type.shape == () for node in lowered.nodes[len(shapes) : -1])
        for seed in range(10):
            _, arrays = operands(name, n, seed)
            (found,), (wanted,) = Program(lowered)(*arrays), Program(graph)(*arrays)
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", sorted(RULES))
def test_larger_ones_are_kept(name: str) -> None:
    """Matrices that are too large for it are refused, so that planning goes on with arrays."""
    n = RULES[name][1] + 1
    shapes, _ = operands(name, n, 0)
    graph = graph_of(name, *shapes, attrs=attributes(name)[0])
    with pytest.raises(PassError, match=f"{name} .*is not made of scalars.*keep the array"):
        scalarize(graph)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_rows_are_exchanged(n: int) -> None:
    """Pivots that are 0, or tiny, do no harm; every order of rows is solved."""
    graph = scalarize(graph_of("solve", (n, n), (n, 1)))
    right = np.arange(1.0, n + 1).reshape(n, 1)
    for seed in range(10):
        draw = np.random.default_rng(seed)
        matrix = np.eye(n)[draw.permutation(n)] + 1e-14 * draw.normal(size=(n, n))
        (found,) = Program(graph)(matrix, right)
        np.testing.assert_allclose(found, np.linalg.solve(matrix, right), rtol=1e-12)
    sign = scalarize(graph_of("slogdet", (n, n)))
    for seed in range(10):
        matrix = np.eye(n)[np.random.default_rng(seed).permutation(n)]
        (found,) = Program(sign)(matrix)
        np.testing.assert_array_equal(found, np.stack(np.linalg.slogdet(matrix)))


@pytest.mark.parametrize("n", [2, 3, 4])
def test_ill_conditioned_equations(n: int) -> None:
    """The error is not larger than elimination's is: condition times rounding."""
    graph = scalarize(graph_of("inverse", (n, n)))
    for seed in range(20):
        draw = np.random.default_rng(seed)
        u, _, vh = np.linalg.svd(draw.normal(size=(n, n)))
        matrix = (u * np.logspace(0, -6, n)) @ vh
        with mpmath.workdps(40):
            exact = np.array((mpmath.matrix(matrix.tolist()) ** -1).tolist(), dtype=float)
        (found,) = Program(graph)(matrix)
        assert np.max(abs(found - exact)) < 1e6 * 1e-15 * np.max(abs(exact))


def test_structural_zeros_stay() -> None:
    """What lies above the diagonal of a factor makes no product and no node."""
    graph = ga.trace(lambda a, b: np.linalg.solve(np.linalg.cholesky(a), b), np.eye(3), np.ones(3))
    factor = ga.trace(np.linalg.cholesky, np.eye(3)).scalarize()
    assert graph.scalarize().cost().total == 23
    assert factor.cost().total == 14


def test_what_is_singular_is_not_finite() -> None:
    """Scalars raise nothing: they give infinities or NaN where LAPACK would raise."""
    singular = np.ones((3, 3))
    (found,) = Program(scalarize(graph_of("inverse", (3, 3))))(singular)
    assert not np.any(np.isfinite(found))
    (found,) = Program(scalarize(graph_of("cholesky", (2, 2))))(-np.eye(2))
    assert np.isnan(found[0, 0])
    (found,) = Program(scalarize(graph_of("slogdet", (3, 3))))(np.zeros((3, 3)))
    assert found[1] == -np.inf or np.isnan(found[1])


@pytest.mark.parametrize("mode", ["forward", "reverse-forward", "edge-pushing", "compose"])
def test_ways_of_scalars_agree_with_arrays(mode: str) -> None:
    """Second derivatives at scalar grain are those of the rules for arrays."""

    def function(a: Any) -> Any:
        spread = a @ a.T + np.eye(3)
        factor = np.linalg.cholesky(spread)
        white = np.linalg.solve(factor, a[0])
        return np.linalg.slogdet(a)[1] + white @ white + np.linalg.inv(a)[0, 1] + np.linalg.det(a)

    point = np.random.default_rng(5).normal(size=(3, 3))
    second = ga.trace(function, point).diff(order=2)
    found = second.plan(mode=mode)(point)
    np.testing.assert_allclose(found, second(point), rtol=1e-9, atol=1e-9)


def test_machine_code() -> None:
    """A step of a Kalman filter is compiled to scalars, and gives what the interpreter does."""

    def step(p: Any, h: Any) -> Any:
        s = h @ p @ h.T + np.eye(2)
        gain = p @ h.T @ np.linalg.inv(s)
        return np.trace((np.eye(3) - gain @ h) @ p) + np.linalg.slogdet(s)[1]

    draw = np.random.default_rng(0)
    p, h = np.eye(3) + 0.1, draw.normal(size=(2, 3))
    gradient = ga.trace(step, p, h).diff()
    compiled = gradient.compile()
    assert type(compiled).__name__ == "Compiled"
    for found, wanted in zip(compiled(p, h), gradient(p, h), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_sizes() -> None:
    """The limits are as small as documented: larger ones take longer to write out than to run."""
    assert (PIVOTED, POLYNOMIAL, SUBSTITUTED) == (4, 3, 8)
