"""The NumPy evaluator: right, in reused memory that nobody else sees."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from graphad.builder import Builder, paused_gc
from graphad.errors import InputError
from graphad.evaluate import Program, precise, program_of
from graphad.ir import Graph
from graphad.op import OPS, Op, Sample
from graphad.types import FLOAT64, make_type
from tests.evaluate.reference import (
    CASES,
    F64,
    case_name,
    memory_graphs,
    naive,
    numbers,
    same_bits,
    sample_graph,
    sample_values,
)
from tests.strategies import arguments, graphs

MATRIX = make_type((2, 2), F64)


def values(seed: int) -> list[Any]:
    """Return inputs of a graph of `memory_graphs`."""
    draw = np.random.default_rng(seed)
    return [draw.uniform(-2, 2, (2, 2)), draw.uniform(-2, 2, (2, 2)), np.float64(draw.uniform())]


@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_every_op_is_right(op: Op, sample: Sample) -> None:
    """Every op gives what 40 digits give, to rounding."""
    graph = sample_graph(op, sample)
    arrays = sample_values(sample)
    (found,), (expected,) = Program(graph)(*arrays), precise(graph, arrays, 40)
    assert np.shape(found) == graph.outputs[0].type.shape
    assert np.asarray(found).dtype == graph.outputs[0].type.dtype
    np.testing.assert_allclose(found, numbers(expected), rtol=1e-13, atol=1e-14)


@given(memory_graphs(), st.integers(0, 5))
@settings(max_examples=300)
def test_reused_memory_changes_no_bit(graph: Graph, seed: int) -> None:
    """A program gives the bits of an evaluator that keeps everything, again and again."""
    program = Program(graph)
    for turn in range(3):
        arrays = values(seed + turn)
        assert same_bits(program(*arrays), naive(graph, arrays))


@given(st.data())
@settings(max_examples=150)
def test_random_graphs(data: st.DataObject) -> None:
    """Graphs of all ops give the bits of an evaluator that keeps everything, in all dtypes."""
    graph = data.draw(graphs(steps=12, dtypes=data.draw(st.sampled_from(((), ("f32", "c128"))))))
    program = Program(graph)
    for _ in range(2):
        arrays = data.draw(arguments(graph))
        first, expected = program(*arrays), naive(graph, arrays)
        assert same_bits(program(*arrays), first)
        for found, wanted in zip(first, expected, strict=True):
            assert np.asarray(found).dtype == wanted.dtype
            np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-13)


@given(memory_graphs())
@settings(max_examples=150)
def test_results_are_the_callers_own(graph: Graph) -> None:
    """Results share memory with no input, other result or later call; inputs are as before."""
    program = Program(graph)
    arrays = values(1)
    before = [np.array(array) for array in arrays]
    first = program(*arrays)
    assert same_bits(arrays, before)
    held = [np.array(result) for result in first]
    second = program(*arrays)
    everything = [*arrays, *first, *second]
    for position, one in enumerate(everything):
        for other in everything[:position]:
            assert np.ndim(one) == 0 or not np.may_share_memory(one, other)
    for result in second:
        if np.ndim(result):
            result[...] = np.nan  # writable, and of no consequence for the next call
    assert same_bits(first, held)
    assert same_bits(program(*arrays), held)


@given(memory_graphs())
@settings(max_examples=100)
def test_layout_of_inputs_does_not_matter(graph: Graph) -> None:
    """Inputs that are transposed, strided or read-only give the same."""
    x, y, t = values(2)
    wide = np.zeros((4, 6))
    wide[::2, ::3] = y
    strided = [np.asfortranarray(x), wide[::2, ::3], np.asarray(t)]
    for array in strided:
        array.flags.writeable = False
    for found, expected in zip(Program(graph)(*strided), Program(graph)(x, y, t), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_results_of_every_op_are_own_memory(op: Op, sample: Sample) -> None:
    """The result of every op on inputs, and on values of the graph, may be written to."""
    arrays = sample_values(sample)
    single = sample_graph(op, sample)
    b = Builder()
    inputs = [b.input(f"x{i}", make_type(x.shape, x.dtype)) for i, x in enumerate(arrays)]
    inner = [x * 1 if x.type.is_inexact else x for x in inputs]
    if not inner:
        return
    made = op(*inner, **dict(zip(op.attrs, sample.attrs, strict=True)))
    graph = b.finish("f", [made, *inner])
    results = Program(graph)(*arrays)
    assert same_bits(results[:1], Program(single)(*arrays))
    for position, one in enumerate(results):
        if np.ndim(one):
            assert one.flags.writeable
            assert not any(
                np.may_share_memory(one, other) for other in [*arrays, *results[:position]]
            )


def test_scalars_come_back_as_numpy_scalars() -> None:
    """Results of shape () are NumPy scalars, however they were made and whatever went in."""
    b = Builder()
    x, v = b.input("x", FLOAT64), b.input("v", make_type((3,), F64))
    outputs = [x, x * 2, OPS["sum"](v, axes=(0,)), OPS["element"](v, index=(1,)), b.constant(1.5)]
    program = Program(b.finish("f", outputs))
    for given_x in (2.0, np.float64(2.0), np.array(2.0)):
        results = program(given_x, np.arange(3.0))
        assert [type(result) for result in results] == [np.float64] * 5
        assert results == [2.0, 4.0, 3.0, 1.0, 1.5]


def test_casts_of_complex_numbers() -> None:
    """A cast of complex numbers to real ones takes the real part, without a warning."""
    b = Builder()
    z = b.input("z", make_type((2,), np.dtype(np.complex128)))
    outputs = [OPS["cast"](z, dtype=name) for name in ("f64", "i32", "c64", "bool")]
    z_values = np.array([1.5 + 2j, -1j])
    results = Program(b.finish("f", outputs))(z_values)
    assert [result.dtype for result in results] == [np.float64, np.int32, np.complex64, bool]
    expected = [[1.5, 0], [1, 0], z_values, [True, True]]
    assert all(map(np.array_equal, results, expected))


def test_same_output_twice() -> None:
    """A value that is an output twice comes back as two arrays, and as one that is also used on."""
    b = Builder()
    x = b.input("x", MATRIX)
    y = OPS["sin"](x)
    program = Program(b.finish("f", [y, y, OPS["transpose"](y, axes=(1, 0)), y * y, x]))
    given_x = np.arange(4.0).reshape(2, 2)
    results = program(given_x)
    expected = [np.sin(given_x)] * 2 + [np.sin(given_x).T, np.sin(given_x) ** 2, given_x]
    assert same_bits(results, [np.ascontiguousarray(one) for one in expected])
    assert len({id(result) for result in results}) == 5


def test_floating_point_errors_are_silent() -> None:
    """Division by zero, overflow and invalid values give what IEEE says, and no warning."""
    b = Builder()
    x, v = b.input("x", FLOAT64), b.input("v", make_type((2,), F64))
    outputs = [1 / x, OPS["log"](-1 - x), OPS["exp"](x + 1e4), 1 / v, OPS["sqrt"](v)]
    results = Program(b.finish("f", outputs))(0.0, np.array([0.0, -1.0]))
    expected = [np.inf, np.nan, np.inf, [np.inf, -1.0], [0.0, np.nan]]
    for found, wanted in zip(results, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_threads_share_a_program() -> None:
    """Calls from several threads at a time do not meet in their memory."""
    b = Builder()
    x = b.input("x", make_type((2000,), F64))
    y = x
    for _ in range(30):
        y = OPS["sin"](y) * 1.5 + x
    program = Program(b.finish("f", [y, OPS["sum"](y, axes=(0,))]))
    arrays = [np.linspace(seed, seed + 1, 2000) for seed in range(8)]
    expected = [program(array) for array in arrays]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            found = pool.map(program, arrays)
            assert all(map(same_bits, found, expected))


def test_chain_needs_little_memory() -> None:
    """A chain of 300,000 nodes runs in a few registers and two buffers, without recursion."""
    with paused_gc():
        b = Builder()
        y = b.input("x", make_type((4,), F64))
        for turn in range(100_000):
            y = OPS["sin"](OPS["flip"](y, axes=(0,))) * (0.5 + turn % 3)
        graph = b.finish("chain", [y])
    assert len(graph) > 300_000 > 100 * sys.getrecursionlimit()
    program = Program(graph)
    (result,) = program(np.arange(4.0))
    assert np.isfinite(result).all()
    assert program._registers.buffer_bytes <= 3 * 4 * 8
    assert len(program._pool[0]) < 20


def test_dropped_values_are_freed() -> None:
    """Arrays of the caller, and those that ops allocate, are let go when a call is over."""
    b = Builder()
    x = b.input("x", make_type((3, 3), F64))
    y = OPS["einsum"](x, x, spec="ij,jk->ik")
    program = Program(b.finish("f", [OPS["einsum"](y, y, spec="ij,jk->ik")]))
    program(np.eye(3))
    held = [value for registers in program._pool for value in registers if value is not None]
    assert held == []


def test_constants_are_not_written_to() -> None:
    """A constant that is also an output comes back as a copy."""
    b = Builder()
    x = b.input("x", make_type((3,), F64))
    c = OPS["broadcast_to"](OPS["sin"](b.constant(2.0)), shape=(3,))
    eye = b.value(b.emit(OPS["identity"], (), ((3,), "f64")))
    program = Program(b.finish("f", [OPS["einsum"](eye, x + c, spec="ij,j->i"), c]))
    found, constant = program(np.zeros(3))
    np.testing.assert_array_equal(found, np.full(3, np.sin(2.0)))
    constant[:] = 0  # the caller's own
    assert program(np.zeros(3))[1][0] == np.sin(2.0)


def test_program_is_kept_with_the_graph() -> None:
    """A graph is made ready once."""
    b = Builder()
    graph = b.finish("f", [b.input("x", FLOAT64) * 2])
    assert program_of(graph) is program_of(graph)


def test_wrong_count_is_refused() -> None:
    """A program names how many arrays it takes."""
    b = Builder()
    program = Program(b.finish("f", [b.input("x", FLOAT64) * 2]))
    with pytest.raises(InputError, match="graph f takes 1 inputs, not 2"):
        program(1.0, 2.0)
