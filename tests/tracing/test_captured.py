"""Arrays that a traced function closes over have methods that take traced values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphad.errors import TraceError
from graphad.tracing import trace_function
from graphad.tracing.captured import CapturedArray, captured
from tests.tracing.comparison import assert_traced

WEIGHTS = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])
X = np.array([0.3, -0.7, 1.1])
SUMS = np.zeros(3)
LAYERS = [WEIGHTS, WEIGHTS.T]
MODEL = {"weights": WEIGHTS}


class Model:
    """An object that holds arrays."""

    def __init__(self) -> None:
        self.weights = WEIGHTS

    def __call__(self, x: Any) -> Any:
        return self.weights.dot(x)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: WEIGHTS.dot(x),
        lambda x: WEIGHTS.T.dot(WEIGHTS.dot(x)),
        lambda x: WEIGHTS[0].dot(x),
        lambda x: (WEIGHTS * 2).dot(x),
        lambda x: LAYERS[1].dot(LAYERS[0].dot(x)),
        lambda x: MODEL["weights"].dot(x),
        lambda x, weights=WEIGHTS: weights.dot(x),
        lambda x: np.asarray(WEIGHTS).dot(x),
        lambda x: np.array([[0, 1, 0], [1, 0, 1]]).dot(x),
        lambda x: np.arange(3).dot(x),
        lambda x: WEIGHTS.clip(x[1], x[2]),
        lambda x: WEIGHTS.clip(0.0, None) * x,
        lambda x: np.arange(3).choose([x, x * x, x**3]),
        lambda x: x * WEIGHTS.sum(axis=0) + WEIGHTS.dot(np.eye(3))[1],
        lambda x: x[WEIGHTS[0] > 0] * WEIGHTS[0, WEIGHTS[0] > 0],
        Model(),
    ],
)
def test_methods(function: Any) -> None:
    """Methods of plain arrays give what they give in NumPy."""
    assert_traced(function, X)


def test_memory_is_shared() -> None:
    """What a function writes into an array from outside is there afterwards, as in NumPy."""

    def f(x: Any) -> Any:
        SUMS[0] = 5.0
        return x * SUMS[0]

    trace_function(f, [X])
    assert SUMS[0] == 5.0
    assert type(SUMS) is np.ndarray


def test_traced_values_are_not_written_outside() -> None:
    """A traced value cannot go into an array from outside."""

    def f(x: Any) -> Any:
        SUMS.dot(x)
        SUMS[0] = x[0]
        return SUMS

    with pytest.raises(TraceError, match="assigned into a plain array"):
        trace_function(f, [X])


def test_what_is_returned() -> None:
    """Captured arrays are arrays, and graphs give plain ones."""
    assert isinstance(captured(X), CapturedArray)
    assert np.shares_memory(captured(X), X)
    assert captured(5.0) == 5.0
    graph = trace_function(lambda x: (WEIGHTS, WEIGHTS.dot(x)), [X])
    assert all(
        type(node.attrs[0].array) is np.ndarray for node in graph.nodes if node.op.name == "const"
    )
