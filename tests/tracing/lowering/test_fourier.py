"""Fourier transforms: calls of `numpy.fft` against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.tracing.lowering.calls import Case, Traced, call, cases, check, outcome, refuses

DRAW = np.random.default_rng(0)


def complex_values(*shape: int) -> Traced:
    """Return a traced argument of random complex numbers."""
    return Traced(DRAW.normal(size=shape) + 1j * DRAW.normal(size=shape))


def real_values(*shape: int) -> Traced:
    """Return a traced argument of random real numbers."""
    return Traced(DRAW.normal(size=shape))


Z, X = complex_values(2, 3, 4), real_values(2, 3, 4)
EVEN, ODD, ONE = complex_values(6), complex_values(5), complex_values(1)
SINGLE = Traced(EVEN.array.astype(np.complex64))
ROW, WHOLE = real_values(7), Traced(np.arange(6))
BITS = Traced(np.array([True, False, True]))
COMPLEX = (np.fft.fft, np.fft.ifft, np.fft.irfft, np.fft.hfft)
REAL = (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.ihfft, np.fft.irfft, np.fft.hfft)
SEVERAL = (np.fft.fftn, np.fft.ifftn, np.fft.irfftn)
OF_TWO = (np.fft.fft2, np.fft.ifft2, np.fft.irfft2)


@cases(
    *[call(f, a) for f in COMPLEX for a in (EVEN, ODD, Z, SINGLE)],
    *[call(f, a) for f in REAL for a in (ROW, X, WHOLE, BITS)],
    *[call(f, ONE) for f in (np.fft.fft, np.fft.ifft)],
    *[call(f, real_values(1)) for f in (np.fft.fft, np.fft.rfft, np.fft.ihfft)],
    *[call(f, a, n) for f in COMPLEX for a in (EVEN, ODD) for n in (1, 2, 3, 4, 5, 6, 8, 9)],
    *[call(f, ROW, n) for f in REAL for n in (1, 4, 5, 7, 10)],
    *[call(f, Z, None, axis) for f in COMPLEX for axis in (0, 1, -1)],
    *[call(f, X, n=4, axis=1) for f in REAL],
    *[call(f, a, norm=norm) for f in COMPLEX for a in (EVEN, ODD)
      for norm in (None, "backward", "ortho", "forward")],
    *[call(f, ROW, norm=norm) for f in REAL for norm in ("ortho", "forward")],
    call(np.fft.fft, [1.0, EVEN, 2j][1]),
    call(np.fft.fft, [real_values(), 2.0, real_values()]),
)  # fmt: skip
def test_along_one_axis(case: Case) -> None:
    """Values, shapes, dtypes are NumPy's: of even and odd lengths, cut, filled up, and scaled."""
    check(case)


@cases(
    *[call(f, a) for f in (*SEVERAL, *OF_TWO) for a in (Z, X, WHOLE if f in SEVERAL else X)],
    *[call(f, X) for f in (np.fft.rfftn, np.fft.rfft2)],
    *[call(f, Z, axes=axes) for f in SEVERAL for axes in ((0,), (0, 2), (2, 0), (-1, 1, 0))],
    *[call(f, Z, (3, 5), (0, 1)) for f in (*SEVERAL, *OF_TWO)],
    *[call(f, Z, (2, -1), (0, 1)) for f in (*SEVERAL, *OF_TWO)],
    *[call(f, Z, [-1, 3], axes=[2, 1], norm="ortho") for f in (*SEVERAL, *OF_TWO)],
    *[call(f, X, (2, 5), (1, 2)) for f in (np.fft.rfftn, np.fft.rfft2)],
    *[call(f, X, axes=(2, 0), norm="forward") for f in (np.fft.rfftn, np.fft.rfft2)],
    call(np.fft.fftn, Z, axes=(1, 1)),
    call(np.fft.fftn, Z, axes=()),
    call(np.fft.fftn, Z, (4, 4, 4), (0, 1, 2)),
)  # fmt: skip
def test_along_several_axes(case: Case) -> None:
    """Values, shapes and dtypes are NumPy's, whatever the lengths and the order of the axes."""
    check(case)


@cases(
    *[call(f, a) for f in (np.fft.fftshift, np.fft.ifftshift) for a in (EVEN, ODD, ONE, X, WHOLE)],
    *[call(f, Z, axes) for f in (np.fft.fftshift, np.fft.ifftshift) for axes in (0, -1, (0, 2))],
)
def test_order_of_frequencies(case: Case) -> None:
    """Elements are moved as NumPy moves them."""
    check(case)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 12])
def test_transforms_and_their_inverses(n: int) -> None:
    """Forward transforms against the sums that define them; inverses give back what was there."""
    z = complex_values(n)
    k = np.arange(n)
    matrix = np.exp(-2j * np.pi * np.outer(k, k) / n)
    np.testing.assert_allclose(outcome(call(np.fft.fft, z)), matrix @ z.array, atol=1e-13)
    for norm in ("backward", "ortho", "forward"):
        there = Traced(outcome(call(np.fft.fft, z, norm=norm)))
        back = outcome(call(np.fft.ifft, there, norm=norm))
        np.testing.assert_allclose(back, z.array, atol=1e-14)
        half = Traced(outcome(call(np.fft.rfft, Traced(z.array.real), norm=norm)))
        back = outcome(call(np.fft.irfft, half, n, norm=norm))
        np.testing.assert_allclose(back, z.array.real, atol=1e-14)


@pytest.mark.parametrize(
    ("message", "function", "args"),
    [
        ("np.fft.rfft: only real values are taken, and these are complex", np.fft.rfft, (Z,)),
        ("np.fft.ihfft: only real values are taken", np.fft.ihfft, (Z,)),
        ("np.fft.rfftn: only real values are taken", np.fft.rfftn, (Z,)),
        ("np.fft.fft: 0 points cannot be transformed", np.fft.fft, (Z, 0)),
        ("np.fft.irfft: 0 points cannot be transformed", np.fft.irfft, (ONE,)),
        ("np.fft.fft: axis 3 is out of range", np.fft.fft, (Z, None, 3)),
        ("norm is one of 'backward', 'ortho', 'forward', and not 'both'",
         np.fft.fft, (Z, None, -1, "both")),
        ("np.fft.fftn: s=(2, 2) and axes=(0,) are not of one length",
         np.fft.fftn, (Z, (2, 2), (0,))),
        ("s=(2, 2, 2, 2) has more lengths than the array has axes, 3",
         np.fft.fftn, (Z, (2, 2, 2, 2))),
        ("np.fft.rfftn: at least one axis must be transformed", np.fft.rfftn, (X, None, ())),
        ("n must be an integer, not 2.5", np.fft.fft, (Z, 2.5)),
        ("np.fft.fft does not take out= in a traced function",
         np.fft.fft, (Z, None, -1, None, np.zeros(3))),
    ],
)  # fmt: skip
def test_refused(message: str, function: Any, args: tuple[Any, ...]) -> None:
    """What cannot be transformed is refused, with the reason."""
    refuses(message, function, *args)
