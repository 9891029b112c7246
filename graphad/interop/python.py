"""Graphs as NumPy source: one assignment for each node, and nothing of graphad in it."""

from __future__ import annotations

import base64
import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from graphad.constant import Constant, Span
from graphad.errors import InteropError
from graphad.interop.naming import function_name, node_names
from graphad.ir import CONST, INPUT, Graph, Node, Tree
from graphad.op import Array
from graphad.ops.contraction import parse_spec
from graphad.types import DTYPES_BY_NAME, DType

LITERAL = 64
"""Constants of at most so many elements are written as lists of numbers, larger ones as bytes."""
LARGEST = 1 << 20
"""Most bytes of constants in one source."""
RESERVED = frozenset(
    [*keyword.kwlist, "np", "special", "linalg", "base64", "complex", "print", "self", "i_"]
)
"""Names that no value may have."""
PLAIN = frozenset("?dlD")
"""Dtypes beside which a Python number means the same as a NumPy number of double precision."""

Emitter: TypeAlias = "str | Callable[[Node, Sequence[str]], str]"
"""A template, in which ``{0}`` is an operand, ``{args}`` all of them and ``{axis}`` an attribute;
or a function of node and operands. What mentions ``{out}`` is statements, else it is an
expression."""


# --- attributes ----------------------------------------------------------------------------------


def dtype_text(dtype: DType) -> str:
    """Return a dtype in NumPy's words.

    Examples
    --------
    >>> dtype_text(np.dtype(bool)), dtype_text(np.dtype(np.float64))
    ('np.bool_', 'np.float64')
    """
    return "np.bool_" if dtype.kind == "b" else f"np.{dtype.name}"


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
    "ceil", "cos", "cosh", "exp", "exp2", "expm1", "floor", "floor_divide", "fmod", "hypot", "isfinite", "isnan", "log",
    "log10", "log1p", "log2", "ldexp", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "maximum", "minimum", "power", "reciprocal", "remainder", "rint", "sign", "signbit", "sin", "sinh",
    "sqrt", "tan", "tanh", "trunc",
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
    **{name: _call(f"np.{name}") for name in _NUMPY},
    **{name: _joined(sign) for name, sign in _INFIX.items()},
    "argmax": "np.argmax({0}, axis={axis})",
    "argmin": "np.argmin({0}, axis={axis})",
    "argpartition": "np.argpartition({0}, {kth}, axis={axis})",
    "argsort": 'np.argsort({0}, axis={axis}, kind="stable")',
    "broadcast_to": "np.broadcast_to({0}, {shape})",
    "cast": _cast,
    "concatenate": "np.concatenate([{args}], axis={axis})",
    "cumsum": _summing("cumsum"),
    "einsum": _einsum,
    "element": lambda node, args: f"{args[0]}[{_index_text(node.attrs[0])}]",
    "erf": "special.erf({0})",
    "erfc": "special.erfc({0})",
    "exponent": "np.frexp({0})[1]",
    "flip": "np.flip({0}, axis={axes})",
    "identity": _identity,
    "integer_power": _power,
    "mask": _mask,
    "max": _summing("max"),
    "min": _summing("min"),
    "negative": "-{0}",
    "pack": _pack,
    "partition_order": _partition_order,
    "place": _place,
    "recurrence": _recurrence,
    "reshape": "np.reshape({0}, {shape})",
    "scatter_add": _scatter_add,
    "slice": lambda node, args: (
        f"{args[0]}[{spans_text(node.attrs[0], node.inputs[0].type.shape)}]"
    ),
    "sum": _summing("sum"),
    "take": "np.take({0}, {1}, axis={axis})",
    "transpose": "np.transpose({0}, {axes})",
    "update": _update,
    "where": _where,
    "wrapped_index": "np.where({0} < 0, {0} + {size}, {0})",
}
"""How each op is written."""

IMPORTS = {
    "base64": "import base64",
    "np": "import numpy as np",
    "linalg": "from scipy import linalg",
    "special": "from scipy import special",
}
"""What a source imports if it mentions these names."""


# --- constants -----------------------------------------------------------------------------------


def number_text(value: Any) -> str:
    """Return a number as a Python literal.

    Examples
    --------
    >>> number_text(2.0), number_text(float("-inf")), number_text(True), number_text(1j)
    ('2.0', '-np.inf', 'np.True_', '1j')
    """
    if isinstance(value, bool):
        return f"np.{value}_"
    if isinstance(value, complex):
        plain = np.isfinite(value) and str(value.real) != "-0.0" and str(value.imag) != "-0.0"
        parts = f"{number_text(value.real)}, {number_text(value.imag)}"
        return repr(value) if plain else f"complex({parts})"
    text = repr(value)
    return text.replace("inf", "np.inf").replace("nan", "np.nan")


def array_text(constant: Constant) -> str:
    """Return an expression that makes an array."""
    array, dtype = constant.array, dtype_text(constant.type.dtype)
    if array.size == 0:
        return f"np.zeros({array.shape}, {dtype})"
    if array.size <= LITERAL:
        return f"np.array({_list_text(array)}, dtype={dtype})"
    small = array.astype(array.dtype.newbyteorder("<"))
    text = base64.b64encode(small.tobytes()).decode("ascii")
    lines = "\n".join(f'    "{text[i : i + 88]}"' for i in range(0, len(text), 88))
    return (
        f"np.frombuffer(base64.b64decode(\n{lines}\n"
        f'), dtype="{small.dtype.str}").astype({dtype}).reshape({array.shape})'
    )


def _list_text(array: Array) -> str:
    if array.ndim == 0:
        return number_text(array.item())
    return f"[{', '.join(map(_list_text, array))}]"


# --- the source ----------------------------------------------------------------------------------


def python_source(graph: Graph, name: str | None = None) -> str:
    """Return a Python function that computes what a graph computes, with NumPy alone.

    Parameters
    ----------
    graph : Graph
        The graph.
    name : str, optional
        Name of the function; the graph's if not given.

    Returns
    -------
    str
        Source of a module: imports, constants, and the function. Values are named after the
        variables of the traced function where a line of it assigns them.

    Raises
    ------
    InteropError
        If an op has no form in NumPy, constants are too large, or `name` is no identifier.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.ops import OPS
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> print(python_source(b.finish("f", [2.0 * OPS["sin"](x)])))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def f(x):
        \"\"\"Return f64[].
    <BLANKLINE>
        x: f64[]
        \"\"\"
        x = np.float64(x)
        t1 = np.sin(x)
        t2 = 2.0 * t1
        return t2
    """
    return _Source(graph, function_name(graph, name, RESERVED)).text()


class _Source:
    """The parts of one source."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name
        self.names = node_names(graph, RESERVED | {name})
        self.constants: list[str] = []
        dtypes = {node.type.dtype.char for node in graph.nodes}
        self.plain = dtypes <= PLAIN
        self.bytes = 0

    def text(self) -> str:
        """Return the source."""
        body: list[str] = []
        for node in self.graph.nodes:
            if node.op is CONST:
                self.names[node.id] = self._constant(node)
            elif node.op is INPUT:
                body.append(_converted(node, self.names[node.id]))
            else:
                body += self._statements(node)
        results = [self._alone(node) for node in self.graph.outputs]
        body.append(f"return {nested_text(self.graph.tree, results)}")
        parameters = ", ".join(self.names[node.id] for node in self.graph.inputs)
        head = f"def {self.name}({parameters}):"
        function = [head, *[f"    {line}" if line else "" for line in [*self._says(), *body]]]
        constants = "\n".join(self.constants)
        code = "\n".join([constants, *body])
        used = [line for word, line in IMPORTS.items() if re.search(rf"\b{word}\.", code)]
        blocks = ["\n".join(used or [IMPORTS["np"]])]
        if constants:
            blocks.append(constants)
        return "\n\n".join(blocks) + "\n\n\n" + "\n".join(function) + "\n"

    def _says(self) -> list[str]:
        result = nested_text(self.graph.tree, [str(node.type) for node in self.graph.outputs])
        types = [f"{self.names[node.id]}: {node.type}" for node in self.graph.inputs]
        return [f'"""Return {result}.', "", *types, '"""'] if types else [f'"""Return {result}."""']

    def _constant(self, node: Node) -> str:
        constant = node.attrs[0]
        if node.type.shape == ():
            text = number_text(constant.scalar)
            return text if self.plain else f"{dtype_text(node.type.dtype)}({text})"
        self.bytes += constant.array.nbytes
        if self.bytes > LARGEST:
            raise InteropError(
                f"{self.graph.name} has more than {LARGEST:,} bytes of constants, the one of type "
                f"{node.type} among them; make large arrays parameters of the function"
            )
        name = f"C{len(self.constants) + 1}"
        while name in self.names:
            name += "_"
        self.constants.append(f"{name} = {array_text(constant)}")
        return name

    def _alone(self, node: Node) -> str:
        """Return an operand as a value of NumPy's, also where it is a number."""
        text = self.names[node.id]
        if node.op is CONST and node.type.shape == () and not text.startswith("np."):
            return f"{dtype_text(node.type.dtype)}({text})"
        return text

    def _statements(self, node: Node) -> list[str]:
        emitter = EMITTERS.get(node.op.name)
        if emitter is None:
            raise InteropError(missing(node, "NumPy"))
        args = [self.names[operand.id] for operand in node.inputs]
        if all(operand.op is CONST for operand in node.inputs) or node.op.structural:
            args = [self._alone(operand) for operand in node.inputs]
        out = self.names[node.id]
        made = emitter(node, args) if callable(emitter) else filled(emitter, node, args)
        if "{out}" in made:
            return made.replace("{out}", out).split("\n")
        return [f"{out} = {made}"]


def filled(template: str, node: Node, args: Sequence[str]) -> str:
    """Return a template with operands and attributes put in; ``{out}`` stays."""
    attrs = dict(zip(node.op.attrs, node.attrs, strict=True))
    return template.format(*args, args=", ".join(args), out="{out}", **attrs)


def missing(node: Node, language: str) -> str:
    """Return the message about an op that a language has no word for."""
    return (
        f"{node.op.name} ({node!r}) has no form in {language}; write the function without it, or "
        "call the graph itself"
    )


def nested_text(tree: Tree, texts: Sequence[str]) -> str:
    """Return texts as a Python tuple that nests as `tree` does.

    Examples
    --------
    >>> nested_text((0, (1,), ()), ["a", "b"])
    '(a, (b,), ())'
    """
    if not isinstance(tree, tuple):
        return texts[tree]
    items = [nested_text(item, texts) for item in tree]
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _converted(node: Node, name: str) -> str:
    dtype = dtype_text(node.type.dtype)
    if node.type.shape == ():
        return f"{name} = {dtype}({name})"
    return f"{name} = np.asarray({name}, dtype={dtype})"
