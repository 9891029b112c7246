"""Graphs side by side, and Taylor graphs with fixed directions."""

from __future__ import annotations

import numpy as np
import pytest

import graphad as ga
from graphad.evaluate import Program
from graphad.ir import verify
from graphad.passes import taylor
from graphad.passes.wiring import directed, joined


def test_joined() -> None:
    """Results stand side by side, nested as they were; equal work is shared."""
    f = ga.trace(lambda x, y: (np.exp(x), y), 0.0, 0.0)
    g = ga.trace(lambda x, y: np.exp(x) * y, 0.0, 0.0)
    made = verify(joined(f, g))
    assert made.tree == ((0, 1), 2)
    assert made.input_names == ("x", "y")
    assert sum(node.op.name == "exp" for node in made.nodes) == 1
    assert made(0.0, 3.0) == ((1.0, 3.0), 3.0)


def test_joined_with_fewer_inputs_and_symmetry() -> None:
    """Inputs are found by name; each result keeps its symmetry."""
    f = ga.trace(lambda y: y * y, 0.0)
    g = ga.trace(lambda x, y: np.sum(x**2) * y, np.zeros(2), 0.0)
    made = verify(joined(f, g))
    assert made.input_names == ("x", "y")
    assert made(np.ones(2), 3.0) == (9.0, 6.0)
    hessian = g.diff("x", order=2)
    assert verify(joined(f, hessian)).symmetry == f.symmetry + hessian.symmetry


def test_directed() -> None:
    """Directions become constants, cast to the dtype of the input."""
    graph = ga.trace(lambda x: np.sum(x**3), np.zeros(2))
    series = taylor(graph, 2)
    made = verify(directed(series, graph.inputs, [[1, 0]]))
    assert made.input_names == ("x",)
    np.testing.assert_allclose(Program(made)(np.array([2.0, 5.0]))[0], [133.0, 12.0, 6.0])


def test_refusals() -> None:
    """The number of directions, and their shapes, must fit."""
    graph = ga.trace(lambda x: np.sum(x**3), np.zeros(2))
    series = taylor(graph, 1)
    with pytest.raises(ga.DerivativeError, match="1 inputs move and 2 directions are given; give"):
        directed(series, graph.inputs, [[1, 0], [0, 1]])
    message = r"direction of 'x' has the shape \(3,\), and the input \(2,\)"
    with pytest.raises(ga.DerivativeError, match=message):
        directed(series, graph.inputs, [[1, 0, 0]])
