"""Operations of all unique entries of a derivative: the planner's choice, and every other way.

Prints the table of README.md. Counted are the operations that run, by the rule of `graphad.cost`,
after all passes; time is that of `.diff(order=k).plan(layout="packed")`, all ways included.
"""

from __future__ import annotations

import time

import numpy as np
from workloads import (
    coupled,
    coupled_point,
    lennard_jones,
    lennard_jones_point,
    log_sum_exp,
    mix,
    product,
    rosenbrock,
    small_mlp,
)

import graphad as ga

CASES = (
    ("product of 6", product, np.linspace(0.3, 0.9, 6), (3, 4)),
    ("tanh MLP, 4 inputs", small_mlp, np.linspace(0.3, 0.9, 4), (3, 4)),
    ("log-sum-exp of 4", log_sum_exp, np.linspace(0.3, 0.9, 4), (3, 4)),
    ("sin(xy)·eᶻ + …", mix, np.linspace(0.3, 0.9, 3), (3, 4)),
    ("Lennard-Jones, 4 atoms", lennard_jones, lennard_jones_point(4), (3, 4)),
    ("Rosenbrock of 6", rosenbrock, np.linspace(0.3, 0.9, 6), (2,)),
    ("coupled ring of 4", coupled, coupled_point(4), (3, 4)),
)
WAYS = (
    "compose",
    "edge-pushing",
    "multivariate",
    "reverse-forward",
    "forward",
    "directions",
    "nested",
)


def main() -> None:
    """Plan each derivative and print its counts."""
    print("| function | order | entries | plan | seconds | " + " | ".join(WAYS) + " |")
    print("|---|---:|---:|---:|---:" + "|---:" * len(WAYS) + "|")
    for name, function, point, orders in CASES:
        graph = ga.trace(function, point)
        for order in orders:
            start = time.perf_counter()
            plan = graph.diff(order=order).plan(layout="packed")
            seconds = time.perf_counter() - start
            counts = {item.name: item.cost.total for item in plan.candidates if item.cost}
            cells = [f"{counts[way]:,}" if way in counts else "" for way in WAYS]
            total = f"**{plan.cost().total:,}** {plan.strategy}"
            entries = plan.target.unique
            row = f"| {name} | {order} | {entries:,} | {total} | {seconds:.2f} | "
            print(row + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
