"""The discrete Fourier transform along one axis.

The matrix of the transform is symmetric, whatever its scale, so that each op is its own transpose:
the cotangent of ``ct·(F t)`` is ``F ct``, without conjugation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.complex import real
from graphad.ops.movement import cast
from graphad.types import DTYPE_NAMES, Type, make_type

NORMS = ("backward", "ortho", "forward")
"""Which transform is divided by n: the inverse, both by its root, the forward one."""


def _transform_type(name: str) -> Callable[[Sequence[Type], Attrs], Type]:
    def infer(types: Sequence[Type], attrs: Attrs) -> Type:
        operand = types[0]
        axis, norm = attrs
        if norm not in NORMS:
            raise TypeRuleError(f"{name} has the norms {', '.join(NORMS)}, not {norm!r}")
        if not operand.is_inexact:
            raise TypeRuleError(f"{name} is of floating-point numbers, not of {operand}")
        if not 0 <= axis < operand.ndim:
            raise TypeRuleError(f"{operand} has no axis {axis} to transform along")
        if operand.shape[axis] < 1:
            raise TypeRuleError(f"{name} needs at least one element along axis {axis} of {operand}")
        return make_type(operand.shape, np.result_type(operand.dtype, np.complex64))

    return infer


def operations(types: Sequence[Type], out: Type, attrs: Attrs) -> int:
    """Return the cost of a fast transform: 5 n log₂ n for each row of n (Cooley and Tukey, 1965).

    That is what is commonly counted, in real operations, and half of it for real numbers.
    """
    n = out.shape[attrs[0]]
    rows = out.size // n
    return rows * round((5.0 if types[0].is_complex else 2.5) * n * np.log2(n)) if n > 1 else 0


def _sums(sign: int) -> Callable[..., Array]:
    """The transform in mpmath's numbers, by its definition."""

    def precise(mp: Any, x: Array, axis: int, norm: str) -> Array:
        n = x.shape[axis]
        roots = [mp.expjpi(mp.mpf(sign * 2 * k) / n) for k in range(n)]
        matrix = np.array([[roots[j * k % n] for j in range(n)] for k in range(n)], dtype=object)
        divided = norm == ("forward" if sign < 0 else "backward")
        scale = mp.mpf(n) if divided else mp.sqrt(n) if norm == "ortho" else mp.mpf(1)
        made: Array = np.moveaxis(np.tensordot(matrix, x, axes=(1, axis)), 0, axis) / scale
        return made

    return precise


def _entered(name: str, function: Callable[..., Array], sign: int, identity: str) -> Op:
    def apply(x: Operand, axis: int, norm: str) -> Operand:
        return OPS[name](x, axis=axis, norm=norm)

    def jvp(
        out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
    ) -> Operand | None:
        return None if tangents[0] is None else apply(tangents[0], *attrs)

    def transpose(
        ct: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
    ) -> Sequence[Operand | None]:
        made = apply(ct, *attrs)
        if not types[0].is_complex:
            made = real(made)
        if made.type.dtype != types[0].dtype:
            made = cast(made, dtype=DTYPE_NAMES[types[0].dtype])
        return (made,)

    def batch(
        lead: tuple[int, ...], args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
    ) -> Operand:
        axis, norm = attrs
        return apply(args[0], axis + len(lead), norm)

    return OPS.enter(
        Op(
            name,
            _transform_type(name),
            lambda x, axis, norm: function(x, axis=axis, norm=norm),
            attrs=("axis", "norm"),
            jvp=jvp,
            transpose=transpose,
            batch=batch,
            cost=operations,
            precise=_sums(sign),
            samples=(
                Sample(((4,),), attrs=(0, "backward")),
                Sample(((3, 2),), attrs=(0, "ortho")),
                Sample(((2, 5),), attrs=(1, "forward")),
                Sample(((1,),), attrs=(0, "backward")),
            ),
            identity=identity,
        )
    )


fft = _entered("fft", np.fft.fft, -1, "Σ_j x_j exp(-2πi jk/n) along an axis")
ifft = _entered("ifft", np.fft.ifft, 1, "Σ_j x_j exp(2πi jk/n) / n along an axis")
