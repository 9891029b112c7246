"""Tiles: what a vector kernel reads and writes, filled from arrays and emptied into them.

A tile holds W points, element by element: all lanes of one element are one vector. Points that lie
in one piece are turned into tiles by transposing W by W blocks in registers; others are copied one
by one. The last points of a batch, fewer than W, are read and written alone.
"""

from __future__ import annotations

from collections.abc import Sequence

WHERE = "i64 %rank, ptr %shape, ptr %strides"
"""How the elements of a point lie: parameters of the functions that copy."""
PREFETCH = {"llvm.prefetch": "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"}
"""The declaration of the request for memory."""
AHEAD = 2048
"""Bytes from what is written of a row to what is asked for."""
OFFSET = """
define internal i64 @offset(i64 %index, i64 %rank, ptr %shape, ptr %strides) #0 {
entry:
  br label %loop
loop:
  %d = phi i64 [ %rank, %entry ], [ %d1, %step ]
  %rest = phi i64 [ %index, %entry ], [ %rest1, %step ]
  %sum = phi i64 [ 0, %entry ], [ %sum1, %step ]
  %more = icmp sgt i64 %d, 0
  br i1 %more, label %step, label %done
step:
  %d1 = sub i64 %d, 1
  %ps = getelementptr i64, ptr %shape, i64 %d1
  %length = load i64, ptr %ps
  %i = urem i64 %rest, %length
  %rest1 = udiv i64 %rest, %length
  %pt = getelementptr i64, ptr %strides, i64 %d1
  %stride = load i64, ptr %pt
  %part = mul i64 %i, %stride
  %sum1 = add i64 %sum, %part
  br label %loop
done:
  ret i64 %sum
}
"""
"""``@offset``: bytes from the beginning of a point to one of its elements."""


def transposition(width: int, rows: Sequence[str], prefix: str) -> tuple[list[str], list[str]]:
    """Return lines that transpose a square of vectors, and the names of the results.

    In stage s, lanes that differ in bit s change places between the vectors that do.

    Parameters
    ----------
    width : int
        A power of two.
    rows : sequence of str
        Names of the vectors.
    prefix : str
        What names begin with.
    """
    type = f"<{width} x double>"
    current, lines, count = list(rows), [], 0
    step = 1
    while step < width:
        low = [lane if not lane & step else width + lane - step for lane in range(width)]
        high = [lane + step if not lane & step else width + lane for lane in range(width)]
        masks = [", ".join(f"i32 {lane}" for lane in lanes) for lanes in (low, high)]
        for i in range(width):
            if i & step:
                continue
            a, b = current[i], current[i + step]
            for place, mask in zip((i, i + step), masks, strict=True):
                name = f"%{prefix}{count}"
                count += 1
                lines.append(
                    f"  {name} = shufflevector {type} {a}, {type} {b}, <{width} x i32> <{mask}>"
                )
                current[place] = name
        step *= 2
    return lines, current


def masked_access(width: int) -> dict[str, str]:
    """Return the declarations of loads and stores of some lanes, and of requests, by name."""
    type, bits = f"<{width} x double>", f"<{width} x i1>"
    load, store = (f"llvm.masked.{what}.v{width}f64.p0" for what in ("load", "store"))
    return {
        load: f"declare {type} @{load}(ptr, i32, {bits}, {type})",
        store: f"declare void @{store}({type}, ptr, i32, {bits})",
    } | PREFETCH


def tile_copies(width: int, by_table: bool) -> str:
    """Return the functions that fill and empty tiles; by table, only the one that empties.

    ``@fill``, ``@empty`` and ``@gather_rows``, which goes by a table, take the address of the first
    point, the step from point to point, how many points there are, the tile, how many elements a
    point has, and the shape and strides of a point, with whether it lies in one piece. A table of
    32-bit integers says where in the tile, counted in numbers, the lanes of each element are.

    Parameters
    ----------
    width : int
        Points of a tile.
    by_table : bool
        Whether the table counts; if not, elements stand one after the other.
    """
    type = f"<{width} x double>"
    masked = f"<{width} x i1>"
    load, store = (f"@llvm.masked.{what}.v{width}f64.p0" for what in ("load", "store"))
    given = "ptr %base, i64 %step, i64 %points, ptr %tile, i64 %n, " + WHERE + ", i1 %packed"
    lanes = ", ".join(f"i64 {i}" for i in range(width))
    loads, stores = [], []
    rows = [f"%r{i}" for i in range(width)]
    for i in range(width):
        loads += [
            f"  %o{i} = mul i64 %step, {i}",
            f"  %b{i} = getelementptr i8, ptr %base, i64 %o{i}",
            f"  %p{i} = getelementptr double, ptr %b{i}, i64 %e",
            f"  %r{i} = call {type} {load}(ptr %p{i}, i32 8, {masked} %m, {type} zeroinitializer)",
        ]
    turned, names = transposition(width, rows, "x")
    for i, name in enumerate(names):
        stores += [
            f"  %q{i} = add i64 %e, {i}",
            f"  %w{i} = mul i64 %q{i}, {width}",
            f"  %d{i} = getelementptr double, ptr %tile, i64 %w{i}",
            f"  store {type} {name}, ptr %d{i}, align {8 * width}",
        ]
    fill_block = "\n".join([*loads, *turned, *stores])
    loads = []
    for i in range(width):
        loads += [
            f"  %q{i} = add i64 %e, {i}",
            *_row(f"%w{i}", f"%q{i}", width, by_table),
            f"  %d{i} = getelementptr double, ptr %tile, i64 %w{i}",
            f"  %r{i} = load {type}, ptr %d{i}, align {8 * width}",
        ]
    stores = []
    for i, name in enumerate(names):
        stores += [
            f"  %o{i} = mul i64 %step, {i}",
            f"  %b{i} = getelementptr i8, ptr %base, i64 %o{i}",
            f"  %p{i} = getelementptr double, ptr %b{i}, i64 %e",
            f"  call void {store}({type} {name}, ptr %p{i}, i32 8, {masked} %m)",
        ]
        if by_table:  # nothing is computed meanwhile, so that memory is asked for long before
            stores += [
                f"  %a{i} = getelementptr i8, ptr %p{i}, i64 {AHEAD}",
                f"  call void @llvm.prefetch.p0(ptr %a{i}, i32 0, i32 2, i32 1)",
            ]
    empty_block = "\n".join([*loads, *turned, *stores])
    name = "gather_rows" if by_table else "empty"
    first = "\n".join(_row("%from", "0", width, by_table))
    each = "\n".join(_row("%frow", "%f", width, by_table))
    mask = f"""  %left = sub i64 %n, %e
  %s = insertelement <{width} x i64> poison, i64 %left, i32 0
  %sv = shufflevector <{width} x i64> %s, <{width} x i64> poison, <{width} x i32> zeroinitializer
  %m = icmp slt <{width} x i64> <{lanes}>, %sv"""
    fill = f"""
define void @fill({given}) #0 {{
entry:
  %full = icmp eq i64 %points, {width}
  %fast = and i1 %full, %packed
  %last = sub i64 %points, 1
  br i1 %fast, label %blocks, label %ones
blocks:
  %single = icmp eq i64 %n, 1
  %close = icmp eq i64 %step, 8
  %row = and i1 %single, %close
  br i1 %row, label %one, label %block
one:
  %v = load {type}, ptr %base, align 8
  store {type} %v, ptr %tile, align {8 * width}
  ret void
block:
  %e = phi i64 [ 0, %blocks ], [ %e1, %body ]
  %more = icmp slt i64 %e, %n
  br i1 %more, label %body, label %done
body:
{mask}
{fill_block}
  %e1 = add i64 %e, {width}
  br label %block
ones:
  %f = phi i64 [ 0, %entry ], [ %f1, %next ]
  %fmore = icmp slt i64 %f, %n
  br i1 %fmore, label %element, label %done
element:
  %off = call i64 @offset(i64 %f, i64 %rank, ptr %shape, ptr %strides)
  br label %lane
lane:
  %l = phi i64 [ 0, %element ], [ %l1, %lane ]
  %over = icmp slt i64 %l, %last
  %point = select i1 %over, i64 %l, i64 %last
  %along = mul i64 %point, %step
  %whole = add i64 %along, %off
  %source = getelementptr i8, ptr %base, i64 %whole
  %value = load double, ptr %source, align 1
  %frow = mul i64 %f, {width}
  %at = add i64 %frow, %l
  %target = getelementptr double, ptr %tile, i64 %at
  store double %value, ptr %target
  %l1 = add i64 %l, 1
  %lmore = icmp slt i64 %l1, {width}
  br i1 %lmore, label %lane, label %next
next:
  %f1 = add i64 %f, 1
  br label %ones
done:
  ret void
}}
"""
    empty = f"""
define void @{name}({given}, ptr %table) #0 {{
entry:
  %full = icmp eq i64 %points, {width}
  %fast = and i1 %full, %packed
  br i1 %fast, label %blocks, label %ones
blocks:
  %single = icmp eq i64 %n, 1
  %close = icmp eq i64 %step, 8
  %row = and i1 %single, %close
  br i1 %row, label %one, label %block
one:
{first}
  %line = getelementptr double, ptr %tile, i64 %from
  %v = load {type}, ptr %line, align {8 * width}
  store {type} %v, ptr %base, align 8
  ret void
block:
  %e = phi i64 [ 0, %blocks ], [ %e1, %body ]
  %more = icmp slt i64 %e, %n
  br i1 %more, label %body, label %done
body:
{mask}
{empty_block}
  %e1 = add i64 %e, {width}
  br label %block
ones:
  %f = phi i64 [ 0, %entry ], [ %f1, %next ]
  %fmore = icmp slt i64 %f, %n
  br i1 %fmore, label %element, label %done
element:
  %off = call i64 @offset(i64 %f, i64 %rank, ptr %shape, ptr %strides)
  br label %lane
lane:
  %l = phi i64 [ 0, %element ], [ %l1, %lane ]
  %along = mul i64 %l, %step
  %whole = add i64 %along, %off
  %target = getelementptr i8, ptr %base, i64 %whole
{each}
  %at = add i64 %frow, %l
  %source = getelementptr double, ptr %tile, i64 %at
  %value = load double, ptr %source
  store double %value, ptr %target, align 1
  %l1 = add i64 %l, 1
  %lmore = icmp slt i64 %l1, %points
  br i1 %lmore, label %lane, label %next
next:
  %f1 = add i64 %f, 1
  br label %ones
done:
  ret void
}}
"""
    return empty if by_table else fill + empty


SPREAD = f"""
define void @spread(ptr %base, i64 %step, i64 %points, ptr %rows, i64 %n, {WHERE}) #0 {{
entry:
  %any = icmp sgt i64 %points, 0
  br i1 %any, label %elements, label %done
elements:
  %e = phi i64 [ 0, %entry ], [ %e1, %next ]
  %more = icmp slt i64 %e, %n
  br i1 %more, label %element, label %done
element:
  %off = call i64 @offset(i64 %e, i64 %rank, ptr %shape, ptr %strides)
  br label %point
point:
  %p = phi i64 [ 0, %element ], [ %p1, %point ]
  %along = mul i64 %p, %step
  %whole = add i64 %along, %off
  %target = getelementptr i8, ptr %base, i64 %whole
  %row = mul i64 %p, %n
  %at = add i64 %row, %e
  %source = getelementptr double, ptr %rows, i64 %at
  %value = load double, ptr %source
  store double %value, ptr %target, align 1
  %p1 = add i64 %p, 1
  %again = icmp slt i64 %p1, %points
  br i1 %again, label %point, label %next
next:
  %e1 = add i64 %e, 1
  br label %elements
done:
  ret void
}}
"""
"""``@spread``: rows that stand close together go where points are that do not lie in one piece, or
are fewer than those of a tile."""


def _row(name: str, element: str, width: int, by_table: bool) -> list[str]:
    """Lines that find where in a tile the lanes of an element of an output are."""
    if not by_table:
        return [f"  {name} = mul i64 {element}, {width}"]
    return [
        f"  {name}.p = getelementptr i32, ptr %table, i64 {element}",
        f"  {name}.i = load i32, ptr {name}.p, align 4",
        f"  {name} = zext i32 {name}.i to i64",
    ]
