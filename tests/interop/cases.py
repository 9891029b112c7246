"""Graphs that each language is tested with, and how results are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.builder import Builder
from graphad.ir import Graph
from graphad.op import OPS, Array, Op, Sample
from graphad.types import DTYPES_BY_NAME, make_type

F64 = np.dtype(np.float64)

SUBJECTS = [
    pytest.param(op, sample, id=f"{name}-{number}")
    for name, op in sorted(OPS.items())
    for number, sample in enumerate(op.samples)
]
"""Every op with each of its samples."""

EDGES = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, 2.5, -2.5])
"""Values at which functions are special."""


def graph_of_sample(op: Op, sample: Sample) -> Graph:
    """Return the graph of an op on inputs; operands that the sample fixes are constants."""
    b = Builder()
    operands = [
        b.constant(sample.constants[i])
        if i in sample.constants
        else b.input(f"x{i}", make_type(shape, F64))
        for i, shape in enumerate(sample.shapes)
    ]
    nodes = tuple([operand.node for operand in operands])
    return b.finish(op.name, [b.emit(op, nodes, sample.attrs)])


def point_of_sample(sample: Sample, seed: int = 0) -> list[Array]:
    """Return arguments in the domain of a sample."""
    draw = np.random.default_rng(seed)
    return [
        np.asarray(draw.uniform(*sample.domains[i % len(sample.domains)], shape))
        for i, shape in enumerate(sample.shapes)
        if i not in sample.constants
    ]


def graph_of(function: Callable[..., Any], *types: str) -> Graph:
    """Return the graph of a function of values x, y, z of types such as ``f64[3]``."""
    b = Builder()
    values = []
    for name, text in zip("xyz", types, strict=False):
        dtype, _, lengths = text.rstrip("]").partition("[")
        shape = tuple(int(word) for word in lengths.split(",") if word)
        values.append(b.input(name, make_type(shape, DTYPES_BY_NAME[dtype])))
    made = function(*values)
    return b.finish("f", made if isinstance(made, tuple) else (made,))


# --- functions whose derivatives are written too -------------------------------------------------


def rosen(x: Any) -> Any:
    """Return the function of Rosenbrock."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def network(w: Any, x: Any) -> Any:
    """Return a layer with a smooth maximum."""
    return np.log(np.sum(np.exp(np.tanh(w @ x))))


def well(x: Any, y: Any) -> Any:
    """Return a function with a selection in it."""
    return np.where(x > y, np.sin(x) * y, x / (2 + y**2)) + np.sqrt(x * x + 1)


def quadratic(x: Any) -> Any:
    """Return a quadratic form with a constant matrix."""
    a = np.arange(9.0).reshape(3, 3) / 7
    return x @ a @ x + np.max(x)


FUNCTIONS = {
    "rosen": (rosen, ((4,),)),
    "network": (network, ((2, 3), (3,))),
    "well": (well, ((), ())),
    "quadratic": (quadratic, ((3,),)),
}


def derivative(name: str, order: int) -> ga.Graph:
    """Return a derivative of one of the functions, by all of its inputs."""
    function, shapes = FUNCTIONS[name]
    graph = ga.trace(function, *[np.zeros(shape) for shape in shapes])
    return graph.diff(order=order) if order else graph


DERIVATIVES = [
    pytest.param(name, order, id=f"{name}-{order}") for name in FUNCTIONS for order in (0, 1, 2)
]


def drawn(graph: Graph, seed: int = 0) -> list[Array]:
    """Return arguments of a graph, between 0.5 and 1.5."""
    draw = np.random.default_rng(seed)
    return [np.asarray(draw.uniform(0.5, 1.5, node.type.shape)) for node in graph.inputs]


# --- comparison ----------------------------------------------------------------------------------


def flat(results: Any) -> list[Array]:
    """Return the arrays in nested tuples, from left to right."""
    if isinstance(results, tuple | list):
        return [array for item in results for array in flat(item)]
    return [np.asarray(results)]


def expected_values(graph: Graph, args: Sequence[Any]) -> Any:
    """Return what the interpreter gives."""
    from graphad.evaluate.calling import evaluate

    with np.errstate(all="ignore"):
        return evaluate(graph, args)


def assert_same(found: Any, expected: Any, tolerance: float = 1e-13, signs: bool = False) -> None:
    """Check that results nest alike and are the same numbers, NaN and infinities included."""
    assert str(nest(found)) == str(nest(expected))
    for a, b in zip(flat(found), flat(expected), strict=True):
        assert a.shape == b.shape
        scale = np.max(np.abs(b[np.isfinite(b)]), initial=1.0) if b.dtype.kind in "fc" else 1.0
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)
        if signs:
            np.testing.assert_array_equal(np.signbit(a), np.signbit(b))


def nest(results: Any) -> Any:
    """Return how results nest, with a 0 for each array."""
    if isinstance(results, tuple | list):
        return tuple(nest(item) for item in results)
    return 0
