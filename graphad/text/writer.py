"""Graphs to text."""

from __future__ import annotations

from collections.abc import Sequence

from graphad.builder import paused_gc
from graphad.constant import Constant
from graphad.errors import GraphError
from graphad.ir import CONST, INPUT, NOWHERE, Graph, Node, leaves
from graphad.text.attributes import attributes_text
from graphad.text.literals import array_text, scalar_text
from graphad.text.results import nested, order_text, symmetry_text
from graphad.text.scanner import escape, spell
from graphad.text.structures import structures_text

VERSION = 1
"""Version of the form that is written and read."""


def dump(graph: Graph, *, origins: bool = False) -> str:
    """Return a graph as text, which `parse` reads back.

    The text is a function of the graph alone, and holds all of it but the origins of its nodes:
    ``parse(dump(graph)) == graph``.

    Parameters
    ----------
    graph : Graph
        Its inputs stand first in its arena, as `Builder.finish` orders them.
    origins : bool
        Whether to append, as comments, where each node came from.

    Returns
    -------
    str
        Lines without a line break after the last.

    Raises
    ------
    GraphError
        If inputs do not stand first, or a node has an attribute that has no text.

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.ops import OPS
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> print(dump(b.finish("f", [2.0 * OPS["sin"](x)])))
    graphad 1
    graph f(%x: f64[]) -> f64[] {
      %1: f64[] = sin %x
      %3: f64[] = multiply 2.0 %1
      return %3
    }
    """
    with paused_gc():
        return f"graphad {VERSION}\n{_Writer(graph, origins).write()}"


class _Writer:
    """Lines of one graph.

    Reading makes a node of the first occurrence of each number among operands, right before the
    node that uses it. So a scalar constant is written in place where it stands just there in the
    arena; the others get a line of their own.
    """

    def __init__(self, graph: Graph, origins: bool) -> None:
        self.graph = graph
        self.origins = origins
        self.lines: list[str] = []
        self.names = [f"%{id}" for id in range(len(graph.nodes))]
        self.types: dict[int, str] = {}
        self.waiting: list[Node] = []
        self.known: set[Constant] = set()

    def write(self) -> str:
        """Return the text."""
        graph = self.graph
        if graph.nodes[: len(graph.inputs)] != graph.inputs:
            raise GraphError(f"inputs of {graph!r} do not stand first in its arena; rebuild it")
        self._header()
        self._body()
        results = [graph.outputs[position] for position in leaves(graph.tree)]
        self._settle(results)
        self._return()
        self.lines.append("}")
        return "\n".join(self.lines)

    def _type(self, node: Node) -> str:
        key = id(node.type)  # the graph holds on to its types, so that ids do not come again
        text = self.types.get(key)
        if text is None:
            text = self.types[key] = str(node.type)
        return text

    def _header(self) -> None:
        graph = self.graph
        parameters = []
        for node in graph.inputs:
            name = self.names[node.id] = f"%{spell(node.attrs[0])}"
            parameters.append(f"{name}: {self._type(node)}")
        results = nested(graph.tree, [self._type(node) for node in graph.outputs])
        structures = structures_text(graph.parameters, graph.tree)
        head = f"graph {spell(graph.name)}({', '.join(parameters)}) -> {results}{structures} {{"
        self.lines.append(head)

    def _body(self) -> None:
        names, lines, types = self.names, self.lines, self.types
        for node in self.graph.nodes:
            op = node.op
            if op is CONST:
                self._constant(node)
                continue
            if op is INPUT:
                continue
            if self.waiting:
                self._settle(node.inputs)
            words = [op.name]
            words.extend([names[operand.id] for operand in node.inputs])
            type = types.get(id(node.type)) or self._type(node)
            attributes = attributes_text(op, node.attrs, self._held) if op.attrs else ""
            comment = self._comment(node) if self.origins else ""
            lines.append(f"  %{node.id}: {type} = {' '.join(words)}{attributes}{comment}")

    def _held(self, graph: Graph) -> str:
        """Return the text of a graph that an op holds, its lines deeper than those around it."""
        return _Writer(graph, self.origins).write().replace("\n", "\n  ")

    def _comment(self, node: Node) -> str:
        origin = self.graph.origins[node.id]
        return "" if origin == NOWHERE else f"  // {escape(str(origin))}"

    def _constant(self, node: Node) -> None:
        """Keep a number for its first use; write an array, or a number that came before, here."""
        constant = node.attrs[0]
        if node.type.shape == () and constant not in self.known:
            self.known.add(constant)
            self.waiting.append(node)
            return
        self._flush(len(self.waiting))
        self._declare(node)

    def _settle(self, users: Sequence[Node]) -> None:
        """Write waiting constants in place where reading `users` finds them again."""
        waiting = self.waiting
        ids = {node.id for node in waiting}
        used = list(dict.fromkeys([node.id for node in users if node.id in ids]))
        tail = [node.id for node in waiting[len(waiting) - len(used) :]]
        self._flush(len(waiting) - len(used) if tail == used else len(waiting))
        for node in waiting:
            self.names[node.id] = scalar_text(node.attrs[0])
        waiting.clear()

    def _flush(self, count: int) -> None:
        """Give lines of their own to the first `count` waiting constants."""
        for node in self.waiting[:count]:
            self._declare(node)
        del self.waiting[:count]

    def _declare(self, node: Node) -> None:
        comment = self._comment(node) if self.origins else ""
        elements = array_text(node.attrs[0])
        self.lines.append(f"  %{node.id}: {self._type(node)} = const {elements}{comment}")

    def _return(self) -> None:
        graph = self.graph
        results = [
            self.names[node.id] + symmetry_text(symmetry)
            for node, symmetry in zip(graph.outputs, graph.symmetry, strict=True)
        ]
        self.lines.append(f"  return {nested(graph.tree, results)}{order_text(graph.tree)}")
