"""Rays: how many, how well conditioned, and that they give all mixed derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb, factorial, prod

import numpy as np
import pytest

import graphad as ga
from graphad.op import Array
from graphad.passes.entries import MultiIndex, unique_indices
from graphad.passes.rays import (
    EXACT,
    Combination,
    combinations_of,
    condition_of,
    rays,
    rays_of,
)

SIZES = [(1, 1), (1, 7), (2, 1), (2, 2), (2, 7), (3, 3), (3, 6), (4, 4), (5, 2), (5, 3), (6, 5)]
KNOWN = {(5, 2): (15, 3.2), (5, 3): (35, 7.6), (3, 6): (28, 80.0)}
"""Rays and condition numbers, to two digits, of the rays along multi-indices."""


def system(directions: Array, indices: Sequence[MultiIndex]) -> Array:
    """Return the matrix that takes the entries to the derivatives along the rays."""
    n, order = directions.shape[1], len(indices[0])
    columns = []
    for index in indices:
        counts = [index.count(i) for i in range(n)]
        size = factorial(order) // prod(map(factorial, counts))
        columns.append(size * np.prod(directions.astype(float) ** counts, axis=1))
    return np.array(columns).T


@pytest.mark.parametrize(("n", "order"), SIZES)
def test_one_ray_for_each_entry(n: int, order: int) -> None:
    """There are as many rays as unique entries, and the solution inverts their system."""
    found = rays(n, order)
    count = comb(n + order - 1, order)
    assert found.directions.shape == (count, n)
    assert found.solution.shape == (count, count)
    assert found.indices == tuple(unique_indices(n, order))
    inverse = found.solution @ system(found.directions, found.indices)
    np.testing.assert_allclose(inverse, np.eye(count), atol=1e-12 * found.condition)


@pytest.mark.parametrize(("n", "order"), SIZES)
def test_condition_is_that_of_scaled_rays(n: int, order: int) -> None:
    """The condition number is NumPy's of the system whose rays have a 1-norm of 1."""
    found = rays(n, order)
    scaled = found.directions / np.abs(found.directions).sum(axis=1, keepdims=True)
    exact = np.linalg.cond(system(scaled, found.indices))
    np.testing.assert_allclose(found.condition, exact, rtol=1e-9)


@pytest.mark.parametrize("size", KNOWN)
def test_known_figures(size: tuple[int, int]) -> None:
    """Rays are as many as is known, and the condition number is no greater."""
    count, condition = KNOWN[size]
    found = rays(*size)
    assert len(found.directions) == count
    assert found.condition <= condition


@pytest.mark.parametrize("size", KNOWN)
def test_known_figures_are_those_of_multi_indices(size: tuple[int, int]) -> None:
    """Rays along the multi-indices themselves have the condition numbers that are known."""
    n, order = size
    indices = unique_indices(n, order)
    grid = np.array([[index.count(i) for i in range(n)] for index in indices]) / order
    np.testing.assert_allclose(np.linalg.cond(system(grid, indices)), KNOWN[size][1], rtol=7e-3)


def test_signs_make_high_orders_possible() -> None:
    """Along multi-indices, order 10 by 2 variables has the condition number 3,000."""
    assert rays(2, 10).condition < 20
    assert rays(3, 8).condition < 30


@pytest.mark.parametrize(("n", "order", "width"), [(12, 3, 12), (24, 2, 24), (150, 2, 2)])
def test_condition_by_iteration(n: int, order: int, width: int) -> None:
    """Of large systems it is found to some percent, those of a band of entries among them."""
    indices = [index for index in unique_indices(n, order) if index[-1] - index[0] < width]
    assert len(indices) > EXACT
    combined = combinations_of(indices)
    listed = rays_of(combined.values())
    directions = np.zeros((len(listed), n))
    for row, ray in enumerate(listed):
        for position, step in ray:
            directions[row, position] = step / sum(abs(step) for _, step in ray)
    exact = np.linalg.cond(system(directions, indices))
    np.testing.assert_allclose(condition_of(indices), exact, rtol=0.05)


def test_an_entry_takes_rays_of_its_variables() -> None:
    """∂²/∂x_1∂x_4 needs three rays whatever other variables there are, with exact weights."""
    combined = combinations_of([(1, 4), (1, 1)])
    wanted: Combination = {
        ((1, 1),): Fraction(-1, 2),
        ((4, 1),): Fraction(-1, 2),
        ((1, 1), (4, 1)): Fraction(1, 2),
    }
    assert combined == {(1, 4): wanted, (1, 1): {((1, 1),): Fraction(1)}}
    assert rays_of(combined.values()) == [((1, 1),), ((4, 1),), ((1, 1), (4, 1))]


def test_weights_recover_a_polynomial_exactly() -> None:
    """In fractions, the combinations give the coefficients of a form of order 5 back."""
    indices = unique_indices(4, 5)
    values = {index: (7 * i) % 11 - 5 for i, index in enumerate(indices)}
    for index, combination in combinations_of(indices).items():
        total = Fraction(0)
        for ray, weight in combination.items():
            step = dict(ray)
            along = 0
            for other, value in values.items():
                counts = [other.count(i) for i in range(4)]
                size = factorial(5) // prod(map(factorial, counts))
                along += value * size * prod([step.get(i, 0) for i in other])
            total += weight * along
        assert total == values[index]


def test_orders_zero_and_one() -> None:
    """The value takes a ray that stands still; a gradient takes the unit vectors."""
    still = rays(3, 0)
    assert still.directions.tolist() == [[0, 0, 0]]
    assert still.solution.tolist() == [[1.0]]
    assert still.condition == 1
    gradient = rays(3, 1)
    np.testing.assert_array_equal(gradient.directions, np.eye(3))
    assert gradient.condition == 1


def test_none() -> None:
    """Without variables there is nothing to solve."""
    assert rays(0, 2).directions.shape == (0, 0)
    assert rays(0, 2).condition == 1
    assert condition_of([]) == 1


def test_every_call_gives_the_same() -> None:
    """The choice has no chance in it: a second one, without the cache, is equal."""
    first = rays(4, 4)
    again = rays.__wrapped__(4, 4)
    assert again is not first
    np.testing.assert_array_equal(first.directions, again.directions)
    np.testing.assert_array_equal(first.solution, again.solution)


def test_too_large() -> None:
    """A system that would take long is refused with its size, before anything is chosen."""
    message = (
        "derivatives of order 8 by 8 variables come from 6,435 rays, 35 of them with the same "
        "variables; systems of at most 500 and 40 are solved; use multivariate instead"
    )
    with pytest.raises(ga.DerivativeError, match=message):
        rays(9, 8)
    with pytest.raises(ga.DerivativeError, match="order 20 by 3 variables come from 231 rays, 171"):
        rays(3, 20)
