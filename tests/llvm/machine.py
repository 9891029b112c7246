"""Scalar graphs, memory with guards, and loops of every width, for tests of machine code."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

import graphad as ga
from graphad.ir import Graph
from graphad.llvm.copiers import link_copiers
from graphad.llvm.drivers import Signature, single_loop, tiled_text
from graphad.llvm.engine import ATTRIBUTES, Module
from graphad.llvm.kernels import Lanes, write_kernel
from graphad.llvm.tiers import DECLARED
from graphad.llvm.ufunc import make_ufunc
from graphad.passes import Pipeline

Array = np.ndarray[Any, Any]
PAGE = mmap.PAGESIZE
SHAPES = ((3,), (), (2, 3)), ((3,), (3, 2), ())
"""Inputs and outputs of `several`."""


def scalar_graph(function: Callable[..., Any], *args: Any) -> Graph:
    """Return the scalar graph of a function."""
    return Pipeline("scalarize,schedule")(ga.trace(function, *args))


def several(x: Any, s: Any, m: Any) -> tuple[Any, Any, Any]:
    """Rational, so that every evaluator gives the same bits."""
    return x * s + m[0], m.T * s - x[0], np.sum(x) / (s * s + 1.0)


def points_of_several(points: int, seed: int = 0) -> tuple[Array, Array, Array]:
    """Return a batch of arguments for `several`, in one piece each."""
    rng = np.random.default_rng(seed)
    inputs, _ = SHAPES
    return tuple(rng.uniform(-1, 1, (points, *shape)) for shape in inputs)


def values_of_several(x: Array, s: Array, m: Array) -> tuple[Array, Array, Array]:
    """Evaluate `several` point by point with NumPy."""
    rows = [several(*row) for row in zip(x, s, m, strict=True)]
    return tuple(
        np.array([row[i] for row in rows]).reshape(len(x), *shape)
        for i, shape in enumerate(SHAPES[1])
    )


def loop_text(graph: Graph, width: int) -> str:
    """Return a module with ``@loop`` for a width, point by point for 1."""
    signature = Signature(
        tuple(node.type.shape for node in graph.inputs),
        tuple(node.type.shape for node in graph.outputs),
    )
    kernel = write_kernel(graph, Lanes(width), "k")
    link_copiers(width)
    if width > 1:
        return "\n".join([DECLARED, tiled_text(signature, kernel, width), ATTRIBUTES])
    parts = [*kernel.declarations.values(), *kernel.text]
    parts.append(single_loop(signature, kernel.names, kernel.scratch))
    return "\n".join([DECLARED, *parts, ATTRIBUTES])


def ufunc_of(text: str, inputs: Any, outputs: Any) -> np.ufunc:
    """Return a ufunc of the ``@loop`` of a module."""
    module = Module(text, 0, keep=False)
    signature = Signature(tuple(inputs), tuple(outputs))
    return make_ufunc(module.address("loop"), 0, signature, "tested", "", module)


@lru_cache(maxsize=8)
def loop_of_several(width: int) -> np.ufunc:
    """Return a ufunc of `several` by a loop of one width."""
    graph = scalar_graph(several, np.zeros(3), 0.0, np.zeros((2, 3)))
    return ufunc_of(loop_text(graph, width), *SHAPES)


class Guarded:
    """Memory between two pages that cannot be touched."""

    def __init__(self, doubles: int) -> None:
        pages = max(1, -(-8 * doubles // PAGE))
        self._map = mmap.mmap(-1, (pages + 2) * PAGE)
        whole = np.frombuffer(self._map, np.float64)
        libc = ctypes.CDLL(None, use_errno=True)
        for page in (0, pages + 1):
            address = ctypes.c_void_p(whole.ctypes.data + page * PAGE)
            assert libc.mprotect(address, ctypes.c_size_t(PAGE), 0) == 0
        inner = whole[PAGE // 8 : (pages + 1) * PAGE // 8]
        self.at_end = inner[len(inner) - doubles :]
        """As many doubles as wanted, right before the second page."""
        self.at_start = inner[:doubles]
        """As many doubles as wanted, right after the first page."""


def guarded_copy(values: Array, at_end: bool) -> Array:
    """Return a copy that begins or ends where memory that cannot be touched does."""
    memory = Guarded(values.size)
    place = (memory.at_end if at_end else memory.at_start).reshape(values.shape)
    place[...] = values
    return place
