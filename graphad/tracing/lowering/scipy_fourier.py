"""Transforms of `scipy.fft`, and what is said of filters of `scipy.signal`; SciPy is not imported.

A function is told by identity with what the module holds: a user who has it has imported that.
Cosine and sine transforms are products with their matrices, which SciPy is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.tracing.lowering.coerce import emit, known_int, one_axis
from graphad.tracing.lowering.fourier import fitted, floating, lengths_and_axes
from graphad.tracing.lowering.registry import (
    LOWERINGS,
    ArrayLike,
    Function,
    Lowering,
    bound_lowering,
)
from graphad.tracing.lowering.special_refusals import refusing

LONGEST = 512
"""Cosine and sine transforms of so many points are products with a matrix; of more, refused."""
_FFT = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
_FFTN = ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"]
_SHIFTS = ["fftshift", "ifftshift"]
_TRIGONOMETRIC = ["dct", "idct", "dst", "idst"]
_ADVICE = {
    "convolve": "write np.convolve(a, v, mode)",
    "fftconvolve": "write np.convolve(a, v, mode), or a product of np.fft.fft of both",
    "oaconvolve": "write np.convolve(a, v, mode)",
    "correlate": "write np.correlate(a, v, mode)",
    "convolve2d": "write a product of np.fft.fft2 of both, filled up with zeros by s=",
    "correlate2d": "write a product of np.fft.fft2 of both, one of them conjugated",
    "hilbert": "write np.fft.ifft(np.fft.fft(x) * h), where h is 1 at 0, 2 at positive "
    "frequencies and 0 at negative ones",
    "lfilter": "write graphad.scan over the samples",
    "sosfilt": "write graphad.scan over the samples",
}


# --- the same as NumPy's --------------------------------------------------------------------------


def _one_axis(name: str) -> Lowering:
    same = LOWERINGS[getattr(np.fft, name)]

    def inner(
        builder: Builder,
        x: ArrayLike,
        n: Any = None,
        axis: Any = -1,
        norm: Any = None,
        overwrite_x: bool = False,
        workers: Any = None,
        *,
        plan: Any = None,
    ) -> Value:
        made: Value = same(builder, x, n, axis, norm)
        return made

    return bound_lowering(f"scipy.fft.{name}", inner)


def _many_axes(name: str) -> Lowering:
    same = LOWERINGS[getattr(np.fft, name)]
    last_two = (-2, -1) if name.endswith("2") else None

    def inner(
        builder: Builder,
        x: ArrayLike,
        s: Any = None,
        axes: Any = last_two,
        norm: Any = None,
        overwrite_x: bool = False,
        workers: Any = None,
        *,
        plan: Any = None,
    ) -> Value:
        made: Value = same(builder, x, s, axes, norm)
        return made

    return bound_lowering(f"scipy.fft.{name}", inner)


# --- cosine and sine transforms -------------------------------------------------------------------


def _matrix_product(x: Value, name: str, n: int, axis: int, options: dict[str, Any]) -> Value:
    """Return the transform of `n` points along an axis."""
    if x.type.is_complex:
        raise TraceError("only real values are traced; transform x.real and x.imag")
    if not 1 <= n <= LONGEST:
        raise TraceError(
            f"1 to {LONGEST} points are traced, not {n}; write the transform with np.fft.fft of x "
            "and its mirror image"
        )
    transform = getattr(sys.modules["scipy.fft"], name)
    try:
        matrix = transform(np.eye(n), axis=0, **options)
    except (ValueError, RuntimeError) as error:
        raise TraceError(str(error)) from None
    letters = "abcdefghijklmnopqrstuvw"[: x.ndim]
    spec = f"yz,{letters.replace(letters[axis], 'z')}->{letters.replace(letters[axis], 'y')}"
    fixed = x.builder.constant(matrix.astype(x.type.dtype))
    return emit("einsum", fixed, fitted(x, n, axis), spec=spec)


def _trigonometric(name: str) -> Lowering:
    def inner(
        builder: Builder,
        x: ArrayLike,
        type: Any = 2,
        n: Any = None,
        axis: Any = -1,
        norm: Any = None,
        overwrite_x: bool = False,
        workers: Any = None,
        orthogonalize: Any = None,
    ) -> Value:
        value = floating(builder, x)
        along = one_axis(axis, value.ndim)
        length = value.shape[along] if n is None else known_int(n, "n")
        options = {"type": known_int(type, "type"), "norm": norm, "orthogonalize": orthogonalize}
        return _matrix_product(value, name, length, along, options)

    return bound_lowering(f"scipy.fft.{name}", inner)


def _trigonometric_n(name: str) -> Lowering:
    def inner(
        builder: Builder,
        x: ArrayLike,
        type: Any = 2,
        s: Any = None,
        axes: Any = None,
        norm: Any = None,
        overwrite_x: bool = False,
        workers: Any = None,
        *,
        orthogonalize: Any = None,
    ) -> Value:
        value = floating(builder, x)
        lengths, places = lengths_and_axes(value, s, axes)
        options = {"type": known_int(type, "type"), "norm": norm, "orthogonalize": orthogonalize}
        for length, axis in zip(lengths, places, strict=True):
            n = value.shape[axis] if length is None else length
            value = _matrix_product(value, name, n, axis, options)
        return value

    return bound_lowering(f"scipy.fft.{name}n", inner)


# --- finding them ---------------------------------------------------------------------------------


def _lowerings() -> dict[str, Lowering]:
    found = {name: _one_axis(name) for name in _FFT}
    found |= {name: _many_axes(name) for name in _FFTN}
    found |= {name: LOWERINGS[getattr(np.fft, name)] for name in _SHIFTS}
    found |= {name: _trigonometric(name) for name in _TRIGONOMETRIC}
    found |= {f"{name}n": _trigonometric_n(name) for name in _TRIGONOMETRIC}
    return found


SCIPY_FOURIER = _lowerings()
"""Lowerings by the name in `scipy.fft`."""


@lru_cache(maxsize=128)
def scipy_fourier_lowering(function: Callable[..., Any]) -> Lowering | None:
    """Return the lowering of a function of `scipy.fft`; one that refuses for filters.

    Parameters
    ----------
    function : callable
        Any function.

    Returns
    -------
    callable or None
        ``None`` for a function that is neither.
    """
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        return None
    if name in SCIPY_FOURIER and _holds("scipy.fft", name, function):
        return SCIPY_FOURIER[name]
    if name in _ADVICE and _holds("scipy.signal", name, function):
        return refusing(f"scipy.signal.{name} is not traced; {_ADVICE[name]}")
    return None


def _holds(module: str, name: str, function: Function) -> bool:
    return getattr(sys.modules.get(module), name, None) is function
