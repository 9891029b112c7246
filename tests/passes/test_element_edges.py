"""Edges between elements, against what happens to results when one element is changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphad.builder import Builder
from graphad.errors import DerivativeError
from graphad.ir import Graph, Node
from graphad.op import OPS, Array, Op, Sample
from graphad.passes.element_edges import carrying, contraction_places, element_edges
from graphad.types import make_type

CASES = [
    (name, position)
    for name, op in OPS.items()
    for position in range(len(op.samples))
    if op.arity != 0
]
EXACT = ("add", "subtract", "negative", "sum", "cumsum", "scatter_add", "einsum", "exp", "multiply")


def sampled(op: Op, sample: Sample) -> tuple[Node, list[Array]]:
    """Return a node of a sample, with constants where the sample has them, and its operands."""
    draw = np.random.default_rng(3)
    domains = sample.domains * len(sample.shapes) if len(sample.domains) == 1 else sample.domains
    builder = Builder()
    arrays, nodes = [], []
    for i, (shape, (low, high)) in enumerate(zip(sample.shapes, domains, strict=True)):
        if i in sample.constants:
            arrays.append(sample.constants[i])
            nodes.append(builder.constant(sample.constants[i]).node)
        else:
            arrays.append(np.asarray(draw.uniform(low, high, shape)))
            nodes.append(builder.input(f"x{i}", make_type(shape, np.dtype(float))).node)
    return builder.emit(op, tuple(nodes), sample.attrs), arrays


@pytest.mark.parametrize(("name", "position"), CASES)
def test_edges_of_every_op(name: str, position: int) -> None:
    """No result changes with an element that it has no edge to; for linear ops, edges are exact."""
    op = OPS[name]
    node, arrays = sampled(op, op.samples[position])
    edges = element_edges(node)
    assert list(edges) == carrying(node)
    before = np.asarray(op.evaluate(*arrays, *node.attrs)).ravel()
    for i, edge in edges.items():
        size = node.inputs[i].type.size
        out, source = edge.written(node.type.size, size)
        found = set(zip(out.tolist(), source.tolist(), strict=True))
        changed = set()
        for at in range(size):
            moved = [np.array(x) for x in arrays]
            moved[i].reshape(-1)[at] += 0.125
            after = np.asarray(op.evaluate(*moved, *node.attrs)).ravel()
            changed |= {(int(k), at) for k in np.flatnonzero(after != before)}
        assert changed <= found
        if op.structural or name in EXACT:
            assert changed == found


@pytest.mark.parametrize("name", ["floor", "less", "sign"])
def test_what_carries_no_derivative(name: str) -> None:
    """Jumps and conditions have no edges."""
    op = OPS[name]
    node, _ = sampled(op, op.samples[1])
    assert element_edges(node) == {}


def test_zeroth_power() -> None:
    """A power of 0 depends on nothing."""
    x = Builder().input("x", make_type((3,), np.dtype(float)))
    node: Any = OPS["integer_power"](x, exponent=0)
    assert element_edges(node.node) == {}


def test_contraction_places() -> None:
    """Elements that an einsum multiplies are listed with where the product goes."""
    builder = Builder()
    a = builder.input("a", make_type((2, 2), np.dtype(float)))
    b = builder.input("b", make_type((2,), np.dtype(float)))
    node: Any = OPS["einsum"](a, b, spec="ij,j->i")
    out, (left, right) = contraction_places(node.node, (0, 1))
    found = sorted(zip(out.tolist(), left.tolist(), right.tolist(), strict=True))
    assert found == [(0, 0, 0), (0, 1, 1), (1, 2, 0), (1, 3, 1)]


def computed_take() -> Graph:
    """Return a graph that takes at indices it is given."""
    builder = Builder()
    x = builder.input("x", make_type((3,), np.dtype(float)))
    k = builder.input("k", make_type((2,), np.dtype(np.int64)))
    return builder.finish("f", [OPS["take"](x, k, axis=0)])


def test_computed_indices_are_refused() -> None:
    """Indices that are not known make no pattern, and the message says what to do."""
    (node,) = computed_take().outputs
    with pytest.raises(DerivativeError, match=r"indices of .*take.* are computed, .*fixed arrays"):
        element_edges(node)


def test_unknown_ops_are_refused() -> None:
    """An op that no rule is for is not guessed at."""
    op = Op("mystery", lambda types, attrs: types[0], lambda x: x, jvp=OPS["sum"].jvp)
    builder = Builder()
    x = builder.input("x", make_type((3,), np.dtype(float)))
    node = builder.emit(op, (x.node,), ())
    with pytest.raises(DerivativeError, match=r"mystery.* is not known; derive it at scalar grain"):
        element_edges(node)
