"""A short way into ufuncs: one point, one array in and one out, without NumPy's machinery.

CPython calls a ufunc through a pointer in the object (PEP 590). For calls with one argument that is
a point as the code wants it, and perhaps an array for the result, the function here computes; all
other calls go on to NumPy's function. What it knows of NumPy's objects is checked first.
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache
from importlib import import_module
from math import prod
from typing import Any

import numpy as np

from graphad.llvm.engine import ATTRIBUTES, Module

HEAD = object.__basicsize__
POINTER = ctypes.sizeof(ctypes.c_void_p)
VECTORCALL = HEAD + 5 * POINTER
"""Place of ``tp_vectorcall_offset`` in CPython's type objects."""
NEW, SCALAR = 93, 60
"""Places of ``PyArray_New`` and ``PyArray_Scalar`` in NumPy's table of functions."""
DOUBLE = 12
WHOLE = 0x101
"""Flags of arrays that are C-contiguous and aligned."""
WRITEABLE = 0x400
"""Flag of arrays that may be written to."""
OUT = sys.intern("out")
"""The keyword as CPython passes it: names in a program are interned."""
NEVER = 2**63 - 1
"""A limit that is not reached: there is no better code."""


class _Array(ctypes.Structure):
    """The beginning of NumPy's ``PyArrayObject_fields``."""

    _fields_ = (
        ("head", ctypes.c_byte * HEAD),
        ("data", ctypes.c_void_p),
        ("rank", ctypes.c_int),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.c_void_p),
        ("base", ctypes.c_void_p),
        ("dtype", ctypes.c_void_p),
        ("flags", ctypes.c_int),
    )


class Gate(ctypes.Structure):
    """What the short way reads: shapes of a point, its code, and the way around.

    ``limit`` and ``count`` are addresses: of the points to compute before better code is made, and
    of how many were computed. The call that reaches the limit goes around, where code is made.
    """

    _fields_ = (
        ("point", ctypes.c_int64),
        ("limit", ctypes.c_int64),
        ("count", ctypes.c_int64),
        ("around", ctypes.c_int64),
        ("rank_in", ctypes.c_int64),
        ("shape_in", ctypes.c_int64),
        ("rank_out", ctypes.c_int64),
        ("shape_out", ctypes.c_int64),
        ("bytes_in", ctypes.c_int64),
        ("bytes_out", ctypes.c_int64),
    )


def place_of_call() -> int:
    """Return where ufuncs keep the pointer that CPython calls, 0 if that is not known."""
    offset = ctypes.c_ssize_t.from_address(id(np.ufunc) + VECTORCALL).value
    if not HEAD < offset <= np.ufunc.__basicsize__ - POINTER:
        return 0
    found = {ctypes.c_size_t.from_address(id(u) + offset).value for u in (np.add, np.sin)}
    return offset if len(found) == 1 and 0 not in found else 0


def arrays_are_known() -> bool:
    """Whether arrays and numbers lie in memory as the short way takes them to."""
    array = np.zeros((2, 3))
    seen, value = _Array.from_address(id(array)), np.float64(1.5)
    numbers = [ctypes.c_double.from_address(id(x) + HEAD).value for x in (value, float(value))]
    return (
        seen.data == array.ctypes.data
        and seen.rank == 2
        and seen.shape[:2] == [2, 3]
        and seen.dtype == id(array.dtype) == id(np.dtype(np.float64))
        and seen.flags & WHOLE == WHOLE
        and numbers == [1.5, 1.5]
    )


@lru_cache(maxsize=1)
def way_in() -> Module | None:
    """Return the code of ``@enter``, which all ufuncs share; ``None`` if it cannot be used."""
    if not (place_of_call() and arrays_are_known()):
        return None
    return Module(_text(*array_functions()), 1, keep=False)


def array_functions() -> tuple[int, int]:
    """Return the addresses of NumPy's ``PyArray_New`` and ``PyArray_Scalar``."""
    capsule = import_module("numpy._core._multiarray_umath")._ARRAY_API
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    table = ctypes.cast(get(capsule, None), ctypes.POINTER(ctypes.c_void_p))
    return table[NEW] or 0, table[SCALAR] or 0


def array_places() -> dict[str, int]:
    """Return where the fields of an array are in it."""
    return {name: getattr(_Array, name).offset for name, _ in _Array._fields_}


# --- lines of code -------------------------------------------------------------------------------


def read(name: str, record: str, offset: int, type: str = "i64") -> str:
    """Return lines that read a field of a record."""
    at = f"  {name}.at = getelementptr i8, ptr {record}, i64 {offset}\n"
    return f"{at}  {name} = load {type}, ptr {name}.at"


def address_of(thing: object) -> str:
    """Return the address of a Python object, which has to live as long as the code."""
    return f"inttoptr (i64 {id(thing)} to ptr)"


def input_check(record: str, rank: int, shape: int, then: str) -> str:
    """Return lines that look at an input ``%x``; its numbers are then at ``%source``.

    Parameters
    ----------
    record : str
        Says how the input has to be.
    rank, shape : int
        Places of its rank and lengths in the record.
    then : str
        Block that the lines end in; they go ``around`` if the input does not fit.
    """
    return f"""{read("%type", "%x", HEAD - POINTER, "ptr")}
{read("%rank", record, rank)}
  %is_array = icmp eq ptr %type, {address_of(np.ndarray)}
  br i1 %is_array, label %array, label %other
{_array_check("", "%x", WHOLE)}
lengths:
{read("%data", "%x", _Array.data.offset, "ptr")}
{_length_check("", "%x", record, shape, then)}
other:
  %is_float = icmp eq ptr %type, {address_of(float)}
  %is_scalar = icmp eq ptr %type, {address_of(np.float64)}
  %is_number = or i1 %is_float, %is_scalar
  %wants = icmp eq i64 %rank, 0
  %takes = and i1 %is_number, %wants
  %value = getelementptr i8, ptr %x, i64 {HEAD}
  br i1 %takes, label %{then}, label %around
{then}:
  %source = phi ptr [ %data, %axis ], [ %value, %other ]"""


def _result_check(record: str, rank: int, shape: int, then: str) -> str:
    """Lines that look at the array ``%taken`` for a result, and go from ``r_axis`` to `then`."""
    return f"""{read("%r_type", "%taken", HEAD - POINTER, "ptr")}
{read("%r_rank", record, rank)}
  %r_is_array = icmp eq ptr %r_type, {address_of(np.ndarray)}
  br i1 %r_is_array, label %r_array, label %around
{_array_check("r_", "%taken", WHOLE | WRITEABLE)}
r_lengths:
{_length_check("r_", "%taken", record, shape, then)}"""


def _array_check(p: str, array: str, flags: int) -> str:
    """Block ``array``: whether dtype, flags and rank fit; `p` begins all names."""
    return f"""{p}array:
{read(f"%{p}dtype", array, _Array.dtype.offset, "ptr")}
{read(f"%{p}flags", array, _Array.flags.offset, "i32")}
{read(f"%{p}found_rank", array, _Array.rank.offset, "i32")}
  %{p}is_double = icmp eq ptr %{p}dtype, {address_of(np.dtype(np.float64))}
  %{p}both = and i32 %{p}flags, {flags}
  %{p}is_whole = icmp eq i32 %{p}both, {flags}
  %{p}rank_wide = sext i32 %{p}found_rank to i64
  %{p}is_rank = icmp eq i64 %{p}rank_wide, %{p}rank
  %{p}fits0 = and i1 %{p}is_double, %{p}is_whole
  %{p}fits = and i1 %{p}fits0, %{p}is_rank
  br i1 %{p}fits, label %{p}lengths, label %around"""


def _length_check(p: str, array: str, record: str, shape: int, then: str) -> str:
    """The rest of the block ``lengths``: a loop over the axes, from ``axis`` to `then`."""
    return f"""{read(f"%{p}shape", array, _Array.shape.offset, "ptr")}
{read(f"%{p}wanted", record, shape, "ptr")}
  br label %{p}axis
{p}axis:
  %{p}d = phi i64 [ 0, %{p}lengths ], [ %{p}d1, %{p}length ]
  %{p}axes = icmp slt i64 %{p}d, %{p}rank
  br i1 %{p}axes, label %{p}length, label %{then}
{p}length:
  %{p}at_found = getelementptr i64, ptr %{p}shape, i64 %{p}d
  %{p}found = load i64, ptr %{p}at_found
  %{p}at_right = getelementptr i64, ptr %{p}wanted, i64 %{p}d
  %{p}right = load i64, ptr %{p}at_right
  %{p}equal = icmp eq i64 %{p}found, %{p}right
  %{p}d1 = add i64 %{p}d, 1
  br i1 %{p}equal, label %{p}axis, label %around"""


def counted(limit: int, count: int) -> str:
    """Return lines that count a call, and go to ``go``, or ``around`` if it reaches the limit.

    Parameters
    ----------
    limit, count : int
        Places of the addresses in ``%gate``.
    """
    return f"""{read("%where_limit", "%gate", limit, "ptr")}
  %limit = load atomic i64, ptr %where_limit acquire, align 8
  %final = icmp eq i64 %limit, {NEVER}
  br i1 %final, label %go, label %counted
counted:
{read("%where_count", "%gate", count, "ptr")}
  %before = load i64, ptr %where_count
  %now = add i64 %before, 1
  %enough = icmp sge i64 %now, %limit
  br i1 %enough, label %around, label %counts
counts:
  %old = atomicrmw add ptr %where_count, i64 1 monotonic
  br label %go"""


def _text(new: int, scalar: int) -> str:
    array, double = address_of(np.ndarray), address_of(np.dtype(np.float64))
    field = {name: getattr(Gate, name).offset for name, _ in Gate._fields_}
    data = _Array.data.offset
    # A ufunc's own data stand after its counts and functions: `graphad.llvm.ufunc`.
    return f"""
declare void @Py_IncRef(ptr)
define ptr @enter(ptr %self, ptr %args, i64 %nargs, ptr %names) #0 {{
entry:
  %number = alloca double, align 8
{read("%datas", "%self", HEAD + 16 + POINTER, "ptr")}
{read("%gate", "%datas", POINTER, "ptr")}
  %count = and i64 %nargs, {NEVER}
  %one = icmp eq i64 %count, 1
  %two = icmp eq i64 %count, 2
  %plain = icmp eq ptr %names, null
  %simple = and i1 %one, %plain
  br i1 %simple, label %look, label %more_given
more_given:
  %second = and i1 %two, %plain
  br i1 %second, label %result, label %named
named:
  %keyword = xor i1 %plain, true
  %may_be_out = and i1 %one, %keyword
  br i1 %may_be_out, label %name, label %around
name:
{read("%how_many", "%names", HEAD)}
  %single_name = icmp eq i64 %how_many, 1
  br i1 %single_name, label %which, label %around
which:
{read("%name_given", "%names", tuple.__basicsize__, "ptr")}
  %is_out = icmp eq ptr %name_given, {address_of(OUT)}
  br i1 %is_out, label %result, label %around
result:
{read("%taken", "%args", POINTER, "ptr")}
{_result_check("%gate", field["rank_out"], field["shape_out"], "look")}
look:
  %into = phi ptr [ null, %entry ], [ %taken, %r_axis ]
  %x = load ptr, ptr %args
{input_check("%gate", field["rank_in"], field["shape_in"], "have")}
  %fresh = icmp eq ptr %into, null
  br i1 %fresh, label %limited, label %apart
apart:
{read("%into_data", "%into", data, "ptr")}
{read("%bytes_in", "%gate", field["bytes_in"])}
{read("%bytes_out", "%gate", field["bytes_out"])}
  %in_from = ptrtoint ptr %source to i64
  %in_to = add i64 %in_from, %bytes_in
  %out_from = ptrtoint ptr %into_data to i64
  %out_to = add i64 %out_from, %bytes_out
  %starts = icmp ult i64 %in_from, %out_to
  %ends = icmp ult i64 %out_from, %in_to
  %overlap = and i1 %starts, %ends
  br i1 %overlap, label %around, label %limited
limited:
  %there = phi ptr [ null, %have ], [ %into_data, %apart ]
{counted(field["limit"], field["count"])}
go:
{read("%point", "%gate", field["point"], "ptr")}
  br i1 %fresh, label %make, label %use
use:
  call void %point(ptr %source, ptr %there)
  call void @Py_IncRef(ptr %into)
  ret ptr %into
make:
{read("%rank_out", "%gate", field["rank_out"])}
  %single = icmp eq i64 %rank_out, 0
  br i1 %single, label %scalar, label %new
scalar:
  call void %point(ptr %source, ptr %number)
  %made = call ptr inttoptr (i64 {scalar} to ptr)(ptr %number, ptr {double}, ptr null)
  ret ptr %made
new:
{read("%shape_out", "%gate", field["shape_out"], "ptr")}
  %rank_short = trunc i64 %rank_out to i32
  %out = call ptr inttoptr (i64 {new} to ptr)(ptr {array}, i32 %rank_short, ptr %shape_out,
    i32 {DOUBLE}, ptr null, ptr null, i32 0, i32 0, ptr null)
  %none = icmp eq ptr %out, null
  br i1 %none, label %failed, label %compute
compute:
{read("%memory", "%out", data, "ptr")}
  call void %point(ptr %source, ptr %memory)
  ret ptr %out
failed:
  ret ptr null
around:
{read("%around_to", "%gate", field["around"], "ptr")}
  %given = call ptr %around_to(ptr %self, ptr %args, i64 %nargs, ptr %names)
  ret ptr %given
}}
{ATTRIBUTES}
"""


def make_gate(
    shape_in: tuple[int, ...], shape_out: tuple[int, ...], limit: int, count: int
) -> tuple[Gate, Any]:
    """Return a gate whose code is yet to be given, and the memory that it points to.

    Parameters
    ----------
    shape_in, shape_out : tuple of int
        Of a point.
    limit, count : int
        Addresses, as the gate wants them.
    """
    lengths = [(ctypes.c_int64 * max(1, len(s)))(*s) for s in (shape_in, shape_out)]
    gate = Gate(
        limit=limit,
        count=count,
        rank_in=len(shape_in),
        shape_in=ctypes.addressof(lengths[0]),
        rank_out=len(shape_out),
        shape_out=ctypes.addressof(lengths[1]),
        bytes_in=8 * prod(shape_in),
        bytes_out=8 * prod(shape_out),
    )
    return gate, lengths


def open_way(ufunc: np.ufunc, gate: Any, way: Module) -> None:
    """Let calls of a ufunc come by the short way first.

    Parameters
    ----------
    ufunc : numpy.ufunc
        With the address of the gate as second of its data.
    gate : Gate or Gates
        Alive as long as the ufunc is.
    way : Module
        That of `way_in` or `way_in_many`, alive as long as the ufunc is.
    """
    slot = ctypes.c_size_t.from_address(id(ufunc) + place_of_call())
    gate.around = slot.value
    slot.value = way.address("enter")
