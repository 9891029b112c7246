"""What graphad says of code that it cannot trace: where, what happened, what to write instead."""

from __future__ import annotations

import re

import numpy as np

from graphad.errors import TraceError
from graphad.op import OPS
from graphad.tracing.origins import Line, line_of, user_frame
from graphad.tracing.packages import called_function

NUMPY_NAMES = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "dist": "linalg.norm",
    "fsum": "sum",
    "pow": "power",
    "phase": "angle",
    "remainder": "remainder",
}
"""What NumPy calls the functions of `math` and `cmath` where it has another name for them."""

_CHOICE = (
    "write np.where(condition, a, b), which selects by value; or np.maximum, np.minimum, np.abs, "
    "np.clip for the usual cases; graphad.cond(condition, f, g, x) evaluates one of two branches"
)
_TRUTH_HINTS = (
    (r"\bmax\(", "write np.maximum(a, b), or np.max(array), instead of Python's max"),
    (r"\bmin\(", "write np.minimum(a, b), or np.min(array), instead of Python's min"),
    (r"\bsorted\(", "sorting is not supported: use np.max and np.min, or np.maximum of two values"),
    (
        r"\bwhile\b",
        (
            "write graphad.while_loop(test, body, init); or take a fixed number of steps, "
            "for _ in range(n), and keep what has converged with np.where(done, old, new)"
        ),
    ),
    (r"\bassert\b", "leave the assertion out of the function, and check the arguments before"),
    (r"(?<!\.)\b(any|all)\(", "write np.any(array) or np.all(array), not Python's any and all"),
    (r"\band\b|\bor\b", "write np.logical_and(a, b) or np.logical_or(a, b) inside np.where(...)"),
    (r"\bnot\b", "write np.logical_not(a) inside np.where(...)"),
)
_ARRAY_HINTS = (
    (r"\btesting\.|\bassert_", "leave the assertion out of the function, and check results after"),
    (
        r"\bma\.",
        "masked arrays are not traced: write np.where(mask, 0.0, x), or weights of 0 and 1",
    ),
    (
        r"\brandom\b|\brng\.|\bnormal\(|\buniform\(",
        (
            "draw standard numbers outside of the function and close over them: "
            "mean + scale * drawn, where drawn = rng.normal(size=n)"
        ),
    ),
    (r"\bnp\.u?int\d*\(", "write np.floor(x) or np.trunc(x), or x.astype(int)"),
    (r"\bmatrix\(", "write np.array(...), and @ for matrix products"),
    (
        r"\.dot\(|\.searchsorted\(|\.clip\(",
        "a method of a plain array does not see traced arguments: write a @ b, or np.dot(a, b)",
    ),
    (
        r"\bprint\(|\bsave|\bwrite\(|\bdump",
        "write files after the evaluation, from what graph(x) returns; not in the function",
    ),
    (
        r"\btorch\.|\bjnp\.|\bjax\.|\btf\.|\bpd\.",
        "other libraries do not see traced values: write it with NumPy's functions",
    ),
)
"""What to write instead, by what stands in the line, where something asks for a plain array."""


def refusal(what: str, instead: str, line: Line | None = None) -> TraceError:
    """Return the error that names the user's line, what happened and what to write instead.

    Parameters
    ----------
    what, instead : str
        Without a full stop.
    line : Line, optional
        The line to name; the one that is running if not given.
    """
    where = line or line_of(user_frame())
    shown = f"\n    {where.text}" if where.text else ""
    return TraceError(f"{where}: {what}{shown}\n{instead}")


def no_truth() -> TraceError:
    """Return the error for `if`, `and`, `max` and the like on a traced value."""
    line = line_of(user_frame())
    hints = (hint for pattern, hint in _TRUTH_HINTS if re.search(pattern, line.text))
    return refusal(
        "this asks whether a traced value is true, and a graph has to hold for all inputs",
        next(hints, _CHOICE),
        line,
    )


def no_number(kind: str) -> TraceError:
    """Return the error for a traced value where Python needs a number of type `kind`."""
    line = line_of(user_frame())
    if line.stores_item:
        return foreign_array(line)
    called = re.search(r"\bc?math\.(\w+)\(", line.text)
    if called:
        name = NUMPY_NAMES.get(called[1], called[1])
        if _has(name):
            instead = f"write np.{name} instead"
        elif name in OPS:
            instead = f"write scipy.special.{name} instead, which NumPy does not have"
        else:
            instead = f"NumPy has no {name}; write it with the functions that it has"
        return refusal(f"{called[0][:-1]} takes Python numbers, not traced values", instead, line)
    if kind == "complex":
        hint = (
            "write x + 1j * y for complex(x, y), and leave complex() out where it has one argument"
        )
        return refusal("a traced value has no value yet that complex() could return", hint, line)
    hint = (
        f"leave {kind}() out: a traced scalar stands for a number of dtype float64 already; "
        "for functions of the math module, write those of NumPy (np.sin for math.sin)"
    )
    return refusal(f"a traced value has no value yet that {kind}() could return", hint, line)


def _has(name: str) -> bool:
    place: object = np
    for part in name.split("."):
        place = getattr(place, part, None)
    return place is not None


def no_integer(converted: bool = False) -> TraceError:
    """Return the error for a traced value that counts, or that is a position.

    Parameters
    ----------
    converted : bool
        Whether it is about to become an integer, as in ``int(x)``, and not used as it is.
    """
    line = line_of(user_frame())
    if converted and line.stores_item:
        return foreign_array(line)
    if re.search(r"\bint\(", line.text):
        hint = "write np.floor(x) or np.trunc(x), or pass the integer in from outside the function"
    elif re.search(r"\brange\(", line.text):
        hint = (
            "take the number of steps from outside: close over an integer, or give the parameter "
            "an integer default"
        )
    else:
        hint = (
            "take positions and counts from outside: close over an integer, or give the parameter "
            "an integer default; np.where selects by value"
        )
    return refusal("a traced value cannot count or be a position: it has no value yet", hint, line)


def no_array() -> TraceError:
    """Return the error for a traced value that something turns into a plain array."""
    line = line_of(user_frame())
    if line.stores_item:
        return foreign_array(line)
    cast = re.search(r"\bnp\.(float64|float32|double|complex128|complex64)\(", line.text)
    if cast:
        return refusal(
            f"{cast[0][:-1]} makes plain numbers, not traced ones",
            f"leave it out: traced values have a dtype already; or write x.astype(np.{cast[1]})",
            line,
        )
    hints = (hint for pattern, hint in _ARRAY_HINTS if re.search(pattern, line.text))
    instead = next(hints, None)
    if instead is not None:
        return refusal("a traced value cannot become a plain array", instead, line)
    called = called_function()
    if called is not None:
        name, line = called
        return refusal(
            f"a traced value cannot become a plain array: {name} is not traced",
            "write it with NumPy's functions, or make a black box of it, with a derivative of its "
            "own, by graphad.primitive",
            line,
        )
    return refusal(
        "a traced value cannot become a plain array",
        "put lists of traced values into np.array([...]); in an installed package, which a trace "
        "does not reach, write np.stack([x, y]) instead; to index a plain array by traced "
        "integers, write np.take(array, i); or call the function outside of the trace",
        line,
    )


def foreign_array(line: Line | None = None) -> TraceError:
    """Return the error for writing a traced value into an array that is not part of the trace."""
    return refusal(
        "a traced value is assigned into a plain array, made outside of the trace or of integers",
        "make the array inside the traced function, as np.zeros(n) or np.array(array), with a "
        "floating dtype; or write np.stack([...]) or np.where(...)",
        line,
    )


def no_hash() -> TraceError:
    """Return the error for a traced value as a key."""
    return refusal(
        "a traced value cannot be a key of a dict, an element of a set or an argument of a cached "
        "function: it has no value yet",
        "use positions or names as keys, and leave functools.cache off",
    )


def another_trace(closed: bool) -> TraceError:
    """Return the error for a value of a trace that is over, or of an enclosing one."""
    if closed:
        return refusal(
            "this uses a traced value that was kept from a trace that is over",
            "return values from the function; do not keep them in globals, lists or attributes",
        )
    return refusal(
        "this mixes values of two traces: a function that is traced inside another one closes over "
        "a value of the outer one",
        "make that value a parameter of the inner function, inner = graphad.trace(g, w, x), and "
        'differentiate by the other: inner.diff("x")(w, x)',
    )
