"""Complex numbers: their parts, sizes, angles and conjugates."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.ops import OPS
from graphad.tracing.lowering.coerce import as_value, cast_to, emit
from graphad.tracing.lowering.registry import ArrayLike, lowers

F64 = np.dtype(np.float64)
REAL, IMAG, HYPOT = OPS["real"], OPS["imag"], OPS["hypot"]


def real_part(x: Value) -> Value:
    """Return the real part; real values themselves."""
    return emit("real", x) if x.type.is_complex else x


def imaginary_part(x: Value) -> Value:
    """Return the imaginary part; of real values zeros."""
    if x.type.is_complex:
        return emit("imag", x)
    return x.builder.constant(np.zeros(x.shape, x.type.dtype))


def conjugated(x: Value) -> Value:
    """Return the complex conjugate; real values themselves."""
    return emit("conjugate", x) if x.type.is_complex else x


def size(x: Value) -> Value:
    """Return the absolute value: of complex numbers ``hypot(x.real, x.imag)``."""
    if not x.type.is_complex:
        return emit("absolute", x)
    return emit("hypot", emit("real", x), emit("imag", x))


def direction(x: Value) -> Value:
    """Return what `np.sign` does: of complex numbers ``x / |x|``, and 0 at 0."""
    if not x.type.is_complex:
        return emit("sign", x)
    zero = emit("equal", x, 0.0)
    length = emit("where", zero, 1.0, size(x))
    return emit("divide", x, cast_to(length, x.type.dtype))


def squared_size(x: Value) -> Value:
    """Return the sum of the squares of both parts, of real numbers the square."""
    if not x.type.is_complex:
        return emit("integer_power", x, exponent=2)
    parts = emit("real", x), emit("imag", x)
    return emit("add", *[emit("integer_power", part, exponent=2) for part in parts])


def squared_size_of(x: Value) -> Value | None:
    """Return the square of ``np.abs(z)`` without the root, which is not smooth at 0; else None."""
    node = x.node
    if node.op is not HYPOT:
        return None
    left, right = node.inputs
    if left.op is REAL and right.op is IMAG and left.inputs == right.inputs:
        return squared_size(x.builder.value(left.inputs[0]))
    return None


# --- NumPy's functions that are no ufuncs ---------------------------------------------------------


@lowers(np.real, positional="val")
def _real(builder: Builder, val: ArrayLike) -> Value:
    return real_part(as_value(builder, val))


@lowers(np.imag, positional="val")
def _imag(builder: Builder, val: ArrayLike) -> Value:
    return imaginary_part(as_value(builder, val))


@lowers(np.angle, positional="z deg")
def _angle(builder: Builder, z: ArrayLike, deg: bool = False) -> Value:
    x = as_value(builder, z)
    if not x.type.is_inexact:
        x = cast_to(x, F64)
    radians = emit("arctan2", imaginary_part(x), real_part(x))
    return emit("multiply", radians, 180 / pi) if deg else radians


@lowers(np.isreal)
def _isreal(builder: Builder, x: ArrayLike) -> Any:
    value = as_value(builder, x)
    if not value.type.is_complex:
        return np.ones(value.shape, bool)
    return emit("equal", emit("imag", value), 0.0)


@lowers(np.iscomplex)
def _iscomplex(builder: Builder, x: ArrayLike) -> Any:
    value = as_value(builder, x)
    if not value.type.is_complex:
        return np.zeros(value.shape, bool)
    return emit("not_equal", emit("imag", value), 0.0)
