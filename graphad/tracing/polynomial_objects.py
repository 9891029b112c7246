"""Classes of `numpy.polynomial`: their instances are called with traced values.

NumPy's map what they are given to their window, for which they make a plain array of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from graphad.tracing.advice import refusal
from graphad.tracing.tracers import first_tracer


def is_polynomial(thing: object) -> bool:
    """Return whether something is a class of `numpy.polynomial`, or an instance of one.

    Examples
    --------
    >>> from numpy.polynomial import Chebyshev
    >>> is_polynomial(Chebyshev), is_polynomial(Chebyshev([1.0, 2.0])), is_polynomial(3.0)
    (True, True, False)
    """
    kind = thing if isinstance(thing, type) else type(thing)
    return kind.__module__.startswith("numpy.polynomial.") and hasattr(kind, "_val")


def traced_polynomial(thing: Any) -> Any:
    """Return a class or an instance as traced functions see it."""
    if isinstance(thing, type):
        return traced_class(thing)
    family: Any = type(thing)
    kind = traced_class(family)
    return kind(thing.coef, thing.domain, thing.window, thing.symbol)


@lru_cache(maxsize=32)
def traced_class(plain: Any) -> Any:
    """Return a class of polynomials that are called with traced values."""
    if plain.__module__ == __name__:
        return plain
    evaluate = plain._val
    spelled = f"np.polynomial.{plain.__name__}"

    def initialise(self: Any, coef: Any, *args: Any, **kwargs: Any) -> None:
        if first_tracer((coef,)) is not None:
            place = evaluate.__module__.replace("numpy", "np", 1)
            raise refusal(
                f"{spelled} takes plain coefficients, not traced ones",
                f"write {place}.{evaluate.__name__}(x, coefficients)",
            )
        plain.__init__(self, coef, *args, **kwargs)

    def called(self: Any, arg: Any) -> Any:
        """Return the values of the polynomial."""
        tracer = first_tracer((arg,))
        if tracer is None:
            return plain.__call__(self, arg)
        offset, scale = self.mapparms()
        mapped = tracer._recorder.array_of(arg) if isinstance(arg, list | tuple) else arg
        return tracer._recorder.call(evaluate, (offset + scale * mapped, self.coef))

    names = {"__init__": initialise, "__call__": called, "__module__": __name__}
    return type(plain.__name__, (plain,), names)
