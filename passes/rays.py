"""Rays: directions along which univariate derivatives give all mixed ones, and how.

For ``F(v) = Dᵏf[v, …, v]``, the k-th derivative along v, ``F(v) = Σ_α k!/α! · v^α · D^α f`` over
multi-indices α of order k. With as many rays v as there are α, that is a linear system, which gives
the mixed derivatives (Griewank, Utke and Walther 2000, Evaluating higher derivative tensors by
forward propagation of univariate Taylor series). Here each ray has few variables: D^α is made of
rays whose variables are among those of α, so that the system is triangular in blocks, one for each
set of variables, and all sets of a size have the same rays. Fractions solve the blocks exactly.

The condition number is that of the system of the unique entries D^α, with each ray scaled to a
1-norm of 1. The rays along α/k itself make its rows the Bernstein polynomials at a grid of points,
with condition numbers 3.2 for 5 variables and order 2, 7.6 for 5 and 3, 80 for 3 and 6. Rays with
negative parts do better in high orders: of small whole vectors of both signs, those are taken whose
determinant is greatest, by a greedy choice and exchanges, if the system is then better conditioned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, pairwise, product
from math import comb, factorial, gcd, lcm, prod
from typing import TypeAlias

import numpy as np

from graphad.errors import DerivativeError
from graphad.op import Array
from graphad.passes.entries import MultiIndex, count_unique, unique_indices

Ray: TypeAlias = tuple[tuple[int, int], ...]
"""Positions of variables, rising, with the whole number that each moves by."""
Combination: TypeAlias = dict[Ray, Fraction]
"""A weight for the k-th derivative along each ray."""

LARGEST_SYSTEM = 500
"""Most rays of the variables of one entry."""
LARGEST_BLOCK = 40
"""Most rays that have all of these variables."""
EXCHANGES = 200
"""Most exchanges of a ray for a better one."""
TIE = 1e-9
"""Relative differences of determinants that are none, so that every machine chooses alike."""
DEPENDENT = 1e-20
"""Squared sizes of rows, relative to the largest, that are rounding."""
EXACT = 256
"""Most rays for which the condition number is computed by singular values, not by iteration."""
ITERATIONS = 60


@dataclass(frozen=True, eq=False)
class Rays:
    """Rays and the solution of their system.

    Parameters
    ----------
    directions : numpy.ndarray
        The rays, as rows of whole numbers: of shape (rays, n).
    indices : tuple of MultiIndex
        The entries, in lexicographic order.
    solution : numpy.ndarray
        Of shape (entries, rays): times the k-th derivatives along the rays, it gives the entries.
    condition : float
        Condition number of the system, with rays scaled to a 1-norm of 1.
    """

    directions: Array
    indices: tuple[MultiIndex, ...]
    solution: Array
    condition: float


@lru_cache(maxsize=64)
def rays(n: int, order: int) -> Rays:
    """Return rays for all derivatives of an order by n variables, as many as there are of these.

    Parameters
    ----------
    n : int
        Number of variables.
    order : int
        Of the derivatives.

    Notes
    -----
    Condition numbers grow slowly with n, and with the order to 15 for (2, 10), 43 for (12, 4) and
    770 for (2, 20). Above, double precision may not tell good rays from bad ones; those along
    multi-indices are left then, with condition numbers beyond 1e9.

    Raises
    ------
    DerivativeError
        If the system of the variables of one entry is too large.

    Examples
    --------
    >>> found = rays(2, 2)
    >>> found.directions.tolist()
    [[1, 0], [0, 1], [1, 1]]
    >>> found.solution.tolist()
    [[1.0, 0.0, 0.0], [-0.5, -0.5, 0.5], [0.0, 1.0, 0.0]]
    >>> [round(rays(*size).condition, 1) for size in ((5, 2), (5, 3), (3, 6))]
    [3.2, 6.9, 11.5]
    """
    indices = unique_indices(n, order)
    combined = combinations_of(indices)
    listed = rays_of(combined.values())
    place = {ray: i for i, ray in enumerate(listed)}
    directions = np.zeros((len(listed), n), dtype=np.int64)
    for ray, i in place.items():
        for position, step in ray:
            directions[i, position] = step
    solution = np.zeros((len(indices), len(listed)))
    for i, index in enumerate(indices):
        for ray, weight in combined[index].items():
            solution[i, place[ray]] = float(weight)
    for array in (directions, solution):  # callers share them
        array.setflags(write=False)
    return Rays(directions, tuple(indices), solution, condition_of(indices))


def combinations_of(indices: Iterable[MultiIndex]) -> dict[MultiIndex, Combination]:
    """Return for each multi-index the rays that its derivative is made of, with their weights.

    All are of one order. The rays are right together only: which ones are taken depends on the
    greatest number of variables of an index.

    Raises
    ------
    DerivativeError
        If the system of the variables of one entry is too large.
    """
    listed = list(indices)
    most = max([len(set(index)) for index in listed], default=0)
    order = len(listed[0]) if listed else 0
    count = count_unique(most, order)
    block = max([comb(order - 1, m - 1) for m in range(1, most + 1)], default=0)
    if count > LARGEST_SYSTEM or block > LARGEST_BLOCK:
        raise DerivativeError(
            f"derivatives of order {order} by {most} variables come from {count:,} rays, {block:,} "
            f"of them with the same variables; systems of at most {LARGEST_SYSTEM} and "
            f"{LARGEST_BLOCK} are solved; use multivariate instead"
        )
    return _combined(listed, _best_signs(most, order))


def _combined(indices: Iterable[MultiIndex], signed: bool) -> dict[MultiIndex, Combination]:
    found: dict[MultiIndex, Combination] = {}
    for index in indices:
        support = tuple(dict.fromkeys(index))
        powers = tuple([index.count(i) for i in support])
        denominator, solved = _solved(len(support), len(index), signed)
        found[index] = {
            tuple([(support[i], step) for i, step in ray]): Fraction(weight, denominator)
            for ray, weight in solved[powers].items()
        }
    return found


def rays_of(combined: Iterable[Combination]) -> list[Ray]:
    """Return the rays of some combinations, those with few variables first."""
    found = dict.fromkeys([ray for combination in combined for ray in combination])
    return sorted(found, key=lambda ray: (len(ray), [i for i, _ in ray]))


def condition_of(indices: Iterable[MultiIndex]) -> float:
    """Return the condition number of the system that gives some derivatives of one order.

    It is that of the smallest system of as many rays as unknowns: with all multi-indices over the
    variables of a wanted one.
    """
    supports = dict.fromkeys([tuple(dict.fromkeys(index)) for index in indices])
    order = max([len(index) for index in indices], default=0)
    closed: dict[MultiIndex, None] = {}
    for support in supports:
        for index in unique_indices(len(support), order):
            closed[tuple([support[i] for i in index])] = None
    if not closed:
        return 1.0
    return _condition(combinations_of(closed), order)


def _condition(combined: dict[MultiIndex, Combination], order: int) -> float:
    place = {ray: i for i, ray in enumerate(rays_of(combined.values()))}
    scales = [float(sum(abs(step) for _, step in ray)) ** order for ray in place]
    inverse = _Sparse(len(place))
    system = _Sparse(len(place))
    for column, combination in enumerate(combined.values()):
        for ray, weight in combination.items():
            inverse.add(column, place[ray], float(weight) * scales[place[ray]])
    column_of = {index: i for i, index in enumerate(combined)}
    for ray, row in place.items():
        support = [i for i, _ in ray]
        for local in unique_indices(len(ray), order):
            powers = [local.count(i) for i in range(len(ray))]
            value = _coefficient([step for _, step in ray], powers)
            column = column_of[tuple([support[i] for i in local])]
            system.add(row, column, value / scales[row])
    return system.norm() * inverse.norm()


class _Sparse:
    """A square matrix by its entries, for its greatest singular value."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.rows: list[int] = []
        self.columns: list[int] = []
        self.values: list[float] = []

    def add(self, row: int, column: int, value: float) -> None:
        """Set an entry."""
        self.rows.append(row)
        self.columns.append(column)
        self.values.append(value)

    def norm(self) -> float:
        """Return the spectral norm; of large matrices by iteration, to about a percent."""
        if self.size <= EXACT:
            dense = np.zeros((self.size, self.size))
            dense[self.rows, self.columns] = self.values
            return float(np.linalg.norm(dense, 2))
        rows, columns, values = map(np.asarray, (self.rows, self.columns, self.values))
        vector = np.cos(np.arange(self.size))  # has a part along every singular vector
        size = 0.0
        for _ in range(ITERATIONS):
            vector = vector / np.linalg.norm(vector)
            image = np.bincount(rows, values * vector[columns], self.size)
            vector = np.bincount(columns, values * image[rows], self.size)
            size = float(np.linalg.norm(image))
        return size


# --- systems of few variables --------------------------------------------------------------------


@lru_cache(maxsize=256)
def _best_signs(variables: int, order: int) -> bool:
    """Whether rays of both signs are better conditioned than those along multi-indices."""
    indices = unique_indices(variables, order)
    grid, signed = (_condition(_combined(indices, choice), order) for choice in (False, True))
    return signed <= grid * (1 + TIE)


@lru_cache(maxsize=256)
def _solved(m: int, order: int, signed: bool) -> tuple[int, dict[tuple[int, ...], dict[Ray, int]]]:
    """For the powers of m variables, all of them there: what gives D^α, over one denominator.

    A ray v that has all variables gives ``F(v) = Σ_α k!/α! · v^α · D^α f``. Taken away is what
    derivatives by fewer variables contribute, which are solved for already.
    """
    if m == 0:
        return 1, {(): {(): 1}}
    powers = _compositions(order, m)
    block = _interior(m, order, signed)
    below = {size: _solved(size, order, signed) for size in range(1, m)}
    common = lcm(*[denominator for denominator, _ in below.values()])
    place: dict[Ray, int] = {}
    weights: list[dict[int, int]] = []
    factors: list[list[int]] = []
    for size, (denominator, solved) in below.items():
        for support in combinations(range(m), size):
            for power, combination in solved.items():
                factors.append([_coefficient([ray[i] for i in support], power) for ray in block])
                moved = [
                    (tuple([(support[i], v) for i, v in ray]), w) for ray, w in combination.items()
                ]
                scale = common // denominator
                weights.append({place.setdefault(key, len(place)): w * scale for key, w in moved})
    inner = np.zeros((len(weights), len(place)), dtype=object)  # whole numbers of any size
    for row, weight in zip(inner, weights, strict=True):
        row[list(weight)] = list(weight.values())
    contributed = np.array(factors, dtype=object).reshape(-1, len(block)).T @ inner
    inverse = _inverted([[_coefficient(ray, power) for power in powers] for ray in block])
    last = lcm(*[value.denominator for row in inverse for value in row])
    solution = np.array([[int(value * last) for value in row] for row in inverse], dtype=object)
    rows = np.hstack([solution * common, -(solution @ contributed)])
    keys = [*[tuple(enumerate(ray)) for ray in block], *place]
    shared = gcd(last * common, *rows.ravel())
    return last * common // shared, {
        power: {key: value // shared for key, value in zip(keys, row, strict=True) if value}
        for power, row in zip(powers, rows, strict=True)
    }


def _multinomial(powers: Sequence[int]) -> int:
    return factorial(sum(powers)) // prod(map(factorial, powers))


def _coefficient(ray: Sequence[int], powers: Sequence[int]) -> int:
    """``k!/α! · v^α``."""
    made = _multinomial(powers)
    for step, power in zip(ray, powers, strict=True):
        made *= step**power
    return made


def _compositions(total: int, parts: int) -> list[tuple[int, ...]]:
    """Return all ways to write a number as a sum of positive ones, in order."""
    if parts == 0:
        return [()] if total == 0 else []
    edges = combinations(range(1, total), parts - 1)
    cuts = [(0, *edge, total) for edge in edges]
    return [tuple([b - a for a, b in pairwise(cut)]) for cut in cuts]


def _inverted(matrix: list[list[int]]) -> list[list[Fraction]]:
    """Return the inverse, by Gauss and Jordan in fractions."""
    size = len(matrix)
    rows = [
        [Fraction(value) for value in row] + [Fraction(i == j) for j in range(size)]
        for i, row in enumerate(matrix)
    ]
    for i in range(size):
        pivot = next(j for j in range(i, size) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        lead = rows[i][i]
        rows[i] = [value / lead for value in rows[i]]
        for j in range(size):
            factor = rows[j][i]
            if j != i and factor:
                pairs = zip(rows[j], rows[i], strict=True)
                rows[j] = [a - factor * b if b else a for a, b in pairs]
    return [row[size:] for row in rows]


# --- the choice of rays --------------------------------------------------------------------------


def _interior(m: int, order: int, signed: bool) -> list[tuple[int, ...]]:
    """The rays that have all of m variables, as many as multi-indices do."""
    powers = _compositions(order, m)
    if not signed:
        return powers
    pool = _pool(m, order)
    vectors = np.array(pool, dtype=float).reshape(len(pool), m)
    vectors /= np.abs(vectors).sum(axis=1, keepdims=True, initial=0)
    columns = [_multinomial(power) ** 0.5 * np.prod(vectors**power, axis=1) for power in powers]
    chosen = _spread(np.array(columns).T)
    return powers if chosen is None else [pool[i] for i in chosen]


def _pool(m: int, order: int) -> list[tuple[int, ...]]:
    """Small whole vectors with all parts, of both signs; the first part is positive."""
    sizes = [*product((1, 2), repeat=m), *_compositions(order, m)]
    found = {
        (size[0], *[a * sign for a, sign in zip(size[1:], signs, strict=True)])
        for size in dict.fromkeys(sizes)
        if gcd(*size) == 1
        for signs in product((1, -1), repeat=m - 1)
    }
    return sorted(found, key=lambda v: (sum(map(abs, v)), [-a for a in v]))


def _spread(rows: Array) -> list[int] | None:
    """Choose as many rows as there are columns, with a great determinant.

    Greedily at first, then by exchanges, each of which makes the determinant greater, until no
    row is a combination of the chosen ones with a weight above 1 (Fedorov 1972, Theory of Optimal
    Experiments). None if double precision can't tell a determinant from 0.
    """
    count = rows.shape[1]
    left, chosen, first = rows.copy(), [], 0.0
    for _ in range(count):
        sizes = np.sum(left * left, axis=1)
        chosen.append(_first(sizes))
        first = first or float(sizes[chosen[0]])
        if sizes[chosen[-1]] <= DEPENDENT * first:
            return None
        unit = left[chosen[-1]] / np.sqrt(sizes[chosen[-1]])
        left -= np.outer(left @ unit, unit)
    for _ in range(EXCHANGES):
        weights = np.abs(np.linalg.solve(rows[chosen].T, rows.T))
        if np.max(weights) <= 1 + TIE:
            break
        row, place = divmod(_first(weights.T.ravel()), count)
        chosen[place] = row
    return chosen


def _first(values: Array) -> int:
    """The first of the greatest values, as far as they can be told apart."""
    return int(np.flatnonzero(values >= np.max(values) * (1 - TIE))[0])
