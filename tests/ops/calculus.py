"""Derivatives by differences in many digits, which share no rule with the passes.

Along a line, F(t) = f(x + t·v) is evaluated by mpmath at 13 points; the weights of the differences
are exact fractions by the recurrence of B. Fornberg (1988). With a step of 1e-4 and 80 digits, the
first four derivatives are right to more than 20 digits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import numpy as np

from graphad.builder import Builder
from graphad.evaluate import precise
from graphad.ir import Graph, Node
from graphad.op import OPS, Array, Op, Sample
from graphad.passes.diff import Leaf
from graphad.types import make_type

HALF = 6
STEP = 4
DIGITS = 80
ORDERS = (1, 2, 3, 4)
F64 = np.dtype(np.float64)


def samples_of(differentiable: bool) -> list[tuple[Op, Sample]]:
    """Return the registered ops, each with each of its samples."""
    return [
        (op, sample)
        for name, op in sorted(OPS.items())
        if (op.jvp is not None) == differentiable
        for sample in op.samples
    ]


def case_name(value: Any) -> str:
    """Return the name of an op, or what tells its sample from the others."""
    if isinstance(value, Op):
        return value.name
    if isinstance(value, Sample):
        shapes = " ".join(str(list(shape)) for shape in value.shapes)
        span = r"Span\(start=(\d+), stop=(\d+), step=(\d+)\)"
        attrs = re.sub(span, r"\1:\2:\3", str(value.attrs)) if value.attrs else ""
        return f"{shapes} {attrs}".strip()
    return str(value)


def graph_of(op: Op, sample: Sample) -> Graph:
    """Return the graph of an op on inputs; operands that the sample fixes are constants.

    Of a complex result it is the sum of both parts, so that it is a function of real numbers.
    """
    b = Builder()
    operands = [
        b.constant(sample.constants[i])
        if i in sample.constants
        else b.input(f"x{i}", make_type(shape, F64))
        for i, shape in enumerate(sample.shapes)
    ]
    nodes = tuple([operand.node for operand in operands])
    made: Any = b.value(b.emit(op, nodes, sample.attrs))
    if made.type.is_complex:
        made = OPS["real"](made) + OPS["imag"](made)
    return b.finish(op.name, [made])


def node_of(graph: Graph, op: Op) -> Node:
    """Return the node of an op in a graph that `graph_of` gives."""
    return next(node for node in graph.nodes if node.op is op)


def point_of(sample: Sample, seed: int) -> tuple[list[Array], list[Array]]:
    """Return a point in the domain of a sample, and a direction."""
    draw = np.random.default_rng(seed)
    point, direction = [], []
    for i, shape in enumerate(sample.shapes):
        if i not in sample.constants:
            low, high = sample.domains[i % len(sample.domains)]
            point.append(np.asarray(draw.uniform(low, high, shape)))
            direction.append(np.asarray(draw.uniform(-1.0, 1.0, shape)))
    return point, direction


@cache
def difference_weights(order: int) -> tuple[Fraction, ...]:
    """Return the weights of the derivative at 0 from the values at -HALF, …, HALF."""
    places = [Fraction(i) for i in range(-HALF, HALF + 1)]
    weights: dict[tuple[int, int], Fraction] = {(0, 0): Fraction(1)}
    before = Fraction(1)
    for n in range(1, len(places)):
        product = Fraction(1)
        old = dict(weights)
        for j in range(n):
            distance = places[n] - places[j]
            product *= distance
            for k in range(min(n, order) + 1):
                lower = k * old.get((k - 1, j), Fraction(0))
                weights[k, j] = (places[n] * old.get((k, j), Fraction(0)) - lower) / distance
        for k in range(min(n, order) + 1):
            lower = k * old.get((k - 1, n - 1), Fraction(0))
            last = places[n - 1] * old.get((k, n - 1), Fraction(0))
            weights[k, n] = before / product * (lower - last)
        before = product
    return tuple(weights[order, j] for j in range(len(places)))


def _moved(mp: Any, point: Array, direction: Array, t: Any) -> Array:
    moved = np.empty(point.shape, dtype=object)
    for index in np.ndindex(point.shape):
        moved[index] = mp.mpf(float(point[index])) + t * mp.mpf(float(direction[index]))
    return moved


def derivatives_along(
    graph: Graph, point: Sequence[Array], direction: Sequence[Array]
) -> list[list[Array]]:
    """Return for each of `ORDERS`, and each output, the derivative along a direction, in floats.

    What is 0 to 50 digits is 0.
    """
    mp = mpmath.MPContext()
    mp.dps = DIGITS
    step = mp.mpf(10) ** -STEP
    values = []
    for i in range(-HALF, HALF + 1):
        moved = [_moved(mp, x, v, i * step) for x, v in zip(point, direction, strict=True)]
        values.append(precise(graph, moved, DIGITS))
    found = []
    for order in ORDERS:
        weights = [mp.mpf(w.numerator) / w.denominator for w in difference_weights(order)]
        outputs = []
        for samples in zip(*values, strict=True):
            total = sum(w * sample for w, sample in zip(weights, samples, strict=True))
            outputs.append(floats(np.asarray(total / step**order), smallest=1e-50))
        found.append(outputs)
    return found


def floats(array: Array, smallest: float = 0.0) -> Array:
    """Return mpmath numbers as floats; those below `smallest` as 0."""
    numbers = array.astype(float)
    return np.where(abs(numbers) < smallest, 0.0, numbers)


def contract_with(
    results: Sequence[Array],
    leaves: Sequence[Leaf],
    names: Sequence[str],
    direction: Sequence[Array],
    count: int,
) -> list[Array]:
    """Return for each output of the base graph the sum of its blocks, contracted with a direction.

    Parameters
    ----------
    results : sequence of array
        Outputs of a derivative graph.
    leaves : sequence of Leaf
        What they are.
    names : sequence of str
        Inputs of the base graph.
    direction : sequence of array
        For each of them.
    count : int
        Outputs of the base graph.
    """
    along = dict(zip(names, direction, strict=True))
    totals: list[Any] = [0.0] * count
    for result, leaf in zip(results, leaves, strict=True):
        block = np.asarray(result)
        for name, ndim in reversed(leaf.by):
            block = np.tensordot(block, along[name], axes=ndim)
        totals[leaf.base] = totals[leaf.base] + block
    return [np.asarray(total) for total in totals]


def deviation(found: Array, expected: Array, scale: Array | None = None) -> float:
    """Return the largest difference, relative to the largest element of `scale`.

    That is `expected` if not given. Where it is 0 everywhere, any difference is infinite.
    """
    difference = float(np.max(abs(found - expected), initial=0.0))
    if difference == 0.0:
        return 0.0
    size = float(np.max(abs(expected if scale is None else scale), initial=0.0))
    return difference / size if size else np.inf


def directional_deviation(
    results: Sequence[Array],
    leaves: Sequence[Leaf],
    names: Sequence[str],
    direction: Sequence[Array],
    expected: Sequence[Array],
) -> float:
    """Return how far blocks of derivatives, contracted with a direction, are from `expected`.

    Relative to the same sum without signs, since terms of it may cancel.
    """
    count = len(expected)
    found = contract_with(results, leaves, names, direction, count)
    sizes = contract_with(
        [abs(np.asarray(result)) for result in results],
        leaves,
        names,
        [abs(v) for v in direction],
        count,
    )
    return max(map(deviation, found, expected, sizes))
