"""NumPy for functions that are traced, under a name of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad.numpy
from graphad.evaluate.interpreter import Program
from graphad.tracing import trace_function


def test_graphad_numpy_outside() -> None:
    """Outside of a trace graphad.numpy is NumPy."""
    made = graphad.numpy.zeros(3)
    assert type(made) is np.ndarray
    assert graphad.numpy.pi == np.pi
    assert graphad.numpy.float64 is np.float64
    assert "linalg" in dir(graphad.numpy)
    np.testing.assert_array_equal(graphad.numpy.add.reduce([1, 2]), 3)
    np.testing.assert_array_equal(graphad.numpy.add.outer([1, 2], [1]), [[2], [3]])
    with pytest.raises(AttributeError):
        graphad.numpy.no_such_name  # noqa: B018


def test_graphad_numpy_inside() -> None:
    """Inside of a trace its arrays take traced values, also where a trace rebinds nothing."""

    def f(x: Any) -> Any:
        return keep(x)

    def keep(x: Any) -> Any:
        out = graphad.numpy.zeros(2)
        out[0] = x
        return graphad.numpy.array([out[0], graphad.numpy.sum([x, 1.0])])

    assert Program(trace_function(f, check=False))(2.0)[0].tolist() == [2.0, 3.0]
