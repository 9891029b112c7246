"""A Laplacian as the trace of a Hessian, what is pruned from it, and its gradient.

A graph that is called inside a traced function becomes a part of the new graph. There, nodes that
nothing needs any more are gone: the trace of a Hessian needs no mixed derivatives. The method
`laplacian` adds up second derivatives before they are computed, and needs less still.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import graphad as ga

Array = NDArray[np.float64]

POINT = np.linspace(-0.4, 0.5, 10)
SCALAR_PASSES = "fold,simplify,scalarize,simplify,collect,symmetry,cse"


def bell(x: Array) -> Array:
    """Return exp(-|x|²/2)."""
    return np.exp(-0.5 * np.sum(x**2))


def closed_form(x: Array) -> tuple[float, Array]:
    """Return the Laplacian (|x|² - n)·exp(-|x|²/2) and its gradient."""
    square, n = x @ x, x.size
    value = (square - n) * np.exp(-0.5 * square)
    return value, (n + 2 - square) * np.exp(-0.5 * square) * x


class Found(NamedTuple):
    """Values, and operations counted on scalars."""

    value: float
    gradient: Array
    hessian_operations: int
    laplacian_operations: int
    collapsed: float
    collapsed_operations: int


def main() -> Found:
    """Build the Laplacian, count what it needs, and differentiate it."""
    function = ga.trace(bell, POINT)
    hessian = function.diff().diff()
    laplacian = ga.trace(lambda x: np.trace(hessian(x)), POINT, name="laplacian")
    gradient = laplacian.diff()
    print("The Laplacian, as it is traced:")
    print(f"\n{laplacian}\n")

    # With a node for each number, it shows which elements of the Hessian are needed.
    full = hessian.run(SCALAR_PASSES)
    pruned = laplacian.run(SCALAR_PASSES)
    print("One number at a time:\n")
    print(f"  the Hessian   {full.cost().total:>4} operations, {len(full):>4} nodes")
    print(f"  the Laplacian {pruned.cost().total:>4} operations, {len(pruned):>4} nodes")

    collapsed = function.laplacian()
    lowered = collapsed.run(SCALAR_PASSES)
    print(f"  collapsed     {lowered.cost().total:>4} operations, {len(lowered):>4} nodes")
    print("\nThe collapsed Laplacian, with arrays:")
    print(f"\n{collapsed}")

    value, slope = laplacian(POINT), gradient(POINT)
    expected, expected_slope = closed_form(POINT)
    print(f"\nat x = {POINT}\n")
    print(f"  Laplacian    {value}\n  closed form  {expected}")
    print(f"\n  its gradient {slope}\n  closed form  {expected_slope}")
    return Found(
        float(value),
        slope,
        full.cost().total,
        pruned.cost().total,
        float(collapsed(POINT)),
        lowered.cost().total,
    )


if __name__ == "__main__":
    main()
