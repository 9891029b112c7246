"""Supports, affine forms, tops and frontiers of small graphs, known by hand."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.builder import Builder, copy_nodes
from graphad.op import OPS
from graphad.passes.structure import Structure, cone
from tests.passes.algebra import algebra
from tests.passes.graphs import typed


def made() -> tuple[Any, ...]:
    """Return a builder, three variables, a parameter, and the structure of what they make."""
    b = Builder()
    x, y, z, p = [b.input(name, typed("f64[]")) for name in "xyzp"]
    return b, x, y, z, p, Structure(b, [x.node, y.node, z.node])


def test_supports() -> None:
    """A node moves with the variables below it; parameters and conditions do not move."""
    _, x, y, z, p, structure = made()
    assert structure.support((x * y + p).node) == 0b011
    assert structure.support(OPS["sin"](p).node) == 0
    assert structure.support(OPS["where"](OPS["greater"](z, 0.0), x, 1.0).node) == 0b001


@pytest.mark.parametrize(
    ("function", "form"),
    [
        (lambda x, y, p: x, {0: 1.0}),
        (lambda x, y, p: 2.0 * x - y / 4.0 + p, {0: 2.0, 1: -0.25}),
        (lambda x, y, p: x + x, {0: 2.0}),
        (lambda x, y, p: x - x, {0: 0.0}),
        (lambda x, y, p: -(x + p * p), {0: -1.0}),
        (lambda x, y, p: OPS["multiply"](3.0, x, 0.5), {0: 1.5}),
        (lambda x, y, p: p * 2.0, {}),
        (lambda x, y, p: 1e200 * (1e-200 * x), {0: 1e200 * 1e-200}),
        (lambda x, y, p: p * x, None),
        (lambda x, y, p: x * y, None),
        (lambda x, y, p: 2.0 / x, None),
        (lambda x, y, p: x / 0.0, None),
    ],
)
def test_affine_forms(function: Any, form: Any) -> None:
    """Coefficients by variable; what a parameter multiplies, or a 0 divides, is not affine."""
    _, x, y, _, p, structure = made()
    assert structure.affine(function(x, y, p).node) == form


def test_tops() -> None:
    """All ways to a node run through its top, parameters aside; itself if there is no other."""
    _, x, y, _, p, structure = made()
    q = x * y
    assert structure.top((OPS["exp"](q) * p + OPS["sin"](q)).node) is q.node
    assert structure.top((q + x).node) is (q + x).node
    assert structure.top(OPS["exp"](2.0 * x).node) is x.node
    huge = 1e200 * q
    assert structure.top(OPS["exp"](huge).node) is huge.node


def test_waists() -> None:
    """A frontier of affine nodes is a waist if it is narrower than the support."""
    _, x, y, z, _, structure = made()
    d, e = x - y, y - z
    node = (OPS["sin"](d * e) + 2.0 * d * e).node
    assert structure.waist(node) == (d.node, e.node)
    assert structure.waist(OPS["sin"](d * x).node) is None
    tiny = 1e200 * (1e-200 * x + 1e-200 * y)
    assert structure.waist(OPS["exp"](tiny).node) == (tiny.node,)


def test_nodes_that_come_later() -> None:
    """Facts are found for nodes that are added after others were asked for."""
    _, x, y, _, _, structure = made()
    assert structure.support((x * y).node) == 0b011
    assert structure.top(OPS["tanh"](x * y).node) is (x * y).node


@given(graph=algebra(steps=14, scalars=True), data=st.data())
@settings(max_examples=80)
def test_tops_are_dominators(graph: Any, data: st.DataObject) -> None:
    """Each top is the last of the immediate dominators that networkx finds below a node."""
    b = Builder()
    fresh = copy_nodes(b, graph)
    variables = [fresh[node.id] for node in graph.inputs]
    structure = Structure(b, variables)
    node = fresh[data.draw(st.sampled_from(graph.outputs)).id]
    if not structure.support(node):
        return
    ways = nx.DiGraph()
    for item in cone(b, [node], []):
        if item in variables:
            ways.add_edge(-1, item.id)
        for operand in item.inputs:
            if structure.support(operand):
                ways.add_edge(operand.id, item.id)
    parents = dict(nx.immediate_dominators(ways, -1))
    chain = [node.id]
    while parents.get(chain[-1], -1) not in (-1, chain[-1]):
        chain.append(parents[chain[-1]])
    top = structure.top(node)
    assert top.id in chain
    scaled = [item for item in cone(b, [node], []) if structure.scale(item) is not None]
    if all(abs(structure.scale(item) or 0) > 0 for item in scaled):
        assert top.id == chain[-1]


def test_cone() -> None:
    """A cone ends at its stops; operands stand first."""
    b, x, y, _, _, _ = made()
    q = x * y
    node = OPS["exp"](q) + y
    found = cone(b, [node.node], [q.node])
    assert [item.op.name for item in found] == ["input", "exp", "add"]
    assert cone(b, [q.node], [q.node]) == []
    assert np.all(np.diff([item.id for item in found]) > 0)
