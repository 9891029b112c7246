"""Calls of the lowest latency: on buffers that the user holds, with nothing to convert."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.errors import InputError
from graphad.llvm.drivers import Shape, starts
from graphad.llvm.engine import ATTRIBUTES, Module
from graphad.op import Array

NOARGS = 0x0004
"""``METH_NOARGS`` of CPython."""
IMMORTAL = sys.version_info >= (3, 12)
"""Whether references to ``None`` are not counted."""
DOC = b"Compute one point, from the bound inputs into the bound outputs."


class _Method(ctypes.Structure):
    """CPython's ``PyMethodDef``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class Bound:
    """What a bound call belongs to: its ``__self__``.

    Parameters
    ----------
    inputs, outputs : tuple of numpy.ndarray
        The buffers.
    kept : tuple
        Code and memory of the call.
    """

    __slots__ = ("_kept", "inputs", "outputs")

    def __init__(
        self, inputs: tuple[Array, ...], outputs: tuple[Array, ...], kept: tuple[Any, ...]
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self._kept = kept

    def __repr__(self) -> str:
        return f"<buffers of {len(self.inputs)} inputs and {len(self.outputs)} outputs>"


def bind(
    code: Module, name: str, inputs: Sequence[Array], outputs: Sequence[Array], scratch: int
) -> Any:
    """Return a built-in function without arguments that computes one point in given buffers.

    Parameters
    ----------
    code : Module
        With ``@single``.
    name : str
        Of the function.
    inputs, outputs : sequence of numpy.ndarray
        As `check_buffers` wants them.
    scratch : int
        Values that ``@single`` keeps meanwhile.
    """
    read, write = _Side(inputs), _Side(outputs)
    # A kernel may write before it has read all: what is read is copied first if they overlap.
    if any(np.shares_memory(x, y) for x in inputs for y in outputs):
        read.copy()
    memory = np.zeros(max(1, scratch))
    given = ", ".join(_pointer(at) for at in (read.address, write.address, memory.ctypes.data))
    none = _pointer(id(None))
    lines = [
        "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)",
        "declare void @Py_IncRef(ptr)",
        "define ptr @bound(ptr %self, ptr %nothing) #0 {",
        *(_move(buffer, array, size) for array, buffer, size in read.moves),
        f"  call void inttoptr (i64 {code.address('single')} to ptr)({given})",
        *(_move(array, buffer, size) for array, buffer, size in write.moves),
        *([] if IMMORTAL else [f"  call void @Py_IncRef({none})"]),
        f"  ret {none}",
        "}",
        ATTRIBUTES,
    ]
    module = Module("\n".join(lines), 1, keep=False)
    method = _Method(name.encode(), module.address("bound"), NOARGS, DOC)
    kept = (code, module, method, memory, read.buffer, write.buffer)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    # CPython reads the method when the function goes, and lets go of its self after that.
    return new(ctypes.addressof(method), Bound(tuple(inputs), tuple(outputs), kept), None)


class _Side:
    """Arrays on one side of a call, as one piece of memory."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self._arrays = arrays
        self._at = [array.ctypes.data for array in arrays]
        self._starts = starts([array.size for array in arrays])
        self.buffer: Array | None = None
        self.moves: list[tuple[int, int, int]] = []
        self.address = self._at[0] if arrays else 0
        whole = [self.address + 8 * start for start in self._starts]
        if self._at != whole:
            self.copy()

    def copy(self) -> None:
        """Take memory of its own, and copy at each call."""
        self.buffer = np.zeros(max(1, sum(array.size for array in self._arrays)))
        self.address = self.buffer.ctypes.data
        self.moves = [
            (at, self.address + 8 * start, 8 * array.size)
            for at, start, array in zip(self._at, self._starts, self._arrays, strict=True)
        ]


def _pointer(address: int) -> str:
    return f"ptr inttoptr (i64 {address} to ptr)"


def _move(target: int, source: int, size: int) -> str:
    ends = f"{_pointer(target)}, {_pointer(source)}"
    return f"  call void @llvm.memcpy.p0.p0.i64({ends}, i64 {size}, i1 false)"


def check_buffers(what: str, given: Sequence[object], shapes: Sequence[Shape]) -> None:
    """Refuse buffers that machine code cannot read or write as they are.

    Parameters
    ----------
    what : {"input", "output"}
        For what they are.
    given : sequence
        What the user gave.
    shapes : sequence of tuple of int
        What is needed.

    Raises
    ------
    InputError
        If a buffer does not fit, or outputs overlap.
    """
    if len(given) != len(shapes):
        raise InputError(f"{len(shapes)} {what}s are to be bound, and {len(given)} are")
    seen: list[Array] = []
    for array, shape in zip(given, shapes, strict=True):
        found = repr(array)
        if isinstance(array, np.ndarray):
            flags = array.flags
            whole = flags.c_contiguous and flags.aligned and (what == "input" or flags.writeable)
            if array.dtype == np.float64 and array.shape == shape and whole:
                seen.append(array)
                continue
            found = f"{array.dtype}{list(array.shape)}"
            if not whole:
                found += " in pieces, unaligned or read-only"
        raise InputError(
            f"the buffer of an {what} is an array of float64{list(shape)} in one piece, and not "
            f"{found}"
        )
    if what == "output":
        for i, array in enumerate(seen):
            if any(np.shares_memory(array, other) for other in seen[:i]):
                raise InputError(f"output {i} is bound to memory of another output")
