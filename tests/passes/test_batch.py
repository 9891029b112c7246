"""A leading axis: one graph for many points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.errors import InputError
from graphad.evaluate import Program
from graphad.ir import Graph, verify
from graphad.op import OPS, Op, Sample
from graphad.passes import batch, diff
from tests.ops.calculus import case_name, graph_of as graph_of_op, point_of, samples_of
from tests.passes.graphs import graph_of, names_of
from tests.strategies import DOMAIN, graphs

SIZE = 3


def check_rows(graph: Graph, batched: list[str], rows: list[list[np.ndarray]]) -> None:
    """Assert that row i of the batched graph is the graph at point i."""
    made = verify(batch(graph, SIZE, batched))
    args = [
        np.stack([row[i] for row in rows]) if name in batched else rows[0][i]
        for i, name in enumerate(graph.input_names)
    ]
    points = [
        [row[i] if name in batched else rows[0][i] for i, name in enumerate(graph.input_names)]
        for row in rows
    ]
    expected = [Program(graph)(*point) for point in points]
    for k, found in enumerate(Program(made)(*args)):
        wanted = np.stack([np.asarray(results[k]) for results in expected])
        assert np.asarray(found).dtype == wanted.dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("op", "sample"), samples_of(True) + samples_of(False), ids=case_name)
def test_every_op(op: Op, sample: Sample) -> None:
    """Rows of a batch are what the op gives for each point, for all choices of operands."""
    graph = graph_of_op(op, sample)
    rows = [point_of(sample, seed)[0] for seed in range(SIZE)]
    names = list(graph.input_names)
    for chosen in (names, names[:1], names[1:]):
        if chosen or not names:
            check_rows(graph, chosen, rows)


@given(graphs(steps=8), st.data())
@settings(max_examples=60)
def test_random_graphs(graph: Graph, data: st.DataObject) -> None:
    """Rows of a batch are what the graph gives for each point."""
    draw = np.random.default_rng(data.draw(st.integers(0, 99)))
    rows = [[draw.uniform(*DOMAIN, node.type.shape) for node in graph.inputs] for _ in range(SIZE)]
    names = graph.input_names
    chosen = [name for name in names if data.draw(st.booleans())] or list(names)
    check_rows(graph, chosen, rows)


def test_batched_indices() -> None:
    """Where indices differ from point to point, each point is read at its own."""
    graph = graph_of(lambda x, i: OPS["take"](x, i, axis=1), "[2,4]", "i64[3]")
    draw = np.random.default_rng(0)
    rows = [[draw.uniform(size=(2, 4)), draw.integers(0, 4, 3)] for _ in range(SIZE)]
    for chosen in (["x", "y"], ["y"], ["x"]):
        check_rows(graph, chosen, rows)


def test_batched_indices_that_are_added_at() -> None:
    """Where indices differ from point to point, each point adds at its own."""
    graph = graph_of(lambda x, i: OPS["scatter_add"](x, i, axis=1, size=4), "[2,3]", "i64[3]")
    draw = np.random.default_rng(0)
    rows = [[draw.uniform(size=(2, 3)), draw.integers(0, 4, 3)] for _ in range(SIZE)]
    for chosen in (["x", "y"], ["y"], ["x"]):
        check_rows(graph, chosen, rows)


def test_what_is_not_batched_is_computed_once() -> None:
    """A part that depends on no batched input has no leading axis."""
    made = batch(graph_of(lambda x, y: x * OPS["exp"](y), "[]", "[3]"), 5, ["x"])
    (exp,) = [node for node in made.nodes if node.op.name == "exp"]
    assert exp.type.shape == (3,)
    assert made.outputs[0].type.shape == (5, 3)


def test_a_batch_of_nothing() -> None:
    """A batch may have no points."""
    made = batch(graph_of(lambda x: OPS["sin"](x), "[2]"), 0)
    assert Program(made)(np.zeros((0, 2)))[0].shape == (0, 2)


def test_batches_nest() -> None:
    """A batch of batches has two leading axes."""
    made = batch(batch(graph_of(lambda x: OPS["sin"](x), "[2]"), 3), 4)
    assert made.outputs[0].type.shape == (4, 3, 2)
    assert names_of(made) == ["sin"]


def test_derivatives_of_a_batch() -> None:
    """The Jacobian of a batch has a diagonal of Jacobians."""
    graph = graph_of(lambda x: OPS["sin"](x), "[2]")
    whole = Program(diff(batch(graph, 3)))(np.ones((3, 2)))[0]
    one = Program(diff(graph))(np.ones(2))[0]
    np.testing.assert_array_equal(whole, np.einsum("bc,ij->bicj", np.eye(3), one))


def test_symmetry_moves_on() -> None:
    """Axes that may be interchanged are one further."""
    groups = ((((0,), (1,)),),)
    graph = graph_of(lambda x: OPS["einsum"](x, x, spec="i,j->ij"), "[3]", symmetry=groups)
    assert batch(graph, 2).symmetry == ((((1,), (2,)),),)


@pytest.mark.parametrize(
    ("size", "wrt", "message"),
    [
        (2, ["q"], r"cannot batch \['q'\]; inputs: \('x',\)"),
        (-1, None, "cannot batch by a negative size"),
    ],
)
def test_errors(size: int, wrt: list[str] | None, message: str) -> None:
    """The message says which input is not there, or that the size is negative."""
    with pytest.raises(InputError, match=message):
        batch(graph_of(lambda x: x * 2.0, "[]"), size, wrt)
