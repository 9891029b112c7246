"""The ways into array code: one point, and the inner loop of a generalised ufunc.

A batch whose points are each in one piece is computed where it lies. Others are copied point by
point, as scalar code does it.
"""

from __future__ import annotations

from math import prod

from graphad.ir import Graph
from graphad.llvm.arguments import results
from graphad.llvm.compiled import Compiled
from graphad.llvm.drivers import PARAMETERS, Signature, single, single_loop
from graphad.llvm.engine import Module
from graphad.llvm.pointers import entry_points
from graphad.llvm.tiers import BATCH, DECLARED, Code, Tiers
from graphad.llvm.ufunc import check_operands, make_ufunc


def entry_text(signature: Signature, work: int) -> str:
    """Return ``@single``, ``@point`` and the like, ``@loop``, and ``@batch``, a faster loop.

    Parameters
    ----------
    signature : Signature
        Shapes of one point.
    work : int
        Doubles that ``@run0(table, steps, work, first, stop)`` takes for work.
    """
    inputs, outputs = signature.sizes
    count = len(inputs) + len(outputs)
    lines = [
        "define internal void @one(ptr %in, ptr %out, ptr %scratch) #0 {",
        f"  %table = alloca [{count} x ptr], align 16",
        f"  %steps = alloca [{count} x i64], align 16",
    ]
    for side, sizes, first in (("in", inputs, 0), ("out", outputs, len(inputs))):
        start = 0
        for i, size in enumerate(sizes, first):
            lines += [
                f"  %at{i} = getelementptr double, ptr %{side}, i64 {start}",
                f"  %entry{i} = getelementptr ptr, ptr %table, i64 {i}",
                f"  store ptr %at{i}, ptr %entry{i}",
                f"  %step{i} = getelementptr i64, ptr %steps, i64 {i}",
                f"  store i64 {size}, ptr %step{i}",
            ]
            start += size
    lines += [
        "  call void @run0(ptr %table, ptr %steps, ptr %scratch, i64 0, i64 1)",
        "  ret void",
        "}",
    ]
    parts = [DECLARED, "\n".join(lines), single(["one"]), entry_points(signature, work)]
    return "\n".join([*parts, single_loop(signature, ["one"], work), _batch(signature, work)])


def _batch(signature: Signature, work: int) -> str:
    shapes = (*signature.inputs, *signature.outputs)
    count = len(shapes)
    lines = [
        f"define void @batch({PARAMETERS}) #0 {{",
        "entry:",
        f"  %apart = alloca [{count} x i64], align 16",
        "  %points = load i64, ptr %dims",
    ]
    known, place = "true", count
    for a, shape in enumerate(shapes):
        lines += [
            f"  %from{a} = getelementptr i64, ptr %steps, i64 {a}",
            f"  %bytes{a} = load i64, ptr %from{a}",
            f"  %step{a} = ashr i64 %bytes{a}, 3",
            f"  %to{a} = getelementptr i64, ptr %apart, i64 {a}",
            f"  store i64 %step{a}, ptr %to{a}",
        ]
        expected = 8
        for axis in reversed(range(len(shape))):
            if shape[axis] != 1:  # the stride of an axis of one element means nothing
                name = f"{a}_{axis}"
                lines += [
                    f"  %p{name} = getelementptr i64, ptr %steps, i64 {place + axis}",
                    f"  %s{name} = load i64, ptr %p{name}",
                    f"  %c{name} = icmp eq i64 %s{name}, {expected}",
                    f"  %k{name} = and i1 {known}, %c{name}",
                ]
                known = f"%k{name}"
            expected *= shape[axis]
        place += len(shape)
        lines += _range(a, 8 * prod(shape))
    # NumPy lets an output be an input, and the code writes points before it has read all.
    for a in range(len(signature.inputs)):
        for b in range(len(signature.inputs), count):
            name = f"{a}_{b}"
            lines += [
                f"  %u{name} = icmp uge i64 %low{a}, %high{b}",
                f"  %v{name} = icmp uge i64 %low{b}, %high{a}",
                f"  %w{name} = or i1 %u{name}, %v{name}",
                f"  %x{name} = and i1 {known}, %w{name}",
            ]
            known = f"%x{name}"
    lines += [
        f"  br i1 {known}, label %whole, label %pieces",
        "whole:",
        f"  %memory = call ptr @malloc(i64 {max(8 * work, 8)})",
        "  %none = icmp eq ptr %memory, null",
        "  br i1 %none, label %pieces, label %compute",
        "compute:",
        "  call void @run0(ptr %args, ptr %apart, ptr %memory, i64 0, i64 %points)",
        "  call void @free(ptr %memory)",
        "  ret void",
        "pieces:",
        "  call void @loop(ptr %args, ptr %dims, ptr %steps, ptr %data)",
        "  ret void",
        "}",
    ]
    return "\n".join(lines)


def _range(a: int, size: int) -> list[str]:
    """Lines for the addresses between which an operand lies, whatever the sign of its step."""
    return [
        f"  %entry{a} = getelementptr ptr, ptr %args, i64 {a}",
        f"  %at{a} = load ptr, ptr %entry{a}",
        f"  %first{a} = ptrtoint ptr %at{a} to i64",
        f"  %more{a} = sub i64 %points, 1",
        f"  %far{a} = mul i64 %more{a}, %bytes{a}",
        f"  %last{a} = add i64 %first{a}, %far{a}",
        f"  %falls{a} = icmp slt i64 %far{a}, 0",
        f"  %low{a} = select i1 %falls{a}, i64 %last{a}, i64 %first{a}",
        f"  %top{a} = select i1 %falls{a}, i64 %first{a}, i64 %last{a}",
        f"  %high{a} = add i64 %top{a}, {size}",
    ]


class _Part(Module):
    """Code of one module, in which another function is the loop."""

    def __init__(self, whole: Module, loop: str) -> None:
        self._whole = whole
        self._loop = loop

    def address(self, name: str) -> int:
        """Return where a function begins."""
        return self._whole.address(self._loop if name == "loop" else name)


class ArrayCode(Code):
    """The machine code of an array graph, all of it in one module.

    Parameters
    ----------
    graph : Graph
        What it computes.
    signature : Signature
        Shapes of one point.
    module : Module
        With what `entry_text` gives.
    work : int
        Doubles that a call takes for work.
    kept : object
        What the module reads, to live as long as it does.
    """

    def __init__(
        self, graph: Graph, signature: Signature, module: Module, work: int, kept: object
    ) -> None:
        self.graph = graph
        self.signature = signature
        self.scratch = work
        self.kept = kept
        self._whole = module

    def module(self, kind: int, level: int) -> Module:
        """Return the code with the loop of a kind, which is there for one level only."""
        return _Part(self._whole, "batch" if kind == BATCH else "loop")

    def has(self, kind: int, level: int) -> bool:
        """Whether there is code of a kind: there always is."""
        return True


class ArrayWays(Compiled):
    """The ufunc, bound calls and pointers of array code.

    Parameters
    ----------
    code : ArrayCode
        What they call.
    opt : {0, 1}
        Its level.

    Raises
    ------
    GraphError
        If its inputs and outputs are more than a ufunc can have.
    """

    def __init__(self, code: ArrayCode, opt: int) -> None:
        self.graph = code.graph
        self.opt = opt
        self._code = code
        check_operands(code.signature, code.graph.name)
        self._tiers = Tiers(code, opt)
        self.ufunc = make_ufunc(
            self._tiers.loop,
            self._tiers.data,
            code.signature,
            code.graph.name,
            f"{code.graph!r}, compiled.",
            (self._tiers, code),
            self._tiers.gate,
        )
        self._count = len(code.graph.inputs)
        self._kinds, self._as_made = results(code.graph)
