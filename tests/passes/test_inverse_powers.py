"""Quotients by powers, as powers of an inverse: no derivative outgrows the result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.ir import verify
from graphad.passes.inverse_powers import inverse_powers
from graphad.planning import STRATEGIES

SIZE, DEPTH = 3.4e-10, 1.65e-21
"""Of argon, in metres and joules."""


def energy(r: Any) -> Any:
    """Return the Lennard-Jones energy of two atoms of argon, in SI units."""
    return 4 * DEPTH * (SIZE**12 / r**12 - SIZE**6 / r**6)


@pytest.mark.parametrize(
    ("function", "ops"),
    [
        (lambda x: 3.0 / x**4, ["integer_power", "multiply", "reciprocal"]),
        (lambda x: np.reciprocal(np.exp(x) ** 2), ["exp", "integer_power", "reciprocal"]),
        (lambda x: np.sin(x) / x**2, ["integer_power", "multiply", "reciprocal", "sin"]),
    ],
)
def test_quotients_are_products(function: Any, ops: list[str]) -> None:
    """A quotient by a power is a product with a power of an inverse, of the same value."""
    graph = ga.trace(function).run("simplify")
    made = verify(inverse_powers(graph))
    assert sorted({node.op.name for node in made.run("dce").nodes} - {"const", "input"}) == ops
    np.testing.assert_allclose(made(0.7), graph(0.7), rtol=1e-15)


@pytest.mark.parametrize(
    "function", [lambda x: np.sin(x) / x, lambda x: x**-3, lambda x: x**2 / 3.0, np.reciprocal]
)
def test_what_stays(function: Any) -> None:
    """Where there is no quotient by a power, the graph itself comes back."""
    graph = ga.trace(function)
    assert inverse_powers(graph) is graph


def test_arrays_stay() -> None:
    """Arrays are left as they are."""
    graph = ga.trace(lambda x: 1 / x**2, np.ones(3))
    assert inverse_powers(graph) is graph


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("mode", ["auto", *[name for name in STRATEGIES if name != "elimination"]])
def test_small_lengths(mode: str, order: int) -> None:
    """In SI units each way gives finite derivatives, right beside the formula."""
    r = 1.1 * SIZE
    rising = np.prod(np.arange(12.0, 12 + order)), np.prod(np.arange(6.0, 6 + order))
    ratio = SIZE / r
    expected = 4 * DEPTH * (-1) ** order * (rising[0] * ratio**12 - rising[1] * ratio**6)
    found = ga.trace(energy, r).diff(order=order).plan(mode=mode)(r)
    np.testing.assert_allclose(found * r**order, expected, rtol=1e-11)


def test_atoms_in_metres() -> None:
    """Third derivatives of four atoms in metres are those in units of their size, rescaled."""
    i, j = np.triu_indices(4, 1)

    def total(x: Any) -> Any:
        d = x.reshape(4, 3)[i] - x.reshape(4, 3)[j]
        return np.sum(energy(np.linalg.norm(d, axis=1)))

    x = np.array([0, 0, 0, 1.1, 0, 0, 0.5, 1.0, 0.1, 0.4, 0.3, 1.05])
    found = ga.trace(total, x * SIZE).diff(order=3).compile()(x * SIZE)
    expected = ga.trace(lambda x: total(x * SIZE), x).diff(order=3)(x) / SIZE**3
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
