"""Ufuncs and functions of single elements agree with NumPy, in values and dtypes."""

from __future__ import annotations

import numpy as np
import pytest

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
P = traced(3, low=0.2, high=3.0)
U = traced(3, low=-0.9, high=0.9)
SPECIAL = Traced(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -2.5]))
INTEGERS = Traced(np.array([3, -1, 2]))
BOOLEANS = Traced(np.array([True, False, True]))

REAL_LINE = (
    np.negative, np.positive, np.absolute, np.fabs, np.sign, np.exp, np.expm1, np.exp2, np.cbrt,
    np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.square,
    np.deg2rad, np.rad2deg, np.radians, np.degrees, np.floor, np.ceil, np.trunc, np.rint, np.fix,
    np.isnan, np.isfinite, np.isinf, np.logical_not, np.conjugate, np.real, np.imag, np.round,
    np.around, np.nan_to_num,
)  # fmt: skip
POSITIVE = (np.log, np.log1p, np.log2, np.log10, np.sqrt, np.reciprocal)
UNIT = (np.arcsin, np.arccos, np.arctanh)
BINARY = (
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.fmax, np.fmin,
    np.arctan2, np.hypot, np.logaddexp, np.logaddexp2, np.less, np.less_equal, np.greater,
    np.greater_equal, np.equal, np.not_equal, np.logical_and, np.logical_or, np.logical_xor,
    np.heaviside,
)  # fmt: skip


@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated:DeprecationWarning")
@cases(
    *[call(f, x) for f in REAL_LINE for x in (S, X, M)],
    *[call(f, P) for f in POSITIVE],
    *[call(f, U) for f in UNIT],
    call(np.arccosh, traced(3, low=1.2, high=4.0)),
)
def test_unary(case: Case) -> None:
    """Functions of one element agree with NumPy."""
    check(case)


@cases(
    *[
        call(f, *args)
        for f in BINARY
        for args in (
            (X, Y),
            (X, X),
            (M, X),
            (X, 2),
            (2.5, X),
            (S, 0.5),
            (X, np.float64(0.5)),
            (X, np.float32(0.5)),
            (X, np.array([1.0, 2.0, 3.0])),
            (X, np.arange(1, 4)),
            (X, [1, 2, 3]),
            (True, X),
            (X, np.array(2)),
        )
    ]
)
def test_binary(case: Case) -> None:
    """Functions of two elements broadcast and promote as NumPy does."""
    check(case)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@cases(
    *[
        call(f, SPECIAL)
        for f in (np.isnan, np.isinf, np.isfinite, np.absolute, np.nan_to_num, np.sign, np.rint)
    ],
    *[
        call(f, SPECIAL, other)
        for f in (np.maximum, np.minimum, np.fmax, np.fmin, np.heaviside)
        for other in (0.5, np.nan, SPECIAL, np.full(7, np.nan))
    ],
    call(np.nan_to_num, SPECIAL, nan=1.5, posinf=2.5, neginf=-3.5),
    call(np.clip, SPECIAL, -1.0, 1.0),
    call(np.logical_and, SPECIAL, 1.0),
    call(np.logical_not, SPECIAL),
)
def test_special_numbers(case: Case) -> None:
    """NaN, infinities and signed zeros go where NumPy lets them go."""
    check(case)


@cases(
    *[call(np.power, P, n) for n in (-3, -2, -1, 0, 1, 2, 3, 7, 12)],
    *[call(np.power, P, n) for n in (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 1.7, -0.5)],
    *[call(f, P, Y) for f in (np.power, np.float_power)],
    call(np.power, P, np.float64(2)),
    call(np.power, P, np.array(3)),
    call(np.power, P, np.array([2.0, 2.0, 2.0])),
    call(np.power, P, np.arange(3)),
    call(np.power, 2.0, X),
    call(np.power, 2, X),
    call(np.power, np.array([1.0, 2.0, 3.0]), X),
    call(np.power, X, 3),
    call(np.power, U, 2000),
    call(np.float_power, P, 2),
    call(np.float_power, P, 0.5),
)
def test_powers(case: Case) -> None:
    """Powers agree with NumPy, whatever the exponent is."""
    check(case)


@pytest.mark.parametrize(
    ("exponent", "ops"),
    [
        (2, ["integer_power"]),
        (2.0, ["integer_power"]),
        (np.float64(3), ["integer_power"]),
        (np.array(3), ["integer_power"]),
        (1, []),
        (-1, ["reciprocal"]),
        (0.5, ["sqrt"]),
        (1.5, ["power"]),
        (np.array([1.0, 2.0, 3.0]), ["power"]),
    ],
)
def test_op_of_a_power(exponent: object, ops: list[str]) -> None:
    """An exponent that is a number becomes the cheapest op of it."""
    assert ops_of(call(np.power, P, exponent)) == ops


@pytest.mark.parametrize(
    ("case", "ops"),
    [
        (call(np.add, X, 1.0), ["add"]),
        (call(np.multiply, X, np.arange(3)), ["multiply"]),
        (call(np.add, X, Traced(np.float32(1.0) * np.ones(3, np.float32))), ["cast", "add"]),
        (call(np.multiply, BOOLEANS, X), ["cast", "multiply"]),
        (call(np.square, X), ["integer_power"]),
        (call(np.less, X, 0), ["less"]),
    ],
    ids=str,
)
def test_casts(case: Case, ops: list[str]) -> None:
    """Values of another dtype are cast once; constants are converted while tracing."""
    assert ops_of(case) == ops


@cases(
    *[
        call(f, INTEGERS, other)
        for f in (np.add, np.subtract, np.multiply, np.maximum, np.less)
        for other in (2, 2.5, INTEGERS, np.int32(2), BOOLEANS, np.float64(0.5), 1j)
    ],
    *[call(f, INTEGERS) for f in (np.negative, np.absolute, np.exp, np.floor, np.square)],
    *[call(f, INTEGERS) for f in (np.isnan, np.isinf, np.isfinite, np.logical_not, np.fabs)],
    *[call(np.power, INTEGERS, n) for n in (0, 1, 2, 2.0, -1.0, np.arange(3))],
    call(np.divide, BOOLEANS, INTEGERS),
    call(np.divide, INTEGERS, 2),
    call(np.add, BOOLEANS, BOOLEANS),
    call(np.multiply, BOOLEANS, 2.5),
    call(np.add, BOOLEANS, 1),
    call(np.power, BOOLEANS, 2),
    call(np.nan_to_num, INTEGERS),
    *[
        call(f, BOOLEANS, BOOLEANS)
        for f in (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.logical_and, np.equal)
    ],
    call(np.invert, BOOLEANS),
    call(np.logical_or, BOOLEANS, INTEGERS),
)
def test_integers_and_booleans(case: Case) -> None:
    """Integers and booleans promote as in NumPy."""
    same(outcome(case), _numpy(case))


def _numpy(case: Case) -> object:
    args = [arg.array if isinstance(arg, Traced) else arg for arg in case.args]
    with np.errstate(invalid="ignore"):
        return case.function(*args)


@cases(
    call(np.add, X, Y, dtype=np.float32, casting="unsafe"),
    call(np.add, X, 1, dtype=np.float64),
    call(np.exp, X, dtype=np.float64),
    call(np.add, X, Y, out=None, where=True),
)
def test_keywords(case: Case) -> None:
    """A floating dtype= is computed in; neutral arguments change nothing."""
    same(outcome(case), case.function(*[a.array if isinstance(a, Traced) else a for a in case.args],
                                      **case.kwargs))  # fmt: skip


@cases(
    call(np.where, X, Y, 0.0),
    call(np.where, np.array([True, False, True]), X, Y),
    call(np.where, np.array([1.0, 0.0, 2.0]), X, 1),
    call(np.where, BOOLEANS, X, np.float64(1)),
    call(np.where, BOOLEANS, 1.0, 0.0),
    call(np.where, BOOLEANS, 1, 0),
    call(np.where, [True, False, True], M, X),
    call(np.where, True, M, X),
    call(np.clip, X, -1, 1),
    call(np.clip, X, -0.5, 0.5),
    call(np.clip, X, None, 0.5),
    call(np.clip, X, -0.5, None),
    call(np.clip, X, 0.5, -0.5),
    call(np.clip, X, np.array([-1.0, 0.0, 0.2]), Y),
    call(np.clip, M, a_min=-1, a_max=np.float64(0.5)),
    call(np.select, [BOOLEANS, np.array([False, True, True])], [X, Y], 3.0),
    call(np.select, [BOOLEANS], [M]),
    call(np.select, [BOOLEANS, True], [1.0, X], default=S),
)
def test_selection(case: Case) -> None:
    """where, clip and select agree with NumPy."""
    check(case)


def test_clip_by_keywords() -> None:
    """The names min= and max= of NumPy 2 are taken too."""
    same(outcome(call(np.clip, X, min=-0.5, max=0.5)), np.clip(X.array, -0.5, 0.5))


def test_where_of_a_constant_condition() -> None:
    """np.where of one fixed array gives positions, as in NumPy."""
    same(outcome(call(np.where, np.array([0, 3, 5]))), (np.array([1, 2]),))


def test_refused() -> None:
    """What is not taken says what to write instead."""
    array = np.zeros(3)
    refuses("np.add does not take out= in a traced function; give the result a name instead: "
            "y = np.add(...)", np.add, X, Y, out=array)  # fmt: skip
    refuses("np.exp does not take where= in a traced function; select afterwards instead: "
            "np.where(condition, np.exp(...), other)", np.exp, X, where=array > 0)  # fmt: skip
    refuses("np.add: dtype=int64 has no derivatives", np.add, X, Y, dtype=np.int64)
    refuses("np.where: where a traced condition holds", np.where, BOOLEANS)
    refuses("np.add: shapes (3,) and (2,) do not broadcast together", np.add, X, traced(2))
    refuses("np.power: integers have no power -2; write x.astype(np.float64)**-2",
            np.power, INTEGERS, -2)  # fmt: skip
    refuses("np.subtract does not take bool and bool", np.subtract, BOOLEANS, BOOLEANS)
    refuses("only booleans are taken; for truth of numbers use np.logical_and",
            np.bitwise_and, INTEGERS, INTEGERS)  # fmt: skip
    refuses("NumPy gives float16 here", np.exp, BOOLEANS)
    refuses("np.add: str of dtype <U1 is not a number or an array of numbers", np.add, X, "a")
    refuses("np.add: a MaskedArray cannot be in a graph", np.add, X, np.ma.zeros(3))
    refuses("np.add: values of dtype float16 cannot be in a graph", np.add, X, np.float16(1))
    refuses("1 conditions do not go with 2 choices", np.select, [BOOLEANS], [X, Y])
    refuses("300 is out of range for int8", np.add, Traced(np.zeros(2, np.int8)), 300)
