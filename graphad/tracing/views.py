"""NumPy functions that may return a view: NumPy itself decides, on the positions of elements."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.builder import Value
from graphad.errors import TraceError, TypeRuleError
from graphad.tracing.advice import refusal
from graphad.tracing.arrays import TracedArray
from graphad.tracing.handlers import HANDLERS, handles
from graphad.tracing.lowering import LOWERINGS
from graphad.tracing.lowering.registry import present, spelled
from graphad.tracing.places import Positions
from graphad.tracing.storage import Content, Storage
from graphad.tracing.tracers import Tracer

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder

BY_LAYOUT: tuple[Callable[..., Any], ...] = (np.reshape, np.ravel)
"""Functions that give a view or a copy, depending on the order in memory."""
READ_ONLY = present(
    "broadcast_to", "diagonal", "linalg.diagonal", "lib.stride_tricks.sliding_window_view"
)
VIEWS: tuple[Callable[..., Any], ...] = (
    *BY_LAYOUT,
    *READ_ONLY,
    *present("transpose", "matrix_transpose", "linalg.matrix_transpose", "swapaxes", "moveaxis"),
    *present("rollaxis", "squeeze", "expand_dims", "flip", "fliplr", "flipud", "rot90"),
)
PARTS = present("split", "array_split", "hsplit", "vsplit", "dsplit", "unstack")


def view(function: Callable[..., Any], recorder: Recorder, *args: Any, **kwargs: Any) -> Any:
    """Return what a function gives of a traced array: a view where NumPy gives one.

    Raises
    ------
    TraceError
        If NumPy does not take the arguments.
    """
    args, kwargs = _array_first(args, kwargs)
    array, rest = recorder.array_of(args[0]), args[1:]
    storage = array.storage

    def step(plain: Any) -> Any:
        return function(plain, *rest, **kwargs)

    if function in BY_LAYOUT and array.ndim > 1 and not storage.ordered:
        content = recorder.operand(_content(function, recorder, array, step, rest, kwargs))
        made = TracedArray(recorder, Storage(recorder, content))
        made.storage.may_share(storage)
        return made
    positions: Positions | None = None
    plain = array.is_ordered() and _order(function, rest, kwargs) in ("C", "A", "K")
    if function in READ_ONLY or not plain or array.locked:
        positions = _judged(function, step, array.positions())
        if not np.may_share_memory(positions, storage.positions()):
            return TracedArray(recorder, Storage(recorder, storage.read(positions)))
    content = None
    if storage.is_plain:
        content = _content(function, recorder, array, step, rest, kwargs)
    made = TracedArray(recorder, storage, array, step, content, positions)
    if function is np.reshape and positions is None and made.size == storage.size:
        storage.forms[made.shape] = None
    made.locked = array.locked or (positions is not None and not positions.flags.writeable)
    return made


def _order(function: Callable[..., Any], rest: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return in which order a function reads elements."""
    if function not in BY_LAYOUT:
        return "C"
    place = 1 if function is np.reshape else 0
    return rest[place] if len(rest) > place else kwargs.get("order", "C")


def _array_first(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return arguments with the array as the first of them, also when it was given by name."""
    if args:
        return args, kwargs
    name = next(name for name, value in kwargs.items() if isinstance(value, Tracer | list | tuple))
    return (kwargs[name],), {key: value for key, value in kwargs.items() if key != name}


def _judged(function: Callable[..., Any], step: Callable[[Any], Any], plain: Any) -> Any:
    """Return what NumPy makes of a plain array, or refuse in its words."""
    try:
        return np.asarray(step(plain))
    except (ValueError, TypeError, IndexError) as error:
        if isinstance(error, TraceError):
            raise
        raise refusal(f"{spelled(function)}: {error}", "check the shapes there") from None


def _content(
    function: Callable[..., Any],
    recorder: Recorder,
    array: TracedArray,
    step: Callable[[Any], Any],
    rest: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Content:
    """Return the elements of a view by its lowering, or by the positions of its elements."""
    own = array.content()
    if isinstance(own, np.ndarray):
        plain: Content = _judged(function, step, own)
        return plain
    lowering = LOWERINGS.get(function)
    if lowering is not None:
        try:
            made = lowering(recorder.builder, own, *rest, **kwargs)
        except (TraceError, TypeRuleError):
            made = None  # order="F" and the like
        if isinstance(made, Value):
            return made
    return array.storage.read(_judged(function, step, array.positions()))


for _viewing in VIEWS:
    HANDLERS[_viewing] = partial(view, _viewing)


def parts(function: Callable[..., Any], recorder: Recorder, *args: Any, **kwargs: Any) -> Any:
    """Return what a function splits a traced array into, as views."""
    args, kwargs = _array_first(args, kwargs)
    array, rest = recorder.array_of(args[0]), args[1:]
    try:
        found = function(array.positions(), *rest, **kwargs)
    except (ValueError, IndexError) as error:
        raise refusal(f"{spelled(function)}: {error}", "check the shapes there") from None
    made = []
    for i, positions in enumerate(found):
        step = partial(_piece, function, i, rest, kwargs)
        piece = TracedArray(recorder, array.storage, array, step, None, positions)
        piece.locked = array.locked
        made.append(piece)
    return type(found)(made)


def _piece(
    function: Callable[..., Any], i: int, rest: tuple[Any, ...], kwargs: dict[str, Any], plain: Any
) -> Any:
    return function(plain, *rest, **kwargs)[i]


for _splitting in PARTS:
    HANDLERS[_splitting] = partial(parts, _splitting)


def at_least(function: Callable[..., Any], recorder: Recorder, *arrays: Any) -> Any:
    """Return arrays of at least so many axes, as views."""
    made = tuple([view(function, recorder, array) for array in arrays])
    return made[0] if len(made) == 1 else made


for _raising in present("atleast_1d", "atleast_2d", "atleast_3d"):
    HANDLERS[_raising] = partial(at_least, _raising)


@handles(np.broadcast_arrays)
def _broadcast_arrays(recorder: Recorder, *args: Any, subok: bool = False) -> Any:
    arrays = [recorder.array_of(arg) for arg in args]
    shape = np.broadcast_shapes(*[array.shape for array in arrays])
    return tuple([view(np.broadcast_to, recorder, array, shape) for array in arrays])


@handles(np.diag)
def _diag(recorder: Recorder, v: Any, k: int = 0) -> Any:
    array = recorder.array_of(v)
    if array.ndim == 2:
        return view(np.diagonal, recorder, array, k)
    return recorder.compute(np.diag, (array, k))


@handles(np.einsum)
def _einsum(recorder: Recorder, *operands: Any, **kwargs: Any) -> Any:
    made = recorder.compute(np.einsum, operands, kwargs)
    arrays = [x for x in operands if isinstance(x, TracedArray)]
    if len(arrays) == 1 and isinstance(made, TracedArray):
        made.storage.may_share(arrays[0].storage)  # of one operand, einsum may return a view
    return made


@handles(np.real)
def _real(recorder: Recorder, val: Any) -> Any:
    x = val if isinstance(val, Tracer) else recorder.array_of(val)
    return x if x.dtype.kind != "c" else _part(recorder, np.real, x)


@handles(np.imag)
def _imag(recorder: Recorder, val: Any) -> Any:
    x = val if isinstance(val, Tracer) else recorder.array_of(val)
    if x.dtype.kind != "c":
        return recorder.constant(np.zeros(x.shape, x.dtype)[()])
    return _part(recorder, np.imag, x)


def _part(recorder: Recorder, function: Callable[..., Any], x: Tracer) -> Any:
    made = recorder.compute(function, (x,))
    if isinstance(made, TracedArray) and isinstance(x, TracedArray):
        made.storage.may_share(x.storage)
    return made
