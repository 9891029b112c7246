"""Array graphs as machine code: step by step, for one block of points after the other."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from graphad.ir import Graph
from graphad.llvm.array_bodies import Body, BodyWriter, Load
from graphad.llvm.array_calls import Caller, Memory
from graphad.llvm.array_entry import entry_text
from graphad.llvm.array_layout import CONSTANTS, Layout, work_offsets
from graphad.llvm.array_loops import LoopWriter
from graphad.llvm.array_plan import ArrayPlan, Call
from graphad.llvm.array_products import product_text
from graphad.llvm.array_values import Buffer, Kind
from graphad.llvm.copiers import link_copiers
from graphad.llvm.drivers import Signature
from graphad.llvm.engine import ATTRIBUTES, Module, vector_lanes
from graphad.op import Array

CACHE_DOUBLES = 1 << 16
"""Work of a block of points is about so much: half of what a core's second cache commonly holds."""
LARGEST_BLOCK = 1024
"""Most points of a block."""
RUN = ctypes.CFUNCTYPE(
    None, ctypes.c_ssize_t, ctypes.c_ssize_t, ctypes.c_ssize_t, ctypes.c_ssize_t, ctypes.c_ssize_t
)
"""``void run(table, steps, work, first, stop)``."""
KEEP = ctypes.CFUNCTYPE(None, ctypes.c_ssize_t)
"""``void keep(constants)``."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many steps of each kind a program has."""

    loops: int
    products: int
    calls: int


class Space(NamedTuple):
    """Memory of a call: for work, addresses and strides of operands, and where these are."""

    work: Array
    table: Array
    strides: Array
    where: tuple[int, int, int]


class ArrayProgram:
    """Machine code of an array graph, and what NumPy evaluates in between.

    Parameters
    ----------
    graph : Graph
        Of double precision, without empty arrays.
    level : int
        Of code generation.

    Raises
    ------
    GraphError
        If the graph has values of other kinds, or too many operations in one loop.
    """

    def __init__(self, graph: Graph, level: int) -> None:
        self.level = level
        plan = ArrayPlan(graph)
        bodies = [(group.level, BodyWriter(plan, group).body) for group in plan.groups]
        self.counts = Counts(len(bodies), len(plan.products), len(plan.calls))
        self._layout, self.work = _layout(plan, bodies)
        self.block = self._layout.block
        segments = self._segments(plan)
        self.signature = Signature(
            tuple([node.type.shape for node in graph.inputs]),
            tuple([node.type.shape for node in graph.outputs]),
        )
        link_copiers(1)
        self.module = Module(self._text(plan, bodies, len(segments)), level)
        self._operands = len(graph.inputs) + len(graph.outputs)
        self._sizes = [node.type.size for node in graph.outputs]
        # The code reads where constants are from this table; both live as long as it does.
        self._constants = np.array([*map(_address, self._layout.constants), 0], np.intp)
        KEEP(self.module.address("keep"))(_address(self._constants))
        self._steps: list[tuple[Callable[..., None], list[Caller]]] = []
        for i, calls in enumerate(segments):
            run = RUN(self.module.address(f"run{i}"))
            self._steps.append((run, [Caller(call) for call in calls]))

    def space(self) -> Space:
        """Return memory for one call at a time."""
        work = np.empty(self.work)
        table = np.zeros(self._operands + 1, np.intp)
        strides = np.array([*[0] * (self._operands - len(self._sizes)), *self._sizes, 0], np.int64)
        where = _address(table), _address(strides), _address(work)
        return Space(work, table, strides, where)

    def __call__(
        self,
        inputs: Sequence[Array],
        outputs: Sequence[Array],
        steps: Sequence[int],
        points: int,
        space: Space,
    ) -> None:
        """Compute all points.

        Parameters
        ----------
        inputs, outputs : sequence of numpy.ndarray
            In one piece each; points one after the other.
        steps : sequence of int
            Doubles from the input of one point to that of the next; 0 if all have the same.
        points : int
            How many, at least one.
        space : Space
            Used by no other call at the same time.
        """
        table, strides, where = space.table, space.strides, space.where
        for i, array in enumerate((*inputs, *outputs)):
            table[i] = array.__array_interface__["data"][0]
        for i, step in enumerate(steps):
            strides[i] = step
        if len(self._steps) == 1:
            self._steps[0][0](*where, 0, points)
            return
        memory = Memory(self._layout, inputs, outputs, space.work, points)
        for first in range(0, points, self.block):
            count = min(self.block, points - first)
            for run, callers in self._steps:
                run(*where, first, first + count)
                for caller in callers:
                    caller(memory, first, count)

    def _segments(self, plan: ArrayPlan) -> list[list[Call]]:
        """Return what NumPy evaluates after each piece of machine code."""
        levels = sorted({call.level for call in plan.calls})
        made = [[call for call in plan.calls if call.level == level] for level in levels]
        return [*made, []]

    def _text(self, plan: ArrayPlan, bodies: list[tuple[int, Body]], pieces: int) -> str:
        lanes = vector_lanes()
        declarations: dict[str, str] = {}
        steps: list[tuple[int, str]] = []
        texts: list[str] = []
        for i, (level, body) in enumerate(bodies):
            name = f"loop{i}"
            texts.append(LoopWriter(name, body, self._layout, lanes, declarations).text)
            steps.append((level, name))
        for i, product in enumerate(plan.products):
            name = f"product{i}"
            texts.append(product_text(name, product, self._layout, lanes, declarations))
            steps.append((product.level, name))
        ends = sorted({call.level for call in plan.calls})
        pieces_of: list[list[str]] = [[] for _ in range(pieces)]
        for level, name in sorted(steps):
            pieces_of[sum(end < level for end in ends)].append(name)
        runs = [_run_text(f"run{i}", names, self.block) for i, names in enumerate(pieces_of)]
        ways = [] if plan.calls else [entry_text(self.signature, self.work)]
        parts = [CONSTANTS, *declarations.values(), *texts, *runs, *ways, ATTRIBUTES]
        return "\n".join(parts)


def _run_text(name: str, steps: Sequence[str], block: int) -> str:
    """Return the function that takes steps one after the other, block by block."""
    given = "ptr %table, ptr %steps, ptr %work, i64 %at, i64 %count"
    calls = "\n".join([f"  call void @{step}({given})" for step in steps])
    return f"""
define void @{name}(ptr %table, ptr %steps, ptr %work, i64 %first, i64 %stop) #0 {{
entry:
  br label %next
next:
  %at = phi i64 [ %first, %entry ], [ %after, %next ]
  %left = sub i64 %stop, %at
  %less = icmp slt i64 %left, {block}
  %count = select i1 %less, i64 %left, i64 {block}
{calls}
  %after = add i64 %at, %count
  %more = icmp slt i64 %after, %stop
  br i1 %more, label %next, label %done
done:
  ret void
}}"""


def _address(array: Array) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _layout(plan: ArrayPlan, bodies: list[tuple[int, Body]]) -> tuple[Layout, int]:
    """Return where buffers are, and how many doubles of work a call takes."""
    spans: dict[int, tuple[int, int]] = {}

    def used(buffer: Buffer, level: int) -> None:
        if buffer.kind is Kind.WORK:
            first, last = spans.get(buffer.slot, (level, level))
            spans[buffer.slot] = (min(first, level), max(last, level))

    for level, body in bodies:
        for item in body.items:
            if isinstance(item, Load):
                used(item.buffer, level)
        for _, target in (*body.stores, *body.sums):
            used(target.buffer, level)
    for product in plan.products:
        for stored in (product.a, product.b, product.c):
            used(stored.buffer, product.level)
    for call in plan.calls:
        for stored in (*call.operands, call.target):
            used(stored.buffer, call.level)
    buffers = [buffer for buffer in plan.buffers if buffer.slot in spans]
    _, one = work_offsets(buffers, spans, 1)
    block = min(max(CACHE_DOUBLES // max(one, 1), 1), LARGEST_BLOCK)
    offsets, total = work_offsets(buffers, spans, block)
    return Layout(len(plan.inputs), len(plan.outputs), block, offsets), total
