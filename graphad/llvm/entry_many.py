"""The short way into ufuncs of several inputs or outputs, as `graphad.llvm.entry` for one of each.

Arguments are copied into one piece of memory, where the code wants them, and results from there
into new arrays. Calls with options or result arrays, and with many numbers, are NumPy's.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from graphad.llvm.engine import ATTRIBUTES, Module
from graphad.llvm.entry import (
    DOUBLE,
    HEAD,
    NEVER,
    POINTER,
    address_of,
    array_functions,
    array_places,
    arrays_are_known,
    counted,
    input_check,
    place_of_call,
    read,
)

MOST = 480
"""Numbers that are copied on the stack, less than a page."""


class _Part(ctypes.Structure):
    """One input or output: its shape, and where it stands in the memory of the call."""

    _fields_ = (
        ("rank", ctypes.c_int64),
        ("shape", ctypes.c_int64),
        ("bytes", ctypes.c_int64),
        ("place", ctypes.c_int64),
    )


class Gates(ctypes.Structure):
    """What the short way reads; the first four fields are those of `graphad.llvm.entry.Gate`."""

    _fields_ = (
        ("point", ctypes.c_int64),
        ("limit", ctypes.c_int64),
        ("count", ctypes.c_int64),
        ("around", ctypes.c_int64),
        ("inputs", ctypes.c_int64),
        ("outputs", ctypes.c_int64),
        ("taken", ctypes.c_int64),
        ("given", ctypes.c_int64),
        ("results", ctypes.c_int64),
    )


def make_gates(
    inputs: Sequence[tuple[int, ...]], outputs: Sequence[tuple[int, ...]], limit: int, count: int
) -> tuple[Gates, Any] | None:
    """Return gates whose code is yet to be given, and the memory that they point to.

    Parameters
    ----------
    inputs, outputs : sequence of tuple of int
        Shapes of a point.
    limit, count : int
        Addresses, as `graphad.llvm.entry.Gate` wants them.

    Returns
    -------
    tuple, or None
        Nothing if the numbers of a point are too many.
    """
    first = sum(map(prod, inputs))
    if not inputs or first + sum(map(prod, outputs)) > MOST:
        return None
    kept: list[Any] = []
    lists = []
    for shapes, start in ((inputs, 0), (outputs, 8 * first)):
        parts, place = (_Part * len(shapes))(), start
        for part, shape in zip(parts, shapes, strict=True):
            lengths = (ctypes.c_int64 * max(1, len(shape)))(*shape)
            kept.append(lengths)
            part.rank, part.shape = len(shape), ctypes.addressof(lengths)
            part.bytes, part.place = 8 * prod(shape), place
            place += part.bytes
        lists.append(parts)
    gates = Gates(
        limit=limit,
        count=count,
        inputs=len(inputs),
        outputs=len(outputs),
        taken=ctypes.addressof(lists[0]),
        given=ctypes.addressof(lists[1]),
        results=8 * first,
    )
    return gates, (kept, lists)


@lru_cache(maxsize=1)
def way_in_many() -> Module | None:
    """Return the code of ``@enter``, which all such ufuncs share; ``None`` if it cannot be used."""
    if not (place_of_call() and arrays_are_known()):
        return None
    return Module(_text(*array_functions()), 1, keep=False)


def _text(new: int, scalar: int) -> str:
    field = {name: getattr(Gates, name).offset for name, _ in Gates._fields_}
    part = {name: getattr(_Part, name).offset for name, _ in _Part._fields_}
    array, double = address_of(np.ndarray), address_of(np.dtype(np.float64))
    size = ctypes.sizeof(_Part)
    # A ufunc's own data stand after its counts and functions: `graphad.llvm.ufunc`.
    return f"""
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare ptr @PyTuple_New(i64)
declare void @Py_DecRef(ptr)

define internal ptr @result(ptr %part, ptr %memory) #0 {{
entry:
{read("%rank", "%part", part["rank"])}
{read("%place", "%part", part["place"])}
  %source = getelementptr i8, ptr %memory, i64 %place
  %single = icmp eq i64 %rank, 0
  br i1 %single, label %number, label %array
number:
  %made = call ptr inttoptr (i64 {scalar} to ptr)(ptr %source, ptr {double}, ptr null)
  ret ptr %made
array:
{read("%shape", "%part", part["shape"], "ptr")}
{read("%bytes", "%part", part["bytes"])}
  %short = trunc i64 %rank to i32
  %out = call ptr inttoptr (i64 {new} to ptr)(ptr {array}, i32 %short, ptr %shape, i32 {DOUBLE},
    ptr null, ptr null, i32 0, i32 0, ptr null)
  %none = icmp eq ptr %out, null
  br i1 %none, label %done, label %copy
copy:
{read("%data", "%out", array_places()["data"], "ptr")}
  call void @llvm.memcpy.p0.p0.i64(ptr %data, ptr %source, i64 %bytes, i1 false)
  br label %done
done:
  ret ptr %out
}}

define ptr @enter(ptr %self, ptr %args, i64 %nargs, ptr %names) #0 {{
entry:
  %memory = alloca [{MOST} x double], align 16
{read("%datas", "%self", HEAD + 16 + POINTER, "ptr")}
{read("%gate", "%datas", POINTER, "ptr")}
{read("%inputs", "%gate", field["inputs"])}
{read("%taken", "%gate", field["taken"], "ptr")}
  %count = and i64 %nargs, {NEVER}
  %all = icmp eq i64 %count, %inputs
  %plain = icmp eq ptr %names, null
  %simple = and i1 %all, %plain
  br i1 %simple, label %inputs_left, label %around
inputs_left:
  %i = phi i64 [ 0, %entry ], [ %i1, %next ]
  %more = icmp slt i64 %i, %inputs
  br i1 %more, label %look, label %have
look:
  %at_x = getelementptr ptr, ptr %args, i64 %i
  %x = load ptr, ptr %at_x
  %part_place = mul i64 %i, {size}
  %part = getelementptr i8, ptr %taken, i64 %part_place
{read("%bytes", "%part", part["bytes"])}
{read("%place", "%part", part["place"])}
{input_check("%part", part["rank"], part["shape"], "next")}
  %target = getelementptr i8, ptr %memory, i64 %place
  call void @llvm.memcpy.p0.p0.i64(ptr %target, ptr %source, i64 %bytes, i1 false)
  %i1 = add i64 %i, 1
  br label %inputs_left
have:
{counted(field["limit"], field["count"])}
go:
{read("%point", "%gate", field["point"], "ptr")}
{read("%start", "%gate", field["results"])}
{read("%given", "%gate", field["given"], "ptr")}
{read("%outputs", "%gate", field["outputs"])}
  %results = getelementptr i8, ptr %memory, i64 %start
  call void %point(ptr %memory, ptr %results)
  %several = icmp ne i64 %outputs, 1
  br i1 %several, label %tuple, label %one
one:
  %alone = call ptr @result(ptr %given, ptr %memory)
  ret ptr %alone
tuple:
  %made = call ptr @PyTuple_New(i64 %outputs)
  %no_tuple = icmp eq ptr %made, null
  br i1 %no_tuple, label %failed, label %fill
fill:
  %o = phi i64 [ 0, %tuple ], [ %o1, %keep ]
  %left = icmp slt i64 %o, %outputs
  br i1 %left, label %make, label %full
make:
  %o_place = mul i64 %o, {size}
  %o_part = getelementptr i8, ptr %given, i64 %o_place
  %result = call ptr @result(ptr %o_part, ptr %memory)
  %no_result = icmp eq ptr %result, null
  br i1 %no_result, label %drop, label %keep
keep:
  %items = getelementptr i8, ptr %made, i64 {tuple.__basicsize__}
  %at_item = getelementptr ptr, ptr %items, i64 %o
  store ptr %result, ptr %at_item
  %o1 = add i64 %o, 1
  br label %fill
drop:
  call void @Py_DecRef(ptr %made)
  br label %failed
full:
  ret ptr %made
failed:
  ret ptr null
around:
{read("%around_to", "%gate", field["around"], "ptr")}
  %left_to_numpy = call ptr %around_to(ptr %self, ptr %args, i64 %nargs, ptr %names)
  ret ptr %left_to_numpy
}}
{ATTRIBUTES}
"""
