"""What has to be propagated for a linear operator in the derivatives, and how it multiplies.

An operator ``P(∂)``, P a polynomial, takes products apart by Leibniz's rule: ``P(∂)(u·v)`` is a sum
of products of ``Q(∂)u`` and ``R(∂)v``, where Q and R are P and its partial derivatives (Taylor's
expansion of ``P(ξ + η)``). So the derivatives of P, of all orders, span the smallest set of
operators that can be propagated through products and, with it, through every function:

==========================  ==============================================  =====================
``P``                       spanned by                                      for n variables
==========================  ==============================================  =====================
``|ξ|²``, the Laplacian     1, ξ_i, |ξ|²                                    2 + n
``|ξ|⁴``, the biharmonic    1, ξ_i, ξ_i·ξ_j, ξ_i·|ξ|², |ξ|⁴                 27 for n = 5
``ξ_1² - ξ_0``, heat        1, ξ_1, ξ_1² - ξ_0                              3
==========================  ==============================================  =====================

For the Laplacian this is the forward Laplacian (Li et al. 2024, A computational framework for
neural network-based variational Monte Carlo with forward Laplacian) or collapsed Taylor mode
(Dangel, Siebert, Zeinhofer and Walther 2025, Collapsing Taylor mode automatic differentiation). In
general it is the inverse system of Macaulay (1916, The Algebraic Theory of Modular Systems).

Polynomials are written in divided powers: the coefficient of ``ξ^α`` times α!. Then a derivative
shifts coefficients, and the splits of a monomial have the weight 1.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import factorial, prod
from typing import TypeAlias

import numpy as np

from graphad.errors import DerivativeError

Number: TypeAlias = float | complex
Monomial: TypeAlias = tuple[int, ...]
"""Positions of variables, sorted: ``(0, 1, 1)`` is ξ_0·ξ_1²."""
Polynomial: TypeAlias = dict[Monomial, Number]
Split: TypeAlias = tuple[int, int, int, Number]
"""``(k, i, j, c)``: the coefficient k of a product ``u·v`` has the term ``c·u_i·v_j``."""

ROUNDING = 1e-12
"""What is smaller than this, beside the numbers it is the difference of, is zero."""


MOST_VECTORS = 20_000
"""More are not propagated; it is not an operator's order alone that makes them many."""


@dataclass(frozen=True, slots=True)
class Closure:
    """The coefficients that an operator needs; the value itself is the coefficient 0.

    Parameters
    ----------
    order : int
        The highest order of a derivative.
    levels : tuple of int
        For each coefficient the highest order of a derivative in it, rising from 0.
    seeds : tuple of dict of int to number
        For each coefficient its value for each variable, the others being zero.
    splits : tuple of Split
        How coefficients of two factors make those of their product, without terms that have the
        value of one factor: those are the coefficients of the other.
    weights : dict of int to number
        The operator as a sum of coefficients.
    """

    order: int
    levels: tuple[int, ...]
    seeds: tuple[dict[int, Number], ...]
    splits: tuple[Split, ...]
    weights: dict[int, Number]

    @property
    def size(self) -> int:
        """How many vectors are propagated through each node, the value among them."""
        return len(self.levels)

    def members(self, level: int) -> tuple[int, ...]:
        """Return the coefficients of a level."""
        return tuple([k for k, other in enumerate(self.levels) if other == level])


def closure(operator: Mapping[Monomial, Number]) -> Closure:
    """Return what an operator needs.

    Parameters
    ----------
    operator : mapping of tuple of int to number
        For each sorted multi-index the coefficient of that derivative; ``()`` is the value.

    Raises
    ------
    DerivativeError
        If it needs more than `MOST_VECTORS`.

    Examples
    --------
    >>> closure({(0, 0): 1.0, (1, 1): 1.0, (2, 2): 1.0}).size
    5
    >>> closure({(0, 0): 1.0, (1,): -1.0}).size
    3
    """
    whole: Polynomial = {
        index: c * prod(map(factorial, Counter(index).values()))
        for index, c in operator.items()
        if c != 0
    }
    rows = _derivatives(whole)
    rows.setdefault((), {(): 1.0})
    pivots = sorted(rows, key=lambda index: (len(index), index))
    position = {pivot: k for k, pivot in enumerate(pivots)}
    splits: list[Split] = []
    for k, pivot in enumerate(pivots):
        for monomial, c in sorted(rows[pivot].items()):
            for left, right in _parts(monomial):
                i, j = position.get(left, 0), position.get(right, 0)
                if i and j:
                    splits.append((k, i, j, c))
    made = Closure(
        max(map(len, pivots)),
        tuple(map(len, pivots)),
        tuple([{m[0]: c for m, c in sorted(rows[p].items()) if len(m) == 1} for p in pivots]),
        tuple(sorted(splits, key=lambda split: split[:3])),
        {position[p]: whole[p] for p in pivots if p in whole},
    )
    return _diagonalised(made) if made.order == 2 else made


def _derivatives(polynomial: Polynomial) -> dict[Monomial, Polynomial]:
    """Return a reduced basis of the derivatives of all orders, by the pivot of each row.

    A row has the coefficient 1 at its pivot, which is of its highest degree, and no other row has
    that monomial: coordinates in the basis are coefficients at pivots.
    """
    rows: dict[Monomial, Polynomial] = {}
    holders: dict[Monomial, dict[Monomial, None]] = {}  # rows that have had a monomial, in order
    waiting = deque([polynomial])
    while waiting:
        row = _reduced(waiting.popleft(), rows)
        if not row:
            continue
        degree = max(map(len, row))
        highest = sorted(index for index in row if len(index) == degree)
        largest = max(abs(row[index]) for index in highest)
        pivot = next(i for i in highest if abs(row[i]) >= (1 - 1e-9) * largest)
        row = {index: c / row[pivot] for index, c in row.items()}
        for at in holders.pop(pivot, {}):
            if pivot in rows[at]:
                rows[at] = _reduced(rows[at], {pivot: row})
                for index in row:
                    holders.setdefault(index, {})[at] = None
        rows[pivot] = row
        for index in row:
            holders.setdefault(index, {})[pivot] = None
        if len(rows) > MOST_VECTORS:
            raise DerivativeError(
                f"the operator needs more than {MOST_VECTORS} vectors through each node; "
                "take it apart into a sum of operators in fewer variables"
            )
        waiting.extend(_first_derivatives(row))
    return rows


def _reduced(row: Polynomial, rows: Mapping[Monomial, Polynomial]) -> Polynomial:
    """Subtract rows, so that nothing is left at their pivots."""
    found = dict(row)
    sizes = {index: abs(c) for index, c in row.items()}
    for pivot in [index for index in row if index in rows]:
        factor = row[pivot]
        for index, c in rows[pivot].items():
            found[index] = found.get(index, 0.0) - factor * c
            sizes[index] = max(sizes.get(index, 0.0), abs(factor * c))
        found.pop(pivot)
    return {index: c for index, c in found.items() if abs(c) > ROUNDING * sizes[index]}


def _first_derivatives(row: Polynomial) -> list[Polynomial]:
    """Return the derivatives by each variable that a polynomial has, in order."""
    made: dict[int, Polynomial] = {}
    for index, c in row.items():
        for variable in dict.fromkeys(index):
            at = index.index(variable)
            made.setdefault(variable, {})[index[:at] + index[at + 1 :]] = c
    return [made[variable] for variable in sorted(made)]


def _parts(monomial: Monomial) -> list[tuple[Monomial, Monomial]]:
    """Return the ways to write a monomial as a product of two, in order, each once."""
    parts: list[tuple[Monomial, Monomial]] = [((), ())]
    for variable, power in sorted(Counter(monomial).items()):
        parts = [
            (left + (variable,) * n, right + (variable,) * (power - n))
            for left, right in parts
            for n in range(power + 1)
        ]
    return parts


def _diagonalised(made: Closure) -> Closure:
    """Take eigenvectors as directions, where squares of them are fewer than products.

    With ``C = Q·Λ·Qᵀ``, ``Σ C_ij u_i v_j = Σ λ_r (Qᵀu)_r (Qᵀv)_r``; directions are scaled by
    ``√|λ_r|``, so that squares are only added and subtracted.
    """
    first = made.members(1)
    tops = made.members(2)
    mixed = sum(i <= j for _, i, j, _ in made.splits)
    linear = any(k in first for k in made.weights)
    if len(tops) != 1 or mixed <= len(first) or linear:
        return made
    (top,) = tops
    products = np.zeros((len(first), len(first)), np.result_type(*[c for *_, c in made.splits]))
    for _, i, j, c in made.splits:
        products[i - 1, j - 1] = c
    if np.iscomplexobj(products):  # symmetric, but not Hermitian
        return made
    found, vectors = np.linalg.eigh(products)
    order = sorted(range(len(first)), key=lambda r: (found[r] < 0, r))
    seeds: list[dict[int, Number]] = [{}]
    splits: list[Split] = []
    for k, r in enumerate(order, 1):
        scaled = np.sqrt(abs(found[r])) * vectors[:, r]
        direction: dict[int, Number] = {}
        for i, c in zip(first, scaled, strict=True):
            for variable, seed in made.seeds[i].items():
                direction[variable] = direction.get(variable, 0.0) + float(c) * seed
        seeds.append(direction)
        splits.append((top, k, k, 1.0 if found[r] > 0 else -1.0))
    seeds.append(made.seeds[top])
    return Closure(made.order, made.levels, tuple(seeds), tuple(splits), made.weights)
