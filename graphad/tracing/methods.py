"""The methods of NumPy's arrays that are functions of NumPy under another name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from graphad.tracing.advice import refusal

if TYPE_CHECKING:
    from graphad.tracing.recorder import Recorder

Operator = Callable[[Any, Any], Any]


def _both(ufunc: np.ufunc) -> tuple[Operator, Operator]:
    def operator(self: NumpyMethods, other: Any) -> Any:
        return self._recorder.call(ufunc, (self, other))

    def reflected(self: NumpyMethods, other: Any) -> Any:
        return self._recorder.call(ufunc, (other, self))

    return operator, reflected


def _comparison(ufunc: np.ufunc) -> Operator:
    def compare(self: NumpyMethods, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented
        return self._recorder.call(ufunc, (self, other))

    return compare


def _unary(ufunc: np.ufunc) -> Callable[[Any], Any]:
    return lambda self: self._recorder.call(ufunc, (self,))


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: NumpyMethods, *args: Any, **kwargs: Any) -> Any:
        return self._recorder.call(function, (self, *args), kwargs)

    method.__name__ = function.__name__
    method.__doc__ = f"Return ``np.{function.__name__}`` of this."
    return method


class NumpyMethods:  # noqa: PLW1641 -- its subclass says what a hash is
    """Operators and methods that hand NumPy's function to the trace."""

    __slots__ = ("_recorder",)

    _recorder: Recorder

    __add__, __radd__ = _both(np.add)
    __sub__, __rsub__ = _both(np.subtract)
    __mul__, __rmul__ = _both(np.multiply)
    __truediv__, __rtruediv__ = _both(np.divide)
    __floordiv__, __rfloordiv__ = _both(np.floor_divide)
    __mod__, __rmod__ = _both(np.remainder)
    __divmod__, __rdivmod__ = _both(np.divmod)
    __matmul__, __rmatmul__ = _both(np.matmul)
    __and__, __rand__ = _both(np.bitwise_and)
    __or__, __ror__ = _both(np.bitwise_or)
    __xor__, __rxor__ = _both(np.bitwise_xor)
    __lt__ = _comparison(np.less)
    __le__ = _comparison(np.less_equal)
    __gt__ = _comparison(np.greater)
    __ge__ = _comparison(np.greater_equal)
    __eq__ = _comparison(np.equal)
    __ne__ = _comparison(np.not_equal)
    __neg__ = _unary(np.negative)
    __pos__ = _unary(np.positive)
    __abs__ = _unary(np.absolute)
    __invert__ = _unary(np.invert)

    __rpow__ = _both(np.power)[1]

    def __pow__(self, exponent: Any, modulus: Any = None) -> Any:
        """Return the power; three arguments are refused."""
        if modulus is not None:
            raise refusal("pow of three arguments is for integers", "write np.mod(x**y, z)")
        return self._recorder.call(np.power, (self, exponent))

    all = _method(np.all)
    any = _method(np.any)
    argmax = _method(np.argmax)
    argmin = _method(np.argmin)
    argpartition = _method(np.argpartition)
    argsort = _method(np.argsort)
    choose = _method(np.choose)
    clip = _method(np.clip)
    cumprod = _method(np.cumprod)
    cumsum = _method(np.cumsum)
    diagonal = _method(np.diagonal)
    dot = _method(np.dot)
    max = _method(np.max)
    mean = _method(np.mean)
    min = _method(np.min)
    nonzero = _method(np.nonzero)
    prod = _method(np.prod)
    ravel = _method(np.ravel)
    repeat = _method(np.repeat)
    round = _method(np.round)
    searchsorted = _method(np.searchsorted)
    squeeze = _method(np.squeeze)
    std = _method(np.std)
    sum = _method(np.sum)
    swapaxes = _method(np.swapaxes)
    take = _method(np.take)
    trace = _method(np.trace)
    var = _method(np.var)

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        """Return ``np.compress`` of this."""
        return self._recorder.call(np.compress, (condition, self, axis))

    def ptp(self, axis: Any = None) -> Any:
        """Return ``np.ptp`` of this."""
        return self._recorder.call(np.ptp, (self, axis))

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """Return ``np.reshape`` of this; the lengths may be given one by one."""
        wanted = shape[0] if len(shape) == 1 else shape
        return self._recorder.call(np.reshape, (self, wanted), {"order": order})

    def transpose(self, *axes: Any) -> Any:
        """Return ``np.transpose`` of this; the axes may be given one by one."""
        wanted = axes[0] if len(axes) == 1 else axes or None
        return self._recorder.call(np.transpose, (self, wanted))
