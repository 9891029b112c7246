"""Long chains and wide sums through every pass: nothing recurses, nothing grows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphad import passes
from graphad.evaluate import Program
from graphad.ir import Graph, verify
from graphad.op import OPS
from graphad.passes import PASSES, Pipeline
from graphad.passes.pipeline import OPTIMIZE
from tests.passes.graphs import graph_of

LENGTH = 2400
OWN = sorted(set(passes.__all__) & set(PASSES))
LINEAR = ("transpose",)
"""Passes that take linear graphs only."""


def chain(x: Any) -> Any:
    """Return a long chain of functions."""
    for _ in range(LENGTH // 2):
        x = 0.5 * OPS["sin"](x)
    return x


def linear_chain(x: Any) -> Any:
    """Return a long chain that is linear, with a value that is used twice at each step."""
    for _ in range(LENGTH // 2):
        x = 0.5 * (x + 0.25 * x)
    return x


def long_sum(x: Any) -> Any:
    """Return a long sum, added up term by term."""
    total = x
    for k in range(LENGTH // 3):
        total = total + OPS["sin"](x * float(k))
    return total


def long_sum_of_linear(x: Any) -> Any:
    """Return a long sum that is linear."""
    total = x
    for k in range(LENGTH // 2):
        total = total - x * float(k)
    return total


def same(made: Graph, graph: Graph) -> None:
    """Assert that both give the same, to rounding."""
    for a, b in zip(Program(made)(0.3), Program(graph)(0.3), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11)


@pytest.mark.parametrize("shape", ["chain", "sum"])
@pytest.mark.parametrize("name", OWN)
def test_deep_graphs(name: str, shape: str) -> None:
    """A graph deeper than Python's recursion limit goes through each pass."""
    functions: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
        "chain": (chain, linear_chain),
        "sum": (long_sum, long_sum_of_linear),
    }
    graph = graph_of(functions[shape][name in LINEAR], "[]")
    assert len(graph) > sys.getrecursionlimit()
    made = verify(PASSES[name](graph))
    if PASSES[name].preserves:
        assert len(made) <= len(graph)
        same(made, graph)
    assert len(made) <= 12 * len(graph)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_derivatives_of_deep_graphs(mode: str) -> None:
    """First and second derivatives of a chain grow with its length, and no faster."""
    graph = graph_of(chain, "[]")
    first = Pipeline(OPTIMIZE)(PASSES["diff"](graph, mode=mode))
    assert len(first) <= 3 * len(graph)
    second = Pipeline(OPTIMIZE)(PASSES["diff"](first, mode=mode))
    assert len(second) <= 12 * len(graph)


def test_wide_graphs() -> None:
    """A sum of thousands of terms at once, and an array packed from thousands of scalars."""
    graph = graph_of(lambda x: OPS["add"](*[OPS["sin"](x * float(k)) for k in range(LENGTH)]), "[]")
    same(Pipeline(OPTIMIZE)(graph), graph)
    packed = graph_of(
        lambda x: OPS["pack"](*[x * float(k) for k in range(LENGTH)], shape=(LENGTH,)), "[]"
    )
    for name in ("simplify", "collect", "cse", "symmetry", "scalarize", "assemble"):
        same(PASSES[name](packed), packed)
    derivative = Pipeline(OPTIMIZE)(PASSES["diff"](packed))
    np.testing.assert_array_equal(Program(derivative)(1.0)[0], np.arange(float(LENGTH)))
