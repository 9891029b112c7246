"""Graphs as NumPy source: one assignment for each node, and nothing of graphad in it."""

from __future__ import annotations

import base64
import keyword
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.constant import Constant
from graphad.errors import InteropError
from graphad.interop.naming import dtype_text, function_name, identifier, node_names
from graphad.interop.numpy_control import CONTROL_HELPERS
from graphad.interop.numpy_rules import EMITTERS
from graphad.interop.numpy_special import HELPER_NAMES, helper_texts
from graphad.ir import CONST, INPUT, Graph, Node, Tree
from graphad.op import Array
from graphad.structures import Branch

LITERAL = 64
"""Constants of at most so many elements are written as lists of numbers, larger ones as bytes."""
LARGEST = 1 << 20
"""Most bytes of constants in one source."""
RESERVED = frozenset([*keyword.kwlist, "np", "special", "base64", "complex", "print", "self", "i_"])
"""Names that no value may have."""
PLAIN = frozenset("?dlD")
"""Dtypes beside which a Python number means the same as a NumPy number of double precision."""

IMPORTS = {
    "base64": "import base64",
    "np": "import numpy as np",
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
    """The parts of one source: a function, and those of the graphs that its ops hold."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name
        self.names = node_names(graph, RESERVED | HELPER_NAMES | CONTROL_HELPERS.keys() | {name})
        self.constants: list[str] = []
        self.functions: list[str] = []
        dtypes = {node.type.dtype.char for node in graph.nodes}
        self.plain = dtypes <= PLAIN
        self.bytes = 0

    def text(self) -> str:
        """Return the source."""
        function = self.function(whole=True)
        code = "\n".join([*self.constants, *self.functions, function])
        imports, helpers = helper_texts(code)
        helpers += [text for name, text in CONTROL_HELPERS.items() if f"{name}(" in code]
        code = "\n".join([code, *helpers])
        used = [line for word, line in IMPORTS.items() if re.search(rf"\b{word}\.", code)]
        if any("->" in text for text in helpers):
            imports.insert(0, "from __future__ import annotations")
        head = ["\n".join([*imports, *(used or [IMPORTS["np"]])])]
        if self.constants:
            head.append("\n".join(self.constants))
        parts = ["\n\n".join(head), *helpers, *self.functions, function]
        return "\n\n\n".join(parts) + "\n"

    def function(self, whole: bool) -> str:
        """Return the function; one that is not the whole gives a list."""
        body: list[str] = []
        for node in self.graph.nodes:
            if node.op is CONST:
                self.names[node.id] = self._constant(node)
            elif node.op is not INPUT:
                body += self._statements(node)
            elif whole:
                body.append(_converted(node, self.names[node.id]))
        results = [self._alone(node) for node in self.graph.outputs]
        listed = f"[{', '.join(results)}]"
        body.append(f"return {nested_text(self.graph.tree, results) if whole else listed}")
        parameters = ", ".join(self.names[node.id] for node in self.graph.inputs)
        lines = [*self._says(), *body]
        head = f"def {self.name}({parameters}):"
        return "\n".join([head, *[f"    {line}" if line else "" for line in lines]])

    def _held(self, node: Node) -> dict[str, str]:
        """Write functions for the graphs that an op holds, and return their names."""
        found = {}
        for attr, value in zip(node.op.attrs, node.attrs, strict=True):
            if not isinstance(value, Graph) or (node.op.name == "custom" and attr == "rule"):
                continue
            part = _Source(value, f"{self.name}_{identifier(value.name)}_{node.id}_{attr}")
            part.constants, part.bytes, part.functions = self.constants, self.bytes, self.functions
            function = part.function(whole=False)
            self.functions.append(function)
            self.bytes = part.bytes
            found[attr] = part.name
        return found

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
        for attr, name in self._held(node).items():
            made = made.replace(f"{{{attr}}}", name)
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
    """Return texts as a Python tuple that nests as `tree` does; lists and dictionaries are those.

    Examples
    --------
    >>> nested_text((0, (1,), ()), ["a", "b"])
    '(a, (b,), ())'
    """
    if not isinstance(tree, tuple):
        return texts[tree]
    items = [nested_text(item, texts) for item in tree]
    if isinstance(tree, Branch):
        if tree.kind.word == "dict" and all(isinstance(key, str | int) for key in tree.kind.keys):
            pairs = zip(tree.kind.keys, items, strict=True)
            return f"{{{', '.join(f'{key!r}: {item}' for key, item in pairs)}}}"
        if tree.kind.word == "list":
            return f"[{', '.join(items)}]"
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _converted(node: Node, name: str) -> str:
    dtype = dtype_text(node.type.dtype)
    if node.type.shape == ():
        return f"{name} = {dtype}({name})"
    return f"{name} = np.asarray({name}, dtype={dtype})"
