"""Objects that are called in traced functions have a stand-in; others are as they are."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import Polynomial
from scipy import stats

from graphad.tracing.distributions import BoundDistribution
from graphad.tracing.objects import bound_object, is_known_object


def test_known_objects() -> None:
    """Distributions and polynomials are known, numbers, arrays and functions are not."""
    for thing in (stats.norm, stats.norm(1.0), stats.multivariate_normal, Polynomial([1.0])):
        assert is_known_object(thing)
    for other in (1.0, np.zeros(2), np.sum, stats, "text", object(), stats.norm.pdf):
        assert not is_known_object(other)


def test_stand_ins() -> None:
    """A stand-in has the attributes of what it stands for."""
    bound = bound_object(stats.norm, lambda method: method)
    assert isinstance(bound, BoundDistribution)
    assert bound.name == "norm"
    assert bound.cdf(0.0) == 0.5
    assert bound(1.0, 2.0).mean() == 1.0
    assert "norm" in repr(bound)
    assert bound_object(Polynomial([1.0, 2.0]), lambda method: method).degree() == 1
