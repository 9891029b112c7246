"""From arrays to scalars: structural zeros gone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphad.api import trace
from graphad.errors import PassError
from graphad.evaluate import Program
from graphad.ir import INPUT, Graph, verify
from graphad.op import OPS, Op, Sample
from graphad.passes import Pipeline, scalarize
from graphad.passes.scalarize_matrices import RULES as MATRICES
from tests.ops.calculus import case_name, graph_of as graph_of_op, point_of, samples_of
from tests.passes.graphs import diagonal, drawn, graph_of, identity_like, names_of

EINSUM, PLACE, MASK, WHERE = (OPS[name] for name in ("einsum", "place", "mask", "where"))


def is_scalar(graph: Graph) -> bool:
    """Return whether all nodes but inputs and packed outputs are scalars."""
    outer = (INPUT, OPS["pack"])
    return all(not node.type.shape or node.op in outer for node in graph.nodes)


def rosenbrock(x: Any) -> Any:
    """Return Rosenbrock's function of several variables."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


KEPT = frozenset(
    [
        "custom",
        "eigh",
        "eigvalsh",
        "fft",
        "ifft",
        "pinv",
        "qr",
        "stop_gradient",
        "svd",
        "svdvals",
        "while_loop",
    ]
)
"""Ops that have no form in scalars."""


@pytest.mark.parametrize(("op", "sample"), samples_of(True) + samples_of(False), ids=case_name)
def test_every_op(op: Op, sample: Sample) -> None:
    """Each op is lowered to scalars that give the same; arrays are packed only as outputs."""
    graph = graph_of_op(op, sample)
    if op.name in KEPT:
        with pytest.raises(PassError, match=f"{op.name} .*is not made of scalars"):
            scalarize(graph)
        return
    made = verify(scalarize(graph))
    assert is_scalar(made)
    point, _ = point_of(sample, 0)
    for a, b in zip(Program(made)(*point), Program(graph)(*point), strict=True):
        assert np.shape(a) == np.shape(b)
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-14 if op.name in MATRICES else 1e-15)


def test_what_is_scalar() -> None:
    """A graph of scalars has arrays at its inputs and outputs only."""
    assert is_scalar(graph_of(lambda x: OPS["sin"](x), "[]"))
    assert not is_scalar(graph_of(lambda x: OPS["sin"](x), "[1]"))
    assert is_scalar(scalarize(graph_of(lambda x: OPS["sin"](x), "[1]")))


def test_a_scalar_graph_stays() -> None:
    """There is nothing to lower."""
    graph = graph_of(lambda x, y: OPS["sin"](x) * y, "[]", "[]")
    assert scalarize(graph) == graph


@pytest.mark.parametrize(
    ("function", "products"),
    [
        (lambda p, B: diagonal(p) * B, 3),
        (lambda p, B: EINSUM(diagonal(p), B, spec="ij,jk->ik"), 9),
        (lambda p, B: EINSUM(identity_like(p), B, spec="ij,jk->ik"), 9),
        (lambda p, B: diagonal(p) * diagonal(p), 3),
        (lambda p, B: identity_like(p) + B, 0),
        (lambda p, B: B - diagonal(p), 0),
        (lambda p, B: diagonal(p) - B, 0),
        (lambda p, B: diagonal(p) - diagonal(p * 2.0), 3),
        (lambda p, B: diagonal(p) / (B + 3.0), 0),
        (lambda p, B: -diagonal(p) * B, 3),
    ],
)
def test_structural_zeros_are_not_computed_with(function: Any, products: int) -> None:
    """Zeros of identities and diagonals make no product and no sum, and values stay."""
    graph = graph_of(function, "[3]", "[3,3]")
    made = scalarize(graph)
    names = names_of(made)
    assert names.count("multiply") == products
    assert names.count("add") <= 9
    assert names.count("divide") in (0, 3)
    point = drawn(graph)
    np.testing.assert_array_equal(Program(made)(*point)[0], Program(graph)(*point)[0])


def test_zeros_of_the_user_are_computed_with() -> None:
    """A zero that the user wrote is a number, which an infinity makes NaN."""
    graph = graph_of(lambda x: EINSUM(np.array([[0.0, 1.0]]), x, spec="ij,j->i"), "[2]")
    made = scalarize(graph)
    assert names_of(made).count("multiply") == 2
    assert np.isnan(Program(made)(np.array([np.inf, 1.0]))[0][0])


def test_selections_of_structural_zeros() -> None:
    """Of a value and a structural zero, a mask is left; of two structural zeros, nothing."""
    graph = graph_of(lambda x: WHERE(OPS["greater"](x, 0.0), identity_like(x), diagonal(x)), "[2]")
    names = names_of(scalarize(graph))
    assert (names.count("where"), names.count("mask")) == (2, 0)
    graph = graph_of(
        lambda x: WHERE(OPS["greater"](x, 0.0), identity_like(x), np.ones((2, 2))), "[2]"
    )
    names = names_of(scalarize(graph))
    assert (names.count("where"), names.count("mask")) == (2, 2)


def test_functions_of_structural_zeros_are_numbers() -> None:
    """The cosine of a structural zero is 1."""
    made = scalarize(graph_of(lambda p: OPS["cos"](diagonal(p)), "[2]"))
    assert Program(made)(np.array([np.pi, 0.0]))[0].tolist() == [[-1.0, 1.0], [1.0, 1.0]]


def test_hessian_of_a_chain_is_banded() -> None:
    """Rosenbrock's Hessian takes a number of operations that is linear in the variables."""
    costs = []
    for n in (10, 20, 40):
        hessian = trace(rosenbrock, np.zeros(n)).diff().diff()
        made = hessian.run("scalarize,simplify,collect,symmetry,cse")
        costs.append(made.cost().total)
        zeros = n * n - (3 * n - 2)
        constants = [x for x in made.outputs[0].inputs if x.op.name == "const"]
        assert len(constants) >= zeros
        point = np.linspace(-1, 2, n)
        np.testing.assert_allclose(made(point), hessian(point), rtol=1e-12, atol=1e-12)
    assert costs[2] - costs[1] == 2 * (costs[1] - costs[0])
    assert costs[2] <= 7 * 40


def test_symmetry_shares_entries() -> None:
    """Entries (i, j) and (j, i) of a scalar Hessian are one node."""
    hessian = trace(rosenbrock, np.zeros(6)).diff().diff().run("scalarize,symmetry,cse")
    entries = np.array(hessian.outputs[0].inputs, dtype=object).reshape(6, 6)
    assert all(entries[i, j] is entries[j, i] for i in range(6) for j in range(6))
    third = trace(lambda x: np.prod(np.sin(x)), np.zeros(3)).diff(order=3)
    made = third.run("scalarize,symmetry,cse")
    assert made.symmetry == ((((0,), (1,), (2,)),),)
    assert len(set(made.outputs[0].inputs)) <= 10


def test_signature_nesting_and_symmetry_stay() -> None:
    """Arrays are taken apart inside; outside nothing changes."""
    graph = trace(lambda x, y: (x @ y, (np.sum(x), y)), np.zeros((2, 3)), np.zeros(3))
    made = graph.scalarize()
    assert made.tree == graph.tree
    assert [node.attrs for node in made.inputs] == [node.attrs for node in graph.inputs]
    first = graph.diff()
    assert first.scalarize().symmetry == first.symmetry
    a, (b, c) = made(np.ones((2, 3)), np.arange(3.0))
    assert (a.tolist(), b, c.tolist()) == ([3.0, 3.0], 6.0, [0.0, 1.0, 2.0])


def test_arrays_without_elements() -> None:
    """An array without elements is no scalar at all."""
    graph = graph_of(lambda x: (OPS["sin"](x), OPS["sum"](x, axes=(0,))), "[0]")
    a, b = Program(scalarize(graph))(np.zeros(0))
    assert a.shape == (0,)
    assert b == 0.0


def test_limit() -> None:
    """A graph of too many elements is refused before anything is made."""
    graph = graph_of(lambda x: OPS["sin"](x), "[1000]")
    with pytest.raises(
        PassError,
        match=r"scalarize would make 2,000 scalar values of f, more than 1,999; .* by limit=",
    ):
        scalarize(graph, limit=1999)
    assert len(scalarize(graph, limit=2000)) == 2002


@pytest.mark.parametrize("name", ["take", "scatter_add"])
def test_computed_indices(name: str) -> None:
    """Which elements are read has to be known."""
    attrs = {"axis": 0} if name == "take" else {"axis": 0, "size": 4}
    graph = graph_of(lambda x, i: OPS[name](x, i, **attrs), "[3]", "i64[3]")
    with pytest.raises(PassError, match="computed; scalarize needs them to be constants"):
        scalarize(graph)


def test_origins_are_kept() -> None:
    """A scalar comes from where its array came from."""
    graph = trace(lambda x: np.sin(x), np.zeros(2)).diff()
    made = scalarize(graph)
    lines = {graph.origin(node).line for node in graph.nodes if node.op.name == "cos"}
    assert {made.origin(node).line for node in made.nodes if node.op.name == "cos"} == lines


def test_a_pipeline_at_scalar_grain() -> None:
    """Other passes go on at scalar grain, and keep it."""
    made = Pipeline("scalarize,simplify,collect,cse")(trace(rosenbrock, np.zeros(4)).diff())
    assert is_scalar(made)
