"""Equal mixed partials, and transposes."""

from __future__ import annotations

from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
import pytest

from graphad.api import trace
from graphad.evaluate import Program
from graphad.op import OPS
from graphad.passes import symmetry
from graphad.passes.symmetry import canonical_positions
from tests.passes.graphs import diagonal, drawn, graph_of, names_of

EINSUM, TRANSPOSE, EXP = OPS["einsum"], OPS["transpose"], OPS["exp"]
SWAPPED = (((0,), (1,)),)


@pytest.mark.parametrize(
    ("shape", "groups"),
    [
        ((3, 3), (((0,), (1,)),)),
        ((2, 2, 2), (((0,), (1,), (2,)),)),
        ((4, 3, 3), (((1,), (2,)),)),
        ((2, 3, 2, 3), (((0, 1), (2, 3)),)),
        ((2, 2, 3, 3), (((0,), (1,)), ((2,), (3,)))),
        ((0, 0), (((0,), (1,)),)),
        ((2, 3), ()),
    ],
    ids=str,
)
def test_positions_are_those_of_sorted_indices(shape: tuple[int, ...], groups: Any) -> None:
    """Each entry is mapped to the one whose blocks of indices are sorted, which maps to itself."""
    positions = canonical_positions(shape, groups)
    np.testing.assert_array_equal(positions[positions], positions)
    whole = positions.reshape(shape)
    for group in groups:
        for left, right in pairwise(group):
            order = list(range(len(shape)))
            for a, b in zip(left, right, strict=True):
                order[a], order[b] = b, a
            np.testing.assert_array_equal(whole.transpose(order), whole)
    assert np.all(positions <= np.arange(positions.size))


@pytest.mark.parametrize(("n", "order"), [(3, 2), (3, 3), (2, 4)])
def test_as_many_entries_as_multisets(n: int, order: int) -> None:
    """A fully symmetric tensor has one entry for each multiset of indices."""
    groups = (tuple((axis,) for axis in range(order)),)
    assert len(set(canonical_positions((n,) * order, groups).tolist())) == comb(
        n + order - 1, order
    )


def packed(x: Any, count: int, shape: tuple[int, ...]) -> Any:
    """Return the elements of `x` packed into an array."""
    return OPS["pack"](*[OPS["element"](x, index=(i,)) for i in range(count)], shape=shape)


def test_entries_of_packed_outputs_are_shared() -> None:
    """Only entries at sorted indices are kept."""
    graph = graph_of(lambda x: packed(x, 9, (3, 3)), "[9]", symmetry=[SWAPPED])
    made = symmetry(graph)
    value = Program(made)(np.arange(9.0))[0]
    assert value.tolist() == [[0, 1, 2], [1, 4, 5], [2, 5, 8]]
    assert names_of(made).count("element") == 6


def test_an_output_that_is_not_symmetric_is_left() -> None:
    """Nothing is assumed of outputs about which nothing is said."""
    graph = graph_of(lambda x: packed(x, 4, (2, 2)), "[4]")
    assert symmetry(graph) == graph


MIRRORED = {
    "matrix products": (
        lambda A, B: (EINSUM(A, B, spec="ij,kj->ik"), EINSUM(B, A, spec="ij,kj->ik")),
    ),
    "transposes of functions": (lambda A, B: (EXP(A), TRANSPOSE(EXP(A), axes=(1, 0))),),
    "functions of transposes": (
        lambda A, B: (
            EXP(A) * TRANSPOSE(B, axes=(1, 0)),
            B * EXP(TRANSPOSE(A, axes=(1, 0))),
        ),
    ),
    "three factors": (
        lambda A, B: (
            EINSUM(A, B, A, spec="ij,jk,kl->il"),
            EINSUM(A, B, A, spec="ji,kj,lk->il"),
        ),
    ),
    "sums of products": (
        lambda A, B: (
            EINSUM(A, B, spec="ij,jk->ik") + B,
            TRANSPOSE(B, axes=(1, 0)) + EINSUM(B, A, spec="ji,kj->ik"),
        ),
    ),
}


@pytest.mark.parametrize("what", MIRRORED)
def test_a_transpose_of_another_output_is_found(what: str) -> None:
    """The second output is the first one transposed, and computed by that alone."""
    (function,) = MIRRORED[what]
    graph = graph_of(function, "[3,3]", "[3,3]")
    made = symmetry(graph)
    assert made.outputs[1].op is TRANSPOSE
    assert made.outputs[1].inputs[0] is made.outputs[0]
    point = drawn(graph)
    for a, b in zip(Program(made)(*point), Program(graph)(*point), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


OWN = {
    "Gram matrix": (lambda A, B: EINSUM(A, A, spec="ij,kj->ik"), True),
    "weighted Gram matrix": (
        lambda A, B: EINSUM(A, OPS["element"](B, index=(0, 0)), A, spec="ij,,kj->ik"),
        True,
    ),
    "congruence": (
        lambda A, B: EINSUM(A, EINSUM(B, B, spec="ij,kj->ik"), A, spec="ij,jk,lk->il"),
        False,
    ),
    "sum with its transpose": (lambda A, B: A + TRANSPOSE(A, axes=(1, 0)), True),
    "product with its transpose": (lambda A, B: A * TRANSPOSE(A, axes=(1, 0)), True),
    "difference with its transpose": (lambda A, B: A - TRANSPOSE(A, axes=(1, 0)), False),
    "diagonal": (lambda A, B: diagonal(OPS["sum"](A, axes=(0,))), True),
    "constant": (lambda A, B: A.builder.constant(np.ones((3, 3))), True),
    "constant that is not symmetric": (
        lambda A, B: A.builder.constant(np.arange(9.0).reshape(3, 3)),
        False,
    ),
    "difference from a constant": (lambda A, B: diagonal(A.builder.constant([1.0] * 3)) - A, False),
    "matrix": (lambda A, B: A, False),
    "product of two": (lambda A, B: EINSUM(A, B, spec="ij,jk->ik"), False),
    "square": (lambda A, B: EINSUM(A, A, spec="ij,jk->ik"), False),
    "not square": (lambda A, B: EINSUM(A, A, spec="ij,kl->ijkl"), False),
}


@pytest.mark.parametrize("what", OWN)
def test_matrices_that_are_their_own_transpose(what: str) -> None:
    """What is marked symmetric is so; what is not, is never marked."""
    function, marked = OWN[what]
    graph = graph_of(function, "[3,3]", "[3,3]")
    made = symmetry(graph)
    assert made.symmetry == ((SWAPPED,) if marked else ((),))
    if marked:
        (value,) = Program(made)(*drawn(graph))
        np.testing.assert_allclose(value, value.T, rtol=1e-15)


def test_blocks_of_a_hessian() -> None:
    """Of two inputs, the mixed block is derived once; the others are symmetric."""
    f = trace(lambda x, y: np.sum(np.exp(x) * (np.outer(x, y) @ y)), np.zeros(3), np.zeros(2))
    made = f.diff().diff().run("symmetry,cse")
    point = drawn(f)
    (xx, xy), (yx, yy) = made(*point)
    np.testing.assert_allclose(xx, xx.T, rtol=1e-14)
    np.testing.assert_allclose(yy, yy.T, rtol=1e-14)
    np.testing.assert_array_equal(xy, yx.T)
    assert made.symmetry[0] == made.symmetry[3] == SWAPPED
