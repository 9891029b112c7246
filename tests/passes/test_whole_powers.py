"""Powers by constant whole numbers at scalar grain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.ir import verify
from graphad.ops.powers import LARGEST_CHAIN
from graphad.passes.whole_powers import whole_powers
from graphad.planning import STRATEGIES

EXPONENTS = np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 2.5])


def test_each_exponent_has_its_form() -> None:
    """Whole numbers and 1/2 lose their power, other numbers keep it, and values stay."""
    x = np.linspace(0.5, 1.7, len(EXPONENTS))
    graph = ga.trace(lambda x: x**EXPONENTS, x).scalarize()
    made = verify(whole_powers(graph))
    ops = sorted(node.op.name for node in made.nodes if node.op.name not in {"const", "element"})
    chains = ["integer_power"] * 3
    assert ops == ["input", *chains, "pack", "power", "reciprocal", "sqrt"]
    np.testing.assert_allclose(made(x), x**EXPONENTS, rtol=1e-15)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x ** np.array([2.5, LARGEST_CHAIN + 1.0]),
        lambda x: x ** x[::-1],
        lambda x: np.sin(x),
    ],
)
def test_what_stays(function: Any) -> None:
    """Where there is no such power, the graph itself comes back."""
    graph = ga.trace(function, np.ones(2)).scalarize()
    assert whole_powers(graph) is graph


def test_arrays_stay() -> None:
    """An array of exponents is no single number."""
    graph = ga.trace(lambda x: x**EXPONENTS, np.ones(len(EXPONENTS)))
    assert whole_powers(graph) is graph


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("mode", ["auto", *[name for name in STRATEGIES if name != "elimination"]])
def test_a_polynomial_at_zero(mode: str, order: int) -> None:
    """Each way gives every derivative of 1 + x + x² + x³ at 0: 0!, 1!, 2!, 3!, and then 0."""
    derivative = ga.trace(lambda x: np.sum(x ** np.arange(4)), 0.0).diff(order=order)
    assert derivative.plan(mode=mode)(0.0) == [1, 2, 6, 0][order - 1]


def test_rates_of_reactions_without_a_species() -> None:
    """Mass action with a species that is absent and takes no part has a finite gradient."""
    gradient = ga.trace(lambda c: np.prod(c ** np.array([1, 0, 2])), np.zeros(3)).diff()
    point = np.array([1.0, 0.0, 2.0])
    for made in (gradient, gradient.plan(), gradient.compile()):
        assert made(point).tolist() == [4.0, 0.0, 4.0]
