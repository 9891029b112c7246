"""Every registered op under linear operators, against differences in many digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from math import factorial, prod
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.builder import Builder
from graphad.evaluate import Program
from graphad.op import OPS, Array, Op, Sample
from graphad.ops.factories import jvp_of_partials
from graphad.passes import operator
from graphad.types import FLOAT64
from tests.ops.calculus import (
    case_name,
    derivatives_along,
    graph_of,
    point_of,
    samples_of,
)
from tests.passes.graphs import graph_of as graph_from

TOLERANCE = 1e-11


def power_terms(direction: Sequence[float], order: int, weight: float) -> dict[Any, float]:
    """Return the terms of weight·(v·∂)ᵏ."""
    moving = [i for i, v in enumerate(direction) if v]
    return {
        index: weight
        * factorial(order)
        / prod(factorial(index.count(i)) for i in set(index))
        * prod(direction[i] for i in index)
        for index in combinations_with_replacement(moving, order)
    }


def thinned(direction: list[Array], step: int) -> list[Array]:
    """Return a direction that moves few elements, so that operators have few terms."""
    flat = np.concatenate([np.ravel(part) for part in direction])
    flat[[i for i in range(flat.size) if i % step]] = 0.0
    parts = np.split(flat, np.cumsum([part.size for part in direction])[:-1])
    return [part.reshape(like.shape) for part, like in zip(parts, direction, strict=True)]


@pytest.mark.parametrize(("op", "sample"), samples_of(differentiable=True), ids=case_name)
def test_ops(op: Op, sample: Sample) -> None:
    """A sum of second, third and fourth derivatives along two lines is right."""
    if op.name == "while_loop":  # it is not written out
        return
    graph = graph_of(op, sample)
    point, first = point_of(sample, 1)
    _, second = point_of(sample, 2)
    terms: dict[Any, float] = {}
    expected: Any = 0.0
    size = 1.0
    for direction, weights in ((first, (2.0, -1.0, 0.5)), (thinned(second, 3), (-3.0, 0.0, 1.0))):
        along = derivatives_along(graph, point, direction)
        flat = np.concatenate([np.ravel(part) for part in direction]).tolist()
        for order, weight in zip((2, 3, 4), weights, strict=True):
            part = weight * along[order - 1][0].astype(float)
            expected = expected + part
            size = max(size, float(np.max(abs(part), initial=0.0)))
            for index, c in power_terms(flat, order, weight).items():
                terms[index] = terms.get(index, 0.0) + c
    (found,) = Program(operator(graph, terms))(*point)
    assert np.max(abs(found - expected), initial=0.0) <= TOLERANCE * size


COMPOSED: dict[str, Callable[..., Any]] = {
    "arctan2": lambda x: np.arctan2(x[0] * x[1], x[2] - x[1] ** 2),
    "arctan2 of zero": lambda x: np.arctan2(x[0] * x[1], 0 * x[2] - x[1] ** 2),
    "hypot": lambda x: np.hypot(x[0] * x[1], x[2]),
    "logaddexp": lambda x: np.logaddexp(x[0], x[1] * x[2]),
    "power": lambda x: (x[0] + 2) ** (x[1] * x[2]),
    "quotient": lambda x: np.sin(x[0] * x[1]) / (2 + x[2] * x[0]),
    "quotient of one": lambda x: np.exp(x) / np.sum(np.exp(x)),
    "norm": np.linalg.norm,
    "three operands": lambda x: np.einsum("i,ij,j", np.sin(x), np.outer(x, x), x),
    "four factors": lambda x: x[0] * x[1] * np.sin(x[2]) * x * 3.0,
    "matrix product": lambda x: np.outer(x, x) @ np.outer(np.sin(x), x),
    "square": lambda x: x @ x,
    "its square": lambda x: (x @ x) ** 2 + np.sin(x) @ np.sin(x),
    "inverse root": lambda x: 1 / np.sqrt(1 + x @ x),
    "broadcast": lambda x: x[:, None] * np.sin(x) + np.arctan2(x, np.outer(x, x) + 3),
    "moved": lambda x: np.concatenate([x[1:] * x[:-1], np.roll(x, 1) ** 3]),
    "chosen": lambda x: np.where(x > 0, x**3, np.sin(x)) * np.maximum(x[0], x) + np.max(x) ** 2,
    "running": lambda x: np.cumsum(x * x) * np.prod(x),
    "repeated": lambda x: x[[0, 0, 2]] * x[[1, 2, 2]],
    "three levels": lambda x: np.tanh(np.tanh(np.outer(x, [1.0, 2]) @ np.ones((2, 2)))),
}
POINT = np.array([0.3, -0.5, 0.7])


@pytest.mark.parametrize("name", COMPOSED)
def test_functions_of_several_values(name: str) -> None:
    """The Laplacian and the biharmonic are traces of all derivatives."""
    graph = ga.trace(COMPOSED[name], POINT)
    second, fourth = graph.diff(order=2)(POINT), graph.diff(order=4)(POINT)
    laplacian, biharmonic = graph.laplacian()(POINT), graph.biharmonic()(POINT)
    np.testing.assert_allclose(laplacian, np.einsum("...ii->...", second), rtol=1e-12, atol=1e-13)
    wanted = np.einsum("...iijj->...", fourth)
    np.testing.assert_allclose(biharmonic, wanted, rtol=1e-11, atol=1e-11)


def test_only_what_moves_is_computed() -> None:
    """Each factor is moved by one variable: no array of zeros is multiplied."""
    graph = ga.trace(lambda x: x[0] * x[1], np.zeros(6))
    assert graph.laplacian().cost().total == 0
    assert ga.trace(lambda x: x[0] * x[1] ** 2, np.zeros(9)).laplacian().cost().total <= 1
    one = ga.trace(lambda x, y: np.sin(x) * np.exp(y), POINT, 0.0)
    assert one.laplacian(wrt="y").cost().total == graph_total(lambda x, y: np.sin(x) * np.exp(y))


def graph_total(function: Callable[..., Any]) -> int:
    """Return the operations of a function of (x, y)."""
    return ga.trace(function, POINT, 0.0).cost().total


def test_linear_functions_have_no_structure_left() -> None:
    """What is linear vanishes before anything is emitted for it."""
    graph = graph_from(lambda x: OPS["sum"](x * 3.0, axes=(0,)), "[4]")
    made = operator(graph, {(0, 0): 1.0, (1, 1): 1.0})
    assert made.outputs[0].op.name == "const"


def test_ops_without_rule_are_taken_along_rays() -> None:
    """An op of two moving operands that nothing but its derivative is known of has operators."""
    strange = Op(
        "strange",
        lambda types, attrs: types[0],
        lambda x, y: x * y,
        arity=2,
        jvp=jvp_of_partials(lambda out, x, y: (y, x)),
        elementwise=True,
    )
    b = Builder()
    x, y = b.input("x", FLOAT64), b.input("y", FLOAT64)
    graph = b.finish("f", [b.emit(strange, (x.node, y.node))])
    (found,) = Program(operator(graph, {(0, 1): 2.0, (0,): 1.0, (): -1.0}))(3.0, 5.0)
    assert found == 2.0 + 5.0 - 15.0


def test_absolute_of_complex_numbers_is_refused() -> None:
    """What is not analytic has no complex derivative."""
    graph = ga.trace(np.abs, np.zeros(2, complex))
    with pytest.raises(ga.DerivativeError, match="real of a complex number is not analytic"):
        graph.laplacian()
