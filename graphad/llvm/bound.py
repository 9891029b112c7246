"""Calls of the lowest latency: on buffers that the user holds, with nothing to convert."""

from __future__ import annotations

import ctypes
from typing import Any

NOARGS = 0x0004
"""``METH_NOARGS`` of CPython."""


class _Method(ctypes.Structure):
    """CPython's ``PyMethodDef``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def wrapper(values: int, results: int, scratch: int, kernels: str) -> str:
    """Return ``@bound``, a function ``PyObject *(PyObject *, PyObject *)`` over fixed buffers.

    Parameters
    ----------
    values, results, scratch : int
        Addresses of what the kernel reads, writes, and keeps.
    kernels : str
        Name of the function that computes one point.
    """
    none = f"ptr inttoptr (i64 {id(None)} to ptr)"
    given = ", ".join(f"ptr inttoptr (i64 {at} to ptr)" for at in (values, results, scratch))
    return f"""
declare void @Py_IncRef(ptr)
define ptr @bound(ptr %self, ptr %nothing) #0 {{
  call void @{kernels}({given})
  call void @Py_IncRef({none})
  ret {none}
}}
"""


def make_function(address: int, name: str) -> tuple[Any, tuple[Any, ...]]:
    """Return a Python function of no arguments from machine code, and what has to outlive it.

    Parameters
    ----------
    address : int
        Of a function ``PyObject *(PyObject *self, PyObject *none)``.
    name : str
        Its name.
    """
    method = _Method(name.encode(), address, NOARGS, b"")
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    return new(ctypes.addressof(method), None, None), (method,)
