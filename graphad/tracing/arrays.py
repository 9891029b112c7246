"""Arrays of a trace, which share memory and change as NumPy's do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.builder import Value
from graphad.errors import TraceError, TypeRuleError
from graphad.op import Array
from graphad.tracing.advice import another_trace, no_integer, refusal
from graphad.tracing.fitting import fitting, last_of_each, spread
from graphad.tracing.in_place import InPlace, in_place
from graphad.tracing.indices import Kind, classify
from graphad.tracing.lowering.indexing import getitem, setitem
from graphad.tracing.places import Positions
from graphad.tracing.selections import selected, write
from graphad.tracing.storage import Content, Storage
from graphad.tracing.tracers import TracedScalar
from graphad.types import DType, make_type

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder

Step = Callable[[Any], Any]
Shape = tuple[int, ...]


class TracedArray(InPlace):
    """An array of a trace: all of a storage, or a view of it.

    Parameters
    ----------
    recorder : Recorder
        The trace.
    storage : Storage
        The memory.
    parent : TracedArray, optional
        Of which this is a view.
    step : callable, optional
        What makes this from the parent, on plain arrays: NumPy's own indexing or function.
    content : Value or ndarray, optional
        What is in it now, where that is known.
    positions : ndarray of int, optional
        Which elements of the storage these are, where that is known.
    """

    __slots__ = (
        "_content",
        "_parent",
        "_positions",
        "_shape",
        "_step",
        "_version",
        "locked",
        "made_by",
        "storage",
    )

    def __init__(
        self,
        recorder: Recorder,
        storage: Storage,
        parent: TracedArray | None = None,
        step: Step | None = None,
        content: Content | None = None,
        positions: Positions | None = None,
    ) -> None:
        self._recorder = recorder
        self.storage = storage
        self._parent = parent
        self._step = step
        self._content = content
        self._version = storage.version if content is not None else -1
        self._positions = positions
        self.made_by: object = None
        self.locked = False
        if parent is None:
            self._shape: Shape = storage.shape
        elif content is not None:
            self._shape = content.shape
        else:
            self._shape = self.positions().shape

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return np.ndarray

    @property
    def shape(self) -> Shape:
        """Lengths of the axes."""
        return self._shape

    @shape.setter
    def shape(self, shape: object) -> None:
        raise refusal("the shape of a traced array cannot be set", "write x = x.reshape(...)")

    @property
    def dtype(self) -> DType:
        """NumPy's dtype."""
        return self.storage.dtype

    @dtype.setter
    def dtype(self, dtype: object) -> None:
        raise refusal("the dtype of a traced array cannot be set", "write x = x.astype(...)")

    # --- memory ----------------------------------------------------------------------------------

    def positions(self) -> Positions:
        """Return which elements of the storage these are, laid out as NumPy would lay them out."""
        chain = []
        array = self
        while array._positions is None and array._parent is not None:
            chain.append(array)
            array = array._parent
        found = array.storage.positions() if array._positions is None else array._positions
        for array in reversed(chain):
            assert array._step is not None
            found = array._positions = np.asarray(array._step(found))
        return found

    def is_ordered(self) -> bool:
        """Whether the elements are known to lie in C order."""
        if self._parent is None:
            return self.storage.is_c_ordered
        return self.storage.ordered and bool(self.positions().flags.c_contiguous)

    def content(self) -> Content:
        """Return the value of the graph that this is now, or the array if it is constant."""
        storage = self.storage
        if self._parent is None:
            return storage.whole()
        if self._content is None or self._version != storage.version:
            plain = self._plain_view() if storage.is_constant else None
            self._content = storage.read(self.positions()) if plain is None else plain
            self._version = storage.version
        else:
            storage.check_readable()
        return self._content

    def _plain_view(self) -> Array | None:
        """Return the view of constant memory, laid out as NumPy's, by the steps that made it."""
        chain: list[Step] = []
        array = self
        while array._parent is not None and array._step is not None:
            chain.append(array._step)
            array = array._parent
        found = array.storage.whole()
        if array._parent is not None or isinstance(found, Value):
            return None
        for step in reversed(chain):
            found = np.asarray(step(found))
        return found

    def view(self, dtype: object = None, *, step: Step | None = None) -> Any:
        """Return a view of the same elements; no other dtype can be asked for."""
        if dtype is not None:
            raise refusal("the bytes of traced values cannot be seen otherwise", "write x.astype")
        return self.derived(step or (lambda array: array[...]), (Ellipsis,))

    def derived(self, step: Step, index: tuple[Any, ...] | None = None) -> TracedArray:
        """Return the view that `step` makes; `index` says that it is this index."""
        storage = self.storage
        content: Content | None = None
        if storage.is_plain:
            own = self.content()
            if isinstance(own, np.ndarray):
                content = step(own)
            elif index is not None:
                content = self._get(own, index)
        made = TracedArray(self._recorder, storage, self, step, content)
        made.made_by = index
        made.locked = self.locked
        return made

    def _get(self, value: Value, index: Any) -> Value:
        try:
            return getitem(value, index)
        except (TraceError, TypeRuleError) as error:
            raise self._recorder.explained(error) from error

    def copy(self, order: str = "C") -> TracedArray:
        """Return the same values in memory of their own."""
        self._recorder.locate()
        if self._parent is None and order == "C":
            return TracedArray(self._recorder, self.storage.copy())
        content = self.content()
        if isinstance(content, np.ndarray):
            return TracedArray(self._recorder, Storage(self._recorder, content.copy(order)))  # type: ignore[arg-type]
        ordered = order == "C" or content.ndim < 2 or (order == "K" and self.is_ordered())
        return TracedArray(self._recorder, Storage(self._recorder, content, ordered))

    # --- reading ---------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return the length of the first axis."""
        if not self._shape:
            raise TypeError("len() of unsized object")
        return self._shape[0]

    def __iter__(self) -> Iterator[Any]:
        """Yield the elements, or the rows as views."""
        if not self._shape:
            raise TypeError("iteration over a 0-d array")
        for i in range(self._shape[0]):
            yield self[i]

    def __contains__(self, item: object) -> bool:
        """Return whether a constant array has an element; traced values are refused."""
        return bool((self == item).any())

    def __getitem__(self, index: Any) -> Any:
        """Return an element, a view or a copy, as NumPy does."""
        recorder = self._recorder
        self._begin()
        index, kind = classify(recorder, index, len(self._shape))
        if kind is Kind.ELEMENT:
            return self._element(index)
        if kind is Kind.BASIC:
            return self.derived(lambda array: array[index], index)
        if kind is Kind.MASK:
            return selected(self, index)
        if kind is Kind.ADVANCED and not self.storage.is_plain:
            return recorder.wrap_content(self.storage.read(np.asarray(self.positions()[index])))
        content = self.content()
        if isinstance(content, np.ndarray) and kind is Kind.ADVANCED:
            return recorder.constant(content[index])
        return recorder.wrap(self._get(recorder.lift(content), index))

    def _begin(self) -> None:
        """Note the user's line, and refuse to go on after the trace or beyond its budget."""
        recorder = self._recorder
        if recorder.closed and not self.storage.is_constant:
            raise another_trace(closed=True)
        recorder.locate()
        recorder.check_size()

    def _element(self, index: tuple[int, ...]) -> Any:
        storage = self.storage
        if storage.is_plain:
            content = self.content()
            if isinstance(content, np.ndarray):
                return content[index]
            if len(index) == 1:
                n = self._shape[0]
                if not -n <= index[0] < n:  # IndexError, by which Python ends loops
                    raise IndexError(f"index {index[0]} is out of bounds for axis 0 with size {n}")
                return TracedScalar(self._recorder, getitem(content, index[0]))
            return TracedScalar(self._recorder, self._get(content, index))
        found = storage.read(np.asarray(self.positions()[index]))
        return self._recorder.wrap_content(found)

    # --- writing ---------------------------------------------------------------------------------

    def __setitem__(self, index: Any, new: Any) -> None:
        """Replace elements, here and in all arrays that share their memory."""
        recorder = self._recorder
        self._begin()
        index, kind = classify(recorder, index, len(self._shape))
        if kind is Kind.BASIC and isinstance(new, TracedArray) and new.is_at(self, index):
            return  # x[1:] += y ends by assigning the view, changed already, to its own place
        self._check_unlocked()
        if kind is Kind.MASK:
            write(self, index, new)
            return
        content = fitting(recorder.content_of(new), self.dtype)
        if kind is Kind.TRACED:
            whole = setitem(recorder.lift(self.content()), index, recorder.lift(content))
            self.storage.write(self.positions(), whole)
        else:
            self.put_at(np.asarray(self.positions()[index]), content, kind is not Kind.ADVANCED)

    def is_at(self, parent: TracedArray, index: tuple[Any, ...]) -> bool:
        """Return whether this is the view of an array that a basic index makes."""
        return self._parent is parent and self.made_by is not None and self.made_by == index

    def places(self, index: Any) -> Positions:
        """Return the positions that an index means, to write there.

        Raises
        ------
        TraceError
            If the index depends on an input, or the array may not be written to.
        """
        self._check_unlocked()
        index, kind = classify(self._recorder, index, len(self._shape))
        if kind in (Kind.TRACED, Kind.MASK):
            raise no_integer()
        return np.asarray(self.positions()[index])

    def _check_unlocked(self) -> None:
        if self.locked:
            raise refusal(
                "this array is a read-only view (np.broadcast_to, np.diagonal, …)",
                "write into a copy, x = np.array(x); or into the array that it is a view of",
            )

    def put_at(self, positions: Positions, content: Content, once: bool = False) -> None:
        """Write content, of the dtype of this array, at positions of its storage.

        Parameters
        ----------
        positions : ndarray of int
            Where to.
        content : Value or ndarray
            What; it broadcasts to the shape of `positions`.
        once : bool
            Whether no position is there twice.
        """
        if content.shape != () and content.shape != positions.shape:
            content = spread(content, positions.shape)
        if not once and positions.size > 1:
            positions, content = last_of_each(positions, content)
        self.storage.write(positions, content)

    def fill_with(self, result: Any) -> TracedArray:
        """Write the result of an operation that is asked to leave it here; return this array."""
        self._check_unlocked()
        content = fitting(self._recorder.content_of(result), self.dtype)
        if content.shape != self._shape:
            content = spread(content, self._shape)
        self.storage.write(self.positions(), content)
        return self

    __imatmul__ = in_place(np.matmul)

    def fill(self, value: Any) -> None:
        """Write one number into all elements."""
        self[...] = value

    def sort(
        self, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None
    ) -> None:
        """Sort in place."""
        self.fill_with(self._recorder.call(np.sort, (self, axis, kind, order), {"stable": stable}))

    def partition(self, kth: Any, axis: int = -1) -> None:
        """Partition in place."""
        self.fill_with(self._recorder.call(np.partition, (self, kth, axis)))

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Write elements by flat index."""
        self._recorder.call(np.put, (self, indices, values, mode))

    # --- other forms -----------------------------------------------------------------------------

    @property
    def flat(self) -> FlatElements:
        """All elements in C order, to be read and written."""
        flat = self.positions().reshape(-1)
        made = FlatElements(self._recorder, self.storage, self, None, None, flat)
        made.locked = self.locked
        return made

    @flat.setter
    def flat(self, values: Any) -> None:
        self.flat[...] = values

    def flatten(self, order: str = "C") -> Any:
        """Return a flat copy."""
        return self._recorder.call(np.ravel, (self, order)).copy()

    def item(self, *args: Any) -> Any:
        """Return one element."""
        if len(args) > 1:
            return self[args]
        if not args and self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        flat = self.flat
        return flat[args[0] if args else 0]

    def tolist(self) -> Any:
        """Return nested lists of scalars."""
        if not self._shape:
            return self.item()
        if len(self._shape) == 1:
            return list(self)
        return [row.tolist() for row in self]

    def __getattr__(self, name: str) -> Any:
        """Return other attributes of a constant array."""
        if not name.startswith("_"):
            array = self.plain()
            if array is not None:
                return getattr(array, name)
        raise AttributeError(f"a traced array has no attribute {name!r}", name=name, obj=self)

    def __repr__(self) -> str:
        array = self.plain()
        if array is not None:
            return repr(array)
        return f"<traced {make_type(self._shape, self.dtype)}>"


class FlatElements(TracedArray):
    """``x.flat``: writes reach the array, and what is read by a slice is a copy."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        """Return an element, or a copy of several."""
        found = super().__getitem__(index)
        return found.copy() if isinstance(found, TracedArray) else found
