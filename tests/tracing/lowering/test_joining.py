"""Joining and splitting agree with NumPy."""

from __future__ import annotations

import numpy as np

from tests.tracing.lowering.calls import (
    Case,
    Traced,
    call,
    cases,
    check,
    ops_of,
    outcome,
    refuses,
    same,
    traced,
)

S = traced()
X = traced(3)
Y = traced(3, seed=1)
M = traced(2, 3)
N = traced(2, 3, seed=1)
C = traced(2, 3, 4)
SIX = traced(6)


@cases(
    call(np.concatenate, [X, Y]),
    call(np.concatenate, (X, [1.0, 2.0])),
    call(np.concatenate, [X, np.arange(2)]),
    call(np.concatenate, [X, np.float32([1, 2])]),
    call(np.concatenate, [X]),
    call(np.concatenate, [[S, S], [1, 2]]),
    call(np.concatenate, [M, N], 1),
    call(np.concatenate, [M, N], axis=-2),
    call(np.concatenate, [M, X], axis=None),
    call(np.concatenate, M),
    call(np.concatenate, C, axis=1),
    call(np.concatenate, [X, X], dtype=np.float64),
    call(np.stack, [X, Y]),
    call(np.stack, [X, Y], 1),
    call(np.stack, (M, N), axis=-1),
    call(np.stack, [S, 1.0, S]),
    call(np.stack, [S, 1]),
    call(np.stack, M, axis=1),
    *[
        call(f, pair)
        for f in (np.vstack, np.hstack, np.dstack, np.column_stack)
        for pair in ([X, Y], (M, N), [S, S, 2.0], [X], M)
    ],
    call(np.vstack, [M, X]),
    call(np.column_stack, [X, traced(3, 2)]),
    call(np.dstack, [C, M]),
    call(np.hstack, [X, 1.0, S]),
    call(np.append, X, 4.0),
    call(np.append, M, X),
    call(np.append, M, [[1, 2, 3]], axis=0),
    call(np.block, [[M, np.ones((2, 1))], [np.zeros((1, 4))]]),
    call(np.block, [X, S, 2.0]),
    call(np.block, X),
    call(np.block, [[S, 1.0], [2.0, S]]),
    call(np.block, [C, C]),
    call(np.block, [[X], [Y]]),
)
def test_joined(case: Case) -> None:
    """Arrays side by side, in the dtype that NumPy gives them."""
    check(case)


@cases(
    call(np.split, SIX, 3),
    call(np.split, SIX, [1, 4]),
    call(np.split, SIX, [4, 2, 9]),
    call(np.split, SIX, (-2,)),
    call(np.split, C, 2, axis=-1),
    call(np.split, SIX, np.array([2, 3])),
    call(np.split, SIX, []),
    call(np.array_split, SIX, 4),
    call(np.array_split, SIX, 8),
    call(np.array_split, C, 2, 1),
    call(np.hsplit, M, 3),
    call(np.hsplit, SIX, 2),
    call(np.hsplit, C, [1]),
    call(np.vsplit, M, 2),
    call(np.dsplit, C, [1, 3]),
    *[
        call(f, *args, **kwargs)
        for name in ("unstack",)
        if (f := getattr(np, name, None))
        for args, kwargs in (((M,), {}), ((C,), {"axis": 1}), ((X,), {}))
    ],
)
def test_split(case: Case) -> None:
    """Pieces of an array, with NumPy's cuts."""
    check(case)


def test_integers_are_joined_as_integers() -> None:
    """Integers stay integers; booleans become what they are joined with."""
    integers, booleans = Traced(np.array([1, 2])), Traced(np.array([True]))
    same(outcome(call(np.concatenate, [integers, booleans])), np.array([1, 2, 1]))
    same(outcome(call(np.append, booleans, 0.5)), np.array([1.0, 0.5]))


def test_scalars_are_packed() -> None:
    """Scalars become an array in one op, and arrays are joined in one."""
    assert ops_of(call(np.stack, [S, S])) == ["pack"]
    assert ops_of(call(np.hstack, [S, 1.0])) == ["pack"]
    assert ops_of(call(np.concatenate, [X, Y])) == ["concatenate"]
    assert ops_of(call(np.append, X, 1.0)) == ["concatenate"]


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("np.concatenate: scalars have no axis to be joined along; use np.stack or np.array",
            np.concatenate, [S, S])  # fmt: skip
    refuses("np.concatenate: cannot join f64[3] and f64[2,3] along axis 0", np.concatenate, [X, M])
    refuses("np.concatenate: axis 1 is out of range", np.concatenate, [X, Y], 1)
    refuses("np.concatenate: at least one array is needed", np.concatenate, [])
    refuses("np.concatenate: a list of arrays is expected, not a scalar", np.concatenate, S)
    refuses("np.concatenate does not take out=", np.concatenate, [X], out=np.zeros(3))
    refuses("np.concatenate does not take casting= in a traced function; cast instead",
            np.concatenate, [X], casting="no")  # fmt: skip
    refuses("np.stack: arrays of shapes (3,) and (2, 3) do not stack", np.stack, [X, M])
    refuses("np.concatenate: a list of arrays of shapes (3,) and (2,) does not make one array",
            np.concatenate, [[X, traced(2)]])  # fmt: skip
    refuses("6 elements are not split into 4 equal pieces; use np.array_split", np.split, SIX, 4)
    refuses("an array is not split into 0 pieces", np.split, SIX, 0)
    refuses("the places to split at must be fixed", np.split, SIX, Traced(np.array(2)))
    refuses("np.vsplit: at least 2 dimensions are needed, not 1", np.vsplit, SIX, 2)
    refuses("lists of blocks must be nested to one depth", np.block, [[X], Y])
