"""Arrays from outside of a trace, the methods of which take traced values."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.tracing.tracers import first_tracer


class CapturedArray(np.ndarray[Any, Any]):
    """An array that a traced function closes over: the same memory, as the trace sees it.

    NumPy's protocols hand operators and functions to a traced operand, but not methods and indices:
    of ``weights.dot(x)`` and ``weights[x > 0]`` only `weights` is asked. Views and results are of
    this class too, so that ``weights.T.dot(x)`` is followed as well.
    """

    def __getitem__(self, index: Any) -> Any:
        """Return elements; those at traced positions or by a traced mask are traced."""
        if type(index) is not int and type(index) is not slice:
            tracer = first_tracer(index if type(index) is tuple else (index,))
            if tracer is not None:
                return tracer._recorder.innermost().array_of(self)[index]
        return super().__getitem__(index)

    def dot(self, b: Any, out: Any = None) -> Any:
        """Return the product with an array, traced or not."""
        return self._given(np.dot, super().dot, (b,) if out is None else (b, out))

    def clip(self, min: Any = None, max: Any = None, out: Any = None, **kwargs: Any) -> Any:
        """Return the elements, limited by bounds, traced or not."""
        args = (min, max) if out is None else (min, max, out)
        return self._given(np.clip, super().clip, args, kwargs)

    def searchsorted(self, v: Any, side: Any = "left", sorter: Any = None) -> Any:
        """Return where values, traced or not, would be inserted."""
        return self._given(np.searchsorted, super().searchsorted, (v, side, sorter))

    def choose(self, choices: Any, out: Any = None, mode: Any = "raise") -> Any:
        """Return for each element the choice, traced or not, that it is the number of."""
        return self._given(np.choose, super().choose, (choices, out, mode))

    def _given(
        self, function: Any, own: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> Any:
        tracer = first_tracer(args)
        if tracer is None:
            return own(*args, **(kwargs or {}))
        return tracer._recorder.call(function, (self, *args), kwargs or {})


def captured(thing: Any) -> Any:
    """Return a plain array as a trace sees it, and anything else as it is.

    Examples
    --------
    >>> array = np.zeros(2)
    >>> seen = captured(array)
    >>> seen[0] = 1.0
    >>> array.tolist(), type(seen).__name__
    ([1.0, 0.0], 'CapturedArray')
    """
    return thing.view(CapturedArray) if type(thing) is np.ndarray else thing
