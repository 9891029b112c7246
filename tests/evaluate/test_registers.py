"""Registers: which are free, and what the kept ones hold in every set."""

from __future__ import annotations

import numpy as np

from graphad.evaluate.registers import Registers
from graphad.types import make_type

TYPE = make_type((2, 3), np.dtype(np.float64))


def test_free_registers_are_taken_again() -> None:
    """A register that was given back is the next one taken."""
    registers = Registers()
    first, second = registers.take(), registers.take()
    registers.give_back(first)
    assert registers.take() == first != second


def test_sets_have_their_own_buffers_and_views() -> None:
    """Each set has other buffers, with views of just these, and the same constants."""
    registers = Registers()
    plain, constant = registers.take(), registers.constant("c")
    buffer = registers.buffer(TYPE)
    view = registers.view(buffer, np.transpose, ((1, 0),))
    assert view is not None
    sets = [registers.make() for _ in range(3)]
    for held in sets:
        assert held[plain] is None
        assert held[constant] == "c"
        held[buffer][...] = 1.0
        held[buffer][0, 1] = 5.0
        assert held[view][1, 0] == 5.0
    assert not np.may_share_memory(sets[0][buffer], sets[1][buffer])
    assert not np.may_share_memory(sets[1][buffer], sets[2][buffer])
    assert registers.buffer_bytes == 48


def test_no_view_where_elements_are_copied() -> None:
    """A reshape that has to copy is no view."""
    registers = Registers()
    across = registers.view(registers.buffer(TYPE), np.transpose, ((1, 0),))
    assert across is not None
    assert registers.view(across, np.reshape, ((6,),)) is None
    assert registers.is_kept(across)
    assert not registers.is_kept(registers.take())
