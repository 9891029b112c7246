"""Constants, computed once."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.evaluate import Program
from graphad.op import OPS, Op, Sample
from graphad.passes import fold
from graphad.passes.fold import GROWING, STRUCTURAL
from tests.ops.calculus import case_name, point_of, samples_of
from tests.passes.graphs import graph_of, names_of

ALL = [(op, sample) for op, sample in samples_of(True) + samples_of(False) if sample.shapes]


@pytest.mark.parametrize(("op", "sample"), ALL, ids=case_name)
def test_every_op_of_constants_is_a_constant(op: Op, sample: Sample) -> None:
    """The result is what NumPy computes, bit for bit; structural zeros stay structural."""
    drawn = iter(point_of(sample, 0)[0])
    values = [
        sample.constants[i] if i in sample.constants else next(drawn)
        for i in range(len(sample.shapes))
    ]

    def applied(x: object) -> object:
        nodes = tuple(x.builder.constant(value).node for value in values)
        return x.builder.value(x.builder.emit(op, nodes, sample.attrs))

    graph = graph_of(applied, "[]")
    made = fold(graph)
    kept = op in GROWING or op in STRUCTURAL
    assert names_of(made) == ([op.name] if kept else [])
    assert made.outputs[0].type == graph.outputs[0].type
    found, expected = Program(made)(0.0)[0], Program(graph)(0.0)[0]
    assert np.asarray(found).tobytes() == np.asarray(expected).tobytes()


def test_what_depends_on_an_input_stays() -> None:
    """Only what depends on no input is computed."""
    graph = graph_of(lambda x: x * 2.0 + x.builder.constant(3.0) * 4.0, "[]")
    assert names_of(fold(graph)) == ["multiply", "add"]


def test_a_chain_is_folded_in_one_run() -> None:
    """Constants of constants are constants."""
    graph = graph_of(lambda x: x + OPS["exp"](OPS["sin"](x.builder.constant(0.5) * 2.0)) ** 2, "[]")
    made = fold(graph)
    assert names_of(made) == ["add"]
    assert Program(made)(0.0)[0] == np.exp(np.sin(1.0)) ** 2


def test_warnings_of_numpy_are_not_shown() -> None:
    """A division of constants by zero is an infinity, and no warning."""
    graph = graph_of(lambda x: x + x.builder.constant(1.0) / 0.0, "[]")
    assert Program(fold(graph))(1.0) == [np.inf]


def test_large_results_are_left() -> None:
    """A result of more elements than the limit stays an operation."""
    graph = graph_of(
        lambda x: OPS["flip"](x.builder.constant(np.arange(10.0)), axes=(0,)) * x, "[]"
    )
    assert names_of(fold(graph, limit=9)) == ["flip", "multiply"]
    assert names_of(fold(graph, limit=10)) == ["multiply"]


def test_repetition_stays_short() -> None:
    """A number that is repeated a million times is not written out."""
    graph = graph_of(
        lambda x: OPS["broadcast_to"](x.builder.constant(2.0) * 3.0, shape=(1000, 1000)) * x, "[]"
    )
    made = fold(graph)
    assert names_of(made) == ["broadcast_to", "multiply"]
    assert max(node.attrs[0].array.size for node in made.nodes if node.op.name == "const") == 1


def test_origins_name_the_op() -> None:
    """A folded constant says what it was."""
    made = fold(graph_of(lambda x: x + OPS["sin"](x.builder.constant(0.5)), "[]"))
    (constant,) = [node for node in made.nodes if node.op.name == "const"]
    assert (made.origin(constant).rewrite, made.origin(constant).rule) == ("fold", "sin")
