"""How much work a graph is: operations, nodes, depth, and values held at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graphad.ir import CONST, INPUT, Graph, Node


@dataclass(frozen=True)
class Cost:
    """The work of a graph, by the rule that `cost` states.

    Parameters
    ----------
    total : int
        Scalar operations.
    by_op : dict of str to int
        Scalar operations of each op, the dearest first.
    uses : dict of str to int
        Nodes of each op, in the same order.
    nodes : int
        All nodes, inputs and constants among them.
    depth : int
        Ops on the longest way from an input to an output.
    peak_live : int
        Elements held at a time, at most, while nodes are evaluated in order.
    """

    total: int
    by_op: dict[str, int]
    nodes: int
    depth: int
    peak_live: int
    uses: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return a table, one line for each op."""
        width = max([len(name) for name in self.by_op] + [len("total")])
        rows = [("op", "nodes", "operations")]
        rows += [(name, f"{self.uses[name]:,}", f"{n:,}") for name, n in self.by_op.items()]
        rows += [("total", f"{self.nodes:,}", f"{self.total:,}")]
        lines = [f"{name:<{width}} {nodes:>9} {count:>13}" for name, nodes, count in rows]
        return "\n".join([*lines, f"depth {self.depth:,}, peak {self.peak_live:,} elements"])


def cost(graph: Graph) -> Cost:
    """Return how much work a graph is.

    Counted are scalar operations: an addition, subtraction, multiplication, division or comparison
    of two numbers is 1, a sum or product of n numbers n - 1, an integer power the multiplications
    of its chain of squares, an elementary function 1; a negation, a constant and a copy (a reshape,
    a slice, a broadcast, …) are 0. An op on arrays counts for each element. Every node counts once,
    however often its value is used.

    Parameters
    ----------
    graph : Graph
        Any graph.

    Returns
    -------
    Cost

    Examples
    --------
    >>> from graphad.builder import Builder
    >>> from graphad.ops.trigonometric import sin
    >>> from graphad.types import FLOAT64
    >>> b = Builder()
    >>> x = b.input("x", FLOAT64)
    >>> print(cost(b.finish("f", [sin(x) * sin(x) + x])))
    op           nodes    operations
    add              1             1
    multiply         1             1
    sin              1             1
    total            4             3
    depth 3, peak 3 elements
    """
    operations: dict[str, int] = {}
    uses: dict[str, int] = {}
    depths = [0] * len(graph.nodes)
    for node in graph.nodes:
        if node.op is INPUT or node.op is CONST:
            continue
        name = node.op.name
        count = node.op.cost([operand.type for operand in node.inputs], node.type, node.attrs)
        operations[name] = operations.get(name, 0) + count
        uses[name] = uses.get(name, 0) + 1
        depths[node.id] = 1 + max([depths[operand.id] for operand in node.inputs], default=0)
    order = sorted(operations, key=lambda name: (-operations[name], name))
    return Cost(
        total=sum(operations.values()),
        by_op={name: operations[name] for name in order},
        nodes=len(graph.nodes),
        depth=max([depths[node.id] for node in graph.outputs], default=0),
        peak_live=peak_live(graph),
        uses={name: uses[name] for name in order},
    )


def operations(graph: Graph) -> int:
    """Return the scalar operations of a graph, by the rule that `cost` states."""
    return sum(
        [
            node.op.cost([operand.type for operand in node.inputs], node.type, node.attrs)
            for node in graph.nodes
        ]
    )


def peak_live(graph: Graph, order: Sequence[Node] | None = None) -> int:
    """Return how many elements are held at a time, at most, while nodes are evaluated in order.

    An input or a result is held until its last use, an output to the end; constants do not count.
    While a node is evaluated, its operands and its result are held.

    Parameters
    ----------
    graph : Graph
        What is evaluated.
    order : sequence of Node, optional
        The nodes that outputs depend on, operands before their users; that of the graph if not
        given.
    """
    last = last_uses(graph)
    nodes = [node for node in order or graph.nodes if last[node.id] >= 0]
    waiting = [0] * len(graph.nodes)
    for node in nodes:
        for operand in node.inputs:
            waiting[operand.id] += 1
    for node in graph.outputs:
        waiting[node.id] += 1
    held = peak = sum(node.type.size for node in graph.inputs)
    for node in nodes:
        if node.op is INPUT or node.op is CONST:
            continue
        held += node.type.size
        peak = max(peak, held)
        for operand in node.inputs:
            waiting[operand.id] -= 1
            if waiting[operand.id] == 0 and operand.op is not CONST:
                held -= operand.type.size
    return peak


def last_uses(graph: Graph) -> list[int]:
    """Return for each node the last one that uses it, past the end for outputs, -1 if none does."""
    end = len(graph.nodes)
    last = [-1] * end
    for node in graph.outputs:
        last[node.id] = end
    for node in reversed(graph.nodes):
        if last[node.id] >= 0:
            for operand in node.inputs:
                if last[operand.id] < 0:
                    last[operand.id] = node.id
    return last
