"""heyoka: tensors of derivatives by `diff_tensors`, machine code by `cfunc`.

Batches are evaluated by heyoka's own loop over points, of a C array of shape (variables, points).
Code for 256-bit and for 512-bit vectors is tried, and the faster taken.
"""

from __future__ import annotations

import time
from typing import Any

import heyoka as hy
import numpy as np

from peers.choosing import fastest
from peers.forms import functions_of, run, steps
from peers.tasks import Contender, Missing, Task

VERSION = hy.__version__


class Offers:
    """What `forms` takes."""

    exp, log, log1p, sqrt = hy.exp, hy.log, hy.log1p, hy.sqrt
    sin, cos, atan2, erf = hy.sin, hy.cos, hy.atan2, hy.erf
    total = staticmethod(lambda terms: hy.sum(list(terms)))
    inverse_cube = staticmethod(lambda d: d**-3.0)


def _variables(count: int) -> list[Any]:
    return [hy.expression(f"x{i:02d}") for i in range(count)]


def prepare(task: Task) -> list[Contender]:
    """Derive and compile."""
    hy.set_nthreads(1)
    hy.llvm_state.set_memcache_limit(0)  # what is compiled twice is compiled
    hy.llvm_state.set_diskcache_enabled(False)
    hy.cfunc([hy.expression("y") + 1.0], [hy.expression("y")])
    if task.kind not in {"entries", "compile"}:
        raise Missing("has no arrays")
    start = time.perf_counter()
    x = _variables(task.variables)
    if task.kind == "compile":
        outputs = [run(steps(task.variables), x, hy.cos)]
    else:
        tensors = hy.diff_tensors(functions_of(Offers, task, x), x, task.order)
        outputs = [
            tensors[[row, *(index.count(v) for v in range(task.variables))]]
            for row, index in task.entries
        ]
    derived = time.perf_counter()
    tried = []
    for wide in (True, False):
        begun = time.perf_counter()
        function = hy.cfunc(outputs, x, force_avx512=wide)
        seconds = time.perf_counter() - begun
        name = "512-bit vectors" if wide else "256-bit vectors"
        tried.append(_contender(task, function, len(outputs), derived - start, seconds, name))
    return [fastest(tried)]


def _contender(
    task: Task, function: Any, count: int, derive: float, seconds: float, note: str
) -> Contender:
    points = task.points()
    columns = np.ascontiguousarray(points.T)
    rows = np.empty((count, len(points)))
    point, values = points[0].copy(), np.empty(count)
    return Contender(
        "heyoka",
        derive,
        seconds,
        {"call": (lambda: function(point, outputs=values), lambda: values)},
        (lambda: function(columns, outputs=rows), lambda: rows.T),
        note,
    )
