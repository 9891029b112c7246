"""Generalised ufuncs of NumPy from addresses of loops, without a compiler."""

from __future__ import annotations

import ctypes
from importlib import import_module
from typing import Any

import numpy as np

from graphad.errors import GraphError
from graphad.llvm.drivers import Signature
from graphad.llvm.entry import Gate, open_way, way_in
from graphad.llvm.entry_many import Gates, way_in_many

FROM_SIGNATURE = 31
"""Place of ``PyUFunc_FromFuncAndDataAndSignature`` in NumPy's table of functions."""
DOUBLE = 12
NONE = -1
MOST = 64 if int(np.__version__.split(".")[0]) >= 2 else 32
"""Operands of a ufunc, inputs and outputs together."""


class _Ufunc(ctypes.Structure):
    """The beginning of NumPy's ``PyUFuncObject``, up to the object that it owns."""

    _fields_ = (
        ("head", ctypes.c_byte * object.__basicsize__),
        ("counts", ctypes.c_int * 3),
        ("identity", ctypes.c_int),
        ("functions", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("kinds", ctypes.c_int * 2),
        ("name", ctypes.c_void_p),
        ("types", ctypes.c_void_p),
        ("doc", ctypes.c_void_p),
        ("memory", ctypes.c_void_p),
        ("owned", ctypes.c_void_p),
    )


def check_operands(signature: Signature, name: str) -> None:
    """Refuse inputs and outputs that ufuncs of NumPy cannot have.

    Parameters
    ----------
    signature : Signature
        Their shapes.
    name : str
        Of the graph.

    Raises
    ------
    GraphError
        If there are too many, or one has no elements.
    """
    shapes = (*signature.inputs, *signature.outputs)
    if len(shapes) > MOST:
        raise GraphError(
            f"{name} has {len(shapes)} inputs and outputs, and ufuncs of NumPy have at most "
            f"{MOST}; put several into one array"
        )
    if any(0 in shape for shape in shapes):
        raise GraphError(
            f"{name} has an input or output without elements, {signature.text}, which ufuncs of "
            "NumPy cannot have; call the graph itself"
        )


def make_ufunc(
    loop: int,
    data: int,
    signature: Signature,
    name: str,
    doc: str,
    owned: Any,
    gate: Gate | Gates | None = None,
) -> np.ufunc:
    """Return a generalised ufunc that keeps alive what its code needs.

    Parameters
    ----------
    loop : int
        Address of ``void(char **args, intp *dims, intp *steps, void *data)`` over doubles.
    data : int
        The last argument of the loop, an address or 0.
    signature : Signature
        As `check_operands` wants it.
    name, doc : str
        Of the ufunc.
    owned : object
        What has to live as long as the ufunc. It must not hold the ufunc.
    gate : Gate or Gates, optional
        The short way for calls with one point: for one input and one output, or for several.
    """
    inputs, outputs = len(signature.inputs), len(signature.outputs)
    capsule = import_module("numpy._core._multiarray_umath")._UFUNC_API
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    table = ctypes.cast(get(capsule, None), ctypes.POINTER(ctypes.c_void_p))
    prototype = ctypes.PYFUNCTYPE(
        ctypes.py_object,
        *(ctypes.c_void_p,) * 3,
        *(ctypes.c_int,) * 4,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
    )
    loops = (ctypes.c_void_p * 1)(loop)
    # NumPy reads the first, the short way the second.
    datas = (ctypes.c_void_p * 2)(data or None, ctypes.addressof(gate) if gate else None)
    types = ctypes.create_string_buffer(bytes([DOUBLE] * (inputs + outputs)))
    texts = (name.encode(), doc.encode(), signature.text.encode())
    made: np.ufunc = prototype(table[FROM_SIGNATURE])(
        ctypes.addressof(loops),
        ctypes.addressof(datas),
        ctypes.addressof(types),
        1,
        inputs,
        outputs,
        NONE,
        texts[0],
        texts[1],
        0,
        texts[2],
    )
    way = None
    if gate is not None:
        way = way_in() if isinstance(gate, Gate) else way_in_many()
    _own(made, (owned, loops, datas, types, texts, gate, way))
    if gate is not None and way is not None:
        open_way(made, gate, way)
    return made


def _own(ufunc: np.ufunc, owned: tuple[Any, ...]) -> None:
    """Give a ufunc an object to hold, as ``np.frompyfunc`` does with its function.

    NumPy releases it with the ufunc.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(owned))
    _Ufunc.from_address(id(ufunc)).owned = id(owned)
