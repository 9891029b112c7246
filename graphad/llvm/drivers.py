"""The loops around kernels: inner loops of generalised ufuncs, by tiles of points or one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from graphad.llvm.copiers import linked
from graphad.llvm.kernels import Kernel

Shape = tuple[int, ...]

PARAMETERS = "ptr %args, ptr %dims, ptr %steps, ptr %data"
"""Of an inner loop of NumPy's."""
FRAME = 480
"""Doubles that are kept on the stack, less than a page, so that no guard page is jumped over."""
MEMORY = """
declare ptr @malloc(i64)
declare void @free(ptr)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"""
"""What the drivers call."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Shapes of the inputs and outputs of one point."""

    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]

    @property
    def text(self) -> str:
        """The signature of the generalised ufunc, with lengths as numbers.

        Examples
        --------
        >>> Signature(((3,), ()), ((3, 3),)).text
        '(3),()->(3,3)'
        """
        left, right = (
            ",".join(f"({','.join(map(str, shape))})" for shape in shapes)
            for shapes in (self.inputs, self.outputs)
        )
        return f"{left}->{right}"

    @property
    def sizes(self) -> tuple[list[int], list[int]]:
        """How many elements each input and each output has."""
        return [prod(shape) for shape in self.inputs], [prod(shape) for shape in self.outputs]

    @property
    def folds(self) -> bool:
        """Whether NumPy can reduce with it, so that a point may read what the last has written."""
        return self.inputs == ((), ()) and self.outputs == ((),)


def starts(sizes: Sequence[int]) -> list[int]:
    """Return where each of several arrays begins if they stand one after the other.

    Examples
    --------
    >>> starts([3, 1, 2])
    [0, 3, 4]
    """
    found, total = [], 0
    for size in sizes:
        found.append(total)
        total += size
    return found


def tiled_text(signature: Signature, kernel: Kernel, width: int) -> str:
    """Return `tiled_loop` with its kernel."""
    loop = linked(tiled_loop(signature, kernel, width), width)
    return "\n".join([*kernel.declarations.values(), *kernel.text, loop])


def tiled_loop(signature: Signature, kernel: Kernel, width: int) -> str:
    """Return ``@loop``, an inner loop that computes tiles of points.

    Parameters
    ----------
    signature : Signature
        Shapes of one point.
    kernel : Kernel
        What computes a tile.
    width : int
        Points of a tile.
    """
    shapes = (*signature.inputs, *signature.outputs)
    inputs, outputs = signature.sizes
    made, count = kernel.outputs, len(inputs)
    # Elements of all inputs stand one after the other in the tile, without gaps, so that the rows
    # that a block fills beyond an input are written again by the next.
    begins, firsts = starts(inputs), starts(outputs)
    inside, outside = sum(inputs) + width, made.held + width
    rows = [size if is_rows else 0 for size, is_rows in zip(outputs, made.rows, strict=True)]
    total = (inside + outside + kernel.scratch + sum(rows)) * width * 8 + 64
    declared, lines = _operands(shapes)
    if not made.in_order:
        declared.append(_table(made.table, width))
    lines += _most_points(signature, width)
    lines += [
        "  %any = icmp sgt i64 %points, 0",
        "  br i1 %any, label %start, label %end",
        "start:",
        f"  %memory = call ptr @malloc(i64 {total})",
        "  %none = icmp eq ptr %memory, null",
        "  br i1 %none, label %failed, label %aligned",
        *_failure(),
        "aligned:",
        "  %number = ptrtoint ptr %memory to i64",
        "  %raised = add i64 %number, 63",
        "  %rounded = and i64 %raised, -64",
        "  %in = inttoptr i64 %rounded to ptr",
        f"  %out = getelementptr double, ptr %in, i64 {inside * width}",
        f"  %scratch = getelementptr double, ptr %out, i64 {outside * width}",
        f"  %close = getelementptr double, ptr %scratch, i64 {kernel.scratch * width}",
        "  br label %tile",
        "tile:",
        "  %p = phi i64 [ 0, %aligned ], [ %p1, %tiled ]",
        "  %rest = sub i64 %points, %p",
        "  %whole = icmp slt i64 %rest, %most",
        "  %valid = select i1 %whole, i64 %rest, i64 %most",
        f"  %full = icmp eq i64 %valid, {width}",
        *(line for a in range(len(shapes)) for line in _point(a)),
    ]
    for a in range(count):
        lines += [
            f"  %tile{a} = getelementptr double, ptr %in, i64 {begins[a] * width}",
            f"  call void @fill({_copied(a, f'%tile{a}', shapes[a])}, i1 %packed{a})",
        ]
    for o, at in enumerate(starts(rows)):
        lines += _rows(o, count + o, rows[o], at, width) if rows[o] else []
    lines += [f"  call void @{name}({kernel.parameters})" for name in kernel.names]
    place = 0
    for o, size in enumerate(outputs):
        a = count + o
        if rows[o]:
            lines += [
                f"  br i1 %straight{o}, label %there{o}, label %spread{o}",
                f"spread{o}:",
                f"  call void @spread({_copied(a, f'%rows{o}', shapes[a])})",
                f"  br label %there{o}",
                f"there{o}:",
            ]
            continue
        function, table = "empty", "null"
        if not made.in_order:
            function, place = "gather_rows", 0
            table = f"getelementptr (i32, ptr @table, i64 {firsts[o]})"
        given = f"{_copied(a, f'%tile{a}', shapes[a])}, i1 %packed{a}, ptr {table}"
        lines += [
            f"  %tile{a} = getelementptr double, ptr %out, i64 {place * width}",
            f"  call void @{function}({given})",
        ]
        place += size
    lines += [
        "  br label %tiled",
        "tiled:",
        "  %p1 = add i64 %p, %most",
        "  %again = icmp slt i64 %p1, %points",
        "  br i1 %again, label %tile, label %finish",
        "finish:",
        "  call void @free(ptr %memory)",
        "  br label %end",
        "end:",
        "  ret void",
    ]
    return "\n".join([*declared, f"define void @loop({PARAMETERS}) #0 {{", *lines, "}"])


def _rows(o: int, a: int, size: int, at: int, width: int) -> list[str]:
    """Lines that find where rows of an output go: to their points, if these lie in one piece.

    What is asked for ahead is the memory behind them, if all points lie in one piece.
    """
    return [
        f"  %straight{o} = and i1 %full, %packed{a}",
        f"  %held{o} = getelementptr double, ptr %close, i64 {at * width}",
        f"  %rows{o} = select i1 %straight{o}, ptr %at{a}, ptr %held{o}",
        f"  %pace{o} = select i1 %straight{o}, i64 %step{a}, i64 {8 * size}",
        f"  %dense{o} = icmp eq i64 %step{a}, {8 * size}",
        f"  %next{o} = getelementptr i8, ptr %at{a}, i64 {8 * size * width}",
        f"  %ahead{o} = select i1 %dense{o}, ptr %next{o}, ptr %held{o}",
    ]


def _copied(a: int, tile: str, shape: Shape) -> str:
    size = prod(shape)
    return f"ptr %at{a}, i64 %step{a}, i64 %valid, ptr {tile}, i64 {size}, {_laid(a, shape)}"


def _table(places: Sequence[int], width: int) -> str:
    """``@table``, where in a tile elements of the outputs are; blocks read a few beyond the end."""
    listed = ", ".join(f"i32 {place * width}" for place in (*places, *[0] * width))
    return f"@table = internal constant [{len(places) + width} x i32] [{listed}]"


def single_loop(signature: Signature, kernels: Sequence[str], scratch: int) -> str:
    """Return ``@loop``, an inner loop that computes point by point.

    A point in one piece is read and written where it lies.

    Parameters
    ----------
    signature : Signature
        Shapes of one point.
    kernels : sequence of str
        Functions ``(in, out, scratch)`` that compute a point, in order.
    scratch : int
        Values that they keep for each other.
    """
    shapes = (*signature.inputs, *signature.outputs)
    inputs, outputs = signature.sizes
    places = starts(inputs) + starts(outputs)
    count, last = len(inputs), len(shapes) - 1
    inside, outside = sum(inputs), sum(outputs)
    declared, lines = _operands(shapes)
    lines += [
        "  %any = icmp sgt i64 %points, 0",
        "  br i1 %any, label %start, label %end",
        "start:",
        *frame(inside + outside + scratch),
        "  %none = icmp eq ptr %memory, null",
        "  br i1 %none, label %failed, label %ready",
        *_failure(),
        "ready:",
        f"  %own = getelementptr double, ptr %memory, i64 {inside}",
        f"  %scratch = getelementptr double, ptr %own, i64 {outside}",
        "  br label %point",
        "point:",
        "  %p = phi i64 [ 0, %ready ], [ %p1, %next ]",
        *(line for a in range(len(shapes)) for line in _point(a)),
    ]
    # Kernels may write before they have read all, so they never read and write one piece.
    reads = "%packed0" if count == 1 else "false"
    lines.append(f"  %in = select i1 {reads}, ptr {'%at0' if count else '%memory'}, ptr %memory")
    if len(outputs) == 1:
        lines += [
            f"  %other = icmp ne ptr %at{last}, %in",
            f"  %writes = and i1 %packed{last}, %other",
            f"  %out = select i1 %writes, ptr %at{last}, ptr %own",
        ]
    else:
        lines += ["  %writes = or i1 false, false", "  %out = getelementptr i8, ptr %own, i64 0"]
    lines += [f"  br i1 {reads}, label %have, label %arguments", "arguments:"]
    for a in range(count):
        lines += _copy("gather", a, shapes[a], "memory", places[a], inputs[a])
    lines += ["  br label %have", "have:", *_calls(kernels)]
    lines += ["  br i1 %writes, label %next, label %results", "results:"]
    for a in range(count, len(shapes)):
        lines += _copy("scatter", a, shapes[a], "own", places[a], outputs[a - count])
    lines += [
        "  br label %next",
        "next:",
        "  %p1 = add i64 %p, 1",
        "  %again = icmp slt i64 %p1, %points",
        "  br i1 %again, label %point, label %finish",
        "finish:",
        *release(inside + outside + scratch),
        "  br label %end",
        "end:",
        "  ret void",
    ]
    head = f"define void @loop({PARAMETERS}) #0 {{"
    return linked("\n".join([*declared, head, *lines, "}"]), 1)


def single(kernels: Sequence[str]) -> str:
    """Return ``@single``, which computes one point: ``(in, out, scratch)``."""
    head = "define void @single(ptr %in, ptr %out, ptr %scratch) #0 {"
    return "\n".join([head, *_calls(kernels), "  ret void", "}"])


def frame(doubles: int) -> list[str]:
    """Return lines that reserve ``%memory``, on the stack if it is little; it may be null."""
    if doubles <= FRAME:
        return [f"  %memory = alloca [{max(doubles, 1)} x double], align 16"]
    return [f"  %memory = call ptr @malloc(i64 {8 * doubles})"]


def release(doubles: int) -> list[str]:
    """Return lines that give ``%memory`` back."""
    return [] if doubles <= FRAME else ["  call void @free(ptr %memory)"]


def _operands(shapes: Sequence[Shape]) -> tuple[list[str], list[str]]:
    """Globals, and the lines that read where the operands lie, and whether in one piece."""
    declared, lines = [], ["entry:", "  %points = load i64, ptr %dims"]
    stride = len(shapes)
    for a, shape in enumerate(shapes):
        lines += [
            f"  %pb{a} = getelementptr ptr, ptr %args, i64 {a}",
            f"  %base{a} = load ptr, ptr %pb{a}",
            f"  %ps{a} = getelementptr i64, ptr %steps, i64 {a}",
            f"  %step{a} = load i64, ptr %ps{a}",
            f"  %strides{a} = getelementptr i64, ptr %steps, i64 {stride}",
        ]
        known, expected = "true", 8
        for axis in reversed(range(len(shape))):
            # The stride of an axis of one element means nothing.
            if shape[axis] != 1:
                lines += [
                    f"  %pa{a}_{axis} = getelementptr i64, ptr %steps, i64 {stride + axis}",
                    f"  %sa{a}_{axis} = load i64, ptr %pa{a}_{axis}",
                    f"  %ca{a}_{axis} = icmp eq i64 %sa{a}_{axis}, {expected}",
                    f"  %ka{a}_{axis} = and i1 {known}, %ca{a}_{axis}",
                ]
                known = f"%ka{a}_{axis}"
            expected *= shape[axis]
        lines.append(f"  %packed{a} = or i1 {known}, false")
        stride += len(shape)
        listed = ", ".join(f"i64 {length}" for length in shape)
        held = f"[{listed}]" if shape else "zeroinitializer"
        declared.append(f"@shape{a} = internal constant [{len(shape)} x i64] {held}")
    return declared, lines


def _most_points(signature: Signature, width: int) -> list[str]:
    """Lines for ``%most``, the points of a tile: one where NumPy folds with the loop.

    Reductions and accumulations pass outputs that are inputs of the points to come.
    """
    if not signature.folds:
        return [f"  %most = add i64 {width}, 0"]
    lines, folded = ["  %before = sub i64 %points, 1"], "false"
    for a in range(3):
        lines += [
            f"  %from{a} = ptrtoint ptr %base{a} to i64",
            f"  %run{a} = mul i64 %before, %step{a}",
            f"  %to{a} = add i64 %from{a}, %run{a}",
            f"  %back{a} = icmp slt i64 %run{a}, 0",
            f"  %low{a} = select i1 %back{a}, i64 %to{a}, i64 %from{a}",
            f"  %upper{a} = select i1 %back{a}, i64 %from{a}, i64 %to{a}",
            f"  %high{a} = add i64 %upper{a}, 8",
        ]
    for a in range(2):
        lines += [
            f"  %begins{a} = icmp ult i64 %low{a}, %high2",
            f"  %ends{a} = icmp ult i64 %low2, %high{a}",
            f"  %meet{a} = and i1 %begins{a}, %ends{a}",
            f"  %sameat{a} = icmp eq ptr %base{a}, %base2",
            f"  %samestep{a} = icmp eq i64 %step{a}, %step2",
            f"  %moves{a} = icmp ne i64 %step2, 0",
            f"  %equal{a} = and i1 %sameat{a}, %samestep{a}",
            f"  %inplace{a} = and i1 %equal{a}, %moves{a}",
            f"  %apart{a} = xor i1 %inplace{a}, true",
            f"  %hazard{a} = and i1 %meet{a}, %apart{a}",
            f"  %fold{a} = or i1 {folded}, %hazard{a}",
        ]
        folded = f"%fold{a}"
    return [*lines, f"  %most = select i1 {folded}, i64 1, i64 {width}"]


def _failure() -> list[str]:
    return [
        "failed:",
        "  %gil = call i32 @PyGILState_Ensure()",
        "  %nothing = call ptr @PyErr_NoMemory()",
        "  call void @PyGILState_Release(i32 %gil)",
        "  br label %end",
    ]


def _point(a: int) -> list[str]:
    return [
        f"  %along{a} = mul i64 %p, %step{a}",
        f"  %at{a} = getelementptr i8, ptr %base{a}, i64 %along{a}",
    ]


def _laid(a: int, shape: Shape) -> str:
    return f"i64 {len(shape)}, ptr @shape{a}, ptr %strides{a}"


def _calls(kernels: Sequence[str]) -> list[str]:
    return [f"  call void @{kernel}(ptr %in, ptr %out, ptr %scratch)" for kernel in kernels]


def _copy(function: str, a: int, shape: Shape, buffer: str, start: int, size: int) -> list[str]:
    """Lines that copy a point to or from a buffer."""
    ends = [f"ptr %at{a}", f"ptr %part{a}"]
    moved = ", ".join(reversed(ends) if function == "gather" else ends)
    return [
        f"  %part{a} = getelementptr double, ptr %{buffer}, i64 {start}",
        f"  br i1 %packed{a}, label %whole{a}, label %each{a}",
        f"whole{a}:",
        f"  call void @llvm.memcpy.p0.p0.i64({moved}, i64 {8 * size}, i1 false)",
        f"  br label %copied{a}",
        f"each{a}:",
        f"  call void @{function}({', '.join(ends)}, i64 {size}, {_laid(a, shape)})",
        f"  br label %copied{a}",
        f"copied{a}:",
    ]
