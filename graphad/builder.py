"""Building graphs: an arena that shares equal nodes, and values with operators over it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from graphad.constant import Constant
from graphad.errors import GraphError
from graphad.ir import CONST, INPUT, NOWHERE, Graph, Node, Origin, Symmetry, Tree
from graphad.op import Array, Attrs, Number, Op, Operand
from graphad.types import Type

G = TypeVar("G", bound=Graph)


class Value(Operand):
    """A node together with the builder that it belongs to."""

    __slots__ = ("builder", "node")

    def __init__(self, builder: Builder, node: Node) -> None:
        self.builder = builder
        self.node = node

    @property
    def type(self) -> Type:
        """Shape and dtype."""
        return self.node.type

    def emit(self, op: Op, args: tuple[Operand | Number | Array, ...], attrs: Attrs) -> Value:
        """Emit `op` in this value's builder; numbers among `args` become constants."""
        builder = self.builder
        nodes = []
        for arg in args:
            if type(arg) is not Value or arg.builder is not builder:
                return Value(builder, builder.emit(op, self._lifted(args), attrs))
            nodes.append(arg.node)
        return Value(builder, builder.emit(op, tuple(nodes), attrs))

    def _lifted(self, args: tuple[Operand | Number | Array, ...]) -> tuple[Node, ...]:
        """Nodes of the arguments; a number takes the dtype of a value that is not a condition."""
        values = [arg for arg in args if isinstance(arg, Value) and arg.type.dtype.kind != "b"]
        like = values[0] if values else self
        return tuple([self.builder.lift(arg, like) for arg in args])

    def __repr__(self) -> str:
        return f"<value {self.node!r}>"


class Builder:
    """An arena under construction: equal (op, operands, attributes) are one node.

    Examples
    --------
    >>> from graphad.ops.exponential import exp
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> (exp(x)).node is (exp(x)).node
    True
    >>> len(b.finish("f", [exp(x) * x]))
    3
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.origins: list[Origin] = []
        self.origin: Origin = NOWHERE
        # Two levels, so that the inner key is the node's own tuple of operands (or attributes): a
        # third of the memory that one table with keys of three would take.
        self._tables: dict[object, dict[tuple[Any, ...], Node]] = {}
        self._derived: dict[tuple[Origin, str, str, int], Origin] = {}

    def emit(self, op: Op, inputs: tuple[Node, ...], attrs: Attrs = ()) -> Node:
        """Return the node of `op` on `inputs`: the one that is there, or a new one.

        Raises
        ------
        TypeRuleError
            If the op does not take operands of these types.
        """
        table = self._table(op, inputs, attrs)
        key = inputs or attrs
        node = table.get(key)
        if node is None:
            inferred = op.infer([operand.type for operand in inputs], attrs)
            node = Node(len(self.nodes), op, inputs, attrs, inferred)
            self.nodes.append(node)
            self.origins.append(self.origin)
            table[key] = node
        return node

    def _table(self, op: Op, inputs: tuple[Node, ...], attrs: Attrs) -> dict[tuple[Any, ...], Node]:
        outer = (op, attrs) if inputs and attrs else op
        table = self._tables.get(outer)
        if table is None:
            table = self._tables[outer] = {}
        return table

    def has(self, op: Op, inputs: tuple[Node, ...], attrs: Attrs = ()) -> bool:
        """Whether the node of `op` on `inputs` is there already."""
        return (inputs or attrs) in self._table(op, inputs, attrs)

    def value(self, node: Node) -> Value:
        """Return a node of this builder as a value with operators."""
        return Value(self, node)

    def input(self, name: str, type: Type) -> Value:
        """Add an input."""
        return Value(self, self.emit(INPUT, (), (name, type)))

    def constant(self, value: object) -> Value:
        """Return a constant; its dtype is that of ``np.array(value)``."""
        constant = value if isinstance(value, Constant) else Constant(value)
        return Value(self, self.emit(CONST, (), (constant,)))

    def lift(self, arg: Operand | Number | Array, like: Operand) -> Node:
        """Return the node of a value, or of a number in the dtype it takes beside `like`.

        Raises
        ------
        GraphError
            If `arg` is a value of another graph.
        """
        if isinstance(arg, Value):
            if arg.builder is self:
                return arg.node
            raise GraphError(f"{arg.node!r} belongs to another graph; call that graph instead")
        if isinstance(arg, Operand):
            raise GraphError(f"{arg!r} is not a value of a graph")
        if isinstance(arg, np.ndarray | np.generic):
            return self.constant(arg).node
        return self.constant(np.asarray(arg, dtype=np.result_type(like.type.dtype, arg))).node

    def derive(self, origin: Origin, rewrite: str, rule: str = "", raised: int = 0) -> Origin:
        """Return `origin` after a rewrite that raised the derivative's order by `raised`."""
        key = (origin, rewrite, rule, raised)
        found = self._derived.get(key)
        if found is None:
            found = origin._replace(rewrite=rewrite, rule=rule, order=origin.order + raised)
            self._derived[key] = found
        return found

    def finish(
        self,
        name: str,
        outputs: Sequence[Operand | Node],
        tree: Tree | None = None,
        symmetry: Sequence[Symmetry] | None = None,
        *,
        make: type[G] = Graph,  # type: ignore[assignment]
    ) -> G:
        """Return the graph of `outputs`: live nodes only, renumbered; the builder is spent.

        Inputs come first, in the order they were added, and each constant right before its first
        use, so that the order is a function of the graph.

        Parameters
        ----------
        name : str
            Name of the graph.
        outputs : sequence of Operand or Node
            Results, all of this builder.
        tree : Tree, optional
            How results nest; one result alone, or a flat tuple, if not given.
        symmetry : sequence of Symmetry, optional
            For each result, which axes may be interchanged; none if not given.
        make : type
            The class of the graph, `Graph` or one of its own.

        Raises
        ------
        GraphError
            If a result is a node of another builder.
        """
        roots = [self._own(output) for output in outputs]
        live = _marked(self.nodes, roots)
        # What is not needed any more is let go of as early as may be: for millions of nodes the
        # tables alone are a quarter of the memory.
        self._tables.clear()
        inputs = tuple([node for node in self.nodes if node.op is INPUT])
        ordered = self._order(inputs, roots, live)
        self.nodes, origins, self.origins = [], self.origins, []
        kept_origins = tuple([origins[node.id] for node in ordered])
        del origins
        for position, node in enumerate(ordered):
            node.id = position
        if tree is None:
            tree = 0 if len(roots) == 1 else tuple(range(len(roots)))
        groups = tuple(symmetry) if symmetry is not None else ((),) * len(roots)
        return make(name, tuple(ordered), inputs, tuple(roots), tree, groups, kept_origins)

    def _order(self, inputs: tuple[Node, ...], roots: list[Node], live: bytearray) -> list[Node]:
        ordered = list(inputs)
        for node in self.nodes:
            if not live[node.id] or node.op is CONST or node.op is INPUT:
                continue
            for operand in node.inputs:
                if operand.op is CONST and live[operand.id]:
                    live[operand.id] = 0
                    ordered.append(operand)
            ordered.append(node)
        for root in roots:
            if root.op is CONST and live[root.id]:
                live[root.id] = 0
                ordered.append(root)
        return ordered

    def _own(self, output: Operand | Node) -> Node:
        node = output.node if isinstance(output, Value) else output
        if isinstance(node, Node) and node.id < len(self.nodes) and self.nodes[node.id] is node:
            return node
        raise GraphError(f"{output!r} is not a value of the graph that is being built")


@contextmanager
def paused_gc() -> Iterator[None]:
    """Pause the cyclic garbage collector, which would walk a growing arena again and again."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


Rule = Callable[[Builder, Node, tuple[Node, ...]], Node | None]
"""Gives the node that stands for an old node with these new operands; ``None`` to copy it."""


def rebuild(graph: G, rule: Rule) -> G:
    """Copy the live part of a graph into a fresh arena, offering each node to `rule`.

    Sharing and the removal of dead code come with it. Arena order is topological, so nothing
    recurses, and operands are rewritten before their users.

    Parameters
    ----------
    graph : Graph
        The graph to copy; it is left as it is.
    rule : Rule
        Called with the new builder, the old node and its new operands. `builder.origin` is that of
        the old node; a rule that makes something else sets it to `builder.derive` of it.

    Returns
    -------
    Graph
        Of the same class, name, outputs' nesting and symmetry.
    """
    with paused_gc():
        builder = Builder()
        fresh = copy_nodes(builder, graph, rule)
        outputs = [fresh[node.id] for node in graph.outputs]
        del fresh
        made = builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))
        if made == graph:  # nothing changed: one graph in memory, not two
            return graph
        made.carry(graph)
        return made


def copy_nodes(
    builder: Builder,
    graph: Graph,
    rule: Rule | None = None,
    given: dict[int, Node] | None = None,
) -> list[Any]:
    """Copy live nodes into `builder` and return the new node of each old id (None for dead ones).

    Parameters
    ----------
    builder : Builder
        Where the copies go.
    graph : Graph
        The graph to copy.
    rule : Rule, optional
        Offered each node; see `rebuild`.
    given : dict of int to Node, optional
        Nodes of `builder` that stand for nodes of `graph`, by id, such as its inputs.
    """
    fresh: list[Any] = [None] * len(graph.nodes)
    if given:
        for id, node in given.items():
            fresh[id] = node
    live = live_marks(graph)
    origins = graph.origins
    emit = builder.emit
    for node in graph.nodes:
        id = node.id
        if not live[id] or fresh[id] is not None:
            continue
        operands = tuple([fresh[operand.id] for operand in node.inputs])
        builder.origin = origins[id]
        made = None if rule is None else rule(builder, node, operands)
        if made is None:
            made = emit(node.op, operands, node.attrs)
        fresh[id] = made
    return fresh


def live_marks(graph: Graph) -> bytearray:
    """Mark the nodes that outputs depend on, and all inputs."""
    return _marked(graph.nodes, (*graph.inputs, *graph.outputs))


def _marked(nodes: Sequence[Node], roots: Sequence[Node]) -> bytearray:
    """Mark `roots`, and the nodes of an arena that they depend on."""
    live = bytearray(len(nodes))
    for node in roots:
        live[node.id] = 1
    for node in reversed(nodes):
        if live[node.id]:
            for operand in node.inputs:
                live[operand.id] = 1
    return live
