"""Reading and replacing elements at flat positions, by readable ops where a place is regular."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphad.builder import Builder
from graphad.evaluate.interpreter import Program
from graphad.tracing.places import find_box, gather, is_whole, packed, replace
from graphad.types import make_type

SHAPE = (3, 4, 2)
ALL = np.arange(24).reshape(SHAPE)
REGULAR: list[Any] = [
    ALL,
    ALL[1],
    ALL[:, 2],
    ALL[..., 0],
    ALL[1:, ::2],
    ALL[::-1],
    ALL[::-2, 1::2, ::-1],
    ALL.T,
    ALL.transpose(1, 0, 2)[::-1],
    ALL[1, 2, 0],
    ALL[1:2, :1],
    ALL[0, 1:3, 1][:, None],
    np.swapaxes(ALL, 0, 1)[1],
    ALL[:, [0, 3]],
]
IRREGULAR: list[Any] = [
    ALL.reshape(6, 4)[:, 1:3],
    ALL.ravel()[1:8],
    ALL.ravel()[[3, 5, 11]],
    np.diagonal(ALL),
    ALL[:, [0, 1, 3]],
    ALL[ALL % 3 == 0],
    ALL.reshape(4, 6)[1:3],
]


@pytest.mark.parametrize("positions", REGULAR + IRREGULAR)
def test_gather_and_replace(positions: Any) -> None:
    """Elements are read and replaced as NumPy does by the same positions."""
    positions = np.asarray(positions)
    builder = Builder()
    x = builder.input("x", make_type(SHAPE, np.dtype(float)))
    new = builder.input("new", make_type(positions.shape, np.dtype(float)))
    results = [
        gather(x, positions),
        replace(x, positions, new),
        replace(x, positions, builder.constant(7.0)),
    ]
    values = np.random.default_rng(0).normal(size=SHAPE)
    given = np.random.default_rng(1).normal(size=positions.shape)
    read, written, filled = Program(builder.finish("f", results))(values, given[()])
    np.testing.assert_array_equal(read, np.take(values, positions))
    for result, wanted in ((written, given), (filled, 7.0)):
        expected = values.copy()
        expected.ravel()[positions] = wanted
        np.testing.assert_array_equal(result, expected)


def test_regular_places_are_slices() -> None:
    """Spans along axes, turned in any way, are found; other places are not taken for such."""
    for positions in REGULAR:
        box = find_box(np.asarray(positions), SHAPE)
        assert box is not None
        spans = tuple(span.slice for span in box.spans)
        assert sorted(ALL[spans].ravel()) == sorted(np.ravel(positions))
    for positions in IRREGULAR:
        assert find_box(positions, SHAPE) is None
    assert find_box(np.zeros((0, 2), int), SHAPE) is None
    assert find_box(np.broadcast_to(ALL[:1], (3, 1, 4, 2)), SHAPE) is None


@given(st.data())
def test_any_slices(data: st.DataObject) -> None:
    """A basic index of slices is a regular place, or empty."""
    index = tuple(
        data.draw(st.slices(n)) if data.draw(st.booleans()) else data.draw(st.integers(0, n - 1))
        for n in SHAPE
    )
    positions = np.asarray(ALL[index])
    assert (find_box(positions, SHAPE) is not None) == (positions.size > 0)


def test_whole() -> None:
    """All positions in order are the whole, in another shape too."""
    assert is_whole(ALL, SHAPE)
    assert is_whole(ALL.reshape(6, 4), SHAPE)
    assert not is_whole(ALL[::-1], SHAPE)
    assert not is_whole(ALL[1:], SHAPE)


def test_packed() -> None:
    """Numbers among the scalars become constants."""
    builder = Builder()
    x = builder.input("x", make_type((), np.dtype(float)))
    graph = builder.finish("f", [packed(builder, [x, np.asarray(2.0)], (2, 1))])
    np.testing.assert_array_equal(Program(graph)(np.float64(1.0))[0], [[1.0], [2.0]])
