"""Graphs that ops hold: what depends on what, and their derivatives, transposes and batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphad.builder import Builder, Value, copy_nodes, paused_gc
from graphad.evaluate.batching import batch_graph
from graphad.ir import Graph, Node
from graphad.op import Operand
from graphad.passes.jvp import push_forward, zeros
from graphad.passes.pipeline import OPTIMIZE, Pipeline
from graphad.types import Type

Marks = Sequence[bool]
Spread = Callable[[Marks], list[bool]]
"""From marks of inputs to marks of the outputs that they reach."""


def optimized(graph: Graph) -> Graph:
    """Return a graph after the passes that derivatives go through."""
    return Pipeline(OPTIMIZE)(graph)


def settled(marks: Marks, first: int, count: int, reach: Spread) -> tuple[list[bool], list[bool]]:
    """Return marks of a body's inputs and outputs when marks have gone round the loop.

    Parameters
    ----------
    marks : sequence of bool
        For each input of the body.
    first, count : int
        Inputs from `first` on are what the loop carries: output i becomes input ``first + i``.
    reach : callable
        Marks of the outputs for marks of the inputs.
    """
    inputs = list(marks)
    while True:
        outputs = reach(inputs)
        carried = [inputs[first + i] or outputs[i] for i in range(count)]
        if carried == inputs[first : first + count]:
            return inputs, carried + outputs[count:]
        inputs[first : first + count] = carried


def dependent(graph: Graph, marks: Marks) -> list[bool]:
    """Return which outputs depend on marked inputs."""
    found = node_marks(graph, marks)
    return [bool(found[node.id]) for node in graph.outputs]


def node_marks(graph: Graph, marks: Marks) -> bytearray:
    """Mark the nodes that depend on marked inputs."""
    found = bytearray(len(graph.nodes))
    for node, mark in zip(graph.inputs, marks, strict=True):
        found[node.id] = mark
    for node in graph.nodes:
        for operand in node.inputs:
            if found[operand.id]:
                found[node.id] = 1
                break
    return found


def used_inputs(graph: Graph) -> list[bool]:
    """Return which inputs something depends on."""
    counts = graph.use_counts()
    return [counts[node.id] > 0 for node in graph.inputs]


def fresh_names(wanted: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    """Return names that are none of those taken, nor of each other."""
    known = set(taken)
    made = []
    for name in wanted:
        while name in known:
            name += "_"
        known.add(name)
        made.append(name)
    return made


# --- derivatives ---------------------------------------------------------------------------------


def moved(graph: Graph, marks: Marks) -> list[bool]:
    """Return which outputs have a tangent when marked inputs have one."""
    builder = Builder()
    with paused_gc():
        fresh = copy_nodes(builder, graph)
        tangents = _tangents(builder, graph, marks)
        return [node is not None for node in push_forward(builder, graph, fresh, tangents)]


def pushed(graph: Graph, marks: Marks, wanted: Marks, values: bool = False) -> Graph:
    """Return the graph of tangents of outputs.

    Parameters
    ----------
    graph : Graph
        The function.
    marks : sequence of bool
        For each input, whether it has a tangent; the tangents are inputs after all others.
    wanted : sequence of bool
        For each output, whether its tangent is an output.
    values : bool
        Whether all outputs of `graph` come before the tangents.
    """
    builder = Builder()
    with paused_gc():
        given = {node.id: builder.input(*node.attrs).node for node in graph.inputs}
        tangents = _tangents(builder, graph, marks)
        fresh = copy_nodes(builder, graph, given=given)
        found = push_forward(builder, graph, fresh, tangents)
        outputs: list[Node] = [fresh[node.id] for node in graph.outputs] if values else []
        for node, tangent, want in zip(graph.outputs, found, wanted, strict=True):
            if want:
                outputs.append(zeros(builder, node.type).node if tangent is None else tangent)
        return optimized(flat_graph(builder, graph.name, outputs))


def _tangents(builder: Builder, graph: Graph, marks: Marks) -> dict[int, Node]:
    moving = [node for node, mark in zip(graph.inputs, marks, strict=True) if mark]
    names = fresh_names([f"d{node.attrs[0]}" for node in moving], graph.input_names)
    return {
        node.id: builder.input(name, node.type).node
        for node, name in zip(moving, names, strict=True)
    }


# --- inputs and outputs --------------------------------------------------------------------------


def flat_graph(builder: Builder, name: str, outputs: Sequence[Value | Node]) -> Graph:
    """Return the graph of outputs that do not nest."""
    return builder.finish(name, outputs, tuple(range(len(outputs))))


def with_inputs(
    graph: Graph, positions: Sequence[int], added: Sequence[tuple[str, Type]] = ()
) -> Graph:
    """Return a graph with its inputs in another order; those that are not named are not used.

    Parameters
    ----------
    graph : Graph
        The graph.
    positions : sequence of int
        Of inputs; -1 is a new one.
    added : sequence of (str, Type)
        Names and types of the first inputs; others keep theirs.
    """
    builder = Builder()
    with paused_gc():
        given = {}
        for place, position in enumerate(positions):
            if place < len(added):
                made = builder.input(*added[place]).node
            else:
                made = builder.input(*graph.inputs[position].attrs).node
            if position >= 0:
                given[graph.inputs[position].id] = made
        unused = builder.constant(0.0).node
        for node in graph.inputs:
            given.setdefault(node.id, unused)
        fresh = copy_nodes(builder, graph, given=given)
        return flat_graph(builder, graph.name, [fresh[node.id] for node in graph.outputs])


def with_outputs(graph: Graph, positions: Sequence[int]) -> Graph:
    """Return the graph of some of the outputs, with all inputs."""
    builder = Builder()
    fresh = copy_nodes(builder, graph)
    return flat_graph(builder, graph.name, [fresh[graph.outputs[i].id] for i in positions])


def batched(graph: Graph, lead: tuple[int, ...], marks: Marks, wanted: Marks) -> Graph:
    """Return a graph with leading axes on marked inputs and on wanted outputs.

    What depends on no marked input is computed once, as an output that is not wanted too.
    """
    builder = Builder()
    with paused_gc():
        wide = batch_graph(
            with_outputs(graph, [i for i, want in enumerate(wanted) if want]), lead, marks
        )
        rows = {node.id: builder.input(*node.attrs).node for node in wide.inputs}
        own = copy_nodes(builder, wide, given=rows)
        narrow = with_outputs(graph, [i for i, want in enumerate(wanted) if not want])
        given = {}
        for node, mark in zip(narrow.inputs, marks, strict=True):
            given[node.id] = builder.constant(0.0).node if mark else rows[node.id]
        other = copy_nodes(builder, narrow, given=given)
        from_wide = iter([own[node.id] for node in wide.outputs])
        from_narrow = iter([other[node.id] for node in narrow.outputs])
        outputs = [next(from_wide if want else from_narrow) for want in wanted]
        return optimized(flat_graph(builder, graph.name, outputs))


def inlined(
    graph: Graph, operands: Sequence[Operand], beside: Operand | None = None
) -> list[Operand]:
    """Return the outputs of a graph on values of another one, by copying its nodes there.

    Parameters
    ----------
    graph : Graph
        The graph.
    operands : sequence of Operand
        A value for each input.
    beside : Operand, optional
        A value of the graph to copy to, for a graph without inputs.
    """
    values = [operand for operand in operands if isinstance(operand, Value)]
    place = values[0] if values else beside
    assert isinstance(place, Value)
    builder = place.builder
    given = {node.id: value.node for node, value in zip(graph.inputs, values, strict=True)}
    here = builder.origin
    fresh = copy_nodes(builder, graph, given=given)
    builder.origin = here
    return [builder.value(fresh[node.id]) for node in graph.outputs]
