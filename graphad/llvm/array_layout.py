"""Addresses: the tables that the code of an array graph reads, and places for work between steps.

A table has the addresses of inputs and outputs, in this order, and a global one those of constants.
Work of a block of points lies buffer by buffer, and point by point in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from graphad.llvm.array_values import Buffer, Kind
from graphad.op import Array

LINE = 8
"""Doubles of a line of the cache: buffers begin with one."""


@dataclass(eq=False, slots=True)
class Layout:
    """Where buffers are.

    Parameters
    ----------
    inputs, outputs : int
        How many.
    block : int
        Points of a block.
    offsets : dict of int to int
        For each slot of work, doubles from the beginning of the memory for work.
    """

    inputs: int
    outputs: int
    block: int
    offsets: dict[int, int]
    constants: list[Array] = field(default_factory=list)
    _known: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def constant(self, data: Array) -> int:
        """Return the position in the table of constants of values that do not change."""
        flat = np.ascontiguousarray(data).reshape(-1)
        key = (flat.dtype.str, flat.tobytes())
        if key not in self._known:
            self._known[key] = len(self.constants)
            self.constants.append(flat)
        return self._known[key]

    def base(self, buffer: Buffer, name: str, point: str) -> list[str]:
        """Return the lines that put the address of a buffer of one point into `name`.

        Parameters
        ----------
        buffer : Buffer
            Which.
        name : str
            Of the result.
        point : str
            Name of the number of the point in its block; ``%first`` is that of the block's first.
        """
        kind, size = buffer.kind, buffer.size
        if kind is Kind.CONSTANT:
            assert buffer.data is not None
            return constant_entry(name, self.constant(buffer.data))
        if kind is Kind.WORK:
            start = self.offsets[buffer.slot]
            return [
                f"  {name}.m = mul i64 {point}, {size}",
                f"  {name}.o = add i64 {name}.m, {start}",
                f"  {name} = getelementptr double, ptr %work, i64 {name}.o",
            ]
        slot = buffer.slot if kind is Kind.INPUT else self.inputs + buffer.slot
        return [
            *_entry(f"{name}.t", "%table", slot),
            f"  {name}.p = add i64 %first, {point}",
            f"  {name}.a = getelementptr i64, ptr %steps, i64 {slot}",
            f"  {name}.s = load i64, ptr {name}.a",
            f"  {name}.o = mul i64 {name}.p, {name}.s",
            f"  {name} = getelementptr double, ptr {name}.t, i64 {name}.o",
        ]


CONSTANTS = """@constants = internal global ptr null
define void @keep(ptr %table) #0 {
  store ptr %table, ptr @constants
  ret void
}"""
"""The table of constants, and the function that tells where it is."""


def constant_entry(name: str, slot: int) -> list[str]:
    """Return the lines that put the address of a constant into `name`."""
    return [f"  {name}.c = load ptr, ptr @constants", *_entry(name, f"{name}.c", slot)]


def _entry(name: str, table: str, slot: int) -> list[str]:
    return [
        f"  {name}.e = getelementptr ptr, ptr {table}, i64 {slot}",
        f"  {name} = load ptr, ptr {name}.e",
    ]


def work_offsets(
    buffers: Sequence[Buffer], spans: dict[int, tuple[int, int]], block: int
) -> tuple[dict[int, int], int]:
    """Return where buffers begin, so that those needed at a time do not overlap, and the total.

    Parameters
    ----------
    buffers : sequence of Buffer
        Work.
    spans : dict of int to (int, int)
        First and last level at which each slot is used.
    block : int
        Points that each buffer holds.

    Returns
    -------
    offsets : dict of int to int
        In doubles, by slot.
    total : int
        Doubles of all.

    Examples
    --------
    >>> one, two, three = (Buffer(Kind.WORK, 8, slot) for slot in range(3))
    >>> work_offsets([one, two, three], {0: (1, 2), 1: (2, 3), 2: (3, 4)}, 1)
    ({0: 0, 1: 8, 2: 0}, 16)
    """
    offsets: dict[int, int] = {}
    placed: list[tuple[int, int, int, int]] = []
    total = 0
    for buffer in sorted(buffers, key=lambda one: (spans[one.slot][0], -one.size, one.slot)):
        first, last = spans[buffer.slot]
        length = -(-buffer.size * block // LINE) * LINE
        at = 0
        for start, stop, begin, end in sorted(placed):
            if end < first or begin > last:
                continue
            if at + length <= start:
                break
            at = max(at, stop)
        offsets[buffer.slot] = at
        placed.append((at, at + length, first, last))
        total = max(total, at + length)
    return dict(sorted(offsets.items())), total
