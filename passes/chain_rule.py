"""Combinatorics of the chain rule and the product rule of order k, for multi-indices.

Faà di Bruno's formula in several variables (Constantine and Savits 1996, A multivariate Faà di
Bruno formula with applications): the derivative of φ(q(x)) by the multi-index α is the sum, over
all partitions of α into blocks, of φ of as many derivatives as there are blocks, times the
derivatives of q by the blocks. Partitions that are equal, since α repeats an index, are merged.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import comb
from typing import TypeAlias

MultiIndex: TypeAlias = tuple[int, ...]
Blocks: TypeAlias = tuple[MultiIndex, ...]


def relabelled(index: MultiIndex) -> tuple[MultiIndex, MultiIndex]:
    """Return a sorted multi-index by positions among its own variables, and these variables.

    Examples
    --------
    >>> relabelled((2, 2, 7))
    ((0, 0, 1), (2, 7))
    """
    names = tuple(dict.fromkeys(index))
    place = {name: i for i, name in enumerate(names)}
    return tuple([place[i] for i in index]), names


@lru_cache(maxsize=4096)
def partitions(index: MultiIndex) -> tuple[tuple[int, Blocks], ...]:
    """Return the partitions of a sorted multi-index into blocks, each with its multiplicity.

    Parameters
    ----------
    index : tuple of int
        Of order k; there are Bell(k) partitions before equal ones are merged.

    Examples
    --------
    >>> for multiplicity, blocks in partitions((0, 0, 1)):
    ...     print(multiplicity, blocks)
    1 ((0, 0, 1),)
    2 ((0,), (0, 1))
    1 ((0, 0), (1,))
    1 ((0,), (0,), (1,))
    """
    found: dict[Blocks, int] = {(): 1}
    for item in index:
        grown: dict[Blocks, int] = {}
        for blocks, multiplicity in found.items():
            for i in range(len(blocks)):
                made = _sorted((*blocks[:i], (*blocks[i], item), *blocks[i + 1 :]))
                grown[made] = grown.get(made, 0) + multiplicity
            made = _sorted((*blocks, (item,)))
            grown[made] = grown.get(made, 0) + multiplicity
        found = grown
    ordered = sorted(found.items(), key=lambda item: (len(item[0]), item[0]))
    return tuple([(multiplicity, blocks) for blocks, multiplicity in ordered])


def _sorted(blocks: Blocks) -> Blocks:
    return tuple(sorted(blocks))


@lru_cache(maxsize=65536)
def splits(
    index: MultiIndex, left: int, right: int
) -> tuple[tuple[int, MultiIndex, MultiIndex], ...]:
    """Return the ways to give the derivatives of a product u·v to u and v.

    Parameters
    ----------
    index : tuple of int
        Sorted.
    left, right : int
        Variables that u and v depend on, one bit each.

    Returns
    -------
    tuple of (int, tuple, tuple)
        A multiplicity, the multi-index for u and that for v; they fit what u and v depend on.

    Examples
    --------
    >>> splits((0, 0, 1), 0b11, 0b01)
    ((1, (0, 0, 1), ()), (2, (0, 1), (0,)), (1, (1,), (0, 0)))
    """
    names = tuple(dict.fromkeys(index))
    choices = []
    for name in names:
        count = index.count(name)
        most = count if left >> name & 1 else 0
        least = 0 if right >> name & 1 else count
        choices.append([(name, count, k) for k in range(most, least - 1, -1)])
    found = []
    for picks in product(*choices):
        multiplicity = 1
        u: MultiIndex = ()
        v: MultiIndex = ()
        for name, count, k in picks:
            multiplicity *= comb(count, k)
            u += (name,) * k
            v += (name,) * (count - k)
        found.append((multiplicity, u, v))
    return tuple(found)
