"""Types: shapes and dtypes, and what they are promoted and broadcast to."""

from __future__ import annotations

import numpy as np
import pytest

from graphad.errors import TypeRuleError
from graphad.types import (
    DTYPE_NAMES,
    DTYPES_BY_NAME,
    FLOAT64,
    Type,
    broadcast_shapes,
    common_dtype,
    make_type,
)

F64, F32, I64 = (np.dtype(name) for name in ("float64", "float32", "int64"))


@pytest.mark.parametrize("dtype", DTYPE_NAMES, ids=str)
def test_every_dtype_has_a_name_of_its_own(dtype: np.dtype) -> None:
    """A dtype prints by its short name, and is found by it."""
    name = DTYPE_NAMES[dtype]
    assert DTYPES_BY_NAME[name] == dtype
    assert str(make_type((2, 3), dtype)) == f"{name}[2,3]"
    assert str(make_type((), dtype)) == f"{name}[]"


def test_properties_of_a_type() -> None:
    """A type knows its axes, its elements and whether it carries derivatives."""
    matrix = make_type((2, 3), F64)
    assert (matrix.ndim, matrix.size) == (2, 6)
    assert (FLOAT64.ndim, FLOAT64.size) == (0, 1)
    assert make_type((0, 3), F64).size == 0
    assert matrix.with_shape((6,)) == make_type((6,), F64)


@pytest.mark.parametrize(
    ("name", "inexact", "is_complex"),
    [("f64", True, False), ("c64", True, True), ("i32", False, False), ("bool", False, False)],
)
def test_only_inexact_values_carry_derivatives(name: str, inexact: bool, is_complex: bool) -> None:
    """Floating-point and complex types are inexact, integers and booleans are not."""
    type = make_type((), DTYPES_BY_NAME[name])
    assert (type.is_inexact, type.is_complex) == (inexact, is_complex)


@pytest.mark.parametrize("dtype", ["U3", "O", "float16", "datetime64[s]", "longdouble"])
def test_foreign_dtypes_are_refused(dtype: str) -> None:
    """The message names the dtype, and the dtypes to use instead."""
    with pytest.raises(TypeRuleError, match=r"cannot be in a graph; use one of float64, .*uint64"):
        make_type((), np.dtype(dtype))


def test_types_are_values() -> None:
    """Types of the same shape and dtype are equal and hash alike; mostly they are one object."""
    assert make_type((2,), F64) is make_type((2,), F64)
    assert Type((2,), F64) == make_type((2,), F64)
    assert hash(Type((2,), F64)) == hash(make_type((2,), F64))
    assert make_type((2,), F64) != make_type((2,), F32)
    with pytest.raises(AttributeError):
        FLOAT64.shape = (1,)  # type: ignore[misc]


@pytest.mark.parametrize(
    "shapes",
    [((),), ((), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((4, 1, 3), (2, 1), ()), ((0,), (1,))],
    ids=str,
)
def test_broadcasting_is_that_of_numpy(shapes: tuple[tuple[int, ...], ...]) -> None:
    """Shapes broadcast as NumPy's do."""
    assert broadcast_shapes(shapes) == np.broadcast_shapes(*shapes)
    assert broadcast_shapes(shapes[::-1]) == np.broadcast_shapes(*shapes)


def test_shapes_that_do_not_broadcast() -> None:
    """The message names the shapes."""
    with pytest.raises(TypeRuleError, match=r"shapes \(2,\) and \(3,\) do not broadcast together"):
        broadcast_shapes(((2,), (3,)))


def test_common_dtype_is_that_of_numpy() -> None:
    """Promotion is NumPy's, in any order."""
    types = [make_type((), dtype) for dtype in (I64, F32)]
    assert common_dtype(types) == common_dtype(types[::-1]) == F64
    assert common_dtype([make_type((), F32)] * 3) == F32
