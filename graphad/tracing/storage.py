"""The memory of an array that is made or changed while tracing.

Arrays of a trace that share memory share one `Storage`. It holds a constant array as long as
nothing traced is written, and a value of the graph from then on. Elements, or whole rows, that are
written one by one are kept beside it as blocks, so that a loop over ``y[i + 1] = y[i] + …`` gives
the graph of the recurrence, and not one copy of `y` for each step.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakSet

import numpy as np

from graphad.builder import Value
from graphad.constant import Constant
from graphad.op import Array
from graphad.tracing.advice import refusal
from graphad.tracing.lowering.coerce import broadcasted, emit, reshaped
from graphad.tracing.origins import Line, line_of, user_frame
from graphad.tracing.places import Positions, Shape, gather, is_whole, packed, replace
from graphad.types import DType

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder

Content: TypeAlias = "Value | Array"
"""What an array holds: a value of the graph, or a constant."""

PACK_LIMIT = 1 << 16
"""Parts of more elements are not read one by one."""


class Storage:
    """Elements in memory, as values of a graph.

    Parameters
    ----------
    recorder : Recorder
        The trace.
    content : Value or ndarray
        What is in it. An array is not copied, and written to.
    ordered : bool
        Whether it is known in which order NumPy would lay out the elements: as the array's lie, or
        in C order. If not, it is not known whether a reshape gives a view or a copy.
    """

    __slots__ = (
        "__weakref__",
        "_blocks",
        "_dirty",
        "_grain",
        "_positions",
        "_rivals",
        "_spoiled",
        "array",
        "base",
        "dtype",
        "forms",
        "ordered",
        "outside",
        "recorder",
        "shape",
        "size",
        "version",
    )

    def __init__(self, recorder: Recorder, content: Content, ordered: bool = True) -> None:
        self.recorder = recorder
        self.array: Array | None = None
        self.base: Value | None = None
        if isinstance(content, Value):
            self.base = content
            self.dtype: DType = content.type.dtype
        else:
            self.array = content
            self.dtype = content.dtype
        self.shape: Shape = content.shape
        self.size = prod(self.shape)
        self.ordered = ordered
        self.version = 0
        self.forms: dict[Shape, None] = {}  # other shapes in which it is seen as a whole
        self._positions: Positions | None = None
        if self.array is not None and not self.array.flags.c_contiguous:
            self._positions = np.empty_like(self.array, dtype=np.intp, subok=False)
            self._positions[...] = np.arange(self.size).reshape(self.shape)
        self._grain = 1
        self._blocks: dict[int, Content] = {}
        self._dirty: dict[int, None] = {}
        self._rivals: WeakSet[Storage] | None = None
        self._spoiled: Line | None = None
        self.outside = False  # of an enclosing trace, whose arrays the body of a loop only reads

    def copy(self) -> Storage:
        """Return the same elements in memory of their own."""
        self.check_readable()
        made = Storage(self.recorder, self.array.copy() if self.array is not None else self.whole())
        if self.array is not None:
            made._grain = self._grain
            made._blocks = dict(self._blocks)
            made._dirty = dict(self._dirty)
        made.ordered = self.ordered
        return made

    # --- aliases that cannot be followed ---------------------------------------------------------

    def may_share(self, other: Storage) -> None:
        """Note that in NumPy this may be the memory of `other`, or a copy of it."""
        for one, two in ((self, other), (other, self)):
            if one._rivals is None:
                one._rivals = WeakSet()
            one._rivals.add(two)

    def _written(self) -> None:
        self.check_readable()
        if self.outside or self.recorder.inner is not None:
            raise refusal(
                "the body of a loop or branch writes into an array from outside of it",
                "the body runs once for all steps, so only what it returns counts: carry the "
                "array, and return it changed; or write into a copy",
            )
        self.version += 1
        if self._rivals is not None:
            line = line_of(user_frame())
            for rival in self._rivals:
                rival._spoiled = line
            self._rivals = None

    def check_readable(self) -> None:
        """Refuse to be read after a write that may or may not have changed this.

        Raises
        ------
        TraceError
            Naming the line that wrote.
        """
        if self._spoiled is not None:
            raise refusal(
                f"{self._spoiled} wrote into an array that may or may not share memory with that "
                "used here: whether NumPy made a view or a copy depends on the order in memory",
                "write .copy() after the reshape, ravel or indexing that made one from the other",
            )

    # --- reading ---------------------------------------------------------------------------------

    @property
    def is_constant(self) -> bool:
        """Whether nothing in it depends on an input."""
        return self.base is None and not self._blocks

    @property
    def is_plain(self) -> bool:
        """Whether nothing is kept beside the whole."""
        return not self._blocks

    def positions(self) -> Positions:
        """Return the position of each element, in an array laid out as this one is."""
        if self._positions is None:
            self._positions = np.arange(self.size, dtype=np.intp).reshape(self.shape)
        return self._positions

    @property
    def is_c_ordered(self) -> bool:
        """Whether the elements are known to lie in C order."""
        return self.ordered and (self._positions is None or self._positions.flags.c_contiguous)

    def whole(self) -> Content:
        """Return all elements; a constant is the memory itself."""
        self.check_readable()
        if self._dirty:
            self._flush()
        if self.base is not None:
            return self.base
        assert self.array is not None
        return self.array

    def read(self, positions: Positions) -> Content:
        """Return the elements at flat positions, in the shape of the positions."""
        self.check_readable()
        if self._blocks:
            known = self._known(positions)
            if known is not None:
                return known
        content = self.whole()
        if isinstance(content, Value):
            return gather(content, positions, self.forms)
        return np.asarray(np.take(content, positions))

    def _known(self, positions: Positions) -> Content | None:
        """Return elements that can be read without putting all blocks into the whole."""
        if positions.size == 0:
            return np.empty(positions.shape, self.dtype)
        if self._grain == 1:
            return self._known_elements(positions)
        low, high = int(positions.min()), int(positions.max())
        first, last = low // self._grain, high // self._grain
        if first == last and first in self._blocks:
            block = self._blocks[first]
            inside = positions - first * self._grain
            if isinstance(block, Value):
                return gather(block, inside)
            return np.asarray(np.take(block, inside))
        if any(key in self._dirty for key in range(first, last + 1)):
            return None
        return self._below(positions)

    def _below(self, positions: Positions) -> Content:
        """Return elements that no block stands for."""
        if self.base is not None:
            return gather(self.base, positions, self.forms)
        assert self.array is not None
        return np.asarray(np.take(self.array, positions))

    def _known_elements(self, positions: Positions) -> Content | None:
        blocks = self._blocks
        if positions.ndim == 0:
            found = blocks.get(int(positions))
            return found if found is not None else self._below(positions)
        keys = positions.reshape(-1).tolist()
        held = [key for key in keys if key in blocks]
        if not held:
            return self._below(positions)
        if len(keys) > PACK_LIMIT or (self.base is not None and len(held) < len(keys)):
            return None
        parts = [blocks[key] if key in blocks else self._number(key) for key in keys]
        if not any(isinstance(part, Value) for part in parts):
            return np.array(parts, self.dtype).reshape(positions.shape)
        return packed(self.recorder.builder, parts, positions.shape)

    def _number(self, position: int) -> Array:
        assert self.array is not None
        return np.asarray(self.array.flat[position])

    # --- writing ---------------------------------------------------------------------------------

    def write(self, positions: Positions, new: Content) -> None:
        """Replace elements.

        Parameters
        ----------
        positions : ndarray of int
            Flat positions, each at most once.
        new : Value or ndarray
            Of this dtype, and of the shape of `positions` or ``()``.
        """
        self._written()
        if positions.size == 0:
            return
        if isinstance(new, np.ndarray) and self._write_constant(positions, new):
            return
        if positions.size == self.size and is_whole(positions, self.shape):
            self._fill(new)
            return
        grain = self._grain_of(positions)
        if grain is not None:
            if grain != self._grain:
                self._settle()
                self._grain = grain
            key = int(positions.flat[0]) // grain
            self._blocks[key] = self._fitted(new, () if grain == 1 else positions.shape)
            self._dirty[key] = None
            return
        self._settle()
        self.base = replace(self._symbolic(), positions, self._lifted(new), self.forms)
        self.array = None

    def _fitted(self, new: Content, shape: Shape) -> Content:
        """Return a scalar repeated to a shape, or as many elements in that shape."""
        if isinstance(new, Value):
            return broadcasted(new, shape) if new.shape == () else reshaped(new, shape)
        return np.array(np.broadcast_to(new, shape) if new.shape == () else np.reshape(new, shape))

    def _fill(self, new: Content) -> None:
        self._blocks.clear()
        self._dirty.clear()
        filled = self._fitted(new, self.shape)
        if isinstance(filled, Value):
            self.base, self.array = filled, None
        else:
            laid = self.positions()  # of the same layout, which later views depend on
            self.array = np.empty_like(laid, dtype=self.dtype)
            self.array[...] = filled
            self.base = None

    def _write_constant(self, positions: Positions, new: Array) -> bool:
        """Write a constant into constant memory; say whether that could be done."""
        if self.array is None:
            return False
        if self._blocks:
            keys = dict.fromkeys((positions.reshape(-1) // self._grain).tolist())
            partly = positions.size != len(keys) * self._grain
            if partly and any(key in self._blocks for key in keys):
                return False
            for key in keys:
                self._blocks.pop(key, None)
                self._dirty.pop(key, None)
        np.put(self.array, positions, np.broadcast_to(new, positions.shape))
        return True

    def _grain_of(self, positions: Positions) -> int | None:
        """Return how many elements a block has, if positions are one element or one row."""
        count = positions.size
        if count == 1:
            return 1
        start = int(positions.flat[0])
        forms = (self.shape, *self.forms)
        rows = (prod(form[axis:]) for form in forms for axis in range(1, len(form)))
        if start % count or count not in rows:
            return None
        flat = positions.reshape(-1)
        return count if np.array_equal(flat, np.arange(start, start + count)) else None

    def _lifted(self, content: Content) -> Value:
        if isinstance(content, Value):
            return content
        return self.recorder.builder.constant(Constant(content))

    def _symbolic(self) -> Value:
        if self.base is not None:
            return self.base
        assert self.array is not None
        return self._lifted(self.array)

    # --- blocks ----------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Put all blocks into the whole, and forget them."""
        if self._dirty:
            self._flush()
        self._blocks.clear()

    def _flush(self) -> None:
        """Put all blocks into the whole; they stay known."""
        builder = self.recorder.builder
        grain, blocks = self._grain, self._blocks
        count = self.size // grain
        fills = self.array is not None and grain == 1 and 2 * len(blocks) >= count
        if len(blocks) == count or fills:
            parts: list[Any] = [blocks[k] if k in blocks else self._number(k) for k in range(count)]
            if grain == 1:
                self.base = packed(builder, parts, self.shape)
            else:
                self.base = reshaped(self._joined(parts), self.shape)
        else:
            whole = self._symbolic()
            for start, stop in runs(sorted(self._dirty)):
                part = self._joined([blocks[key] for key in range(start, stop)])
                whole = replace(whole, np.arange(start * grain, stop * grain), part)
            self.base = whole
        self.array = None
        self._dirty.clear()

    def _joined(self, parts: list[Content]) -> Value:
        """Return blocks one after the other, as one flat array; one element as it is."""
        count = len(parts)
        if self._grain == 1:
            one = count == 1
            return self._lifted(parts[0]) if one else packed(self.recorder.builder, parts, (count,))
        flat = [reshaped(self._lifted(part), (self._grain,)) for part in parts]
        return flat[0] if len(flat) == 1 else emit("concatenate", *flat, axis=0)


def runs(keys: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each run of consecutive integers.

    Examples
    --------
    >>> list(runs([0, 1, 2, 5, 7, 8]))
    [(0, 3), (5, 6), (7, 9)]
    """
    start = 0
    for i in range(1, len(keys) + 1):
        if i == len(keys) or keys[i] != keys[i - 1] + 1:
            yield keys[start], keys[i - 1] + 1
            start = i
