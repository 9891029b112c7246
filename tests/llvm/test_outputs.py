"""Stores of kernels: rows from registers, equal values once, and memory asked for ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphad.errors import GraphError
from graphad.llvm.kernels import CHUNK, Lanes, write_kernel
from graphad.llvm.outputs import AHEAD, LINE, results, scalar_outputs, vector_outputs, weave
from tests.llvm.machine import loop_text, scalar_graph, ufunc_of


def repeated(x: Any) -> Any:
    """Six elements of two values; a number; three of three."""
    return np.stack([x[0] * 2.0, x[1] * 2.0] * 3), x[2] * 2.0, x * 3.0


def test_equal_values_are_stored_once() -> None:
    """Outputs of many equal elements go through a tile and a table, others as rows."""
    made = vector_outputs(scalar_graph(repeated, np.zeros(3)), 2)
    assert made.rows == [False, False, True]
    assert made.sizes == [6, 1, 3]
    assert made.table == [0, 1, 0, 1, 0, 1, 2, 0, 0, 0]
    assert made.held == 3
    assert not made.in_order
    assert [(store.place, store.output, len(store.nodes)) for store in made.stores] == [
        (0, -1, 1),
        (1, -1, 1),
        (2, -1, 1),
        (0, 2, 2),
        (2, 2, 1),
    ]
    assert made.parameters == ", ptr %rows2, i64 %pace2, ptr %ahead2"


def test_single_points_are_stored_in_place() -> None:
    """Scalar code has no rows and no table."""
    made = scalar_outputs(scalar_graph(repeated, np.zeros(3)))
    assert made.table == list(range(10))
    assert made.rows == [False] * 3
    assert made.in_order
    assert made.parameters == ""


def test_tiles_in_order_need_no_table() -> None:
    """Numbers stand in the tile as in the outputs, rows between them do not count."""
    graph = scalar_graph(lambda x: (x[0] * 2.0, x * 3.0, x[1] * 2.0), np.zeros(3))
    made = vector_outputs(graph, 4)
    assert made.table == [0, 0, 0, 0, 1]
    assert made.in_order


def test_arrays_are_refused() -> None:
    """A graph of arrays has nothing that could be stored number by number."""
    import graphad as ga

    with pytest.raises(GraphError, match="is not a pack of scalars; scalarize first"):
        results(ga.trace(lambda x: np.exp(x), np.zeros(3)))


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("size", [2, 3, 7, 8, 9, 17])
@pytest.mark.parametrize("points", [1, 8, 19])
def test_values(width: int, size: int, points: int) -> None:
    """Rows of every length are right, those of the last points too, beside a table and a number."""
    x = np.random.default_rng(size).uniform(-1, 1, (points, size))

    def function(v: Any) -> Any:
        return v * 2.0, np.stack([v[0] + 1.0, v[1] - 1.0] * 4), v[1] * 3.0

    graph = scalar_graph(function, np.zeros(size))
    rows, copies, number = ufunc_of(loop_text(graph, width), [(size,)], [(size,), (8,), ()])(x)
    np.testing.assert_array_equal(rows, x * 2.0)
    np.testing.assert_array_equal(copies, np.tile(x[:, :2] + [1.0, -1.0], (1, 4)))
    np.testing.assert_array_equal(number, x[:, 1] * 3.0)


@pytest.mark.parametrize("width", [2, 8])
def test_rows_of_values_of_several_functions(width: int) -> None:
    """What rows are made of may have been computed long before, in another function."""

    def function(x: Any) -> Any:
        first, total = x[0] * 2.0, x[1]
        for _ in range(2 * CHUNK):
            total = total * 0.5 + x[2]
        return np.stack([first, total, x[1]])

    graph = scalar_graph(function, np.zeros(3))
    kernel = write_kernel(graph, Lanes(width), "k")
    assert len(kernel.names) > 1
    x = np.random.default_rng(0).uniform(-1, 1, (2 * width + 1, 3))
    found = ufunc_of(loop_text(graph, width), [(3,)], [(3,)])(x)
    np.testing.assert_array_equal(found, [function(row) for row in x])


def test_memory_is_asked_for_once() -> None:
    """Each line of the rows to come is asked for once, in order, spread over all functions."""
    size, width = AHEAD // 8 + 3, 4
    made = vector_outputs(scalar_graph(lambda x: x * 2.0, np.zeros(size)), width)
    bodies = [[f"  line {i}" for i in range(20)], [f"  line {i}" for i in range(40)]]
    assert list(weave(made, width, bodies)) == ["llvm.prefetch"]
    asked = [[line for line in body if "getelementptr" in line] for body in bodies]
    wanted = range(0, 8 * size * width, LINE)
    assert [int(line.rpartition(" ")[2]) for part in asked for line in part] == list(wanted)
    assert len(asked[1]) == pytest.approx(2 * len(asked[0]), abs=1)


def test_small_points_ask_for_nothing() -> None:
    """Points of few bytes are left to the processor."""
    made = vector_outputs(scalar_graph(lambda x: x * 2.0, np.zeros(4)), 8)
    body = ["  line"]
    assert weave(made, 8, [body]) == {}
    assert body == ["  line"]
