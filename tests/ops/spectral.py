"""Real functions that go through complex numbers, for NumPy and for numbers of many digits.

They are written for a module that has the functions they use: NumPy's, or those of `Exact`, whose
transforms are the sums that define them.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np

from graphad.op import Array

MP = mpmath.MPContext()
MP.dps = 60
LENGTH = 6


def _each(function: Callable[[Any], Any]) -> Callable[[Any], Array]:
    def apply(x: Any) -> Array:
        array = np.asarray(x, dtype=object)
        made = np.empty(array.shape, dtype=object)
        for index in np.ndindex(array.shape):
            made[index] = function(MP.mpmathify(array[index]))
        return made[()] if made.shape == () else made

    return apply


def _sums(sign: int, scaled: bool) -> Callable[..., Array]:
    def transform(x: Any, n: int | None = None) -> Array:
        values = list(np.asarray(x, dtype=object))
        length = len(values) if n is None else n
        values = (values + [MP.mpf(0)] * length)[:length]
        made = np.empty(length, dtype=object)
        for k in range(length):
            terms = [v * MP.expjpi(MP.mpf(sign * 2 * j * k) / length) for j, v in enumerate(values)]
            made[k] = MP.fsum(terms) / (length if scaled else 1)
        return made

    return transform


def _half(x: Any, n: int | None = None) -> Array:
    whole = _sums(-1, False)(x, n)
    return whole[: len(whole) // 2 + 1]


def _from_half(x: Any, n: int) -> Array:
    values = [MP.mpmathify(v) for v in x]
    whole = [values[k] if k <= n // 2 else MP.conj(values[n - k]) for k in range(n)]
    whole[0] = MP.mpc(whole[0].real)
    if n % 2 == 0:
        whole[n // 2] = MP.mpc(whole[n // 2].real)
    return _each(lambda v: v.real)(_sums(1, True)(whole))


Exact: Any = SimpleNamespace(
    fft=SimpleNamespace(fft=_sums(-1, False), ifft=_sums(1, True), rfft=_half, irfft=_from_half),
    real=_each(lambda v: v.real),
    imag=_each(lambda v: v.imag),
    conj=_each(MP.conj),
    abs=_each(abs),
    angle=_each(MP.arg),
    exp=_each(MP.exp),
    log=_each(MP.log),
    sqrt=_each(MP.sqrt),
    sum=lambda x: MP.fsum(list(x)),
)
"""What the functions below use of NumPy, in many digits."""

WAVES = np.array([0.0, 1.0, 2.0, 3.0, -2.0, -1.0])
DAMPING = np.array([0.0, 0.0, -0.75, -4.5, -0.75, 0.0])


def power_spectrum(m: Any, x: Any) -> Any:
    """Return a weighted sum of the squares of a spectrum."""
    return m.sum(m.abs(m.fft.fft(x)) ** 2 * np.arange(1.0, LENGTH + 1))


def log_spectrum(m: Any, x: Any) -> Any:
    """Return the sum of the logarithms of a spectrum that was filled up with zeros."""
    return m.sum(m.log(1 + m.abs(m.fft.rfft(x, 9)) ** 2))


def spectral_derivative(m: Any, u: Any) -> Any:
    """Return the sum of cubes of a derivative by the transform."""
    return m.sum(m.real(m.fft.ifft(1j * WAVES * m.fft.fft(u))) ** 3)


def poisson_energy(m: Any, f: Any) -> Any:
    """Return the energy of the solution of Poisson's equation on a circle."""
    inverse = np.array([0.0, 1.0, 0.25, 1 / 9, 0.25, 1.0])
    return m.sum(m.real(m.fft.ifft(m.fft.fft(f**2) * inverse)) * f)


def kuramoto_sivashinsky(m: Any, u: Any) -> Any:
    """Return the energy after a step of the Kuramoto–Sivashinsky equation."""
    half = WAVES[:4] * 1j
    linear = 1 / (1 - 0.1 * (WAVES[:4] ** 2 - WAVES[:4] ** 4))
    for _ in range(2):
        v = m.fft.rfft(u)
        u = m.fft.irfft((v - 0.05 * half * m.fft.rfft(u * u)) * linear, LENGTH)
    return m.sum(u**2)


def autocorrelation(m: Any, x: Any) -> Any:
    """Return a smooth function of an autocorrelation by the transform."""
    spectrum = m.fft.fft(x, 2 * LENGTH)
    found = m.real(m.fft.ifft(spectrum * m.conj(spectrum)))[:LENGTH]
    return m.sum(m.exp(found / 10))


def analytic_signal(m: Any, x: Any) -> Any:
    """Return what the envelope and the phase of a signal give together."""
    signal = m.fft.ifft(m.fft.fft(x) * np.array([1.0, 2.0, 2.0, 1.0, 0.0, 0.0]))
    return m.sum(m.abs(signal + 9j) * m.angle(signal + 9j))


def truncated(m: Any, x: Any) -> Any:
    """Return a function of a transform of the first elements."""
    return m.sum(m.real(m.fft.ifft(m.fft.fft(x, 3) ** 2, 5)) ** 2)


def impedance(m: Any, x: Any) -> Any:
    """Return the size of the impedance of a circuit of a coil beside a capacitor, and its phase."""
    r, coil, capacitor, w = x[0] + 3, x[1] + 3, x[2] + 3, x[3] + 3
    z = 1 / (1 / (r + 1j * w * coil) + 1j * w * capacitor)
    return m.abs(z) * m.angle(z) + x[4] * x[5]


def escape(m: Any, x: Any) -> Any:
    """Return the size of the fourth iterate of a quadratic map of complex numbers."""
    c = 0.2 * x[0] + 0.1j * x[1] - 0.3
    z = 0.1 * x[2] + 0.1j * x[3]
    for _ in range(4):
        z = z * z + c
    return m.real(z * m.conj(z)) + x[4] * m.imag(z) * x[5]


def wave_packet(m: Any, x: Any) -> Any:
    """Return an expectation value of a packet of plane waves."""
    wave = m.exp(1j * x * WAVES) * m.exp(-(x**2) / 2)
    total = m.sum(m.conj(wave) * m.sqrt(wave + 3))
    return m.imag(total) * m.real(total)


FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    function.__name__: function
    for function in (
        power_spectrum, log_spectrum, spectral_derivative, poisson_energy, kuramoto_sivashinsky,
        autocorrelation, analytic_signal, truncated, impedance, escape, wave_packet,
    )
}  # fmt: skip
