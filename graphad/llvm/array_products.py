"""Products of matrices, in LLVM's language: tiles of the result that stay in registers.

Rows of all points of a block are rows of one product where the other matrix is the same for all. A
constant matrix is stored in panels as wide as tiles, so that it is read from one end to the other
(K. Goto and R. van de Geijn, Anatomy of high-performance matrix multiplication, 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphad.llvm.array_layout import Layout
from graphad.llvm.array_loops import PARAMETERS
from graphad.llvm.array_plan import Product
from graphad.llvm.array_values import Buffer, Kind, Stored, line_of
from graphad.llvm.kernels import Lanes
from graphad.op import Array

TILES = {8: (6, 4), 4: (6, 2), 2: (6, 2)}
"""Rows and vectors of a tile, by the width of vectors: sums and operands fill the registers."""


@dataclass(frozen=True, slots=True)
class _Tile:
    """Code for a few rows and one panel of columns; `mask` counts the lanes of its last vector."""

    rows: int
    vectors: int
    lanes: Lanes
    mask: int
    inner: int
    a_step: int
    b_step: int
    padded: bool


def product_text(
    name: str, product: Product, layout: Layout, lanes: Lanes, declarations: dict[str, str]
) -> str:
    """Return the definition of the function of a product, ``void name(table, …)``.

    Parameters
    ----------
    name : str
        Of the function.
    product : Product
        What is multiplied.
    layout : Layout
        Where buffers are.
    lanes : Lanes
        Of vectors.
    declarations : dict of str to str
        What it calls; is added to.
    """
    width = lanes.width
    rows, vectors = TILES[width]
    _, height, inner = product.a.places.shape
    count, _, columns = product.b.places.shape
    a_line = line_of(product.a)
    if a_line is None:
        a = _copied(product.a)
        a_line = line_of(a)
        assert a_line is not None
    else:
        a = product.a
    a_start, (a_batch, a_row, a_step) = a_line
    panel = vectors * width
    full, rest = columns // panel, columns % panel
    rest_vectors = -(-rest // width)
    packed = product.b.buffer.kind is Kind.CONSTANT and count == 1
    c_line, size = line_of(product.c), product.c.buffer.size
    assert c_line is not None
    c_start, (c_batch, c_row, _) = c_line
    inside = _is_work(a.buffer) and _is_work(product.c.buffer)
    even = (a.buffer.size, size) == (height * a_row, height * c_row)
    merged = packed and (height == 1 or (inside and even))
    if packed:
        b = _packed(product.b, panel, width)
        b_start, b_batch, b_step, b_panel = 0, 0, panel, inner * panel
        rest_start, rest_step = full * b_panel, rest_vectors * width
    else:
        stored = _copied(product.b) if product.b.buffer.kind is Kind.CONSTANT else product.b
        b, b_line = stored.buffer, line_of(stored)
        assert b_line is not None
        b_start, (b_batch, b_step, _) = b_line
        b_panel, rest_start, rest_step = panel, b_start + full * panel, b_step
    kinds = []
    if full:
        kinds.append((vectors, width, b_step))
    if rest:
        kinds.append((rest_vectors, (rest - 1) % width + 1, rest_step))
    text = []
    for vectors_here, mask, step in kinds:
        for tile_rows in (rows, 1):
            tile = _Tile(tile_rows, vectors_here, lanes, mask, inner, a_step, step, packed)
            text.append(_tile_text(f"{name}.{vectors_here}.{mask}.{tile_rows}", tile, declarations))
        text.append(_sweep_text(f"{name}.{vectors_here}.{mask}", rows))
    lines = [f"define internal void @{name}({PARAMETERS}) #1 {{", "entry:"]
    lines += ["  br label %points", "points:", "  %p = phi i64 [ 0, %entry ], [ %p.n, %l.d ]"]
    lines += layout.base(a.buffer, "%a", "%p")
    lines += layout.base(b, "%b", "%p")
    lines += layout.base(product.c.buffer, "%c", "%p")
    if merged and height == 1:
        lines += _row_step("%row", a.buffer, layout)
        lines += _row_step("%own", product.c.buffer, layout)
    else:
        lines += [f"  %row = add i64 0, {a_row}", f"  %own = add i64 0, {c_row}"]
    lines += [f"  %rows = mul i64 {'%count' if merged else '1'}, {height}"]
    lines += ["  br label %q", "q:", "  %q0 = phi i64 [ 0, %points ], [ %q1, %q.d ]"]
    lines += _moved("%a.q", "%a", a_start, "%q0", a_batch)
    lines += _moved("%b.q", "%b", b_start, "%q0", b_batch)
    lines += _moved("%c.q", "%c", c_start, "%q0", c_batch)
    if full:
        lines += ["  br label %j", "j:", "  %j0 = phi i64 [ 0, %q ], [ %j1, %j ]"]
        lines += _moved("%b.j", "%b.q", 0, "%j0", b_panel)
        lines += _moved("%c.j", "%c.q", 0, "%j0", panel)
        lines += [_sweep_call(f"{name}.{vectors}.{width}", "%b.j", "%c.j")]
        lines += ["  %j1 = add i64 %j0, 1", f"  %j.m = icmp slt i64 %j1, {full}"]
        lines += ["  br i1 %j.m, label %j, label %j.d", "j.d:"]
    if rest:
        lines += _moved("%b.z", "%b.q", rest_start - b_start, "0", 0)
        lines += _moved("%c.z", "%c.q", full * panel, "0", 0)
        mask = (rest - 1) % width + 1
        lines += [_sweep_call(f"{name}.{rest_vectors}.{mask}", "%b.z", "%c.z")]
    lines += ["  br label %q.d", "q.d:", "  %q1 = add i64 %q0, 1"]
    lines += [f"  %q.m = icmp slt i64 %q1, {max(count, product.a.places.shape[0])}"]
    lines += ["  br i1 %q.m, label %q, label %l.d", "l.d:"]
    lines += [f"  %p.n = add i64 %p, {'%count' if merged else '1'}"]
    lines += ["  %p.m = icmp slt i64 %p.n, %count"]
    lines += ["  br i1 %p.m, label %points, label %done", "done:", "  ret void", "}"]
    return "\n".join([*text, "\n".join(lines)])


def _is_work(buffer: Buffer) -> bool:
    return buffer.kind is Kind.WORK


def _row_step(name: str, buffer: Buffer, layout: Layout) -> list[str]:
    """Put into `name` how far rows of neighbouring points are apart."""
    if buffer.kind is Kind.INPUT or buffer.kind is Kind.OUTPUT:
        slot = buffer.slot + (0 if buffer.kind is Kind.INPUT else layout.inputs)
        return [
            f"  {name}.a = getelementptr i64, ptr %steps, i64 {slot}",
            f"  {name} = load i64, ptr {name}.a",
        ]
    return [f"  {name} = add i64 0, {0 if buffer.kind is Kind.CONSTANT else buffer.size}"]


def _moved(name: str, start: str, offset: int, index: str, stride: int) -> list[str]:
    return [
        f"  {name}.m = mul i64 {index}, {stride}",
        f"  {name}.o = add i64 {name}.m, {offset}",
        f"  {name} = getelementptr double, ptr {start}, i64 {name}.o",
    ]


def _sweep_call(name: str, b: str, c: str) -> str:
    return f"  call void @{name}(ptr %a.q, ptr {b}, ptr {c}, i64 %row, i64 %own, i64 %rows)"


def _copied(stored: Stored) -> Stored:
    """Return a constant in order."""
    assert stored.buffer.data is not None
    data = np.ascontiguousarray(stored.buffer.data[stored.places])
    buffer = Buffer(Kind.CONSTANT, data.size, -1, data.reshape(-1))
    return Stored(buffer, buffer.places.reshape(data.shape))


def _packed(stored: Stored, panel: int, width: int) -> Buffer:
    """Return a constant matrix panel by panel, the last filled up with zeros."""
    assert stored.buffer.data is not None
    matrix: Array = stored.buffer.data[stored.places[0]]
    pieces = []
    for start in range(0, matrix.shape[1], panel):
        piece = matrix[:, start : start + panel]
        missing = -piece.shape[1] % width
        pieces.append(np.pad(piece, ((0, 0), (0, missing))).reshape(-1))
    data = np.concatenate(pieces)
    return Buffer(Kind.CONSTANT, data.size, -1, data)


def _sweep_text(name: str, rows: int) -> str:
    """Tiles one below the other."""
    given = "ptr %a, ptr %b, ptr %c, i64 %row, i64 %own, i64 %rows"
    lines = [
        f"define internal void @{name}({given}) #1 {{",
        "entry:",
        "  br label %next",
        "next:",
        "  %i = phi i64 [ 0, %entry ], [ %i.m, %many ], [ %i.o, %one ]",
        "  %a.m = mul i64 %i, %row",
        "  %a.i = getelementptr double, ptr %a, i64 %a.m",
        "  %c.m = mul i64 %i, %own",
        "  %c.i = getelementptr double, ptr %c, i64 %c.m",
        "  %left = sub i64 %rows, %i",
        f"  %enough = icmp sge i64 %left, {rows}",
        "  br i1 %enough, label %many, label %few",
        "many:",
        f"  call void @{name}.{rows}(ptr %a.i, ptr %b, ptr %c.i, i64 %row, i64 %own)",
        f"  %i.m = add i64 %i, {rows}",
        "  br label %next",
        "few:",
        "  %some = icmp sgt i64 %left, 0",
        "  br i1 %some, label %one, label %done",
        "one:",
        f"  call void @{name}.1(ptr %a.i, ptr %b, ptr %c.i, i64 %row, i64 %own)",
        "  %i.o = add i64 %i, 1",
        "  br label %next",
        "done:",
        "  ret void",
        "}",
    ]
    return "\n".join(lines)


def _tile_text(name: str, tile: _Tile, declarations: dict[str, str]) -> str:
    """Sums of products of a few rows with a panel, in registers."""
    width = tile.lanes.width
    type, bits = f"<{width} x double>", f"<{width} x i1>"
    fused = f"llvm.fmuladd.v{width}f64"
    declarations[fused] = f"declare {type} @{fused}({type}, {type}, {type})"
    on = ", ".join(f"i1 {str(lane < tile.mask).lower()}" for lane in range(width))
    partial = tile.mask < width
    sums = [(i, v) for i in range(tile.rows) for v in range(tile.vectors)]
    lines = [
        f"define internal void @{name}(ptr %a, ptr %b, ptr %c, i64 %row, i64 %own) #1 {{",
        "entry:",
    ]
    for i in range(tile.rows):
        lines += [f"  %r{i} = mul i64 %row, {i}"]
        lines += [f"  %a{i} = getelementptr double, ptr %a, i64 %r{i}"]
        lines += [f"  %q{i} = mul i64 %own, {i}"]
        lines += [f"  %c{i} = getelementptr double, ptr %c, i64 %q{i}"]
    lines += ["  br label %k", "k:", "  %k0 = phi i64 [ 0, %entry ], [ %k1, %k ]"]
    for i, v in sums:
        lines += [f"  %s{i}.{v} = phi {type} [ zeroinitializer, %entry ], [ %n{i}.{v}, %k ]"]
    lines += [f"  %b.m = mul i64 %k0, {tile.b_step}"]
    lines += ["  %b.k = getelementptr double, ptr %b, i64 %b.m"]
    for v in range(tile.vectors):
        lines += [f"  %b.a{v} = getelementptr double, ptr %b.k, i64 {v * width}"]
        if partial and v == tile.vectors - 1 and not tile.padded:
            load = f"llvm.masked.load.v{width}f64.p0"
            declarations[load] = f"declare {type} @{load}(ptr, i32, {bits}, {type})"
            given = f"ptr %b.a{v}, i32 8, {bits} <{on}>, {type} zeroinitializer"
            lines += [f"  %b{v} = call {type} @{load}({given})"]
        else:
            lines += [f"  %b{v} = load {type}, ptr %b.a{v}, align 8"]
    lines += [f"  %a.m = mul i64 %k0, {tile.a_step}"]
    for i in range(tile.rows):
        lines += [f"  %x{i}.a = getelementptr double, ptr %a{i}, i64 %a.m"]
        lines += [f"  %x{i}.s = load double, ptr %x{i}.a, align 8"]
        lines += [f"  %x{i}.i = insertelement {type} poison, double %x{i}.s, i32 0"]
        mask = f"<{width} x i32> zeroinitializer"
        lines += [f"  %x{i} = shufflevector {type} %x{i}.i, {type} poison, {mask}"]
        for v in range(tile.vectors):
            given = f"{type} %x{i}, {type} %b{v}, {type} %s{i}.{v}"
            lines += [f"  %n{i}.{v} = call {type} @{fused}({given})"]
    lines += ["  %k1 = add i64 %k0, 1", f"  %k.m = icmp slt i64 %k1, {tile.inner}"]
    lines += ["  br i1 %k.m, label %k, label %done", "done:"]
    for i, v in sums:
        lines += [f"  %c{i}.{v} = getelementptr double, ptr %c{i}, i64 {v * width}"]
        if partial and v == tile.vectors - 1:
            store = f"llvm.masked.store.v{width}f64.p0"
            declarations[store] = f"declare void @{store}({type}, ptr, i32, {bits})"
            given = f"{type} %n{i}.{v}, ptr %c{i}.{v}, i32 8, {bits} <{on}>"
            lines += [f"  call void @{store}({given})"]
        else:
            lines += [f"  store {type} %n{i}.{v}, ptr %c{i}.{v}, align 8"]
    return "\n".join([*lines, "  ret void", "}"])
