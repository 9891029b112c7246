"""Counting operations, depth and live values."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from graphad.builder import Builder
from graphad.constant import Span
from graphad.cost import cost, last_uses, operations, peak_live
from graphad.ir import CONST, INPUT, Graph
from graphad.op import OPS, Op, Sample
from graphad.types import FLOAT64, make_type
from tests.evaluate.reference import CASES, case_name, sample_graph
from tests.strategies import graphs

VECTOR = make_type((4,), np.dtype(np.float64))


def polynomial() -> Graph:
    """Return the graph of sin(x)·(x + y + 2)³ - (-x)."""
    b = Builder()
    x, y = b.input("x", FLOAT64), b.input("y", FLOAT64)
    inner = OPS["add"](x, y, 2.0)
    return b.finish("f", [OPS["sin"](x) * inner**3 - (-x)])


def test_rule_of_counting() -> None:
    """Sums of n count n - 1, powers their chain, functions 1, signs and constants nothing."""
    found = cost(polynomial())
    assert found.by_op == {
        "add": 2,
        "integer_power": 2,
        "multiply": 1,
        "sin": 1,
        "subtract": 1,
        "negative": 0,
    }
    assert found.total == 7
    assert found.uses["negative"] == 1
    assert (found.nodes, found.depth) == (9, 4)
    assert operations(polynomial()) == found.total


@pytest.mark.parametrize(
    ("name", "shapes", "attrs", "expected"),
    [
        ("multiply", [(2, 3), (3,)], {}, 6),
        ("exp", [(2, 3)], {}, 6),
        ("sum", [(2, 3)], {"axes": (0, 1)}, 5),
        ("sum", [(2, 3)], {"axes": (1,)}, 4),
        ("cumsum", [(2, 3)], {"axis": 1}, 4),
        ("einsum", [(2, 3), (3, 4)], {"spec": "ij,jk->ik"}, 2 * 4 * (3 + 2)),
        ("einsum", [(3,), (3,)], {"spec": "i,i->"}, 5),
        ("einsum", [(3,), (2,)], {"spec": "i,j->ij"}, 6),
        ("einsum", [(3,)], {"spec": "i->ii"}, 0),
        ("einsum", [(3, 3)], {"spec": "ii->"}, 2),
        ("max", [(2, 3)], {"axes": (1,)}, 4),
        ("reshape", [(2, 3)], {"shape": (6,)}, 0),
        ("transpose", [(2, 3)], {"axes": (1, 0)}, 0),
        ("broadcast_to", [(3,)], {"shape": (2, 3)}, 0),
        ("slice", [(3,)], {"spans": (Span(0, 2, 1),)}, 0),
        ("integer_power", [(3,)], {"exponent": -4}, 9),
        ("less", [(3,), (3,)], {}, 3),
    ],
)
def test_array_ops_count_for_each_element(
    name: str, shapes: list[tuple[int, ...]], attrs: dict[str, object], expected: int
) -> None:
    """Array ops count as the scalar operations that they stand for."""
    b = Builder()
    inputs = [b.input(f"x{i}", make_type(s, FLOAT64.dtype)) for i, s in enumerate(shapes)]
    assert cost(b.finish("f", [OPS[name](*inputs, **attrs)])).total == expected


@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_every_op_has_a_cost(op: Op, sample: Sample) -> None:
    """Every op costs a number of operations that is not negative; copies cost nothing."""
    total = cost(sample_graph(op, sample)).total
    assert isinstance(total, int)
    assert total == 0 if op.structural else total >= 0


@given(graphs(steps=20))
@settings(max_examples=50)
def test_sums_of_random_graphs(graph: Graph) -> None:
    """The total is that of the ops, and a graph holds at least its largest value, at most all."""
    found = cost(graph)
    assert found.total == sum(found.by_op.values())
    assert sum(found.uses.values()) == sum(node.op not in (INPUT, CONST) for node in graph.nodes)
    sizes = [node.type.size for node in graph.nodes if node.op is not CONST]
    assert max(sizes) <= found.peak_live <= sum(sizes)
    assert found.depth == nx.dag_longest_path_length(_ops_only(graph))


def _ops_only(graph: Graph) -> nx.DiGraph:
    """Return the ops of a graph, each with an edge from a start."""
    view = nx.DiGraph()
    view.add_node(-1)
    for node in graph.nodes:
        if node.op not in (INPUT, CONST):
            operands = [x.id for x in node.inputs if x.op not in (INPUT, CONST)]
            view.add_edges_from((id, node.id) for id in operands or [-1])
    return view


def test_shared_values_count_once() -> None:
    """A value that is used twice is computed once."""
    b = Builder()
    x = b.input("x", FLOAT64)
    assert cost(b.finish("f", [OPS["sin"](x) * OPS["sin"](x)])).by_op == {"multiply": 1, "sin": 1}


def test_peak_of_live_values() -> None:
    """A value is held until its last use, its result beside it; constants are not counted."""
    b = Builder()
    y = b.input("x", VECTOR)
    for _ in range(10):
        y = OPS["sin"](y) + b.constant(np.arange(4.0))
    assert peak_live(b.finish("chain", [y])) == 8

    b = Builder()
    x = b.input("x", VECTOR)
    kept = [OPS["sin"](x), OPS["cos"](x), OPS["exp"](x)]
    assert peak_live(b.finish("outputs", [*kept, OPS["add"](*kept)])) == 16


def test_last_uses() -> None:
    """The last use of a node is its last user; past the end for outputs; -1 for what is dead."""
    b = Builder()
    x, unused = b.input("x", FLOAT64), b.input("unused", FLOAT64)
    y = OPS["sin"](x)
    graph = b.finish("f", [y + x, y])
    assert last_uses(graph) == [3, -1, 4, 4]
    assert unused.type == FLOAT64


def test_graph_without_ops() -> None:
    """An input that is an output costs nothing."""
    b = Builder()
    found = cost(b.finish("f", [b.input("x", VECTOR)]))
    assert (found.total, found.depth, found.nodes, found.peak_live) == (0, 0, 1, 4)


def test_table() -> None:
    """The table has a line for each op, the dearest first, and the sums."""
    assert str(cost(polynomial())).splitlines() == [
        "op                nodes    operations",
        "add                   1             2",
        "integer_power         1             2",
        "multiply              1             1",
        "sin                   1             1",
        "subtract              1             1",
        "negative              1             0",
        "total                 9             7",
        "depth 4, peak 4 elements",
    ]
