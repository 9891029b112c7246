"""Products of matrices in machine code: every way indices can stand, at every size of tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.llvm.array_program import ArrayProgram
from tests.llvm.array_machine import LOOPS_FOR_ALL, TAILS, check, set_limits

SIZES = {"a": 5, "b": 3, "i": 7, "j": 9, "k": 11, "l": 4}


def matrix(*shape: int) -> Any:
    """Return numbers that are the same in every run."""
    return np.random.default_rng(len(shape)).uniform(-1, 1, shape)


@pytest.mark.parametrize("columns", [*TAILS, 40, 67])
@pytest.mark.parametrize("rows", [1, 2, 7])
def test_sizes_of_constant_matrices(columns: int, rows: int, monkeypatch: Any) -> None:
    """Any number of rows and columns is right, for one point and for several."""
    set_limits(monkeypatch, LOOPS_FOR_ALL)
    weights = matrix(9, columns)
    graph = ga.trace(lambda x: x @ weights, np.zeros((rows, 9)))
    if columns > 1:
        assert ArrayProgram(graph, 0).counts.products == 1
    check(graph, count=5)


@pytest.mark.parametrize(
    "spec",
    [
        "ij,jk->ik", "ij,kj->ik", "ji,jk->ik", "ji,kj->ik", "ij,jk->ki", "i,ij->j", "ij,j->i",
        "aij,jk->aik", "aij,ajk->aik", "aij,ajk->iak", "aji,ajk->kia", "ijk,jkl->il",
        "abij,bjk->abik", "ij,ajk->aik", "ijk,kl->jil", "ai,aj->ij",
    ],
)  # fmt: skip
@pytest.mark.parametrize("fixed", [(), (0,), (1,)])
def test_indices(spec: str, fixed: tuple[int, ...], monkeypatch: Any) -> None:
    """Rows, columns, sums and stacks of matrices may stand in any order, and one be a constant."""
    set_limits(monkeypatch, LOOPS_FOR_ALL)
    terms = spec.partition("->")[0].split(",")
    shapes = [tuple(SIZES[letter] for letter in term) for term in terms]
    free = [np.zeros(shape) for i, shape in enumerate(shapes) if i not in fixed]

    def f(*given: Any) -> Any:
        left = list(given)
        operands = [matrix(*shape) if i in fixed else left.pop(0) for i, shape in enumerate(shapes)]
        return np.einsum(spec, *operands)

    def two(x: Any, y: Any) -> Any:
        return f(x, y)

    def one(x: Any) -> Any:
        return f(x)

    graph = ga.trace(one if fixed else two, *free)
    assert ArrayProgram(graph, 0).counts.products == 1
    check(graph, count=3)


def test_products_of_computed_views(monkeypatch: Any) -> None:
    """Operands that are slices, gathers and transposes of what was computed are right."""
    set_limits(monkeypatch, LOOPS_FOR_ALL)
    index = np.array([2, 0, 2, 1, 4])

    def f(x: Any) -> Any:
        y = np.sin(x)
        return y[::2] @ np.take(y, index, axis=1)[:5], y.T @ y, y[:, ::2] @ y[:5:2, :]

    check(ga.trace(f, np.zeros((10, 5))), count=3)


@pytest.mark.parametrize("spec", ["ij,kj->ik", "ij,kj->ki", "ji,ki->jk", "ij,jk->ik"])
def test_products_with_itself(spec: str, monkeypatch: Any) -> None:
    """A matrix times itself, transposed, has each factor in the order that it needs."""
    set_limits(monkeypatch, LOOPS_FOR_ALL)
    text = f"""graphad 1
    graph f(%x: f64[7,7]) -> f64[7,7] {{
      %1: f64[7,7] = einsum %x %x spec="{spec}"
      return %1
    }}"""
    check(ga.parse(text), count=3)


def test_networks() -> None:
    """Layers one after the other, for a block of points and more."""
    weights = matrix(20, 20)
    graph = ga.trace(lambda x: np.tanh(np.tanh(x @ weights) @ weights), np.zeros(20))
    block = ArrayProgram(graph, 0).block
    check(graph, count=block + 3)
