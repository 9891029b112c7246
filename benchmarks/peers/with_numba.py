"""numba: knows no derivatives, and compiles a program of scalars from Python code."""

from __future__ import annotations

import math
import time

import numba
import numpy as np

from peers.forms import source, steps
from peers.tasks import Contender, Missing, Task

VERSION = numba.__version__


def prepare(task: Task) -> list[Contender]:
    """Compile."""
    if task.kind != "compile":
        raise Missing("knows no derivatives")
    numba.njit("float64(float64)")(lambda x: x + 1.0)
    names: dict[str, object] = {"cos": math.cos}
    exec(source(steps(task.variables), task.variables), names)  # noqa: S102
    start = time.perf_counter()
    function = numba.njit("float64(float64[::1])")(names["program"])
    seconds = time.perf_counter() - start
    point, values = task.points()[0].copy(), np.zeros(1)

    def single() -> None:
        values[0] = function(point)

    return [Contender("numba", 0.0, seconds, {"call": (single, lambda: values)})]
