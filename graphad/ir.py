"""The graph: nodes in an arena, and the value that a traced function is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import networkx as nx

from graphad.errors import GraphError
from graphad.op import OPS, Attrs, Op
from graphad.parts import InputName
from graphad.structures import Tree, graft, leaves, map_tree
from graphad.types import Type

__all__ = [
    "CONST",
    "INPUT",
    "NOWHERE",
    "Graph",
    "Node",
    "Origin",
    "Parameter",
    "Symmetry",
    "Tree",
    "leaves",
    "map_tree",
    "verify",
]

Symmetry: TypeAlias = tuple[tuple[tuple[int, ...], ...], ...]
"""Groups of interchangeable axis blocks: ``(((0,), (1,)),)`` says that axes 0 and 1 may be swapped;
``(((0, 1), (2, 3)),)`` that the pair (0, 1) may be swapped with the pair (2, 3)."""


def _input_evaluate(*args: Any) -> Any:
    raise GraphError("an input has no value of its own")


INPUT = OPS.enter(
    Op(
        "input",
        lambda types, attrs: attrs[1],
        _input_evaluate,
        attrs=("name", "type"),
        arity=0,
        cost=lambda types, out, attrs: 0,
        identity="a value from outside",
    )
)
CONST = OPS.enter(
    Op(
        "const",
        lambda types, attrs: attrs[0].type,
        lambda constant: constant.array,
        attrs=("value",),
        arity=0,
        cost=lambda types, out, attrs: 0,
        identity="a value that is fixed",
    )
)


class Origin(NamedTuple):
    """Where a node came from; takes no part in equality.

    `file` and `line` are the user's; `rewrite` is the pass, `rule` the rule in it, and `order` the
    order of the derivative that the node was made for.
    """

    file: str = ""
    line: int = 0
    rewrite: str = "trace"
    rule: str = ""
    order: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file else "?"
        rule = f"/{self.rule}" if self.rule else ""
        return f"{place} {self.rewrite}{rule} order {self.order}"


NOWHERE = Origin()
"""The origin of a node about which nothing is known."""


class Node:
    """One operation of a graph: identity is equality, and ids rise along the arena."""

    __slots__ = ("attrs", "id", "inputs", "op", "type")

    id: int
    op: Op
    inputs: tuple[Node, ...]
    attrs: Attrs
    type: Type

    def __init__(self, id: int, op: Op, inputs: tuple[Node, ...], attrs: Attrs, type: Type) -> None:
        self.id = id
        self.op = op
        self.inputs = inputs
        self.attrs = attrs
        self.type = type

    def attr(self, name: str) -> Any:
        """Return one attribute by name."""
        return self.attrs[self.op.attrs.index(name)]

    def __repr__(self) -> str:
        operands = " ".join(f"%{node.id}" for node in self.inputs)
        return f"<%{self.id}: {self.type} = {self.op.name} {operands}>"


class Parameter(NamedTuple):
    """What a graph is called with: its name, and the tree of the inputs that it is taken apart to.

    The tree's leaves are positions of inputs; one that is no structure is a position alone.
    """

    name: str
    tree: Tree


class Graph:
    """A function as a value: nodes in topological order, inputs and outputs.

    Graphs are made by `graphad.builder.Builder` and never change.

    Parameters
    ----------
    name : str
        For the reader.
    nodes : tuple of Node
        The arena; operands stand before the nodes that use them.
    inputs, outputs : tuple of Node
        In the order of the parameters and of the results.
    tree : Tree
        How the outputs nest.
    symmetry : tuple of Symmetry
        For each output, axes that may be interchanged.
    origins : sequence of Origin
        For each node, where it came from. No part of equality.
    """

    def __init__(
        self,
        name: str,
        nodes: tuple[Node, ...],
        inputs: tuple[Node, ...],
        outputs: tuple[Node, ...],
        tree: Tree,
        symmetry: tuple[Symmetry, ...],
        origins: Sequence[Origin],
    ) -> None:
        self.name = name
        self.nodes = nodes
        self.inputs = inputs
        self.outputs = outputs
        self.tree = tree
        self.symmetry = symmetry
        self.origins = origins
        self._cache: dict[Any, Any] = {}

    def carry(self, source: Graph) -> None:
        """Take over what a subclass knows of `source`, of which this graph is a rewriting."""

    def __len__(self) -> int:
        """Return the number of nodes, inputs and constants among them."""
        return len(self.nodes)

    def origin(self, node: Node) -> Origin:
        """Return where a node of this graph came from."""
        return self.origins[node.id]

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs, in order."""
        return tuple(node.attrs[0] for node in self.inputs)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What the graph is called with: inputs, or structures that hold several."""
        found: tuple[Parameter, ...] | None = self._cache.get("parameters")
        if found is None:
            found = self._cache["parameters"] = _parameters(self.input_names)
        return found

    def use_counts(self) -> list[int]:
        """Return for each node how often it is used, as an operand or an output."""
        counts = [0] * len(self.nodes)
        for node in self.nodes:
            for operand in node.inputs:
                counts[operand.id] += 1
        for node in self.outputs:
            counts[node.id] += 1
        return counts

    def _table(self) -> Iterator[tuple[Any, ...]]:
        for node in self.nodes:
            yield node.op, tuple([operand.id for operand in node.inputs]), node.attrs, node.type

    def __eq__(self, other: object) -> bool:
        """Whether both are the same nodes in the same order, with the same inputs and outputs."""
        if not isinstance(other, Graph):
            return NotImplemented
        return (
            len(self.nodes) == len(other.nodes)
            and self.name == other.name
            and self.tree == other.tree
            and self.parameters == other.parameters
            and self.symmetry == other.symmetry
            and [node.id for node in self.inputs] == [node.id for node in other.inputs]
            and [node.id for node in self.outputs] == [node.id for node in other.outputs]
            and all(a == b for a, b in zip(self._table(), other._table(), strict=True))
        )

    def __hash__(self) -> int:
        if "hash" not in self._cache:
            ids = tuple(node.id for node in self.outputs)
            self._cache["hash"] = hash((self.name, ids, tuple(self._table())))
        value: int = self._cache["hash"]
        return value

    def __repr__(self) -> str:
        inputs = ", ".join(f"%{node.attrs[0]}: {node.type}" for node in self.inputs)
        outputs = ", ".join(str(node.type) for node in self.outputs)
        return f"<graph {self.name}({inputs}) -> ({outputs}), {len(self.nodes)} nodes>"

    def to_networkx(self) -> nx.MultiDiGraph[int]:
        """Return the graph as a networkx ``MultiDiGraph``.

        A node is its id, with the attributes ``op``, ``attrs`` and ``type``; an edge goes from an
        operand to its user, with the operand's ``position``, so that ``x * x`` has two edges.

        Returns
        -------
        networkx.MultiDiGraph
        """
        view: nx.MultiDiGraph[int] = nx.MultiDiGraph(name=self.name)
        for node in self.nodes:
            view.add_node(node.id, op=node.op.name, attrs=node.attrs, type=node.type)
        for node in self.nodes:
            for position, operand in enumerate(node.inputs):
                view.add_edge(operand.id, node.id, position=position)
        return view


def _parameters(names: Sequence[str]) -> tuple[Parameter, ...]:
    """Return the parameters that inputs of these names are the parts of, if all parts are there."""
    made: list[Parameter] = []
    position = 0
    while position < len(names):
        name = names[position]
        count = 1
        if isinstance(name, InputName) and name.names == tuple(
            names[position : position + len(name.names)]
        ):
            count = len(name.names)
            own = range(position, position + count)
            made.append(Parameter(name.parameter, graft(name.tree, own)))
        else:
            made.append(Parameter(str(name), position))
        position += count
    return tuple(made)


def verify(graph: Graph) -> Graph:
    """Check that a graph is well formed, and return it.

    Raises
    ------
    GraphError
        If ids do not rise along the arena, an operand is foreign or stands after its user, a type
        is not what the op's rule gives, or inputs, outputs and tree do not fit together.
    """
    nodes = graph.nodes
    for position, node in enumerate(nodes):
        if node.id != position:
            raise GraphError(f"{node!r} stands at position {position} of the arena")
        if node.op.arity is not None and node.op.arity != len(node.inputs):
            raise GraphError(f"{node!r} has {len(node.inputs)} operands, not {node.op.arity}")
        for operand in node.inputs:
            if not (0 <= operand.id < position and nodes[operand.id] is operand):
                raise GraphError(f"{node!r} uses {operand!r}, which is not before it in the graph")
        if len(node.attrs) != len(node.op.attrs):
            raise GraphError(f"{node!r} has attributes {node.attrs}, not {node.op.attrs}")
        expected = node.op.infer([operand.type for operand in node.inputs], node.attrs)
        if expected != node.type:
            raise GraphError(f"{node!r} should have the type {expected}")
    found = tuple(node for node in nodes if node.op is INPUT)
    if set(found) != set(graph.inputs) or len(found) != len(graph.inputs):
        raise GraphError(f"inputs of {graph!r} are not the input nodes of its arena")
    if len(set(graph.input_names)) != len(graph.inputs):
        raise GraphError(f"two inputs of {graph!r} have the same name")
    for node in graph.outputs:
        if not (0 <= node.id < len(nodes) and nodes[node.id] is node):
            raise GraphError(f"output {node!r} is not a node of {graph!r}")
    if sorted(leaves(graph.tree)) != list(range(len(graph.outputs))):
        raise GraphError(f"the tree {graph.tree} does not name each output of {graph!r} once")
    if len(graph.symmetry) != len(graph.outputs):
        raise GraphError(f"{graph!r} has symmetries for {len(graph.symmetry)} outputs")
    if len(graph.origins) != len(nodes):
        raise GraphError(f"{graph!r} has origins for {len(graph.origins)} nodes")
    return graph
