"""Discrete Fourier transforms: `numpy.fft`, along any axes, all by the ops ``fft`` and ``ifft``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.constant import Span
from graphad.errors import TraceError
from graphad.ops.fourier import NORMS
from graphad.ops.slicing import full_span
from graphad.tracing.lowering.coerce import (
    as_value,
    cast_to,
    emit,
    known_int,
    known_ints,
    many_axes,
    one_axis,
)
from graphad.tracing.lowering.complex import conjugated, real_part
from graphad.tracing.lowering.picking import rolled
from graphad.tracing.lowering.reductions import part
from graphad.tracing.lowering.registry import ArrayLike, lowers

Transform = Callable[..., Value]
"""``transform(x, n, axis, norm)``: along one axis, of `n` points of it."""

_SWAPPED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def floating(builder: Builder, a: ArrayLike) -> Value:
    """Return `a` as a value of a floating dtype, real or complex."""
    x = as_value(builder, a)
    return x if x.type.is_inexact else cast_to(x, np.dtype(np.float64))


def _norm(norm: object) -> str:
    if norm is None:
        return "backward"
    if not isinstance(norm, str) or norm not in NORMS:
        raise TraceError(f"norm is one of {', '.join(map(repr, NORMS))}, and not {norm!r}")
    return norm


def _length(n: object, default: int) -> int:
    length = default if n is None else known_int(n, "n")
    if length < 1:
        raise TraceError(f"{length} points cannot be transformed; there must be at least one")
    return length


def fitted(x: Value, n: int, axis: int) -> Value:
    """Return `x` with `n` elements along an axis: the first ones, or zeros after them."""
    length = x.shape[axis]
    if length == n:
        return x
    spans = [full_span(m) for m in x.shape]
    spans[axis] = Span(0, min(n, length), 1)
    if n < length:
        return emit("slice", x, spans=tuple(spans))
    return emit("place", x, spans=tuple(spans), shape=(*x.shape[:axis], n, *x.shape[axis + 1 :]))


# --- along one axis ------------------------------------------------------------------------------


def forward(x: Value, n: object, axis: int, norm: str) -> Value:
    """Return the transform of the first `n` elements along an axis."""
    return emit("fft", fitted(x, _length(n, x.shape[axis]), axis), axis=axis, norm=norm)


def inverse(x: Value, n: object, axis: int, norm: str) -> Value:
    """Return the inverse transform of the first `n` elements along an axis."""
    return emit("ifft", fitted(x, _length(n, x.shape[axis]), axis), axis=axis, norm=norm)


def half(x: Value, n: object, axis: int, norm: str) -> Value:
    """Return the first half of the transform of real values: the other is its conjugate."""
    if x.type.is_complex:
        raise TraceError(
            "only real values are taken, and these are complex; use np.fft.fft, or x.real"
        )
    made = forward(x, n, axis, norm)
    return fitted(made, made.shape[axis] // 2 + 1, axis)


def from_half(x: Value, n: object, axis: int, norm: str) -> Value:
    """Return the real values of which `half` gives this.

    Each element stands for its conjugate too, but for the first and, where `n` is even, the last.
    The real part of the inverse transform of twice the half is that of the whole.
    """
    length = _length(n, 2 * (x.shape[axis] - 1))
    middle = (length + 1) // 2
    kept = fitted(x, length // 2 + 1, axis)
    parts = [part(kept, axis, 0, 1)]
    if middle > 1:
        parts.append(emit("multiply", part(kept, axis, 1, middle), 2.0))
    if length % 2 == 0:
        parts.append(part(kept, axis, middle, middle + 1))
    doubled = parts[0] if len(parts) == 1 else emit("concatenate", *parts, axis=axis)
    return real_part(inverse(doubled, length, axis, norm))


def from_hermitian(x: Value, n: object, axis: int, norm: str) -> Value:
    """Return the transform of a signal with conjugate symmetry, of which `x` is the first half."""
    return from_half(conjugated(x), n, axis, _SWAPPED[norm])


def to_hermitian(x: Value, n: object, axis: int, norm: str) -> Value:
    """Return the first half of the inverse transform of real values."""
    return conjugated(half(x, n, axis, _SWAPPED[norm]))


def along_one(transform: Transform) -> Callable[..., Value]:
    """Return a transform along one axis with the arguments that `numpy.fft` takes."""

    def lowering(
        builder: Builder, a: ArrayLike, n: object = None, axis: object = -1, norm: object = None
    ) -> Value:
        x = floating(builder, a)
        return transform(x, n, one_axis(axis, x.ndim), _norm(norm))

    return lowering


for _function, _transform in (
    (np.fft.fft, forward),
    (np.fft.ifft, inverse),
    (np.fft.rfft, half),
    (np.fft.irfft, from_half),
    (np.fft.hfft, from_hermitian),
    (np.fft.ihfft, to_hermitian),
):
    lowers(_function, positional="a n axis norm out")(along_one(_transform))


# --- along several axes --------------------------------------------------------------------------


def lengths_and_axes(x: Value, s: object, axes: object) -> tuple[list[Any], list[int]]:
    """Return the lengths that are asked for, None where they stay, and the axes."""
    lengths = None if s is None else _points(s)
    if axes is None:
        count = x.ndim if lengths is None else len(lengths)
        if count > x.ndim:
            raise TraceError(f"s={s!r} has more lengths than the array has axes, {x.ndim}")
        places = list(range(x.ndim - count, x.ndim))
    else:
        places = [one_axis(axis, x.ndim) for axis in known_ints(axes, "axes")]
    if lengths is None:
        lengths = [None] * len(places)
    if len(lengths) != len(places):
        raise TraceError(f"s={s!r} and axes={axes!r} are not of one length")
    whole = [x.shape[axis] if n == -1 else n for n, axis in zip(lengths, places, strict=True)]
    return whole, places


def _points(s: object) -> list[Any]:
    items = s if isinstance(s, list | tuple) else known_ints(s, "s")
    return [None if item is None else known_int(item, "s") for item in items]


def along_all(transform: Transform, last: Transform, first: bool) -> Callable[..., Value]:
    """Return a transform along several axes, of which the last has a transform of its own.

    Parameters
    ----------
    transform, last : callable
        Along any axis but the last, and along the last.
    first : bool
        Whether the last axis comes first, and the others in reverse; as they stand otherwise.
    """

    def apply(x: Value, lengths: Sequence[Any], axes: Sequence[int], norm: str) -> Value:
        steps = list(zip([transform] * (len(axes) - 1) + [last], lengths, axes, strict=True))
        for one, n, axis in reversed(steps) if first else steps:
            x = one(x, n, axis, norm)
        return x

    def lowering(
        builder: Builder, a: ArrayLike, s: object = None, axes: object = None, norm: object = None
    ) -> Value:
        x = floating(builder, a)
        lengths, places = lengths_and_axes(x, s, axes)
        if places:
            return apply(x, lengths, places, _norm(norm))
        if last in (half, from_half):
            raise TraceError("at least one axis must be transformed")
        return x

    return lowering


def of_two(lowering: Callable[..., Value]) -> Callable[..., Value]:
    """Return a transform along several axes as one along two, the last ones if none are named."""

    def of_last_two(
        builder: Builder,
        a: ArrayLike,
        s: object = None,
        axes: object = (-2, -1),
        norm: object = None,
    ) -> Value:
        return lowering(builder, a, s, axes, norm)

    return of_last_two


for _all, _two, _lowering in (
    (np.fft.fftn, np.fft.fft2, along_all(forward, forward, first=True)),
    (np.fft.ifftn, np.fft.ifft2, along_all(inverse, inverse, first=True)),
    (np.fft.rfftn, np.fft.rfft2, along_all(forward, half, first=True)),
    (np.fft.irfftn, np.fft.irfft2, along_all(inverse, from_half, first=False)),
):
    lowers(_all, positional="a s axes norm out")(_lowering)
    lowers(_two, positional="a s axes norm out")(of_two(_lowering))


# --- the order of frequencies ---------------------------------------------------------------------


def _centred(x: Value, axes: object, halves: Callable[[int], int]) -> Value:
    for axis in many_axes(axes, x.ndim):
        x = rolled(x, halves(x.shape[axis]), axis)
    return x


@lowers(np.fft.fftshift)
def _fftshift(builder: Builder, x: ArrayLike, axes: object = None) -> Value:
    return _centred(as_value(builder, x), axes, lambda n: n // 2)


@lowers(np.fft.ifftshift)
def _ifftshift(builder: Builder, x: ArrayLike, axes: object = None) -> Value:
    return _centred(as_value(builder, x), axes, lambda n: -(n // 2))
