"""Derivatives of whole functions, orders 1 to 4, against numbers of many digits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

import graphad as ga
from graphad.evaluate import precise
from graphad.passes.diff import Leaf
from tests.acceptance.digits import derivatives_along
from tests.acceptance.functions import CASES, Case
from tests.ops.calculus import contract_with, floats

ORDERS = (1, 2, 3, 4)
TOLERANCE = 1e-12
ROUNDING = 1e-15
"""Relative error in the arguments that an error of a value is compared with, 4.5 units of 2⁻⁵²."""
DIRECTIONS = 3
TOO_WIDE = {("euler_rotation", 4)}
"""Reverse mode alone takes 2.5e9 operations here: a row for each of 9·3·3·3 results."""


@cache
def derivative(case: Case, order: int, mode: str = "auto") -> ga.Graph:
    """Return a derivative's graph."""
    if order == 0:
        return ga.trace(case.function, *case.point)
    return derivative(case, order - 1, mode).diff(mode=mode)


def flat(nested: Any) -> list[Any]:
    """Return the arrays of nested tuples, left to right."""
    if isinstance(nested, tuple):
        return [array for item in nested for array in flat(item)]
    return [np.asarray(nested)]


def leaves_of(graph: ga.Graph) -> tuple[Leaf, ...]:
    """Return what each output of a derivative is."""
    assert graph.derivation is not None
    return graph.derivation.leaves


@cache
def values(case: Case, order: int, mode: str = "auto") -> list[Any]:
    """Return the blocks of a derivative at the case's point, in double precision."""
    return flat(derivative(case, order, mode)(*case.point))


def sensitivities(case: Case, order: int) -> list[Any]:
    """Return for each block, elementwise, Σⱼ |xⱼ·∂ⱼ|: how far rounding of the arguments goes.

    Divided by the value's magnitude it is the condition number of the derivative.
    """
    names = derivative(case, 0).input_names
    point = dict(zip(names, map(np.asarray, case.point), strict=True))
    totals: dict[Any, Any] = {}
    for leaf, value in zip(
        leaves_of(derivative(case, order + 1)), values(case, order + 1), strict=True
    ):
        name, ndim = leaf.by[-1]
        key = leaf.base, leaf.by[:-1]
        moved = np.tensordot(abs(value), abs(point[name]), axes=ndim)
        totals[key] = totals.get(key, 0.0) + moved
    return [totals[leaf.base, leaf.by] for leaf in leaves_of(derivative(case, order))]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same_graph_in_50_digits(case: Case, order: int) -> None:
    """Every element is right to 1e-12, or, where ill conditioned, as its argument is to 1e-15."""
    graph = derivative(case, order)
    exact = [floats(np.asarray(block)) for block in precise(graph, case.point, 50)]
    known = zip(values(case, order), exact, sensitivities(case, order), strict=True)
    for found, expected, sensitivity in known:
        assert found.shape == expected.shape
        allowed = np.maximum(TOLERANCE * abs(expected), ROUNDING * sensitivity)
        assert np.all(abs(found - expected) <= allowed)


def directions_of(case: Case) -> list[list[Any]]:
    """Return a few directions through a case's point, the same in every run."""
    draw = np.random.default_rng(17)
    return [
        [np.asarray(draw.uniform(0.3, 1.0, np.shape(x)) * draw.choice([-1, 1], np.shape(x)))
         for x in case.point]
        for _ in range(DIRECTIONS)
    ]  # fmt: skip


def contracted(case: Case, blocks: Sequence[Any], order: int, direction: Sequence[Any]) -> Any:
    """Return Dᵏf·v·…·v from the blocks of Dᵏf, for the one output of a case."""
    graph = derivative(case, 0)
    leaves = leaves_of(derivative(case, order))
    return contract_with(blocks, leaves, graph.input_names, direction, 1)[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_differences_of_the_function_itself(case: Case) -> None:
    """Along lines, orders 1 to 4 agree with differences of the NumPy function in 220 digits.

    Relative to the sum of the magnitudes of the terms, since those may cancel along a line.
    """
    point = [np.asarray(x, dtype=float) for x in case.point]
    for direction in directions_of(case):
        lines = derivatives_along(case.function, point, direction, max(ORDERS))
        sizes = [abs(v) for v in direction]
        for order, expected in zip(ORDERS, lines, strict=True):
            blocks = values(case, order)
            found = contracted(case, blocks, order, direction)
            condition = contracted(case, [abs(block) for block in blocks], order, sizes)
            assert np.all(abs(found - expected) <= TOLERANCE * condition), f"order {order}"
            assert np.shape(found) == np.shape(expected)


@pytest.mark.parametrize("case", [c for c in CASES if c.analytic], ids=lambda case: case.name)
def test_complex_steps(case: Case) -> None:
    """Orders 1 to 4 agree with a complex step in the NumPy function, and in the order below."""
    step = 1e-150
    for direction in directions_of(case)[:1]:
        moved = [x + 1j * step * v for x, v in zip(case.point, direction, strict=True)]
        for order in ORDERS:
            below = derivative(case, order - 1)
            stepped = [
                np.asarray(block).imag / step
                for block in flat(case.function(*moved) if order == 1 else below(*moved))
            ]
            expected = contracted_once(case, values(case, order), order, direction)
            sizes = contracted_once(
                case, [abs(b) for b in values(case, order)], order, [abs(v) for v in direction]
            )
            for found, block, size in zip(stepped, expected, sizes, strict=True):
                assert np.all(abs(found - block) <= TOLERANCE * size), f"order {order}"


def contracted_once(
    case: Case, blocks: Sequence[Any], order: int, direction: Sequence[Any]
) -> list[Any]:
    """Return the sums over the last derivative's axes, one for each block of the order below."""
    along = dict(zip(derivative(case, 0).input_names, direction, strict=True))
    totals: dict[Any, Any] = {}
    for leaf, block in zip(leaves_of(derivative(case, order)), blocks, strict=True):
        name, ndim = leaf.by[-1]
        key = leaf.base, leaf.by[:-1]
        totals[key] = totals.get(key, 0.0) + np.tensordot(block, along[name], axes=ndim)
    return list(totals.values())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_forward_and_reverse_agree(case: Case) -> None:
    """Both modes give the same elements at every order, and so does either of them on the other."""
    for order in ORDERS:
        modes = ["forward"] if (case.name, order) in TOO_WIDE else ["forward", "reverse"]
        ways = [values(case, order, mode) for mode in modes]
        if order == 2:
            ways += [
                flat(derivative(case, 1, mode).diff(mode=other)(*case.point))
                for mode, other in (("forward", "reverse"), ("reverse", "forward"))
            ]
        for blocks in ways:
            bounds = sensitivities(case, order)
            for found, expected, bound in zip(blocks, values(case, order), bounds, strict=True):
                allowed = np.maximum(TOLERANCE * abs(expected), ROUNDING * bound)
                assert np.all(abs(found - expected) <= allowed), f"order {order}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_derivative_axes_may_be_interchanged(case: Case) -> None:
    """Blocks by the same inputs in another order are transposes, and agree to the last bits."""
    for order in (2, 3):
        seen: dict[Any, Any] = {}
        for leaf, block in zip(
            leaves_of(derivative(case, order)), values(case, order), strict=True
        ):
            blocks = leaf.blocks()
            for permutation in ((1, 0, 2), (0, 2, 1), (2, 1, 0)):
                chosen = [blocks[i] for i in permutation if i < order]
                names = tuple(name for name, _ in chosen)
                axes = [axis for _, group in chosen for axis in group]
                turned = np.transpose(block, [*range(leaf.ndim), *axes])
                seen.setdefault((leaf.base, names), []).append(turned)
        for same in seen.values():
            size = max(np.max(abs(block), initial=0.0) for block in same)
            for other in same[1:]:
                np.testing.assert_allclose(other, same[0], rtol=TOLERANCE, atol=ROUNDING * size)
