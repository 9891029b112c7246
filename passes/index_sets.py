"""Many small sets of whole numbers, in two arrays: the arithmetic of sparse Boolean matrices.

A sparse matrix of truth values is a set of columns for each row. Everything here is done for all
rows at once, by sorting and by index arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from graphad.errors import DerivativeError
from graphad.op import Array

LIMIT = 20_000_000
"""Most members, and most pairs of members, that are written out."""


@dataclass(frozen=True, slots=True, eq=False)
class IndexSets:
    """Sets of whole numbers: the members of set k are ``members[starts[k]:starts[k + 1]]``, rising.

    Parameters
    ----------
    starts : numpy.ndarray of int, shape (count + 1,)
        Where each set begins.
    members : numpy.ndarray of int
        All members, set after set.

    Examples
    --------
    >>> sets_of_pairs(np.array([1, 0, 1, 1]), np.array([5, 7, 2, 5]), 3)
    <3 sets: {7} {2, 5} {}>
    """

    starts: Array
    members: Array

    @property
    def count(self) -> int:
        """How many sets there are."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> Array:
        """How many members each has."""
        return np.diff(self.starts)

    @property
    def owners(self) -> Array:
        """The set that each member is of."""
        return np.repeat(np.arange(self.count), self.lengths)

    def listed(self) -> list[list[int]]:
        """Return the members of each set."""
        starts, members = self.starts.tolist(), self.members.tolist()
        return [members[a:b] for a, b in pairwise(starts)]

    def at(self, rows: Array) -> IndexSets:
        """Return the sets at some positions, in that order.

        Raises
        ------
        DerivativeError
            If they have too many members together.
        """
        lengths = self.lengths[rows]
        check_count(int(lengths.sum()))
        starts = np.concatenate([[0], np.cumsum(lengths)])
        members = self.members[ranges(self.starts[:-1][rows], lengths)]
        return IndexSets(starts, members)

    def __repr__(self) -> str:
        shown = " ".join("{" + str(one)[1:-1] + "}" for one in self.listed()[:8])
        return f"<{self.count} sets: {shown}{' …' if self.count > 8 else ''}>"


def check_count(count: int, what: str = "dependences of elements on variables") -> None:
    """Refuse to write out too much.

    Raises
    ------
    DerivativeError
        With the count.
    """
    if count > LIMIT:
        raise DerivativeError(
            f"{count:,} {what} are more than {LIMIT:,}: the derivative is not sparse enough for "
            "index sets; ask for products with directions (hvp, jvp) instead"
        )


def ranges(starts: Array, lengths: Array) -> Array:
    """Return ``start, start + 1, …``, so many numbers from each start.

    Examples
    --------
    >>> ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    shift: Array = np.repeat(starts - (ends - lengths), lengths)
    return shift + np.arange(total)


def empty_sets(count: int) -> IndexSets:
    """Return sets without members."""
    return IndexSets(np.zeros(count + 1, np.int64), np.zeros(0, np.int64))


def single_sets(members: Array) -> IndexSets:
    """Return sets of one member each."""
    return IndexSets(np.arange(len(members) + 1), members.astype(np.int64))


def distinct(keys: Array) -> Array:
    """Return what is in `keys`, once each, rising; faster than a hash where much is in order."""
    if len(keys) < 2 or np.all(keys[1:] > keys[:-1]):
        return keys
    ordered = np.sort(keys, kind="stable")  # runs that are in order already cost little
    fresh = np.empty(len(ordered), bool)
    fresh[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    kept: Array = ordered[fresh]
    return kept


def sets_of_pairs(owners: Array, members: Array, count: int) -> IndexSets:
    """Return the sets that (owner, member) pairs make; pairs may stand twice."""
    if not len(owners):
        return empty_sets(count)
    width = int(members.max()) + 1
    keys = distinct(owners.astype(np.int64) * width + members)
    owned, held = np.divmod(keys, width)
    starts = np.concatenate([[0], np.cumsum(np.bincount(owned, minlength=count))])
    return IndexSets(starts, held)


def transposed(sets: IndexSets, count: int) -> IndexSets:
    """Return for each of `count` members the sets that it is in."""
    return sets_of_pairs(sets.members, sets.owners, count)


def pairs(left: IndexSets, right: IndexSets) -> tuple[Array, Array, Array]:
    """Return each member of ``left[k]`` beside each of ``right[k]``, for all k.

    Returns
    -------
    k, i, j : numpy.ndarray of int
        The set, the member of the left one and that of the right one.

    Raises
    ------
    DerivativeError
        If there are too many.
    """
    width = right.lengths
    check_count(int(np.dot(left.lengths, width)), "pairs of variables that meet")
    owners = left.owners
    repeats = width[owners]
    which = np.repeat(owners, repeats)
    i = np.repeat(left.members, repeats)
    j = right.members[ranges(right.starts[:-1][owners], repeats)]
    return which, i, j
