"""Objects of NumPy's and SciPy's that traced functions call: what they see in their place."""

from __future__ import annotations

from typing import Any

from graphad.tracing.distributions import BoundDistribution, Wrap, is_distribution
from graphad.tracing.polynomial_objects import is_polynomial, traced_polynomial
from graphad.tracing.splines import bound_spline, is_spline


def is_known_object(thing: object) -> bool:
    """Return whether something is an object that takes traced values by a stand-in."""
    return is_distribution(thing) or is_polynomial(thing) or is_spline(thing)


def bound_object(thing: Any, wrap: Wrap) -> Any:
    """Return what stands for a known object.

    Parameters
    ----------
    thing : object
        One for which `is_known_object` holds.
    wrap : callable
        Gives a function as the trace sees it.
    """
    if is_distribution(thing):
        return BoundDistribution(thing, wrap)
    return bound_spline(thing) if is_spline(thing) else traced_polynomial(thing)
