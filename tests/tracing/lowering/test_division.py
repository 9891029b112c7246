"""Remainders, rounding to decimals and the parts of numbers agree with NumPy."""

from __future__ import annotations

import numpy as np

import graphad as ga
from tests.tracing.lowering.calls import Case, Traced, call, cases, check, refuses, traced

X = traced(2, 3, low=-9.0, high=9.0)
Y = traced(3, low=0.3, high=2.0)
BELOW = Traced(-Y.array)
EDGES = Traced(np.array([-3.0, -0.0, 0.0, 0.5, 1.0, 2.5, 1e30, 1e-30, np.inf, -np.inf]))
WITH_NAN = Traced(np.array([-1.5, np.nan]))
INTEGERS = Traced(np.array([-7, 0, 5, 8]))
TENTHS = Traced(np.array([1.0, 0.3, 2.0, -1.0]))


@cases(
    *[
        call(f, X, y)
        for f in (np.remainder, np.fmod, np.floor_divide, np.divmod)
        for y in (Y, BELOW, 0.7, -2)
    ],
    *[call(f, TENTHS, 0.1) for f in (np.remainder, np.fmod, np.floor_divide, np.divmod)],
    *[call(f, 5.0, Y) for f in (np.mod, np.fmod, np.floor_divide)],
    *[call(f, INTEGERS, 3) for f in (np.remainder, np.fmod, np.floor_divide, np.divmod)],
    *[call(f, Traced(EDGES.array[:-4]), 1.5) for f in (np.remainder, np.fmod, np.floor_divide)],
)
def test_divided(case: Case) -> None:
    """Quotients and remainders to the last bit, also where x / y rounds to a whole number."""
    check(case)


@cases(
    *[call(f, x) for f in (np.modf, np.frexp, np.signbit) for x in (X, EDGES, WITH_NAN)],
    *[call(np.copysign, x, y) for x in (X, EDGES, 2.0) for y in (Traced(np.array(-0.0)), -1.0)],
    call(np.copysign, 2.0, EDGES),
    call(np.ldexp, X, 3),
    call(np.ldexp, X, np.array([-2, 0, 5])),
    call(np.ldexp, Y, Traced(np.array([1, -1, 0]))),
    *[call(f, X, decimals) for f in (np.round, np.around) for decimals in (0, 1, 3, -1)],
    call(np.round, INTEGERS, 2),
)
def test_parts(case: Case) -> None:
    """Parts of numbers, of zeros of both signs, of infinities and NaN."""
    check(case)


def test_derivative_at_jumps() -> None:
    """A remainder moves with the dividend everywhere, and as often as it goes in against y."""
    graph = ga.trace(lambda x, y: np.mod(x, y))
    for x in (0.0, 2.0, 3.0):
        assert graph.diff("x")(x, 2.0) == 1.0
        assert graph.diff("y")(x, 2.0) == -(x // 2.0)
    whole = ga.trace(lambda x, y: x // y)
    assert [d(4.0, 2.0) for d in (whole.diff("x"), whole.diff("y"))] == [0.0, 0.0]


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("integers are not rounded to -1 decimals; write x.astype(np.float64)", np.round,
            INTEGERS, -1)  # fmt: skip
    refuses("decimals must be fixed while tracing", np.round, X, Traced(np.array(1)))

    refuses("np.remainder does not take where= in a traced function", np.remainder, X, Y,
            where=X.array > 0)  # fmt: skip
    refuses("np.floor_divide does not take out=", np.floor_divide, X, Y, out=np.zeros((2, 3)))
    refuses("np.round does not take out= in a traced function", np.round, X, out=np.zeros((2, 3)))
