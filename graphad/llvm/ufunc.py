"""Generalised ufuncs of NumPy from addresses of loops, without a compiler."""

from __future__ import annotations

import ctypes
from importlib import import_module
from typing import Any

import numpy as np

FROM_SIGNATURE = 31
"""Place of ``PyUFunc_FromFuncAndDataAndSignature`` in NumPy's table of functions."""
DOUBLE = 12
NONE = -1


def make_ufunc(
    address: int, inputs: int, outputs: int, signature: str, name: str, doc: str
) -> tuple[np.ufunc, tuple[Any, ...]]:
    """Return a generalised ufunc, and what has to live as long as it does.

    Parameters
    ----------
    address : int
        Of a loop ``void(char **args, intp *dims, intp *steps, void *data)`` over doubles.
    inputs, outputs : int
        How many there are.
    signature : str
        As NumPy writes it.
    name, doc : str
        Of the ufunc.
    """
    capsule = import_module("numpy._core._multiarray_umath")._UFUNC_API
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    table = ctypes.cast(get(capsule, None), ctypes.POINTER(ctypes.c_void_p))
    prototype = ctypes.PYFUNCTYPE(
        ctypes.py_object,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_char_p,
        *(ctypes.c_int,) * 4,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
    )
    loops = (ctypes.c_void_p * 1)(address)
    data = (ctypes.c_void_p * 1)(None)
    types = ctypes.create_string_buffer(bytes([DOUBLE] * (inputs + outputs)))
    texts = (name.encode(), doc.encode(), signature.encode())
    made = prototype(table[FROM_SIGNATURE])(
        ctypes.addressof(loops),
        ctypes.addressof(data),
        ctypes.cast(types, ctypes.c_char_p),
        1,
        inputs,
        outputs,
        NONE,
        texts[0],
        texts[1],
        0,
        texts[2],
    )
    return made, (loops, data, types, texts)
