"""A graph on many points at once: its batched form, and its evaluation in blocks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from math import prod
from threading import Lock
from typing import Any

import numpy as np

from graphad.builder import Builder, G, Value, copy_nodes, paused_gc
from graphad.cost import peak_live
from graphad.errors import GraphError, InputError
from graphad.evaluate.interpreter import Program, program_of
from graphad.ir import INPUT, Graph, Node, Symmetry
from graphad.op import Array
from graphad.ops.factories import broadcast_to

Shape = tuple[int, ...]

BLOCK_ELEMENTS = 1 << 18
"""A block has so many points that about this many elements are held at a time."""
LARGEST_BLOCK = 1 << 13
"""Smaller blocks spend their time in calls, larger ones outgrow the cache."""
KEPT_PROGRAMS = 8
"""Programs for so many sizes of blocks are kept with a graph."""


def batch_graph(graph: G, lead: Shape, batched: Sequence[bool]) -> G:
    """Return a graph with the leading axes `lead` on chosen inputs and on all outputs.

    Every op is replaced by its batch rule. What depends on no chosen input is computed once; as an
    output it is repeated.

    Parameters
    ----------
    graph : Graph
        The graph for one point.
    lead : tuple of int
        Lengths of the new axes, which come first.
    batched : sequence of bool
        For each input, whether it gets them.

    Returns
    -------
    Graph
        Of the same class, name and nesting; symmetries speak of the shifted axes.

    Raises
    ------
    InputError
        If `batched` does not name each input once.
    GraphError
        If an op has no batch rule, or one that gives a wrong shape.

    Examples
    --------
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x, y = b.input("x", FLOAT64), b.input("y", FLOAT64)
    >>> batch_graph(b.finish("f", [x * y]), (5,), [True, False])
    <graph f(%x: f64[5], %y: f64[]) -> (f64[5]), 3 nodes>
    """
    if len(batched) != len(graph.inputs):
        raise InputError(
            f"graph {graph.name} has {len(graph.inputs)} inputs, but {len(batched)} marks say "
            "which are batched"
        )
    marked = bytearray(len(graph.nodes))
    for node, has in zip(graph.inputs, batched, strict=True):
        marked[node.id] = has

    def rule(builder: Builder, node: Node, operands: tuple[Node, ...]) -> Node | None:
        if node.op is INPUT:
            name, type = node.attrs
            if not marked[node.id]:
                return None
            return builder.input(name, type.with_shape(lead + type.shape)).node
        flags = [bool(marked[operand.id]) for operand in node.inputs]
        if True not in flags:
            return None
        marked[node.id] = True
        if node.op.batch is None:
            raise GraphError(f"{node.op.name} has no batch rule")
        builder.origin = builder.derive(builder.origin, "batch")
        values = [Value(builder, operand) for operand in operands]
        made = node.op.batch(lead, values, flags, node.attrs)
        assert isinstance(made, Value)
        if made.shape != lead + node.type.shape:
            raise GraphError(
                f"the batch rule of {node.op.name} gave {made.type} for {lead} times {node.type}"
            )
        return made.node

    with paused_gc():
        builder = Builder()
        fresh = copy_nodes(builder, graph, rule)
        outputs = [
            broadcast_to(Value(builder, fresh[node.id]), lead + node.type.shape)
            for node in graph.outputs
        ]
        symmetry = [_shifted(one, len(lead)) for one in graph.symmetry]
        return builder.finish(graph.name, outputs, graph.tree, symmetry, make=type(graph))


def _shifted(symmetry: Symmetry, depth: int) -> Symmetry:
    return tuple(
        [tuple([tuple([axis + depth for axis in block]) for block in group]) for group in symmetry]
    )


class _Recent:
    """The programs of a graph for the last few sizes of blocks."""

    def __init__(self) -> None:
        self._programs: OrderedDict[Any, Program] = OrderedDict()
        self._lock = Lock()

    def program(self, graph: Graph, size: int, batched: tuple[bool, ...]) -> Program:
        """Return the program for blocks of `size` points."""
        key = (size, batched)
        with self._lock:
            program = self._programs.get(key)
            if program is not None:
                self._programs.move_to_end(key)
                return program
        program = Program(batch_graph(graph, (size,), batched))
        with self._lock:
            self._programs[key] = program
            while len(self._programs) > KEPT_PROGRAMS:
                self._programs.popitem(last=False)
        return program


def block_size(graph: Graph) -> int:
    """Return how many points to evaluate at a time, so that values stay in cache."""
    size: int | None = graph._cache.get("block size")
    if size is None:
        size = BLOCK_ELEMENTS // max(1, peak_live(graph))
        size = graph._cache["block size"] = min(max(size, 1), LARGEST_BLOCK)
    return size


def run_batch(graph: Graph, arrays: Sequence[Array], lead: Shape) -> list[Any]:
    """Return the outputs at every point of a batch.

    Parameters
    ----------
    graph : Graph
        The graph for one point.
    arrays : sequence of array
        For each input, an array of its dtype, its shape after axes that broadcast to `lead`.
    lead : tuple of int
        Shape of the batch.

    Returns
    -------
    list of array
        For each output, an array of its shape after `lead`.
    """
    n = prod(lead)
    types = [node.type for node in graph.outputs]
    if n == 0:
        return [np.empty(lead + type.shape, type.dtype) for type in types]
    points: list[Array] = []
    batched: list[bool] = []
    for array, node in zip(arrays, graph.inputs, strict=True):
        shape = node.type.shape
        alone = prod(array.shape[: array.ndim - len(shape)]) == 1  # the same for all points
        if not alone:
            array = np.broadcast_to(array, lead + shape)
        points.append(np.reshape(array, shape if alone else (n, *shape)))
        batched.append(not alone)
    programs: _Recent = graph._cache.setdefault("block programs", _Recent())
    marks = tuple(batched)
    block = block_size(graph)
    if True not in marks:  # then there is one point
        results = program_of(graph)(*points)
    elif n <= block:
        results = programs.program(graph, n, marks)(*points)
    else:
        results = [np.empty((n, *type.shape), type.dtype) for type in types]
        for start in range(0, n, block):
            stop = min(start + block, n)
            parts = [
                array[start:stop] if has else array
                for array, has in zip(points, marks, strict=True)
            ]
            program = programs.program(graph, stop - start, marks)
            for whole, part in zip(results, program(*parts), strict=True):
                whole[start:stop] = part
    return [result.reshape(lead + type.shape) for result, type in zip(results, types, strict=True)]
