"""Colorings, read off products with random matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphad.op import Array
from graphad.passes.coloring import (
    Coloring,
    color_columns,
    color_hessian,
    color_jacobian,
    color_symmetric,
    largest_first,
    readable,
)
from graphad.passes.index_sets import sets_of_pairs

PLACES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=30)


def seeds(coloring: Coloring) -> Array:
    """Return the matrix of directions."""
    made = np.zeros((len(coloring.colors), coloring.count))
    made[np.arange(len(coloring.colors)), coloring.colors] = 1.0
    return made


def filled(rows: Array, columns: Array, shape: tuple[int, int]) -> Array:
    """Return a matrix with different numbers at the places."""
    matrix = np.zeros(shape)
    matrix[rows, columns] = np.arange(1, len(rows) + 1)
    return matrix


def check_hessian(i: Array, j: Array, n: int) -> int:
    """Read a symmetric matrix off its products and return how many these are."""
    coloring = color_hessian(i, j, n)
    upper = filled(i, j, (n, n))
    matrix = np.maximum(upper, upper.T)
    color, at = readable(i, j, coloring, n)
    assert np.array_equal((matrix @ seeds(coloring))[at, color], matrix[i, j])
    return coloring.count


@given(PLACES)
def test_jacobians_are_read_off(places: list[tuple[int, int]]) -> None:
    """Every entry stands alone in the product of its color."""
    rows, columns = np.array(sorted(set(places))).T
    coloring = color_jacobian(rows, columns, 8)
    assert coloring is not None
    matrix = filled(rows, columns, (8, 8))
    found = (matrix @ seeds(coloring))[rows, coloring.colors[columns]]
    assert np.array_equal(found, matrix[rows, columns])
    assert coloring.count >= np.bincount(rows).max()


@given(PLACES)
def test_hessians_are_read_off(places: list[tuple[int, int]]) -> None:
    """Every entry of a symmetric matrix stands alone in one of its two places."""
    i, j = np.array(sorted({(min(pair), max(pair)) for pair in places})).T
    count = check_hessian(i, j, 8)
    diagonal = np.array(sorted({*zip(i.tolist(), j.tolist(), strict=True), *((k, k) for k in i)}))
    assert count <= check_hessian(*diagonal.T, 8) + 1


def band(n: int, width: int) -> tuple[Array, Array]:
    """Return the places of a band, on and above the diagonal."""
    i = np.arange(n)
    pairs = [np.stack([i[: n - d], i[d:]]) for d in range(width + 1)]
    first, second = np.concatenate(pairs, axis=1)
    return first, second


@pytest.mark.parametrize("width", [0, 1, 2, 5])
def test_bands(width: int) -> None:
    """A band takes as many directions as it is wide, however long it is."""
    assert check_hessian(*band(200, width), 200) == 2 * width + 1


@pytest.mark.parametrize("hub", [0, 57, 99])
def test_arrows(hub: int) -> None:
    """A full row takes two directions, wherever it stands, not as many as it is long."""
    i = np.arange(100)
    others = i[i != hub]
    first = np.concatenate([i, np.minimum(others, hub)])
    second = np.concatenate([i, np.maximum(others, hub)])
    assert check_hessian(first, second, 100) == 2


def test_off_diagonal_blocks() -> None:
    """Where no variable meets itself, one direction may do."""
    i = np.arange(50)
    assert check_hessian(i, i + 50, 100) == 1


def test_dense_and_empty() -> None:
    """A full matrix takes as many as it has columns, an empty one none."""
    i, j = np.triu_indices(6)
    assert check_hessian(i, j, 6) == 6
    none = np.zeros(0, np.int64)
    assert color_hessian(none, none, 3).count == 0
    made = color_jacobian(none, none, 3)
    assert made is not None
    assert made.count == 0


def test_giving_up() -> None:
    """What takes too many colors is left, as soon as that is known."""
    i, j = np.triu_indices(6, 1)
    both = sets_of_pairs(np.concatenate([i, j]), np.concatenate([j, i]), 6)
    assert color_symmetric(both, below=6) is None
    assert color_columns(both, below=6) is None
    assert color_jacobian(np.concatenate([i, j]), np.concatenate([j, i]), 6, below=5) is None
    made = color_symmetric(both, below=7)
    assert made is not None
    assert made.count == 6


def test_largest_first() -> None:
    """Sets of one length stay in order."""
    sets = sets_of_pairs(np.array([0, 1, 1, 2, 3, 3]), np.array([0, 0, 1, 0, 0, 1]), 4)
    assert largest_first(sets).tolist() == [1, 3, 0, 2]
