"""The recurrence against a loop, at zeros, infinities and in both modes."""

from __future__ import annotations

import numpy as np
import pytest

import graphad as ga
from graphad.builder import Builder
from graphad.errors import TypeRuleError
from graphad.op import OPS, Array
from graphad.types import make_type

F64 = np.dtype(float)


def loop(a: Array, b: Array) -> Array:
    """Return the recurrence along the first axis."""
    made = [b[0]]
    for t in range(1, len(b)):
        made.append(a[t] * made[-1] + b[t])
    return np.array(made)


@pytest.mark.parametrize("shape", [(1,), (7,), (7, 2), (5, 20), (3, 0)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
@pytest.mark.parametrize("sparse", [False, True])
def test_evaluation(shape: tuple[int, ...], dtype: type, sparse: bool) -> None:
    """Few rows, many, none; with and without terms: each step is rounded as in the loop."""
    generator = np.random.default_rng(3)
    a, b = (generator.normal(size=shape).astype(dtype) for _ in range(2))
    if sparse:
        b[1:] = 0
    found = OPS["recurrence"].evaluate(a, b, 0)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, loop(a, b).reshape(shape))
    turned = OPS["recurrence"].evaluate(
        np.moveaxis(a, 0, -1), np.moveaxis(b, 0, -1), len(shape) - 1
    )
    np.testing.assert_array_equal(np.moveaxis(turned, -1, 0), found)


def test_of_no_elements() -> None:
    """A recurrence of no steps is empty."""
    assert OPS["recurrence"].evaluate(np.zeros((0, 2)), np.zeros((0, 2)), 0).shape == (0, 2)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_products_with_zeros(mode: str) -> None:
    """Derivatives of a running product are products of the others, also where some are 0."""
    graph = ga.trace(lambda x: np.cumprod(x)[-1], np.ones(4))
    point = np.array([2.0, 0.0, 0.0, 5.0])
    np.testing.assert_array_equal(graph.diff(mode=mode)(point), np.zeros(4))
    hessian = np.zeros((4, 4))
    hessian[1, 2] = hessian[2, 1] = 10.0
    np.testing.assert_array_equal(graph.diff(mode=mode, order=2)(point), hessian)


def test_overflow_stays_where_it_is() -> None:
    """What is infinite in a product does not make NaN of what was before it."""
    point = np.array([1.0, 1e200, 1e200, 0.5])
    found = ga.trace(np.cumprod, np.ones(4))(point)
    np.testing.assert_array_equal(found, [1.0, 1e200, np.inf, np.inf])


@pytest.mark.parametrize(
    ("dtypes", "shapes", "axis", "message"),
    [
        ((F64, F64), ((3,), (2,)), 0, r"no recurrence of f64\[3\] and f64\[2\] along axis 0"),
        ((F64, F64), ((3,), (3,)), 1, "along axis 1"),
        ((np.dtype(bool),) * 2, ((3,), (3,)), 0, "a recurrence of booleans needs a cast"),
    ],
)
def test_type_rule(
    dtypes: tuple[np.dtype, ...], shapes: tuple[tuple[int, ...], ...], axis: int, message: str
) -> None:
    """Operands are of one shape and dtype, and numbers."""
    builder = Builder()
    a, b = (
        builder.input(name, make_type(shape, dtype))
        for name, shape, dtype in zip("ab", shapes, dtypes, strict=True)
    )
    with pytest.raises(TypeRuleError, match=message):
        OPS["recurrence"](a, b, axis=axis)
