"""Multiplications to accumulate Jacobians by vertex elimination, and what really runs.

Counted as in the literature (Lohoff and Neftci, 2024): eliminating a vertex takes as many
multiplications as it has predecessors times successors, those by ±1 and other numbers included.

"As written" counts on the graph of the function as it stands: each operator and each call is a
vertex, a difference and a change of sign too; constants have none, and what is written twice has
two; variables and results are not eliminated; Markowitz's order takes the first of several that
are equal. "Simplified" counts on the graph that `eliminate` works with: equal values are one
vertex, and so is a sum of several terms. "Operations" are what runs: all that is left for the
Jacobian when its entries are simplified, by the rule of `graphad.cost`. The last line of each
function is the search for few operations and not for few multiplications, which is the default of
`eliminate`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from workloads import heart_dipole, mix, product, robot_arm

import graphad as ga
from graphad.cost import operations
from graphad.passes.eliminate import PREPARED, eliminated
from graphad.passes.elimination_orders import ORDERS, STEPS, find_order
from graphad.passes.elimination_structure import Linearized, cost_of

COUNTED: dict[str, tuple[Callable[[Any], Any], int]] = {
    "robot_arm": (robot_arm, 6),
    "heart_dipole": (heart_dipole, 8),
    "mix": (mix, 3),
    "product": (product, 6),
}
"""Functions and how many variables they have."""
FOR_OPERATIONS = "search for operations"


class Written(NDArrayOperatorsMixin):
    """A number that notes each operation on it as a vertex of its own."""

    def __init__(self, vertices: list[tuple[int, ...]], *operands: int) -> None:
        self.vertices = vertices
        self.vertex = len(vertices)
        vertices.append(tuple(sorted(set(operands))))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any) -> Written:
        operands = [item.vertex for item in inputs if isinstance(item, Written)]
        return Written(self.vertices, *operands)


def as_written(function: Callable[[Any], Any], variables: int) -> Linearized:
    """Return the linearised graph of a function of a vector, each operation a vertex."""
    vertices: list[tuple[int, ...]] = []
    given = [Written(vertices) for _ in range(variables)]
    rows = [item.vertex for item in np.ravel(function(given))]
    return Linearized(tuple(vertices), tuple(range(variables)), tuple(rows))


def counts_as_written(
    function: Callable[[Any], Any], variables: int, steps: int = STEPS
) -> dict[str, int]:
    """Return multiplications for each kind of order, on the graph as written."""
    linear = as_written(function, variables)
    found = {}
    for by in ORDERS:
        order = find_order(linear, by, "multiplications", steps)
        found[by] = cost_of(linear, order)
    return found


def counts_simplified(
    function: Callable[[Any], Any], variables: int, steps: int = STEPS
) -> dict[str, tuple[int, int]]:
    """Return multiplications, and operations that are left, for each kind of order."""
    graph = ga.trace(function, np.linspace(0.2, 0.9, variables))
    found = {}
    for by, count in [*[(by, "multiplications") for by in ORDERS], ("search", "operations")]:
        made, record = eliminated(graph, by=by, count=count, steps=steps)
        name = by if count == "multiplications" else FOR_OPERATIONS
        found[name] = record.multiplications[0], operations(made.run(PREPARED))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS, help="how long to search")
    steps = parser.parse_args().steps
    print("| function | order | as written | simplified | operations | seconds |")
    print("|---|---|---:|---:|---:|---:|")
    for name, (function, variables) in COUNTED.items():
        start = time.perf_counter()
        written = counts_as_written(function, variables, steps)
        simplified = counts_simplified(function, variables, steps)
        seconds = time.perf_counter() - start
        for by, (multiplications, left) in simplified.items():
            shown = f"{seconds:.1f}" if by == FOR_OPERATIONS else ""
            first = written.get(by, "")
            print(f"| {name} | {by} | {first} | {multiplications} | {left} | {shown} |")


if __name__ == "__main__":
    main()
