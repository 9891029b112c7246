"""graphad itself: planned and compiled, as a ufunc and as a call on bound buffers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from math import factorial
from typing import Any

import numpy as np
import workloads

import graphad as ga
from graphad.errors import GraphadError
from peers.choosing import fastest
from peers.forms import run, steps
from peers.tasks import Array, Contender, Missing, Task

VERSION = "this"
NAME = "graphad"


def prepare(task: Task) -> list[Contender]:
    """Derive and compile."""
    ga.trace(lambda x: np.sum(x * x), np.zeros(2)).diff().compile()
    try:
        return WAYS[task.kind](task)
    except GraphadError as error:
        raise Missing(str(error).splitlines()[0]) from error


def _ready(fast: Any) -> Any:
    """Make the code for single points and for batches now, so that it counts."""
    if hasattr(fast, "prepare"):
        fast.prepare()
    return fast


def narrowed(task: Task, contender: Contender) -> Task:
    """Return the task that peers are given: of equal entries one only, where that is our layout."""
    if task.layout != "distinct":
        return task
    positions, signs = contender.keep[0].index_map
    first = {}
    for place, (position, sign) in enumerate(zip(positions, signs, strict=True)):
        if sign and (position not in first or sign > signs[first[position]]):
            first[position] = place
    chosen = [first[position] for position in sorted(first)]
    return replace(
        task, entries=tuple(task.entries[i] for i in chosen), signs=np.array(signs)[chosen]
    )


def _entries(task: Task) -> list[Contender]:
    points = task.points()
    start = time.perf_counter()
    if task.variables == 1:
        series = ga.trace(workloads.univariate).taylor(task.order)
        scale = np.array([float(factorial(k)) for k in range(task.order + 1)])
        made: Any = ga.trace(lambda t: series(t) * scale, 1.0)
        ready = time.perf_counter()
        fast = _ready(made.compile())
        points = points[:, 0]
    elif task.layout == "orders":
        made = ga.trace(getattr(workloads, task.function), points[0])
        ready = time.perf_counter()
        orders = sorted({len(index) for _, index in task.entries})
        fast = _ready(made.compile("packed", orders=orders))
    else:
        graph = ga.trace(getattr(workloads, task.function), points[0])
        made = graph.diff(order=task.order).plan(layout=task.layout)
        ready = time.perf_counter()
        fast = _ready(made.compile())
    done = time.perf_counter()
    return [_contender(points, fast, made, ready - start, done - ready)]


def _contender(points: Array, fast: Any, made: Any, derive: float, seconds: float) -> Contender:
    """Return the calls of compiled code: ``out=`` is given, and single calls go both ways."""
    point = np.array(points[0])
    if not hasattr(fast, "ufunc"):
        raise Missing(f"graphad: {fast!r}")
    first = fast.ufunc(point)
    several = isinstance(first, tuple)
    like = first if several else (first,)
    rows = tuple(np.empty((len(points), *np.shape(part))) for part in like)
    values = tuple(np.empty(np.shape(part)) for part in like)
    ufunc, out, one = fast.ufunc, rows if several else rows[0], values if several else values[0]
    singles: dict[str, tuple[Callable[[], object], Callable[[], Array]]] = {}
    bound = None
    try:
        bound = fast.bind([point], list(values))
        singles["bound"] = (getattr(bound, "run", bound), lambda: _flat(values, 0))
    except GraphadError:  # not for several outputs as yet
        pass
    singles["ufunc"] = (lambda: ufunc(point, out=one), lambda: _flat(values, 0))
    batch = (lambda: ufunc(points, out=out), lambda: _flat(rows, 1))
    return Contender(
        NAME, derive, seconds, singles, batch, getattr(made, "strategy", ""), (made, fast, bound)
    )


def _flat(parts: tuple[Array, ...], batch: int) -> Array:
    shaped = [part.reshape(*part.shape[:batch], -1) for part in parts]
    return np.concatenate(shaped, axis=-1)


def _operator(task: Task) -> list[Contender]:
    points = task.points()
    start = time.perf_counter()
    graph = ga.trace(workloads.mlp(5, 64), points[0])
    made = getattr(graph, task.kind)()
    ready = time.perf_counter()
    fast = _ready(made.compile())
    done = time.perf_counter()
    whole = made.batch(len(points))
    tried = []
    for name, call, seconds in (
        ("interpreted", made, 0.0),
        ("interpreted, batched beforehand", whole, 0.0),
        (repr(fast).strip("<>").split()[0], fast, done - ready),
    ):
        tried.append(_called(task, call, ready - start, seconds, name, points))
    best = fastest(tried)
    for item in tried:
        if item is not best:
            item.name = f"{NAME}, {item.note}"
    return [best, *(item for item in tried if item is not best)]


def _called(
    task: Task, call: Any, derive: float, seconds: float, note: str, points: Array
) -> Contender:
    dump: dict[str, Any] = {}

    def batch() -> None:
        dump["many"] = call(points)

    return Contender(
        NAME,
        derive,
        seconds,
        batch=(batch, lambda: np.asarray(dump["many"])[:, None]),
        note=note,
    )


def _sparse(task: Task) -> list[Contender]:
    point = task.points()[0]
    start = time.perf_counter()
    plan = ga.trace(workloads.chained, point).diff(order=2).plan(layout="csr")
    ready = time.perf_counter()
    fast = _ready(plan.compile())
    done = time.perf_counter()
    dump: dict[str, Any] = {}

    def single() -> None:
        dump["one"] = fast(point)

    one = Contender(
        NAME,
        ready - start,
        done - ready,
        {"call": (single, lambda: dump["one"].data)},
        note=f"{plan.strategy}; {fast!r}".split(" of ")[0].replace("<", ""),
    )
    return [one]


def _program(task: Task) -> list[Contender]:
    points, program = task.points(), steps(task.variables)
    start = time.perf_counter()
    graph = ga.trace(lambda x: run(program, list(x), np.cos), points[0])
    ready = time.perf_counter()
    fast = _ready(graph.compile())
    done = time.perf_counter()
    return [_contender(points, fast, graph, ready - start, done - ready)]


WAYS: dict[str, Callable[[Task], list[Contender]]] = {
    "entries": _entries,
    "laplacian": _operator,
    "biharmonic": _operator,
    "sparse": _sparse,
    "compile": _program,
}
