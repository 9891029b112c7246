"""Few directions for many columns: columns that do not get in each other's way share one.

Columns of a Jacobian without a common row can be taken along one direction (Curtis, Powell and
Reid, 1974). In a symmetric matrix an entry may be read in either of its two places, so that fewer
directions do (Powell and Toint, 1979; Coleman and Moré, 1984; Gebremedhin, Manne and Pothen, 2005).
Both are colorings, made greedily: each column in turn takes the first color that is free. What is
taken is a whole number for each row, with a bit for each color, so that a column costs as many
operations as it has entries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphad.op import Array
from graphad.passes.index_sets import IndexSets, sets_of_pairs


@dataclass(frozen=True, slots=True, eq=False)
class Coloring:
    """A color for each column.

    Parameters
    ----------
    colors : numpy.ndarray of int, shape (columns,)
        From 0 up; columns without entries have color 0.
    count : int
        How many colors there are: none if there are no entries.
    """

    colors: Array
    count: int


def color_columns(
    columns: IndexSets, order: Array | None = None, below: int | None = None
) -> Coloring | None:
    """Color columns so that those of one color have no row in common.

    Parameters
    ----------
    columns : IndexSets
        The rows of each column.
    order : numpy.ndarray of int, optional
        In which order to color; as they stand if not given. That is best for bands.
    below : int, optional
        As soon as it takes so many colors, None is returned.

    Examples
    --------
    >>> band = sets_of_pairs(np.array([0, 0, 1, 1, 2, 2, 3]), np.array([0, 1, 1, 2, 2, 3, 3]), 4)
    >>> made = color_columns(band)
    >>> made.colors.tolist(), made.count
    ([0, 1, 0, 1], 2)
    """
    taken = [0] * (int(columns.members.max()) + 1 if len(columns.members) else 0)
    rows = columns.listed()
    colors = [0] * columns.count
    every, most = 0, below or columns.count + 1
    for column in range(columns.count) if order is None else order.tolist():
        barred = 0
        for row in rows[column]:
            barred |= taken[row]
        if not rows[column]:
            continue
        bit = ~barred & (barred + 1)  # the lowest that is not taken
        colors[column] = bit.bit_length() - 1
        every |= bit
        if colors[column] + 1 >= most:
            return None
        for row in rows[column]:
            taken[row] |= bit
    return Coloring(np.array(colors, np.int64), every.bit_length())


def color_symmetric(
    neighbours: IndexSets, order: Array | None = None, below: int | None = None
) -> Coloring | None:
    """Color the columns of a symmetric matrix so that each entry can be read in one of two places.

    Neighbours differ, and where both ends of a path of three vertices share a color, the middle one
    has a lower color: a restricted star coloring.

    Parameters
    ----------
    neighbours : IndexSets
        For each column, the others that it has entries with.
    order : numpy.ndarray of int, optional
        In which order to color; as they stand if not given.
    below : int, optional
        As soon as it takes so many colors, None is returned.

    Examples
    --------
    >>> arrow = sets_of_pairs(np.array([0, 0, 0, 1, 2, 3]), np.array([1, 2, 3, 0, 0, 0]), 4)
    >>> made = color_symmetric(arrow)
    >>> made.colors.tolist(), made.count
    ([0, 1, 1, 1], 2)
    """
    around = neighbours.listed()
    taken = [0] * neighbours.count  # colors of the neighbours of each, as bits
    own = [0] * neighbours.count  # the bit of its own, 0 if it has none yet
    every, most = 0, below or neighbours.count + 1
    for vertex in range(neighbours.count) if order is None else order.tolist():
        barred = 0
        for middle in around[vertex]:
            bit = own[middle]
            barred |= (bit | (taken[middle] & (bit - 1))) if bit else taken[middle]
        bit = ~barred & (barred + 1)
        own[vertex] = bit
        every |= bit
        if bit.bit_length() >= most:
            return None
        for middle in around[vertex]:
            taken[middle] |= bit
    colors = np.array([bit.bit_length() - 1 for bit in own], np.int64)
    return Coloring(colors, every.bit_length())


def largest_first(sets: IndexSets) -> Array:
    """Return positions by falling length; those of one length as they stand."""
    order: Array = np.argsort(-sets.lengths, kind="stable")
    return order


def color_jacobian(
    rows: Array, columns: Array, count: int, below: int | None = None
) -> Coloring | None:
    """Color the columns of a matrix with entries at (row, column); the better of two orders.

    Parameters
    ----------
    rows, columns : numpy.ndarray of int, shape (nnz,)
        Where the entries are.
    count : int
        Number of columns.
    below : int, optional
        If it takes so many colors, None is returned.
    """
    least = int(np.bincount(rows).max()) if len(rows) else 0
    if below is not None and least >= below:
        return None
    sets = sets_of_pairs(columns, rows, count)
    best = color_columns(sets, below=below)
    if best is None or best.count > least:
        most = below if best is None else best.count
        best = color_columns(sets, largest_first(sets), most) or best
    return best


def color_hessian(i: Array, j: Array, count: int) -> Coloring:
    """Color the columns of a symmetric matrix; the best of several orders and ways.

    Parameters
    ----------
    i, j : numpy.ndarray of int, shape (nnz,)
        Entries with i ≤ j, each once.
    count : int
        Number of columns.
    """
    apart = i != j
    owners = np.concatenate([i[apart], j[apart]])
    others = np.concatenate([j[apart], i[apart]])
    diagonal = i[~apart]
    if not len(i):
        return Coloring(np.zeros(count, np.int64), 0)
    neighbours = sets_of_pairs(owners, others, count)
    best = color_symmetric(neighbours, largest_first(neighbours))
    assert best is not None
    best = color_symmetric(neighbours, below=best.count) or best
    rows, columns = np.concatenate([owners, diagonal]), np.concatenate([others, diagonal])
    return color_jacobian(rows, columns, count, best.count) or best


def readable(i: Array, j: Array, coloring: Coloring, count: int) -> tuple[Array, Array]:
    """Return where each entry of a symmetric matrix stands alone in the products with directions.

    Parameters
    ----------
    i, j : numpy.ndarray of int, shape (nnz,)
        Entries with i ≤ j, each once.
    coloring : Coloring
        Of the columns.
    count : int
        Number of columns.

    Returns
    -------
    color, at : numpy.ndarray of int, shape (nnz,)
        The direction, and the element of the product along it.
    """
    colors = coloring.colors
    apart = i != j
    rows = np.concatenate([i, j[apart]])
    columns = np.concatenate([j, i[apart]])
    place = rows * max(1, coloring.count) + colors[columns]
    _, inverse, many = np.unique(place, return_inverse=True, return_counts=True)
    alone = many[inverse][: len(i)] == 1
    return np.where(alone, colors[j], colors[i]), np.where(alone, i, j)
