"""What a derivative is by: inputs, structures of inputs, or parts of them, by name or position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from graphad.builder import Builder, G, copy_nodes
from graphad.errors import DerivativeError
from graphad.ir import Graph
from graphad.parts import named_parts, plain_name, subtrees
from graphad.structures import Tree, graft, kinds, leaves, without_statics

Wrt: TypeAlias = str | int | Sequence[str | int] | None


class Selection(NamedTuple):
    """Inputs that a derivative is by.

    Parameters
    ----------
    names : tuple of str
        Of the inputs.
    tree : Tree
        How the blocks of a derivative nest: positions in `names`.
    """

    names: tuple[str, ...]
    tree: Tree

    @property
    def opened(self) -> Tree:
        """How they nest where one alone is not in a tuple."""
        return 0 if self.tree == (0,) else self.tree


def select(graph: Graph, wrt: Wrt) -> Selection:
    """Return what `wrt` says.

    Parameters
    ----------
    graph : Graph
        The function.
    wrt : str, int, or a sequence of them, optional
        Names or positions of what the graph is called with; ``"params.w"`` or ``"params['w']"`` is
        a part of a structure. All if not given.

    Raises
    ------
    DerivativeError
        If there is no such position, no such part, or nothing in it that has derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> from graphad.tracing.trace import trace_function
    >>> g = trace_function(lambda p, x: p["w"] * x, [{"w": np.zeros(2), "b": 0.0}])
    >>> select(g, "p")
    Selection(names=('p.b', 'p.w'), tree=<dict (0, 1)>)
    >>> select(g, ["p['w']", "x"])
    Selection(names=('p.w', 'x'), tree=(0, 1))
    """
    if wrt is None:
        trees = [one.tree for one in graph.parameters]
        return _selection(graph, trees[0] if len(trees) == 1 else tuple(trees))
    if isinstance(wrt, str | int | np.integer):
        return _selection(graph, _part(graph, wrt))
    if not isinstance(wrt, Sequence):
        raise DerivativeError(f"wrt is names or positions of inputs, and not {wrt!r}")
    return _selection(graph, tuple([_part(graph, item) for item in wrt]))


def _selection(graph: Graph, tree: Tree) -> Selection:
    tree = without_statics(tree)
    order = list(leaves(tree))
    count = iter(range(len(order)))
    return Selection(
        tuple([graph.input_names[i] for i in order]), graft(tree, lambda _: next(count))
    )


def _part(graph: Graph, item: object) -> Tree:
    parameters = graph.parameters
    if isinstance(item, int | np.integer):
        if not -len(parameters) <= item < len(parameters):
            raise DerivativeError(
                f"there is no input {item} to differentiate by; inputs: {_listed(graph)}"
            )
        return parameters[int(item)].tree
    if not isinstance(item, str):
        raise DerivativeError(f"wrt is names or positions of inputs, and not {item!r}")
    if item in graph.input_names:
        return graph.input_names.index(item)
    parts = {path: tree for one in parameters for path, tree in subtrees(one.name, one.tree)}
    found = parts.get(plain_name(item))
    if found is None:
        raise DerivativeError(
            f"there is no input {item!r} to differentiate by; inputs: {_listed(graph)}"
        )
    if next(leaves(found), None) is None:
        raise DerivativeError(
            f"{item} has no derivative: it is fixed, and holds no floating numbers"
        )
    return found


def _listed(graph: Graph) -> str:
    return ", ".join(graph.input_names) or "none"


def with_tree(graph: G, tree: Tree) -> G:
    """Return a graph with its outputs nested in another way."""
    made = type(graph)(
        graph.name,
        graph.nodes,
        graph.inputs,
        graph.outputs,
        tree,
        graph.symmetry,
        graph.origins,
    )
    made.carry(graph)
    return made


def with_cotangents(graph: G, function: Graph) -> G:
    """Return a graph whose last inputs are cotangents of a function's outputs, as one structure.

    Nothing changes if the outputs are no structure but a value or a tuple.
    """
    tree, count = function.tree, len(function.outputs)
    if next(kinds(tree), None) is None or list(leaves(tree)) != list(range(count)):
        return graph
    first = len(graph.inputs) - count
    names = named_parts("ct", tree)
    builder = Builder()
    given = {
        node.id: builder.input(names[i - first] if i >= first else node.attrs[0], node.type).node
        for i, node in enumerate(graph.inputs)
    }
    fresh = copy_nodes(builder, graph, given=given)
    outputs = [fresh[node.id] for node in graph.outputs]
    return builder.finish(graph.name, outputs, graph.tree, graph.symmetry, make=type(graph))
