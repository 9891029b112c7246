"""Places of elements: offsets and strides are found, and axes that are one axis are merged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices

from graphad.llvm.array_values import Buffer, Kind, Stored, line_of, merged_axes


def places_of(line: tuple[int, tuple[int, ...]], shape: tuple[int, ...]) -> np.ndarray:
    """Return the places that an offset and strides say."""
    start, strides = line
    made = np.full(shape, start)
    for steps, stride in zip(np.indices(shape), strides, strict=True):
        made = made + steps * stride
    return made


@given(st.data())
def test_views_have_lines(data: st.DataObject) -> None:
    """Slices of every step have an offset and strides, seen in memory or from the places alone."""
    shape = data.draw(array_shapes(max_dims=3, max_side=5))
    index = data.draw(basic_indices(shape, allow_newaxis=True))
    buffer = Buffer(Kind.WORK, int(np.prod(shape)), 0)
    view = buffer.places.reshape(shape)[index]
    if not isinstance(view, np.ndarray) or view.size == 0:
        return
    for places in (view, view.copy()):
        line = line_of(Stored(buffer, places))
        assert line is not None
        np.testing.assert_array_equal(places_of(line, view.shape), view)


@pytest.mark.parametrize("taken", [[0, 1, 3], [2, 2, 0], [[0, 1], [2, 4]]])
def test_what_has_no_order_has_no_line(taken: list[int]) -> None:
    """Elements at arbitrary places have neither offset nor strides."""
    buffer = Buffer(Kind.WORK, 5, 0)
    assert line_of(Stored(buffer, buffer.places[taken])) is None


def test_broadcast_axes_have_no_stride() -> None:
    """An axis along which nothing changes has the stride 0."""
    buffer = Buffer(Kind.INPUT, 4, 0)
    assert line_of(Stored(buffer, np.broadcast_to(buffer.places, (3, 4)))) == (0, (0, 1))


@pytest.mark.parametrize(
    ("shape", "strides", "expected"),
    [
        ((2, 3), [(3, 1)], [[0, 1]]),
        ((2, 3), [(3, 1), (1, 2)], [[0], [1]]),
        ((2, 1, 3), [(3, 7, 1)], [[0, 2]]),
        ((1, 1), [(1, 1)], []),
        ((4, 5), [(0, 0)], [[0, 1]]),
    ],
)
def test_merged_axes(
    shape: tuple[int, ...], strides: list[tuple[int, ...]], expected: list
) -> None:
    """Neighbours are one axis if they are for every array; axes of length 1 are none."""
    assert merged_axes(shape, strides) == expected
