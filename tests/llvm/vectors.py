"""Functions of one op as machine code of any width, and their errors in units of the last place."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np

from graphad.builder import Builder
from graphad.ir import Graph
from graphad.llvm.engine import ATTRIBUTES, LIBMVEC, PREFIXES, Module, host, vector_lanes
from graphad.llvm.functions import LIBM
from graphad.llvm.kernels import Lanes, write_kernel
from graphad.op import OPS
from graphad.types import FLOAT64

Array = np.ndarray[Any, Any]
Run = Callable[..., Array]

WIDTHS = tuple(width for width in (1, 2, 4, 8) if width <= host().width)
LANES = ["scalar"] + [
    f"{width} lanes, {library}" for width in WIDTHS[1:] for library in ("libmvec", "no library")
]
"""All ways of computing that this host can run: of each width, with vector functions and without.

Where there is no libmvec, both are the same."""


@lru_cache(maxsize=16)
def lanes_of(name: str) -> Lanes:
    """Return the lanes of a name of `LANES`."""
    if name == "scalar":
        return Lanes(1)
    width = int(name.partition(" ")[0])
    prefix = PREFIXES[width]
    if name.endswith("no library"):
        return Lanes(width)
    vector_lanes()  # loads the library for the code
    try:
        library = ctypes.CDLL(LIBMVEC)
    except OSError:
        return Lanes(width)
    forms = {one: "vv" if one in ("pow", "atan2", "hypot") else "v" for one in LIBM.values()}
    found = [one for one, form in forms.items() if hasattr(library, f"{prefix}{form}_{one}")]
    return Lanes(width, prefix, frozenset(found))


def sweep_text(graph: Graph, lanes: Lanes) -> str:
    """Return a module with ``@sweep(in, out, tiles)``, which computes tile after tile."""
    kernel = write_kernel(graph, lanes, "k")
    width, count = lanes.width, len(graph.inputs)
    calls = "\n".join(f"  call void @{name}(ptr %i, ptr %o, ptr null)" for name in kernel.names)
    loop = f"""define void @sweep(ptr %in, ptr %out, i64 %tiles) #0 {{
entry:
  br label %tile
tile:
  %n = phi i64 [ 0, %entry ], [ %next, %tile ]
  %ni = mul i64 %n, {width * count}
  %no = mul i64 %n, {width}
  %i = getelementptr double, ptr %in, i64 %ni
  %o = getelementptr double, ptr %out, i64 %no
{calls}
  %next = add i64 %n, 1
  %more = icmp slt i64 %next, %tiles
  br i1 %more, label %tile, label %end
end:
  ret void
}}"""
    return "\n".join([*kernel.declarations.values(), *kernel.text, loop, ATTRIBUTES])


def runner(text: str, width: int, module: Any = None) -> Run:
    """Return a function of arrays from the text of `sweep_text`."""
    module = module or Module(text, 1, keep=False)
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    sweep = kind(module.address("sweep"))

    def run(*arrays: Array, kept: Any = module) -> Array:
        points = len(arrays[0])
        tiles = -(-points // width)
        given, made = _aligned(tiles * len(arrays) * width), _aligned(tiles * width)
        whole = [np.resize(array, tiles * width).reshape(tiles, width) for array in arrays]
        given[:] = np.stack(whole, axis=1).ravel()
        sweep(given.ctypes.data, made.ctypes.data, tiles)
        return made[:points].copy()

    return run


def _aligned(size: int) -> Array:
    memory = np.zeros(size + 8)
    start = (-memory.ctypes.data // 8) % 8
    return memory[start : start + size]


@lru_cache(maxsize=512)
def compiled(op: str, name: str) -> Run:
    """Return an op of numbers as machine code, by lanes of a name of `LANES`."""
    lanes = lanes_of(name)
    return runner(sweep_text(graph_of(op), lanes), lanes.width)


def graph_of(op: str) -> Graph:
    """Return the graph of an op of numbers; sums and products have three operands."""
    b = Builder()
    inputs = [b.input(f"x{i}", FLOAT64) for i in range(OPS[op].arity or 3)]
    return b.finish(op, [OPS[op](*inputs)])


# --- errors --------------------------------------------------------------------------------------


def exact(function: Callable[..., Any], arrays: Sequence[Array]) -> tuple[Array, Array]:
    """Return values to 300 bits as the nearest number and what is left; NaN where there is none.

    Parameters
    ----------
    function : callable
        ``function(mp, *numbers)``.
    arrays : sequence of array
        Arguments.
    """
    mp = mpmath.MPContext()
    mp.prec = 300
    near, rest = np.full(len(arrays[0]), np.nan), np.zeros(len(arrays[0]))
    for i, point in enumerate(zip(*arrays, strict=True)):
        value = function(mp, *[mp.mpf(float(x)) for x in point])
        if isinstance(value, mp.mpc) or mp.isnan(value):
            continue
        near[i] = float(value)
        if np.isfinite(near[i]):
            rest[i] = float(value - mp.mpf(near[i]))
    return near, rest


def units(found: Array, near: Array, rest: Array, scale: Array | None = None) -> Array:
    """Return errors in units of the last place of the exact value, or of `scale`."""
    with np.errstate(all="ignore"):
        unit = np.spacing(np.abs(near if scale is None else scale))
        error = np.abs((found - near) - rest) / unit
    same = (found == near) | (np.isnan(found) & np.isnan(near))
    error = np.where(same & ~np.isfinite(near), 0.0, error)
    return np.where(np.isfinite(error), error, np.inf)
