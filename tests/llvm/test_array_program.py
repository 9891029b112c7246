"""Programs: every width of vectors, blocks of points, and memory that is used again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.llvm import array_program
from graphad.llvm.array_program import CACHE_DOUBLES, ArrayProgram
from graphad.llvm.kernels import Lanes
from tests.llvm.array_machine import WIDTH, check

WEIGHTS = np.random.default_rng(0).uniform(-1, 1, (30, 30))


def mixed(x: Any) -> Any:
    """Use loops, sums, products, gathers and joins."""
    y = np.tanh(x @ WEIGHTS) + np.sin(x) * np.cos(x)
    z = np.concatenate([np.take(y, np.arange(0, 30, 7)), np.where(y > 0, np.exp(y), y)[1:]])
    return z * np.sum(y), np.flip(z)[::3]


@pytest.mark.parametrize("width", [width for width in (2, 4, 8) if width <= WIDTH])
def test_every_width(width: int, monkeypatch: Any) -> None:
    """Code for narrower vectors, without a vector library, gives the same."""
    monkeypatch.setattr(array_program, "vector_lanes", lambda: Lanes(width))
    check(ga.trace(mixed, np.zeros(30)), count=3)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8])
def test_blocks(count: int, monkeypatch: Any) -> None:
    """Whole blocks and what is left are computed alike."""
    monkeypatch.setattr(array_program, "LARGEST_BLOCK", 4)
    graph = ga.trace(mixed, np.zeros(30))
    assert ArrayProgram(graph, 0).block == 4
    check(graph, count=count)


def test_work_stays_in_the_cache() -> None:
    """Blocks are as large as the memory for work allows, and a long chain needs little of it."""

    def chain(x: Any) -> Any:
        for _ in range(50):
            x = np.tanh(x @ WEIGHTS)
        return x

    program = ArrayProgram(ga.trace(chain, np.zeros(30)), 0)
    assert program.counts.products == 50
    assert program.block > 1
    assert program.work <= CACHE_DOUBLES
    assert program.work <= 3 * 32 * program.block
