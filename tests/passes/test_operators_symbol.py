"""What operators need, against dimensions that are known and products of polynomials."""

from __future__ import annotations

from math import factorial, prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphad.errors import DerivativeError
from graphad.passes import operators_symbol
from graphad.passes.operators_symbol import Closure, closure


def biharmonic(n: int) -> dict[tuple[int, ...], float]:
    """Return the terms of (Σ ∂_i²)²."""
    return {(i, i, j, j): 1.0 if i == j else 2.0 for i in range(n) for j in range(i, n)}


@pytest.mark.parametrize("n", range(1, 8))
def test_laplacian(n: int) -> None:
    """The value, n first derivatives and one sum."""
    found = closure({(i, i): 1.0 for i in range(n)})
    assert found.size == n + 2
    assert found.levels == (0, *[1] * n, 2)
    assert found.splits == tuple((n + 1, i, i, 1.0) for i in range(1, n + 1))
    assert found.weights == {n + 1: 2.0}


@pytest.mark.parametrize(("n", "size"), [(1, 5), (2, 9), (3, 14), (5, 27), (12, 104)])
def test_biharmonic(n: int, size: int) -> None:
    """1 + n + n(n+1)/2 + n + 1 vectors, fewer than the 252 of collapsed rays for 5 variables."""
    found = closure(biharmonic(n))
    assert found.size == size == 2 + 2 * n + n * (n + 1) // 2
    assert found.size <= 252 or n != 5
    assert found.order == 4


@pytest.mark.parametrize(
    ("terms", "size"),
    [
        ({}, 1),
        ({(): 3.0}, 1),
        ({(0,): 0.0}, 1),
        ({(0,): 1.0, (1,): -2.0}, 2),
        ({(0, 0): 1.0, (1,): -1.0}, 3),
        ({(0, 1): 1.0}, 4),
        ({(0, 0): 1.0, (0, 1): 2.0, (1, 1): 1.0}, 3),
        ({(0, 0, 0): 1.0}, 4),
        ({(0, 1, 2): 1.0}, 8),
        ({**biharmonic(2), (0, 0): -1.0, (1, 1): -1.0, (): 5.0}, 9),
    ],
    ids=str,
)
def test_no_more_than_needed(terms: dict[Any, float], size: int) -> None:
    """As many vectors as the polynomial has independent derivatives."""
    assert closure(terms).size == size


def test_tiny_and_large_coefficients() -> None:
    """Sizes of coefficients do not change what is independent."""
    scales = (1e-9, 1.0, 1e9)
    found = closure({(i, i): c for i, c in enumerate(scales)})
    assert found.size == 5
    assert found.weights == {4: 2e9}
    assert [c for *_, c in found.splits] == pytest.approx([1e-18, 1e-9, 1.0])


def test_mixed_weights_are_diagonalised() -> None:
    """A full matrix of weights takes as many squares as variables, with signs."""
    draw = np.random.default_rng(2).normal(size=(5, 5))
    matrix = draw + draw.T
    found = closure({(i, j): matrix[i, j] * (1 + (i != j)) for i in range(5) for j in range(i, 5)})
    assert found.size == 7
    assert [split[:3] for split in found.splits] == [(6, k, k) for k in range(1, 6)]
    directions = np.array([[seed[i] for i in range(5)] for seed in found.seeds[1:6]])
    signs = np.array([c for *_, c in found.splits])
    again = found.weights[6] / 2 * directions.T @ np.diag(signs) @ directions
    np.testing.assert_allclose(again, matrix, atol=1e-13)


def multiplied(needed: Closure, u: list[float], v: list[float]) -> list[float]:
    """Return the coefficients of a product."""
    made = [u[0] * v[k] + u[k] * v[0] for k in range(needed.size)]
    made[0] = u[0] * v[0]
    for k, i, j, c in needed.splits:
        made[k] += c * u[i] * v[j]
    return made


def power(needed: Closure, variables: tuple[int, ...]) -> list[float]:
    """Return the coefficients at 0 of the product of these variables."""
    made = [1.0] + [0.0] * (needed.size - 1)
    for variable in variables:
        made = multiplied(needed, made, [seed.get(variable, 0.0) for seed in needed.seeds])
    return made


indices = st.lists(st.integers(0, 2), max_size=4).map(lambda index: tuple(sorted(index)))
operators = st.dictionaries(indices, st.integers(-5, 5).map(float), min_size=1, max_size=5)


@given(operators)
def test_monomials(terms: dict[tuple[int, ...], float]) -> None:
    """At 0, an operator gives α!·c_α for x^α, and 0 for monomials that it does not have."""
    needed = closure(terms)
    for index in [*terms, (0, 1), (2, 2, 2), (0, 0, 1, 2), (0,) * 5]:
        coefficients = power(needed, index)
        found = sum(c * coefficients[k] for k, c in needed.weights.items())
        counts = prod(factorial(index.count(i)) for i in range(3))
        assert found == pytest.approx(terms.get(index, 0.0) * counts, abs=1e-9)


@given(operators)
def test_levels(terms: dict[tuple[int, ...], float]) -> None:
    """Products of levels add up to no more than that of the result, and levels rise."""
    needed = closure(terms)
    assert list(needed.levels) == sorted(needed.levels)
    for k, i, j, _ in needed.splits:
        assert i > 0 < j
        assert needed.levels[i] + needed.levels[j] <= needed.levels[k]
    assert [k for level in range(needed.order + 1) for k in needed.members(level)] == list(
        range(needed.size)
    )


def test_complex_coefficients() -> None:
    """Coefficients may be complex: ∂_0² - i·∂_1, after Schrödinger."""
    found = closure({(0, 0): 1.0, (1,): -1j})
    assert found.size == 3
    assert found.seeds[2] == {1: -0.5j}


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator with more derivatives than the limit is refused."""
    monkeypatch.setattr(operators_symbol, "MOST_VECTORS", 100)
    assert closure({(0, 1, 2, 3, 4, 5): 1.0}).size == 64
    with pytest.raises(DerivativeError, match="the operator needs more than 100 vectors through"):
        closure({(0, 1, 2, 3, 4, 5, 6): 1.0})
