"""Graphs in other precisions and on complex numbers, against NumPy in those."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.builder import Builder
from graphad.errors import InputError
from graphad.evaluate import Program, precise, retype
from graphad.ir import Graph, verify
from graphad.op import OPS, Op, Sample
from graphad.types import DTYPES_BY_NAME, FLOAT64, make_type
from tests.evaluate.reference import CASES, F64, case_name, numbers, sample_graph, sample_values
from tests.strategies import arguments, graphs

F32, C128, C64 = (np.dtype(d) for d in (np.float32, np.complex128, np.complex64))
NOT_COMPLEX = {
    "arctan2",
    "cbrt",
    "ceil",
    "erf",
    "erfc",
    "floor",
    "hypot",
    "logaddexp",
    "trunc",
}
"""Ops whose ufuncs have no complex loop."""
ORDER = {
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "max",
    "maximum",
    "min",
    "minimum",
    "partition_order",
    "rint",
    "searchsorted",
}
"""Ops that NumPy does on complex numbers in ways that mpmath does not."""


def retyped(graph: Graph, dtype: Any) -> Graph:
    """Return a graph with all inexact inputs of one dtype."""
    return verify(
        retype(
            graph,
            [
                make_type(node.type.shape, dtype) if node.type.is_inexact else node.type
                for node in graph.inputs
            ],
        )
    )


@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_every_op_in_single_precision(op: Op, sample: Sample) -> None:
    """Every op runs in float32 and gives float32, right to its rounding."""
    graph = retyped(sample_graph(op, sample), F32)
    arrays = sample_values(sample, dtype=F32)
    (found,), (expected,) = Program(graph)(*arrays), precise(graph, arrays, 20)
    if sample_graph(op, sample).outputs[0].type.is_inexact and sample.shapes:
        assert np.asarray(found).real.dtype == F32
    np.testing.assert_allclose(found, numbers(expected), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_every_op_in_complex_numbers(op: Op, sample: Sample) -> None:
    """Every op runs in complex128 where NumPy's does, and is refused by name where not."""
    graph = sample_graph(op, sample)
    if op.name in NOT_COMPLEX or (sample.shapes and not op.analytic):
        with pytest.raises(InputError, match=f"since {op.name} does not take them"):
            retyped(graph, C128)
        return
    graph = retyped(graph, C128)
    arrays = sample_values(sample, dtype=C128)
    (found,) = Program(graph)(*arrays)
    assert np.asarray(found).dtype == graph.outputs[0].type.dtype
    if op.name not in ORDER:
        (expected,) = precise(graph, arrays, 40)
        np.testing.assert_allclose(found, numbers(expected), rtol=1e-13, atol=1e-14)


def retype_one(build: Callable[[Builder, Any], Any], dtype: Any, was: Any = F64) -> Graph:
    """Return the graph of a function of one vector, retyped."""
    b = Builder()
    x = b.input("x", make_type((2,), was))
    return retyped(b.finish("f", [build(b, x)]), dtype)


@pytest.mark.parametrize(
    ("build", "was", "dtype", "expected"),
    [
        (lambda b, x: 0.1 * x, F64, F32, "f32"),
        (lambda b, x: 0.1 * x, F32, F64, "f64"),
        (lambda b, x: 0.1 * x, F64, C64, "c64"),
        (lambda b, x: 0.1 * x, F64, C128, "c128"),
        (lambda b, x: b.constant(np.arange(2.0)) * x, F64, F32, "f64"),
        (lambda b, x: b.constant(np.zeros(2)) + x, F64, F32, "f32"),
        (lambda b, x: OPS["concatenate"](x, b.constant(np.zeros(3)), axis=0), F64, F32, "f32"),
        (lambda b, x: b.constant(np.ones(2, np.float32)) * x, F64, F32, "f32"),
        (lambda b, x: b.constant(np.float64(0.1)) * x, F32, F32, "f64"),
        (lambda b, x: OPS["cast"](x, dtype="f64"), F64, F32, "f32"),
        (lambda b, x: OPS["cast"](x, dtype="f64"), F64, C128, "c128"),
        (lambda b, x: OPS["cast"](x, dtype="f64"), F64, C64, "c64"),
        (lambda b, x: OPS["cast"](x, dtype="i64"), F64, F32, "i64"),
        (lambda b, x: OPS["cast"](OPS["greater"](x, 0.5), dtype="f64"), F64, F32, "f32"),
        (lambda b, x: OPS["cast"](OPS["greater"](x, 0.5), dtype="f64"), F64, C128, "f64"),
        (lambda b, x: OPS["where"](OPS["greater"](x, 0), x, 0.5), F64, F32, "f32"),
        (lambda b, x: OPS["pack"](b.constant(0.1), b.constant(0.2), shape=(2,)), F64, F32, "f32"),
        (lambda b, x: b.constant(0.1), F64, F32, "f32"),
        (lambda b, x: OPS["max"](x, axes=(0,)), F64, F32, "f32"),
    ],
)
def test_what_becomes_of_dtypes(
    build: Callable[[Builder, Any], Any], was: Any, dtype: Any, expected: str
) -> None:
    """Lone numbers and named dtypes follow the inputs, arrays keep theirs, results promote."""
    assert retype_one(build, dtype, was).outputs[0].type.dtype == DTYPES_BY_NAME[expected]


def test_constants_are_rounded_as_by_numpy() -> None:
    """A Python number in float32 code is rounded to float32 before it is used."""
    graph = retype_one(lambda b, x: 0.1 * x + 1e-9, F32)
    x = np.array([0.3, 0.7], np.float32)
    (found,) = Program(graph)(x)
    assert found.tobytes() == (np.float32(0.1) * x + np.float32(1e-9)).tobytes()


def test_mixed_precision() -> None:
    """A constant takes the precision of what it meets, not that of the widest input."""
    b = Builder()
    x, y = b.input("x", FLOAT64), b.input("y", FLOAT64)
    graph = b.finish("f", [0.1 * x, 0.1 * y, x * y])
    types: Sequence[Any] = [make_type((), F32), FLOAT64]
    found = [str(node.type) for node in verify(retype(graph, types)).outputs]
    assert found == ["f32[]", "f64[]", "f64[]"]


def test_identity_follows() -> None:
    """An identity matrix is of the precision of the inputs."""
    b = Builder()
    x = b.input("x", make_type((2,), F64))
    eye = b.value(b.emit(OPS["identity"], (), ((2,), "f64")))
    graph = retyped(b.finish("f", [OPS["einsum"](eye, x, spec="ij,j->i")]), F32)
    assert str(graph.outputs[0].type) == "f32[2]"


@given(st.data())
@settings(max_examples=60)
def test_random_graphs(data: st.DataObject) -> None:
    """A graph in float32 gives about what it gives in float64; typed as it is, it is itself."""
    graph = data.draw(graphs(smooth=True))
    assert retyped(graph, F64) == graph
    arrays = data.draw(arguments(graph))
    single = Program(retyped(graph, F32))(*[array.astype(F32) for array in arrays])
    for found, expected in zip(single, Program(graph)(*arrays), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-2, atol=1e-2)


def test_kept_from_the_graph() -> None:
    """A retyped graph keeps names, nesting and symmetry, and the same types give the same graph."""
    b = Builder()
    x = b.input("x", make_type((2,), F64))
    outer = OPS["einsum"](x, x, spec="i,j->ij")
    graph = b.finish("f", [outer, x * 2], ((1,), 0), [(((0,), (1,)),), ()])
    again = retyped(graph, F64)
    assert again == graph
    single = retyped(graph, F32)
    assert (single.name, single.tree, single.symmetry) == ("f", ((1,), 0), graph.symmetry)
    assert single.input_names == ("x",)


def test_shapes_cannot_change() -> None:
    """Types of other shapes are refused."""
    b = Builder()
    graph = b.finish("f", [b.input("x", FLOAT64) * 2])
    with pytest.raises(InputError, match=r"cannot take inputs of the shapes of f32\[2\]"):
        retype(graph, [make_type((2,), F32)])
