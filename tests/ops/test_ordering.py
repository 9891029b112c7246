"""Ops that give positions: ties, NaN, batches, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.builder import Builder
from graphad.errors import PassError, TypeRuleError
from graphad.op import OPS
from graphad.passes import scalarize
from graphad.types import make_type

F64 = np.dtype(float)


def emitted(name: str, *shapes: tuple[int, ...], **attrs: Any) -> Any:
    """Return an op on inputs of these shapes."""
    builder = Builder()
    inputs = [builder.input(f"x{i}", make_type(shape, F64)) for i, shape in enumerate(shapes)]
    return OPS[name](*inputs, **attrs)


@pytest.mark.parametrize("n", [0, 1, 5, 40])
def test_partition_order(n: int) -> None:
    """The elements at these positions are those that np.partition gives, in its order."""
    x = np.random.default_rng(n).integers(0, 6, (3, n)).astype(float)
    kth = tuple(range(0, n, 3))
    if kth:
        order = OPS["partition_order"].evaluate(x, kth, 1)
        found = np.take_along_axis(x, order, 1)
        np.testing.assert_array_equal(found, np.partition(x, kth, axis=1))
        assert sorted(order[0].tolist()) == list(range(n))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_search(side: Any, lead: tuple[int, ...]) -> None:
    """Rows that belong together are searched for each other's values."""
    generator = np.random.default_rng(1)
    a = np.sort(generator.integers(0, 5, (*lead, 4)).astype(float))
    v = generator.integers(0, 5, (*lead, 2, 3)).astype(float)
    found = OPS["searchsorted"].evaluate(a, v, side, len(lead))
    assert found.shape == v.shape
    for at in np.ndindex(lead):
        np.testing.assert_array_equal(found[at], np.searchsorted(a[at], v[at], side))


def test_wrapped_index() -> None:
    """Negative indices count from the end; those out of range are refused."""
    wrapped = OPS["wrapped_index"].evaluate
    assert wrapped(np.array([0, -1, 2]), 3).tolist() == [0, 2, 2]
    assert wrapped(np.zeros((0,), int), 0).tolist() == []
    with pytest.raises(IndexError, match="index -4 is out of bounds for an axis of size 3"):
        wrapped(np.array([1, -4]), 3)


@pytest.mark.parametrize(
    ("name", "shapes", "attrs", "message"),
    [
        ("argsort", [(3,)], {"axis": 1}, r"f64\[3\] has no axis 1 to sort along"),
        ("argmax", [(3,)], {"axis": 2}, r"f64\[3\] has no axis 2 to search along"),
        ("argmin", [(2, 0)], {"axis": 1}, "no largest or smallest element along axis 1"),
        ("argpartition", [(3,)], {"kth": (3,), "axis": 0}, r"there is no \(3,\) among 3"),
        ("partition_order", [(3,)], {"kth": (), "axis": 0}, r"there is no \(\) among 3"),
        ("searchsorted", [(2, 3), (4,)], {"side": "left", "depth": 1}, "cannot be searched for"),
        ("searchsorted", [(3,), ()], {"side": "top", "depth": 0}, "is not 'left' or 'right'"),
    ],
)
def test_type_rules(name: str, shapes: Any, attrs: Any, message: str) -> None:
    """Operands that do not fit are refused with their types."""
    with pytest.raises(TypeRuleError, match=message):
        emitted(name, *shapes, **attrs)


def test_scalars_are_refused() -> None:
    """An order has no form in scalars; derivatives are planned at array grain then."""
    graph = ga.trace(lambda x: np.sum(np.sort(x) ** 2 * np.arange(3.0)), np.ones(3))
    with pytest.raises(PassError, match="is not made of scalars by adding and multiplying"):
        scalarize(graph)
    point = np.array([3.0, 1.0, 2.0])
    np.testing.assert_allclose(graph.diff(order=2).plan()(point), np.diag([4.0, 0.0, 2.0]))
    np.testing.assert_allclose(graph.diff().compile()(point), [12.0, 0.0, 4.0])


def test_batches_of_orders() -> None:
    """Each member of a batch has its own order."""
    graph = ga.trace(lambda x: np.sort(x, axis=0)[0] * x[np.argmax(x[:, 1]), 0], np.ones((3, 2)))
    batch = np.random.default_rng(2).normal(size=(4, 3, 2))
    wanted = [np.sort(x, axis=0)[0] * x[np.argmax(x[:, 1]), 0] for x in batch]
    np.testing.assert_allclose(graph(batch), wanted)
