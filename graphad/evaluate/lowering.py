"""From a node to the NumPy calls that evaluate it, and what memory each call's result lies in."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

from graphad.ir import Node
from graphad.types import Type


class Memory(Enum):
    """Where the result of a call lies."""

    NONE = "in none: a NumPy scalar"
    TARGET = "wherever the caller says: a ufunc takes an array for its result"
    FRESH = "in memory of its own"
    VIEW = "in the operand's memory, where NumPy can make a view"
    UNKNOWN = "anywhere"


class Call(NamedTuple):
    """One call: ``run(*operands, *extra)`` is the value number `out`.

    The value of a node has the node's number; values within a node's own calls have negative ones.
    """

    run: Callable[..., Any]
    operands: tuple[int, ...]
    extra: tuple[Any, ...]
    out: int
    type: Type
    memory: Memory


VIEWS = frozenset({"broadcast_to", "flip", "reshape", "slice", "transpose"})
"""Ops whose result is a view of the operand wherever NumPy can make one."""

FRESH = frozenset(
    {
        "cast",
        "concatenate",
        "cumsum",
        "element",
        "identity",
        "integer_power",
        "mask",
        "max",
        "min",
        "pack",
        "place",
        "scatter_add",
        "sum",
        "take",
        "update",
        "where",
    }
)
"""Ops whose result never shares memory with an operand. About an op that is named neither here nor
in `VIEWS`, and that is no ufunc, nothing is assumed."""

SCALAR_CALLS: dict[str, Callable[..., Any]] = {
    "absolute": abs,
    "add": operator.add,
    "divide": operator.truediv,
    "equal": operator.eq,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "less": operator.lt,
    "less_equal": operator.le,
    "multiply": operator.mul,
    "negative": operator.neg,
    "not_equal": operator.ne,
    "subtract": operator.sub,
}
"""What does the same as the ufunc, to the last bit, to real NumPy scalars of one dtype, in a tenth
of the time."""

_REAL = frozenset({np.dtype(np.float64), np.dtype(np.float32)})


def lower(node: Node) -> Sequence[Call]:
    """Return the calls that evaluate a node; the last gives its value.

    Sums and products of several operands, and integer powers, become calls of two operands, so
    that each can write where the last one did. The arithmetic is that of ``op.evaluate``.
    """
    op, type, ids = node.op, node.type, tuple([operand.id for operand in node.inputs])
    if type.shape == ():
        run = _scalar_call(node)
        if run is not None:
            return (Call(run, ids, (), node.id, type, Memory.NONE),)
        if op.name == "element":
            return (Call(operator.getitem, ids, node.attrs, node.id, type, Memory.NONE),)
    elif op.name == "slice":
        slices = tuple([span.slice for span in node.attrs[0]])
        return (Call(operator.getitem, ids, (slices,), node.id, type, Memory.VIEW),)
    ufunc = op.ufunc
    if ufunc is not None:
        if len(ids) == ufunc.nin <= 2:
            return (Call(ufunc, ids, (), node.id, type, Memory.TARGET),)
        if len(ids) > 2 and ufunc.nin == 2:
            return _folded(node, ids)
    if op.name == "integer_power" and type.is_inexact and node.attrs[0] != 0:
        return _multiplied(node)
    if op.name in VIEWS:
        run = _VIEW_METHODS.get(op.name, op.evaluate)
        return (Call(run, ids, node.attrs, node.id, type, Memory.VIEW),)
    if op.name in FRESH or (op.name == "einsum" and len(ids) > 1):
        memory = Memory.FRESH
    else:
        memory = Memory.UNKNOWN
    return (Call(op.evaluate, ids, node.attrs, node.id, type, memory),)


_VIEW_METHODS: dict[str, Callable[..., Any]] = {
    "reshape": lambda x, shape: x.reshape(shape),
    "transpose": lambda x, axes: x.transpose(axes),
}
"""Methods take half the time of NumPy's functions of the same names."""


def _scalar_call(node: Node) -> Callable[..., Any] | None:
    """Return what evaluates a scalar node faster than its op does."""
    inputs = node.inputs
    name = node.op.name
    if name in SCALAR_CALLS and len(inputs) <= 2:
        dtype = inputs[0].type.dtype
        return SCALAR_CALLS[name] if dtype in _REAL and dtype == inputs[-1].type.dtype else None
    if name == "where" and inputs[1].type == inputs[2].type:
        return _choose
    return None


def _choose(condition: Any, x: Any, y: Any) -> Any:
    return x if condition else y


def _folded(node: Node, ids: tuple[int, ...]) -> list[Call]:
    """Return the calls of an n-ary sum, product or extremum, from left to right."""
    ufunc = node.op.ufunc
    assert ufunc is not None
    run: Callable[..., Any] = ufunc
    memory = Memory.TARGET
    alike = all(operand.type == node.type for operand in node.inputs)
    alike = alike and node.op.name in SCALAR_CALLS
    if alike and node.type.shape == () and node.type.dtype in _REAL:
        run, memory = SCALAR_CALLS[node.op.name], Memory.NONE
    calls: list[Call] = []
    left, type = ids[0], node.inputs[0].type
    for position in range(1, len(ids)):
        last = position == len(ids) - 1
        type = node.type if last else node.op.infer((type, node.inputs[position].type), ())
        out = node.id if last else -position
        calls.append(Call(run, (left, ids[position]), (), out, type, memory))
        left = out
    return calls


def _multiplied(node: Node) -> list[Call]:
    """Return the calls of an integer power: squares, and products of those the exponent names."""
    type = node.type
    exponent: int = node.attrs[0]
    run: Callable[..., Any] = np.multiply
    invert: Callable[..., Any] = _inverse
    copy: Callable[..., Any] = np.positive
    memory = Memory.TARGET
    if type.shape == () and type.dtype in _REAL:
        run, invert, copy, memory = operator.mul, _scalar_inverse, operator.pos, Memory.NONE
    calls: list[Call] = []

    def product(left: int, right: int) -> int:
        calls.append(Call(run, (left, right), (), -1 - len(calls), type, memory))
        return calls[-1].out

    n, square, result = abs(exponent), node.inputs[0].id, None
    while n:
        if n & 1:
            result = square if result is None else product(result, square)
        n >>= 1
        if n:
            square = product(square, square)
    if exponent < 0:
        assert result is not None
        calls.append(Call(invert, (result,), (), node.id, type, memory))
    elif calls:
        calls[-1] = calls[-1]._replace(out=node.id)
    else:
        calls.append(Call(copy, (square,), (), node.id, type, memory))
    return calls


def _inverse(x: Any, **where: Any) -> Any:
    return np.divide(1, x, **where)


def _scalar_inverse(x: Any) -> Any:
    return 1 / x
