"""What is written on a drawing: short mathematics for ops, attributes, constants and tooltips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graphad.constant import Constant, Span
from graphad.ir import CONST, INPUT, Graph, Node, Origin, Tree
from graphad.op import Attrs
from graphad.types import Type

SYMBOLS = {
    "absolute": "|x|",
    "add": "+",
    "cbrt": "∛",
    "ceil": "⌈x⌉",
    "divide": "÷",
    "equal": "=",
    "exp2": "2ˣ",
    "expm1": "eˣ−1",
    "floor": "⌊x⌋",
    "greater": ">",
    "greater_equal": "≥",
    "identity": "I",
    "integer_power": "xⁿ",
    "less": "<",
    "less_equal": "≤",
    "logical_and": "and",
    "logical_not": "not",
    "logical_or": "or",
    "logical_xor": "xor",
    "multiply": "×",
    "negative": "−x",
    "not_equal": "≠",
    "power": "xʸ",
    "prod": "Π",
    "length": "√",
    "pseudo_reciprocal": "1/x",
    "reciprocal": "1/x",
    "sqrt": "√",
    "square": "x²",
    "subtract": "−",
    "sum": "Σ",
}
"""Labels of ops that read better as mathematics than by name."""

PORTS: dict[str, tuple[str, ...]] = {
    "arctan2": ("y", "x"),
    "divide": ("", "÷"),
    "mask": ("if", "then"),
    "power": ("x", "y"),
    "scatter_add": ("x", "at"),
    "subtract": ("", "−"),
    "take": ("x", "at"),
    "update": ("into", "part"),
    "where": ("if", "then", "else"),
}
"""Names of the operands of ops that do not commute; the others are numbered."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MOST_NUMBERED = 8


def spans_text(spans: Sequence[Span], shape: Sequence[int]) -> str:
    """Return spans as NumPy would index an array of this shape by them.

    Examples
    --------
    >>> spans_text((Span(1, 3, 1), Span(0, 5, 2), Span(0, 4, 1)), (3, 5, 4))
    '[1:3, 0:5:2, :]'
    """
    pairs = zip(spans, shape, strict=False)
    parts = [":" if span == (0, length, 1) else str(span) for span, length in pairs]
    return f"[{', '.join(parts)}]"


def _tuple_text(values: Sequence[int]) -> str:
    return f"({', '.join(map(str, values))}{',' if len(values) == 1 else ''})"


def _axes_text(axes: Sequence[int]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


_DETAILS: dict[str, Callable[[Attrs], str]] = {
    "broadcast_to": lambda attrs: "",
    "cast": lambda attrs: "",
    "concatenate": lambda attrs: f"axis {attrs[0]}",
    "cond": lambda attrs: "",
    "cumsum": lambda attrs: f"axis {attrs[0]}",
    "einsum": lambda attrs: str(attrs[0]).replace("->", "→"),
    "element": lambda attrs: "",
    "flip": lambda attrs: _axes_text(attrs[0]),
    "identity": lambda attrs: "",
    "integer_power": lambda attrs: "",
    "max": lambda attrs: _axes_text(attrs[0]),
    "min": lambda attrs: _axes_text(attrs[0]),
    "pack": lambda attrs: "",
    "reshape": lambda attrs: "",
    "scan": lambda attrs: f"{attrs[2]:,} steps{' in reverse' if attrs[3] else ''}",
    "scatter_add": lambda attrs: f"axis {attrs[0]}",
    "slice": lambda attrs: "",
    "sum": lambda attrs: _axes_text(attrs[0]),
    "take": lambda attrs: f"axis {attrs[0]}",
    "transpose": lambda attrs: _tuple_text(attrs[0]),
    "while_loop": lambda attrs: "",
}
"""Attributes in brief; empty where the label or the type says it already."""


def op_symbol(name: str) -> str:
    """Return the short label of an op."""
    return SYMBOLS.get(name, name)


def _brief(value: Any) -> str:
    if isinstance(value, Constant):
        return constant_text(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_brief, value))})"
    return str(value)


def node_label(node: Node) -> tuple[str, str]:
    """Return the label of a node and its attributes in brief, which may be empty."""
    name, attrs = node.op.name, node.attrs
    if name == "integer_power":
        return "x" + str(attrs[0]).translate(_SUPERSCRIPTS), ""
    if name == "slice":
        return spans_text(attrs[0], node.inputs[0].type.shape), ""
    if name in ("place", "update"):
        return name, spans_text(attrs[0], node.type.shape)
    if name == "element":
        return f"[{', '.join(map(str, attrs[0]))}]", ""
    if name in _DETAILS:
        return op_symbol(name), _DETAILS[name](attrs)
    pairs = zip(node.op.attrs, attrs, strict=True)
    return op_symbol(name), shorten(" ".join(f"{key}={_brief(value)}" for key, value in pairs), 28)


def port_names(node: Node) -> tuple[str, ...]:
    """Return what is written at the operands of a node, to tell them apart: mostly nothing."""
    count = len(node.inputs)
    name = node.op.name
    if node.op.commutative or count < 2 or len(set(node.inputs)) == 1:
        return ("",) * count
    if name == "einsum":
        return tuple(str(node.attrs[0]).partition("->")[0].split(","))
    if node.op.interpret is not None:
        inputs = next(attr.input_names for attr in node.attrs if isinstance(attr, Graph))
        return ("if",) * (count - len(inputs)) + inputs
    if name in PORTS and len(PORTS[name]) == count:
        return PORTS[name]
    if count > _MOST_NUMBERED:
        return ("",) * count
    return tuple([str(position + 1) for position in range(count)])


def shorten(text: str, length: int) -> str:
    """Return `text`, cut to `length` characters with an ellipsis if it is longer."""
    return text if len(text) <= length else text[: length - 1] + "…"


def number_text(value: complex) -> str:
    """Return a number in few characters.

    Examples
    --------
    >>> number_text(100.0), number_text(-0.0), number_text(1 / 3), number_text(1e-30)
    ('100', '-0', '0.33333…', '1e-30')
    """
    if isinstance(value, bool | int):
        return shorten(str(value), 12)
    if value != value:  # NaN, which no digits stand for
        return "nan"
    if isinstance(value, float):
        exact = f"{value:.12g}"
        if len(exact) <= 8 and float(exact) == value:
            return exact
        digits, mark, exponent = f"{value:.5g}".partition("e")
        return digits + ("" if float(f"{value:.5g}") == value else "…") + mark + exponent
    return f"{number_text(value.real)}+{number_text(value.imag)}j".replace("+-", "-")


def constant_text(constant: Constant) -> str:
    """Return a constant by value if it is small, and otherwise by what it is.

    Examples
    --------
    >>> constant_text(Constant([1.0, 2.5])), constant_text(Constant([[0.0] * 9] * 9))
    ('[1, 2.5]', 'all 0')
    """
    array = constant.array
    if array.ndim == 0:
        return number_text(array.item())
    flat = array.reshape(-1)
    if array.size and (flat == flat[0]).all():
        return f"all {number_text(flat[0].item())}"
    if array.size <= 4:
        return _nested_text(array.tolist())
    return "array"


def _nested_text(value: Any) -> str:
    """Write nested lists of numbers; the nesting is no deeper than an array has axes."""
    if isinstance(value, list):
        return f"[{', '.join(map(_nested_text, value))}]"
    return number_text(value)


def node_name(node: Node) -> str:
    """Return the name of a node in IR text."""
    return f"%{node.attrs[0]}" if node.op is INPUT else f"%{node.id}"


def ir_line(node: Node) -> str:
    """Return the line that stands for a node in IR text."""
    if node.op is INPUT:
        return f"{node_name(node)}: {node.type}"
    if node.op is CONST:
        return f"{node_name(node)}: {node.type} = {shorten(str(node.attrs[0].array.tolist()), 400)}"
    operands = "".join(f" {node_name(operand)}" for operand in node.inputs)
    pairs = zip(node.op.attrs, node.attrs, strict=True)
    attrs = "".join(f" {key}={_brief(value)}" for key, value in pairs)
    return shorten(f"{node_name(node)}: {node.type} = {node.op.name}{operands}{attrs}", 600)


def origin_text(origin: Origin) -> str:
    """Return where a node came from: the user's line, the pass and rule, the derivative order.

    Examples
    --------
    >>> origin_text(Origin("model.py", 12, "jvp", "", 1))
    'model.py:12, made by jvp, derivative order 1'
    """
    place = f"{origin.file}:{origin.line}" if origin.file else "place unknown"
    rule = f", rule {origin.rule}" if origin.rule else ""
    return f"{place}, made by {origin.rewrite}{rule}, derivative order {origin.order}"


def type_text(type: Type) -> str:
    """Return a type as it is written beside a name: nothing for a real scalar."""
    text = str(type)
    return "" if text == "f64[]" else text


def output_names(tree: Tree) -> dict[int, str]:
    """Return how each output is reached from the result: ``out``, ``out[1]``, ``out[0][2]``."""
    names: dict[int, str] = {}
    stack: list[tuple[Tree, str]] = [(tree, "out")]
    while stack:
        item, name = stack.pop()
        if isinstance(item, tuple):
            stack.extend((part, f"{name}[{i}]") for i, part in enumerate(item))
        else:
            names[item] = name
    return names


def signature(graph: Graph) -> str:
    """Return inputs and outputs of a graph with their types, as in the first line of IR text."""
    inputs = ", ".join(f"{node.attrs[0]}: {node.type}" for node in graph.inputs)
    outputs = ", ".join(str(node.type) for node in graph.outputs)
    return f"({inputs}) → {outputs if len(graph.outputs) == 1 else f'({outputs})'}"
