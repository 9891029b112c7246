"""What a mask that depends on the inputs selects: ``x[x > 0]``.

How many elements these are is not known, so that a graph cannot hold them. A selection holds all
elements and the mask. Elementwise functions of it are those of all elements, reductions leave out
what is not selected, and ``y[mask] = selection`` is ``np.where(mask, all, y)``. Derivatives are
those of `where`: what a function would give at elements that are not selected has no part in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from graphad.builder import Value
from graphad.tracing.advice import refusal
from graphad.tracing.fitting import fitting, spread
from graphad.tracing.in_place import InPlace
from graphad.tracing.indices import no_mask
from graphad.tracing.lowering import LOWERINGS
from graphad.tracing.lowering.coerce import reshaped
from graphad.tracing.masked import shielded
from graphad.tracing.storage import Content
from graphad.tracing.tracers import Tracer
from graphad.types import DType, make_type

if TYPE_CHECKING:
    from graphad.tracing.arrays import TracedArray
    from graphad.tracing.recorder import Recorder


class Selection(InPlace):
    """The elements of an array at which a mask holds.

    Parameters
    ----------
    recorder : Recorder
        The trace.
    whole : Value
        All elements, also those that are not selected.
    mask : Value
        Booleans, over the first axes of `whole`; these are the first axis of the selection.
    is_shielded : bool
        Whether all that `whole` is made of went through `shield`. What is not shielded is finite
        where the array is, and so are its derivatives.
    """

    __slots__ = ("_mask", "_whole", "is_shielded")

    def __init__(
        self, recorder: Recorder, whole: Value, mask: Value, is_shielded: bool = False
    ) -> None:
        self._recorder = recorder
        self._whole = whole
        self._mask = mask
        self.is_shielded = is_shielded

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return np.ndarray

    def content(self) -> NoReturn:
        """Refuse to be an array of the graph."""
        raise no_mask()

    def plain(self) -> None:
        """Return nothing: this is never constant."""

    @property
    def shape(self) -> NoReturn:
        """Refused: it depends on the inputs."""
        raise no_length()

    @property
    def dtype(self) -> DType:
        """NumPy's dtype."""
        return self._whole.type.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return 1 + len(self.rest)

    @property
    def rest(self) -> tuple[int, ...]:
        """Lengths of the axes after the first."""
        return self._whole.shape[self._mask.ndim :]

    @property
    def size(self) -> Any:
        """Number of elements: an integer of the graph."""
        rows = self._recorder.call(np.count_nonzero, (self.mask(wide=False),))
        return self._recorder.call(np.multiply, (rows, int(np.prod(self.rest, dtype=int))))

    def __len__(self) -> int:
        """Refuse to be counted by Python."""
        raise no_length()

    def __iter__(self) -> Iterator[Any]:
        """Refuse to be gone through."""
        raise no_mask()

    def mask(self, wide: bool = True) -> Any:
        """Return the mask, with axes of length 1 for those that it does not have."""
        axes = len(self.rest) if wide else 0
        return self._recorder.wrap(reshaped(self._mask, self._mask.shape + (1,) * axes), True)

    def whole(self) -> Any:
        """Return all elements."""
        return self._recorder.wrap(self._whole, True)

    def shield(self, item: Any) -> Any:
        """Return an operand with ones in place of the elements that are not selected."""
        return shielded(self._recorder, self.mask(), item)

    def shielded(self) -> Any:
        """Return all elements, shielded."""
        return self.whole() if self.is_shielded else self.shield(self.whole())

    def like(self, whole: Any, is_shielded: bool | None = None) -> Selection:
        """Return the selection of other elements by the same mask."""
        recorder = self._recorder
        value = recorder.lift(recorder.content_of(whole))
        known = self.is_shielded if is_shielded is None else is_shielded
        return Selection(recorder, value, self._mask, known)

    def captured_by(self, inner: Any) -> Selection:
        """Return the same elements in the trace of a body of control flow."""
        whole, mask = (inner.capture(x, self._recorder) for x in (self._whole, self._mask))
        return Selection(inner, whole, mask, self.is_shielded)

    def is_by(self, mask: Value) -> bool:
        """Return whether this selects by the same mask: by the same node of the graph."""
        return self._mask.node is mask.node

    def fill_with(self, result: Any) -> Selection:
        """Replace all elements, as the operators in place do; return this selection."""
        if isinstance(result, Selection):
            if not result.is_by(self._mask):
                raise mixed()
            new: Content = result._whole
            self.is_shielded = result.is_shielded
        else:
            new = self._recorder.content_of(aligned(self, len(self.rest), result))
            self.is_shielded = False
        self._whole = self._recorder.lift(spread(fitting(new, self.dtype), self._whole.shape))
        return self

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Selection:
        """Return the same elements in another dtype."""
        return self.like(self.whole().astype(dtype))

    def copy(self, order: str = "C") -> Selection:
        """Return the same elements in memory of their own."""
        return Selection(self._recorder, self._whole, self._mask, self.is_shielded)

    def flatten(self, order: str = "C") -> Any:
        """Return a flat copy, which there is of one axis only."""
        return self._recorder.call(np.ravel, (self,))

    def __getitem__(self, index: Any) -> Selection:
        """Return some of the elements, by a mask among them, or by what stands after ``:``."""
        recorder = self._recorder
        recorder.locate()
        if isinstance(index, Selection):
            narrower = Selection(recorder, self._whole, self._narrower(index))
            return narrower.like(narrower.shield(self.whole())) if self.is_shielded else narrower
        first, *after = index if isinstance(index, tuple) else (index,)
        taken = sum(item is not None for item in after)
        if taken > len(self.rest) or not all(_is_basic(item) for item in after):
            raise no_mask()
        if first is Ellipsis:
            return self.like(self.whole()[(..., *after)])
        if isinstance(first, slice) and first == slice(None):
            every = (slice(None),) * self._mask.ndim
            return self.like(self.whole()[(*every, *after)])
        raise no_mask()

    def __setitem__(self, index: Any, new: Any) -> None:
        """Replace elements of this copy."""
        recorder = self._recorder
        recorder.locate()
        if index is Ellipsis or (isinstance(index, slice) and index == slice(None)):
            self.fill_with(new)
            return
        if not isinstance(index, Selection):
            raise no_mask()
        narrower = self._narrower(index)
        target = recorder.array_of(self.whole()).copy()
        write(target, (narrower,), new)
        self._whole = recorder.lift(target.content())

    def _narrower(self, index: Selection) -> Value:
        """Return the mask of what is selected twice."""
        if index.dtype.kind != "b" or index.rest or not index.is_by(self._mask):
            raise mixed()
        both = self._recorder.call(np.logical_and, (self.mask(wide=False), index.whole()))
        return self._recorder.lift(self._recorder.content_of(both))

    def __getattr__(self, name: str) -> Any:
        """Refuse what needs the number of elements."""
        if name.startswith("_"):
            raise AttributeError(name)
        raise no_mask()

    def __repr__(self) -> str:
        return f"<traced {make_type(self._whole.shape, self.dtype)}, elements selected by a mask>"


# --- reading and writing by a mask ---------------------------------------------------------------


def _is_basic(item: Any) -> bool:
    return item is None or type(item) is int or (isinstance(item, slice) and not _is_traced(item))


def _is_traced(item: slice) -> bool:
    return any(isinstance(part, Tracer) for part in (item.start, item.stop, item.step))


def _split(array: TracedArray, index: tuple[Any, ...]) -> tuple[Any, Value]:
    """Return the part of an array that stands after the mask in an index, and the mask."""
    mask, *after = index
    if not isinstance(mask, Value) or not mask.ndim or not all(map(_is_basic, after)):
        raise no_mask()
    if mask.shape != array.shape[: mask.ndim]:
        raise refusal(
            f"a mask of shape {mask.shape} does not fit an array of shape {array.shape}",
            "compare the whole array, or all of its first axes",
        )
    return array[(*(slice(None),) * mask.ndim, *after)] if after else array, mask


def selected(array: TracedArray, index: tuple[Any, ...]) -> Selection:
    """Return ``array[mask]``, or ``array[mask, after]`` with integers and slices after the mask.

    Parameters
    ----------
    array : TracedArray
        The array.
    index : tuple
        The mask, a value of the graph, and what follows.

    Raises
    ------
    TraceError
        If the mask does not fit, or something else stands in the index.
    """
    recorder = array._recorder
    part, mask = _split(array, index)
    return Selection(recorder, recorder.lift(recorder.content_of(part)), mask)


def write(array: TracedArray, index: tuple[Any, ...], new: Any) -> None:
    """Assign where a mask holds: numbers, rows, or what the same mask selects.

    Parameters
    ----------
    array : TracedArray
        The array.
    index : tuple
        As for `selected`.
    new : object
        What is assigned.

    Raises
    ------
    TraceError
        If how many elements are assigned depends on the inputs otherwise.
    """
    recorder = array._recorder
    target, mask = _split(array, index)
    rest = target.shape[mask.ndim :]
    new = recorder.imported(new)
    if isinstance(new, Selection):
        if not new.is_by(mask):
            raise mixed()
        content: Content = new._whole
        fits = len(new.rest) == len(rest)
        content = spread(content, target.shape) if fits else content
    else:
        content = recorder.content_of(new)
        fits = len(content.shape) <= len(rest) or content.shape[: -len(rest) or None] == (1,)
        content = spread(content, rest) if fits and content.shape else content
    if not fits:
        raise refusal(
            "which elements this assigns depends on the inputs",
            "assign one number, x[mask] = 0.0, or what the same mask selects, x[mask] = y[mask]; "
            "or write x = np.where(mask, new, x)",
        )
    wide = reshaped(mask, mask.shape + (1,) * len(rest))
    own = recorder.lift(target.content())
    kept = recorder.lift(fitting(content, array.dtype))
    chosen = LOWERINGS[np.where](recorder.builder, wide, kept, own)
    target.storage.write(target.positions(), chosen)


# --- other operands, and refusals ---------------------------------------------------------------


def aligned(one: Selection, axes: int, item: Any) -> Any:
    """Return an operand that is no selection so that it broadcasts against all elements."""
    if not isinstance(item, Tracer | np.ndarray | list | tuple):
        return item
    shape = item.shape if isinstance(item, Tracer) else one._recorder.content_of(item).shape
    if len(shape) <= axes:
        return item
    if len(shape) == axes + 1 and shape[0] == 1:
        return one._recorder.call(np.reshape, (item, shape[1:]))
    raise refusal(
        f"this takes what a mask selects together with an array of shape {shape}, and how many "
        "elements the mask selects depends on the inputs",
        "select from both by the same mask, as in x[mask] * y[mask]; or write np.where(mask, ...)",
    )


def no_length() -> Exception:
    """Return the error for asking how many elements are selected, where that must be known."""
    return refusal(
        "how many elements this mask selects depends on the inputs, and is no Python number",
        "write np.sum(mask), which is a traced count, or x[mask].size",
    )


def mixed() -> Exception:
    """Return the error for selections that do not belong together."""
    return refusal(
        "this mixes what different masks select, and how many elements those are depends on the "
        "inputs",
        "select by one mask on both sides, y[mask] = f(x[mask]); or write np.where(mask, x, y)",
    )
