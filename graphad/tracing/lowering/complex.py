"""Complex numbers: their parts, sizes, angles and conjugates."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.ir import Node
from graphad.ops import OPS
from graphad.ops.contraction import parse_spec
from graphad.tracing.lowering.coerce import as_value, cast_to, emit
from graphad.tracing.lowering.registry import ArrayLike, lowers

F64 = np.dtype(np.float64)
ABSOLUTE, HYPOT, LENGTH = OPS["absolute"], OPS["hypot"], OPS["length"]
ADD, SUM, EINSUM, POWER = OPS["add"], OPS["sum"], OPS["einsum"], OPS["integer_power"]
RESHAPE = OPS["reshape"]


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
    """Return the square of a size or a norm without the root, which is not smooth at 0; else None.

    Sizes are ``np.abs``, ``np.hypot`` and the root of a sum of squares, `np.linalg.norm` too.
    """
    node, builder = x.node, x.builder
    if node.op is ABSOLUTE:
        return emit("integer_power", builder.value(node.inputs[0]), exponent=2)
    if node.op is HYPOT:
        return emit("add", *[squared_size(builder.value(part)) for part in node.inputs])
    if node.op is RESHAPE:
        inner = squared_size_of(builder.value(node.inputs[0]))
        return None if inner is None else emit("reshape", inner, shape=x.shape)
    return builder.value(node.inputs[0]) if node.op is LENGTH else None


def root(x: Value) -> Value:
    """Return the square root; of a sum of squares the length, which has derivatives 0 at 0."""
    return emit("length" if _is_sum_of_squares(x.node) else "sqrt", x)


def _is_sum_of_squares(node: Node) -> bool:
    if node.type.is_complex:
        return False
    if _is_square(node):
        return True
    if node.op is EINSUM and len(node.inputs) == 2 and node.inputs[0] is node.inputs[1]:
        (left, right), _ = parse_spec(node.attrs[0])
        return left == right
    if node.op is SUM:
        return _is_sum_of_squares(node.inputs[0])
    return node.op is ADD and all(_is_square(part) for part in node.inputs)


def _is_square(node: Node) -> bool:
    return node.op is POWER and node.attrs[0] == 2


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
