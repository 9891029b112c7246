"""The type of a value in a graph: a shape and a dtype."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, TypeAlias

import numpy as np

from graphad.errors import TypeRuleError

DType: TypeAlias = np.dtype[Any]

DTYPE_NAMES: dict[DType, str] = {
    np.dtype(np.float64): "f64",
    np.dtype(np.float32): "f32",
    np.dtype(np.complex128): "c128",
    np.dtype(np.complex64): "c64",
    np.dtype(np.bool_): "bool",
    np.dtype(np.int8): "i8",
    np.dtype(np.int16): "i16",
    np.dtype(np.int32): "i32",
    np.dtype(np.int64): "i64",
    np.dtype(np.uint8): "u8",
    np.dtype(np.uint16): "u16",
    np.dtype(np.uint32): "u32",
    np.dtype(np.uint64): "u64",
}
DTYPES_BY_NAME: dict[str, DType] = {name: dtype for dtype, name in DTYPE_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Type:
    """Shape and dtype of an array value; a scalar has the shape ``()``.

    Parameters
    ----------
    shape : tuple of int
        Lengths of the axes.
    dtype : numpy.dtype
        One of the dtypes in `DTYPE_NAMES`.

    Examples
    --------
    >>> str(Type((3, 4), np.dtype(np.float64)))
    'f64[3,4]'
    """

    shape: tuple[int, ...]
    dtype: DType

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def is_inexact(self) -> bool:
        """Whether values are floating point, real or complex, so that they carry derivatives."""
        return self.dtype.kind in "fc"

    @property
    def is_complex(self) -> bool:
        """Whether values are complex."""
        return self.dtype.kind == "c"

    def with_shape(self, shape: tuple[int, ...]) -> Type:
        """Return the type of the same dtype and another shape."""
        return make_type(shape, self.dtype)

    def __str__(self) -> str:
        return f"{DTYPE_NAMES[self.dtype]}[{','.join(map(str, self.shape))}]"


@lru_cache(maxsize=4096)
def make_type(shape: tuple[int, ...], dtype: DType) -> Type:
    """Return the `Type` of a shape and a dtype; equal arguments mostly give the same object.

    Raises
    ------
    TypeRuleError
        If the dtype is not one that graphs hold (strings, objects, long doubles).
    """
    if dtype not in DTYPE_NAMES:
        raise TypeRuleError(
            f"values of dtype {dtype} cannot be in a graph; "
            f"use one of {', '.join(str(d) for d in DTYPE_NAMES)}"
        )
    return Type(shape, dtype)


FLOAT64 = make_type((), np.dtype(np.float64))
"""The type of a real scalar in double precision."""


def common_dtype(types: Iterable[Type]) -> DType:
    """Return the dtype that NumPy promotes values of these types to."""
    return np.result_type(*sorted({t.dtype for t in types}, key=str))


def broadcast_shapes(shapes: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """Return the shape that NumPy broadcasts these shapes to.

    Raises
    ------
    TypeRuleError
        If the shapes do not broadcast.
    """
    first = shapes[0]
    if all(shape == first or shape == () for shape in shapes):
        return first
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(str(shape) for shape in shapes)
        raise TypeRuleError(f"shapes {listed} do not broadcast together") from None
