"""Graphs and values that tests of the evaluators share, and the plainest evaluator there can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

import graphad.ops  # noqa: F401
from graphad.builder import Builder
from graphad.constant import Span
from graphad.ir import CONST, INPUT, Graph
from graphad.op import OPS, Array, Op, Sample
from graphad.types import DType, make_type

F64 = np.dtype(np.float64)
CASES = [
    (op, sample)
    for name, op in sorted(OPS.items())
    if name not in ("input", "const")
    for sample in op.samples
]


def case_name(value: Any) -> str:
    """Return the name of an op or of its sample, for the names of tests."""
    if isinstance(value, Op):
        return value.name
    if isinstance(value, Sample):
        return f"{value.shapes}{value.attrs or ''}"
    return repr(value)


def sample_values(sample: Sample, seed: int = 0, dtype: DType = F64) -> list[Array]:
    """Return operands of a sample from its domains; another seed moves the fixed ones too."""
    draw = np.random.default_rng(seed)
    values: list[Array] = []
    for position, shape in enumerate(sample.shapes):
        if position in sample.constants:
            fixed = sample.constants[position]
            values.append(np.roll(fixed.ravel(), seed).reshape(fixed.shape))
            continue
        low, high = sample.domains[position % len(sample.domains)]
        value = draw.uniform(low, high, shape)
        if dtype.kind == "c":
            value = value + 0.3j * draw.uniform(-1, 1, shape)
        values.append(np.asarray(value, dtype))
    return values


def sample_graph(op: Op, sample: Sample, dtype: DType = F64) -> Graph:
    """Return the graph of one op, all of whose operands are inputs."""
    b = Builder()
    inputs = [
        b.input(f"x{i}", make_type(value.shape, value.dtype))
        for i, value in enumerate(sample_values(sample, 0, dtype))
    ]
    attrs = dict(zip(op.attrs, sample.attrs, strict=True))
    if not inputs:
        return b.finish(op.name, [b.emit(op, (), sample.attrs)])
    return b.finish(op.name, [op(*inputs, **attrs)])


def naive(graph: Graph, arrays: Sequence[Array]) -> list[Any]:
    """Evaluate node by node, keeping everything.

    Elements are in C order after each elementwise op, since the order decides how sums round.
    """
    values: list[Any] = [None] * len(graph.nodes)
    for node, array in zip(graph.inputs, arrays, strict=True):
        values[node.id] = np.asarray(array)
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node.op is CONST:
                values[node.id] = node.attrs[0].array
            elif node.op is not INPUT:
                operands = [values[operand.id] for operand in node.inputs]
                value = node.op.evaluate(*operands, *node.attrs)
                values[node.id] = np.asarray(value, order="C" if node.op.elementwise else None)
    return [values[node.id] for node in graph.outputs]


def same_bits(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """Return whether arrays agree in shape, dtype and every bit."""
    return len(left) == len(right) and all(
        np.shape(a) == np.shape(b)
        and np.asarray(a).dtype == np.asarray(b).dtype
        and np.asarray(a).tobytes() == np.asarray(b).tobytes()
        for a, b in zip(left, right, strict=True)
    )


def numbers(array: Array) -> Array:
    """Return an array of mpmath numbers as floats, complex numbers, or what it holds."""
    if array.dtype != object:
        return array
    kind = complex if any(hasattr(x, "_mpc_") for x in array.flat) else float
    return np.array([kind(x) for x in array.flat], dtype=kind).reshape(array.shape)


UNARY = ("sin", "exp", "tanh", "negative", "absolute", "arctan", "floor")
BINARY = ("add", "subtract", "multiply", "maximum", "arctan2")


@st.composite
def memory_graphs(draw: st.DrawFn) -> Graph:
    """Draw graphs of ufuncs, views and reductions on small arrays, many of them of one shape.

    They are made for mistakes in the reuse of memory: views outlive their sources, operands die in
    the middle, outputs are inputs, constants, views and each other.
    """
    b = Builder()
    x, y = (b.input(name, make_type((2, 2), F64)) for name in ("x", "y"))
    values = [b.input("t", make_type((), F64)), b.constant(np.array([[1.0, -2.0], [0.5, 3.0]]))]
    values += [x, y, OPS["sin"](x), OPS["exp"](y)]
    for _ in range(draw(st.integers(6, 24))):
        values.append(_grown(draw, draw(st.sampled_from(values[-5:])), values[-5:]))
    used = {operand for value in values for operand in value.node.inputs}
    outputs = [value for value in values[2:] if value.node not in used]
    outputs += draw(st.lists(st.sampled_from(values), max_size=2))
    return b.finish("memory", outputs)


def _grown(draw: st.DrawFn, x: Any, others: list[Any]) -> Any:
    kind = draw(st.integers(0, 12))
    if kind <= 2:
        return OPS[draw(st.sampled_from(UNARY))](x)
    if kind <= 5:
        y = draw(st.sampled_from([z for z in others if z.shape in (x.shape, ())] or [x]))
        return OPS[draw(st.sampled_from(BINARY))](x, y)
    if kind == 6:
        alike = [z for z in others if z.shape in (x.shape, ())] or [x]
        terms = [draw(st.sampled_from(alike)) for _ in range(draw(st.integers(3, 5)))]
        return OPS[draw(st.sampled_from(("add", "multiply")))](x, *terms)
    if kind == 7:
        return OPS["integer_power"](x, exponent=draw(st.integers(-3, 5)))
    if x.shape != (2, 2):
        return OPS["reshape" if x.shape == (4,) else "broadcast_to"](x, shape=(2, 2))
    return _moved(draw, x)


def _moved(draw: st.DrawFn, x: Any) -> Any:
    kind = draw(st.integers(0, 8))
    if kind <= 1:
        return OPS["transpose"](x, axes=(1, 0))
    if kind == 2:
        return OPS["reshape"](x, shape=(4,))
    if kind == 3:
        return OPS["flip"](x, axes=(draw(st.integers(0, 1)),))
    if kind == 4:
        return OPS["slice"](x, spans=(Span(0, 2, 1), Span(0, 1, 1)))
    if kind == 5:
        return OPS["sum"](x, axes=draw(st.sampled_from(((0,), (0, 1), ()))))
    if kind == 6:
        return OPS["element"](x, index=(1, 0))
    if kind == 7:
        return OPS["einsum"](x, spec=draw(st.sampled_from(("ij->ji", "ii->i", "ij->ij", "ij->i"))))
    return OPS["einsum"](x, x, spec="ij,jk->ik")
