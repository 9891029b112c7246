"""Functions of `scipy.linalg` that have a counterpart in NumPy, or solve with a factor.

A function is told by identity with what the module holds: SciPy is not imported for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from graphad.builder import Builder, Value
from graphad.errors import TraceError
from graphad.ops.matrices import mirrored
from graphad.tracing.lowering.coerce import as_value, constant_array, emit
from graphad.tracing.lowering.linalg import flipped, inexact, matrices, solved_for
from graphad.tracing.lowering.linalg_factors import cholesky_factor
from graphad.tracing.lowering.registry import (
    LOWERINGS,
    ArrayLike,
    Function,
    Lowering,
    bound_lowering,
)

_IGNORED = {"overwrite_a", "overwrite_b", "overwrite_ab", "check_finite"}
"""What makes no difference to a value of a graph."""
_TRANSPOSED = {0: False, "N": False, 1: True, "T": True}


def _flag(value: object, name: str) -> bool:
    array = constant_array(value)
    if array is None:
        raise TraceError(f"{name} must be fixed while tracing; it cannot depend on an input")
    return bool(array)


# --- equations -----------------------------------------------------------------------------------


def _solve(
    builder: Builder,
    a: ArrayLike,
    b: ArrayLike,
    lower: bool = False,
    *,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Value:
    left, right = matrices(builder, a, square=True), inexact(as_value(builder, b))
    below = _flag(lower, "lower")
    if assume_a == "pos":
        return _cho_solve(builder, (cholesky_factor(left, not below), below), right)
    if assume_a in ("sym", "symmetric", "her", "hermitian"):  # of which one triangle is read
        made = mirrored(left if below else flipped(left))
        assert isinstance(made, Value)
        return solved_for("solve", made, right)
    if assume_a not in (None, "gen", "general"):
        raise TraceError(f"assume_a={assume_a!r} is not supported; leave it out")
    return solved_for("solve", flipped(left) if _flag(transposed, "transposed") else left, right)


def _solve_triangular(
    builder: Builder,
    a: ArrayLike,
    b: ArrayLike,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
) -> Value:
    if trans not in _TRANSPOSED:
        raise TraceError(f"trans={trans!r} is not supported; use 0 or 1")
    left = matrices(builder, a, square=True)
    if _flag(unit_diagonal, "unit_diagonal"):
        left = emit("where", np.eye(left.shape[-1], dtype=bool), 1.0, left)
    right = inexact(as_value(builder, b))
    below, turned = _flag(lower, "lower"), _TRANSPOSED[trans]
    return solved_for("triangular_solve", left, right, lower=below, transposed=turned)


# --- Cholesky ------------------------------------------------------------------------------------


def _cholesky(builder: Builder, a: ArrayLike, lower: bool = False) -> Value:
    return cholesky_factor(matrices(builder, a, square=True), not _flag(lower, "lower"))


def _cho_factor(builder: Builder, a: ArrayLike, lower: bool = False) -> Any:
    return _cholesky(builder, a, lower), _flag(lower, "lower")


def _cho_solve(builder: Builder, c_and_lower: Any, b: ArrayLike) -> Value:
    factor, lower = c_and_lower
    below = _flag(lower, "lower")
    left, right = matrices(builder, factor, square=True), inexact(as_value(builder, b))
    first = solved_for("triangular_solve", left, right, lower=below, transposed=not below)
    return solved_for("triangular_solve", left, first, lower=below, transposed=below)


# --- values --------------------------------------------------------------------------------------


def _eigh(
    builder: Builder,
    a: ArrayLike,
    b: ArrayLike | None = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
) -> Any:
    if b is not None:
        raise TraceError("two matrices are not supported; factorise b by np.linalg.cholesky first")
    value = matrices(builder, a, square=True)
    value = value if _flag(lower, "lower") else flipped(value)
    if _flag(eigvals_only, "eigvals_only"):
        return emit("eigvalsh", value)
    raise TraceError(
        "eigenvectors have other signs than NumPy's; use np.linalg.eigh, or pass eigvals_only=True"
    )


def _eigvalsh(
    builder: Builder, a: ArrayLike, b: ArrayLike | None = None, *, lower: bool = True
) -> Any:
    return _eigh(builder, a, b, lower=lower, eigvals_only=True)


def _plain(name: str) -> Callable[..., Any]:
    """Return NumPy's function of one matrix."""
    same = LOWERINGS[getattr(np.linalg, name)]

    def one(builder: Builder, a: ArrayLike) -> Any:
        return same(builder, a)

    return one


def _svd(
    builder: Builder, a: ArrayLike, full_matrices: bool = True, compute_uv: bool = True
) -> Any:
    made = LOWERINGS[np.linalg.svd](builder, a, full_matrices, compute_uv)
    return tuple(made) if isinstance(made, tuple) else made


def _svdvals(builder: Builder, a: ArrayLike) -> Value:
    return emit("svdvals", matrices(builder, a))


def _norm(
    builder: Builder, a: ArrayLike, ord: Any = None, axis: Any = None, keepdims: bool = False
) -> Value:
    made: Value = LOWERINGS[np.linalg.norm](builder, a, ord, axis, keepdims)
    return made


SCIPY_LINALG: dict[str, Callable[..., Any]] = {
    "solve": _solve,
    "solve_triangular": _solve_triangular,
    "cholesky": _cholesky,
    "cho_factor": _cho_factor,
    "cho_solve": _cho_solve,
    "eigh": _eigh,
    "eigvalsh": _eigvalsh,
    "inv": _plain("inv"),
    "det": _plain("det"),
    "pinv": _plain("pinv"),
    "svd": _svd,
    "svdvals": _svdvals,
    "norm": _norm,
}
"""Lowerings by the name in `scipy.linalg`."""


@lru_cache(maxsize=64)
def scipy_linalg_lowering(function: Function) -> Lowering | None:
    """Return the lowering of a function of `scipy.linalg`; ``None`` for any other.

    Parameters
    ----------
    function : callable
        What a traced function calls.
    """
    name = getattr(function, "__name__", "")
    if name not in SCIPY_LINALG:
        return None
    if getattr(sys.modules.get("scipy.linalg"), name, None) is not function:
        return None
    bound = bound_lowering(f"scipy.linalg.{name}", SCIPY_LINALG[name])

    def lowering(builder: Builder, *args: Any, **kwargs: Any) -> Any:
        return bound(builder, *args, **{k: v for k, v in kwargs.items() if k not in _IGNORED})

    return lowering
