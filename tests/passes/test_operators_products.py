"""Products of coefficients, pair by pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.cost import cost
from graphad.evaluate import Program
from graphad.op import OPS, Array
from graphad.passes.operators_blocks import Block
from graphad.passes.operators_products import Products
from graphad.passes.operators_symbol import closure
from graphad.types import make_type

MULTIPLY, EINSUM = OPS["multiply"], OPS["einsum"]
VECTOR = make_type((2,), np.dtype(np.float64))
SCALAR = VECTOR.with_shape(())
LAPLACIAN = {(0, 0): 1.0, (1, 1): 1.0, (2, 2): 1.0}
BIHARMONIC = {(i, i, j, j): 1.0 + (i != j) for i in range(3) for j in range(i, 3)}
DRAW = np.random.default_rng(0)


def multiplied(
    terms: dict[Any, float], level: int, members: Any, *, square: bool, known: bool, spec: str = ""
) -> tuple[dict[int, Array], dict[int, Array]]:
    """Return products at a level by member, and what they should be, from blocks of vectors."""
    made = Products(Builder(), closure(terms))
    sides: list[dict[int, Block]] = []
    arrays: list[dict[int, Array]] = []
    args = []
    for name in "x" if square else "xy":
        side: dict[int, Block] = {}
        values: dict[int, Array] = {}
        for at in sorted(set(made.closure.levels) - {0}):
            own = tuple(k for k in made.closure.members(at) if k in members)
            if not own:
                continue
            array = DRAW.normal(size=(len(own), 2))
            values.update(zip(own, array, strict=True))
            bare = at in made.bare
            array = array[0] if bare else array
            if known:
                side[at] = Block(own, VECTOR, bare, known=array)
            else:
                value = made.builder.input(f"{name}{at}", VECTOR.with_shape(array.shape))
                side[at] = Block(own, VECTOR, bare, value)
                args.append(array)
        sides.append(side)
        arrays.append(values)
    left, right = sides[0], sides[-1]
    op, attrs, type = (EINSUM, (spec,), SCALAR) if spec else (MULTIPLY, (), VECTOR)
    blocks = made.products(level, left, right, op, attrs, type)
    total = made.added(blocks)
    wanted: dict[int, Array] = {}
    for k, i, j, c in made.closure.splits:
        if made.closure.levels[k] == level and i in arrays[0] and j in arrays[-1]:
            a, b = arrays[0][i], arrays[-1][j]
            term = c * (a @ b if spec else a * b)
            wanted[k] = wanted.get(k, 0.0) + term
    found: dict[int, Array] = {}
    if total is not None:
        assert not known or all(block.known is not None for block in blocks)
        bare = total.bare
        array = Program(made.builder.finish("f", [made.value(total)]))(*args)[0]
        found = dict(zip(total.members, [array] if bare else array, strict=True))
    return found, wanted


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("spec", ["", "i,i->"])
@pytest.mark.parametrize(
    ("terms", "level"), [(LAPLACIAN, 2), (BIHARMONIC, 2), (BIHARMONIC, 3), (BIHARMONIC, 4)]
)
@pytest.mark.parametrize("members", [range(20), (1, 2, 5, 8, 13), (2,)])
def test_products(
    terms: dict[Any, float], level: int, members: Any, square: bool, known: bool, spec: str
) -> None:
    """For each coefficient, the weighted sum over its splits of what is there."""
    found, wanted = multiplied(terms, level, members, square=square, known=known, spec=spec)
    assert set(found) == set(wanted)
    for k in found:
        np.testing.assert_allclose(found[k], wanted[k], rtol=1e-12, atol=1e-14)


def test_squares_take_each_pair_once() -> None:
    """Of a square, x_i·x_j and x_j·x_i are one product, doubled: 6 products of vectors, not 9."""
    counts = []
    for names in ("x", "xy"):
        made = Products(Builder(), closure(BIHARMONIC))
        values = [made.builder.input(name, VECTOR.with_shape((3, 2))) for name in names]
        sides = [{1: Block((1, 2, 3), VECTOR, False, value)} for value in values]
        blocks = made.products(2, sides[0], sides[-1], MULTIPLY, (), VECTOR)
        counts.append(cost(made.builder.finish("f", [made.value(block) for block in blocks])).total)
    assert counts == [2 * (3 + 3 + 3), 2 * (3 + 6 + 3)]  # and 3 are doubled, or added to others


def test_factors_of_other_shapes() -> None:
    """Shapes of factors broadcast as those of values do."""
    made = Products(Builder(), closure(LAPLACIAN))
    x = made.builder.input("x", VECTOR.with_shape((3, 2)))
    y = made.builder.input("y", VECTOR.with_shape((3, 4, 1)))
    wide = VECTOR.with_shape((4, 2))
    (found,) = made.products(
        2,
        {1: Block((1, 2, 3), VECTOR, False, x)},
        {1: Block((1, 2, 3), VECTOR.with_shape((4, 1)), False, y)},
        MULTIPLY,
        (),
        wide,
    )
    assert found.bare
    a, b = DRAW.normal(size=(3, 2)), DRAW.normal(size=(3, 4, 1))
    value = Program(made.builder.finish("f", [made.value(found)]))(a, b)[0]
    np.testing.assert_allclose(value, sum(b[i] * a[i] for i in range(3)), rtol=1e-13)
