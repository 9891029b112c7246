"""Products of arrays: all of them become ``einsum``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.ops.contraction import LETTERS, make_spec
from graphad.tracing.lowering.coerce import (
    as_values,
    common_dtype,
    emit,
    known_int,
    many_axes,
    one_axis,
    permuted,
    reshaped,
)
from graphad.tracing.lowering.complex import conjugated
from graphad.tracing.lowering.registry import ArrayLike, lowers, present
from graphad.types import broadcast_shapes


def contracted(values: Sequence[Value], terms: Sequence[str], out: str) -> Value:
    """Return an einsum in which, as in NumPy's, an axis of length 1 goes with any length.

    Parameters
    ----------
    values : sequence of Value
        Cast to one dtype.
    terms : sequence of str
        The indices of each.
    out : str
        The indices of the result.

    Raises
    ------
    TraceError
        If lengths do not fit, or all values are booleans.
    """
    operands = common_dtype(values)
    if operands[0].type.dtype.kind == "b":
        raise TraceError("a product of booleans is not a sum; cast with .astype(np.float64)")
    sizes: dict[str, int] = {}
    for x, term in zip(operands, terms, strict=True):
        for letter, n in zip(term, x.shape, strict=True):
            if sizes.setdefault(letter, n) != n and 1 not in (n, sizes[letter]):
                shapes = " and ".join(str(value.shape) for value in operands)
                raise TraceError(f"shapes {shapes} do not fit: lengths {sizes[letter]} and {n}")
            sizes[letter] = n if sizes[letter] == 1 else sizes[letter]
    fitted, kept = [], []
    for x, term in zip(operands, terms, strict=True):
        stays = [n == sizes[letter] for letter, n in zip(term, x.shape, strict=True)]
        if not all(stays) and len(set(term)) != len(term):
            raise TraceError(f"the indices {term!r} take a diagonal of the shape {x.shape}")
        fitted.append(reshaped(x, tuple([n for n, s in zip(x.shape, stays, strict=True) if s])))
        kept.append("".join([letter for letter, s in zip(term, stays, strict=True) if s]))
    if len(fitted) == 1 and kept[0] == out:
        return fitted[0]
    return emit("einsum", *fitted, spec=make_spec(kept, out))


# --- dot, inner, outer ---------------------------------------------------------------------------


def _over(a: Value, b: Value, axes_a: Sequence[int], axes_b: Sequence[int]) -> Value:
    """Sum products over pairs of axes; the other axes of `a` come first, then those of `b`.

    Raises
    ------
    TraceError
        If lengths of a pair differ.
    """
    left = list(LETTERS[: a.ndim])
    right = list(LETTERS[a.ndim : a.ndim + b.ndim])
    for i, j in zip(axes_a, axes_b, strict=True):
        if a.shape[i] != b.shape[j]:
            raise TraceError(
                f"shapes {a.shape} and {b.shape} do not fit: axis {i} of the first has the length "
                f"{a.shape[i]}, axis {j} of the second {b.shape[j]}"
            )
        right[j] = left[i]
    summed = {left[i] for i in axes_a}
    out = "".join([letter for letter in left + right if letter not in summed])
    return contracted([a, b], ["".join(left), "".join(right)], out)


def _scaled(a: Value, b: Value) -> Value:
    return emit("multiply", *common_dtype([a, b]))


@lowers(np.dot, positional="a b out")
def _dot(builder: Builder, a: ArrayLike, b: ArrayLike) -> Value:
    x, y = as_values(builder, [a, b])
    if x.ndim == 0 or y.ndim == 0:
        return _scaled(x, y)
    return _over(x, y, [x.ndim - 1], [max(y.ndim - 2, 0)])


@lowers(np.inner)
def _inner(builder: Builder, a: ArrayLike, b: ArrayLike) -> Value:
    x, y = as_values(builder, [a, b])
    if x.ndim == 0 or y.ndim == 0:
        return _scaled(x, y)
    return _over(x, y, [x.ndim - 1], [y.ndim - 1])


@lowers(np.vdot)
def _vdot(builder: Builder, a: ArrayLike, b: ArrayLike) -> Value:
    x, y = [reshaped(value, (value.type.size,)) for value in as_values(builder, [a, b])]
    return _over(conjugated(x), y, [0], [0])


@lowers(np.outer, positional="a b out")
def _outer(builder: Builder, a: ArrayLike, b: ArrayLike) -> Value:
    x, y = [reshaped(value, (value.type.size,)) for value in as_values(builder, [a, b])]
    return _over(x, y, [], [])


@lowers(*present("linalg.outer"))
def _linalg_outer(builder: Builder, x1: ArrayLike, x2: ArrayLike) -> Value:
    for x in as_values(builder, [x1, x2]):
        if x.ndim != 1:
            raise TraceError(f"a vector is expected, not an array of shape {x.shape}")
    return _outer(builder, x1, x2)


@lowers(*present("tensordot", "linalg.tensordot"))
def _tensordot(builder: Builder, a: ArrayLike, b: ArrayLike, axes: Any = 2) -> Value:
    x, y = as_values(builder, [a, b])
    if isinstance(axes, list | tuple):
        if len(axes) != 2:
            raise TraceError(f"axes={axes} is not an integer or a pair of axes")
        left, right = many_axes(axes[0], x.ndim), many_axes(axes[1], y.ndim)
    else:
        count = known_int(axes, "axes")
        if not 0 <= count <= min(x.ndim, y.ndim):
            raise TraceError(f"axes={count} for arrays of {x.ndim} and {y.ndim} dimensions")
        left, right = tuple(range(x.ndim - count, x.ndim)), tuple(range(count))
    if len(left) != len(right):
        raise TraceError(f"axes={axes} names {len(left)} and {len(right)} axes")
    return _over(x, y, left, right)


# --- matmul and its kin --------------------------------------------------------------------------


def _batched(a: Value, b: Value, core_a: str, core_b: str, out: str) -> Value:
    """Contract the last axes, which capitals name; the axes before them broadcast.

    Raises
    ------
    TraceError
        If the lengths of the axes named ``Y``, which are summed over, differ.
    """
    if a.ndim < len(core_a) or b.ndim < len(core_b):
        raise TraceError(
            f"shapes {a.shape} and {b.shape} have too few dimensions; scale with np.multiply"
        )
    batch_a, batch_b = a.ndim - len(core_a), b.ndim - len(core_b)
    if a.shape[batch_a + core_a.index("Y")] != b.shape[batch_b + core_b.index("Y")]:
        raise TraceError(f"shapes {a.shape} and {b.shape} do not fit")
    broadcast_shapes((a.shape[:batch_a], b.shape[:batch_b]))
    lead = LETTERS[: max(batch_a, batch_b)]
    left, right = lead[len(lead) - batch_a :] + core_a, lead[len(lead) - batch_b :] + core_b
    return contracted([a, b], [left, right], lead + out)


def matrix_product(a: Value, b: Value) -> Value:
    """Return ``a @ b`` by the rules of ``np.matmul``.

    Raises
    ------
    TraceError
        If shapes do not fit.
    """
    rows, columns = "X" * (a.ndim > 1), "Z" * (b.ndim > 1)
    return _batched(a, b, rows + "Y", "Y" + columns, rows + columns)


@lowers(*present("matmul", "linalg.matmul"))
def _matmul(builder: Builder, x1: ArrayLike, x2: ArrayLike) -> Value:
    return matrix_product(*as_values(builder, [x1, x2]))


def _enter_vector_product(
    names: tuple[str, ...], core_a: str, core_b: str, out: str, conjugates: bool
) -> None:
    @lowers(*present(*names))
    def _product(builder: Builder, x1: ArrayLike, x2: ArrayLike, *, axis: int = -1) -> Value:
        a, b = as_values(builder, [x1, x2])
        if known_int(axis, "axis") != -1:
            raise TraceError(f"axis={axis} is not supported; move it last with np.moveaxis")
        return _batched(conjugated(a) if conjugates else a, b, core_a, core_b, out)


_enter_vector_product(("vecdot", "linalg.vecdot"), "Y", "Y", "", conjugates=True)
_enter_vector_product(("matvec",), "XY", "Y", "X", conjugates=False)
_enter_vector_product(("vecmat",), "Y", "YZ", "Z", conjugates=True)


@lowers(np.linalg.multi_dot)
def _multi_dot(builder: Builder, arrays: Sequence[ArrayLike]) -> Value:
    """One einsum of all; its evaluation finds the order that takes the fewest operations."""
    values = as_values(builder, arrays)
    n = len(values)
    if n < 2:
        raise TraceError("at least two arrays are needed")
    pairs = [LETTERS[i : i + 2] for i in range(n)]
    if values[0].ndim == 1:
        pairs[0] = pairs[0][1]
    if values[-1].ndim == 1:
        pairs[-1] = pairs[-1][0]
    if any(len(pair) != x.ndim for pair, x in zip(pairs, values, strict=True)):
        raise TraceError("matrices are expected, and vectors only at the ends")
    for a, b in pairwise(values):
        if a.shape[-1] != b.shape[0]:
            raise TraceError(f"shapes {a.shape} and {b.shape} do not fit")
    named = "".join(pairs)
    out = "".join([letter for letter in LETTERS[: n + 1] if named.count(letter) == 1])
    return contracted(values, pairs, out)


@lowers(np.kron)
def _kron(builder: Builder, a: ArrayLike, b: ArrayLike) -> Value:
    x, y = as_values(builder, [a, b])
    ndim = max(x.ndim, y.ndim)
    x, y = [reshaped(v, (1,) * (ndim - v.ndim) + v.shape) for v in (x, y)]
    left, right = LETTERS[:ndim], LETTERS[ndim : 2 * ndim]
    out = "".join([c for pair in zip(left, right, strict=True) for c in pair])
    product = contracted([x, y], [left, right], out)
    return reshaped(product, tuple([m * n for m, n in zip(x.shape, y.shape, strict=True)]))


# --- cross ---------------------------------------------------------------------------------------


@lowers(np.cross)
def _cross(
    builder: Builder,
    a: ArrayLike,
    b: ArrayLike,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Value:
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = as_values(builder, [a, b])
    if x.ndim == 0 or y.ndim == 0:
        raise TraceError("vectors of 3 elements are expected, not scalars")
    vectors = []
    for value, place in ((x, axisa), (y, axisb)):
        along = one_axis(place, value.ndim)
        order = [i for i in range(value.ndim) if i != along]
        vectors.append(permuted(value, (*order, along)))
        if value.shape[along] != 3:
            raise TraceError(
                f"vectors of 3 elements are expected, not of {value.shape[along]}; "
                "in the plane, write a[0] * b[1] - a[1] * b[0]"
            )
    u, v = common_dtype(vectors)
    next_, last = np.array([1, 2, 0]), np.array([2, 0, 1])

    def components(value: Value, which: Any) -> Value:
        return emit("take", value, which, axis=value.ndim - 1)

    positive = emit("multiply", components(u, next_), components(v, last))
    negative = emit("multiply", components(u, last), components(v, next_))
    result = emit("subtract", positive, negative)
    along = one_axis(axisc, result.ndim)
    order = list(range(result.ndim - 1))
    order.insert(along, result.ndim - 1)
    return permuted(result, order)


@lowers(*present("linalg.cross"))
def _linalg_cross(builder: Builder, x1: ArrayLike, x2: ArrayLike, *, axis: int = -1) -> Value:
    return _cross(builder, x1, x2, axis=axis)
