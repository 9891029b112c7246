"""Graphs as self-contained C99: scalar by scalar, with the sharing that the graph has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from graphad.errors import InteropError
from graphad.interop.c_helpers import HELPERS
from graphad.interop.emitter import Emitter, Rule
from graphad.interop.naming import function_name, identifier, node_names
from graphad.interop.python import missing
from graphad.interop.scalars import scalar_graph
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.types import DType, common_dtype

STATEMENTS = 100_000
"""Most scalar values of one function."""
KEYWORDS = (
    "auto break case char const continue default do double else enum extern float for goto if "
    "inline int long register restrict return short signed sizeof static struct switch typedef "
    "union unsigned void volatile while bool true false main errno y0 y1 yn j0 j1 jn gamma"
)
RESERVED = frozenset(KEYWORDS.split(" "))
"""Words that no name may be; names of functions of math.h are added to them."""

C_TYPES: Mapping[str, str] = {
    "float64": "double",
    "float32": "float",
    "bool": "bool",
    "int8": "int8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "uint8": "uint8_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "uint64": "uint64_t",
}


# --- emitters ------------------------------------------------------------------------------------


def _joined(sign: str) -> Rule:
    return lambda node, args: f" {sign} ".join(args)


def _function(name: str) -> Rule:
    def emit(node: Node, args: Sequence[str]) -> str:
        single = "f" if node.type.dtype == np.float32 else ""
        return f"{name}{single}({', '.join(args)})"

    return emit


def _narrowed(name: str) -> Rule:
    """Return the call of a function in double precision, rounded to the type of the node."""

    def emit(node: Node, args: Sequence[str]) -> str:
        call = f"{name}({', '.join(args)})"
        return call if node.type.dtype == np.float64 else f"({c_type(node)}){call}"

    return emit


def _integer_power(node: Node, args: Sequence[str]) -> str:
    exponent, x = node.attrs[0], args[0]
    if exponent in (2, 3):
        return " * ".join([x] * exponent)
    if exponent == 1:
        return x
    if exponent == -1:
        return f"1 / {x}"
    return _narrowed("graphad_power")(node, (x, str(exponent)))


def _cast(node: Node, args: Sequence[str]) -> str:
    return f"{args[0]} != 0" if node.type.dtype.kind == "b" else f"({c_type(node)}){args[0]}"


def _absolute(node: Node, args: Sequence[str]) -> str:
    if node.type.is_inexact:
        return _function("fabs")(node, args)
    if node.type.dtype.kind != "i":
        return args[0]
    return f"{args[0]} < 0 ? -{args[0]} : {args[0]}"


def _sign(node: Node, args: Sequence[str]) -> str:
    if node.type.is_inexact:
        return _narrowed("graphad_sign")(node, args)
    if node.type.dtype.kind == "u":
        return f"{args[0]} > 0"
    return f"({args[0]} > 0) - ({args[0]} < 0)"


def _extremum(name: str, sign: str) -> Rule:
    def emit(node: Node, args: Sequence[str]) -> str:
        if node.type.is_inexact:
            return reduce(lambda left, right: _narrowed(name)(node, [left, right]), args)
        return reduce(lambda left, right: f"({left} {sign} {right} ? {left} : {right})", args)

    return emit


def _floor_divide(node: Node, args: Sequence[str]) -> str:
    if node.type.is_inexact:
        return _narrowed("graphad_floor_divide")(node, args)
    if node.type.dtype.name == "uint64":
        raise InteropError(missing(node, "C"))
    return f"({c_type(node)})graphad_floor_divide_int({', '.join(args)})"


def _remainder(node: Node, args: Sequence[str]) -> str:
    if node.type.is_inexact:
        return _narrowed("graphad_remainder")(node, args)
    return f"{args[0]} - {args[1]} * {_floor_divide(node, args)}"


def _fmod(node: Node, args: Sequence[str]) -> str:
    if node.type.is_inexact:
        return _function("fmod")(node, args)
    return f"{args[1]} == 0 ? 0 : {args[0]} % {args[1]}"


def _signbit(node: Node, args: Sequence[str]) -> str:
    return f"signbit({args[0]}) != 0" if node.inputs[0].type.is_inexact else f"{args[0]} < 0"


def _sinc(node: Node, args: Sequence[str]) -> str:
    if node.attrs[0]:
        raise InteropError(missing(node, "C"))
    return _narrowed("graphad_sinc")(node, args)


def _rounding(name: str) -> Rule:
    """Return a function that leaves integers as they are."""
    return lambda node, args: _function(name)(node, args) if node.type.is_inexact else args[0]


def _classified(name: str, integers: str) -> Rule:
    return lambda node, args: f"{name}({args[0]})" if node.inputs[0].type.is_inexact else integers


_RENAMED = {
    "gamma": "tgamma",
    "gammaln": "lgamma",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "power": "pow",
}
# fmt: off
_SAME = [
    "cbrt", "cos", "cosh", "erf", "erfc", "exp", "exp2", "expm1", "hypot", "log", "log10", "log1p",
    "log2", "sin", "sinh", "sqrt", "tan", "tanh",
]
_HELPED = [
    "entr", "kl_div", "ldexp", "log_expit", "logaddexp", "rel_entr", "xlog1py", "xlogy",
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
    "logical_and": "&&",
    "logical_or": "||",
    "multiply": "*",
    "not_equal": "!=",
    "subtract": "-",
}
EMITTERS: Mapping[str, Emitter] = {
    **{name: _function(name) for name in _SAME},
    **{name: _function(other) for name, other in _RENAMED.items()},
    **{name: _joined(sign) for name, sign in _INFIX.items()},
    **{name: _rounding(name) for name in ("ceil", "floor", "rint", "trunc")},
    **{name: _narrowed(f"graphad_{name}") for name in _HELPED},
    "absolute": _absolute,
    "cast": _cast,
    "conjugate": "{0}",
    "exponent": "graphad_exponent({0})",
    "expit": "1 / (1 + exp(-{0}))",
    "expit_negative": "1 / (1 + exp({0}))",
    "floor_divide": _floor_divide,
    "fmod": _fmod,
    "imag": "((void){0}, 0)",
    "integer_power": _integer_power,
    "isfinite": _classified("isfinite", "true"),
    "isnan": _classified("isnan", "false"),
    "logit": "log({0} / (1 - {0}))",
    "logical_not": "!{0}",
    "logical_xor": "({0} != 0) != ({1} != 0)",
    "mask": "{0} ? {1} : 0",
    "maximum": _extremum("graphad_max", ">="),
    "minimum": _extremum("graphad_min", "<="),
    "negative": "-{0}",
    "ndtr": "0.5 * erfc(-0.70710678118654752440 * {0})",
    "real": "{0}",
    "length": "sqrt({0})",
    "pseudo_reciprocal": "{0} == 0 ? 0 : 1 / {0}",
    "reciprocal": "1 / {0}",
    "remainder": _remainder,
    "rgamma": "1 / tgamma({0})",
    "sign": _sign,
    "signbit": _signbit,
    "sinc": _sinc,
    "where": "{0} ? {1} : {2}",
}
"""How each op of scalars is written; ops that move or add up elements are lowered before."""


# --- the source ----------------------------------------------------------------------------------


def c_type(node: Node) -> str:
    """Return the C type of the elements of a node."""
    return C_TYPES[node.type.dtype.name]


def number_text(value: Any, dtype: DType) -> str:
    """Return a number as a C literal.

    Examples
    --------
    >>> number_text(2.0, np.dtype(np.float64)), number_text(0.5, np.dtype(np.float32))
    ('2.0', '0.5f')
    >>> number_text(float("-inf"), np.dtype(np.float64)), number_text(-3, np.dtype(np.int64))
    ('-INFINITY', '-INT64_C(3)')
    """
    if dtype.kind == "b":
        return "true" if value else "false"
    if dtype.kind in "iu":
        if value == -(2**63):
            return "INT64_MIN"
        macro = "UINT64_C" if dtype.kind == "u" else "INT64_C"
        text = (
            f"{macro}({abs(value)})" if dtype.itemsize == 8 else f"({C_TYPES[dtype.name]}){value}"
        )
        return f"-{text}" if dtype.itemsize == 8 and value < 0 else text
    if value != value:
        return "NAN"
    if abs(value) == float("inf"):
        return "INFINITY" if value > 0 else "-INFINITY"
    text = repr(float(value))
    return text + ("f" if dtype == np.float32 else "")


def c_source(graph: Graph, name: str | None = None) -> str:
    """Return a C99 function that computes what a graph computes.

    Parameters
    ----------
    graph : Graph
        Real numbers, integers and conditions; no complex numbers.
    name : str, optional
        Name of the function; the graph's if not given.

    Returns
    -------
    str
        A source file of its own. Scalars are parameters by value, arrays pointers to elements in
        row-major order; each result is written to a pointer of its own. Nothing is allocated.

    Raises
    ------
    InteropError
        If an op has no scalar form in C, there are complex numbers, or too many scalars.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.ops import OPS
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> print(c_source(b.finish("f", [2.0 * OPS["sin"](x)])))
    /* f(x: f64[]) -> out: f64[] */
    #include <math.h>
    #include <stdbool.h>
    #include <stdint.h>
    <BLANKLINE>
    void f(double x, double *out);
    <BLANKLINE>
    void f(double x, double *out)
    {
        const double t1 = sin(x);
        const double t2 = 2.0 * t1;
        *out = t2;
    }
    """
    for node in graph.nodes:
        if node.type.is_complex:
            raise InteropError(
                f"{graph.name} has complex numbers ({node!r}), which to_c does not write; take "
                "real and imaginary parts apart"
            )
    scalars = scalar_graph(graph, STATEMENTS, "C")
    reserved = RESERVED | set(_SAME) | set(_RENAMED.values()) | {"floor", "ceil", "rint", "trunc"}
    reserved |= {"fmod", "ldexp", "frexp", "signbit", "isnan", "isfinite", "copysign", *HELPERS}
    written = function_name(graph, name, reserved)
    names = node_names(scalars, reserved | {written, "out"})
    body: list[str] = []
    for node in scalars.nodes:
        if node.op is CONST:
            names[node.id] = _constant(node)
        elif node.op is not INPUT and node.op.name not in ("element", "pack"):
            body.append(f"const {c_type(node)} {names[node.id]} = {_expression(node, names)};")
        elif node.op.name == "element":
            flat = np.ravel_multi_index(node.attrs[0], node.inputs[0].type.shape)
            names[node.id] = f"{names[node.inputs[0].id]}[{int(flat)}]"
    outs = ["out"] if len(graph.outputs) == 1 else [f"out{i}" for i in range(len(graph.outputs))]
    for out, node in zip(outs, scalars.outputs, strict=True):
        body += _stores(out, node, names)
    used = {operand.id for node in scalars.nodes for operand in node.inputs}
    used |= {node.id for node in scalars.outputs}
    unused = [f"(void){names[node.id]};" for node in scalars.inputs if node.id not in used]
    signature = f"void {written}({', '.join(_parameters(scalars, names, outs)) or 'void'})"
    code = "\n".join([f"{signature}", "{", *[f"    {line}" for line in (*unused, *body)], "}"])
    helpers = [text for helper, text in HELPERS.items() if f"{helper}(" in code]
    head = f"/* {_comment(graph, names, outs)} */"
    includes = "\n".join(f"#include <{file}.h>" for file in ("math", "stdbool", "stdint"))
    return "\n\n".join([f"{head}\n{includes}", *helpers, f"{signature};", code]) + "\n"


def _comment(graph: Graph, names: Sequence[str], outs: Sequence[str]) -> str:
    inputs = ", ".join(f"{names[node.id]}: {node.type}" for node in graph.inputs)
    results = ", ".join(
        f"{out}: {node.type}" for out, node in zip(outs, graph.outputs, strict=True)
    )
    return f"{identifier(graph.name)}({inputs}) -> {results}"


def _parameters(graph: Graph, names: Sequence[str], outs: Sequence[str]) -> list[str]:
    made = []
    for node in graph.inputs:
        const, star = ("const ", "*") if node.type.shape else ("", "")
        made.append(f"{const}{c_type(node)} {star}{names[node.id]}")
    made += [f"{c_type(node)} *{out}" for out, node in zip(outs, graph.outputs, strict=True)]
    return made


def _stores(out: str, node: Node, names: Sequence[str]) -> list[str]:
    if node.type.shape == ():
        return [f"*{out} = {names[node.id]};"]
    if node.op is CONST:
        values = [number_text(v.item(), node.type.dtype) for v in node.attrs[0].array.ravel()]
    elif node.op is INPUT:
        values = [f"{names[node.id]}[{i}]" for i in range(node.type.size)]
    else:
        values = [names[operand.id] for operand in node.inputs]
    return [f"{out}[{i}] = {value};" for i, value in enumerate(values)]


def _constant(node: Node) -> str:
    if node.type.shape:
        return ""
    text = number_text(node.attrs[0].scalar, node.type.dtype)
    return f"({text})" if text.startswith("-") else text


def _promoted(node: Node, names: Sequence[str]) -> list[str]:
    """Return the operands in the type that NumPy computes in, where C would take another."""
    args = [names[operand.id] for operand in node.inputs]
    first = 1 if node.op.name in ("where", "mask") else 0
    operands = node.inputs[first:]
    if node.op.name in ("cast", "ldexp") or node.op.name.startswith("logical_"):
        return args
    common = node.type.dtype if node.type.is_inexact else common_dtype(o.type for o in operands)
    for position, operand in enumerate(operands, first):
        if operand.type.dtype != common:
            args[position] = f"({C_TYPES[common.name]}){args[position]}"
    return args


def _expression(node: Node, names: Sequence[str]) -> str:
    emitter = EMITTERS.get(node.op.name)
    if emitter is None:
        raise InteropError(missing(node, "C"))
    args = _promoted(node, names)
    made = emitter(node, args) if callable(emitter) else emitter.format(*args)
    small = node.type.dtype.kind in "iu" and node.type.dtype.itemsize < 8
    return f"({c_type(node)})({made})" if small else made
