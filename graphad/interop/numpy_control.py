"""How ops that hold graphs are written in NumPy: as calls of functions of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphad.control.scan_form import Scan
from graphad.control.while_op import While
from graphad.interop.emitter import Emitter
from graphad.interop.naming import dtype_text
from graphad.ir import Node

# --- helpers -------------------------------------------------------------------------------------

_PACKED = '''\
def _packed(arrays, dtype):
    """Return several results as one vector; one alone as it is."""
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate([np.reshape(array, -1) for array in arrays]).astype(dtype)'''
_SCAN = '''\
def _scan(step, fixed, carried, rows, length, reverse, history):
    """Return the last carried values, and what each step gives as rows of arrays."""
    stored = []
    order = range(length)
    for i in reversed(order) if reverse else order:
        results = step(*fixed, *carried, *[row[i] for row in rows])
        stored.append([*results[len(carried) :], *(carried if history else [])])
        carried = results[: len(carried)]
    if reverse:
        stored.reverse()
    return [*carried, *[np.array(column) for column in zip(*stored)]]'''
_WHILE = '''\
def _while(test, step, fixed, carried):
    """Return what is carried when the test first fails."""
    while test(*fixed, *carried)[0]:
        carried = step(*fixed, *carried)
    return carried'''
CONTROL_HELPERS: Mapping[str, str] = {"_packed": _PACKED, "_scan": _SCAN, "_while": _WHILE}
"""Functions that are put into a source that calls them."""


# --- emitters ------------------------------------------------------------------------------------


def _listed(items: Sequence[str]) -> str:
    return f"[{', '.join(items)}]"


def _packed(node: Node, results: str) -> str:
    return f"_packed({results}, {dtype_text(node.type.dtype)})"


def _cond(node: Node, args: Sequence[str]) -> str:
    given = ", ".join(args[1:])
    return _packed(node, f"{{then}}({given}) if {args[0]} else {{otherwise}}({given})")


def _scan(node: Node, args: Sequence[str]) -> str:
    form = Scan(*node.attrs)
    parts = ", ".join(map(_listed, form.split(args)))
    options = f"{form.length}, {form.reverse}, {form.history}"
    return _packed(node, f"_scan({{body}}, {parts}, {options})")


def _while(node: Node, args: Sequence[str]) -> str:
    form = While(*node.attrs)
    fixed, carried = _listed(args[: form.fixed]), _listed(args[form.fixed :])
    return _packed(node, f"_while({{test}}, {{body}}, {fixed}, {carried})")


CONTROL: Mapping[str, Emitter] = {
    "cond": _cond,
    "custom": lambda node, args: f"{{body}}({', '.join(args)})[0]",
    "scan": _scan,
    "while_loop": _while,
}
"""Ops that hold graphs; ``{body}`` and the like stand for the names of their functions."""
