"""Which code of a graph is called, and when better code is made.

A ufunc calls ``@dispatch``, the same for all graphs, with a `Cell`: one loop for single points, one
for batches, how many points each has computed, and how many it may before better code is made. The
loops are replaced in the cell, so that the ufunc stays what it is.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import lru_cache

from graphad.errors import InputError
from graphad.ir import Graph
from graphad.llvm.copiers import link_copiers
from graphad.llvm.drivers import MEMORY, PARAMETERS, Signature, single, single_loop, tiled_text
from graphad.llvm.engine import ATTRIBUTES, Module, host, vector_lanes
from graphad.llvm.entry import NEVER, Gate, make_gate
from graphad.llvm.entry_many import Gates, make_gates
from graphad.llvm.kernels import Kernel, Lanes, write_kernel
from graphad.llvm.pointers import entry_points

SINGLE, BATCH = 0, 1
"""Kinds of loops: for single points, and for batches."""
LAUNCH = 5e-3
"""Seconds that making code takes at least."""
MAKING = {SINGLE: 100e-6, BATCH: 150e-6}
"""Seconds that level 1 takes for an operation."""
SAVING = {SINGLE: 0.3e-9, BATCH: 0.7e-9}
"""Seconds that better code then saves for an operation at each point."""
SWITCH = ctypes.CFUNCTYPE(None, ctypes.c_int64)
DECLARED = f"""{MEMORY}
declare i32 @PyGILState_Ensure()
declare void @PyGILState_Release(i32)
declare ptr @PyErr_NoMemory()"""


class Cell(ctypes.Structure):
    """What ``@dispatch`` reads: for each kind of loop code, limit and count of points.

    Code is the address of an inner loop, 0 if there is none.
    """

    _fields_ = (
        ("code", ctypes.c_int64 * 2),
        ("limit", ctypes.c_int64 * 2),
        ("count", ctypes.c_int64 * 2),
        ("switch", ctypes.c_void_p),
    )


STATES = {
    True: (
        "declare void @llvm.x86.sse.stmxcsr(ptr)\ndeclare void @llvm.x86.sse.ldmxcsr(ptr)",
        "call void @llvm.x86.sse.stmxcsr(ptr %state)",
        "call void @llvm.x86.sse.ldmxcsr(ptr %state)",
    ),
    False: (
        "declare i32 @fegetenv(ptr)\ndeclare i32 @fesetenv(ptr)",
        "%got = call i32 @fegetenv(ptr %state)",
        "%put = call i32 @fesetenv(ptr %state)",
    ),
}
"""How exceptions of arithmetic are saved and restored on x86, and elsewhere."""


def dispatch(x86: bool) -> str:
    """Return ``@dispatch``, the inner loop of all ufuncs.

    It leaves no trace of exceptions of arithmetic, so that NumPy warns of none: graphs do not,
    and vector functions report exceptions of lanes and branches that do not count.

    Parameters
    ----------
    x86 : bool
        Whether the processor is of that kind.
    """
    declared, save, restore = STATES[x86]
    return f"""
{declared}
define void @dispatch({PARAMETERS}) #0 {{
entry:
  %state = alloca [64 x i64], align 16
  %points = load i64, ptr %dims
  %any = icmp sgt i64 %points, 0
  br i1 %any, label %start, label %done
start:
  %batch = icmp sgt i64 %points, 1
  %kind = zext i1 %batch to i64
  %at_code = getelementptr i64, ptr %data, i64 %kind
  %at_limit = getelementptr i64, ptr %at_code, i64 2
  %limit = load atomic i64, ptr %at_limit monotonic, align 8
  %final = icmp eq i64 %limit, {NEVER}
  br i1 %final, label %run, label %count
count:
  %at_count = getelementptr i64, ptr %at_code, i64 4
  %before = atomicrmw add ptr %at_count, i64 %points monotonic
  %now = add i64 %before, %points
  %enough = icmp sge i64 %now, %limit
  br i1 %enough, label %better, label %run
better:
  %at_switch = getelementptr i64, ptr %data, i64 6
  %switch = load ptr, ptr %at_switch
  call void %switch(i64 %kind)
  br label %run
run:
  %own = load atomic ptr, ptr %at_code acquire, align 8
  %missing = icmp eq ptr %own, null
  %first = load atomic ptr, ptr %data acquire, align 8
  %code = select i1 %missing, ptr %first, ptr %own
  {save}
  call void %code(ptr %args, ptr %dims, ptr %steps, ptr %data)
  {restore}
  ret void
done:
  ret void
}}
{ATTRIBUTES}
"""


@lru_cache(maxsize=1)
def dispatcher() -> Module:
    """Return the code of ``@dispatch``, which all ufuncs share."""
    return Module(dispatch(host().triple.startswith(("x86_64", "i386", "i686", "amd64"))), 1)


class Code:
    """The machine code of a graph, made when it is first asked for.

    Parameters
    ----------
    graph : Graph
        Scalar.

    Raises
    ------
    GraphError
        If the graph has no form in machine code.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.signature = Signature(
            tuple([node.type.shape for node in graph.inputs]),
            tuple([node.type.shape for node in graph.outputs]),
        )
        self._lock = threading.RLock()
        self._modules: dict[tuple[int, int], Module] = {}
        # Written at once, since it may fail, and let go when it is compiled.
        one = write_kernel(graph, Lanes(1), "one")
        self.scratch = one.scratch
        self._kernel: Kernel | None = one

    def module(self, kind: int, level: int) -> Module:
        """Return the code of a kind of loop at a level, and make it first if need be."""
        with self._lock:
            known = self._modules.get((kind, level))
            if known is None:
                link_copiers(1 if kind == SINGLE else vector_lanes().width)
                text = self._text_of_singles() if kind == SINGLE else self._text_of_batches()
                known = self._modules[kind, level] = Module(text, level)
            return known

    def has(self, kind: int, level: int) -> bool:
        """Whether there is code of a kind and level already."""
        return (kind, level) in self._modules

    def _text_of_singles(self) -> str:
        kernel = self._kernel or write_kernel(self.graph, Lanes(1), "one")
        self._kernel = None
        signature, names = self.signature, kernel.names
        parts = [DECLARED, *kernel.declarations.values(), *kernel.text, single(names)]
        parts.append(entry_points(signature, kernel.scratch))
        parts.append(single_loop(signature, names, kernel.scratch))
        return "\n".join([*parts, ATTRIBUTES])

    def _text_of_batches(self) -> str:
        lanes = vector_lanes()
        kernel = write_kernel(self.graph, lanes, "many")
        text = tiled_text(self.signature, kernel, lanes.width)
        return "\n".join([DECLARED, text, ATTRIBUTES])


class Tiers:
    """A cell with code in it, and what replaces the code.

    Parameters
    ----------
    code : Code
        Of the graph.
    opt : {0, 1, "auto"}
        A level for all code; or level 0 at once, and level 1 when it pays.

    Raises
    ------
    InputError
        If there is no such level.
    """

    def __init__(self, code: Code, opt: int | str) -> None:
        # A bool is an int, and 1.0 equals 1, but neither names a level.
        if not (opt == "auto" or (type(opt) is int and opt in {0, 1})):
            raise InputError(f'opt is 0, 1 or "auto", and not {opt!r}')
        patient = opt == "auto"
        self.level = 1 if patient else int(opt)
        """The level of the code in the end."""
        self._dispatcher = dispatcher()
        self.cell = Cell()
        work = len(code.graph.nodes)
        limits = [points_that_pay(kind, work) for kind in (SINGLE, BATCH)]
        self.cell.limit[:] = limits if patient else [NEVER, 0]
        first = code.module(SINGLE, 0 if patient else self.level)
        self.cell.code[SINGLE] = first.address("loop")
        self.gate, self._lengths = _gate(code.signature, self.cell)
        if self.gate is not None:
            self.gate.point = first.address("point")
        self._make = _maker(code, self.cell, self.gate, self.level, patient)
        self._switch = SWITCH(self._make)
        # `ctypes.cast` would leave a cycle.
        self.cell.switch = ctypes.c_void_p.from_buffer(self._switch).value

    @property
    def loop(self) -> int:
        """Address of the inner loop; the last argument is the address of the cell."""
        return self._dispatcher.address("dispatch")

    @property
    def data(self) -> int:
        """Address of the cell."""
        return ctypes.addressof(self.cell)

    def prepare(self, kind: int) -> None:
        """Make the best code of a kind now, if it is not there yet."""
        self._make(kind)


def _gate(signature: Signature, cell: Cell) -> tuple[Gate | Gates | None, object]:
    inputs, outputs = signature.inputs, signature.outputs
    limit, count = (ctypes.addressof(cell) + place.offset for place in (Cell.limit, Cell.count))
    if len(inputs) == len(outputs) == 1:
        return make_gate(inputs[0], outputs[0], limit, count)
    return make_gates(inputs, outputs, limit, count) or (None, None)


def _maker(
    code: Code, cell: Cell, gate: Gate | Gates | None, level: int, patient: bool
) -> Callable[[int], None]:
    """Return what ``@dispatch`` calls when a limit is reached.

    It holds the cell and not the other way round, so that no cycle keeps code alive.
    """
    locks = (threading.Lock(), threading.Lock())

    def make(kind: int) -> None:
        # Who is patient computes with what there is while another thread makes better code.
        if not locks[kind].acquire(blocking=not patient):
            return
        try:
            if cell.limit[kind] != NEVER:
                better = code.module(kind, level)
                cell.code[kind] = better.address("loop")
                if gate is not None and kind == SINGLE:
                    gate.point = better.address("point")
        finally:
            cell.limit[kind] = NEVER
            locks[kind].release()

    return make


def points_that_pay(kind: int, work: int) -> int:
    """Return after how many points better code has been worth making.

    That is when what it would have saved is what it takes to make: then at most twice the least
    time is spent, whatever comes (ski rental; Karlin, Manasse, Rudolph and Sleator, 1988).

    Parameters
    ----------
    kind : int
        Of loop.
    work : int
        Operations of the graph.

    Examples
    --------
    >>> points_that_pay(BATCH, 10**6) < points_that_pay(BATCH, 100)
    True
    """
    work = max(1, work)
    return round((LAUNCH + MAKING[kind] * work) / (SAVING[kind] * work))
