"""Partitions and splits, counted by the numbers that combinatorics knows."""

from __future__ import annotations

from math import comb, prod

import pytest

from graphad.passes.chain_rule import partitions, relabelled, splits

BELL = (1, 1, 2, 5, 15, 52, 203, 877)
INDICES = [(), (0,), (0, 0), (0, 1), (0, 0, 1), (0, 1, 2), (0, 0, 1, 1), (0, 0, 0, 0), (0, 1, 1, 2)]


@pytest.mark.parametrize("index", [*INDICES, tuple(range(7)), (0,) * 7, (0, 0, 0, 1, 1, 2)])
def test_partitions(index: tuple[int, ...]) -> None:
    """Multiplicities add up to Bell's number; each partition of the index stands once."""
    found = partitions(index)
    assert sum(multiplicity for multiplicity, _ in found) == BELL[len(index)]
    assert len({blocks for _, blocks in found}) == len(found)
    for _, blocks in found:
        assert sorted(i for block in blocks for i in block) == list(index)
        assert all(list(block) == sorted(block) and block for block in blocks)


def test_partitions_of_one_variable_are_bell_polynomials() -> None:
    """For (0, 0, 0, 0) they are the coefficients of Faà di Bruno's formula of order 4."""
    sizes = {tuple(sorted(map(len, blocks))): n for n, blocks in partitions((0,) * 4)}
    assert sizes == {(4,): 1, (1, 3): 4, (2, 2): 3, (1, 1, 2): 6, (1, 1, 1, 1): 1}


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize(("left", "right"), [(0b111, 0b111), (0b011, 0b110), (0b001, 0b110)])
def test_splits(index: tuple[int, ...], left: int, right: int) -> None:
    """Each split fits what the factors depend on, once, with a product of binomials."""
    found = splits(index, left, right)
    assert len({(u, v) for _, u, v in found}) == len(found)
    for multiplicity, u, v in found:
        assert sorted(u + v) == list(index)
        assert all(left >> i & 1 for i in u)
        assert all(right >> i & 1 for i in v)
        assert multiplicity == prod(comb(index.count(i), u.count(i)) for i in set(index))
    if left == right == 0b111:
        assert sum(multiplicity for multiplicity, _, _ in found) == 2 ** len(index)


def test_splits_that_do_not_fit() -> None:
    """An index that neither factor depends on has no split."""
    assert splits((0, 3), 0b0001, 0b0010) == ()


def test_relabelled() -> None:
    """Positions count from 0 in the order of the variables."""
    assert relabelled((1, 4, 4, 9)) == ((0, 1, 1, 2), (1, 4, 9))
    assert relabelled(()) == ((), ())
