"""Assertions that tests of traces share."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphad.evaluate.interpreter import Program
from graphad.tracing import trace_function


def assert_traced(function: Any, *points: Any) -> Any:
    """Assert that a graph gives what NumPy gives, in value, dtype and shape; return the graph."""
    graph = trace_function(function, points)
    expected = function(*[np.copy(p)[()] for p in points])
    found = Program(graph)(*[np.asarray(p)[()] for p in points])
    leaves = expected if isinstance(expected, tuple | list) else [expected]
    for leaf, value in zip(leaves, found, strict=True):
        np.testing.assert_allclose(value, leaf, rtol=1e-12, strict=False)
        assert np.asarray(value).dtype == np.asarray(leaf).dtype
        assert np.shape(value) == np.shape(leaf)
    return graph
