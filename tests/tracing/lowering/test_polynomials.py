"""Polynomials and convolutions agree with NumPy."""

from __future__ import annotations

import numpy as np

from tests.tracing.lowering.calls import Case, call, cases, check, ops_of, refuses, traced

S = traced()
X = traced(3)
Y = traced(5)
M = traced(2, 3)


@cases(
    call(np.polyval, [1.0, 2.0, 3.0], X),
    call(np.polyval, np.array([2, 0, 1]), M),
    call(np.polyval, X, 2.0),
    call(np.polyval, X, S),
    call(np.polyval, [4.0], M),
    *[
        call(np.convolve, *pair, mode)
        for pair in ((X, Y), (Y, X), (X, [1.0, -1.0]), (np.arange(6.0), X), (X, X), (S, Y))
        for mode in ("full", "same", "valid")
    ],
    call(np.convolve, X, traced(4)),
    call(np.convolve, traced(1), traced(1)),
)
def test_polynomial(case: Case) -> None:
    """Values of polynomials, and products of them."""
    check(case)


def test_horner() -> None:
    """A polynomial of degree n takes n products."""
    assert ops_of(call(np.polyval, [1.0, 2.0, 3.0], S)).count("multiply") == 2


def test_refused() -> None:
    """What is not taken says what to write instead."""
    refuses("np.polyval: coefficients of shape (2, 3) are not a vector", np.polyval, M, X)
    refuses("np.convolve: shapes (2, 3) and (3,) are not of two vectors", np.convolve, M, X)
    refuses("mode='odd' is not 'full', 'same' or 'valid'", np.convolve, X, Y, "odd")
