"""Distributions of `scipy.stats` as traced functions see them: objects, of which methods are bound.

SciPy is not imported for it: whoever has such an object has imported its module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphad.tracing.tracers import first_tracer

Wrap: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Gives a function of SciPy's as the trace sees it."""


def is_distribution(thing: object) -> bool:
    """Return whether something is a distribution of `scipy.stats`, perhaps of fixed parameters.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> is_distribution(norm), is_distribution(norm(1.0, 2.0)), is_distribution(norm.pdf)
    (True, True, False)
    """
    kind = type(thing)
    return kind.__module__.startswith("scipy.stats.") and hasattr(kind, "rvs")


class BoundDistribution:
    """A distribution of which the methods take traced values.

    Parameters
    ----------
    plain : object
        SciPy's own.
    wrap : callable
        Gives a method of it as the trace sees it.
    """

    def __init__(self, plain: Any, wrap: Wrap) -> None:
        self._plain = plain
        self._wrap = wrap

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the distribution with fixed parameters, which may be traced."""
        if first_tracer((*args, *kwargs.values())) is None:
            return BoundDistribution(self._plain(*args, **kwargs), self._wrap)
        return FrozenDistribution(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        """Return a method, bound to the trace, or another attribute as it is."""
        found = getattr(self._plain, name)
        return self._wrap(found) if callable(found) else found

    def __repr__(self) -> str:
        return f"<{self._plain!r} as traced>"


class FrozenDistribution:
    """A distribution with parameters that are traced.

    Parameters
    ----------
    family : BoundDistribution
        The distribution.
    args, kwargs
        The parameters.
    """

    def __init__(
        self, family: BoundDistribution, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        self._family = family
        self._args = args
        self._kwargs = kwargs

    def __getattr__(self, name: str) -> Any:
        """Return a method of the distribution, of these parameters."""
        method = getattr(self._family, name)
        if not callable(method):
            return method

        def call(*args: Any, **kwargs: Any) -> Any:
            return method(*args, *self._args, **{**kwargs, **self._kwargs})

        return call

    def __repr__(self) -> str:
        return f"<{self._family!r} of traced parameters>"
