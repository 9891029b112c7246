"""Equations, inverses and determinants of `numpy.linalg`."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.constant import Span
from graphad.errors import TraceError
from graphad.op import OPS
from graphad.ops.slicing import element_spans, full_span
from graphad.tracing.lowering.coerce import (
    Shape,
    as_value,
    as_values,
    broadcasted,
    cast_to,
    common_dtype,
    emit,
    known_int,
    many_axes,
    permuted,
    reshaped,
)
from graphad.tracing.lowering.products import matrix_product
from graphad.tracing.lowering.registry import ArrayLike, lowers
from graphad.types import broadcast_shapes

_SLOGDET: Any = type(np.linalg.slogdet(np.eye(1)))


def matrices(builder: Builder, x: ArrayLike, *, square: bool = False) -> Value:
    """Return an argument as a stack of matrices of floating-point numbers.

    Raises
    ------
    TraceError
        If it has less than two axes, or must be square and is not.
    """
    value = as_value(builder, x)
    if value.ndim < 2:
        raise TraceError(
            f"a matrix is expected, or a stack of them, not an array of shape {value.shape}"
        )
    if square and value.shape[-1] != value.shape[-2]:
        raise TraceError(
            f"a square matrix is expected, not an array of shape {value.shape}; "
            "for least squares use np.linalg.lstsq or np.linalg.pinv"
        )
    return inexact(value)


def inexact(value: Value) -> Value:
    """Return a value as floating-point numbers: of integers and booleans, float64."""
    return value if value.type.is_inexact else cast_to(value, np.dtype(np.float64))


def flipped(x: Value) -> Value:
    """Return matrices with rows and columns exchanged."""
    return permuted(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def part(x: Value, start: int, stop: int, axis: int = -2) -> Value:
    """Return some rows of matrices, or, along another axis, other parts."""
    spans = [full_span(n) for n in x.shape]
    spans[axis] = Span(start, stop, 1)
    return emit("slice", x, spans=tuple(spans))


# --- equations -----------------------------------------------------------------------------------


def solved(name: str, a: Value, b: Value, **attrs: bool) -> Value:
    """Return the solutions of ``a x = b``; leading axes broadcast.

    Parameters
    ----------
    name : str
        The op.
    a, b : Value
        Stacks of matrices.
    **attrs : bool
        Attributes of the op.

    Raises
    ------
    TraceError
        If shapes do not fit.
    """
    _check_lengths(a, b, b.shape[-2])
    a, b = common_dtype([a, b])
    if name == "solve":
        name, a, attrs = _by_structure(a)
    op = OPS[name]
    if a.ndim == 2 and b.ndim > 2:  # one matrix, factorised once
        assert op.batch is not None
        values = tuple([attrs[key] for key in op.attrs])
        made = op.batch(b.shape[:-2], [a, b], [False, True], values)
        assert isinstance(made, Value)
        return made
    lead = broadcast_shapes((a.shape[:-2], b.shape[:-2]))
    a, b = (broadcasted(x, lead + x.shape[-2:]) for x in (a, b))
    return emit(name, a, b, **attrs)


def _by_structure(a: Value) -> tuple[str, Value, dict[str, bool]]:
    """Return how to solve equations: with a factor of Cholesky's, or its transpose, backwards."""
    turned = a.node.op is OPS["transpose"] and a.node.attrs == (
        (*range(a.ndim - 2), a.ndim - 1, a.ndim - 2),
    )
    factor = a.builder.value(a.node.inputs[0]) if turned else a
    if factor.node.op is not OPS["cholesky"]:
        return "solve", a, {}
    return "triangular_solve", factor, {"lower": True, "transposed": turned}


def _check_lengths(a: Value, b: Value, length: int) -> None:
    if a.shape[-1] != length:
        raise TraceError(
            f"shapes {a.shape} and {b.shape} do not fit: {a.shape[-1]} unknowns, "
            f"and right sides of length {length}"
        )


def solved_for(name: str, a: Value, b: Value, **attrs: bool) -> Value:
    """Return the solution for one vector, or for matrices of right sides."""
    if b.ndim != 1:
        return solved(name, a, b, **attrs)
    _check_lengths(a, b, b.shape[0])
    column = solved(name, a, reshaped(b, (*b.shape, 1)), **attrs)
    return reshaped(column, column.shape[:-1])


@lowers(np.linalg.solve)
def _solve(builder: Builder, a: ArrayLike, b: ArrayLike) -> Value:
    right = inexact(as_value(builder, b))
    if right.ndim == 0:
        raise TraceError("the right side must be a vector or a matrix, not a number")
    return solved_for("solve", matrices(builder, a, square=True), right)


@lowers(np.linalg.tensorsolve)
def _tensorsolve(builder: Builder, a: ArrayLike, b: ArrayLike, axes: Any = None) -> Value:
    left, right = [inexact(x) for x in as_values(builder, [a, b])]
    if axes is not None:
        moved = many_axes(axes, left.ndim)
        kept = [axis for axis in range(left.ndim) if axis not in moved]
        left = permuted(left, (*kept, *moved))
    shape = left.shape[right.ndim :]
    n = prod(shape)
    if left.type.size != n * n or right.type.size != n:
        raise TraceError(f"shapes {left.shape} and {right.shape} do not make a square system")
    flat = solved_for("solve", reshaped(left, (n, n)), reshaped(right, (n,)))
    return reshaped(flat, shape)


# --- inverses ------------------------------------------------------------------------------------


@lowers(np.linalg.inv)
def _inv(builder: Builder, a: ArrayLike) -> Value:
    return emit("inverse", matrices(builder, a, square=True))


@lowers(np.linalg.tensorinv)
def _tensorinv(builder: Builder, a: ArrayLike, ind: int = 2) -> Value:
    value, count = inexact(as_value(builder, a)), known_int(ind, "ind")
    if count <= 0:
        raise TraceError(f"ind={count} must be positive")
    front, back = value.shape[:count], value.shape[count:]
    if prod(front) != prod(back):
        raise TraceError(f"the shape {value.shape} with ind={count} does not make a square matrix")
    made = emit("inverse", reshaped(value, (prod(front), prod(back))))
    return reshaped(made, back + front)


@lowers(np.linalg.pinv)
def _pinv(
    builder: Builder,
    a: ArrayLike,
    rcond: Any = None,
    hermitian: bool = False,
    *,
    rtol: Any = None,
) -> Value:
    for name, value in (("rcond", rcond), ("rtol", rtol)):
        if value is not None and value is not getattr(np, "_NoValue", None):
            raise TraceError(
                f"{name}= changes the rank, at which the pseudoinverse jumps; leave it out"
            )
    if hermitian:
        raise TraceError("hermitian= is not supported; leave it out")
    return emit("pinv", matrices(builder, a))


@lowers(np.linalg.matrix_power)
def _matrix_power(builder: Builder, a: ArrayLike, n: int) -> Value:
    value = as_value(builder, a)
    exponent = known_int(n, "the exponent")
    if value.ndim < 2 or value.shape[-1] != value.shape[-2]:
        raise TraceError(f"a square matrix is expected, not an array of shape {value.shape}")
    if exponent == 0:
        eye = np.eye(value.shape[-1], dtype=value.type.dtype)
        return builder.constant(np.broadcast_to(eye, value.shape))
    if exponent < 0:
        value, exponent = emit("inverse", inexact(value)), -exponent
    return _powered(value, exponent)


def _powered(x: Value, exponent: int) -> Value:
    """Return a power by repeated squares."""
    result = None
    while True:
        if exponent & 1:
            result = x if result is None else matrix_product(result, x)
        exponent >>= 1
        if not exponent:
            assert result is not None
            return result
        x = matrix_product(x, x)


# --- determinants --------------------------------------------------------------------------------


@lowers(np.linalg.det)
def _det(builder: Builder, a: ArrayLike) -> Value:
    return emit("det", matrices(builder, a, square=True))


@lowers(np.linalg.slogdet)
def _slogdet(builder: Builder, a: ArrayLike) -> Any:
    packed = emit("slogdet", matrices(builder, a, square=True))
    return _SLOGDET(*[_last(packed, i) for i in range(2)])


def _last(x: Value, index: int) -> Value:
    """Return what lies at a position of the last axis."""
    if x.ndim == 1:
        return emit("element", x, index=(index,))
    lead: Shape = x.shape[:-1]
    spans = (*map(full_span, lead), *element_spans((index,)))
    return reshaped(emit("slice", x, spans=spans), lead)


def axes_last(x: Value, axes: Shape) -> Value:
    """Return an array with two of its axes moved to the end, as those of matrices."""
    return permuted(x, (*[axis for axis in range(x.ndim) if axis not in axes], *axes))


__all__ = [
    "axes_last",
    "flipped",
    "inexact",
    "matrices",
    "part",
    "solved",
    "solved_for",
]
