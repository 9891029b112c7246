"""Jacobians: tangents or cotangents seeded with the identity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from graphad.builder import Builder, G, copy_nodes, paused_gc
from graphad.errors import DerivativeError
from graphad.evaluate.batching import batch_graph
from graphad.ir import Graph, Node, Origin, Symmetry, Tree, leaves
from graphad.op import Operand
from graphad.ops import OPS
from graphad.ops.movement import permute
from graphad.passes.jvp import checked_input, jvp, named, shifted
from graphad.passes.pipeline import graph_pass
from graphad.passes.transpose import transpose
from graphad.structures import graft
from graphad.types import DTYPE_NAMES, Type

Axes: TypeAlias = tuple[tuple[str, int], ...]
MODES = ("auto", "forward", "reverse")


@dataclass(frozen=True, slots=True)
class Leaf:
    """What an output of a derivative graph is: D^k of an output of the base graph.

    Parameters
    ----------
    base : int
        Position of the output of the base graph.
    ndim : int
        Number of its axes, which come first.
    by : tuple of (str, int)
        For each derivative the input and the number of its axes, in order.
    """

    base: int
    ndim: int
    by: Axes = ()

    def blocks(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return for each derivative its input and the axes of the output that belong to it."""
        found = []
        start = self.ndim
        for name, ndim in self.by:
            found.append((name, tuple(range(start, start + ndim))))
            start += ndim
        return found

    def symmetry(self, kept: Symmetry = ()) -> Symmetry:
        """Return the groups of axes that may be interchanged: derivatives by the same input."""
        groups: dict[str, list[tuple[int, ...]]] = {}
        for name, axes in self.blocks():
            if axes:
                groups.setdefault(name, []).append(axes)
        base = tuple(
            group for group in kept if all(axis < self.ndim for block in group for axis in block)
        )
        return base + tuple(tuple(group) for group in groups.values() if len(group) > 1)


def turns_complex(graph: Graph, names: Sequence[str]) -> bool:
    """Whether an output is complex and one of the inputs `names` is real."""
    real = any(not node.type.is_complex for node in graph.inputs if node.attrs[0] in names)
    return real and any(node.type.is_complex for node in graph.outputs)


def choose_mode(graph: Graph, names: Sequence[str]) -> tuple[str, str]:
    """Return ``"forward"`` for tall and square Jacobians, ``"reverse"`` for wide ones; and why.

    Complex outputs of real inputs take ``"forward"``: a cotangent of a real input would be real.
    So do loops without a bound on their steps.
    """
    if has_open_loop(graph):
        return "forward", "a while_loop without max_steps"
    if turns_complex(graph, names):
        return "forward", "a complex output of a real input"
    columns = sum(node.type.size for node in graph.inputs if node.attrs[0] in names)
    rows = sum(node.type.size for node in graph.outputs)
    if columns > rows:
        return "reverse", f"{columns} input elements > {rows} output elements"
    return "forward", f"{columns} input elements <= {rows} output elements"


def has_open_loop(graph: Graph) -> bool:
    """Return whether there is a loop of any number of steps, also in graphs that ops hold."""
    stack = [graph]
    while stack:
        for node in stack.pop().nodes:
            if node.op.interpret is not None:
                if node.op.name == "while_loop":
                    return True
                stack.extend(attr for attr in node.attrs if isinstance(attr, Graph))
    return False


@graph_pass(preserves=False)
def diff(
    graph: G,
    wrt: str | Sequence[str] | None = None,
    mode: str = "auto",
    history: Sequence[Leaf] | None = None,
) -> G:
    """Return the graph of the derivative; see `differentiate`, which also gives its history."""
    return differentiate(graph, wrt, mode, history)[0]


def differentiate(
    graph: G,
    wrt: str | Sequence[str] | None = None,
    mode: str = "auto",
    history: Sequence[Leaf] | None = None,
    tree: Tree | None = None,
) -> tuple[G, tuple[Leaf, ...]]:
    """Return the graph of the derivative, and what each of its outputs is.

    Identities: forward, ``J = f'(x)·I`` column by column; reverse, ``J = (f'(x)ᵀ·I)ᵀ`` row by row,
    with the identity as one batch of tangents or cotangents.

    Parameters
    ----------
    graph : Graph
        The function.
    wrt : str or sequence of str, optional
        Inputs to differentiate by. One name gives one block for each output; several, and ``None``
        for a graph of several inputs, a tuple of blocks.
    mode : {"auto", "forward", "reverse"}
        ``"auto"`` takes reverse if there are more inputs than outputs, else forward.
    history : sequence of Leaf, optional
        What the outputs of `graph` are, if it is a derivative itself; then mixed blocks that are
        there already are transposed instead of derived again.
    tree : Tree, optional
        How the blocks of one output nest: positions in `wrt`. Flat if not given.

    Returns
    -------
    graph : Graph
        Outputs of shape out.shape + in.shape.
    history : tuple of Leaf
        For each of its outputs.

    Raises
    ------
    DerivativeError
        If an input is not there, or an input or output is not floating point.
    """
    names = named(graph, wrt)
    nested: Tree = tuple(range(len(names))) if tree is None else tree
    if tree is None and (isinstance(wrt, str) or (wrt is None and len(names) == 1)):
        nested = 0
    by_name = {node.attrs[0]: node for node in graph.inputs}
    inputs = [checked_input(by_name, name) for name in names]
    _check_outputs(graph)
    if mode not in MODES:
        raise DerivativeError(f"there is no mode {mode!r}; modes: {', '.join(MODES)}")
    if mode == "auto":
        mode, _ = choose_mode(graph, names)
    if mode == "reverse":
        check_reverse(graph, names)
    known = history or [Leaf(i, node.type.ndim) for i, node in enumerate(graph.outputs)]
    wanted = [
        (row, column, Leaf(leaf.base, leaf.ndim, (*leaf.by, (name, node.type.ndim))))
        for row, leaf in enumerate(known)
        for column, (name, node) in enumerate(zip(names, inputs, strict=True))
    ]
    first: dict[tuple[int, tuple[str, ...]], Leaf] = {}
    derived = []
    for row, column, leaf in wanted:
        key = leaf.base, tuple(sorted(name for name, _ in leaf.by))
        if first.setdefault(key, leaf) is leaf:
            derived.append((row, column))
    with paused_gc():
        builder = Builder()
        given = {node.attrs[0]: builder.input(*node.attrs).node for node in graph.inputs}
        blocks = _blocks(builder, graph, names, mode, derived, given)
        order = max((origin.order for origin in builder.origins), default=0)
        builder.origin = Origin(rewrite="diff", rule="axes", order=order)
        made: dict[Leaf, Operand] = {}
        outputs: list[Operand] = []
        for row, column, leaf in wanted:
            key = leaf.base, tuple(sorted(name for name, _ in leaf.by))
            source = first[key]
            if source is leaf:
                made[leaf] = blocks[row, column]
            outputs.append(_rearranged(made[source], source, leaf))
        outer = _derivative_tree(graph.tree, len(names), nested)
        leaves_made = tuple(leaf for _, _, leaf in wanted)
        symmetry = [leaf.symmetry(graph.symmetry[row]) for row, _, leaf in wanted]
        result = builder.finish(graph.name, outputs, outer, symmetry, make=type(graph))
    return result, leaves_made


def check_reverse(graph: Graph, names: Sequence[str]) -> None:
    """Refuse reverse mode from complex outputs to real inputs.

    Raises
    ------
    DerivativeError
        Since a cotangent of a real input is real, and would lose the imaginary part.
    """
    if turns_complex(graph, names):
        raise DerivativeError(
            f"reverse mode from a complex output of {graph.name} to a real input would lose the "
            'imaginary part; use mode="forward" or jvp, or differentiate real and imaginary parts'
        )


def _check_outputs(graph: Graph) -> None:
    for i, node in enumerate(graph.outputs):
        if not node.type.is_inexact:
            which = f"output {i}" if len(graph.outputs) > 1 else "the output"
            raise DerivativeError(
                f"{which} of {graph.name} is {node.type}: only floating-point outputs have "
                "derivatives; return it apart from what is to be differentiated"
            )


def _derivative_tree(tree: Tree, count: int, inner: Tree) -> Tree:
    """Return a tree with the blocks of each output, `count` of them, nested as `inner`."""
    return graft(tree, lambda row: shifted(inner, row * count))


def _rearranged(block: Operand, source: Leaf, leaf: Leaf) -> Operand:
    """Return `block`, which is the derivative `source`, with its axes in the order of `leaf`."""
    if source.by == leaf.by:
        return block
    left = source.blocks()
    axes = list(range(leaf.ndim))
    for name, _ in leaf.by:
        position = next(i for i, (other, _) in enumerate(left) if other == name)
        axes.extend(left.pop(position)[1])
    return permute(block, tuple(axes))


Cells: TypeAlias = dict[tuple[int, int], Operand]


def _blocks(
    builder: Builder,
    graph: Graph,
    names: Sequence[str],
    mode: str,
    wanted: Sequence[tuple[int, int]],
    given: dict[str, Node],
) -> Cells:
    """Emit the wanted (output, input) blocks."""
    cells: Cells = {}
    if mode == "forward":
        for column, name in enumerate(names):
            rows = [row for row, other in wanted if other == column]
            for row, block in zip(rows, _columns(builder, graph, name, rows, given), strict=True):
                cells[row, column] = block
        return cells
    for row in range(len(graph.outputs)):
        columns = [column for other, column in wanted if other == row]
        by = [names[column] for column in columns]
        for column, block in zip(columns, _rows(builder, graph, row, by, given), strict=True):
            cells[row, column] = block
    return cells


def _columns(
    builder: Builder, graph: Graph, name: str, rows: Sequence[int], given: dict[str, Node]
) -> Iterator[Operand]:
    """Forward mode: the derivative of outputs `rows` by one input."""
    if not rows:
        return
    pushed = jvp(selected(graph, rows), (name,), values=False)
    seed = pushed.inputs[-1]
    lead = seed.type.shape
    results = _seeded(builder, pushed, lead, (name,), given)
    for row, result in zip(rows, results, strict=True):
        ndim = graph.outputs[row].type.ndim
        axes = (*range(len(lead), len(lead) + ndim), *range(len(lead)))
        yield permute(result, axes)


def _rows(
    builder: Builder, graph: Graph, row: int, names: Sequence[str], given: dict[str, Node]
) -> Iterator[Operand]:
    """Reverse mode: the derivative of one output by the inputs `names`."""
    if not names:
        return
    part = selected(graph, [row])
    pushed = jvp(part, names, values=False)
    tangents = [node.attrs[0] for node in pushed.inputs[len(part.inputs) :]]
    pulled = transpose(pushed, tangents)
    lead = graph.outputs[row].type.shape
    yield from _seeded(builder, pulled, lead, names, given)


def _seeded(
    builder: Builder,
    linear: Graph,
    lead: tuple[int, ...],
    names: Sequence[str],
    given: dict[str, Node],
) -> list[Operand]:
    """Inline a linear graph with its last input, batched by its own shape, set to the identity."""
    type = linear.inputs[-1].type
    if lead:
        marks = [False] * (len(linear.inputs) - 1) + [True]
        linear = batch_graph(linear, lead, marks)
    bound = {node.id: given[node.attrs[0]] for node in linear.inputs[:-1]}
    order = max((origin.order for origin in linear.origins), default=0)
    builder.origin = Origin(rewrite="diff", rule="seed", order=order)
    bound[linear.inputs[-1].id] = identity_of(builder, type)
    fresh = copy_nodes(builder, linear, given=bound)
    builder.origin = Origin(rewrite="diff", rule="axes", order=order)
    return [builder.value(fresh[node.id]) for node in linear.outputs]


def identity_of(builder: Builder, type: Type) -> Node:
    """Emit the identity on values of a type: 1 for a scalar."""
    if not type.shape:
        return builder.constant(type.dtype.type(1)).node
    return builder.emit(OPS["identity"], (), (type.shape, DTYPE_NAMES[type.dtype]))


def selected(graph: G, rows: Sequence[int]) -> G:
    """Return the graph of some of the outputs, as a flat tuple."""
    if list(rows) == list(range(len(graph.outputs))) == list(leaves(graph.tree)):
        return graph
    builder = Builder()
    fresh = copy_nodes(builder, graph)
    outputs = [fresh[graph.outputs[row].id] for row in rows]
    symmetry = [graph.symmetry[row] for row in rows]
    return builder.finish(graph.name, outputs, None, symmetry, make=type(graph))
