"""Layouts: each form holds the same derivative."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import graphad as ga
from graphad.errors import DerivativeError

POINT = np.array([0.7, -0.4, 0.9])


def f(x: Any) -> Any:
    """Return a function whose derivatives have zeros, equal entries and opposite ones."""
    return np.sin(x[0] - x[1]) + x[1] * x[2]


def rows(x: Any) -> Any:
    """Return two rows."""
    return np.stack([x[0] * x[1] ** 2, np.exp(x[2])])


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("function", [f, rows])
@pytest.mark.parametrize("layout", ["packed", "distinct"])
def test_unpack(layout: str, function: Any, order: int) -> None:
    """What packed and distinct plans give unpacks to the dense derivative, batches too."""
    dense = ga.trace(function, POINT).diff(order=order)
    plan = dense.plan(layout=layout)
    np.testing.assert_allclose(plan.unpack(plan(POINT)), dense(POINT), rtol=1e-14)
    batch = np.stack([POINT, 2 * POINT])
    np.testing.assert_allclose(plan.unpack(plan(batch)), dense(batch), rtol=1e-13)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("function", [f, rows])
def test_coo(function: Any, order: int) -> None:
    """The sparse array is the dense one, with an element for each that is no structural zero."""
    dense = ga.trace(function, POINT).diff(order=order)
    found = dense.plan(layout="coo")(POINT)
    assert isinstance(found, sparse.coo_array)
    expected = dense(POINT)
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-14)
    assert found.nnz == np.count_nonzero(expected)


def test_csr() -> None:
    """A Hessian and a Jacobian come as SciPy's row-wise matrices."""
    for function, order in ((f, 2), (rows, 1)):
        dense = ga.trace(function, POINT).diff(order=order)
        found = dense.plan(layout="csr")(POINT)
        assert isinstance(found, sparse.csr_array)
        np.testing.assert_allclose(found.toarray(), dense(POINT), rtol=1e-14)


def test_packed_order() -> None:
    """Packed entries are in lexicographic order of sorted multi-indices, along the last axis."""
    plan = ga.trace(rows, POINT).diff(order=2).plan(layout="packed")
    a, b, c = POINT
    expected = [[0, 2 * b, 0, 2 * a, 0, 0], [0, 0, 0, 0, 0, np.exp(c)]]
    np.testing.assert_allclose(plan(POINT), expected, rtol=1e-15)


def test_distinct_values() -> None:
    """Each value is there once, up to its sign, and the map says where packed entries are."""
    plan = ga.trace(f, POINT).diff(order=2).plan(layout="distinct")
    position, sign = plan.index_map
    values = plan(POINT)
    np.testing.assert_allclose(values, [np.sin(1.1), 1.0], rtol=1e-15)
    assert sign.tolist() == [-1, 1, 0, -1, 1, 0]
    np.testing.assert_array_equal(
        (sign * values[position])[[0, 1, 3, 4]], [-values[0], values[0], -values[0], 1.0]
    )


def test_large_dense_arrays_are_gathered() -> None:
    """A dense array of many elements is one gather from the values that differ."""
    x = np.linspace(0.1, 1.7, 17)
    dense = ga.trace(lambda x: np.sum(np.sin(x) ** 3) + x[0] * x[1] * x[2], x).diff(order=3)
    plan = dense.plan(mode="compose")
    assert plan.graph.outputs[0].op.name == "take"
    np.testing.assert_allclose(plan(x), dense(x), rtol=1e-12, atol=1e-13)


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SciPy a sparse layout is a pair of values and coordinates."""
    monkeypatch.setitem(sys.modules, "scipy", None)
    values, (i, j) = ga.trace(f, POINT).diff(order=2).plan(layout="coo")(POINT)
    dense = np.zeros((3, 3))
    dense[i, j] = values
    np.testing.assert_allclose(dense, ga.trace(f, POINT).diff(order=2)(POINT), rtol=1e-14)


def test_numbers_have_no_axes() -> None:
    """The sparse form of a number is its value, or nothing if it is a structural zero."""
    first, second = ga.trace(lambda x, y: x**2 + 0 * y).diff().plan(layout="coo")(3.0, 1.0)
    assert (first[0].tolist(), first[1]) == ([6.0], ())
    assert second[0].tolist() == []


@pytest.mark.parametrize(
    ("order", "options", "message"),
    [
        (2, {"layout": "sparse"}, "there is no layout 'sparse'; layouts: dense, packed, distinct"),
        (
            3,
            {"layout": "csr"},
            r'"csr" is for matrices, and the derivative has the shape \(3, 3, 3',
        ),
        (2, {"layout": "packed", "entries": [(0, 0)]}, 'layout="packed" does not apply'),
    ],
)
def test_refusals(order: int, options: dict[str, Any], message: str) -> None:
    """Layouts that do not fit are refused with what to use instead."""
    with pytest.raises(DerivativeError, match=message):
        ga.trace(f, POINT).diff(order=order).plan(**options)


def test_mixed_blocks_are_not_packed() -> None:
    """A block by two different inputs has no packed form."""
    block = ga.trace(lambda x, y: x * y).diff("x").diff("y")
    with pytest.raises(
        DerivativeError, match='"packed" is that of a derivative by the same inputs'
    ):
        block.plan(layout="packed")
    values, _ = block.plan(layout="coo")(2.0, 3.0)
    assert values.tolist() == [1.0]


def test_unpack_is_for_packed_layouts() -> None:
    """Dense plans have nothing to unpack, and only distinct ones have an index map."""
    plan = ga.trace(f, POINT).diff(order=2).plan()
    with pytest.raises(DerivativeError, match='unpack is for the layouts "packed" and "distinct"'):
        plan.unpack(plan(POINT))
    with pytest.raises(DerivativeError, match='only the layout "distinct" has an index map'):
        _ = plan.index_map


def test_sparse_layouts_take_one_point() -> None:
    """A batch in a sparse layout is refused with what to ask for."""
    plan = ga.trace(f, POINT).diff(order=2).plan(layout="coo")
    with pytest.raises(
        DerivativeError, match=r'"coo" takes one point at a time.*ask for "packed" or "distinct"'
    ):
        plan(np.stack([POINT, POINT]))
