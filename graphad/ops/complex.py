"""Parts and conjugates of complex numbers: linear over the real numbers, not over the complex ones.

A function of real inputs goes through them to any order and in every mode. Cotangents pair with
tangents as ``Re(ct·t)``, without conjugation, so that ops that are complex linear keep the
transposes that they have for holomorphic functions. By a complex input they have no derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphad.errors import TypeRuleError
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import elementwise_batch
from graphad.ops.movement import cast
from graphad.types import DTYPE_NAMES, DType, Type, make_type


def real_dtype(dtype: DType) -> DType:
    """Return the dtype of the parts of complex numbers; a real dtype itself.

    Examples
    --------
    >>> real_dtype(np.dtype(np.complex64))
    dtype('float32')
    """
    return np.empty(0, dtype).real.dtype


def _part_type(name: str) -> Callable[[Sequence[Type], Attrs], Type]:
    def infer(types: Sequence[Type], attrs: Attrs) -> Type:
        operand = types[0]
        if not operand.is_inexact:
            raise TypeRuleError(f"{name} is of floating-point numbers, not of {operand}")
        return make_type(operand.shape, real_dtype(operand.dtype))

    return infer


def _conjugate_type(types: Sequence[Type], attrs: Attrs) -> Type:
    if not types[0].is_inexact:
        raise TypeRuleError(f"conjugate is of floating-point numbers, not of {types[0]}")
    return types[0]


def _entered(
    name: str,
    infer: Callable[[Sequence[Type], Attrs], Type],
    evaluate: Callable[..., Array],
    back: Callable[[Operand, Type], Operand | None],
    precise: Callable[..., Any],
    identity: str,
    ufunc: np.ufunc | None = None,
) -> Op:
    def jvp(
        out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
    ) -> Operand | None:
        return None if tangents[0] is None else OPS[name](tangents[0])

    return OPS.enter(
        Op(
            name,
            infer,
            evaluate,
            jvp=jvp,
            transpose=lambda ct, args, types, attrs: (back(ct, types[0]),),
            batch=elementwise_batch(name),
            cost=lambda types, out, attrs: 0,
            precise=precise,
            ufunc=ufunc,
            elementwise=True,
            analytic=False,
            samples=(Sample(((),)), Sample(((3,),))),
            identity=identity,
        )
    )


def _as(ct: Operand, type: Type) -> Operand:
    """Return a real cotangent in the dtype of an operand."""
    return ct if ct.type.dtype == type.dtype else cast(ct, dtype=DTYPE_NAMES[type.dtype])


def _imag_transpose(ct: Operand, type: Type) -> Operand | None:
    return _as(ct, type) * complex(0.0, -1.0) if type.is_complex else None


real = _entered(
    "real",
    _part_type("real"),
    lambda x: x.real,
    _as,
    lambda mp, x: x.real,
    "real part",
)
imag = _entered(
    "imag",
    _part_type("imag"),
    lambda x: x.imag,
    _imag_transpose,
    lambda mp, x: x.imag,
    "imaginary part",
)
conjugate: Op = _entered(
    "conjugate",
    _conjugate_type,
    np.conjugate,
    lambda ct, type: conjugate(ct),
    lambda mp, x: mp.conj(x),
    "the same real part, the other imaginary part",
    np.conjugate,
)
