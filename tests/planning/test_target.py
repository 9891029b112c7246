"""What a derivative graph asks for, entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.errors import DerivativeError
from graphad.passes.diff import Leaf
from graphad.planning.target import Target, chosen_entries, target_of


def target(graph: ga.Graph) -> Target:
    """Return the target of a derivative graph."""
    assert graph.derivation is not None
    return target_of(graph, graph.derivation.base, graph.derivation.leaves)


@pytest.fixture
def cubic() -> ga.Graph:
    """Return a function of three variables."""
    return ga.trace(lambda x: x[0] * x[1] * x[2], np.zeros(3))


@pytest.fixture
def pair() -> ga.Graph:
    """Return two outputs of a matrix and a number."""

    def f(a: Any, t: Any) -> Any:
        return a * t, np.sum(a) * np.sin(t)

    return ga.trace(f, np.zeros((2, 2)), 0.0)


def test_one_tensor(cubic: ga.Graph) -> None:
    """A derivative by one input has an entry for each sorted multi-index."""
    found = target(cubic.diff(order=2))
    assert (found.variables, found.rows, found.order) == (3, 1, 2)
    assert (found.unique, found.size, found.same) == (6, 9, True)
    assert found.needed()[:4] == ((0, (0, 0)), (0, (0, 1)), (0, (0, 2)), (0, (1, 1)))


def test_elements_are_entries(cubic: ga.Graph) -> None:
    """Each element of a block is the entry of its sorted index, and entries know their elements."""
    (block,) = target(cubic.diff(order=3)).blocks
    rows, indices = block.entries()
    for flat, at in enumerate(np.ndindex(3, 3, 3)):
        assert rows[flat] == 0
        assert tuple(indices[flat].tolist()) == tuple(sorted(at))
        assert flat in block.positions((0, tuple(sorted(at))))
    assert block.positions((0, (0, 1, 2))) == [5, 7, 11, 15, 19, 21]
    assert block.positions((1, (0, 1, 2))) == []


def test_blocks_of_several_inputs(pair: ga.Graph) -> None:
    """Variables and rows count through inputs and outputs; a block has those of its inputs."""
    found = target(pair.diff(order=2))
    assert (found.variables, found.rows, len(found.blocks)) == (5, 5, 8)
    mixed = found.blocks[1]  # the first output by a, then t
    assert (mixed.shape, mixed.starts, mixed.sizes) == ((2, 2, 2, 2), (0, 4), (4, 1))
    rows, indices = mixed.entries(np.array([5]))
    assert (rows.tolist(), indices.tolist()) == ([1], [[1, 4]])
    assert found.same


def test_single_blocks_are_not_a_tensor(pair: ga.Graph) -> None:
    """Derivatives by one input and then another need their own entries only."""
    found = target(pair.diff("a").diff("t"))
    assert not found.same
    assert len(found.needed()) == 5 * 4
    assert all(index[1] == 4 for _, index in found.needed())


def test_order_0(pair: ga.Graph) -> None:
    """At order 0 the values themselves are asked for."""
    leaves = [Leaf(i, node.type.ndim) for i, node in enumerate(pair.outputs)]
    found = target_of(pair, pair, leaves)
    assert (found.order, found.unique, found.size) == (0, 5, 5)
    assert found.needed() == tuple((row, ()) for row in range(5))


def test_chosen_entries(cubic: ga.Graph, pair: ga.Graph) -> None:
    """Entries are indices into the array, after the way through nested tuples."""
    found = target(cubic.diff(order=2))
    assert chosen_entries(found, [(2, 1), (-1, 0)]) == ((0, (1, 2)), (0, (0, 2)))
    assert chosen_entries(found, "diagonal") == tuple((0, (i, i)) for i in range(3))
    nested = target(pair.diff(order=1))
    assert chosen_entries(nested, [(0, 0, 1, 0, 1, 1), (1, 1)]) == ((2, (3,)), (4, (4,)))
    assert chosen_entries(target(cubic.diff()), [2]) == ((0, (2,)),)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [(0, 3)],
            r"\(0, 3\) is no index into a derivative of the shape \(3, 3\)",
        ),
        ([(0,)], r"no entry \(0,\): \(0,\) is no index into a derivative of the shape \(3, 3\)"),
        ([(0, 0.5)], r"an entry is a tuple of whole numbers, and not \(0, 0.5\)"),
        ("all", "entries are indices or \"diagonal\", and not 'all'"),
    ],
)
def test_wrong_entries(cubic: ga.Graph, entries: Any, message: str) -> None:
    """Entries that are not there are refused with the shape that there is."""
    with pytest.raises(DerivativeError, match=message):
        chosen_entries(target(cubic.diff(order=2)), entries)


def test_entries_that_end_in_a_tuple(pair: ga.Graph) -> None:
    """An entry that names no array is told how many there are."""
    with pytest.raises(DerivativeError, match=r"does not lead to an array.*tuple of 4 arrays"):
        chosen_entries(target(pair.diff()), [(0,)])
