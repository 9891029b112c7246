"""Forward mode: tangents beside values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from graphad.errors import DerivativeError
from graphad.evaluate import Program
from graphad.ir import Graph, verify
from graphad.op import OPS
from graphad.passes import jvp
from tests.ops.calculus import derivatives_along, deviation
from tests.passes.graphs import drawn, graph_of, names_of, summed
from tests.strategies import graphs

SIN, EXP = OPS["sin"], OPS["exp"]


def test_signature_and_nesting() -> None:
    """Inputs, then tangents; the outputs as they nest, and their tangents as they nest."""
    graph = graph_of(lambda x, y: (x * y, SIN(x), y), "[]", "[3]", tree=((0,), (1, 2)))
    made = verify(jvp(graph))
    assert made.input_names == ("x", "y", "dx", "dy")
    assert made.tree == (((0,), (1, 2)), ((3,), (4, 5)))
    assert [str(node.type) for node in made.outputs] == ["f64[3]", "f64[]", "f64[3]"] * 2


def test_tangents_alone_keep_the_nesting() -> None:
    """Without values, only what the tangents need is computed."""
    graph = graph_of(lambda x: (SIN(x), x + 1.0), "[]", tree=(1, (0,)))
    made = jvp(graph, values=False)
    assert made.tree == (1, (0,))
    assert names_of(made) == ["cos", "multiply"]


def test_only_chosen_inputs_get_tangents() -> None:
    """An input that stands still makes no term, and a part that does not move has zeros."""
    graph = graph_of(lambda x, y: (x * y, EXP(y)), "[]", "[]")
    made = jvp(graph, ("x",))
    assert made.input_names == ("x", "y", "dx")
    values = Program(made)(2.0, 3.0, 10.0)
    assert values[:3] == [6.0, np.exp(3.0), 30.0]
    assert values[3] == 0.0
    assert names_of(made) == ["multiply", "exp", "multiply"]


def test_one_input_by_its_name() -> None:
    """A name alone stands for that input, though it has several letters."""
    graph = graph_of(lambda x, y: x * y, "[]", "[]")
    assert jvp(graph, "x") == jvp(graph, ("x",))


def test_names_of_tangents_are_free() -> None:
    """A tangent gets underscores until no input has its name."""
    nested = jvp(jvp(graph_of(lambda x: SIN(x), "[]"), values=False))
    assert nested.input_names == ("x", "dx", "dx_", "ddx")
    verify(nested)


def test_symmetry_is_said_of_tangents_too() -> None:
    """Values and tangents of a symmetric output are symmetric."""
    groups = (((0,), (1,)),)
    graph = graph_of(lambda x: OPS["einsum"](x, x, spec="i,j->ij"), "[3]", symmetry=(groups,))
    assert jvp(graph).symmetry == (groups, groups)


def test_outputs_without_a_derivative() -> None:
    """The tangent of a comparison is false, that of an integer 0."""
    graph = graph_of(lambda x: (OPS["greater"](x, 0.0), OPS["cast"](x, dtype="i64")), "[]")
    assert Program(jvp(graph))(2.5, 1.0) == [True, 2, False, 0]


@given(graphs(steps=8, smooth=True, max_inputs=2, max_outputs=2))
@settings(max_examples=60)
def test_random_graphs(graph: Graph) -> None:
    """The tangent is the derivative along it, which differences in 80 digits give."""
    point = [value - 1.0 for value in drawn(graph, 1)]
    direction = [value - 1.0 for value in drawn(graph, 2)]
    values = Program(jvp(graph))(*point, *direction)
    expected = derivatives_along(graph, point, direction)[0]
    for found, wanted in zip(values[len(graph.outputs) :], expected, strict=True):
        assert deviation(np.asarray(found), wanted, np.maximum(abs(wanted), 1.0)) < 1e-10


def test_origins_say_where_tangents_come_from() -> None:
    """A tangent has the origin of its node, the rule's name, and an order that is one higher."""
    made = jvp(graph_of(lambda x: SIN(SIN(x)), "[]"), values=False)
    origins = [made.origin(node) for node in made.nodes if node.op.name == "multiply"]
    assert [(one.rewrite, one.rule, one.order) for one in origins] == [("jvp", "sin", 1)] * 2
    twice = jvp(made, ("x",), values=False)
    assert max(twice.origin(node).order for node in twice.nodes) == 2


def test_a_graph_without_inputs() -> None:
    """There is nothing to move."""
    b = graph_of(lambda x: 2.0 * x, "[]")
    assert jvp(b, ()).input_names == ("x",)
    assert Program(jvp(b, ()))(3.0) == [6.0, 0.0]


@pytest.mark.parametrize(
    ("wrt", "types", "message"),
    [
        (("q",), ("[]",), "there is no input 'q' to differentiate by; inputs: x"),
        (("x",), ("i64[3]",), r"input 'x' is i64\[3\]: only floating-point inputs have deriv"),
        (None, ("[]", "bool[]"), r"input 'y' is bool\[\]"),
    ],
)
def test_inputs_that_cannot_be_moved(
    wrt: tuple[str, ...] | None, types: tuple[str, ...], message: str
) -> None:
    """The message names the input, and those that there are."""
    graph = graph_of(lambda *xs: xs[0] * 2, *types)
    with pytest.raises(DerivativeError, match=message):
        jvp(graph, wrt)


def test_a_chain_of_sums_is_one_term_each() -> None:
    """The tangent of a function takes at most a few times the operations of the function."""
    graph = graph_of(lambda x: summed(SIN(x) * EXP(x)), "[5]")
    assert len(jvp(graph, values=False)) <= 4 * len(graph)
