r"""Graphs as mathematics in LaTeX: sums, indices and products, at the grain of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.errors import InteropError
from graphad.interop.latex_movement import (
    LETTERS,
    Asking,
    Indices,
    Unwritten,
    Wanted,
    Whole,
    fresh,
    letters_of,
)
from graphad.interop.latex_rules import MOVES, RULES, by_name, elementwise_by_name
from graphad.interop.latex_text import Index, Level, Text, name_text, number_text, subscripted
from graphad.ir import CONST, INPUT, Graph, Node

NODES = 2_000
"""Most nodes that are written."""
SMALL = 48
"""Graphs of more nodes are shown as drawings."""
SHORT = 3_000
"""Longer texts are shown as drawings."""
SHARED, LONG = 4, 30
"""A value of so many operations has a name of its own if it is used again, or in any case."""
ENTRIES = 36
"""Constants of more elements are only named."""
_NAMES = "uvwyzpqrstabcdghABCDEFGHKLMNPQRSTUVWXYZ"


def latex_text(graph: Graph) -> str:
    r"""Return what a graph computes as LaTeX.

    Parameters
    ----------
    graph : Graph
        The graph. Indices begin with 0, as NumPy's do.

    Returns
    -------
    str
        A formula, or an ``aligned`` block of several: values that are used again first.

    Raises
    ------
    InteropError
        If the graph is too large to be read.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.ops import OPS
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> print(latex_text(b.finish("f", [2.0 * OPS["sin"](x)])))
    f\left(x\right) = 2 \, \sin\left(x\right)
    """
    if len(graph) > NODES:
        raise InteropError(
            f"{graph.name} has {len(graph):,} nodes, more than the {NODES:,} that are written in "
            "LaTeX; write a part of it, or use to_python"
        )
    return _Writer(graph).text()


def small_latex(graph: Graph) -> str | None:
    """Return a graph as a formula to display, or ``None`` if it is too large for one."""
    if len(graph) > SMALL:
        return None
    text = latex_text(graph)
    return f"$\\displaystyle {text}$" if len(text) <= SHORT else None


class _Writer:
    """Lines of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names: dict[int, str] = {}
        self.known: dict[Wanted, Text] = {}
        self.lines: list[tuple[str, str]] = []
        self.written: set[int] = set()
        self.waiting: list[Node] = []
        for node in graph.inputs:
            self.names[node.id] = name_text(node.attrs[0])
        self.reserved = {*self.names.values(), name_text(graph.name)}
        self.free = iter([name for name in _NAMES if name not in self.reserved])
        self.count = 0
        # Letters that are names are no indices.
        self.taken = frozenset(letter for letter in LETTERS if letter in self.reserved)
        self._choose_names()

    def text(self) -> str:
        """Return the whole."""
        definitions: dict[int, tuple[str, str]] = {}
        for node in self.graph.nodes:
            if node.id in self.names and node.op is not INPUT:
                definitions[node.id] = self._definition(node)
        results = [self._result(i, node) for i, node in enumerate(self.graph.outputs)]
        while self.waiting:  # arrays that turned out to need a name
            node = self.waiting.pop()
            if node.id not in definitions:
                definitions[node.id] = self._definition(node)
        lines = [definitions[id] for id in sorted(definitions)] + results
        if len(lines) == 1:
            return f"{lines[0][0]} = {lines[0][1]}"
        inner = " \\\\\n".join(f"{left} &= {right}" for left, right in lines)
        return f"\\begin{{aligned}}\n{inner}\n\\end{{aligned}}"

    # --- names -------------------------------------------------------------------------------

    def _choose_names(self) -> None:
        """Name what is used again and not short, and what would make a line too long."""
        weights = [0] * len(self.graph.nodes)
        counts = self.graph.use_counts()
        outputs = {node.id for node in self.graph.outputs}
        for node in self.graph.nodes:
            if node.op is INPUT or node.op is CONST:
                continue
            weight = sum(weights[operand.id] for operand in node.inputs)
            weight += 0 if node.op.name in MOVES else 1
            weights[node.id] = weight
            shared = counts[node.id] > 1 and weight >= SHARED
            if shared or (weight >= LONG and node.id not in outputs):
                self._name(node)
                weights[node.id] = 0

    def _name(self, node: Node) -> str:
        if node.id not in self.names:
            name = next(self.free, "")
            if not name:
                self.count += 1
                name = f"u_{{{self.count}}}"
            self.names[node.id] = name
        return self.names[node.id]

    # --- lines -------------------------------------------------------------------------------

    def _indices(self, node: Node) -> Indices:
        return tuple(map(Index, fresh(self.taken, node.type.ndim)))

    def _definition(self, node: Node) -> tuple[str, str]:
        name = self.names[node.id]
        if node.op is CONST:
            return name, _entries(node)
        indices = self._indices(node)
        return subscripted(name, indices).text, self._of_rule(node, indices).text

    def _result(self, position: int, node: Node) -> tuple[str, str]:
        arguments = ", ".join(self.names[x.id] for x in self.graph.inputs)
        name = name_text(self.graph.name)
        if len(self.graph.outputs) > 1:
            name = f"{name}_{{{position + 1}}}" if "_" not in name else f"{name}^{{{position + 1}}}"
        indices = self._indices(node)
        left = subscripted(f"{name}\\left({arguments}\\right)", indices)
        if indices:
            left = Text(f"{name}\\left({arguments}\\right)_{{{', '.join(map(str, indices))}}}")
        return left.text, self._at(node, indices).text

    # --- elements ----------------------------------------------------------------------------

    def _at(self, node: Node, indices: Indices) -> Text:
        """Return the text of a node at indices."""
        found = self._leaf(Wanted(node, indices, self.taken))
        return found if found is not None else self._of_rule(node, indices)

    def _leaf(self, wanted: Wanted | Whole) -> Text | None:
        """Return the text of what needs no rule, or is known."""
        node = wanted.node
        if isinstance(wanted, Whole):
            if node.op is CONST and node.type.shape == ():
                return number_text(node.attrs[0].scalar)
            if node.id not in self.names:
                self._name(node)
                self.waiting.append(node)
            return Text(self.names[node.id])
        if node.op is CONST:
            return self._constant(node, wanted.indices)
        if node.id in self.names:
            return subscripted(self.names[node.id], wanted.indices)
        return self.known.get(wanted)

    def _constant(self, node: Node, indices: Indices) -> Text:
        array = node.attrs[0].array
        if array.size and np.all(array == array.flat[0]):
            return number_text(array.flat[0].item())
        if not any(index.letter for index in indices):
            return number_text(array[tuple(index.offset for index in indices)].item())
        if node.id not in self.names:
            self._name(node)
            self.waiting.append(node)
        return subscripted(self.names[node.id], indices)

    def _of_rule(self, node: Node, indices: Indices) -> Text:
        """Return the text by the rule of the op, and of all that it asks for, without recursion."""
        first = Wanted(node, indices, self.taken | letters_of(indices))
        stack = [(first, self._asking(*first))]
        answer: Any = None
        while True:
            wanted, asking = stack[-1]
            try:
                request = asking.send(answer)
            except StopIteration as finished:
                answer = finished.value
                self.known[wanted] = answer
                stack.pop()
                if not stack:
                    assert isinstance(answer, Text)
                    return answer
                continue
            answer = self._leaf(request)
            if answer is None:
                assert isinstance(request, Wanted)
                stack.append((request, self._asking(*request)))

    def _asking(self, node: Node, indices: Indices, taken: frozenset[str]) -> Asking:
        """Return the rule at work; by the name of the op where no rule covers it."""
        rule = RULES.get(node.op.name, elementwise_by_name if node.op.elementwise else by_name)
        try:
            return (yield from rule(node, indices, taken))
        except Unwritten:
            return (yield from by_name(node, indices, taken))


def _entries(node: Node) -> str:
    """Return the elements of a constant as a matrix, or its type if it is large."""
    array = node.attrs[0].array
    if array.ndim > 2 or array.size > ENTRIES or not array.size:
        return f"\\text{{constants of shape }} {node.type.shape}"
    rows: Sequence[Any] = array.tolist() if array.ndim == 2 else [array.tolist()]
    text = " \\\\ ".join(
        " & ".join(number_text(item).within(Level.RELATION) for item in row) for row in rows
    )
    return f"\\begin{{pmatrix}} {text} \\end{{pmatrix}}"
