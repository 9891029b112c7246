"""Kernels: numbers, places, functions cut in pieces, and what they keep for each other."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest

from graphad.errors import GraphError
from graphad.ir import Graph
from graphad.llvm.kernels import CHUNK, Lanes, element_places, number_text, write_kernel
from graphad.llvm.outputs import results
from tests.llvm.machine import Array, loop_text, scalar_graph, ufunc_of

NUMBERS = (0.0, -0.0, 1.0, -1.5, 5e-324, 1e308, math.inf, -math.inf, math.pi)


@pytest.mark.parametrize("value", NUMBERS)
def test_number_text(value: float) -> None:
    """Numbers are written bit for bit."""
    bits = int(number_text(value), 16)
    assert struct.pack("<Q", bits) == struct.pack("<d", value)


def values(function: Any, shapes: Any, outputs: Any, x: Any, width: int) -> Any:
    """Evaluate a function by its machine code, with loops of one width."""
    graph = scalar_graph(function, *(np.zeros(shape) for shape in shapes))
    return ufunc_of(loop_text(graph, width), shapes, outputs)(*x)


@pytest.mark.parametrize("width", [1, 8])
def test_constants_are_exact(width: int) -> None:
    """Constants arrive bit for bit, NaN as NaN."""
    found = values(lambda x: np.array([*NUMBERS, math.nan]) * 1.0, [()], [(10,)], [0.0], width)
    np.testing.assert_array_equal(found, [*NUMBERS, math.nan])
    np.testing.assert_array_equal(np.signbit(found[:2]), [False, True])


def test_places() -> None:
    """Elements of all inputs are counted in C order, one input after the other."""
    graph = scalar_graph(lambda s, m: s * m[1, 0] * m[0, 2], 0.0, np.zeros((2, 3)))
    assert sorted(element_places(graph).values()) == [0, 3, 4]


def test_results() -> None:
    """Elements of all outputs are listed in order, and a node as often as it is an output."""
    graph = scalar_graph(lambda x: (np.stack([x[1], x[0], x[1]]), x[0]), np.zeros(2))
    places = element_places(graph)
    assert [[places[node.id] for node in nodes] for nodes in results(graph)] == [[1, 0, 1], [0]]


def test_array_graphs_are_refused() -> None:
    """A graph of arrays has no kernel."""
    import graphad as ga

    graph: Graph = ga.trace(lambda x: np.exp(x), np.zeros(3))
    with pytest.raises(GraphError, match="is not a pack of scalars; scalarize first"):
        results(graph)


@pytest.mark.parametrize("width", [1, 2, 8])
def test_outputs_that_are_inputs_or_constants(width: int) -> None:
    """Inputs, constants and repeated values may be outputs."""
    x = np.random.default_rng(0).uniform(-1, 1, (2 * width + 1, 3))

    def function(v: Any) -> Any:
        return v, np.ones(2) * 3.0, v[2], np.stack([v[0] * 2.0, v[0] * 2.0])

    first, second, third, fourth = values(function, [(3,)], [(3,), (2,), (), (2,)], [x], width)
    np.testing.assert_array_equal(first, x)
    np.testing.assert_array_equal(second, np.full((len(x), 2), 3.0))
    np.testing.assert_array_equal(third, x[:, 2])
    np.testing.assert_array_equal(fourth, np.stack([x[:, 0] * 2.0] * 2, axis=-1))


def long_function(x: Any, module: Any = np) -> Any:
    """More operations than a function has, with values used far from their place."""
    kept = [x[i % 5] * float(i + 1) for i in range(CHUNK // 2)]
    signs = [value > x[(i + 1) % 5] for i, value in enumerate(kept[:40])]
    total = x[0]
    for i in range(3 * CHUNK):
        total = total * 0.5 + kept[i % len(kept)]
    for sign, value in zip(signs, kept, strict=False):
        total = module.where(sign, total + value, total * 0.5)
    return total


@pytest.mark.parametrize("width", [1, 2, 8])
def test_long_graphs_are_cut(width: int) -> None:
    """Values and conditions of one function are there in a later one, to the bit."""
    graph = scalar_graph(long_function, np.zeros(5))
    kernel = write_kernel(graph, Lanes(width), "k")
    assert len(kernel.names) > 3
    assert kernel.scratch > 0
    assert all(text.count("\n") < 6 * CHUNK for text in kernel.text)
    x = np.random.default_rng(1).uniform(-1, 1, (2 * width + 1, 5))
    found = ufunc_of(loop_text(graph, width), [(5,)], [()])(x)
    np.testing.assert_array_equal(found, [long_function(row) for row in x])


def test_kept_values_share_places() -> None:
    """A place is used again after the last function that needs it."""

    def function(x: Any) -> Any:
        total = x
        for _ in range(6):
            parts = [total * float(i + 2) for i in range(CHUNK)]
            for part in parts:
                total = total * 0.5 + part
        return total

    kernel = write_kernel(scalar_graph(function, 0.0), Lanes(1), "k")
    assert len(kernel.names) > 12
    assert kernel.scratch < 2 * CHUNK


def test_the_same_text_again() -> None:
    """Writing is deterministic."""
    graph = scalar_graph(long_function, np.zeros(5))
    assert loop_text(graph, 8) == loop_text(graph, 8)


def branches(x: Array) -> Array:
    """Conditions of all kinds."""
    low, high = x < 0.25, x >= -0.25
    both = np.logical_and(low, high)
    return np.where(np.logical_or(both, x > 0.9), np.sqrt(np.abs(x)), np.where(low, -x, x * x))


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_conditions(width: int) -> None:
    """Each lane takes its own branch."""
    x = np.random.default_rng(2).uniform(-1, 1, (5 * width + 3, 3))
    found = values(branches, [(3,)], [(3,)], [x], width)
    np.testing.assert_array_equal(found, branches(x))


def test_functions_without_a_vector_form() -> None:
    """Where a library has no vector form, each lane is computed by the C library."""
    graph = scalar_graph(lambda x, y: np.arctan2(x, np.exp(y)), 0.0, 0.0)
    kernel = write_kernel(graph, Lanes(4, "_ZGVdN4", frozenset({"exp"})), "k")
    text = "\n".join(kernel.text)
    assert text.count("@_ZGVdN4v_exp(") == 1
    assert text.count("call double @atan2(") == 4
    x, y = np.random.default_rng(3).uniform(-1, 1, (2, 9))
    found = ufunc_of(loop_text(graph, 4), [(), ()], [()])(x, y)
    np.testing.assert_allclose(found, np.arctan2(x, np.exp(y)), rtol=1e-15)
