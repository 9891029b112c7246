"""Transforms of `scipy.fft` against SciPy, and filters of `scipy.signal`, which are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.fft
from scipy import signal
from scipy.fft import dct, fft as transform

import graphad as ga
from graphad.tracing.lowering.scipy_fourier import (
    LONGEST,
    SCIPY_FOURIER,
    scipy_fourier_lowering,
)

DRAW = np.random.default_rng(0)
X, CUBE = DRAW.normal(size=7), DRAW.normal(size=(2, 3, 4))
Z = DRAW.normal(size=6) + 1j * DRAW.normal(size=6)
KINDS = [
    (name, type_, norm)
    for name in ("dct", "idct", "dst", "idst")
    for type_ in (1, 2, 3, 4)
    for norm in (None, "ortho", "forward")
]


def agrees(function: Callable[[Any], Any], x: Any) -> None:
    """Assert that a function traces, and gives what it gives without a trace."""
    graph, expected = ga.trace(function, x), function(x)
    found = graph(x)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", [name for name in SCIPY_FOURIER if name[:2] not in ("dc", "ds")])
def test_complex_transforms(name: str) -> None:
    """Functions that NumPy has too take SciPy's arguments."""
    function = getattr(scipy.fft, name, None)
    if name.startswith(("idct", "idst")):
        agrees(lambda x: function(x, 3), X)
    elif name.endswith("shift"):
        agrees(function, CUBE)
    elif name.endswith(("2", "n")):
        agrees(function, CUBE)
        agrees(lambda x: function(x, (3, 5), (0, 1), norm="ortho", workers=1), CUBE)
    else:
        agrees(function, X)
        agrees(lambda x: function(x, 9, norm="forward", overwrite_x=True), X)
        agrees(lambda x: function(x, axis=1), CUBE)


def test_names_from_a_module() -> None:
    """Functions are found however they were imported; untraced ones are SciPy's."""
    agrees(lambda x: np.abs(transform(x)) ** 2 + dct(x), X)
    agrees(lambda z: scipy.fft.ifft(z) * scipy.fft.fftfreq(6) * scipy.fft.next_fast_len(7), Z)
    agrees(lambda x: x * dct(np.arange(7.0)), X)


@pytest.mark.parametrize(("name", "type_", "norm"), KINDS)
def test_cosines_and_sines(name: str, type_: int, norm: str | None) -> None:
    """All types and scales are SciPy's, cut and filled up too, and so are their derivatives."""
    function = getattr(scipy.fft, name)

    def of(x: Any) -> Any:
        return function(x, type_, norm=norm)

    agrees(of, X)
    agrees(lambda x: function(x, type=type_, n=4, norm=norm), X)
    agrees(lambda x: function(x, type_, 6, 0, norm=norm), CUBE)
    agrees(lambda x: getattr(scipy.fft, f"{name}n")(x, type_, axes=(2, 1), norm=norm), CUBE)
    energy = ga.trace(lambda x: np.sum(of(x) ** 3), X)
    direction = DRAW.normal(size=7)
    values, rates = of(X), of(direction)
    expected = [3 * np.sum(values**2 * rates), 6 * np.sum(values * rates**2), 6 * np.sum(rates**3)]
    graph = energy
    for order, wanted in enumerate(expected, 1):
        graph = graph.diff(mode="reverse" if order == 1 else "forward")
        found = graph(X)
        for _ in range(order):
            found = found @ direction
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    ("message", "function", "x"),
    [
        ("scipy.fft.dct: only real values are traced", scipy.fft.dct, Z),
        (f"scipy.fft.dst: 1 to {LONGEST} points are traced, not {LONGEST + 1}",
         scipy.fft.dst, np.ones(LONGEST + 1)),
        ("scipy.fft.dct: zero-length FFT requested", lambda x: scipy.fft.dct(x, 1), np.ones(1)),
        ("scipy.fft.rfft: np.fft.rfft: only real values", scipy.fft.rfft, Z),
        ("scipy.signal.fftconvolve is not traced", lambda x: signal.fftconvolve(x, x), X),
        ("scipy.signal.convolve is not traced", lambda x: signal.convolve(x, X), X),
        ("scipy.signal.hilbert is not traced", signal.hilbert, X),
        ("scipy.signal.lfilter is not traced", lambda x: signal.lfilter([1.0], [1.0, 0.5], x), X),
    ],
)  # fmt: skip
def test_refused(message: str, function: Callable[[Any], Any], x: Any) -> None:
    """What is not traced is refused with advice."""
    with pytest.raises(ga.TraceError, match=message.replace("(", r"\(")):
        ga.trace(function, x, check=False)


def test_other_functions_have_no_lowering() -> None:
    """Functions of the same name, and those of which nothing is said, are left to others."""

    def dct(x: Any) -> Any:
        return x

    assert scipy_fourier_lowering(dct) is None
    assert scipy_fourier_lowering(scipy.fft.fht) is None
    assert scipy_fourier_lowering(signal.get_window) is None
    assert scipy_fourier_lowering(scipy.fft.fft) is SCIPY_FOURIER["fft"]
