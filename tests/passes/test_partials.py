"""Partials of single ops and their Bell polynomials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphad.builder import Value
from graphad.evaluate import precise
from graphad.op import OPS
from graphad.passes.local import Lean
from graphad.passes.partials import Partials, Shapes
from tests.passes.graphs import typed


def built(function: Callable[..., Any], order: int) -> tuple[Lean, Partials]:
    """Return the partials of the node that a function of x and y makes."""
    b = Lean()
    x, y = b.input("x", typed("f64[]")), b.input("y", typed("f64[]"))
    return b, Shapes(order).of(function(x, y).node, b)


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda x, y: x * y, [(0,), (0, 1), (1,)]),
        (lambda x, y: OPS["multiply"](x, x, y), [(0,), (0, 0), (0, 0, 1), (0, 1), (1,)]),
        (lambda x, y: x - y, [(0,), (1,)]),
        (lambda x, y: x * 3.0, [(0,)]),
        (lambda x, y: x / y, [(0,), (0, 1), (0, 1, 1), (1,), (1, 1), (1, 1, 1)]),
        (lambda x, y: x**2, [(0,), (0, 0)]),
        (lambda x, y: OPS["floor"](x), []),
    ],
)
def test_partials_that_are_not_zero(function: Callable[..., Any], wanted: list[Any]) -> None:
    """Partials stand by sorted multi-indices of distinct operands, structural zeros left out."""
    _, partials = built(function, 3)
    assert sorted(partials.powers(1)) == wanted


@pytest.mark.parametrize(
    ("count", "length", "wanted"),
    [(1, 4, 2.0), (2, 2, 4.0), (2, 3, 12.0), (2, 4, 28.0), (3, 4, 48.0), (4, 4, 16.0)],
)
def test_bell_polynomials(count: int, length: int, wanted: float) -> None:
    """Where all derivatives of φ are 2, B is a Stirling number times a power of 2."""
    b, partials = built(lambda x, y: OPS["exp"](x), 4)
    node = partials.power(count, (0,) * length)
    graph = b.finish("bell", [Value(b, node)])
    assert float(precise(graph, [np.log(2.0), 0.0])[0]) == pytest.approx(wanted, rel=1e-15)


def test_mixed_bell_polynomials() -> None:
    """For a product, ∂²/∂x∂y of its square over 2 has a term for each way to part {x, y}."""
    b, partials = built(lambda x, y: x * y, 4)
    wanted = [(0, 0), (0, 0, 1), (0, 0, 1, 1), (0, 1), (0, 1, 1), (1, 1)]
    assert sorted(partials.powers(2)) == wanted
    made = [partials.power(2, beta) for beta in ((0, 0), (0, 1), (0, 0, 1), (0, 0, 1, 1))]
    graph = b.finish("bell", [Value(b, node) for node in made])
    # With φ = xy, φ_x = y, φ_y = x, φ_xy = 1: y², xy, 2y and 2 (the pairs {xy, xy}).
    assert [float(value) for value in precise(graph, [3.0, 5.0])] == [25.0, 15.0, 10.0, 2.0]


def test_partials_of_an_op_are_derived_once() -> None:
    """Nodes of the same op and pattern of operands share their partials; others do not."""
    b = Lean()
    x, y = b.input("x", typed("f64[]")), b.input("y", typed("f64[]"))
    shapes = Shapes(2)
    first, second = shapes.of((x * y).node, b), shapes.of((y * OPS["exp"](x)).node, b)
    assert first.shape is second.shape
    assert shapes.of(OPS["multiply"](x, x).node, b).shape is not first.shape
    assert shapes.of((x * 2.0).node, b).shape is not shapes.of((x * 3.0).node, b).shape
