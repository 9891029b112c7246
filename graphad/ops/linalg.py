"""Linear equations and inverses, of stacks of matrices.

Rules of the derivatives are those that Giles collected (2008, "An extended collection of matrix
derivative results for forward and reverse mode algorithmic differentiation"), and for the
pseudoinverse those of Golub and Pereyra (1973). Each is written with the ops themselves, so that
any order follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops import linalg_precise
from graphad.ops.factories import total
from graphad.ops.matrices import (
    above,
    below,
    check_matrix,
    product,
    solving_batch,
    square_type,
    stacked_batch,
    transposed,
)
from graphad.types import Type, common_dtype, make_type

BLOCK = 32
"""So many rows of a triangular system are solved one by one; the rest by products of matrices."""
DOMINANT = ((2.0, -1.0), (-1.0, 2.0)), ((3.0, 1.0), (1.0, 3.0))
"""Bounds of matrices in which the diagonal dominates, so that they are positive definite too."""
DOMINANT_3 = (
    ((3.0, -1.0, -1.0), (-1.0, 4.0, -1.0), (-1.0, -1.0, 5.0)),
    ((3.5, 1.0, 1.0), (1.0, 4.5, 1.0), (1.0, 1.0, 5.5)),
)


def multiplications(types: Sequence[Type], out: Type, attrs: Attrs) -> int:
    """The cost of an op on stacks of n × n matrices, about n³ each."""
    shape = types[0].shape
    return prod(shape[:-2]) * max(shape[-2:], default=0) * min(shape[-2:], default=0) ** 2


# --- inverse -------------------------------------------------------------------------------------


def _inverse_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``d(A⁻¹) = -A⁻¹ dA A⁻¹`` (Giles, 2008)."""
    tangent = tangents[0]
    return None if tangent is None else -product(out, tangent, out)


inverse = OPS.enter(
    Op(
        "inverse",
        square_type("inverse"),
        np.linalg.inv,
        jvp=_inverse_jvp,
        batch=stacked_batch("inverse"),
        cost=multiplications,
        precise=linalg_precise.inverse,
        samples=(
            Sample(((2, 1, 1),), ((0.5, 2.0),)),
            Sample(((2, 2),), (DOMINANT,)),
            Sample(((3, 3),), (DOMINANT_3,)),
        ),
        identity="inverse of square matrices",
    )
)

# --- equations -----------------------------------------------------------------------------------


def _solve_infer(name: str, types: Sequence[Type]) -> Type:
    matrix, right = types
    check_matrix(name, matrix, square=True)
    check_matrix(name, right)
    if matrix.shape[:-1] != right.shape[:-1]:
        raise TypeRuleError(f"{name}: {matrix} and {right} do not fit")
    return make_type(right.shape, common_dtype(types))


def _solve_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``dX = A⁻¹ (dB - dA X)`` (Giles, 2008)."""
    matrix, right = tangents
    terms = [] if right is None else [right]
    if matrix is not None:
        terms.append(-product(matrix, out))
    summed = total(terms)
    return None if summed is None else solve(args[0], summed)


def _solve_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    assert args[0] is not None
    return None, solve(transposed(args[0]), ct)


def _solve_cost(types: Sequence[Type], out: Type, attrs: Attrs) -> int:
    """A factorisation, 2/3 n³, and 2 n² for each column."""
    n = types[0].shape[-1]
    return prod(out.shape[:-2]) * (2 * n**3 // 3 + 2 * n * n * out.shape[-1])


solve: Op = OPS.enter(
    Op(
        "solve",
        lambda types, attrs: _solve_infer("solve", types),
        np.linalg.solve,
        arity=2,
        jvp=_solve_jvp,
        transpose=_solve_transpose,
        batch=solving_batch("solve"),
        cost=_solve_cost,
        precise=linalg_precise.solve,
        samples=(
            Sample(((1, 1), (1, 1)), ((0.5, 2.0), (-2.0, 2.0))),
            Sample(((2, 2), (2, 1)), (DOMINANT, (-2.0, 2.0))),
            Sample(((3, 3), (3, 2)), (DOMINANT_3, (-2.0, 2.0))),
        ),
        identity="X such that A X = B",
    )
)

# --- triangular equations ------------------------------------------------------------------------


def _substituted(matrix: Array, right: Array, lower: bool, flipped: bool) -> Array:
    """Solve by substitution, in blocks.

    Raises
    ------
    numpy.linalg.LinAlgError
        If there is a zero on the diagonal.
    """
    x = np.array(right, dtype=np.result_type(matrix, right))
    if x.size == 0:
        return x
    if np.any(np.diagonal(matrix, axis1=-2, axis2=-1) == 0):
        raise np.linalg.LinAlgError("Singular triangular matrix")
    if flipped:
        matrix, lower = np.swapaxes(matrix, -1, -2), not lower
    done = x if lower else x[..., ::-1, :]
    a = matrix if lower else matrix[..., ::-1, ::-1]
    n = a.shape[-1]
    for start in range(0, n, BLOCK):
        stop = min(n, start + BLOCK)
        for i in range(start, stop):
            if i > start:
                row = a[..., i : i + 1, start:i]
                done[..., i : i + 1, :] -= row @ done[..., start:i, :]
            done[..., i, :] /= a[..., i, i, None]
        if stop < n:
            done[..., stop:, :] -= a[..., stop:, start:stop] @ done[..., start:stop, :]
    return x


def _triangular_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``dX = L⁻¹ (dB - dL X)``, of dL the triangle alone."""
    lower, flipped = attrs
    matrix, right = tangents
    terms = [] if right is None else [right]
    if matrix is not None:
        read = below(matrix) if lower else above(matrix)
        terms.append(-product(transposed(read) if flipped else read, out))
    summed = total(terms)
    if summed is None:
        return None
    return triangular_solve(args[0], summed, lower=lower, transposed=flipped)


def _triangular_transpose(
    ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    lower, flipped = attrs
    assert args[0] is not None
    return None, triangular_solve(args[0], ct, lower=lower, transposed=not flipped)


triangular_solve: Op = OPS.enter(
    Op(
        "triangular_solve",
        lambda types, attrs: _solve_infer("triangular_solve", types),
        _substituted,
        attrs=("lower", "transposed"),
        arity=2,
        jvp=_triangular_jvp,
        transpose=_triangular_transpose,
        batch=solving_batch("triangular_solve"),
        cost=lambda types, out, attrs: out.size * out.shape[-2],
        precise=linalg_precise.triangular_solve,
        samples=(
            Sample(((1, 1), (1, 1)), ((0.5, 2.0), (-2.0, 2.0)), (True, True)),
            Sample(((2, 2), (2, 1)), (DOMINANT, (-2.0, 2.0)), (True, False)),
            Sample(((2, 2), (2, 1)), (DOMINANT, (-2.0, 2.0)), (False, False)),
            Sample(((3, 3), (3, 2)), (DOMINANT_3, (-2.0, 2.0)), (True, True)),
            Sample(((2, 2, 2), (2, 2, 1)), ((0.5, 2.0), (-2.0, 2.0)), (False, True)),
        ),
        identity="X such that L X = B, or Lᵀ X = B; of L one triangle is read",
    )
)

# --- pseudoinverse -------------------------------------------------------------------------------


def _pinv_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    (x,) = types
    check_matrix("pinv", x, real=True)
    return x.with_shape((*x.shape[:-2], x.shape[-1], x.shape[-2]))


def _pinv_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``dP = -P dA P + P Pᵀ dAᵀ (I - A P) + (I - P A) dAᵀ Pᵀ P``, where the rank stays.

    Golub and Pereyra (1973). Of a tall matrix of full rank I - P A is 0, of a wide one I - A P; the
    terms are kept where the rank may be lower.
    """
    tangent = tangents[0]
    if tangent is None:
        return None
    matrix, flipped = args[0], transposed(tangent)
    first = -product(out, tangent, out)
    left = product(out, transposed(out), flipped)
    right = product(flipped, transposed(out), out)
    terms = [first, left, -product(left, matrix, out), right, -product(out, matrix, right)]
    return total(terms)


def _pinv_cost(types: Sequence[Type], out: Type, attrs: Attrs) -> int:
    return 8 * multiplications(types, out, attrs)


pinv = OPS.enter(
    Op(
        "pinv",
        _pinv_infer,
        np.linalg.pinv,
        jvp=_pinv_jvp,
        batch=stacked_batch("pinv"),
        cost=_pinv_cost,
        precise=linalg_precise.pinv,
        analytic=False,
        samples=(
            Sample(((2, 1),), ((0.5, 2.0),)),
            Sample(((2, 2, 2),), (DOMINANT,)),
            Sample(((2, 3),), ((DOMINANT_3[0][:2], DOMINANT_3[1][:2]),)),
        ),
        identity="the pseudoinverse of Moore and Penrose",
    )
)


__all__: list[str] = ["inverse", "pinv", "solve", "triangular_solve"]
