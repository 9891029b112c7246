"""The main job, end to end: trace, differentiate, rewrite, evaluate, print and draw.

Run it with ``make demo``. It prints to the terminal and draws to the folder ``demo``, or to the one
that is given as its argument.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import graphad as ga
from graphad.passes.pipeline import Report

POINT = np.array([1.0, 2.0, 3.0])
SCALAR_PASSES = "fold,simplify,cse,scalarize,simplify,collect,symmetry,cse,dce"


def rosenbrock(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rosenbrock's function of n variables, plain NumPy code."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'-' * len(text)}\n")


def show(title: str, graph: ga.Graph) -> None:
    """Print a graph's text, what it is, and its value at a point."""
    heading(title)
    print(graph)
    print(graph.explain())
    print(f"\nat {POINT}:\n{graph(POINT)}")


def show_passes(title: str, report: Report, graph: ga.Graph) -> None:
    """Print nodes and operations of a graph before and after each pass."""
    heading(title)
    print(report)
    same = np.allclose(graph(POINT), report.graph(POINT), rtol=1e-13)
    print(f"\nthe same values before and after: {same}")


def check_hessian(gradient: ga.Graph, hessian: ga.Graph) -> None:
    """Print how far the Hessian is from central differences of the gradient."""
    heading("Check against central differences of the gradient")
    step = 1e-5
    columns = [
        (gradient(POINT + step * unit) - gradient(POINT - step * unit)) / (2 * step)
        for unit in np.eye(3)
    ]
    difference = np.abs(hessian(POINT) - np.stack(columns, axis=-1)).max()
    print(f"largest difference {difference:.1e}, largest entry {hessian(POINT).max():.1f}")


def show_text_round_trip(graph: ga.Graph) -> None:
    """Print whether the text of a graph parses to the same graph."""
    heading("Text is exact")
    print(f"ga.parse(str(H)) == H: {ga.parse(str(graph)) == graph}")


def show_batch(graph: ga.Graph) -> None:
    """Evaluate a graph at many points in one call."""
    heading("Leading axes are a batch")
    points = np.linspace(-2.0, 2.0, 3000).reshape(1000, 3)
    print(f"H of an array of shape {points.shape} has the shape {graph(points).shape}")


def show_scalar_function() -> ga.Graph:
    """Differentiate a function of one scalar twice; no example is needed."""
    heading("A function of one number: 0.3 · sin(t) · t¹⁰, differentiated twice")
    second = ga.trace(lambda t: 0.3 * np.sin(t) * t**10).diff().diff()
    print(second)
    print(f"at 1.5: {second(1.5)}")
    return second


def draw(folder: Path, graphs: dict[str, ga.Graph]) -> None:
    """Draw graphs to SVG files."""
    heading("Drawings")
    folder.mkdir(parents=True, exist_ok=True)
    for name, graph in graphs.items():
        path = folder / f"{name}.svg"
        graph.render(path)
        print(f"{path}: {len(graph)} nodes, {path.stat().st_size} bytes")


def main(folder: Path) -> None:
    """Run the whole of it."""
    function = ga.trace(rosenbrock, np.zeros(3))
    gradient = function.diff()
    hessian = gradient.diff()
    show("Rosenbrock's function", function)
    show("Its gradient: function.diff()", gradient)
    show("Its Hessian: function.diff().diff()", hessian)

    raw = function.diff(optimize=False).diff(optimize=False)
    arrays = raw.report()
    scalars = raw.report(SCALAR_PASSES)
    show_passes("The Hessian as the rules make it, and after each pass of diff", arrays, raw)
    show_passes("At scalar grain, where equal mixed partials are one node", scalars, raw)

    check_hessian(gradient, hessian)
    show_text_round_trip(hessian)
    show_batch(hessian)
    second = show_scalar_function()
    graphs = {
        "rosenbrock": function,
        "gradient": gradient,
        "hessian": hessian,
        "hessian_raw": raw,
        "hessian_scalar": scalars.graph,
        "second_derivative": second,
    }
    draw(folder, graphs)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("demo"))
