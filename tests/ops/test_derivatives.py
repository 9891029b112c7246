"""Derivatives of every registered op, orders 1 to 4: forward, reverse, raw and optimised."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from graphad.evaluate import Program, precise
from graphad.ir import Graph
from graphad.op import OPS, Array, Op, Sample
from graphad.passes import Pipeline, pipeline
from graphad.passes.diff import Leaf, differentiate
from tests.ops.calculus import (
    ORDERS,
    case_name,
    derivatives_along,
    deviation,
    directional_deviation,
    floats,
    graph_of,
    point_of,
    samples_of,
)

OPTIMIZE = Pipeline(pipeline.OPTIMIZE)
TOLERANCE = 1e-12
DEAREST = 2500
"""Most elements to evaluate in many digits; larger graphs are compared with differences only."""
LARGEST = 300_000
"""Most elements to evaluate at all: raw derivatives of order 4 of arrays are too large.

The first sample of an op is never left out."""
MODES = ("forward", "reverse")
CASES = samples_of(differentiable=True)
FORWARD_ONLY = {"while_loop"}
"""Ops that have no transpose: a loop without a bound on its steps."""
LINEAR = sorted(
    name
    for name, op in OPS.items()
    if op.samples and op.jvp is not None and (op.structural or name in ("sum", "cumsum", "cast"))
)
FLAT = [
    (op, sample)
    for op, sample in samples_of(differentiable=False)
    if sample.shapes and graph_of(op, sample).outputs[0].type.is_inexact
]


@cache
def expected_along(op: Op, position: int, seed: int) -> list[list[Array]]:
    """Return derivatives of an op by differences."""
    sample = op.samples[position]
    return derivatives_along(graph_of(op, sample), *point_of(sample, seed))


def derived(graph: Graph, mode: str, optimize: bool) -> list[tuple[Graph, tuple[Leaf, ...]]]:
    """Return the derivatives of `ORDERS` and what their outputs are."""
    found, leaves = [], None
    for _ in ORDERS:
        graph, leaves = differentiate(graph, None, mode, leaves)
        graph = OPTIMIZE(graph) if optimize else graph
        found.append((graph, leaves))
    return found


@pytest.mark.parametrize("optimize", [False, True], ids=["raw", "optimised"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_orders_1_to_4_are_right(op: Op, sample: Sample, mode: str, optimize: bool) -> None:
    """Derivatives agree with differences in 80 digits, and with 50 digits of the same graph."""
    if mode == "reverse" and op.name in FORWARD_ONLY:
        return
    graph = graph_of(op, sample)
    small = all(shape == () for shape in sample.shapes)
    steps = derived(graph, mode, optimize)
    for seed in (1, 2) if small else (1,):
        point, direction = point_of(sample, seed)
        expected = expected_along(op, op.samples.index(sample), seed)
        for order, (graph_k, leaves) in zip(ORDERS, steps, strict=True):
            size = sum(node.type.size for node in graph_k.nodes)
            if size > LARGEST:
                assert sample is not op.samples[0], "one sample of each op goes to order 4"
                continue
            results = Program(graph_k)(*point)
            error = directional_deviation(
                results, leaves, graph.input_names, direction, expected[order - 1]
            )
            assert error < TOLERANCE, f"order {order}"
            if size <= DEAREST:
                for result, digits in zip(results, precise(graph_k, point), strict=True):
                    error = deviation(np.asarray(result), floats(digits))
                    assert error < TOLERANCE, f"order {order}, many digits"


@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_forward_and_reverse_agree(op: Op, sample: Sample) -> None:
    """Both modes give the same tensors, elementwise, orders 1 to 3."""
    if op.name in FORWARD_ONLY:
        return
    graph, (point, _) = graph_of(op, sample), point_of(sample, 3)
    pair = zip(derived(graph, "forward", True), derived(graph, "reverse", False), strict=True)
    for (forward, leaves), (reverse, others) in list(pair)[:3]:
        assert leaves == others
        for a, b in zip(Program(forward)(*point), Program(reverse)(*point), strict=True):
            assert deviation(np.asarray(a), np.asarray(b)) < TOLERANCE


@pytest.mark.parametrize(("op", "sample"), CASES, ids=case_name)
def test_third_derivatives_are_symmetric(op: Op, sample: Sample) -> None:
    """Derivative axes of the same input may be interchanged, as `Graph.symmetry` says."""
    graph, (point, _) = graph_of(op, sample), point_of(sample, 4)
    third, _ = derived(graph, "forward", False)[2]
    for value, groups in zip(Program(third)(*point), third.symmetry, strict=True):
        array = np.asarray(value)
        for group in groups:
            for left, right in pairwise(group):
                order = list(range(array.ndim))
                for a, b in zip(left, right, strict=True):
                    order[a], order[b] = b, a
                assert deviation(array.transpose(order), array) < TOLERANCE


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("mode", MODES)
def test_linear_ops_have_no_second_derivative(name: str, mode: str) -> None:
    """The second derivative of a linear op is zeros that depend on no input."""
    for sample in OPS[name].samples:
        graph = graph_of(OPS[name], sample)
        second, _ = derived(graph, mode, True)[1]
        depending = [node for node in second.nodes if node in set(second.inputs)]
        assert all(operand not in depending for node in second.nodes for operand in node.inputs)
        for value in Program(second)(*point_of(sample, 0)[0]):
            assert not np.any(value)


@pytest.mark.parametrize(("op", "sample"), FLAT, ids=case_name)
def test_steps_have_a_zero_derivative(op: Op, sample: Sample) -> None:
    """Ops without a rule whose results are numbers, such as `floor`, have zeros as derivative."""
    graph = graph_of(op, sample)
    point, _ = point_of(sample, 0)
    for mode in MODES:
        found = Program(differentiate(graph, None, mode)[0])(*point)
        for derivative, by in zip(found, graph.inputs, strict=True):
            assert np.shape(derivative) == graph.outputs[0].type.shape + by.type.shape
            assert not np.any(derivative)


def test_every_op_with_a_derivative_has_samples() -> None:
    """No differentiable op is left out of the tests above."""
    tested = {op.name for op, _ in CASES}
    assert tested == {name for name, op in OPS.items() if op.jvp is not None}
    assert len(tested) >= 55
