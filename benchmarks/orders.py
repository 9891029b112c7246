"""How the graph of the N-th derivative grows with N, for each way to derive it.

Prints the table of docs/orders.md, for f(t) = exp(sin t) · log1p(t²), and draws docs/orders.svg if
matplotlib is there. A way that makes more than so many nodes at an order is not followed further.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

from growth import written_out
from workloads import univariate

import graphad as ga
from graphad.passes import Pipeline, nested
from graphad.planning import STRATEGIES
from graphad.planning.finishing import FINISH

HIGHEST = 20
MOST = 10_000
"""Nodes, before simplification, above which a way is not followed."""
ARRAY, ALONE = "nested", "without sharing"
FIGURE = Path(__file__).parents[1] / "docs" / "orders.svg"


def nodes_of(name: str, order: int) -> tuple[int, int]:
    """Return the nodes of a derivative as a strategy makes it, and when it is simplified.

    Parameters
    ----------
    name : str
        A strategy; ``"nested"`` for `.diff()` again and again; ``"without sharing"`` for the
        symbols of first derivatives of first derivatives, written out as one expression.
    order : int
        N.
    """
    graph = ga.trace(univariate)
    if name == ARRAY:
        made = len(graph.diff(order=order))
        return made, made
    if name == ALONE:
        symbols = written_out(nested(graph, order))
        return symbols, symbols
    raw = STRATEGIES[name].derive(graph, order, graph.input_names, [(0, (0,) * order)]).graph
    if len(raw) > MOST:
        return len(raw), 0
    return len(raw), len(Pipeline(FINISH[0])(raw))


def measured(highest: int) -> dict[str, list[int]]:
    """Return for each way the nodes at orders 1, 2, … as far as it was followed."""
    found: dict[str, list[int]] = {}
    for name in (*STRATEGIES, ARRAY, ALONE):
        sizes: list[int] = []
        start = time.perf_counter()
        for order in range(1, highest + 1):
            _, nodes = nodes_of(name, order)
            if not nodes:
                break
            sizes.append(nodes)
        found[name] = sizes
        print(f"{name}: {time.perf_counter() - start:.1f} s", file=sys.stderr)
    return found


def shown(count: int) -> str:
    """Return a number, rounded if it is very large."""
    return f"{count:,}" if count < 10_000_000 else f"{count:.1e}"


def table(found: dict[str, list[int]], highest: int) -> str:
    """Return the table as Markdown."""
    lines = ["| N | " + " | ".join(found) + " |", "|---:" * (len(found) + 1) + "|"]
    for order in range(1, highest + 1):
        cells = [shown(sizes[order - 1]) if order <= len(sizes) else "" for sizes in found.values()]
        lines.append(f"| {order} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(found: dict[str, list[int]], path: Path) -> None:
    """Draw the table, both axes logarithmic; the file is the same whenever the numbers are."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    pyplot.rcParams["svg.hashsalt"] = "graphad"
    figure, axes = pyplot.subplots(figsize=(8, 5.5))
    for name, sizes in found.items():
        style = {"color": "0.5", "linestyle": "--"} if name == ALONE else {}
        axes.plot(range(1, len(sizes) + 1), sizes, marker=".", label=name, **style)
    axes.set(xscale="log", yscale="log", xlabel="order N", ylabel="nodes", ylim=(8, 1e7))
    axes.set_title("nodes of the N-th derivative of exp(sin t) · log1p(t²)")
    ticks = [1, 2, 3, 4, 6, 8, 12, 16, 20]
    axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(path, format="svg", metadata=nothing)


def main() -> None:
    """Measure, print, and draw."""
    warnings.simplefilter("ignore")
    found = measured(HIGHEST)
    print(table(found, HIGHEST))
    try:
        draw(found, FIGURE)
    except ImportError:
        print("matplotlib is not installed: no figure was drawn", file=sys.stderr)


if __name__ == "__main__":
    main()
