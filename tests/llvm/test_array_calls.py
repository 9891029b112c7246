"""Operations without machine code, evaluated by NumPy in between, in the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.llvm import array_program
from graphad.llvm.array_program import ArrayProgram
from tests.llvm.array_machine import check


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: np.cumsum(np.sin(x)) * y,
        lambda x, y: np.sin(np.max(x)) * np.min(x * y),
        lambda x, y: np.cumsum(np.concatenate([x, y])[::3]) * 2,
        lambda x, y: np.concatenate([np.cumsum(x), y, np.cumsum(y)]),
        lambda x, y: np.where(np.cumsum(x) > np.max(y), np.cumsum(y), 1.0),
        lambda x, y: np.cumsum(np.flip(x)) * np.max(y[3:5]),
    ],
)
@pytest.mark.parametrize("count", [1, 2, 7])
def test_between_loops(function: Any, count: int, monkeypatch: Any) -> None:
    """Calls read what loops wrote and the other way round, block by block."""
    monkeypatch.setattr(array_program, "LARGEST_BLOCK", 3)
    graph = ga.trace(function, np.zeros(20), np.zeros(20))
    assert ArrayProgram(graph, 0).counts.calls >= 1
    check(graph, count=count)


def test_inputs_that_all_points_share() -> None:
    """An input without the axes of the batch is the same for all points."""
    from graphad.llvm.array_compiled import CompiledArrays

    graph = ga.trace(lambda x, y: np.cumsum(x) * np.cumsum(y), np.zeros(20), np.zeros(20))
    x, y = np.linspace(0, 1, 60).reshape(3, 20), np.linspace(1, 2, 20)
    np.testing.assert_allclose(CompiledArrays(graph)(x, y), graph(x, y), rtol=1e-13)
