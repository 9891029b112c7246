"""Series of ops without a recurrence: orders of an op whose derivative is written with itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from graphad.builder import Builder, Value
from graphad.evaluate import evaluate
from graphad.op import Array, Attrs, Op, Operand
from graphad.ops import OPS
from graphad.passes.series import Expansion
from graphad.types import Type

ORDER = 5


def matvec(matrix: Operand, vector: Operand) -> Operand:
    """The product of a matrix and a vector."""
    return OPS["sum"](matrix * vector, axes=(1,))


def jvp_of_solve(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``A dx = db - dA x``."""
    matrix, _ = args
    moved, right = tangents
    if moved is not None:
        part = -matvec(moved, out)
        right = part if right is None else right + part
    return None if right is None else SOLVE(matrix, right)


def evaluate_solve(matrix: Array, right: Array) -> Array:
    """NumPy's."""
    return np.asarray(np.linalg.solve(matrix, right))


SOLVE = Op(
    "solve_here",
    lambda types, attrs: types[1],
    evaluate_solve,
    arity=2,
    jvp=jvp_of_solve,
)
A = np.array([[3.0, 1.0], [0.5, 2.0]])
DA = np.array([[0.2, -0.4], [0.1, 0.3]])
B, DB = np.array([1.0, -2.0]), np.array([0.5, 0.25])


def series_of_solve(moving: str, curved: bool) -> list[Any]:
    """Coefficients of the solution for ``A + t·DA`` and ``b + t·DB``, or t² for t."""
    builder = Builder()
    expansion = Expansion(builder, ORDER)
    given: list[Any] = []
    for name, start, slope in (("A", A, DA), ("b", B, DB)):
        value = builder.input(name, Type(start.shape, np.dtype(float)))
        if name not in moving:
            given.append(expansion.constant(value))
            continue
        along = builder.constant(slope)
        order = 2 if curved else 1
        rule = lambda k, along=along, order=order: along if k == order else None  # noqa: E731
        given.append(expansion.series(value, rule))
    made = given[0].emit(SOLVE, tuple(given), ())
    expansion.expand(ORDER)
    parts = [part for part in made.coefficients if part is not None]
    values = iter(np.atleast_2d(evaluate(builder.finish("f", [stacked(parts)]), [A, B])))
    return [np.zeros(2) if part is None else next(values) for part in made.coefficients]


def stacked(parts: Sequence[Value]) -> Operand:
    """Coefficients as rows."""
    rows = [OPS["reshape"](part, shape=(1, 2)) for part in parts]
    return rows[0].emit(OPS["concatenate"], tuple(rows), (0,))


@pytest.mark.parametrize("moving", ["A", "b", "Ab"])
@pytest.mark.parametrize("curved", [False, True])
def test_coefficients(moving: str, curved: bool) -> None:
    """``Σ A_j x_{k-j} = b_k`` holds for every order."""
    step = 2 if curved else 1
    found = series_of_solve(moving, curved)
    known: list[Any] = []
    for k in range(ORDER + 1):
        right = B if k == 0 else DB * (k == step and "b" in moving)
        if k >= step and "A" in moving:
            right = right - DA @ known[k - step]
        known.append(np.linalg.solve(A, right))
    assert len(found) == ORDER + 1
    for part, wanted in zip(found, known, strict=True):
        np.testing.assert_allclose(part, wanted, rtol=1e-13, atol=1e-15)


def test_constants_stay() -> None:
    """Nothing moves if no operand does."""
    builder = Builder()
    expansion = Expansion(builder, 2)
    matrix, right = (expansion.constant(builder.constant(part)) for part in (A, B))
    made = matrix.emit(SOLVE, (matrix, right), ())
    expansion.expand(2)
    assert made.is_constant
    assert len(made.coefficients) == 1
