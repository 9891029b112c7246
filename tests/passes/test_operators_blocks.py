"""Arrays of coefficients: what is left out, and what is only known."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder, Value
from graphad.evaluate import Program
from graphad.op import OPS, Array
from graphad.passes.operators_blocks import Block, Blocks
from graphad.passes.operators_symbol import closure
from graphad.types import FLOAT64, Type, make_type

VECTOR = make_type((2,), np.dtype(np.float64))
ROWS = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def blocks_of(n: int = 4) -> Blocks:
    """Return the arithmetic for a Laplacian in n variables."""
    return Blocks(Builder(), closure({(i, i): 1.0 for i in range(n)}))


def block(blocks: Blocks, members: tuple[int, ...], name: str = "") -> Block:
    """Return a block of vectors: an input of that name, or numbers if there is none."""
    if not name:
        return Block(members, VECTOR, False, known=ROWS[: len(members)])
    value = blocks.builder.input(name, VECTOR.with_shape((len(members), 2)))
    return Block(members, VECTOR, False, value)


def evaluated(blocks: Blocks, result: Block | None, *args: Array) -> Array:
    """Return the array of a block."""
    assert result is not None
    return np.asarray(Program(blocks.builder.finish("f", [blocks.value(result)]))(*args)[0])


@pytest.mark.parametrize(
    ("members", "op"),
    [((1, 2, 3), None), ((2, 3), "slice"), ((3, 1), "take"), ((2,), "slice")],
)
def test_rows(members: tuple[int, ...], op: str | None) -> None:
    """Rows are a slice where they follow each other, the array itself where they are all."""
    blocks = blocks_of()
    found = blocks.rows(block(blocks, (1, 2, 3), "x"), members)
    assert found.members == members
    assert blocks.value(found).node.op.name == (op or "input")
    at = [k - 1 for k in members]
    np.testing.assert_array_equal(evaluated(blocks, found, ROWS), ROWS[at])


def test_rows_that_are_known_stay_known() -> None:
    """Rows of numbers are numbers."""
    blocks = blocks_of()
    found = blocks.rows(block(blocks, (1, 2, 3)), (3, 1))
    np.testing.assert_array_equal(found.known, ROWS[[2, 0]])
    assert not blocks.builder.nodes


def test_sums_add_only_what_both_have() -> None:
    """Coefficients of one term alone are joined to the sum, not added to zeros."""
    blocks = blocks_of()
    left, right = block(blocks, (1, 2), "x"), block(blocks, (2, 3), "y")
    found = blocks.added([left, right])
    assert found is not None
    assert found.members == (1, 2, 3)
    (added,) = [node for node in blocks.builder.nodes if node.op is OPS["add"]]
    assert added.type.shape == (1, 2)
    wanted = np.array([[1.0, 2.0], [3.0 + 1.0, 4.0 + 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(evaluated(blocks, found, ROWS[:2], ROWS[:2]), wanted)
    assert blocks.added([]) is None
    assert blocks.joined([]) is None


def test_zero_rows_are_left_out() -> None:
    """A row of zeros among numbers is structural, since seeds and linear ops are."""
    blocks = blocks_of()
    x = blocks.builder.input("x", VECTOR)
    seeds = blocks.seeded(VECTOR, 1, {1: {0: 1.0}, 2: {1: 1.0}})
    out = OPS["element"](x, index=(1,))
    assert isinstance(out, Value)
    found = blocks.linear(OPS["element"], ((1,),), out, [x], [seeds])
    assert found is not None
    assert found.members == (2,)
    np.testing.assert_array_equal(found.known, [1.0])
    empty = blocks.linear(OPS["element"], ((0,),), out, [x], [blocks.rows(found_of(seeds), (2,))])
    assert empty is None


def found_of(block: Block | None) -> Block:
    """Return a block that is there."""
    assert block is not None
    return block


def test_seeds() -> None:
    """Unit vectors are an identity; none at all is no block."""
    blocks = blocks_of(2)
    seeds = found_of(blocks.seeded(VECTOR, 1, {1: {0: 1.0}, 2: {1: 1.0}}))
    assert blocks.value(seeds).node.op is OPS["identity"]
    other = found_of(blocks.seeded(VECTOR, 1, {1: {0: 2.0}}))
    np.testing.assert_array_equal(other.known, [[2.0, 0.0]])
    top = found_of(blocks.seeded(VECTOR, 2, {3: {1: -0.5}}))
    assert top.bare
    assert top.known is not None
    assert top.known.tolist() == [0.0, -0.5]
    assert blocks.seeded(VECTOR, 1, {}) is None


def test_equal_numbers_are_one_repeated() -> None:
    """An array of equal numbers is written as one."""
    blocks = blocks_of()
    same = Block((1, 2), VECTOR, False, known=np.full((2, 2), 3.0))
    node = blocks.value(same).node
    assert node.op is OPS["broadcast_to"]
    assert node.inputs[0].attrs[0].array == 3.0
    scalar = Block((1,), FLOAT64, False, known=np.ones(1))
    assert blocks.value(scalar).node.op.name == "const"


def test_zeros_among_numbers_are_structural() -> None:
    """Numbers that are mostly zeros are written as what is added to none, for scalar graphs."""
    blocks = blocks_of()
    known = np.array([[0.0, 2.0], [0.0, 0.0], [-1.0, 0.0]])
    sparse = Block((1, 2, 3), VECTOR, False, known=known)
    assert blocks.value(sparse).node.inputs[0].op is OPS["scatter_add"]
    np.testing.assert_array_equal(evaluated(blocks, sparse), known)


@pytest.mark.parametrize(("factor", "op"), [(1, "input"), (-1, "negative"), (0.5, "multiply")])
def test_scaled(factor: float, op: str) -> None:
    """Scaling by 1 is nothing, by -1 a negation."""
    blocks = blocks_of()
    found = blocks.scaled(block(blocks, (1, 2), "x"), factor, (2,))
    assert blocks.value(found).node.op.name == op
    np.testing.assert_array_equal(evaluated(blocks, found, ROWS[:2]), factor * ROWS[:2])


def test_scaled_by_values_of_other_shapes() -> None:
    """A value broadcasts against rows, not against the leading axis."""
    blocks = blocks_of()
    made = block(blocks, (1, 2), "x")
    factor = blocks.builder.input("c", Type((3, 2), np.dtype(np.float64)))
    found = blocks.scaled(made, factor, (3, 2))
    np.testing.assert_array_equal(
        evaluated(blocks, found, ROWS[:2], ROWS), ROWS[None] * ROWS[:2, None]
    )
    blocks = blocks_of()
    wider = blocks.scaled(block(blocks, (1, 2), "x"), blocks.builder.constant(2.0), (3, 2))
    assert evaluated(blocks, wider, ROWS[:2]).shape == (2, 3, 2)
