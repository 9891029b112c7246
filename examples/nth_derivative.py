"""The Nth derivative of a function: by forward mode, by reverse mode, by both, all equal.

Each mode takes a graph and gives a graph, so the Nth derivative is the mode applied N times. What
a mode does is best seen in the first derivative before it is simplified; the program prints it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, perm

import numpy as np

import graphad as ga

POINT = 1.5
HIGHEST = 8


def function(t: float) -> float:
    """Return 0.3 · sin(t) · t¹⁰."""
    return 0.3 * np.sin(t) * t**10


def forward(graph: ga.Graph) -> ga.Graph:
    """Return the derivative by forward mode: push the tangent dt = 1 through the graph."""
    push = graph.jvp()  # (t, dt) -> (f(t), f'(t)·dt)
    return ga.trace(lambda t: push(t, 1.0)[1], name=graph.name).report().graph


def reverse(graph: ga.Graph) -> ga.Graph:
    """Return the derivative by reverse mode: pull the cotangent 1 back through the graph."""
    pull = graph.vjp()  # (t, ct) -> (f(t), ct·f'(t))
    return ga.trace(lambda t: pull(t, 1.0)[1], name=graph.name).report().graph


def closed_form(order: int, t: float) -> float:
    """Return the derivative by Leibniz' rule for the product of t¹⁰ and sin(t)."""
    terms = [
        comb(order, k) * perm(10, k) * t ** (10 - k) * np.sin(t + (order - k) * np.pi / 2)
        for k in range(min(order, 10) + 1)
    ]
    return 0.3 * sum(terms)


@dataclass(frozen=True)
class Row:
    """One derivative, found in four ways."""

    order: int
    forward: ga.Graph
    reverse: ga.Graph
    both: ga.Graph
    diff: ga.Graph
    expected: float

    @property
    def graphs(self) -> tuple[ga.Graph, ...]:
        """The four graphs."""
        return self.forward, self.reverse, self.both, self.diff


def derivatives(highest: int) -> list[Row]:
    """Differentiate again and again: forward, reverse, the two in turn, and by `diff`."""
    by_forward = by_reverse = by_both = by_diff = ga.trace(function)
    rows = []
    for order in range(1, highest + 1):
        by_forward = forward(by_forward)
        by_reverse = reverse(by_reverse)
        by_both = forward(by_both) if order % 2 else reverse(by_both)
        by_diff = by_diff.diff()
        expected = closed_form(order, POINT)
        rows.append(Row(order, by_forward, by_reverse, by_both, by_diff, expected))
    return rows


def main() -> list[Row]:
    """Show the modes and the table."""
    graph = ga.trace(function)
    print("The function, a node for each operation:")
    print(f"\n{graph}")
    print("\nForward mode walks down the graph, and gives each value a tangent beside it:")
    print(f"\n{graph.diff(mode='forward', optimize=False)}")
    print("\nReverse mode starts at the result, and hands its cotangent 1.0 back to the operands:")
    print(f"\n{graph.diff(mode='reverse', optimize=False)}")
    print("\nSimplified, both are the derivative that one would write down:")
    print(f"\n{graph.diff()}")

    print(f"\nDerivatives at t = {POINT}, with the number of nodes of each graph:\n")
    print(
        "order          forward          reverse             both           diff()      closed form"
    )
    rows = derivatives(HIGHEST)
    for row in rows:
        values = "".join(f"{graph(POINT):>17.8g}" for graph in row.graphs)
        nodes = "".join(f"{f'{len(graph)} nodes':>17}" for graph in row.graphs)
        print(f"{row.order:>5}{values}{row.expected:>17.8g}\n     {nodes}")
    return rows


if __name__ == "__main__":
    main()
