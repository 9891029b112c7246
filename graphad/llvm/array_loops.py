"""Loops over arrays, in LLVM's language: vectors along the last axis, with a mask at its end."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from graphad.llvm.array_bodies import Body, Item, Load, Number, Work
from graphad.llvm.array_layout import Layout
from graphad.llvm.array_values import Line, Shape, Stored, line_of, merged_axes
from graphad.llvm.array_vectors import Access, Block, Frame, Names, as_condition, written
from graphad.llvm.kernels import Lanes
from graphad.op import Array

PARAMETERS = "ptr %table, ptr %steps, ptr %work, i64 %first, i64 %count"
"""Of every step: addresses, strides of inputs between points, memory, and points of a block."""
INTRINSICS = ("sqrt", "fabs", "floor", "ceil", "trunc", "rint")
CHUNK = 128
"""Vectors that are added up before they are added to the total, so that errors stay small."""


class LoopWriter:
    """The function of one loop.

    Parameters
    ----------
    name : str
        Of the function.
    body : Body
        What it does.
    layout : Layout
        Where buffers are.
    lanes : Lanes
        Of vectors.
    declarations : dict of str to str
        What it calls; is added to.

    Attributes
    ----------
    text : str
        The definition, ``void name(table, steps, work, first, count)``.
    """

    def __init__(
        self, name: str, body: Body, layout: Layout, lanes: Lanes, declarations: dict[str, str]
    ) -> None:
        self.body = body
        self.layout = layout
        self.declarations = declarations
        self.lanes = lanes if prod(body.space) > 1 else Lanes(1)
        width = self.lanes.width
        self._bases: dict[int, tuple[str, list[str]]] = {}
        self.frame = Frame(body, self.lanes, declarations)
        self._find_accesses()
        inner = self.lengths[-1] if self.lengths else 1
        self.full, self.frame.rest = inner // width * width, inner % width
        self._variant = self._find_variant()
        self.text = self._function(name)
        for op in INTRINSICS:
            full = f"llvm.{op}.{self.lanes.suffix}"
            type = self.lanes.floats
            declarations[full] = f"declare {type} @{full}({type})"

    # --- accesses --------------------------------------------------------------------------------

    def _find_accesses(self) -> None:
        body, space = self.body, self.body.space
        whole = np.arange(prod(space)).reshape(space)
        dense = tuple([stride // 8 for stride in whole.strides])
        reads: dict[int, tuple[Line, int]] = {}
        for i, item in enumerate(body.items):
            if isinstance(item, Load):
                reads[i] = (item.line, -1) if item.line else ((0, dense), self._table(item.places))
        writes: list[tuple[Line, int]] = []
        for _, target in body.stores:
            line = line_of(target)
            writes.append((line, -1) if line else ((0, dense), self._table(target.places)))
        lines = [line[1] for line, _ in (*reads.values(), *writes)]
        groups = merged_axes(space, lines)
        self.lengths = [prod([space[axis] for axis in group]) for group in groups]

        def access(base: str, line: Line, slot: int) -> Access:
            return Access(base, line[0], tuple([line[1][group[-1]] for group in groups]), slot)

        self.frame.reads = {
            i: access(self._base(body.items[i]), line, slot) for i, (line, slot) in reads.items()
        }
        self.frame.writes = [
            access(self._base(target), line, slot)
            for (_, target), (line, slot) in zip(body.stores, writes, strict=True)
        ]

    def _table(self, places: Array) -> int:
        return self.layout.constant(np.ascontiguousarray(places))

    def _base(self, item: Item | Stored) -> str:
        assert isinstance(item, Load | Stored)
        buffer = item.buffer
        key = id(buffer)
        if key not in self._bases:
            name = f"%b{len(self._bases)}"
            self._bases[key] = (name, self.layout.base(buffer, name, "%p"))
        return self._bases[key][0]

    def _find_variant(self) -> list[bool]:
        """Return which items change along the last axis."""
        made: list[bool] = []
        for i, item in enumerate(self.body.items):
            if isinstance(item, Load):
                access = self.frame.reads[i]
                made.append(bool(self.lengths) and (access.slot >= 0 or access.strides[-1] != 0))
            elif isinstance(item, Number):
                made.append(False)
            else:
                made.append(any(made[operand] for operand in item.operands))
        return made

    # --- the function ----------------------------------------------------------------------------

    def _function(self, name: str) -> str:
        floats, width = self.lanes.floats, self.lanes.width
        sums = len(self.body.sums)
        for _, target in self.body.sums:
            self._base(target)
        head = [f"define internal void @{name}({PARAMETERS}) #1 {{", "entry:"]
        head += [f"  %s{j} = alloca {floats}, align {8 * width}" for j in range(sums)]
        head += ["  br label %points", "points:"]
        head += ["  %p = phi i64 [ 0, %entry ], [ %p.n, %points.n ]"]
        for _, lines in self._bases.values():
            head += lines
        zero = "0.0" if width == 1 else "zeroinitializer"
        head += [f"  store {floats} {zero}, ptr %s{j}" for j in range(sums)]
        outer = len(self.lengths) - 1 if self.lengths else 0
        before = "points"
        for axis in range(outer):
            head += [f"  br label %o{axis}h", f"o{axis}h:"]
            head += [f"  %o{axis} = phi i64 [ 0, %{before} ], [ %o{axis}.n, %o{axis}l ]"]
            before = f"o{axis}h"
        pre = Names(self.lanes, self.declarations, "h")
        names: dict[int, str] = {}
        self._write_items(pre, names, [i for i in self.frame.roots if not self._variant[i]])
        # What the body uses that does not change is computed before it.
        needed = self._invariants()
        self._write_items(pre, names, needed)
        pointers = self._pointers(pre)
        head += [*pre.lines]
        head += self._loop(before, names, pointers)
        for axis in reversed(range(outer)):
            to = f"o{axis}l"
            head += [f"  br label %{to}", f"{to}:", f"  %o{axis}.n = add i64 %o{axis}, 1"]
            head += [f"  %o{axis}.m = icmp slt i64 %o{axis}.n, {self.lengths[axis]}"]
            head += [f"  br i1 %o{axis}.m, label %o{axis}h, label %o{axis}d", f"o{axis}d:"]
        head += self._finish_sums()
        head += ["  br label %points.n", "points.n:", "  %p.n = add i64 %p, 1"]
        head += ["  %p.m = icmp slt i64 %p.n, %count"]
        head += ["  br i1 %p.m, label %points, label %done", "done:", "  ret void", "}"]
        return "\n".join(head)

    def _invariants(self) -> list[int]:
        """Return the items that do not change and that items that do, or stores, use."""
        found: dict[int, None] = {}
        for i, item in enumerate(self.body.items):
            if self._variant[i] and isinstance(item, Work):
                found.update(dict.fromkeys(j for j in item.operands if not self._variant[j]))
        return list(found)

    def _pointers(self, pre: Names) -> dict[tuple[str, Shape, int], str]:
        """Write the addresses of first elements, for each distance between elements."""
        found: dict[tuple[str, Shape, int], str] = {}
        for access in (*self.frame.reads.values(), *self.frame.writes):
            if access.slot >= 0:
                found.setdefault(("", access.strides, access.slot), "")
                continue
            found.setdefault((access.base, access.strides, -1), "")
        for base, strides, slot in found:
            start = base
            if slot >= 0:
                table = pre.line("load ptr, ptr @constants")
                at = pre.line(f"getelementptr ptr, ptr {table}, i64 {slot}")
                start = pre.line(f"load ptr, ptr {at}")
            found[base, strides, slot] = self._moved(pre, start, strides[:-1])
        return found

    def _moved(self, pre: Names, start: str, strides: Shape) -> str:
        for axis, stride in enumerate(strides):
            if stride:
                by = pre.line(f"mul i64 %o{axis}, {stride}")
                start = pre.line(f"getelementptr double, ptr {start}, i64 {by}")
        return start

    def _loop(
        self, before: str, names: dict[int, str], pointers: dict[tuple[str, Shape, int], str]
    ) -> list[str]:
        width = self.lanes.width
        lines: list[str] = []
        if not self.lengths:
            block = Block(self.frame, "v", "0", False, pointers)
            block.write(dict(names), dict(enumerate(["0.0"] * len(self.body.sums))))
            return [*block.lines, *self._add_sums(block)]
        if self.full:
            limit = CHUNK * width if self.body.sums and self.full > CHUNK * width else self.full
            lines += ["  br label %c", "c:"]
            lines += [f"  %c0 = phi i64 [ 0, %{before} ], [ %c1, %c.n ]"]
            lines += [f"  %c.e = add i64 %c0, {limit}"]
            lines += [f"  %c.s = icmp slt i64 %c.e, {self.full}"]
            lines += [f"  %c1 = select i1 %c.s, i64 %c.e, i64 {self.full}"]
            lines += ["  br label %k", "k:", "  %k0 = phi i64 [ %c0, %c ], [ %k1, %k ]"]
            block = Block(self.frame, "v", "%k0", False, pointers)
            sums = {}
            for j in range(len(self.body.sums)):
                sums[j] = f"%a{j}"
            block.write(dict(names), sums)
            for j, total in sums.items():
                made = block.totals[j]
                lines += [
                    f"  {total} = phi {self.lanes.floats} [ zeroinitializer, %c ], [ {made}, %k ]"
                ]
            lines += block.lines
            lines += [f"  %k1 = add i64 %k0, {width}", "  %k.m = icmp slt i64 %k1, %c1"]
            lines += ["  br i1 %k.m, label %k, label %c.n", "c.n:"]
            lines += self._add_sums(block)
            lines += [f"  %c.m = icmp slt i64 %c1, {self.full}"]
            lines += ["  br i1 %c.m, label %c, label %tail", "tail:"]
        if self.frame.rest:
            block = Block(self.frame, "w", str(self.full), True, pointers)
            block.write(dict(names), dict(enumerate(["zeroinitializer"] * len(self.body.sums))))
            lines += [*block.lines, *self._add_sums(block)]
        return lines

    def _add_sums(self, block: Block) -> list[str]:
        floats, lines = self.lanes.floats, []
        for j, made in block.totals.items():
            one, two = f"%{block.prefix}.o{j}", f"%{block.prefix}.n{j}"
            lines += [f"  {one} = load {floats}, ptr %s{j}"]
            lines += [f"  {two} = fadd {floats} {one}, {made}"]
            lines += [f"  store {floats} {two}, ptr %s{j}"]
        return lines

    def _finish_sums(self) -> list[str]:
        end = Names(self.lanes, self.declarations, "e")
        floats, width = self.lanes.floats, self.lanes.width
        for j, (_, target) in enumerate(self.body.sums):
            total = end.line(f"load {floats}, ptr %s{j}")
            parts = [total]
            if width > 1:
                parts = [
                    end.line(f"extractelement {floats} {total}, i32 {lane}")
                    for lane in range(width)
                ]
            while len(parts) > 1:
                half = len(parts) // 2
                parts = [
                    end.line(f"fadd double {x}, {y}")
                    for x, y in zip(parts[:half], parts[half:], strict=True)
                ]
            place = int(target.places.reshape(-1)[0])
            at = end.line(f"getelementptr double, ptr {self._base(target)}, i64 {place}")
            end.lines.append(f"  store double {parts[0]}, ptr {at}")
        return end.lines

    # --- items -----------------------------------------------------------------------------------

    def _write_items(self, out: Names, names: dict[int, str], wanted: Sequence[int]) -> None:
        """Write items that do not change along the last axis."""
        for i in self.frame.ordered(wanted, names):
            item = self.body.items[i]
            if isinstance(item, Load):
                access = self.frame.reads[i]
                start = self._moved(out, access.base, access.strides[:-1])
                at = out.line(f"getelementptr double, ptr {start}, i64 {access.offset}")
                made = self._splat(out, out.line(f"load double, ptr {at}, align 8"))
                names[i] = as_condition(out, made) if item.condition else made
            else:
                names[i] = written(out, item, names)

    def _splat(self, out: Names, value: str) -> str:
        width, floats = self.lanes.width, self.lanes.floats
        if width == 1:
            return value
        one = out.line(f"insertelement {floats} poison, double {value}, i32 0")
        mask = f"<{width} x i32> zeroinitializer"
        return out.line(f"shufflevector {floats} {one}, {floats} poison, {mask}")
