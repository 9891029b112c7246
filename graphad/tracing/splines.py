"""Splines of `scipy.interpolate` as traced functions see them: they are called with traced values.

SciPy is not imported for it: whoever has a spline has imported its module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from graphad.tracing.advice import refusal
from graphad.tracing.rewritten import Rewritten
from graphad.tracing.rewritten.splines import piecewise
from graphad.tracing.tracers import first_tracer


def is_spline(thing: object) -> bool:
    """Return whether something is a piecewise polynomial of SciPy's, or a class of these.

    Examples
    --------
    >>> from scipy.interpolate import CubicSpline
    >>> is_spline(CubicSpline([0.0, 1.0, 2.0], [0.0, 1.0, 4.0])), is_spline(3.0)
    (True, False)
    """
    kind = thing if isinstance(thing, type) else type(thing)
    if not kind.__module__.startswith("scipy.interpolate."):
        return False
    return hasattr(kind, "from_spline") or kind.__name__ in ("BSpline", "interp1d")


def _pieces(spline: Any) -> tuple[Any, Any]:
    """Return coefficients and breaks of a spline, of pieces that have a length."""
    if type(spline).__name__ == "BSpline":
        if np.ndim(spline.c) != 1:
            raise refusal("a BSpline of several functions is not traced", "make one spline of each")
        family = sys.modules["scipy.interpolate"].PPoly
        spline = family.from_spline((spline.t, spline.c, spline.k))
    long = np.diff(spline.x) > 0
    return spline.c[:, long], np.append(spline.x[:-1][long], spline.x[-1])


class BoundSpline:
    """A spline that is called with traced values.

    Parameters
    ----------
    plain : object
        SciPy's own.
    """

    def __init__(self, plain: Any) -> None:
        self._plain = plain

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        """Return the values, or those of a derivative."""
        tracer = first_tracer((x,))
        if tracer is None:
            options = {} if extrapolate is None else {"extrapolate": extrapolate}
            return self._plain(x, nu, **options) if nu else self._plain(x, **options)
        plain = self._plain
        if type(plain).__name__ == "interp1d":
            raise refusal("scipy.interpolate.interp1d is not traced", _INTERP)
        name = f"scipy.interpolate.{type(plain).__name__}"
        beyond = plain.extrapolate if extrapolate is None else extrapolate
        coefficients, breaks = _pieces(plain.derivative(nu) if nu else plain)
        args = (coefficients, breaks, x, beyond)
        found = Rewritten(name, piecewise).traced(tracer._recorder, args, {})
        if not plain.axis:
            return found
        count = found.ndim - (coefficients.ndim - 2)
        order = list(range(found.ndim))
        moved = order[count : count + plain.axis] + order[:count] + order[count + plain.axis :]
        return np.transpose(found, moved)

    def __getattr__(self, name: str) -> Any:
        """Return another attribute; methods that give splines give such as are traced."""
        found = getattr(self._plain, name)
        return (
            _giving_splines(found, f"scipy.interpolate spline's {name}")
            if callable(found)
            else found
        )

    def __repr__(self) -> str:
        return f"<{self._plain!r} as traced>"


_OF_FIXED = (
    "make the spline of fixed values; one that is linear in them, such as "
    "CubicSpline(x, np.eye(n))(t) @ y, may be made outside of the traced function"
)
_INTERP = "write np.interp(x, xp, fp), or scipy.interpolate.make_interp_spline(xp, fp, k)"


def _giving_splines(
    function: Callable[..., Any], name: str, instead: str = _OF_FIXED
) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if first_tracer((*args, *kwargs.values())) is not None:
            raise refusal(f"{name} takes plain arrays, not traced ones", instead)
        made = function(*args, **kwargs)
        return BoundSpline(made) if is_spline(made) else made

    return call


def bound_spline(thing: Any) -> Any:
    """Return a spline, or a class of splines, as traced functions see it."""
    if isinstance(thing, type):
        instead = _INTERP if thing.__name__ == "interp1d" else _OF_FIXED
        return _giving_splines(thing, f"scipy.interpolate.{thing.__name__}", instead)
    return BoundSpline(thing)
