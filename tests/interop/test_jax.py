"""Functions of JAX that graphs are written as give what the interpreter gives."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import graphad as ga
from graphad.interop.jax import RULES, jax_function, without_rule
from graphad.ir import Graph
from graphad.op import OPS
from tests.interop.cases import (
    DERIVATIVES,
    EDGES,
    SUBJECTS,
    assert_same,
    derivative,
    drawn,
    expected_values,
    graph_of,
    graph_of_sample,
    point_of_sample,
)
from tests.strategies import arguments, graphs

jax = pytest.importorskip("jax")
_NO_BESSEL = "JAX has no Bessel functions but I of order 0 and 1"
WITHOUT: dict[str, str] = {
    **dict.fromkeys(["bessel_j", "bessel_y", "bessel_k", "bessel_ke"], _NO_BESSEL),
    **dict.fromkeys(["jv", "yv", "iv", "kv", "ive", "kve"], _NO_BESSEL),
    **dict.fromkeys([f"spherical_{kind}n" for kind in "jyik"], _NO_BESSEL),
    "dawsn": "JAX has no Dawson function",
    "erfcx": "JAX has no scaled error function",
    "erfi": "JAX has no imaginary error function",
    "hurwitz_zeta": "JAX does not derive the zeta function by its first argument",
    "lambertw": "JAX has no Lambert function",
    "lambertw_plus_one": "JAX has no Lambert function",
    "riemann_zeta": "JAX does not derive the zeta function by its first argument",
}
"""Ops that JAX has no form of, and why."""
ORDERS = {"argpartition", "partition_order"}
"""Ops whose order within the parts is anything; JAX sorts all."""


PRECISION: dict[str, float] = {}
"""What JAX computes to fewer than 12 digits."""


@pytest.fixture(autouse=True)
def _double() -> Any:
    """Let JAX compute in double precision."""
    with jax.enable_x64(True):
        yield


def ran(graph: Graph, args: Any) -> Any:
    """Return what the function of a graph gives, compiled by JAX."""
    return jax.tree.map(np.asarray, jax.jit(jax_function(graph))(*args))


def test_every_op_has_a_rule() -> None:
    """Each op of the registry is written, or is among the exceptions, each with a reason."""
    assert set(OPS) - {"input", "const"} == set(RULES) | set(WITHOUT)
    assert not set(RULES) & set(WITHOUT)


def test_each_op() -> None:
    """Each op in JAX gives what it gives in a graph, or is refused by name."""
    cases = []
    chosen = {(case.values[0].name, str(case.values[1].attrs)): case for case in SUBJECTS}
    for case in chosen.values():  # the last of those with the same attributes
        op, sample = case.values
        graph = graph_of_sample(op, sample)
        if without_rule(graph) is None:
            cases.append((case.id, op, sample, graph, point_of_sample(sample)))
        else:
            assert op.name in {*WITHOUT, "bessel_i", "bessel_ie"}
            with pytest.raises(ga.InteropError, match=rf"^{op.name} .* has no form in JAX"):
                jax_function(graph)
    assert len(cases) > 150
    functions = [jax_function(graph) for _, _, _, graph, _ in cases]
    together = jax.jit(lambda points: [f(*p) for f, p in zip(functions, points, strict=True)])
    found = jax.tree.map(np.asarray, together([args for *_, args in cases]))
    wrong = []
    for (name, op, sample, graph, args), values in zip(cases, found, strict=True):
        if op.name in ORDERS:
            x = sample.constants[0]
            k = sample.attrs[0][0]
            assert x[values][k] == np.sort(x)[k]
            assert sorted(values) == list(range(len(x)))
            continue
        try:
            assert_same(values, expected_values(graph, args), PRECISION.get(op.name, 1e-12))
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("name", "order"), DERIVATIVES)
def test_derivatives(name: str, order: int) -> None:
    """A function, its gradient and its Hessian in JAX give what the graphs give."""
    graph = derivative(name, order)
    args = drawn(graph)
    assert_same(ran(graph, args), graph(*args), 1e-12)


@pytest.mark.parametrize("name", ["rosen", "network", "well", "quadratic"])
def test_jax_differentiates_and_maps(name: str) -> None:
    """JAX's gradient, Hessian and vectorised gradient of the function are those of the graph."""
    graph = derivative(name, 0)
    args = drawn(graph)
    every = tuple(range(len(args)))
    function = graph.to_jax()
    gradient = jax.grad(function, argnums=every)
    assert_same(flat_of(gradient(*args)), flat_of(graph.diff()(*args)), 1e-12)
    hessian = jax.hessian(function, argnums=every)
    assert_same(flat_of(hessian(*args)), flat_of(graph.diff(order=2)(*args)), 1e-12)
    batches = [np.stack([arg, arg + 0.25]) for arg in args]
    mapped = jax.jit(jax.vmap(gradient))(*batches)
    assert_same(flat_of(mapped), flat_of(graph.diff()(*batches)), 1e-12)


def flat_of(results: Any) -> Any:
    """Return results as one tuple of arrays."""
    return tuple(np.asarray(leaf) for leaf in jax.tree.leaves(results))


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_random_graphs(data: st.DataObject) -> None:
    """Random graphs of several dtypes in JAX give what they give."""
    graph = data.draw(graphs(steps=6, dtypes=("f32", "c128", "i64", "bool")))
    args = data.draw(arguments(graph))
    if without_rule(graph) is not None or ORDERS & {node.op.name for node in graph.nodes}:
        return
    with jax.enable_x64(True):
        found = jax.tree.map(np.asarray, jax_function(graph)(*args))
    assert_same(found, expected_values(graph, args), 1e-5)


ELEMENTWISE = sorted(
    name for name, op in OPS.items() if op.ufunc is not None and op.arity and name not in WITHOUT
)
OWN_EDGES: dict[str, str] = {}
"""Functions that JAX has other values of at infinities and zeros."""


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_edges(name: str) -> None:
    """Zeros of both signs, infinities and NaN go through as they go through the graph."""
    op = OPS[name]
    size = len(EDGES)
    graph = graph_of(lambda *xs: op(*xs), *[f"f64[{size}]", f"f64[{size},1]"][: op.arity])
    args = [EDGES, EDGES[:, None]][: op.arity]
    if name in OWN_EDGES:
        pytest.skip(OWN_EDGES[name])
    assert_same(ran(graph, args), expected_values(graph, args), 1e-12)


def test_single_precision() -> None:
    """Without double precision in JAX, everything is in single precision, without a warning."""
    graph = derivative("rosen", 1)
    args = drawn(graph)
    with jax.enable_x64(False):
        found = graph.to_jax()(*args)
        assert found.dtype == np.float32
    np.testing.assert_allclose(found, graph(*args), rtol=1e-4)


def test_arguments_by_name() -> None:
    """Arguments may be named; those that do not fit are refused."""
    graph = graph_of(lambda x, y: x - y, "f64", "f64[2]")
    function = jax_function(graph)
    assert_same(np.asarray(function(y=np.ones(2), x=3.0)), np.array([2.0, 2.0]))
    message = "f takes an argument for each of x, y, not 1 by position and z by name"
    with pytest.raises(ga.InputError, match=re.escape(message)):
        function(1.0, z=2.0)
    message = "y of f has the shape (2,), not (3,); for batches, use jax.vmap"
    with pytest.raises(ga.InputError, match=re.escape(message)):
        function(1.0, np.ones(3))


def test_without_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no JAX, that is what is said."""
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ga.InteropError, match="to_jax needs JAX, which cannot be imported here"):
        derivative("rosen", 0).to_jax()
