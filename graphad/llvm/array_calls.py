"""Operations that NumPy evaluates between steps of machine code, on the same memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.lib.stride_tricks import as_strided

from graphad.builder import Builder
from graphad.evaluate.calling import evaluate
from graphad.ir import CONST, Graph
from graphad.llvm.array_layout import Layout
from graphad.llvm.array_plan import Call
from graphad.llvm.array_values import Buffer, Kind, Stored, line_of
from graphad.op import Array


class Memory:
    """The arrays of one call of a program.

    Parameters
    ----------
    layout : Layout
        Where buffers are in `work`.
    inputs, outputs : sequence of numpy.ndarray
        Flat, of all points; an input may be of one point only.
    work : numpy.ndarray
        Flat.
    points : int
        How many.
    """

    def __init__(
        self,
        layout: Layout,
        inputs: Sequence[Array],
        outputs: Sequence[Array],
        work: Array,
        points: int,
    ) -> None:
        self.layout = layout
        self.inputs = inputs
        self.outputs = outputs
        self.work = work
        self.points = points

    def rows(self, buffer: Buffer, first: int, count: int) -> Array:
        """Return a buffer of the points of a block, one to a row; one row if all have the same."""
        size = buffer.size
        if buffer.kind is Kind.CONSTANT:
            assert buffer.data is not None
            return buffer.data.reshape(1, size)
        if buffer.kind is Kind.WORK:
            start = self.layout.offsets[buffer.slot]
            return self.work[start : start + count * size].reshape(count, size)
        arrays = self.inputs if buffer.kind is Kind.INPUT else self.outputs
        whole = arrays[buffer.slot].reshape(-1, size)
        return whole if len(whole) < self.points else whole[first : first + count]

    def array(self, stored: Stored, first: int, count: int) -> Array:
        """Return an array of the points of a block: a view where its elements are in order."""
        rows = self.rows(stored.buffer, first, count)
        line = line_of(stored)
        if line is None:
            return rows[:, stored.places]
        start, strides = line
        return as_strided(
            rows[:, start:],
            (len(rows), *stored.places.shape),
            (rows.strides[0], *[8 * stride for stride in strides]),
        )


class Caller:
    """Evaluates one node for a block of points.

    Parameters
    ----------
    call : Call
        What is evaluated.
    """

    def __init__(self, call: Call) -> None:
        builder, operands = Builder(), []
        for i, node in enumerate(call.node.inputs):
            made = (
                builder.constant(node.attrs[0])
                if node.op is CONST
                else builder.input(f"x{i}", node.type)
            )
            operands.append(made.node)
        made_node = builder.emit(call.node.op, tuple(operands), call.node.attrs)
        graph: Graph = builder.finish(call.node.op.name, [made_node])
        self._graph = graph
        self._operands = call.operands
        self._conditions = [one.type.dtype.kind == "b" for one in graph.inputs]
        self._target = call.target

    def __call__(self, memory: Memory, first: int, count: int) -> None:
        """Evaluate the node at the points of a block, and write the result to its place."""
        given: list[Any] = []
        for stored, condition in zip(self._operands, self._conditions, strict=True):
            array = memory.array(stored, first, count)
            array = array[0] if len(array) == 1 else array
            given.append(array != 0.0 if condition else array)
        memory.array(self._target, first, count)[...] = evaluate(self._graph, given)
