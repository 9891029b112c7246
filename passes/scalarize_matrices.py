"""Small matrices written out in scalars, where that is as accurate as LAPACK.

Cholesky's factorisation and substitution need no pivots. Equations of two unknowns are solved by
Cramer's rule, whose error is bounded as that of elimination is (Higham, 2002, section 1.10.1);
larger ones by elimination with partial pivoting, in which rows are exchanged by selections. A
determinant is the polynomial that it is, so its derivatives are right at singular matrices. What is
singular gives infinities and NaN: scalars raise nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from graphad.builder import Builder, Value
from graphad.op import Array, Attrs, Op
from graphad.ops import OPS

Scalar: TypeAlias = "Value | None"
"""``None`` is a structural zero."""

PIVOTED = 4
"""Most unknowns of equations that are eliminated with pivoting."""
SUBSTITUTED = 8
"""Most unknowns of triangular equations, and most rows of a matrix that Cholesky factorises."""
POLYNOMIAL = 3
"""Most rows of determinants and cofactors."""


def matrix_elements(
    builder: Builder, op: Op, operands: Sequence[Array], attrs: Attrs
) -> Array | None:
    """Return the elements of a function of matrices, in scalars.

    Parameters
    ----------
    builder : Builder
        Where scalars are emitted.
    op : Op
        Of stacks of matrices.
    operands : sequence of array
        Object arrays of values, ``None`` for structural zeros.
    attrs : tuple
        The op's.

    Returns
    -------
    array or None
        Of the shape of the op's result; ``None`` if the op has no such form, or the matrices are
        too large.
    """
    rule = RULES.get(op.name)
    if rule is None:
        return None
    function, largest = rule
    first = operands[0]
    if first.shape[-1] > largest or any(
        value is not None and value.type.is_complex for value in first.ravel()
    ):
        return None
    scalars = Scalars(builder)
    lead = first.shape[:-2]
    parts = [
        function(scalars, *[operand[index] for operand in operands], *attrs)
        for index in np.ndindex(lead)
    ]
    if not parts:
        return None
    made = np.empty((len(parts), *parts[0].shape), dtype=object)
    for i, one in enumerate(parts):
        made[i] = one[()]
    return made.reshape(lead + parts[0].shape)


class Scalars:
    """Arithmetic in which structural zeros make nothing."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    def emit(self, name: str, *values: Value | float) -> Value:
        """Emit an op."""
        made = OPS[name](*values)
        assert isinstance(made, Value)
        return made

    def sum(self, terms: Sequence[Scalar]) -> Scalar:
        """Return the sum of terms."""
        kept = [term for term in terms if term is not None]
        if len(kept) < 2:
            return kept[0] if kept else None
        return self.emit("add", *kept)

    def product(self, *factors: Scalar) -> Scalar:
        """Return the product of factors."""
        kept = [factor for factor in factors if factor is not None]
        return (
            reduce(lambda x, y: self.emit("multiply", x, y), kept)
            if len(kept) == len(factors)
            else None
        )

    def difference(self, left: Scalar, right: Scalar) -> Scalar:
        """Return left - right."""
        if right is None:
            return left
        return self.emit("negative", right) if left is None else self.emit("subtract", left, right)

    def quotient(self, left: Scalar, right: Scalar) -> Scalar:
        """Return left / right; where `right` is structurally zero, as numbers divide."""
        if left is None:
            return None
        return self.emit("divide", left, 0.0 if right is None else right)

    def number(self, value: Scalar, like: Value) -> Value:
        """Return a value, and of a structural zero the number."""
        if value is not None:
            return value
        return self.builder.constant(like.type.dtype.type(0))

    def one(self, like: Value) -> Value:
        """Return the number 1 in the dtype of a value."""
        return self.builder.constant(like.type.dtype.type(1))

    def some(self, matrix: Array) -> Value:
        """Return any value of a matrix, for its dtype."""
        for value in matrix.ravel():
            if value is not None:
                assert isinstance(value, Value)
                return value
        return self.builder.constant(0.0)


# --- triangles -----------------------------------------------------------------------------------


def _cholesky(s: Scalars, a: Array) -> Array:
    n = len(a)
    made = np.full((n, n), None, dtype=object)
    for j in range(n):
        squares = s.sum([s.product(made[j, k], made[j, k]) for k in range(j)])
        pivot = s.difference(a[j, j], squares)
        made[j, j] = None if pivot is None else s.emit("sqrt", pivot)
        for i in range(j + 1, n):
            inner = s.sum([s.product(made[i, k], made[j, k]) for k in range(j)])
            made[i, j] = s.quotient(s.difference(a[i, j], inner), made[j, j])
    return made


def _triangular(s: Scalars, a: Array, b: Array, lower: bool, flipped: bool) -> Array:
    if flipped:
        a, lower = a.T, not lower
    n = len(a)
    made = np.full(b.shape, None, dtype=object)
    order = range(n) if lower else range(n - 1, -1, -1)
    for column in range(b.shape[1]):
        for i in order:
            known = range(i) if lower else range(i + 1, n)
            inner = s.sum([s.product(a[i, j], made[j, column]) for j in known])
            made[i, column] = s.quotient(s.difference(b[i, column], inner), a[i, i])
    return made


# --- equations -----------------------------------------------------------------------------------


def _eliminated(s: Scalars, a: Array, b: Array) -> tuple[Array, Array, Scalar]:
    """Return the upper triangle, the right sides, and the sign of the exchanges of rows."""
    n = len(a)
    rows = np.concatenate([a, b], axis=1)
    sign: Scalar = s.one(s.some(a))
    for k in range(n):
        for i in range(k + 1, n):
            sign = _exchanged(s, rows, k, i, sign)
        for i in range(k + 1, n):
            if rows[i, k] is None:
                continue
            factor = s.quotient(rows[i, k], rows[k, k])
            for j in range(k + 1, rows.shape[1]):
                rows[i, j] = s.difference(rows[i, j], s.product(factor, rows[k, j]))
            rows[i, k] = None
    return rows[:, :n], rows[:, n:], sign


def _exchanged(s: Scalars, rows: Array, k: int, i: int, sign: Scalar) -> Scalar:
    """Exchange rows k and i from column k on if the pivot grows by it; return the new sign."""
    upper, lower = rows[k, k], rows[i, k]
    if lower is None:
        return sign
    assert sign is not None
    if upper is None:
        rows[[k, i]] = rows[[i, k]]
        return s.emit("negative", sign)
    grows = s.emit("greater", s.emit("absolute", lower), s.emit("absolute", upper))
    for j in range(k, rows.shape[1]):
        above, below = rows[k, j], rows[i, j]
        if above is not None or below is not None:
            above, below = s.number(above, upper), s.number(below, upper)
            rows[k, j] = s.emit("where", grows, below, above)
            rows[i, j] = s.emit("where", grows, above, below)
    return s.emit("where", grows, s.emit("negative", sign), sign)


def _solve(s: Scalars, a: Array, b: Array) -> Array:
    n = len(a)
    if n == 2:
        det = _det(s, a).item()
        made = np.full(b.shape, None, dtype=object)
        for j in range(b.shape[1]):
            top = s.difference(s.product(a[1, 1], b[0, j]), s.product(a[0, 1], b[1, j]))
            low = s.difference(s.product(a[0, 0], b[1, j]), s.product(a[1, 0], b[0, j]))
            made[0, j], made[1, j] = s.quotient(top, det), s.quotient(low, det)
        return made
    upper, right, _ = _eliminated(s, a, b)
    return _triangular(s, upper, right, False, False)


def _inverse(s: Scalars, a: Array) -> Array:
    n = len(a)
    eye = np.full((n, n), None, dtype=object)
    for i in range(n):
        eye[i, i] = s.one(s.some(a))
    return _solve(s, a, eye)


# --- determinants --------------------------------------------------------------------------------


def _scalar(value: Scalar) -> Array:
    made = np.empty((), dtype=object)
    made[()] = value
    return made


def _det(s: Scalars, a: Array) -> Array:
    cofactors = _cofactor(s, a)
    return _scalar(s.sum([s.product(a[0, j], cofactors[0, j]) for j in range(len(a))]))


def _cofactor(s: Scalars, a: Array) -> Array:
    n = len(a)
    made = np.full((n, n), None, dtype=object)
    if n == 1:
        made[0, 0] = s.one(s.some(a))
    elif n == 2:
        for i, j in np.ndindex(2, 2):
            value = a[1 - i, 1 - j]
            made[i, j] = value if i == j else s.difference(None, value)
    else:
        for i, j in np.ndindex(3, 3):
            p, q, r, t = (i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3
            made[i, j] = s.difference(s.product(a[p, r], a[q, t]), s.product(a[p, t], a[q, r]))
    return made


def _slogdet(s: Scalars, a: Array) -> Array:
    like = s.some(a)
    if len(a) == 0:
        return np.array([s.one(like), None], dtype=object)
    if len(a) == 2:
        pivots, sign = [_det(s, a).item()], s.one(like)
    else:
        upper, _, turned = _eliminated(s, a, np.empty((len(a), 0), dtype=object))
        pivots, sign = list(np.diagonal(upper)), s.number(turned, like)
    numbers = [s.number(pivot, like) for pivot in pivots]
    signs = [s.emit("sign", pivot) for pivot in numbers]
    sizes = [s.emit("log", s.emit("absolute", pivot)) for pivot in numbers]
    return np.array([s.product(sign, *signs), s.sum(sizes)], dtype=object)


RULES: dict[str, tuple[Callable[..., Any], int]] = {
    "cholesky": (_cholesky, SUBSTITUTED),
    "triangular_solve": (_triangular, SUBSTITUTED),
    "solve": (_solve, PIVOTED),
    "inverse": (_inverse, PIVOTED),
    "slogdet": (_slogdet, PIVOTED),
    "det": (_det, POLYNOMIAL),
    "cofactor": (_cofactor, POLYNOMIAL),
}
"""For each op, one matrix of it in scalars, and the most rows for which that is done."""
