"""Batched graphs against loops over their points, and batches in blocks."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.builder import Builder
from graphad.cost import peak_live
from graphad.errors import GraphError, InputError
from graphad.evaluate import Program, batch_graph, batching, evaluate
from graphad.evaluate.batching import block_size, run_batch
from graphad.ir import Graph, verify
from graphad.op import OPS, Array, Op, Sample
from graphad.types import FLOAT64, make_type
from tests.evaluate.reference import (
    CASES,
    F64,
    case_name,
    memory_graphs,
    naive,
    sample_graph,
    sample_values,
)
from tests.strategies import arguments, graphs

LEADS = [(3,), (2, 3), (1,)]


def check_batched(
    graph: Graph, lead: tuple[int, ...], marks: tuple[bool, ...], points: list[list[Array]]
) -> None:
    """Assert that the batched graph gives what a loop over points gives."""
    count = int(np.prod(lead))
    given_arrays = [
        np.stack([point[i] for point in points]).reshape(lead + np.shape(points[0][i]))
        if has
        else points[0][i]
        for i, has in enumerate(marks)
    ]
    mixed = [[points[n if has else 0][i] for i, has in enumerate(marks)] for n in range(count)]
    expected = [naive(graph, point) for point in mixed]
    batched = verify(batch_graph(graph, lead, marks))
    results = Program(batched)(*given_arrays)
    for position, result in enumerate(results):
        alone = [outputs[position] for outputs in expected]
        wanted = np.stack(alone).reshape(lead + alone[0].shape)
        assert result.dtype == wanted.dtype
        assert result.shape == wanted.shape == batched.outputs[position].type.shape
        np.testing.assert_allclose(result, wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("lead", LEADS, ids=str)
@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_every_batch_rule(op: Op, sample: Sample, lead: tuple[int, ...]) -> None:
    """Every op's batch rule is a loop over points, for each choice of batched operands."""
    graph = sample_graph(op, sample)
    points = [sample_values(sample, seed) for seed in range(int(np.prod(lead)))]
    for marks in product((False, True), repeat=len(sample.shapes)):
        check_batched(graph, lead, marks, points)


@given(memory_graphs(), st.tuples(st.booleans(), st.booleans(), st.booleans()))
@settings(max_examples=100)
def test_batched_graphs(graph: Graph, marks: tuple[bool, ...]) -> None:
    """A batched graph gives what a loop over points gives."""
    draw = np.random.default_rng(3)
    points = [[np.asarray(draw.uniform(-1, 1, s)) for s in ((2, 2), (2, 2), ())] for _ in range(3)]
    check_batched(graph, (3,), marks, points)


@given(st.data())
@settings(max_examples=100)
def test_random_graphs(data: st.DataObject) -> None:
    """A batched graph of any ops gives what a loop over points gives, with one lead axis or two."""
    graph = data.draw(graphs())
    lead = data.draw(st.sampled_from(LEADS))
    points = [list(data.draw(arguments(graph))) for _ in range(int(np.prod(lead)))]
    marks = tuple([data.draw(st.booleans()) for _ in graph.inputs])
    check_batched(graph, lead, marks, points)


def simple() -> Graph:
    """Return the graph of two outputs, one a vector and one that does not depend on x."""
    b = Builder()
    x, y = b.input("x", make_type((3,), F64)), b.input("y", FLOAT64)
    symmetry = [(((0,), (1,)),), ()]
    outer = OPS["einsum"](x * y, x, spec="i,j->ij")
    return b.finish("simple", [outer, y * 2], (1, (0,)), symmetry)


def test_kept_from_the_graph() -> None:
    """A batched graph keeps name and nesting, and its symmetries speak of the shifted axes."""
    batched = batch_graph(simple(), (4, 5), [True, False])
    assert (batched.name, batched.tree) == ("simple", (1, (0,)))
    assert batched.symmetry == ((((2,), (3,)),), ())
    assert [str(node.type) for node in batched.inputs] == ["f64[4,5,3]", "f64[]"]
    assert [str(node.type) for node in batched.outputs] == ["f64[4,5,3,3]", "f64[4,5]"]
    rewritten = {batched.origin(node).rewrite for node in batched.nodes if node.inputs}
    assert "batch" in rewritten


def test_what_is_not_batched_is_computed_once() -> None:
    """What depends on no batched input is computed for one point."""
    b = Builder()
    x, y = b.input("x", FLOAT64), b.input("y", FLOAT64)
    batched = batch_graph(b.finish("f", [OPS["sin"](y) * x]), (9,), [True, False])
    assert [str(node.type) for node in batched.nodes if node.op.name == "sin"] == ["f64[]"]


def test_wrong_marks_are_refused() -> None:
    """There has to be one mark for each input."""
    with pytest.raises(InputError, match="graph simple has 2 inputs, but 1 marks"):
        batch_graph(simple(), (4,), [True])


def test_wrong_rules_are_found() -> None:
    """A rule that gives a wrong shape, or is not there, is named."""
    bad = Op(
        "bad",
        lambda types, attrs: types[0],
        np.sin,
        batch=lambda lead, args, has, attrs: OPS["sum"](args[0], axes=(0,)),
    )
    none = Op("none", lambda types, attrs: types[0], np.sin)
    for op, message in (
        (bad, r"the batch rule of bad gave f64\[\] for \(2,\) times f64\[\]"),
        (none, "none has no batch rule"),
    ):
        b = Builder()
        graph = b.finish("f", [op(b.input("x", FLOAT64))])
        with pytest.raises(GraphError, match=message):
            batch_graph(graph, (2,), [True])


# --- batches in blocks ---------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 7, 16, 17, 50])
def test_blocks(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of full blocks, a remainder, one point or none give what single calls give."""
    graph = simple()
    monkeypatch.setattr(batching, "BLOCK_ELEMENTS", 16 * peak_live(graph))
    assert block_size(graph) == 16
    draw = np.random.default_rng(n)
    x, y = draw.uniform(size=(n, 3)), 1.5
    expected = [evaluate(graph, [row, y]) for row in x]
    second, (first,) = evaluate(graph, [x, y])
    assert (first.shape, second.shape) == ((n, 3, 3), (n,))
    np.testing.assert_allclose(first, np.array([one[1][0] for one in expected]).reshape(n, 3, 3))
    np.testing.assert_array_equal(second, np.full(n, 3.0))


def test_blocks_are_not_recompiled() -> None:
    """Programs for sizes of blocks are kept, but only for the last few sizes."""
    graph = simple()
    for n in range(2, 30):
        evaluate(graph, [np.ones((n, 3)), 1.0])
    kept = graph._cache["block programs"]
    assert len(kept._programs) == batching.KEPT_PROGRAMS
    program = kept.program(graph, 29, (True, False))
    evaluate(graph, [np.ones((29, 3)), 1.0])
    assert kept.program(graph, 29, (True, False)) is program


def test_block_size_follows_values() -> None:
    """The more a point takes, the fewer points are evaluated at a time."""
    sizes = []
    for length in (1, 30, 1_000_000):
        b = Builder()
        x = b.input("x", make_type((length,), F64))
        sizes.append(block_size(b.finish("f", [OPS["sin"](x) + 1])))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == batching.LARGEST_BLOCK
    assert sizes[-1] == 1


@pytest.mark.parametrize(
    ("x_lead", "y_lead", "lead"),
    [
        ((4,), (4,), (4,)),
        ((4,), (), (4,)),
        ((), (4,), (4,)),
        ((2, 4), (4,), (2, 4)),
        ((2, 1), (4,), (2, 4)),
        ((1,), (), (1,)),
        ((1, 1), (1,), (1, 1)),
        ((0,), (1,), (0,)),
        ((2, 0), (), (2, 0)),
    ],
)
def test_leading_axes_broadcast(
    x_lead: tuple[int, ...], y_lead: tuple[int, ...], lead: tuple[int, ...]
) -> None:
    """Leading axes of all inputs broadcast together and come first in every output."""
    graph = simple()
    draw = np.random.default_rng(0)
    x, y = draw.uniform(size=(*x_lead, 3)), draw.uniform(size=y_lead)
    second, (first,) = evaluate(graph, [x, y])
    wide_x, wide_y = np.broadcast_to(x, (*lead, 3)), np.broadcast_to(y, lead)
    expected = wide_y[..., None, None] * wide_x[..., :, None] * wide_x[..., None, :]
    assert first.shape == (*lead, 3, 3)
    np.testing.assert_allclose(first, expected, rtol=1e-15)
    np.testing.assert_array_equal(second, 2 * wide_y)


def test_inputs_without_elements() -> None:
    """An input of length 0 has a batch like any other."""
    b = Builder()
    x = b.input("x", make_type((0,), F64))
    graph = b.finish("f", [OPS["sum"](x, axes=(0,)) + 1])
    (result,) = run_batch(graph, [np.zeros((5, 0))], (5,))
    np.testing.assert_array_equal(result, np.ones(5))


def test_results_of_batches_are_own_memory() -> None:
    """Results of a batch share memory neither with arguments nor with each other."""
    b = Builder()
    x = b.input("x", make_type((3,), F64))
    graph = b.finish("f", [x, x, OPS["flip"](x, axes=(0,))])
    given_x = np.arange(12.0).reshape(4, 3)
    results: tuple[Any, ...] = evaluate(graph, [given_x])
    everything = [given_x, *results]
    for position, one in enumerate(everything):
        assert not any(np.may_share_memory(one, other) for other in everything[:position])
    results[0][...] = 0
    assert given_x[1, 1] == 4.0
