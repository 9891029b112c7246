"""Factorisations of stacks of real matrices: Cholesky, QR, eigenvalues, singular values.

An op has one result, so parts lie one above the other in one array. Rules of the derivatives:
Cholesky, Giles (2008) and Murray (2016); QR, Walter and Lehmann (2010); eigenvalues, Giles (2008);
singular values, Townsend (2016). The latter two divide by differences of values: derivatives of
vectors at equal values are NaN or infinite, since there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops import linalg_precise
from graphad.ops.arithmetic import reciprocal
from graphad.ops.joining import concatenate
from graphad.ops.kinks import mask, where
from graphad.ops.linalg import DOMINANT, DOMINANT_3, multiplications, triangular_solve
from graphad.ops.matrices import (
    above,
    as_column,
    as_row,
    below,
    check_matrix,
    contracted,
    mirrored,
    product,
    row,
    rows,
    square_type,
    stacked_batch,
    transposed,
)
from graphad.types import Type

TALL = ((3.0, -1.0), (-1.0, 1.0), (0.0, 0.5)), ((3.5, 1.0), (1.0, 1.5), (1.0, 1.0))
"""Bounds of 3 × 2 matrices of full rank with singular values that differ."""


def _stacked(*parts: Operand) -> Operand:
    return concatenate(*parts, axis=parts[0].ndim - 2)


def _costing(factor: int) -> Any:
    return lambda types, out, attrs: factor * multiplications(types, out, attrs)


# --- Cholesky ------------------------------------------------------------------------------------


def _cholesky_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``dL = L Φ(L⁻¹ dA L⁻ᵀ)``, Φ being the lower triangle with half of the diagonal."""
    tangent = tangents[0]
    if tangent is None:
        return None
    half = triangular_solve(out, mirrored(tangent), lower=True, transposed=False)
    inner = triangular_solve(out, transposed(half), lower=True, transposed=False)
    diagonal = mask(np.eye(out.shape[-1], dtype=bool), inner)
    return product(out, OPS["add"](below(inner, -1), diagonal * 0.5))


cholesky = OPS.enter(
    Op(
        "cholesky",
        square_type("cholesky", real=True),
        np.linalg.cholesky,
        jvp=_cholesky_jvp,
        batch=stacked_batch("cholesky"),
        cost=lambda types, out, attrs: multiplications(types, out, attrs) // 3,
        precise=linalg_precise.cholesky,
        analytic=False,
        samples=(
            Sample(((1, 1),), ((0.5, 2.0),)),
            Sample(((2, 2),), (DOMINANT,)),
            Sample(((3, 3),), (DOMINANT_3,)),
        ),
        identity="L such that A = L Lᵀ, of the lower triangle of A",
    )
)

# --- QR ------------------------------------------------------------------------------------------


def _qr_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    (x,) = types
    check_matrix("qr", x, real=True)
    m, n = x.shape[-2:]
    if m < n:
        raise TypeRuleError(f"qr takes a matrix with no more columns than rows, not {x}")
    return x.with_shape((*x.shape[:-2], m + n, n))


def _qr_evaluate(x: Array) -> Array:
    q, r = np.linalg.qr(x)
    return np.concatenate([q, np.swapaxes(r, -1, -2)], axis=-2)


def _qr_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``dR = Qᵀ dA - Ω R`` and ``dQ = C - Q (QᵀC - Ω)`` with C = dA R⁻¹.

    Ω is antisymmetric with the strictly lower triangle of QᵀC (Walter and Lehmann, 2010).
    """
    tangent = tangents[0]
    if tangent is None:
        return None
    m, n = args[0].shape[-2:]
    q, flipped = rows(out, 0, m), rows(out, m, m + n)
    moved = triangular_solve(flipped, transposed(tangent), lower=True, transposed=False)
    inner = product(transposed(q), transposed(moved))
    lower = below(inner, -1)
    omega = OPS["subtract"](lower, transposed(lower))
    if m == n:  # Q Qᵀ = I, and what is left of dQ is Q Ω
        dq = product(q, omega)
    else:
        upper = OPS["add"](above(inner), transposed(lower))
        dq = OPS["subtract"](transposed(moved), product(q, upper))
    turned = OPS["add"](product(transposed(tangent), q), product(flipped, omega))
    return _stacked(dq, below(turned))


qr = OPS.enter(
    Op(
        "qr",
        _qr_infer,
        _qr_evaluate,
        jvp=_qr_jvp,
        batch=stacked_batch("qr"),
        cost=_costing(4),
        precise=linalg_precise.qr,
        analytic=False,
        samples=(
            Sample(((1, 1),), ((0.5, 2.0),)),
            Sample(((2, 1),), ((0.5, 2.0),)),
            Sample(((2, 2),), (DOMINANT,)),
            Sample(((3, 2),), (TALL,)),
        ),
        identity="Q and Rᵀ, one above the other, such that A = Q R",
    )
)

# --- eigenvalues ---------------------------------------------------------------------------------


def _divided(differences: Operand) -> Operand:
    """Return 1 / differences off the diagonal, and zeros on it, in whatever mode."""
    diagonal = np.eye(differences.shape[-1], dtype=bool)
    return mask(~diagonal, reciprocal(where(diagonal, 1.0, differences)))


def _eigh_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    (x,) = types
    check_matrix("eigh", x, square=True, real=True)
    return x.with_shape((*x.shape[:-2], x.shape[-1] + 1, x.shape[-1]))


def _eigh_evaluate(x: Array) -> Array:
    w, v = np.linalg.eigh(x)
    return np.concatenate([w[..., None, :], v], axis=-2)


def _eigh_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``dw = diag T`` and ``dV = V (F ∘ T)`` with T = Vᵀ dA V and F_ij = 1 / (w_j - w_i)."""
    tangent = tangents[0]
    if tangent is None:
        return None
    n = out.shape[-1]
    w, v = row(out, 0), rows(out, 1, n + 1)
    inner = product(transposed(v), mirrored(tangent), v)
    factors = _divided(OPS["subtract"](as_row(w), as_column(w)))
    moved = product(v, OPS["multiply"](factors, inner))
    return _stacked(as_row(contracted("ii->i", inner)), moved)


eigh: Op = OPS.enter(
    Op(
        "eigh",
        _eigh_infer,
        _eigh_evaluate,
        jvp=_eigh_jvp,
        batch=stacked_batch("eigh"),
        cost=_costing(9),
        precise=linalg_precise.eigh,
        analytic=False,
        samples=(
            Sample(((1, 1),), ((0.5, 2.0),)),
            Sample(((2, 2),), ((((2.0, 0.5), (0.5, 4.0)), ((3.0, 1.0), (1.0, 5.0))),)),
            Sample(((3, 3),), (DOMINANT_3,)),
        ),
        identity="eigenvalues of a symmetric matrix, of its lower triangle, above the eigenvectors",
    )
)


def _eigvalsh_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    check_matrix("eigvalsh", types[0], square=True, real=True)
    return types[0].with_shape(types[0].shape[:-1])


def _eigvalsh_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``dw_i = v_iᵀ dA v_i``: nothing is divided by, so equal eigenvalues do no harm."""
    tangent = tangents[0]
    if tangent is None:
        return None
    v = rows(eigh(args[0]), 1, out.shape[-1] + 1)
    return contracted("ji,jk,ki->i", v, mirrored(tangent), v)


eigvalsh = OPS.enter(
    Op(
        "eigvalsh",
        _eigvalsh_infer,
        np.linalg.eigvalsh,
        jvp=_eigvalsh_jvp,
        batch=stacked_batch("eigvalsh"),
        cost=_costing(3),
        precise=linalg_precise.eigvalsh,
        analytic=False,
        samples=(
            Sample(((1, 1),), ((0.5, 2.0),)),
            Sample(((2, 2),), ((((2.0, 0.5), (0.5, 4.0)), ((3.0, 1.0), (1.0, 5.0))),)),
            Sample(((3, 3),), (DOMINANT_3,)),
        ),
        identity="eigenvalues of a symmetric matrix, of its lower triangle",
    )
)

# --- singular values -----------------------------------------------------------------------------


def _svd_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    (x,) = types
    check_matrix("svd", x, real=True)
    m, n = x.shape[-2:]
    return x.with_shape((*x.shape[:-2], m + 1 + n, min(m, n)))


def _svd_evaluate(x: Array) -> Array:
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([u, s[..., None, :], np.swapaxes(vh, -1, -2)], axis=-2)


def svd_parts(packed: Operand, m: int, n: int) -> tuple[Operand, Operand, Operand]:
    """Return the left vectors, the singular values and the right vectors, as columns."""
    return rows(packed, 0, m), row(packed, m), rows(packed, m + 1, m + 1 + n)


def _svd_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``ds = diag P``, ``dU = U (F ∘ (P S + S Pᵀ)) + (I - U Uᵀ) dA V S⁻¹``, and so for V.

    P = Uᵀ dA V and F_ij = 1 / (s_j² - s_i²) (Townsend, 2016).
    """
    tangent = tangents[0]
    if tangent is None:
        return None
    m, n = args[0].shape[-2:]
    u, s, v = svd_parts(out, m, n)
    inner = product(transposed(u), tangent, v)
    gap = OPS["subtract"](as_row(s), as_column(s))
    factors = _divided(OPS["multiply"](gap, OPS["add"](as_row(s), as_column(s))))
    right, left = OPS["multiply"](inner, as_row(s)), OPS["multiply"](as_column(s), inner)

    def symmetric(x: Operand, y: Operand) -> Operand:
        return OPS["multiply"](factors, OPS["add"](x, transposed(y)))

    du = product(u, symmetric(right, right))
    dv = product(v, symmetric(left, left))
    if m > n:
        du = OPS["add"](du, _outside(u, product(tangent, v), s))
    elif m < n:
        dv = OPS["add"](dv, _outside(v, product(transposed(tangent), u), s))
    return _stacked(du, as_row(contracted("ii->i", inner)), dv)


def _outside(basis: Operand, moved: Operand, s: Operand) -> Operand:
    """Return what of `moved` is orthogonal to a basis, divided by the singular values."""
    inside = product(basis, product(transposed(basis), moved))
    return OPS["divide"](OPS["subtract"](moved, inside), as_row(s))


svd: Op = OPS.enter(
    Op(
        "svd",
        _svd_infer,
        _svd_evaluate,
        jvp=_svd_jvp,
        batch=stacked_batch("svd"),
        cost=_costing(20),
        precise=linalg_precise.svd,
        analytic=False,
        samples=(
            Sample(((1, 1),), ((0.5, 2.0),)),
            Sample(((2, 2),), ((((2.0, 0.5), (0.5, 4.0)), ((3.0, 1.0), (1.0, 5.0))),)),
            Sample(((3, 2),), (TALL,)),
        ),
        identity="left vectors, singular values, and right vectors, as columns one above the other",
    )
)


def _svdvals_infer(types: Sequence[Type], attrs: Attrs) -> Type:
    (x,) = types
    check_matrix("svdvals", x, real=True)
    return x.with_shape((*x.shape[:-2], min(x.shape[-2:])))


def _svdvals_jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """``ds_i = u_iᵀ dA v_i``: nothing is divided by."""
    tangent = tangents[0]
    if tangent is None:
        return None
    u, _, v = svd_parts(svd(args[0]), *args[0].shape[-2:])
    return contracted("ji,jk,ki->i", u, tangent, v)


svdvals = OPS.enter(
    Op(
        "svdvals",
        _svdvals_infer,
        lambda x: np.linalg.svd(x, compute_uv=False),
        jvp=_svdvals_jvp,
        batch=stacked_batch("svdvals"),
        cost=_costing(4),
        precise=linalg_precise.svdvals,
        analytic=False,
        samples=(
            Sample(((1, 1),), ((0.5, 2.0),)),
            Sample(((2, 2),), ((((2.0, 0.5), (0.5, 4.0)), ((3.0, 1.0), (1.0, 5.0))),)),
            Sample(((3, 2),), (TALL,)),
        ),
        identity="singular values, from the largest down",
    )
)

__all__ = ["cholesky", "eigh", "eigvalsh", "qr", "svd", "svdvals"]
