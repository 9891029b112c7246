"""Derivatives by one scalar against mpmath's, in many digits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from graphad.evaluate import precise
from graphad.ir import verify
from graphad.op import OPS
from graphad.passes.univariate import univariate
from graphad.text import dump
from tests.passes.graphs import graph_of, names_of

sin, exp, tanh, log = (OPS[name] for name in ("sin", "exp", "tanh", "log"))
FUNCTIONS: dict[str, tuple[Any, Any]] = {
    "exp": (exp, mpmath.exp),
    "tanh": (tanh, mpmath.tanh),
    "composition": (lambda x: exp(sin(x)), lambda t: mpmath.exp(mpmath.sin(t))),
    "reciprocal": (lambda x: 1.0 / (1.0 + x * x), lambda t: 1 / (1 + t * t)),
    "powers": (
        lambda x: OPS["integer_power"](x, exponent=-6) - OPS["integer_power"](x, exponent=-3),
        lambda t: t**-6 - t**-3,
    ),
    "real power": (lambda x: OPS["power"](x, 2.5), lambda t: t**2.5),
    "polynomial": (lambda x: 3.0 * x * x * x - x, lambda t: 3 * t**3 - t),
    "log": (lambda x: log(x) * x, lambda t: mpmath.log(t) * t),
}


@pytest.mark.parametrize("order", [1, 4, 7, 10])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name: str, order: int) -> None:
    """All derivatives up to the order are mpmath's, to the rounding of constants."""
    function, exact = FUNCTIONS[name]
    made = verify(univariate(graph_of(function, "[]"), order))
    found = precise(made, [0.7])
    assert len(found) == order
    with mpmath.workdps(80):
        wanted = mpmath.taylor(exact, mpmath.mpf(0.7), order, singular=True)
        for k in range(1, order + 1):
            value = wanted[k] * mpmath.factorial(k)
            assert abs(found[k - 1].item() - value) <= 1e-12 * (1 + abs(value))


def test_parameters() -> None:
    """Inputs after the first are parameters, also those that nothing depends on."""
    graph = graph_of(lambda x, y, z: exp(x * y), "[]", "[]", "[3]")
    made = verify(univariate(graph, 3))
    assert made.input_names == ("x", "y", "z")
    found = [float(v) for v in precise(made, [0.5, 2.0, np.zeros(3)])]
    np.testing.assert_allclose(found, np.exp(1.0) * np.array([2.0, 4.0, 8.0]), rtol=1e-15)


@pytest.mark.parametrize("function", [lambda x, y: x, lambda x, y: y * 2.0, lambda x, y: x + y])
def test_slopes_that_vanish_are_constants(function: Any) -> None:
    """The derivatives of what is linear, or does not depend on the variable, are numbers."""
    made = univariate(graph_of(function, "[]", "[]"), 3)
    assert names_of(made) == []
    assert [float(node.attrs[0].scalar) for node in made.outputs[1:]] == [0.0, 0.0]


def test_a_zero_of_the_user_stays() -> None:
    """``0·exp(x)`` is NaN where exp is infinite, in its derivatives too."""
    made = univariate(graph_of(lambda x: 0.0 * exp(x), "[]"), 2)
    assert "exp" in names_of(made)


@pytest.mark.parametrize("dtype", ["f32", "c128"])
def test_dtypes(dtype: str) -> None:
    """Derivatives have the dtype of the function."""
    made = univariate(graph_of(lambda x: exp(x * x), f"{dtype}[]"), 3)
    assert {str(node.type) for node in made.outputs} == {f"{dtype}[]"}


def test_numbers_near_the_ends_of_the_range() -> None:
    """Numbers that only cancel together give finite derivatives."""
    made = univariate(graph_of(lambda x: exp(1e200 * (1e-200 * x)), "[]"), 3)
    found = [float(v) for v in precise(made, [0.5])]
    np.testing.assert_allclose(found, [np.exp(0.5)] * 3, rtol=1e-14)


def test_it_is_deterministic() -> None:
    """The same function gives the same graph."""
    graph = graph_of(lambda x: exp(sin(x)) / (1.0 + x * x), "[]")
    assert dump(univariate(graph, 5)) == dump(univariate(graph, 5))
