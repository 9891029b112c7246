"""JAX: `jit` of nested derivatives, the best of several formulations.

For unique entries of a scalar function: all of the dense array in one of several nestings, of which
the unique ones are taken, and the unique ones alone, each by forward mode along basis vectors.
Batches run by `vmap` of all points, or of blocks of points, one block after the other.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import jet

from peers.choosing import fastest
from peers.forms import FORMS, run, steps
from peers.tasks import Array, Contender, Missing, Task

jax.config.update("jax_enable_x64", True)
VERSION = jax.__version__
BLOCKS = {"entries": (64,), "laplacian": (1, 8, 64), "biharmonic": (1, 8, 64)}
"""Points of a block."""
MOST = 1 << 28
"""Bytes of the dense derivatives of all points that may be held at once."""
FEW = 640
"""Points of a batch that would take many seconds."""
LIMIT = 100.0
"""Seconds to compile a program of scalars."""
Function = Callable[[Any], Any]


class Offers:
    """What `forms` takes."""

    exp, log, log1p, sqrt = jnp.exp, jnp.log, jnp.log1p, jnp.sqrt
    sin, cos, atan2, erf = jnp.sin, jnp.cos, jnp.arctan2, jax.scipy.special.erf
    total = staticmethod(sum)
    inverse_cube = staticmethod(lambda d: d**-3)


def coupled(x: Any) -> Any:
    """Return `workloads.coupled`, as array code."""
    y = jnp.roll(x, -1)
    local = 0.5 * x * x + x * x * y - y * y * y / 3.0 + 0.1 * jnp.exp(x * y)
    return jnp.sum(local) + jnp.sin(jnp.sum(x)) * jnp.exp(-0.1 * jnp.sum(x * x))


def lennard_jones(x: Any) -> Any:
    """Return `workloads.lennard_jones`, as array code."""
    p = x.reshape(-1, 3)
    i, j = np.triu_indices(len(p), 1)
    d = p[i] - p[j]
    s = jnp.sum(d * d, axis=-1) ** -3
    return jnp.sum(4.0 * (s * s - s))


def function_of(task: Task) -> Function:
    """Return the function of a task: an array of its outputs, or a scalar if it has one."""
    if task.function in {"coupled", "lennard_jones"}:
        return {"coupled": coupled, "lennard_jones": lennard_jones}[task.function]
    form = FORMS[task.function]
    if task.outputs == 1:
        return lambda x: form(Offers, list(x))[0]
    return lambda x: jnp.stack(form(Offers, list(x)))


def network() -> Function:
    """Return `workloads.mlp(5, 64)`."""
    r = np.random.default_rng(4)
    sizes = ((5, 64), (64, 64), (64, 1))
    w = [r.standard_normal(s) / np.sqrt(s[0]) for s in sizes]
    b = [0.1 * r.standard_normal(s[1]) for s in sizes]
    return lambda x: (jnp.tanh(jnp.tanh(x @ w[0] + b[0]) @ w[1] + b[1]) @ w[2] + b[2])[0]


# --- formulations: functions of one point ---------------------------------------------------------


def dense(task: Task, modes: str) -> Function:
    """Return the entries taken out of dense derivatives; `modes` is inner to outer, f or r."""
    by_order: list[Function] = [function_of(task)]
    for mode in modes:
        by_order.append({"f": jax.jacfwd, "r": jax.jacrev}[mode](by_order[-1]))
    orders = sorted({len(index) for _, index in task.entries})

    def entries(x: Any) -> Any:
        parts = []
        for order in orders:
            listed = [(row, index) for row, index in task.entries if len(index) == order]
            values = by_order[order](x)
            places = [(row, *index) if task.outputs > 1 else index for row, index in listed]
            at = tuple(np.array(places, int).reshape(len(listed), -1).T)
            parts.append(values[at] if at else values[None])
        return jnp.concatenate(parts)

    return entries


def along(task: Task) -> Function:
    """Return the unique entries, each by forward mode along basis vectors."""
    base = function_of(task)
    orders = sorted({len(index) for _, index in task.entries})

    def pushed(function: Function, order: int) -> Callable[..., Any]:
        def directional(x: Any, *vectors: Any) -> Any:
            inner = function
            for v in vectors:
                inner = partial(_jvp, inner, v)
            return inner(x)

        return jax.vmap(directional, (None, *(0,) * order))

    def entries(x: Any) -> Any:
        parts = []
        for order in orders:
            listed = [index for _, index in task.entries if len(index) == order]
            if not order:
                parts.append(base(x)[None])
                continue
            basis = np.eye(task.variables)
            vectors = [basis[[index[k] for index in listed]] for k in range(order)]
            parts.append(pushed(base, order)(x, *vectors))
        return jnp.concatenate(parts)

    return entries


def _jvp(function: Function, v: Any, x: Any) -> Any:
    return jax.jvp(function, (x,), (v,))[1]


def by_series(task: Task) -> Function:
    """Return derivatives of a function of one variable by Taylor mode."""
    base = function_of(task)
    series = [jnp.ones(1), *[jnp.zeros(1)] * (task.order - 1)]

    def entries(x: Any) -> Any:
        first, rest = jet.jet(base, (x,), (series,))
        return jnp.stack([first, *rest])

    return entries


def laplacians() -> dict[str, Function]:
    """Return the ways to the Laplacian of the network."""
    f, basis = network(), jnp.eye(5)
    zero = jnp.zeros(5)

    def second(x: Any, v: Any) -> Any:
        return jet.jet(f, (x,), ((v, zero),))[1][1]

    def product(x: Any, v: Any) -> Any:
        return jnp.vdot(v, jax.jvp(jax.grad(f), (x,), (v,))[1])

    return {
        "jet": lambda x: jnp.sum(jax.vmap(partial(second, x))(basis)),
        "Hessian-vector products": lambda x: jnp.sum(jax.vmap(partial(product, x))(basis)),
        "trace of the Hessian": lambda x: jnp.trace(jax.hessian(f)(x)),
        "forward twice": lambda x: jnp.sum(
            jax.vmap(lambda v: _jvp(partial(_jvp, f, v), v, x))(basis)
        ),
    }


def biharmonics() -> dict[str, Function]:
    """Return the ways to the biharmonic operator of the network.

    ΔΔ = Σ ∂ᵢ⁴ + 2 Σ ∂ᵢ²∂ⱼ² over pairs, and 12 ∂ᵢ²∂ⱼ² are the fourth derivatives along eᵢ + eⱼ and
    eᵢ - eⱼ less 2 ∂ᵢ⁴ and 2 ∂ⱼ⁴.
    """
    f, basis = network(), np.eye(5)
    zero = jnp.zeros(5)
    pairs = [(i, j) for i in range(5) for j in range(i)]
    directions = np.array(
        [*basis, *(basis[i] + s * basis[j] for i, j in pairs for s in (1.0, -1.0))]
    )
    # Each i is in four pairs, and each pair takes 2 · 2/12 of its ∂ᵢ⁴ away.
    weights = np.array([1.0 - 4 / 3.0] * 5 + [1.0 / 6.0] * (2 * len(pairs)))

    def fourth(x: Any, v: Any) -> Any:
        return jet.jet(f, (x,), ((v, zero, zero, zero),))[1][3]

    def nested(inner: Function) -> Function:
        def laplacian(x: Any) -> Any:
            def second(v: Any) -> Any:
                return jet.jet(inner, (x,), ((v, zero),))[1][1]

            return jnp.sum(jax.vmap(second)(jnp.asarray(basis)))

        return laplacian

    hessian_trace = lambda x: jnp.trace(jax.hessian(f)(x))  # noqa: E731
    return {
        "jet along 25 directions": lambda x: (
            jax.vmap(partial(fourth, x))(jnp.asarray(directions)) @ weights
        ),
        "jet of jet": nested(nested(f)),
        "Hessian of Hessian": lambda x: jnp.trace(jax.hessian(hessian_trace)(x)),
    }


# --- contenders -----------------------------------------------------------------------------------


def prepare(task: Task) -> list[Contender]:
    """Derive and compile each formulation, and take the fastest."""
    jax.jit(lambda x: x + 1.0)(jnp.zeros(1)).block_until_ready()
    if task.kind == "compile":
        _check_limit()
        program = steps(task.variables)
        ways: dict[str, Function] = {"as scalars": lambda x: run(program, list(x), jnp.cos)[None]}
    elif task.kind in {"laplacian", "biharmonic"}:
        ways = laplacians() if task.kind == "laplacian" else biharmonics()
    elif task.kind == "entries":
        ways = _ways(task)
    else:
        raise Missing("has no sparse derivatives")
    made = [_contender(task, name, way) for name, way in ways.items()]
    best = fastest(made)
    quickest = min(
        made, key=lambda item: min(_once(next(iter(item.singles.values()))[0]) for _ in range(50))
    )
    if quickest is not best:
        best.singles = quickest.singles
        best.note += f"; one point: {quickest.note}"
    return [best]


def _check_limit() -> None:
    """Compile the program in a process of its own first: it cannot be interrupted in this one."""
    code = "from peers.with_jax import *; jax.jit(lambda x: run(steps(10), list(x), jnp.cos))"
    try:
        subprocess.run(
            [sys.executable, "-c", f"{code}(jnp.zeros(10)).block_until_ready()"],
            cwd=Path(__file__).parents[1],
            timeout=LIMIT,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise Missing(f"not compiled within {LIMIT:.0f} s") from error


def _once(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _ways(task: Task) -> dict[str, Function]:
    if task.variables == 1:
        return {"jet": by_series(task)}
    if task.outputs > 1:
        return {"jacfwd": dense(task, "f"), "jacrev": dense(task, "r")}
    order = task.order
    ways = {"unique entries, forward": along(task)}
    nestings = ["r" + "f" * (order - 1), "f" * order]
    for modes in nestings:
        ways["dense, " + " of ".join({"f": "jacfwd", "r": "jacrev"}[m] for m in modes[::-1])] = (
            dense(task, modes)
        )
    return ways


def _contender(task: Task, name: str, way: Function) -> Contender:
    slow = task.function == "lennard_jones" and task.order > 3
    points = jnp.asarray(task.points()[: FEW if slow else None])
    point = points[0]
    one = jax.jit(way)
    seconds = _once(lambda: one(point).block_until_ready())
    dump: dict[str, Array] = {}

    def single() -> None:
        dump["one"] = one(point).block_until_ready()

    made = Contender(
        "JAX",
        0.0,
        seconds,
        {"call": (single, lambda: np.asarray(dump["one"]))},
        note=name,
        points=len(points),
    )
    if task.kind == "compile":
        return made
    many, made.compile = _batch(task, way, points)

    def batch() -> None:
        dump["many"] = many(points).block_until_ready()

    def values() -> Array:
        found = np.asarray(dump["many"])
        return found if found.ndim > 1 else found[:, None]

    made.batch = (batch, values)
    return made


def _batch(task: Task, way: Function, points: Any) -> tuple[Function, float]:
    """Compile for all points at once and by blocks; return the faster, and seconds to compile."""
    size = 8 * task.variables ** max(task.order, 1) * len(points)
    forms: list[Function] = [
        partial(lambda block, xs: jax.lax.map(way, xs, batch_size=block), block)
        for block in BLOCKS[task.kind]
    ]
    if size < MOST:
        forms.append(jax.vmap(way))
    found: list[tuple[float, float, Function]] = []
    for form in forms:
        start = time.perf_counter()
        made = jax.jit(form).lower(points).compile()
        seconds = time.perf_counter() - start
        found.append((_least(made, points), seconds, made))
    _, seconds, best = min(found, key=lambda item: item[:2])
    return best, seconds


def _least(form: Function, points: Any) -> float:
    form(points).block_until_ready()
    return min(_once(lambda: form(points).block_until_ready()) for _ in range(2))
