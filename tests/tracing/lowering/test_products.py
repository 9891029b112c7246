"""Products of arrays agree with NumPy, for every pair of shapes."""

from __future__ import annotations

import numpy as np

from tests.tracing.lowering.calls import (
    Case,
    Traced,
    call,
    cases,
    check,
    lowered,
    ops_of,
    outcome,
    refuses,
    same,
    traced,
)

S = traced()
X = traced(3)
Y = traced(3, seed=1)
A = traced(2, 3)
B = traced(3, 4)
Q = traced(3, 3)
T = traced(5, 2, 3)
U = traced(5, 3, 4)
CONSTANT = np.arange(12.0).reshape(3, 4)
INTEGERS = Traced(np.arange(6).reshape(2, 3))


@cases(
    *[call(np.dot, *pair) for pair in ((X, Y), (A, X), (A, B), (X, B), (T, X), (T, B), (A, U))],
    *[call(np.dot, *pair) for pair in ((S, X), (X, 2.0), (2, A), (S, S), (T, U))],
    *[call(np.inner, *pair) for pair in ((X, Y), (A, X), (A, Q), (T, A), (S, X), (X, 3.0))],
    *[call(np.outer, *pair) for pair in ((X, Y), (A, X), (S, X), (X, [1, 2]), (X, X))],
    *[call(np.vdot, *pair) for pair in ((X, Y), (A, A), (A, traced(3, 2)), (S, S))],
    call(np.dot, X, [1.0, 2.0, 3.0]),
    call(np.dot, A, CONSTANT),
    call(np.dot, np.eye(3), X),
    call(np.dot, A, np.arange(3)),
    call(np.dot, A, np.ones(3, bool)),
    call(np.dot, [[S, 1.0], [0.0, S]], [1.0, S]),
    call(np.tensordot, A, B, 1),
    call(np.tensordot, T, U, ([0, 2], [0, 1])),
    call(np.tensordot, T, U, axes=((0, -1), (0, 1))),
    call(np.tensordot, A, B, axes=(1, 0)),
    call(np.tensordot, A, X, 0),
    call(np.tensordot, A, A),
    call(np.kron, A, B),
    call(np.kron, X, Y),
    call(np.kron, A, X),
    call(np.kron, S, A),
    call(np.kron, T, X),
)
def test_product(case: Case) -> None:
    """dot, inner, outer, vdot, tensordot and kron take the shapes that NumPy takes."""
    check(case)


@cases(
    *[call(np.matmul, *pair) for pair in ((X, Y), (A, X), (X, B), (A, B), (T, U), (T, B))],
    *[call(np.matmul, *pair) for pair in ((A, U), (T, X), (X, U), (A, CONSTANT), (np.eye(3), X))],
    call(np.matmul, traced(1, 2, 3), U),
    call(np.matmul, traced(5, 1, 2, 3), traced(4, 3, 2)),
    call(np.matmul, traced(1, 1, 2, 3), traced(1, 3, 2)),
    call(np.matmul, traced(2, 0), traced(0, 3)),
    call(np.matmul, traced(1, 3), traced(3, 1)),
    call(np.matmul, traced(2, 1), traced(1, 3)),
    call(np.matmul, A, np.arange(12).reshape(3, 4)),
    call(np.matmul, INTEGERS, INTEGERS.array.T),
    *[
        call(getattr(np, name), *pair)
        for name, pair in (
            ("vecdot", (X, Y)),
            ("vecdot", (A, X)),
            ("vecdot", (T, A)),
            ("matvec", (A, X)),
            ("matvec", (T, X)),
            ("matvec", (traced(4, 1, 2, 3), traced(5, 3))),
            ("vecmat", (X, B)),
            ("vecmat", (traced(5, 3), U)),
        )
        if hasattr(np, name)
    ],
    call(np.linalg.multi_dot, [A, B, traced(4, 2)]),
    call(np.linalg.multi_dot, [X, B, traced(4)]),
    call(np.linalg.multi_dot, (A, Q, Q, X)),
    *[call(np.linalg.matrix_power, Q, n) for n in range(-3, 6)],
    call(np.linalg.matrix_power, traced(2, 3, 3), 3),
)
def test_matrix_product(case: Case) -> None:
    """Matrix products broadcast the axes in front as NumPy does."""
    check(case)


@cases(
    call(np.cross, X, Y),
    call(np.cross, traced(4, 3), X),
    call(np.cross, traced(3, 4), traced(3, 4, seed=1), axis=0),
    call(np.cross, traced(3, 4), traced(4, 3), 0, -1, 0),
    call(np.cross, traced(2, 3, 4), traced(3, 4), axisa=1, axisb=0, axisc=1),
    call(np.cross, [0.0, 0.0, 1.0], X),
    *[
        call(getattr(np.linalg, name), *args)
        for name, args in (
            ("cross", (X, Y)),
            ("outer", (X, Y)),
            ("vecdot", (A, X)),
            ("matmul", (A, B)),
            ("tensordot", (A, traced(2, 3, seed=2))),
        )
        if hasattr(np.linalg, name)
    ],
)
def test_vectors_and_namesakes(case: Case) -> None:
    """Cross products along every axis, and the products of np.linalg."""
    check(case)


def test_products_are_einsum() -> None:
    """Every product is one einsum with letters in order of appearance."""
    for function, pair, spec in (
        (np.dot, (X, Y), "i,i->"),
        (np.dot, (A, B), "ij,jk->ik"),
        (np.matmul, (A, X), "ij,j->i"),
        (np.outer, (X, Y), "i,j->ij"),
        (np.inner, (A, Q), "ij,kj->ik"),
        (np.matmul, (traced(1, 2, 3), U), "ij,kjl->kil"),
        (np.linalg.multi_dot, ([A, Q, B],), "ij,jk,kl->il"),
    ):
        result, _, _ = lowered(Case(function, pair))
        assert result.node.op.name == "einsum"
        assert result.node.attrs == (spec,)
    assert ops_of(call(np.dot, X, 2.0)) == ["multiply"]


def test_boolean_operand_is_cast() -> None:
    """A mask in a product counts as 0 and 1."""
    same(outcome(call(np.dot, X, np.array([True, False, True]))), X.array[0] + X.array[2])


def test_refused() -> None:
    """What is not taken says what to write instead."""
    booleans = Traced(np.ones((2, 2), bool))
    refuses("np.dot: shapes (2, 3) and (2, 3) do not fit: axis 1 of the first has the length 3, "
            "axis 0 of the second 2", np.dot, A, A)  # fmt: skip
    refuses("np.matmul: shapes (2, 3) and (2, 3) do not fit", np.matmul, A, A)
    refuses("np.matmul: shapes () and (3,) have too few dimensions; scale with np.multiply",
            np.matmul, S, X)  # fmt: skip
    refuses("shapes (5,) and (4,) do not broadcast", np.matmul, T, traced(4, 3, 2))
    refuses("np.matmul: shapes (2, 1) and (3, 4) do not fit", np.matmul, traced(2, 1), B)
    refuses("a product of booleans is not a sum; cast with .astype(np.float64)",
            np.dot, booleans, booleans)  # fmt: skip
    refuses("axes=4 for arrays of 2 and 2 dimensions", np.tensordot, A, B, 4)
    refuses("names 2 and 1 axes", np.tensordot, A, B, ([0, 1], [0]))
    refuses("axes=[1] is not an integer or a pair of axes", np.tensordot, A, B, [1])
    refuses("in the plane, write a[0] * b[1] - a[1] * b[0]", np.cross, traced(2), traced(2))
    refuses("vectors of 3 elements are expected, not scalars", np.cross, S, X)
    refuses("at least two arrays are needed", np.linalg.multi_dot, [A])
    refuses("matrices are expected, and vectors only at the ends", np.linalg.multi_dot, [A, X, B])
    refuses("a square matrix is expected", np.linalg.matrix_power, A, 2)
    refuses("np.dot does not take out=", np.dot, X, Y, out=np.zeros(()))
    if hasattr(np, "vecdot"):
        refuses("axis=0 is not supported; move it last with np.moveaxis", np.vecdot, A, A, axis=0)
    if hasattr(np.linalg, "outer"):
        refuses("a vector is expected, not an array of shape (2, 3)", np.linalg.outer, A, X)
