"""SymPy: entries differentiated one from another, NumPy code by `lambdify` with `cse`."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import sympy

from peers.forms import derived, functions_of
from peers.tasks import Contender, Missing, Task

VERSION = sympy.__version__
UNTRIED = ("lennard_jones", "univariate")


class Offers:
    """What `forms` takes."""

    exp, log, sqrt, sin, cos, atan2, erf = (
        sympy.exp,
        sympy.log,
        sympy.sqrt,
        sympy.sin,
        sympy.cos,
        sympy.atan2,
        sympy.erf,
    )
    log1p = staticmethod(lambda u: sympy.log(1 + u))
    total = staticmethod(lambda terms: sympy.Add(*terms))
    inverse_cube = staticmethod(lambda d: d**-3)


def prepare(task: Task) -> list[Contender]:
    """Derive, and make Python code."""
    if task.kind != "entries":
        raise Missing("not tried")
    if task.function in UNTRIED or task.variables > 6:
        raise Missing("not tried")
    start = time.perf_counter()
    x = [sympy.Symbol(f"x{i:02d}", real=True) for i in range(task.variables)]
    outputs = derived(task, x, functions_of(Offers, task, x))
    ready = time.perf_counter()
    function: Any = sympy.lambdify(x, outputs, modules=["scipy", "numpy"], cse=True)
    done = time.perf_counter()
    points = task.points()
    columns = np.ascontiguousarray(points.T)
    point = points[0].tolist()
    dump: dict[str, Any] = {}

    def single() -> None:
        dump["one"] = function(*point)

    def batch() -> None:
        dump["many"] = function(*columns)

    def rows() -> Any:
        return np.stack([np.broadcast_to(value, len(points)) for value in dump["many"]], axis=1)

    return [
        Contender(
            "SymPy",
            ready - start,
            done - ready,
            {"call": (single, lambda: np.array(dump["one"], float))},
            (batch, rows),
            "lambdify, NumPy",
        )
    ]
