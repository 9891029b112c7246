"""CasADi: expressions of scalars (SX), in its virtual machine and as C through gcc.

Single calls go through buffers that are bound beforehand. The C of a batch is a loop beside the
generated function, in one file, so that the compiler sees both.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import casadi as ca
import numpy as np

from peers.forms import functions_of, run, steps
from peers.tasks import Array, Contender, Missing, Task

VERSION = ca.__version__
LARGEST = 20_000
"""Operations above which gcc takes minutes at -O3, and -O1 is taken."""

BATCH = """
void batch(const casadi_real *in, casadi_real *out, casadi_int count) {{
  casadi_int iw[{iw}];
  casadi_real w[{w}];
  const casadi_real *arg[{arg}];
  casadi_real *res[{res}];
  for (casadi_int i = 0; i < count; ++i) {{
    arg[0] = in + {n} * i;
    res[0] = out + {m} * i;
    entries(arg, res, iw, w, 0);
  }}
}}
"""


def _inverse_cube(d: Any) -> Any:
    inverse = 1 / d
    return inverse * inverse * inverse


class Offers:
    """What `forms` takes."""

    exp, log, log1p, sqrt = ca.exp, ca.log, ca.log1p, ca.sqrt
    sin, cos, atan2, erf = ca.sin, ca.cos, ca.atan2, ca.erf
    total = staticmethod(sum)
    inverse_cube = staticmethod(_inverse_cube)


def derived(task: Task, x: Any, functions: list[Any]) -> Any:
    """Return the vector of a task's entries: unique derivatives of each order from those below."""
    below = {(row, ()): function for row, function in enumerate(functions)}
    known = dict(below)
    for order in range(1, task.order + 1):
        needed = sorted(
            {(row, index[:order]) for row, index in task.entries if len(index) >= order}
        )
        keys = sorted({(row, index[:-1]) for row, index in needed})
        place = {key: i for i, key in enumerate(keys)}
        matrix = ca.cse(ca.jacobian(ca.vertcat(*(below[key] for key in keys)), x))
        below = {(row, index): matrix[place[row, index[:-1]], index[-1]] for row, index in needed}
        known.update(below)
    return ca.cse(ca.densify(ca.vertcat(*(known[entry] for entry in task.entries))))


def prepare(task: Task) -> list[Contender]:
    """Derive, and compile if there is a compiler."""
    if task.kind == "sparse":
        return [_sparse(task, ca.MX, "MX"), _sparse(task, ca.SX, "SX")]
    if task.kind not in {"entries", "compile"}:
        raise Missing("not tried")
    start = time.perf_counter()
    x = ca.SX.sym("x", task.variables)
    listed = ca.vertsplit(x)
    if task.kind == "compile":
        outputs = run(steps(task.variables), listed, ca.cos)
    else:
        outputs = derived(task, x, functions_of(Offers, task, listed))
    ready = time.perf_counter()
    function = ca.Function("entries", [x], [outputs])
    derive, made = ready - start, time.perf_counter() - ready
    found = [_in_machine(task, function, derive, made)]
    if shutil.which("gcc"):
        found.append(_as_c(task, function, derive))
    return found


def _bound(function: Any, given: Array, values: Array) -> Any:
    buffer, call = function.buffer()
    buffer.set_arg(0, memoryview(given))
    buffer.set_res(0, memoryview(values))
    return call, buffer


def _in_machine(task: Task, function: Any, derive: float, seconds: float) -> Contender:
    points = task.points()
    count = function.size1_out(0)
    point, values = points[0].copy(), np.empty(count)
    one, first = _bound(function, point, values)
    rows = np.empty((len(points), count))
    many, second = _bound(function.map(len(points)), points, rows)
    return Contender(
        "CasADi VM",
        derive,
        seconds,
        {"call": (one, lambda: values)},
        (many, lambda: rows),
        f"{function.n_instructions():,} instructions",
        (function, first, second, point, points),
    )


def _as_c(task: Task, function: Any, derive: float) -> Contender:
    points = task.points()
    count = function.size1_out(0)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        generator = ca.CodeGenerator("entries.c")
        generator.add(function)
        text = generator.dump() + BATCH.format(
            iw=max(1, function.sz_iw()),
            w=max(1, function.sz_w()),
            arg=function.sz_arg(),
            res=function.sz_res(),
            n=task.variables,
            m=count,
        )
        level = "-O3" if function.n_instructions() < LARGEST else "-O1"
        source, library = Path(folder, "entries.c"), Path(folder, "entries.so")
        source.write_text(text, encoding="utf-8")
        command = ["gcc", level, "-march=native", "-shared", "-fPIC", str(source), "-lm"]
        subprocess.run([*command, "-o", str(library)], check=True)
        seconds = time.perf_counter() - start
        external = ca.external("entries", str(library))
        loop = ctypes.CDLL(str(library)).batch
    loop.restype, pointer = None, ctypes.c_void_p
    point, values = points[0].copy(), np.empty(count)
    one, buffer = _bound(external, point, values)
    rows = np.empty((len(points), count))
    given = (pointer(points.ctypes.data), pointer(rows.ctypes.data), ctypes.c_longlong(len(points)))
    return Contender(
        "CasADi C",
        derive,
        seconds,
        {"call": (one, lambda: values)},
        (lambda: loop(*given), lambda: rows),
        f"gcc {level}",
        (external, buffer, point, points),
    )


def _sparse(task: Task, kind: Any, name: str) -> Contender:
    start = time.perf_counter()
    x = kind.sym("x", task.variables)
    a, b = x[:-1], x[1:]
    t = b - a * a
    energy = ca.sum1(0.5 * a * a + ca.sin(a * b) + 0.25 * t * t)
    matrix, _ = ca.hessian(energy, x)
    ready = time.perf_counter()
    function = ca.Function("hessian", [x], [matrix])
    seconds = time.perf_counter() - ready
    pattern = function.sparsity_out(0)
    rows, columns = (np.array(found) for found in pattern.get_triplet())
    point, values = task.points()[0].copy(), np.empty(pattern.nnz())
    call, buffer = _bound(function, point, values)
    order = np.lexsort((columns, rows))
    return Contender(
        f"CasADi {name}",
        ready - start,
        seconds,
        {"call": (call, lambda: values[order])},
        keep=(function, buffer, point),
    )
