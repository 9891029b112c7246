"""Evaluation in numbers of any precision, by mpmath: slow, and right to the digits asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphad.cost import last_uses
from graphad.errors import GraphadError, InputError
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.op import Array
from graphad.types import Type

_NO_VALUE = (ZeroDivisionError, ValueError, OverflowError)


def precise(graph: Graph, args: Sequence[Any], digits: int = 50) -> list[NDArray[np.object_]]:
    """Return the outputs of a graph in decimal floating point of many digits.

    The same graph is evaluated, in other numbers: constants and arguments are taken as the binary
    fractions that they are, and no result is rounded to the dtype of its node. Where mpmath has no
    value, such as for a division by zero, and where a value that should be real is not, it is NaN.

    Parameters
    ----------
    graph : Graph
        What to evaluate.
    args : sequence of array_like
        For each input, an array of its shape: numbers, or mpmath's own.
    digits : int
        Decimal digits to compute with.

    Returns
    -------
    list of array
        For each output, an object array of ``mpf`` or ``mpc``, or an array of integers or booleans.

    Raises
    ------
    ImportError
        If mpmath is not installed.
    InputError
        If arguments do not fit the inputs.
    GraphadError
        If an op has no evaluation but that in floating point.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.ops.powers import sqrt
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> print(precise(b.finish("f", [sqrt(x)]), [2.0], digits=30)[0].item())
    1.41421356237309504880168872421
    """
    numbers = _Numbers(digits)
    if len(args) != len(graph.inputs):
        raise InputError(f"graph {graph.name} takes {len(graph.inputs)} inputs, not {len(args)}")
    for node, arg in zip(graph.inputs, args, strict=True):
        shape = np.shape(arg)
        if shape != node.type.shape:
            raise InputError(
                f"input {node.attrs[0]!r} of graph {graph.name} has the shape {node.type.shape}, "
                f"not {shape}; precise evaluation takes one point at a time"
            )
    return numbers.run(graph, args)


class _Numbers:
    """Arrays of mpmath numbers in a context of their own, so that threads do not meet.

    Inexact values are object arrays; integers and booleans are NumPy's, since they are exact.
    """

    def __init__(self, digits: int) -> None:
        try:
            import mpmath
        except ImportError as error:
            raise ImportError(
                "evaluation with many digits needs mpmath, which is not installed: "
                "pip install mpmath"
            ) from error
        self.mp: Any = mpmath.MPContext()
        self.mp.dps = digits

    def run(self, graph: Graph, args: Sequence[Any]) -> list[Array]:
        """Return the outputs of a graph; an op that holds graphs comes back to this for them."""
        values: list[Any] = [None] * len(graph.nodes)
        for node, arg in zip(graph.inputs, args, strict=True):
            values[node.id] = self.of(np.asarray(arg), node.type)
        last = last_uses(graph)
        for node in graph.nodes:
            if node.op is INPUT or last[node.id] < 0:
                continue
            if node.op is CONST:
                values[node.id] = self.of(node.attrs[0].array, node.type)
                continue
            operands = [values[operand.id] for operand in node.inputs]
            values[node.id] = self.evaluate(node, operands)
            for operand in node.inputs:
                if last[operand.id] == node.id:
                    values[operand.id] = None
        return [np.array(values[node.id]) for node in graph.outputs]

    def of(self, array: Array, type: Type) -> Array:
        """Return an array in the numbers that stand for `type`; nothing is rounded."""
        if not type.is_inexact:
            return np.asarray(array, dtype=type.dtype)
        number = self._complex if type.is_complex else self._real
        return _mapped(number, type.shape, array)

    def _complex(self, x: Any) -> Any:
        return self.mp.mpc(x)

    def _real(self, x: Any) -> Any:
        mp = self.mp
        number = mp.convert(x.item() if isinstance(x, np.generic) else x)
        if isinstance(number, mp.mpc):
            return number.real if number.imag == 0 else mp.nan
        return mp.mpf(number)

    def evaluate(self, node: Node, operands: list[Array]) -> Array:
        """Return the value of a node."""
        op, type, attrs = node.op, node.type, node.attrs
        if op.interpret is not None:
            held = op.interpret(lambda graph: lambda *xs: self.run(graph, xs), *operands, *attrs)
            return self.of(held, type)
        exact = not type.is_inexact and not any(x.type.is_inexact for x in node.inputs)
        if op.name == "cast":
            return self._cast(operands[0], node.inputs[0].type, type)
        if exact or op.structural or (op.generic and op.precise is None):
            with np.errstate(all="ignore"):
                return self.of(np.asarray(op.evaluate(*operands, *attrs)), type)
        if op.precise is None:
            raise GraphadError(f"{op.name} is not there in numbers of many digits")
        numbers = [
            operand if x.type.dtype.kind == "b" else self.of(operand, _as_inexact(x.type))
            for operand, x in zip(operands, node.inputs, strict=True)
        ]
        precise = op.precise
        if not op.elementwise:
            try:
                return self.of(precise(self.mp, *numbers, *attrs), type)
            except _NO_VALUE:
                return self.of(np.full(type.shape, self.mp.nan), type)

        def element(*xs: Any) -> Any:
            try:
                return precise(self.mp, *xs, *attrs)
            except _NO_VALUE:
                return self.mp.nan

        return self.of(_mapped(element, type.shape, *numbers), type)

    def _cast(self, operand: Array, old: Type, new: Type) -> Array:
        if old.is_inexact and not new.is_inexact:
            convert: Callable[[Any], Any] = bool if new.dtype.kind == "b" else int
            return _mapped(lambda x: convert(x.real), new.shape, operand).astype(new.dtype)
        if old.is_complex and not new.is_complex:
            operand = _mapped(lambda x: x.real, new.shape, operand)
        return self.of(operand, new)


def _as_inexact(type: Type) -> Type:
    return type if type.is_inexact else Type(type.shape, np.dtype(np.float64))


def _mapped(function: Callable[..., Any], shape: tuple[int, ...], *arrays: Array) -> Array:
    """Return an object array of a function of elements of arrays that broadcast to `shape`."""
    out = np.empty(shape, dtype=object)
    if shape == ():
        out[()] = function(*[array[()] for array in arrays])
        return out
    spread = [np.broadcast_to(array, shape).ravel() for array in arrays]
    flat = out.reshape(-1)
    for position, elements in enumerate(zip(*spread, strict=True)):
        flat[position] = function(*elements)
    return out
