"""What a traced function is given in place of numbers and arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from graphad.builder import Value
from graphad.op import Array
from graphad.tracing import ufuncs
from graphad.tracing.advice import no_array, no_hash, no_integer, no_number, no_truth, refusal
from graphad.tracing.lowering.coerce import cast_to
from graphad.tracing.methods import NumpyMethods
from graphad.tracing.storage import Content
from graphad.tracing.texts import TracedText
from graphad.types import DType

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder


class Tracer(NumpyMethods):
    """A value of a trace: NumPy's protocols hand what is done with it to the recorder."""

    __slots__ = ()

    def content(self) -> Content:
        """Return the value of the graph that this is now, or the array if it is constant."""
        raise NotImplementedError

    def is_ordered(self) -> bool:
        """Whether the elements are known to lie in C order."""
        return True

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        raise NotImplementedError

    @property
    def dtype(self) -> DType:
        """NumPy's dtype."""
        raise NotImplementedError

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        n = 1
        for length in self.shape:
            n *= length
        return n

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.itemsize

    @property
    def T(self) -> Any:
        """The array with its axes in reverse order."""
        return self._recorder.call(np.transpose, (self,))

    @property
    def mT(self) -> Any:
        """The array with its last two axes interchanged."""
        return self._recorder.call(np.swapaxes, (self, -1, -2))

    @property
    def real(self) -> Any:
        """The real part."""
        return self._recorder.call(np.real, (self,))

    @real.setter
    def real(self, value: Any) -> None:
        self._put_parts(value, self.imag)

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return self._recorder.call(np.imag, (self,))

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":
            raise refusal(
                "real values have no imaginary part to write to",
                "make the array with dtype=complex, or write z = x + 1j * y",
            )
        self._put_parts(self.real, value)

    def _put_parts(self, real: Any, imaginary: Any) -> None:
        """Write both parts into this array, as NumPy does for ``z.real = x``."""
        whole = self.dtype.kind == "c"
        value = self._recorder.call(np.multiply, (1j, imaginary)) if whole else 0.0
        array: Any = self  # a scalar is refused: it takes no elements
        array[...] = self._recorder.call(np.add, (real, value))

    def conjugate(self) -> Any:
        """Return the complex conjugate; of real values the array itself."""
        return self._recorder.call(np.conjugate, (self,)) if self.dtype.kind == "c" else self

    conj = conjugate

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Answer a call of a ufunc (NEP 13)."""
        return ufuncs.apply(self._recorder, ufunc, method, inputs, kwargs)

    def __array_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: Sequence[Any],
        kwargs: dict[str, Any],
    ) -> Any:
        """Answer a call of a NumPy function (NEP 18)."""
        return self._recorder.call(func, args, kwargs)

    def astype(
        self,
        dtype: Any,
        order: str = "K",
        casting: str = "unsafe",
        subok: bool = True,
        copy: bool = True,
    ) -> Any:
        """Return the same values in another dtype."""
        self._recorder.locate()
        wanted = np.dtype(dtype)
        if not copy and wanted == self.dtype:
            return self
        content = self.content()
        if isinstance(content, Value):
            return self._recorder.wrap(self._cast(content, wanted), self.is_ordered())
        return self._recorder.constant(content.astype(wanted))

    def _cast(self, value: Value, dtype: DType) -> Value:
        try:
            return cast_to(value, dtype)
        except TypeError as error:
            raise self._recorder.explained(error) from error

    def copy(self, order: str = "C") -> Any:
        """Return the same values in memory of their own."""
        raise NotImplementedError

    def plain(self) -> Array | None:
        """Return the array that this is if it is constant; it is not to be written to."""
        content = self.content()
        if isinstance(content, Value):
            return None
        view = content.view()
        view.flags.writeable = False
        return view

    def __hash__(self) -> int:
        """Refuse to be a key."""
        raise no_hash()

    def __bool__(self) -> bool:
        """Return the truth of a constant; refuse to decide by anything else."""
        array = self.plain()
        if array is None:
            raise self._recorder.refused(no_truth())
        return bool(array)

    def __float__(self) -> float:
        """Return a constant as a Python number."""
        array = self.plain()
        if array is None:
            raise self._recorder.refused(no_number("float"))
        return float(array)

    def __complex__(self) -> complex:
        """Return a constant as a Python number."""
        array = self.plain()
        if array is None:
            raise self._recorder.refused(no_number("complex"))
        return complex(array)

    def __int__(self) -> int:
        """Return a constant as a Python integer."""
        array = self.plain()
        if array is None:
            raise self._recorder.refused(no_integer(converted=True))
        return int(array)

    def __index__(self) -> int:
        """Return an integer constant as a position."""
        array = self.plain()
        if array is None:
            raise self._recorder.refused(no_integer())
        return operator.index(array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return a constant as a plain array, to read."""
        array = self.plain()
        if array is None:
            raise no_array()
        cast = array if dtype is None else array.astype(dtype, copy=False)
        return cast.copy() if copy else cast

    def __str__(self) -> str:
        """Return the text of a constant, and what anything else is."""
        array = self.plain()
        return TracedText(repr(self)) if array is None else str(array[()])

    def __format__(self, spec: str) -> str:
        """Return a constant in a format, and what anything else is, whatever the format."""
        array = self.plain()
        return repr(self) if array is None else format(array[()], spec)

    def __copy__(self) -> Any:
        """Return a copy, for the copy module."""
        return self.copy()

    def __deepcopy__(self, memo: object) -> Any:
        """Return a copy, for the copy module."""
        return self.copy()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled."""
        raise refusal(
            "a traced value cannot be pickled or sent to another process",
            "trace what runs in one process",
        )


class TracedScalar(Tracer):
    """A number of a trace, which like a NumPy scalar never changes."""

    __slots__ = ("_value",)

    def __init__(self, recorder: Recorder, value: Value) -> None:
        self._recorder = recorder
        self._value = value

    # isinstance(x, float) and np.isscalar(x) then say what they say of the number x stands for.
    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return self._value.node.type.dtype.type

    def content(self) -> Value:
        """Return the value of the graph."""
        return self._value

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a scalar."""
        return ()

    @property
    def dtype(self) -> DType:
        """NumPy's dtype."""
        return self._value.node.type.dtype

    def copy(self, order: str = "C") -> TracedScalar:
        """Return the scalar itself."""
        return self

    def __round__(self, ndigits: int | None = None) -> Any:
        """Return what Python's `round` gives: an integer, unless digits are asked for."""
        rounded = self._recorder.call(np.round, (self, ndigits or 0))
        return rounded.astype(np.int64) if ndigits is None else rounded

    def item(self, *args: Any) -> TracedScalar:
        """Return the scalar itself."""
        return self

    tolist = item

    def __repr__(self) -> str:
        return f"<traced {self._value.node.type}>"


def tracers_in(items: Iterable[Any]) -> Iterator[Tracer]:
    """Yield the traced values among items and in the lists and tuples among them."""
    for item in items:
        if isinstance(item, Tracer):
            yield item
        elif type(item) in (list, tuple):
            yield from tracers_in(item)


def first_tracer(items: Iterable[Any]) -> Tracer | None:
    """Return the first traced value among items and in the lists and tuples among them."""
    return next(tracers_in(items), None)
