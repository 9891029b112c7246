"""Diagonals and triangles agree with NumPy; their zeros are the user's numbers."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.op import OPS
from graphad.tracing.lowering import LOWERINGS
from graphad.types import make_type
from tests.tracing.lowering.calls import (
    Case,
    Traced,
    call,
    cases,
    check,
    ops_of,
    refuses,
    traced,
)

X = traced(3)
Q = traced(3, 3)
M = traced(2, 4)
C = traced(3, 2, 3)
OFFSETS = (-4, -2, -1, 0, 1, 2, 4)


@cases(
    *[call(f, x, k) for f in (np.trace, np.diagonal) for x in (Q, M) for k in OFFSETS],
    call(np.trace, C),
    call(np.trace, C, 1, 0, 2),
    call(np.trace, C, axis1=2, axis2=0),
    call(np.trace, Q, dtype=np.float64),
    call(np.diagonal, C, axis1=-1, axis2=0),
    call(np.diagonal, C, -1, 1, 2),
    *[call(np.diag, x, k) for x in (X, Q, M) for k in OFFSETS],
    *[call(np.diag, traced(n), k) for n in (0, 1) for k in (-1, 0, 2)],
    call(np.diagflat, M, k=1),
    call(np.diagflat, X),
    *[call(f, x, k) for f in (np.tril, np.triu) for x in (Q, M) for k in OFFSETS],
    *[call(f, x) for f in (np.tril, np.triu) for x in (X, C)],
    call(np.trace, Traced(np.arange(9).reshape(3, 3))),
    call(np.trace, Traced(np.eye(3, dtype=bool))),
    *[
        call(getattr(np.linalg, name), x, offset=1)
        for name in ("trace", "diagonal")
        if hasattr(np.linalg, name)
        for x in (Q, C)
    ],
)
def test_diagonal(case: Case) -> None:
    """Diagonals, traces and triangles at every offset."""
    check(case)


@pytest.mark.parametrize(
    ("function", "shape"),
    [(np.diag, (3,)), (np.diagflat, (3,)), (np.tril, (3, 3)), (np.triu, (2, 3)), (np.pad, (3,))],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_zeros_are_numbers(function: object, shape: tuple[int, ...]) -> None:
    """No op that makes structural zeros is used, since rewriting may drop products with those."""
    builder = Builder()
    x = builder.input("x", make_type(shape, np.dtype(float)))
    args = (1,) if function is np.pad else ()
    graph = builder.finish("f", [LOWERINGS[function](builder, x, *args)])  # type: ignore[index]
    structural = {OPS["place"], OPS["mask"], OPS["identity"], OPS["scatter_add"], OPS["einsum"]}
    assert structural.isdisjoint(node.op for node in graph.nodes)


def test_trace_is_einsum() -> None:
    """A trace is one contraction."""
    assert ops_of(call(np.trace, Q)) == ["einsum"]


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("np.trace: axis 1 is out of range for an array of 1 dimensions", np.trace, X)
    refuses("np.diag: a vector or a matrix is expected, not an array of shape (3, 2, 3)",
            np.diag, C)  # fmt: skip
    refuses("np.diagonal: axis=(0, 0) names an axis twice", np.diagonal, Q, 0, 0, 0)
    refuses("np.tril: a scalar has no triangle", np.tril, traced())
    refuses("np.diag: k must be an integer, not 0.5", np.diag, X, 0.5)
