"""Reverse mode's other half: linear graphs run backwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from graphad.constant import Span
from graphad.errors import DerivativeError
from graphad.evaluate import Program
from graphad.ir import Graph, verify
from graphad.op import OPS, Op, Sample
from graphad.passes import Pipeline, jvp, transpose
from tests.ops.calculus import case_name, graph_of as graph_of_op, point_of, samples_of
from tests.passes.graphs import drawn, graph_of, identity_like, names_of, summed
from tests.strategies import graphs

SIN, EINSUM, WHERE = OPS["sin"], OPS["einsum"], OPS["where"]


def linearised(graph: Graph) -> tuple[Graph, list[str]]:
    """Return the graph of tangents alone, and the names of those that go in."""
    pushed = jvp(graph, values=False)
    return pushed, list(pushed.input_names[len(graph.inputs) :])


def check_adjoint(graph: Graph, seed: int = 0) -> None:
    """Assert ⟨c, J t⟩ = ⟨Jᵀ c, t⟩ for the Jacobian of a graph at a random point."""
    forward, tangents = linearised(graph)
    backward = verify(transpose(forward, tangents))
    point = [value - 1.0 for value in drawn(graph, seed)]
    moves = drawn(graph, seed + 1)
    draw = np.random.default_rng(seed + 2)
    weights = [np.asarray(draw.uniform(-1, 1, node.type.shape)) for node in graph.outputs]
    pushed = Program(forward)(*point, *moves)
    pulled = Program(backward)(*point, *weights)
    left = [np.asarray(a * b) for a, b in zip(weights, pushed, strict=True)]
    right = [np.asarray(a * b) for a, b in zip(pulled, moves, strict=True)]
    size = sum(abs(term).sum() for term in left) + sum(abs(term).sum() for term in right)
    difference = sum(term.sum() for term in left) - sum(term.sum() for term in right)
    assert abs(difference) <= 1e-13 * max(1.0, size)


@pytest.mark.parametrize(("op", "sample"), samples_of(differentiable=True), ids=case_name)
def test_every_op(op: Op, sample: Sample) -> None:
    """The transpose of the transpose of the Jacobian of each op is that Jacobian."""
    if op.name == "while_loop":  # it goes forward only
        return
    graph = graph_of_op(op, sample)
    forward, tangents = linearised(graph)
    backward = transpose(forward, tangents)
    again = transpose(backward, ["ct"])
    assert [node.type for node in again.outputs] == [node.type for node in graph.outputs]
    point, _ = point_of(sample, 4)
    moves = drawn(graph, 5)
    for a, b in zip(Program(forward)(*point, *moves), Program(again)(*point, *moves), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


@given(graphs(steps=8, smooth=True))
@settings(max_examples=60)
def test_random_graphs(graph: Graph) -> None:
    """The transpose of a Jacobian is its adjoint."""
    check_adjoint(graph)


def test_a_graph_after_other_passes() -> None:
    """What was simplified is still linear, and its transpose right."""
    graph = graph_of(lambda x: summed(x * x * SIN(x)), "[4]")
    forward, tangents = linearised(graph)
    tidy = Pipeline("simplify,collect,cse")(forward)
    point, weight = drawn(graph), np.float64(2.0)
    expected = Program(transpose(forward, tangents))(*point, weight)
    np.testing.assert_allclose(
        Program(transpose(tidy, tangents))(*point, weight)[0], expected[0], rtol=1e-14
    )


def test_signature() -> None:
    """Other inputs first, then cotangents; a cotangent for each linear input, alone or a tuple."""
    graph = graph_of(lambda x, y, z: (x * y, x * z), "[]", "[2]", "[3]")
    made = transpose(graph, ("y", "z"))
    assert made.input_names == ("x", "ct0", "ct1")
    assert made.tree == (0, 1)
    assert [str(node.type) for node in made.outputs] == ["f64[2]", "f64[3]"]
    single = transpose(graph_of(lambda x, y: x * y, "[]", "[2]"), ("y",))
    assert (single.input_names, single.tree) == (("x", "ct"), 0)


def test_cotangents_are_added_once_for_all_uses() -> None:
    """A value with many uses has one sum of cotangents, and its operands one cotangent each."""
    graph = graph_of(lambda x: OPS["add"](-x, 2.0 * -x, -x, 3.0 * -x), "[]")
    made = transpose(graph)
    assert names_of(made).count("add") == 1
    assert names_of(made).count("negative") == 1
    assert Program(made)(1.0) == [-7.0]


def test_an_output_that_is_an_input_or_given_twice() -> None:
    """Cotangents of all outputs arrive, also at an input and at the same node."""
    graph = graph_of(lambda x: (x, 2.0 * x, 2.0 * x), "[]")
    assert Program(transpose(graph))(1.0, 10.0, 100.0) == [221.0]


def test_outputs_and_inputs_that_are_not_connected() -> None:
    """An input that nothing depends on gets zeros; an output that depends on none gives nothing."""
    graph = graph_of(lambda x, y: (-x, y * 0.5), "[2]", "[]")
    made = transpose(graph, ("x", "y"))
    assert [str(node.type) for node in made.outputs] == ["f64[2]", "f64[]"]
    alone = transpose(graph_of(lambda x, y: 2.0 * y, "[3]", "[]"), ("x",))
    np.testing.assert_array_equal(Program(alone)(1.0, 1.0)[0], np.zeros(3))


NOT_LINEAR: dict[str, tuple[Callable[..., Any], str]] = {
    "a function": (lambda x, p: SIN(x), "sin .* is not linear in its operands"),
    "a square": (lambda x, p: x * x, "multiplies two linear operands"),
    "an inner product": (lambda x, p: EINSUM(x, x, spec="i,i->"), "multiplies two linear"),
    "a power": (lambda x, p: x**2, "integer_power .* is not linear"),
    "a denominator": (lambda x, p: p / x, "divide .* is not linear"),
    "a quotient": (lambda x, p: x / x, "divide .* is not linear"),
    "a condition": (
        lambda x, p: WHERE(OPS["greater"](x, 0.0), x, 0.0),
        "where .* is not linear",
    ),
    "a step": (lambda x, p: OPS["floor"](x), "floor .* is not linear"),
    "a constant added": (lambda x, p: x + 1.0, "const .*, which is no zero, beside a linear"),
    "a value subtracted": (lambda x, p: x - p, "input .*, which is no zero.*affine and not linear"),
    "a constant joined": (
        lambda x, p: OPS["concatenate"](x, np.ones(2), axis=0),
        "which is no zero",
    ),
    "a value updated": (lambda x, p: OPS["update"](p, x, spans=(Span(0, 3, 1),)), "is no zero"),
    "a value elsewhere": (lambda x, p: WHERE(OPS["less"](p, 0.0), x, p), "which is no zero"),
}


@pytest.mark.parametrize("what", NOT_LINEAR)
def test_what_is_not_linear_is_refused(what: str) -> None:
    """The message names the node and says why."""
    function, message = NOT_LINEAR[what]
    graph = graph_of(function, "[3]", "[3]")
    with pytest.raises(DerivativeError, match=message):
        transpose(graph, ("x",))


def test_zeros_beside_a_linear_operand_are_linear() -> None:
    """A zero that is added, joined or chosen adds no offset."""
    graph = graph_of(
        lambda x, p: (x + 0.0, OPS["concatenate"](x, np.zeros(2), axis=0), x - np.zeros(3)),
        "[3]",
        "[3]",
    )
    made = transpose(graph, ("x",))
    found = Program(made)(np.zeros(3), np.ones(3), np.arange(5.0), np.ones(3))
    np.testing.assert_array_equal(found[0], [2.0, 3.0, 4.0])


def test_unknown_and_integer_inputs() -> None:
    """The message names the input, and those that there are."""
    graph = graph_of(lambda x, y: -x, "[]", "i64[]")
    with pytest.raises(DerivativeError, match=r"there is no input 'q' .*; inputs: x, y"):
        transpose(graph, ("q",))
    with pytest.raises(DerivativeError, match=r"input 'y' is i64\[\]"):
        transpose(graph)


def test_identities_in_a_linear_graph() -> None:
    """Nodes without operands that are no inputs are constants of the graph."""
    graph = graph_of(lambda x: EINSUM(identity_like(x), x, spec="ij,j->i"), "[3]")
    weight = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(Program(transpose(graph))(weight)[0], weight)


def test_origins_name_the_op_that_was_transposed() -> None:
    """Cotangents come from the rule of their op."""
    made = transpose(graph_of(lambda x: OPS["flip"](x, axes=(0,)), "[3]"))
    (flip,) = [node for node in made.nodes if node.op.name == "flip"]
    assert (made.origin(flip).rewrite, made.origin(flip).rule) == ("transpose", "flip")
