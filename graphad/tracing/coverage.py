"""Which of NumPy's functions a traced function may call: docs/numpy.md is made of this.

``python -m graphad.tracing.coverage`` prints the document for the NumPy that is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.testing import overrides

from graphad.tracing.composed import TRACED_THROUGH
from graphad.tracing.handlers import HANDLERS
from graphad.tracing.lowering import LOWERINGS, refusal, spelled
from graphad.tracing.lowering.registry import present

CONSTANTS = present(
    "empty", "eye", "frombuffer", "fromfile", "fromfunction", "fromiter", "fromstring", "full",
    "genfromtxt", "identity", "loadtxt", "ones", "require", "tri", "zeros",
)  # fmt: skip
"""Functions that make arrays of what is not traced; these can be written to in a trace."""

LAZY = ("numpy.lib.recfunctions", "numpy.polynomial", "numpy.strings", "numpy.char")
"""Modules that NumPy imports when they are asked for; their functions are listed always."""

_STEPS = "a step: derivative 0"
_INTEGERS = "integers of the graph, to index with; no derivative"
_TRUTH = "booleans of the graph, to select by with `np.where`; no derivative"
_FIRST = "the first of equal elements"
_STABLE = "equal elements keep their order; the derivative follows the elements"
_FIXED = "what says where must be fixed while tracing"
_WHERE: Mapping[str, str] = {
    **dict.fromkeys(["floor", "ceil", "trunc", "rint", "fix", "round", "around", "sign"], _STEPS),
    **dict.fromkeys(["floor_divide", "heaviside"], _STEPS),
    **dict.fromkeys(["argsort", "argpartition", "lexsort", "searchsorted", "digitize"], _INTEGERS),
    **dict.fromkeys(["count_nonzero", "unravel_index", "ravel_multi_index"], _INTEGERS),
    **dict.fromkeys(["argmax", "argmin", "nanargmax", "nanargmin"], f"{_INTEGERS}; {_FIRST}"),
    **dict.fromkeys(["any", "all", "allclose", "isclose", "array_equal", "array_equiv"], _TRUTH),
    **dict.fromkeys(["isin", "isnan", "isinf", "isfinite", "isposinf", "isneginf"], _TRUTH),
    **dict.fromkeys(["signbit", "less", "less_equal", "greater", "greater_equal"], _TRUTH),
    **dict.fromkeys(["equal", "not_equal"], _TRUTH),
    **dict.fromkeys(["logical_and", "logical_or", "logical_xor", "logical_not"], _TRUTH),
    **dict.fromkeys(["bitwise_and", "bitwise_or", "bitwise_xor", "invert"], "of booleans"),
    **dict.fromkeys(["sort", "partition"], _STABLE),
    **dict.fromkeys(["maximum", "minimum", "fmax", "fmin", "clip"], "at a tie, half of each side"),
    **dict.fromkeys(["max", "min", "amax", "amin", "nanmax", "nanmin"], "ties share equally"),
    **dict.fromkeys(["compress", "extract", "delete", "insert", "repeat", "bincount"], _FIXED),
    **dict.fromkeys(["put", "place", "put_along_axis"], _FIXED),
    "polyfit": "the places must be fixed while tracing",
    "arange": "of fixed numbers",
    "modf": "the whole part is a step",
    "divmod": "the whole part is a step",
    "frexp": "the exponent is a step",
    "unwrap": "whole periods are steps",
    "interp": "at a point, the piece on its right",
    "piecewise": "functions are called with all elements",
}


class Decision(NamedTuple):
    """What happens to a call of a function in a traced function."""

    name: str
    supported: bool
    note: str


def public_functions() -> dict[str, Callable[..., Any]]:
    """Return the functions of NumPy's that can be intercepted, by the names users write.

    Functions without a public name are left out.
    """
    for module in LAZY:
        import_module(module)
    found: dict[str, Callable[..., Any]] = {}
    for function in overrides.get_overridable_numpy_array_functions():
        name = spelled(function)
        if not name.rpartition(".")[2].startswith("_"):
            found[name] = function
    for ufunc in overrides.get_overridable_numpy_ufuncs():
        name = ufunc.__name__
        if getattr(np, name, None) is ufunc:
            found[f"np.{name}"] = ufunc
        elif getattr(np.strings, name, None) is ufunc:
            found[f"np.strings.{name}"] = ufunc
    return dict(sorted(found.items()))


def decision(name: str, function: Callable[..., Any]) -> Decision | None:
    """Return what is decided of a function, or None if nothing is.

    Examples
    --------
    >>> decision("np.sort", np.sort).supported, decision("np.unique", np.unique).supported
    (True, False)
    """
    note = _WHERE.get(name.removeprefix("np."), "")
    if name in [spelled(constant) for constant in CONSTANTS]:
        return Decision(name, True, note or "makes an array that traced values can be written into")
    if function in TRACED_THROUGH or name.startswith("np.polynomial."):
        return Decision(name, True, note or "NumPy's own code is traced")
    if function in HANDLERS:
        return Decision(name, True, note)
    advice = refusal(function)
    if advice is not None:
        return Decision(name, False, advice.removeprefix(f"{spelled(function)} "))
    if name.startswith("np.strings."):
        return Decision(name, False, "is for strings")
    return Decision(name, True, note) if function in LOWERINGS else None


def undecided() -> list[str]:
    """Return the names of functions of which nothing is decided: there should be none."""
    return [name for name, function in public_functions().items() if not decision(name, function)]


_HEAD = """# NumPy in traced functions

Every function of NumPy's that can be intercepted, as of NumPy {version}: {supported} are supported,
{refused} are refused with an error that says what to write instead. Arguments that cannot be
followed (`dtype=` of integers, `casting=`) are refused by name; `out=` writes into a traced array.
What is not here, such as `np.random`, gives constants of the trace, or is refused.

Ufuncs take `where=` together with `out=`, and `np.sum`, `prod`, `max`, `min`, `mean`, `var`, `std`,
`any` and `all` take it by itself; extrema need `initial=` beside it, as in NumPy.

`x[mask]`, with a mask that depends on the inputs such as `x > 0`, is a selection of which the
length is not known. Functions of its elements and operators give selections by the same mask, and
`y[mask] = f(x[mask], 2.0)` and `y[mask] += x[mask]` write them. Sums, products, extrema, means,
variances, norms and inner products of it are numbers, and `x[mask].size` is an integer of the
graph. Of a mask over the first axes of an array, rows are selected. What needs the length
(`len`, sorting, joining, other masks) is refused. A fixed mask is an index like any other.

Made by `python -m graphad.tracing.coverage`; a test compares.
"""


def document() -> str:
    """Return the tables of what is supported and what is refused, as Markdown."""
    decisions = [decision(name, function) for name, function in public_functions().items()]
    known = [item for item in decisions if item is not None]
    supported = [item for item in known if item.supported]
    refused = [item for item in known if not item.supported]
    lines = [
        _HEAD.format(version=np.__version__, supported=len(supported), refused=len(refused)),
        "## Supported\n",
        "| function | of note |",
        "|---|---|",
        *[_row(item) for item in supported],
        "\n## Refused\n",
        "| function | why, and what to write instead |",
        "|---|---|",
        *[_row(item) for item in refused],
    ]
    return "\n".join(lines) + "\n"


def _row(item: Decision) -> str:
    note = item.note.replace("|", "\\|")
    return f"| `{item.name}` | {note} |"


if __name__ == "__main__":
    sys.stdout.write(document())
