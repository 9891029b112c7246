"""How long 100,000 nodes take to be simplified, shared (CSE) and printed.

Two graphs: a recurrence as it is traced, and the Hessian of one as the rules make it. Each time is
the best of three; `run` verifies the graph before and after a pass, and counts its operations.
Asked for are less than 5 seconds for the three together.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

import graphad as ga

NODES = 100_000
REPEATS = 3

Result = TypeVar("Result")


def recurrence(steps: int) -> Callable[[float, float], float]:
    """Return a function of two numbers that takes 7 operations a step."""

    def function(x: float, y: float) -> float:
        for _ in range(steps):
            x, y = np.sin(x) * y + x / 1.5, np.cos(y) - 0.1 * x
        return x + y

    return function


def raw_hessian(graph: ga.Graph) -> ga.Graph:
    """Return the second derivatives by reverse mode, not simplified."""
    return graph.diff(mode="reverse", optimize=False).diff(mode="reverse", optimize=False)


def best_of(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the least of some times, and the result."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times), result


def of_about(nodes: int, make: Callable[[int], ga.Graph]) -> ga.Graph:
    """Return the graph with the number of steps that gives about so many nodes."""
    return make(round(nodes / (len(make(200)) - len(make(100))) * 100))


def measure(name: str, graph: ga.Graph) -> float:
    """Print a row of the table and return the seconds."""
    simplify, simplified = best_of(lambda: graph.run("simplify"))
    share, shared = best_of(lambda: simplified.run("cse"))
    write, text = best_of(lambda: ga.dump(shared))
    total = simplify + share + write
    sizes = f"{len(graph):,} | {len(shared):,} | {len(text) / 1e6:.1f}"
    print(f"| {name} | {sizes} | {simplify:.2f} | {share:.2f} | {write:.2f} | {total:.2f} |")
    return total


def machine() -> str:
    """Return processor, Python and NumPy."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, Python {platform.python_version()}, NumPy {np.__version__}"


def main() -> None:
    """Build the graphs and print the table."""
    traced = of_about(NODES, lambda n: ga.trace(recurrence(n), name="recurrence"))
    raw = of_about(NODES, lambda n: raw_hessian(ga.trace(recurrence(n), name="recurrence")))
    print(f"{machine()}\n")
    print("| graph | nodes | after | MB of text | simplify, s | cse, s | dump, s | together, s |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    totals = [measure("as traced", traced), measure("raw Hessian", raw)]
    print(f"\nat most {max(totals):.2f} s; asked for: less than 5 s")


if __name__ == "__main__":
    main()
