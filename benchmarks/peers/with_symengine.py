"""symengine: entries differentiated one from another, machine code by its LLVM backend."""

from __future__ import annotations

import time

import numpy as np
import symengine as se

from peers.forms import derived, functions_of, run, steps
from peers.tasks import Contender, Missing, Task

VERSION = se.__version__


class Offers:
    """What `forms` takes."""

    exp, log, sqrt, sin, cos, atan2, erf = (
        se.exp,
        se.log,
        se.sqrt,
        se.sin,
        se.cos,
        se.atan2,
        se.erf,
    )
    log1p = staticmethod(lambda u: se.log(1 + u))
    total = staticmethod(lambda terms: se.Add(*terms))
    inverse_cube = staticmethod(lambda d: d**-3)


def prepare(task: Task) -> list[Contender]:
    """Derive and compile."""
    if task.kind not in {"entries", "compile"}:
        raise Missing("has no arrays")
    se.Lambdify([se.Symbol("y")], [se.Symbol("y") + 1], backend="llvm")
    start = time.perf_counter()
    x = [se.Symbol(f"x{i:02d}") for i in range(task.variables)]
    if task.kind == "compile":
        outputs = [run(steps(task.variables), x, se.cos)]
    else:
        outputs = derived(task, x, functions_of(Offers, task, x))
    ready = time.perf_counter()
    function = se.Lambdify(x, outputs, backend="llvm", cse=True, opt_level=3)
    done = time.perf_counter()
    points = task.points()
    rows = np.empty((len(points), len(outputs)))
    point, values = points[0].copy(), np.empty(len(outputs))
    return [
        Contender(
            "symengine",
            ready - start,
            done - ready,
            {"call": (lambda: function.unsafe_real(point, values), lambda: values)},
            (lambda: function(points, out=rows), lambda: rows),
        )
    ]
