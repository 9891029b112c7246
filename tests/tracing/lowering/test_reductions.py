"""Sums, products, extrema and running sums over axes agree with NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.passes.jvp import jvp
from graphad.tracing.lowering import LOWERINGS
from graphad.types import make_type
from tests.tracing.lowering.calls import (
    Case,
    Traced,
    call,
    cases,
    check,
    evaluated,
    ops_of,
    outcome,
    refuses,
    same,
    traced,
)

S = traced()
X = traced(5)
M = traced(2, 3)
C = traced(2, 3, 4)
INTEGERS = Traced(np.array([[3, -1, 2], [0, 4, 1]]))
SMALL = Traced(np.array([[3, 1, 2], [0, 4, 100]], dtype=np.int8))
BOOLEANS = Traced(np.array([[True, False, True], [False, True, True]]))
REDUCTIONS = (np.sum, np.prod, np.max, np.min, np.ptp, np.amax, np.amin)
WITH_AXES = (
    call(np.sum, C),
    call(np.sum, C, 1),
    call(np.sum, C, -1),
    call(np.sum, C, (0, 2)),
    call(np.sum, C, (-1, 0), keepdims=True),
    call(np.sum, C, axis=None, keepdims=True),
    call(np.sum, C, axis=1, keepdims=True),
    call(np.sum, C, axis=np.int64(2), out=None),
    call(np.sum, C, axis=[0, 1][0]),
    call(np.sum, X),
    call(np.sum, X, axis=0, keepdims=False),
    call(np.sum, S),
    call(np.sum, [S, S, 2.0]),
)


@cases(*[Case(f, c.args, c.kwargs) for f in REDUCTIONS for c in WITH_AXES])
def test_reduction(case: Case) -> None:
    """Every form of axis and keepdims gives what NumPy gives."""
    check(case)


@cases(
    call(np.sum, C, None, None, None, True),
    call(np.sum, C, ()),
    call(np.max, C, axis=()),
    call(np.prod, C, axis=()),
    call(np.sum, C, initial=np._NoValue, where=np._NoValue, keepdims=np._NoValue),
    call(np.sum, C, where=True),
    call(np.sum, X, dtype=np.float64),
    call(np.prod, X, dtype=float),
    *[call(np.prod, traced(n)) for n in range(9)],
    *[call(np.prod, traced(2, n, 2), axis=1) for n in (0, 1, 6, 7)],
    call(np.prod, C, (2, 0), keepdims=True),
    call(np.sum, traced(0)),
    call(np.sum, traced(2, 0), axis=1),
    call(np.max, traced(2, 0), axis=0),
    *[call(f, INTEGERS) for f in (np.sum, np.prod, np.max, np.min, np.ptp, np.cumsum, np.cumprod)],
    *[call(f, SMALL, 1) for f in (np.sum, np.prod, np.max, np.min, np.cumsum, np.cumprod)],
    *[call(f, BOOLEANS, 1) for f in (np.sum, np.prod, np.max, np.min, np.cumsum, np.cumprod)],
    call(np.sum, BOOLEANS, dtype=np.float32),
)
def test_reduction_in_corners(case: Case) -> None:
    """Positional and neutral arguments, empty arrays, integers and booleans."""
    check(case)


@cases(
    *[call(f, x) for f in (np.cumsum, np.cumprod) for x in (S, X, M, traced(0), traced(1))],
    *[call(f, C, axis) for f in (np.cumsum, np.cumprod) for axis in (0, 1, -1)],
    *[call(np.cumprod, traced(n)) for n in (2, 3, 8, 9)],
    call(np.cumsum, X, dtype=np.float64),
    *[
        call(getattr(np, name), *case.args, **case.kwargs)
        for name in ("cumulative_sum", "cumulative_prod")
        if hasattr(np, name)
        for case in (
            call(np.sum, X),
            call(np.sum, M, axis=1),
            call(np.sum, X, include_initial=True),
            call(np.sum, M, axis=0, include_initial=True),
            call(np.sum, INTEGERS, axis=1, include_initial=True),
        )
    ],
)
def test_running(case: Case) -> None:
    """Running sums and products agree with NumPy along every axis."""
    check(case)


def test_sum_is_one_op() -> None:
    """A sum of an array is one op, of a scalar none."""
    assert ops_of(call(np.sum, M)) == ["sum"]
    assert ops_of(call(np.sum, S)) == []
    assert ops_of(call(np.sum, M, 0, keepdims=True)) == ["sum", "reshape"]


def test_product_grows_by_halves() -> None:
    """A product of n elements takes about log2(n) multiplications of arrays."""
    assert ops_of(call(np.prod, traced(64))).count("multiply") == 6
    assert ops_of(call(np.cumprod, traced(64))) == ["slice", "place", "recurrence"]


def test_second_derivative_of_a_product_with_zeros() -> None:
    """The mixed derivative of a product is the other factor, also where two factors are zero."""
    builder = Builder()
    x = builder.input("x", make_type((3,), np.dtype(float)))
    graph = builder.finish("f", [LOWERINGS[np.prod](builder, x)])
    mixed = jvp(jvp(graph, values=False), ["x"], values=False)
    point = np.array([0.0, 0.0, 5.0])
    assert evaluated(mixed, [point, np.eye(3)[0], np.eye(3)[1]])[0] == 5.0


@pytest.mark.parametrize("name", ["any", "all", "count_nonzero", "argmax", "argsort"])
def test_of_constants(name: str) -> None:
    """What has no lowering is worked out by NumPy if it does not depend on an input."""
    array = np.array([0.0, 2.0, 1.0])
    same(outcome(call(getattr(np, name), array)), getattr(np, name)(array))


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("np.sum does not take out=", np.sum, X, out=np.zeros(()))
    refuses("np.sum does not take where= in a traced function; select afterwards instead",
            np.sum, X, where=np.ones(5, bool))  # fmt: skip
    refuses("np.max does not take initial= in a traced function; combine afterwards instead",
            np.max, X, initial=0.0)  # fmt: skip
    refuses("np.sum: dtype=int64 has no derivatives", np.sum, X, dtype=int)
    refuses("np.sum: axis 2 is out of range for an array of 2 dimensions", np.sum, M, 2)
    refuses("np.sum: axis=(0, 0) names an axis twice", np.sum, M, (0, 0))
    refuses("np.sum: axis must be an integer, not 0.5", np.sum, M, 0.5)
    refuses("np.max: an array of shape (0,) has no largest or smallest", np.max, traced(0))
    refuses("np.sum takes 7 arguments, not 8", np.sum, *([X] + [None] * 7))
    refuses("np.sum does not take extra= in a traced function; leave it out", np.sum, X, extra=1)
    refuses("np.sum: axis must be fixed while tracing", np.sum, M, Traced(np.array(0)))
    if hasattr(np, "cumulative_sum"):
        refuses("an array of 2 dimensions needs axis=", np.cumulative_sum, M)
