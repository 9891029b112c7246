"""Memory for work: buffers that are needed at the same time do not overlap."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from graphad.llvm.array_layout import LINE, Layout, work_offsets
from graphad.llvm.array_values import Buffer, Kind

SPANS = st.tuples(st.integers(1, 40), st.integers(0, 9), st.integers(0, 4))


@given(st.lists(SPANS, max_size=12), st.integers(1, 5))
def test_no_overlap(drawn: list[tuple[int, int, int]], block: int) -> None:
    """Buffers of levels in common are apart, begin with a line, and fit into the total."""
    buffers = [Buffer(Kind.WORK, size, slot) for slot, (size, _, _) in enumerate(drawn)]
    spans = {slot: (first, first + more) for slot, (_, first, more) in enumerate(drawn)}
    offsets, total = work_offsets(buffers, spans, block)
    assert list(offsets) == sorted(offsets)
    for one in buffers:
        start, stop = offsets[one.slot], offsets[one.slot] + one.size * block
        assert start % LINE == 0
        assert stop <= total
        for other in buffers[one.slot + 1 :]:
            apart = spans[one.slot][1] < spans[other.slot][0]
            apart |= spans[other.slot][1] < spans[one.slot][0]
            begin = offsets[other.slot]
            assert apart or begin >= stop or begin + other.size * block <= start


def test_equal_constants_are_one() -> None:
    """Constants of the same bits have one place in the table, of other kinds another."""
    layout = Layout(2, 1, 1, {})
    assert layout.constant(np.ones(3)) == layout.constant(np.ones((3, 1))) == 0
    assert layout.constant(np.array([0])) == 1
    assert layout.constant(np.array([0.0])) == 2
    assert [array.dtype.kind for array in layout.constants] == ["f", "i", "f"]
