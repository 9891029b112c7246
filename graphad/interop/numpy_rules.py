"""How each op is written in NumPy, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from graphad.constant import Span
from graphad.interop.emitter import Emitter
from graphad.interop.naming import dtype_text
from graphad.interop.numpy_control import CONTROL
from graphad.interop.numpy_special import MATRICES, SPECIAL
from graphad.ir import Node
from graphad.ops.contraction import parse_spec
from graphad.types import DTYPES_BY_NAME

"""A template, in which ``{0}`` is an operand, ``{args}`` all of them and ``{axis}`` an attribute;
or a function of node and operands. What mentions ``{out}`` is statements, else it is an
expression."""


# --- attributes ----------------------------------------------------------------------------------


def span_text(span: Span, length: int) -> str:
    """Return a slice of an axis.

    Examples
    --------
    >>> span_text(Span(1, 4, 1), 4), span_text(Span(0, 4, 2), 4), span_text(Span(0, 4, 1), 4)
    ('1:', '::2', ':')
    """
    start = str(span.start) if span.start else ""
    stop = str(span.stop) if span.stop < length else ""
    return f"{start}:{stop}" + (f":{span.step}" if span.step != 1 else "")


def spans_text(spans: Sequence[Span], shape: Sequence[int]) -> str:
    """Return the index that spans of an array are."""
    return ", ".join(map(span_text, spans, shape)) or "()"


def _index_text(index: tuple[int, ...]) -> str:
    return ", ".join(map(str, index)) or "()"


# --- emitters ------------------------------------------------------------------------------------


def _joined(sign: str) -> Emitter:
    return lambda node, args: f" {sign} ".join(args)


def _folded(name: str) -> Emitter:
    return lambda node, args: reduce(lambda left, right: f"{name}({left}, {right})", args)


def _call(name: str) -> Emitter:
    return f"{name}({{args}})"


def _cast(node: Node, args: Sequence[str]) -> str:
    to, real = node.type.dtype, node.inputs[0].type.is_complex and not node.type.is_complex
    if real and to.kind == "b":
        real = False
    return f"{args[0]}{'.real' if real else ''}.astype({dtype_text(to)})"


def _summing(name: str) -> Emitter:
    def emit(node: Node, args: Sequence[str]) -> str:
        operand = node.inputs[0].type
        axes = node.attrs[0]
        options = ""
        if axes != tuple(range(operand.ndim)):
            options = f", axis={axes[0] if isinstance(axes, tuple) and len(axes) == 1 else axes}"
        if operand.dtype.kind in "iu" and operand.dtype.itemsize < 8 and name.endswith("sum"):
            options += f", dtype={dtype_text(operand.dtype)}"
        return f"np.{name}({args[0]}{options})"

    return emit


_PRODUCTS = {
    "i,i->": "{0} @ {1}",
    "ij,j->i": "{0} @ {1}",
    "i,ij->j": "{0} @ {1}",
    "ij,jk->ik": "{0} @ {1}",
    "ij,ik->jk": "{0}.T @ {1}",
    "ij,kj->ik": "{0} @ {1}.T",
    "ij->ji": "{0}.T",
    "i,j->ij": "np.outer({0}, {1})",
    "ii->": "np.trace({0})",
    "i->ii": "np.diag({0})",
}
"""Einsums that have a name of their own."""


def _einsum(node: Node, args: Sequence[str]) -> str:
    spec = node.attrs[0]
    if spec in _PRODUCTS:
        return _PRODUCTS[spec].format(*args)
    terms, out = parse_spec(spec)
    once = "".join(dict.fromkeys(out))
    optimize = ', optimize="greedy"' if len(args) > 2 else ""
    product = f'np.einsum("{",".join(terms)}->{once}", {", ".join(args)}{optimize})'
    if once == out:
        return product
    zeros = f"{{out}} = np.zeros({node.type.shape}, {dtype_text(node.type.dtype)})"
    return f'{zeros}\nnp.einsum("{out}->{once}", {{out}})[...] = {product}'


def _identity(node: Node, args: Sequence[str]) -> str:
    shape, dtype = node.attrs
    n = int(np.prod(shape, dtype=int))
    eye = f"np.eye({n}, dtype={dtype_text(DTYPES_BY_NAME[dtype])})"
    return eye if len(shape) == 1 else f"{eye}.reshape({shape + shape})"


def _zeros(node: Node) -> str:
    return f"{{out}} = np.zeros({node.type.shape}, {dtype_text(node.type.dtype)})"


def _slice(node: Node, args: Sequence[str]) -> str:
    return f"{args[0]}[{spans_text(node.attrs[0], node.inputs[0].type.shape)}]"


def _place(node: Node, args: Sequence[str]) -> str:
    return f"{_zeros(node)}\n{{out}}[{spans_text(node.attrs[0], node.type.shape)}] = {args[0]}"


def _update(node: Node, args: Sequence[str]) -> str:
    copy = f"{{out}} = np.array({args[0]}, dtype={dtype_text(node.type.dtype)})"
    return f"{copy}\n{{out}}[{spans_text(node.attrs[0], node.type.shape)}] = {args[1]}"


def _scatter_add(node: Node, args: Sequence[str]) -> str:
    axis = node.attrs[0]
    index = args[1] if axis == 0 else f"({':, ' * axis}{args[1]})".replace(":", "slice(None)")
    return f"{_zeros(node)}\nnp.add.at({{out}}, {index}, {args[0]})"


def _pack(node: Node, args: Sequence[str]) -> str:
    flat = f"np.array([{', '.join(args)}], dtype={dtype_text(node.type.dtype)})"
    return flat if node.type.ndim == 1 else f"{flat}.reshape({node.type.shape})"


def _where(node: Node, args: Sequence[str]) -> str:
    return f"np.where({', '.join(args)}){'' if node.type.shape else '[()]'}"


def _mask(node: Node, args: Sequence[str]) -> str:
    zero = {"f": "0.0", "c": "0.0", "b": "np.False_"}.get(node.type.dtype.kind, "0")
    return f"np.where({args[0]}, {args[1]}, {zero}){'' if node.type.shape else '[()]'}"


def _power(node: Node, args: Sequence[str]) -> str:
    exponent = node.attrs[0]
    return f"({args[0]})**{exponent}" if args[0].startswith("-") else f"{args[0]}**{exponent}"


def _recurrence(node: Node, args: Sequence[str]) -> str:
    (axis,), (a, b) = node.attrs, args
    now, before = ":, " * axis + "i_", ":, " * axis + "i_ - 1"
    return (
        f"{{out}} = np.array({b})\n"
        f"for i_ in range(1, {node.type.shape[axis]}):\n"
        f"    {{out}}[{now}] = {a}[{now}] * {{out}}[{before}] + {b}[{now}]"
    )


def _partition_order(node: Node, args: Sequence[str]) -> str:
    kth, axis = node.attrs
    order = f'np.argsort({args[0]}, axis={axis}, kind="stable")'
    left = f'np.argsort(np.partition({args[0]}, {kth}, axis={axis}), axis={axis}, kind="stable")'
    return f"np.take_along_axis({order}, np.argsort({left}, axis={axis}), axis={axis})"


def _searchsorted(node: Node, args: Sequence[str]) -> str:
    side, depth = node.attrs
    a, v = args
    if depth == 0:
        return f'np.searchsorted({a}, {v}, "{side}")'
    return (
        f"{{out}} = np.empty({node.type.shape}, np.int64)\n"
        f"for i_ in np.ndindex({node.type.shape[:depth]}):\n"
        f'    {{out}}[i_] = np.searchsorted({a}[i_], {v}[i_], "{side}")'
    )


# fmt: off
_NUMPY = [
    "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt",
    "ceil", "cos", "cosh", "exp", "exp2", "expm1", "floor", "floor_divide", "fmod", "hypot",
    "isfinite", "isnan", "ldexp", "log", "log10", "log1p", "log2", "logaddexp", "logical_and",
    "logical_not", "logical_or", "logical_xor", "power", "reciprocal",
    "remainder", "rint", "sign", "signbit", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
]
# fmt: on
_INFIX = {
    "add": "+",
    "divide": "/",
    "equal": "==",
    "greater": ">",
    "greater_equal": ">=",
    "less": "<",
    "less_equal": "<=",
    "multiply": "*",
    "not_equal": "!=",
    "subtract": "-",
}
EMITTERS: Mapping[str, Emitter] = {
    **SPECIAL,
    **MATRICES,
    **CONTROL,
    **{name: _call(f"np.{name}") for name in _NUMPY},
    **{name: _folded(f"np.{name}") for name in ("maximum", "minimum")},
    **{name: _joined(sign) for name, sign in _INFIX.items()},
    "argmax": "np.argmax({0}, axis={axis})",
    "argmin": "np.argmin({0}, axis={axis})",
    "argpartition": "np.argpartition({0}, {kth}, axis={axis})",
    "argsort": 'np.argsort({0}, axis={axis}, kind="stable")',
    "broadcast_to": "np.broadcast_to({0}, {shape})",
    "cast": _cast,
    "concatenate": "np.concatenate([{args}], axis={axis})",
    "conjugate": "np.conjugate({0})",
    "cumsum": _summing("cumsum"),
    "einsum": _einsum,
    "element": lambda node, args: f"{args[0]}[{_index_text(node.attrs[0])}]",
    "exponent": "np.frexp({0})[1]",
    "flip": "np.flip({0}, axis={axes})",
    "identity": _identity,
    "imag": "np.imag({0})",
    "integer_power": _power,
    "length": "np.sqrt({0})",
    "mask": _mask,
    "max": _summing("max"),
    "min": _summing("min"),
    "negative": "-{0}",
    "pseudo_reciprocal": "np.divide(1, {0}, out=np.zeros_like({0}), where={0} != 0)[()]",
    "pack": _pack,
    "partition_order": _partition_order,
    "place": _place,
    "real": "np.real({0})",
    "recurrence": _recurrence,
    "reshape": "np.reshape({0}, {shape})",
    "scatter_add": _scatter_add,
    "searchsorted": _searchsorted,
    "slice": _slice,
    "stop_gradient": "np.positive({0})",
    "sum": _summing("sum"),
    "take": "np.take({0}, {1}, axis={axis})",
    "transpose": "np.transpose({0}, {axes})",
    "update": _update,
    "where": _where,
    "wrapped_index": "np.where({0} < 0, {0} + {size}, {0})",
}
"""How each op is written."""
