"""How derivatives of exp(sin x) · log1p(x²) grow, shared and written out.

A graph keeps each value once. Written out as one expression, a value stands there once for each
use, and expressions grow exponentially with the order. Prints the table of the README.
"""

from __future__ import annotations

import time

import numpy as np

import graphad as ga

HIGHEST = 20
HIGHEST_RAW = 8
SHOWN = (1, 2, 3, 4, 6, 8, 12, 16, 20)


def function(x: float) -> float:
    """Return exp(sin x) · log1p(x²)."""
    return np.exp(np.sin(x)) * np.log1p(x**2)


def written_out(graph: ga.Graph) -> int:
    """Return the number of symbols of a graph's outputs as expressions without sharing."""
    symbols: list[int] = []
    for node in graph.nodes:
        symbols.append(1 + sum(symbols[operand.id] for operand in node.inputs))
    return sum(symbols[node.id] for node in graph.outputs)


def main() -> None:
    """Differentiate one order at a time and print sizes."""
    shared = plain = ga.trace(function)
    seconds = 0.0
    print("| order | nodes of the graph | written out | rules alone, written out | seconds |")
    print("|---:|---:|---:|---:|---:|")
    for order in range(1, HIGHEST + 1):
        start = time.perf_counter()
        shared = shared.diff()
        seconds += time.perf_counter() - start
        rules = ""
        if order <= HIGHEST_RAW:
            plain = plain.diff(optimize=False)
            rules = f"{written_out(plain):,}"
        if order in SHOWN:
            size = f"{len(shared):,} | {written_out(shared):,} | {rules}"
            print(f"| {order} | {size} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
