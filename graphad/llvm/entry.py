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


def _text(new: int, scalar: int) -> str:
    array, flags, dtype = id(np.ndarray), _Array.flags.offset, _Array.dtype.offset
    double = id(np.dtype(np.float64))
    field = {name: getattr(Gate, name).offset for name, _ in Gate._fields_}
    # A ufunc's own data stand after its counts and functions: `graphad.llvm.ufunc`.
    return f"""
declare void @Py_IncRef(ptr)
define ptr @enter(ptr %self, ptr %args, i64 %nargs, ptr %names) #0 {{
entry:
  %number = alloca double, align 8
  %at_datas = getelementptr i8, ptr %self, i64 {HEAD + 16 + POINTER}
  %datas = load ptr, ptr %at_datas
  %at_gate = getelementptr ptr, ptr %datas, i64 1
  %gate = load ptr, ptr %at_gate
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
  %at_names = getelementptr i8, ptr %names, i64 {HEAD}
  %how_many = load i64, ptr %at_names
  %single_name = icmp eq i64 %how_many, 1
  br i1 %single_name, label %which, label %around
which:
  %at_name = getelementptr i8, ptr %names, i64 {tuple.__basicsize__}
  %name_given = load ptr, ptr %at_name
  %is_out = icmp eq ptr %name_given, inttoptr (i64 {id(OUT)} to ptr)
  br i1 %is_out, label %result, label %around
result:
  %at_result = getelementptr ptr, ptr %args, i64 1
  %taken = load ptr, ptr %at_result
  %r_at_type = getelementptr i8, ptr %taken, i64 {HEAD - POINTER}
  %r_type = load ptr, ptr %r_at_type
  %r_is_array = icmp eq ptr %r_type, inttoptr (i64 {array} to ptr)
  br i1 %r_is_array, label %r_array, label %around
r_array:
  %r_at_dtype = getelementptr i8, ptr %taken, i64 {dtype}
  %r_dtype = load ptr, ptr %r_at_dtype
  %r_is_double = icmp eq ptr %r_dtype, inttoptr (i64 {double} to ptr)
  %r_at_flags = getelementptr i8, ptr %taken, i64 {flags}
  %r_flags = load i32, ptr %r_at_flags
  %r_both = and i32 %r_flags, {WHOLE | WRITEABLE}
  %r_is_whole = icmp eq i32 %r_both, {WHOLE | WRITEABLE}
  %r_at_rank = getelementptr i8, ptr %taken, i64 {_Array.rank.offset}
  %r_rank = load i32, ptr %r_at_rank
  %r_rank_wide = sext i32 %r_rank to i64
  %r_at_rank_out = getelementptr i8, ptr %gate, i64 {field["rank_out"]}
  %r_rank_out = load i64, ptr %r_at_rank_out
  %r_is_rank = icmp eq i64 %r_rank_wide, %r_rank_out
  %r_fits0 = and i1 %r_is_double, %r_is_whole
  %r_fits = and i1 %r_fits0, %r_is_rank
  br i1 %r_fits, label %r_lengths, label %around
r_lengths:
  %r_at_shape = getelementptr i8, ptr %taken, i64 {_Array.shape.offset}
  %r_shape = load ptr, ptr %r_at_shape
  %r_at_wanted = getelementptr i8, ptr %gate, i64 {field["shape_out"]}
  %r_wanted = load ptr, ptr %r_at_wanted
  br label %r_axis
r_axis:
  %r_i = phi i64 [ 0, %r_lengths ], [ %r_i1, %r_length ]
  %r_more = icmp slt i64 %r_i, %r_rank_out
  br i1 %r_more, label %r_length, label %look
r_length:
  %r_at_found = getelementptr i64, ptr %r_shape, i64 %r_i
  %r_found = load i64, ptr %r_at_found
  %r_at_right = getelementptr i64, ptr %r_wanted, i64 %r_i
  %r_right = load i64, ptr %r_at_right
  %r_equal = icmp eq i64 %r_found, %r_right
  %r_i1 = add i64 %r_i, 1
  br i1 %r_equal, label %r_axis, label %around
look:
  %into = phi ptr [ null, %entry ], [ %taken, %r_axis ]
  %x = load ptr, ptr %args
  %at_type = getelementptr i8, ptr %x, i64 {HEAD - POINTER}
  %type = load ptr, ptr %at_type
  %at_rank_in = getelementptr i8, ptr %gate, i64 {field["rank_in"]}
  %rank_in = load i64, ptr %at_rank_in
  %is_array = icmp eq ptr %type, inttoptr (i64 {array} to ptr)
  br i1 %is_array, label %array, label %other
array:
  %at_dtype = getelementptr i8, ptr %x, i64 {dtype}
  %dtype = load ptr, ptr %at_dtype
  %is_double = icmp eq ptr %dtype, inttoptr (i64 {double} to ptr)
  %at_flags = getelementptr i8, ptr %x, i64 {flags}
  %flags = load i32, ptr %at_flags
  %both = and i32 %flags, {WHOLE}
  %is_whole = icmp eq i32 %both, {WHOLE}
  %at_rank = getelementptr i8, ptr %x, i64 {_Array.rank.offset}
  %rank = load i32, ptr %at_rank
  %rank_wide = sext i32 %rank to i64
  %is_rank = icmp eq i64 %rank_wide, %rank_in
  %fits0 = and i1 %is_double, %is_whole
  %fits = and i1 %fits0, %is_rank
  br i1 %fits, label %lengths, label %around
lengths:
  %at_shape = getelementptr i8, ptr %x, i64 {_Array.shape.offset}
  %shape = load ptr, ptr %at_shape
  %at_wanted = getelementptr i8, ptr %gate, i64 {field["shape_in"]}
  %wanted = load ptr, ptr %at_wanted
  %at_data = getelementptr i8, ptr %x, i64 {_Array.data.offset}
  %data = load ptr, ptr %at_data
  br label %axis
axis:
  %i = phi i64 [ 0, %lengths ], [ %i1, %length ]
  %more = icmp slt i64 %i, %rank_in
  br i1 %more, label %length, label %have
length:
  %at_found = getelementptr i64, ptr %shape, i64 %i
  %found = load i64, ptr %at_found
  %at_right = getelementptr i64, ptr %wanted, i64 %i
  %right = load i64, ptr %at_right
  %equal = icmp eq i64 %found, %right
  %i1 = add i64 %i, 1
  br i1 %equal, label %axis, label %around
other:
  %is_float = icmp eq ptr %type, inttoptr (i64 {id(float)} to ptr)
  %is_scalar = icmp eq ptr %type, inttoptr (i64 {id(np.float64)} to ptr)
  %is_number = or i1 %is_float, %is_scalar
  %wants = icmp eq i64 %rank_in, 0
  %takes = and i1 %is_number, %wants
  %at_value = getelementptr i8, ptr %x, i64 {HEAD}
  br i1 %takes, label %have, label %around
have:
  %in = phi ptr [ %data, %axis ], [ %at_value, %other ]
  %fresh = icmp eq ptr %into, null
  br i1 %fresh, label %limited, label %apart
apart:
  %at_into = getelementptr i8, ptr %into, i64 {_Array.data.offset}
  %into_data = load ptr, ptr %at_into
  %at_bytes_in = getelementptr i8, ptr %gate, i64 {field["bytes_in"]}
  %bytes_in = load i64, ptr %at_bytes_in
  %at_bytes_out = getelementptr i8, ptr %gate, i64 {field["bytes_out"]}
  %bytes_out = load i64, ptr %at_bytes_out
  %in_from = ptrtoint ptr %in to i64
  %in_to = add i64 %in_from, %bytes_in
  %out_from = ptrtoint ptr %into_data to i64
  %out_to = add i64 %out_from, %bytes_out
  %starts = icmp ult i64 %in_from, %out_to
  %ends = icmp ult i64 %out_from, %in_to
  %overlap = and i1 %starts, %ends
  br i1 %overlap, label %around, label %limited
limited:
  %there = phi ptr [ null, %have ], [ %into_data, %apart ]
  %at_limit = getelementptr i8, ptr %gate, i64 {field["limit"]}
  %where_limit = load ptr, ptr %at_limit
  %limit = load atomic i64, ptr %where_limit acquire, align 8
  %final = icmp eq i64 %limit, {NEVER}
  br i1 %final, label %go, label %counted
counted:
  %at_count = getelementptr i8, ptr %gate, i64 {field["count"]}
  %where_count = load ptr, ptr %at_count
  %before = load i64, ptr %where_count
  %now = add i64 %before, 1
  %enough = icmp sge i64 %now, %limit
  br i1 %enough, label %around, label %counts
counts:
  %old = atomicrmw add ptr %where_count, i64 1 monotonic
  br label %go
go:
  %point = load ptr, ptr %gate
  br i1 %fresh, label %make, label %use
use:
  call void %point(ptr %in, ptr %there)
  call void @Py_IncRef(ptr %into)
  ret ptr %into
make:
  %at_rank_out = getelementptr i8, ptr %gate, i64 {field["rank_out"]}
  %rank_out = load i64, ptr %at_rank_out
  %single = icmp eq i64 %rank_out, 0
  br i1 %single, label %scalar, label %new
scalar:
  call void %point(ptr %in, ptr %number)
  %made = call ptr inttoptr (i64 {scalar} to ptr)(ptr %number, ptr inttoptr (i64 {double} to ptr),
    ptr null)
  ret ptr %made
new:
  %at_shape_out = getelementptr i8, ptr %gate, i64 {field["shape_out"]}
  %shape_out = load ptr, ptr %at_shape_out
  %rank_short = trunc i64 %rank_out to i32
  %out = call ptr inttoptr (i64 {new} to ptr)(ptr inttoptr (i64 {array} to ptr), i32 %rank_short,
    ptr %shape_out, i32 {DOUBLE}, ptr null, ptr null, i32 0, i32 0, ptr null)
  %none = icmp eq ptr %out, null
  br i1 %none, label %failed, label %compute
compute:
  %at_out = getelementptr i8, ptr %out, i64 {_Array.data.offset}
  %memory = load ptr, ptr %at_out
  call void %point(ptr %in, ptr %memory)
  ret ptr %out
failed:
  ret ptr null
around:
  %at_around = getelementptr i8, ptr %gate, i64 {field["around"]}
  %around_to = load ptr, ptr %at_around
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
