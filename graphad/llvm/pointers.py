"""Functions for C, and for libraries that take pointers to them."""

from __future__ import annotations

import ctypes
from typing import Any

from graphad.errors import GraphError
from graphad.llvm.drivers import Signature, frame, release

POINT = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_double), ctypes.POINTER(ctypes.c_double))
"""``void f(double *inputs, double *outputs)``."""
INTEGRAND = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int, ctypes.POINTER(ctypes.c_double))
"""``double f(int n, double *x)``."""
LINE = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
"""``double f(double x)``."""
NAN = "0x7FF8000000000000"


def entry_points(signature: Signature, scratch: int) -> str:
    """Return the functions for C: ``@point``, and for one number ``@integrand`` and ``@line``.

    Parameters
    ----------
    signature : Signature
        Shapes of one point.
    scratch : int
        Values that ``@single`` keeps meanwhile.
    """
    inputs, outputs = (sum(sizes) for sizes in signature.sizes)
    text = [_point(outputs, scratch)]
    if outputs == 1:
        text.append(f"""
define double @integrand(i32 %n, ptr %in) #0 {{
entry:
  %out = alloca double, align 8
  %right = icmp eq i32 %n, {inputs}
  br i1 %right, label %compute, label %wrong
compute:
  call void @point(ptr %in, ptr %out)
  %made = load double, ptr %out
  ret double %made
wrong:
  ret double {NAN}
}}""")
        if inputs == 1:
            text.append("""
define double @line(double %x) #0 {
  %in = alloca double, align 8
  %out = alloca double, align 8
  store double %x, ptr %in
  call void @point(ptr %in, ptr %out)
  %made = load double, ptr %out
  ret double %made
}""")
    return "\n".join(text)


def _point(outputs: int, scratch: int) -> str:
    """``@point``, with its own memory, so that threads may call it at once.

    Without memory, its results are NaNs.
    """
    lines = [
        "define void @point(ptr %in, ptr %out) #0 {",
        "entry:",
        *frame(scratch),
        "  %none = icmp eq ptr %memory, null",
        "  br i1 %none, label %failed, label %compute",
        "compute:",
        "  call void @single(ptr %in, ptr %out, ptr %memory)",
        *release(scratch),
        "  ret void",
        "failed:",
        "  %e = phi i64 [ 0, %entry ], [ %e1, %fill ]",
        f"  %more = icmp slt i64 %e, {outputs}",
        "  br i1 %more, label %fill, label %done",
        "fill:",
        "  %at = getelementptr double, ptr %out, i64 %e",
        f"  store double {NAN}, ptr %at, align 8",
        "  %e1 = add i64 %e, 1",
        "  br label %failed",
        "done:",
        "  ret void",
        "}",
    ]
    return "\n".join(lines)


def pointer_to(kind: Any, address: int, owner: object) -> Any:
    """Return a function of ctypes that keeps its code alive.

    Parameters
    ----------
    kind : type
        One of the prototypes of this module.
    address : int
        Of the function.
    owner : object
        Alive as long as the result is.
    """
    function = kind(address)
    function.owner = owner
    return function


def integrand_kind(signature: Signature, name: str) -> tuple[Any, str]:
    """Return the prototype and name of the function that integrates a graph.

    Parameters
    ----------
    signature : Signature
        Of the graph.
    name : str
        Of the graph, for messages.

    Raises
    ------
    GraphError
        If a point is not numbers to one number.
    """
    inputs, outputs = (sum(sizes) for sizes in signature.sizes)
    if outputs != 1 or not inputs:
        raise GraphError(
            f"{name} gives {outputs} numbers for {inputs}, {signature.text}, and SciPy's routines "
            "take functions of one or more numbers that give one"
        )
    return (LINE, "line") if inputs == 1 else (INTEGRAND, "integrand")
