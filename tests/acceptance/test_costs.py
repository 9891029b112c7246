"""Operations of gradients and Hessian–vector products, counted, beside those of the function."""

from __future__ import annotations

import numpy as np
import pytest

import graphad as ga
from tests.acceptance.functions import CASES, LARGER, Case

GRADIENT, PRODUCT = 4.0, 8.0
"""At most so many times the operations of the function."""

SCALAR = [case for case in (*LARGER, *CASES) if not np.shape(case.function(*case.point))]

BEYOND = {
    # A variable exponent counts as 1 operation; its derivatives are a logarithm, a second power,
    # products, and the guards for a base and an exponent of 0.
    "hill": (7.0, 25.0),
    # Functions of a few products: three operations for the tangent of each of two cotangents.
    "geometric_mean": (GRADIENT, 10.0),
    "angle_between": (GRADIENT, 10.0),
}
"""Bounds of functions that take more, and why."""


def case_name(case: Case) -> str:
    """Return a name that tells cases of one function apart."""
    return f"{case.name}-{sum(np.size(x) for x in case.point)}"


def test_there_are_enough() -> None:
    """The bounds hold on far more than 10 functions."""
    assert len(SCALAR) - len(BEYOND) >= 25


@pytest.mark.parametrize("case", SCALAR, ids=case_name)
def test_gradient(case: Case) -> None:
    """A gradient takes at most 4 times the operations of the function, with its value or not."""
    graph = ga.trace(case.function, *case.point)
    allowed = BEYOND.get(case.name, (GRADIENT, PRODUCT))[0] * graph.cost().total
    assert graph.diff(mode="reverse").cost().total <= allowed
    assert graph.value_and_diff(mode="reverse").cost().total <= allowed


@pytest.mark.parametrize("case", SCALAR, ids=case_name)
def test_hessian_vector_product(case: Case) -> None:
    """A Hessian–vector product takes at most 8 times the operations of the function."""
    graph = ga.trace(case.function, *case.point)
    allowed = BEYOND.get(case.name, (GRADIENT, PRODUCT))[1] * graph.cost().total
    assert graph.hvp().cost().total <= allowed


@pytest.mark.parametrize("case", LARGER, ids=case_name)
def test_hessian_vector_product_is_right(case: Case) -> None:
    """H·v is a complex step in the gradient, or the whole matrix times v, and w·H·v is v·H·w."""
    graph = ga.trace(case.function, *case.point)
    (x,) = case.point
    draw = np.random.default_rng(5)
    v, w = draw.uniform(-1, 1, x.shape), draw.uniform(-1, 1, x.shape)
    product = graph.hvp()
    if case.analytic:
        stepped = graph.diff()(x + 1e-150j * v).imag / 1e-150
    else:
        stepped = graph.diff().diff()(x) @ v
    np.testing.assert_allclose(product(x, v), stepped, rtol=1e-12, atol=1e-13 * abs(stepped).max())
    assert np.sum(w * product(x, v)) == pytest.approx(np.sum(v * product(x, w)), rel=1e-12)
