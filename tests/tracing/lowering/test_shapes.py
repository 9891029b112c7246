"""Reshaping, reordering and repeating axes agree with NumPy."""

from __future__ import annotations

import numpy as np

from graphad.builder import Builder
from graphad.tracing.lowering import LOWERINGS
from graphad.types import make_type
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
X = traced(6)
M = traced(2, 3)
C = traced(2, 3, 4)
L = traced(2, 1, 3, 1)


@cases(
    call(np.reshape, X, (2, 3)),
    call(np.reshape, X, (2, -1)),
    call(np.reshape, X, -1),
    call(np.reshape, C, [4, 6]),
    call(np.reshape, C, (4, np.int64(6)), order="C"),
    call(np.reshape, S, (1, 1)),
    call(np.reshape, traced(1), ()),
    call(np.reshape, traced(0, 2), (2, 0)),
    call(np.reshape, traced(0, 2), (2, -1)),
    call(np.ravel, C),
    call(np.ravel, S, order="C"),
    call(np.squeeze, L),
    call(np.squeeze, L, 1),
    call(np.squeeze, L, axis=(1, -1)),
    call(np.squeeze, X),
    call(np.expand_dims, X, 0),
    call(np.expand_dims, X, axis=-1),
    call(np.expand_dims, M, (0, 2)),
    call(np.expand_dims, M, axis=(1, -1)),
    *[call(f, x) for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d) for x in (S, X, M, C)],
    *[call(f, S, X, 2.0) for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d)],
    call(np.copy, X),
    call(np.copy, X, order="K"),
)
def test_reshaped(case: Case) -> None:
    """The same elements in another shape."""
    check(case)


@cases(
    call(np.transpose, C),
    call(np.transpose, C, (1, 2, 0)),
    call(np.transpose, C, axes=(-1, 0, 1)),
    call(np.transpose, C, None),
    call(np.transpose, X),
    call(np.transpose, S),
    call(np.swapaxes, C, 0, 2),
    call(np.swapaxes, C, -1, 1),
    call(np.moveaxis, C, 0, -1),
    call(np.moveaxis, C, (0, 1), (-1, 0)),
    call(np.moveaxis, C, [2, 0], [0, 1]),
    *[call(np.rollaxis, C, axis, start) for axis in (0, 1, -1) for start in (0, 1, 2, 3, -1)],
    *[call(f, C) for name in ("matrix_transpose",) if (f := getattr(np, name, None))],
    call(np.flip, C),
    call(np.flip, C, 1),
    call(np.flip, C, axis=(0, -1)),
    call(np.flip, S),
    call(np.fliplr, M),
    call(np.flipud, X),
    *[call(np.rot90, C, k) for k in range(-1, 5)],
    call(np.rot90, M),
    *[call(np.rot90, C, k, axes) for k in (1, 2, 3) for axes in ((1, 0), (2, 1), (0, -1))],
)
def test_reordered(case: Case) -> None:
    """The same elements in another order."""
    check(case)


@cases(
    call(np.broadcast_to, X, (2, 6)),
    call(np.broadcast_to, S, 3),
    call(np.broadcast_to, S, ()),
    call(np.broadcast_to, L, (2, 5, 3, 2), subok=False),
    call(np.broadcast_arrays, M, traced(3), 1.0),
    call(np.broadcast_arrays, X),
    call(np.meshgrid, traced(2), traced(3)),
    call(np.meshgrid, traced(2), np.arange(3.0), traced(4), indexing="ij"),
    call(np.meshgrid, traced(2), traced(3), traced(4), sparse=True),
    call(np.meshgrid, traced(2), S, copy=False),
    call(np.meshgrid, traced(2)),
)
def test_repeated(case: Case) -> None:
    """Arrays repeated along new axes."""
    wanted = case.function(
        *[a.array if isinstance(a, Traced) else a for a in case.args], **case.kwargs
    )
    found = outcome(case)
    same(found, type(found)(wanted) if isinstance(found, tuple) else wanted)


@cases(
    *[call(f, M) for f in (np.zeros_like, np.ones_like)],
    call(np.zeros_like, M, shape=(4,)),
    call(np.ones_like, M, dtype=int),
    call(np.ones_like, M, np.float32, "K", True),
    call(np.full_like, M, 2),
    call(np.full_like, M, np.array([1.0, 2.0, 3.0])),
    call(np.full_like, M, S),
    call(np.full_like, M, traced(3), shape=(4, 3)),
    call(np.shape, M),
    call(np.ndim, C),
    call(np.size, C),
    call(np.size, C, 1),
    call(np.shape, [[S, 1.0]]),
    call(np.iscomplexobj, M),
    call(np.isrealobj, M),
    *[call(f, M, np.float32) for name in ("astype",) if (f := getattr(np, name, None))],
)
def test_like_another(case: Case) -> None:
    """Arrays like another one, and what its type says."""
    check(case)


def test_empty_like() -> None:
    """Memory that is not set is zeros, so that a graph is the same each time."""
    same(outcome(call(np.empty_like, M)), np.zeros((2, 3)))


def test_result_type() -> None:
    """The dtype of a traced array takes part in promotion."""
    single = Traced(np.zeros(2, np.float32))
    assert outcome(call(np.result_type, single, 1.0)) == np.float32
    assert outcome(call(np.result_type, single, np.float64)) == np.float64


def test_nothing_to_do_is_no_op() -> None:
    """A reshape or transposition that changes nothing is the value itself."""
    builder = Builder()
    x = builder.input("x", make_type((2, 3), np.dtype(float)))
    for function, args in (
        (np.reshape, ((2, 3),)),
        (np.transpose, ((0, 1),)),
        (np.squeeze, ()),
        (np.broadcast_to, ((2, 3),)),
        (np.swapaxes, (1, 1)),
        (np.copy, ()),
        (np.atleast_2d, ()),
    ):
        assert LOWERINGS[function](builder, x, *args) is x
    assert ops_of(call(np.expand_dims, X, 0)) == ["reshape"]


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("np.reshape: an array of 6 elements does not take the shape (4, -1)",
            np.reshape, X, (4, -1))  # fmt: skip
    refuses("does not take the shape (-1, -1)", np.reshape, X, (-1, -1))
    refuses("np.reshape does not take order= in a traced function; traced arrays have no memory "
            "layout; use np.transpose", np.reshape, X, (2, 3), order="F")  # fmt: skip
    refuses("np.squeeze: axis 0 of shape (2, 3) has not the length 1", np.squeeze, M, 0)
    refuses("axes=(0,) do not order the 2 axes of shape (2, 3)", np.transpose, M, (0,))
    refuses("np.moveaxis: 1 axes do not move to 2 places", np.moveaxis, C, 0, (0, 1))
    refuses("np.fliplr: axis 1 is out of range", np.fliplr, X)
    refuses("np.rot90: axes=(0,) are not the two axes of a plane", np.rot90, M, 1, (0,))
    refuses("cannot broadcast f64[6] to (2, 3)", np.broadcast_to, X, (2, 3))
    refuses("shapes (6,) and (2, 3) do not broadcast", np.broadcast_arrays, X, M)
    refuses("indexing='no' is not 'xy' or 'ij'", np.meshgrid, X, X, indexing="no")
    refuses("start=9 is out of range for 3 dimensions", np.rollaxis, C, 0, 9)
    refuses("the shape must be fixed while tracing", np.reshape, X, Traced(np.array(6)))
    refuses("np.broadcast_to does not take extra=", np.broadcast_to, X, (2, 6), extra=1)
