"""Array graphs as machine code: step by step, for one block of points after the other."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass

from graphad.errors import GraphError
from graphad.ir import Graph
from graphad.llvm.array_bodies import Body, BodyWriter, Load
from graphad.llvm.array_layout import Layout, work_offsets
from graphad.llvm.array_loops import LoopWriter
from graphad.llvm.array_plan import ArrayPlan
from graphad.llvm.array_products import product_text
from graphad.llvm.array_values import Buffer, Kind
from graphad.llvm.engine import ATTRIBUTES, Module, vector_lanes

CACHE_DOUBLES = 1 << 16
"""Work of a block of points is about so much: half of what a core's second cache commonly holds."""
LARGEST_BLOCK = 1024
"""Most points of a block."""
RUN = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64
)
"""``void run(table, steps, work, first, count)``."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many steps of each kind a program has."""

    loops: int
    products: int
    calls: int


class ArrayProgram:
    """Machine code of an array graph.

    Parameters
    ----------
    graph : Graph
        Of double precision, without empty arrays.
    level : int
        Of code generation.

    Raises
    ------
    GraphError
        If the graph has values of other kinds, or too many of them in one loop.
    """

    def __init__(self, graph: Graph, level: int = 1) -> None:
        plan = ArrayPlan(graph)
        bodies = [(group.level, BodyWriter(plan, group).body) for group in plan.groups]
        self.counts = Counts(len(bodies), len(plan.products), len(plan.calls))
        if plan.calls:
            named = ", ".join(sorted({call.node.op.name for call in plan.calls}))
            raise GraphError(f"{graph.name} has operations without array code: {named}")
        self._layout, self.work = _layout(plan, bodies)
        self.block = self._layout.block
        self.text = self._text(plan, bodies)
        self._module = Module(self.text, level)
        self.constants = self._layout.constants
        self.run: Callable[..., None] = RUN(self._module.address("run"))

    def _text(self, plan: ArrayPlan, bodies: list[tuple[int, Body]]) -> str:
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
        steps.sort()
        given = "ptr %table, ptr %steps, ptr %work, i64 %at, i64 %count"
        calls = "\n".join([f"  call void @{name}({given})" for _, name in steps])
        run = f"""
define void @run(ptr %table, ptr %steps, ptr %work, i64 %first, i64 %stop) #0 {{
entry:
  br label %next
next:
  %at = phi i64 [ %first, %entry ], [ %after, %next ]
  %left = sub i64 %stop, %at
  %less = icmp slt i64 %left, {self.block}
  %count = select i1 %less, i64 %left, i64 {self.block}
{calls}
  %after = add i64 %at, %count
  %more = icmp slt i64 %after, %stop
  br i1 %more, label %next, label %done
done:
  ret void
}}"""
        return "\n".join([*declarations.values(), *texts, run, ATTRIBUTES])


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
    buffers = [buffer for buffer in plan.buffers if buffer.slot in spans]
    _, one = work_offsets(buffers, spans, 1)
    block = min(max(CACHE_DOUBLES // max(one, 1), 1), LARGEST_BLOCK)
    offsets, total = work_offsets(buffers, spans, block)
    return Layout(len(plan.inputs), len(plan.outputs), block, offsets), total
