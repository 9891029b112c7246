"""Determinants and cofactors of stacks of square matrices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from graphad.constant import Span
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops import linalg_precise
from graphad.ops.factories import reshape_to
from graphad.ops.gather import take
from graphad.ops.linalg import DOMINANT, DOMINANT_3, inverse, multiplications
from graphad.ops.matrices import (
    check_matrix,
    contracted,
    product,
    square_type,
    stacked_batch,
    transposed,
)
from graphad.ops.movement import permute
from graphad.ops.slicing import full_span, place
from graphad.types import Type

SMALL = 6
"""Cofactors of matrices up to this size are differentiated as the polynomials that they are."""

# --- determinant ---------------------------------------------------------------------------------


def _det_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    check_matrix("det", types[0], square=True)
    return types[0].with_shape(types[0].shape[:-2])


def _det_evaluate(x: Array) -> Array:
    if x.shape[-1] == 2:  # exact for matrices of few digits, unlike elimination
        return np.asarray(x[..., 0, 0] * x[..., 1, 1] - x[..., 0, 1] * x[..., 1, 0])
    return np.asarray(np.linalg.det(x))


def _det_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """Jacobi's formula, ``d det A = Σ C_ij dA_ij`` with cofactors C: right at any matrix."""
    tangent = tangents[0]
    if tangent is None:
        return None
    return contracted("ij,ij->", cofactor(args[0]), tangent)


def _factored(types: Sequence[Type], out: Type, attrs: Attrs) -> int:
    return 2 * multiplications(types, out, attrs) // 3


det = OPS.enter(
    Op(
        "det",
        _det_infer,
        _det_evaluate,
        jvp=_det_jvp,
        batch=stacked_batch("det"),
        cost=_factored,
        precise=linalg_precise.det,
        samples=(
            Sample(((2, 1, 1),)),
            Sample(((2, 2),)),
            Sample(((3, 3),)),
        ),
        identity="determinant of square matrices",
    )
)

# --- cofactors -----------------------------------------------------------------------------------


def _cofactor_evaluate(x: Array) -> Array:
    n = x.shape[-1]
    if n <= 1:
        return np.ones_like(x)
    if n <= 3:
        return _small_cofactors(x)
    u, s, vh = np.linalg.svd(x)
    before = np.cumprod(np.concatenate([np.ones_like(s[..., :1]), s[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([np.ones_like(s[..., :1]), s[..., :0:-1]], -1), -1)
    others = before * after[..., ::-1]
    turn = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    made = turn * ((u.conj() * others[..., None, :]) @ vh.conj())
    return np.asarray(made, dtype=x.dtype)


def _small_cofactors(x: Array) -> Array:
    made = np.empty_like(x)
    if x.shape[-1] == 2:
        made[..., 0, 0], made[..., 0, 1] = x[..., 1, 1], -x[..., 1, 0]
        made[..., 1, 0], made[..., 1, 1] = -x[..., 0, 1], x[..., 0, 0]
        return made
    for i in range(3):  # rows are cross products of the two others
        made[..., i, :] = np.cross(x[..., (i + 1) % 3, :], x[..., (i + 2) % 3, :])
    return made


def _cofactor_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """Derivatives of cofactors C: up to `SMALL` rows by minors, else by the inverse.

    ``dC_ij = ± Σ cofactor(M_ij)_kl (dM_ij)_kl`` with M_ij being A without row i and column j; or
    ``dC = Σ (C dA) A⁻ᵀ - C dAᵀ A⁻ᵀ``, for which A must not be singular.
    """
    tangent, n = tangents[0], out.shape[-1]
    if tangent is None or n <= 1:
        return None
    if n > SMALL:
        inverted = transposed(inverse(args[0]))
        scale = contracted("ij,ij->", out, tangent)
        moved = product(out, transposed(tangent), inverted)
        return OPS["subtract"](contracted(",ij->ij", scale, inverted), moved)
    if n == 2:
        derived = _minors(tangent)
        unsigned = reshape_to(derived, out.shape)
    else:
        unsigned = contracted("klij,klij->kl", cofactor(_minors(args[0])), _minors(tangent))
    i, j = np.indices((n, n))
    odd = (i + j) % 2 == 1
    return OPS["where"](odd, -unsigned, unsigned)


def _minors(x: Operand) -> Operand:
    """Return the matrices without row i and column j, as an array (…, i, j, n - 1, n - 1)."""
    n, depth = x.shape[-1], x.ndim - 2
    kept = np.array([[k for k in range(n) if k != i] for i in range(n)], dtype=np.int64)
    taken = take(take(x, kept, axis=depth + 1), kept, axis=depth)
    lead = tuple(range(depth))
    return permute(taken, (*lead, depth, depth + 2, depth + 1, depth + 3))


cofactor: Op = OPS.enter(
    Op(
        "cofactor",
        square_type("cofactor"),
        _cofactor_evaluate,
        jvp=_cofactor_jvp,
        batch=stacked_batch("cofactor"),
        cost=lambda types, out, attrs: 8 * multiplications(types, out, attrs),
        precise=linalg_precise.cofactor,
        samples=(
            Sample(((2, 1, 1),)),
            Sample(((2, 2),)),
            Sample(((3, 3),)),
        ),
        identity="cofactors, the derivatives of the determinant by each element (Stewart, 1998)",
    )
)

# --- sign and logarithm --------------------------------------------------------------------------


def _slogdet_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    check_matrix("slogdet", types[0], square=True, real=True)
    return types[0].with_shape((*types[0].shape[:-2], 2))


def _slogdet_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``d log|det A| = tr(A⁻¹ dA)``; the sign does not move."""
    tangent = tangents[0]
    if tangent is None:
        return None
    moved = contracted("ij,ji->", inverse(args[0]), tangent)
    spans = (*map(full_span, moved.shape), Span(1, 2, 1))
    return place(reshape_to(moved, (*moved.shape, 1)), spans=spans, shape=out.shape)


slogdet = OPS.enter(
    Op(
        "slogdet",
        _slogdet_infer,
        lambda x: np.stack(np.linalg.slogdet(x), axis=-1),
        jvp=_slogdet_jvp,
        batch=stacked_batch("slogdet"),
        cost=lambda types, out, attrs: _factored(types, out, attrs) + prod(out.shape),
        precise=linalg_precise.slogdet,
        analytic=False,
        samples=(
            Sample(((2, 1, 1),), ((-2.0, -0.5),)),
            Sample(((2, 2),), (DOMINANT,)),
            Sample(((3, 3),), (DOMINANT_3,)),
        ),
        identity="sign of the determinant and logarithm of its size, side by side",
    )
)

__all__ = ["cofactor", "det", "slogdet"]
