"""Common subexpressions."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.evaluate import Program
from graphad.op import OPS
from graphad.passes import cse
from graphad.types import FLOAT64
from tests.passes.graphs import graph_of, names_of

COMMUTATIVE = sorted(name for name, op in OPS.items() if op.commutative)
SIN = OPS["sin"]


@pytest.mark.parametrize("name", COMMUTATIVE)
def test_commutative_operations_are_one_node(name: str) -> None:
    """Swapped operands of every commutative op make the same node."""
    type = "bool[]" if name.startswith("logical") else "[]"
    graph = graph_of(lambda x, y: (OPS[name](x, y), OPS[name](y, x)), type, type)
    assert names_of(graph) == [name, name]
    assert names_of(cse(graph)) == [name]


@pytest.mark.parametrize("name", ["subtract", "divide", "power", "arctan2", "less"])
def test_other_operations_keep_their_order(name: str) -> None:
    """Operands of ops that do not commute stay where they are."""
    graph = graph_of(lambda x, y: (OPS[name](x, y), OPS[name](y, x)), "[]", "[]")
    assert cse(graph) == graph


def test_a_tower_of_swapped_sums() -> None:
    """What becomes equal below makes what is above equal, in one run."""

    def tower(x: object, y: object) -> object:
        left, right = x, y
        first, second = left + right, right + left
        for _ in range(50):
            first, second = SIN(first) * left, left * SIN(second)
        return first, second

    graph = graph_of(tower, "[]", "[]")
    made = cse(graph)
    assert made.outputs[0] is made.outputs[1]
    assert len(names_of(made)) == (len(names_of(graph))) // 2


def test_structural_equality_is_cheap() -> None:
    """A tower of squares, which has 2^200 paths, is merged node by node."""

    def doubled(swap: bool) -> object:
        value = y + x if swap else x + y
        for _ in range(200):
            value = value * value
        return value

    b = Builder()
    x, y = b.input("x", FLOAT64), b.input("y", FLOAT64)
    made = cse(b.finish("f", [doubled(False), doubled(True)]))
    assert made.outputs[0] is made.outputs[1]
    assert len(made) == 2 + 1 + 200


def test_operands_that_are_the_same_stay_two() -> None:
    """The product x · x keeps both of its operands, also among others."""
    graph = graph_of(lambda x, y: OPS["multiply"](x, y, x), "[]", "[]")
    made = cse(graph)
    assert [node.id for node in made.outputs[0].inputs] == [0, 0, 1]
    assert Program(made)(3.0, 2.0) == [18.0]


def test_zeros_and_nan() -> None:
    """0.0, -0.0, 0 and False are not merged, NaN is."""
    graph = graph_of(lambda x: tuple(x + zero for zero in (0.0, -0.0, np.nan, -np.nan)), "[]")
    made = cse(graph)
    assert names_of(made) == ["add"] * 3
    np.testing.assert_array_equal(np.signbit(Program(made)(-0.0)[:2]), [False, True])
