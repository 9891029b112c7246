"""Graphs called inside of a traced function become part of its graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphad.builder import Value, copy_nodes
from graphad.errors import InputError, TraceError
from graphad.evaluate.batching import batch_graph
from graphad.evaluate.calling import bind, evaluate_flat
from graphad.evaluate.retyping import retype
from graphad.ir import Graph, Node, map_tree
from graphad.structures import opened
from graphad.tracing.lowering.coerce import broadcasted, cast_to
from graphad.tracing.recorder import Recorder
from graphad.tracing.tracers import Tracer, first_tracer
from graphad.types import broadcast_shapes, make_type

_PLAIN = (np.ndarray, float, int, complex, str, np.generic)
"""What is looked at often, and has no parts."""


def is_traced(x: Any) -> bool:
    """Return whether something is a value of a trace, or a structure with one in it."""
    if type(x) is np.ndarray:  # as most calls are
        return False
    stack = [x]
    while stack:
        part = stack.pop()
        if isinstance(part, Tracer):
            return True
        if isinstance(part, _PLAIN):
            continue
        level = opened(part)
        if level is not None:
            stack.extend(level[2])
    return False


def inline(graph: Graph, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> Any:
    """Return a graph's outputs on values of a trace, by copying its nodes into the trace.

    Parameters
    ----------
    graph : Graph
        What is called.
    args, kwargs
        For each input a traced value, a number, an array or lists of these, by position or by the
        input's name; at least one is traced. They may have leading axes, along which the graph is
        then repeated.

    Returns
    -------
    Tracer, or tuples of them
        Nested as the outputs of the graph.

    Raises
    ------
    InputError
        If the arguments do not fit the inputs.
    TraceError
        If values belong to another trace.
    """
    given = bind(graph, args, kwargs or {})
    tracer = first_tracer(given)
    if tracer is None:
        raise InputError(f"graph {graph.name} was given no traced value")
    recorder = tracer._recorder
    recorder.locate()
    recorder.check_size()
    contents = [recorder.content_of(x) for x in given]
    if not any(isinstance(content, Value) for content in contents):
        return recorder.adopt(evaluate_flat(graph, contents), ())
    values = [recorder.lift(content) for content in contents]
    graph = _in_dtypes(graph, given, contents, values)
    leads = [_lead(graph, node, value) for node, value in zip(graph.inputs, values, strict=True)]
    lead = broadcast_shapes(tuple(leads)) if leads else ()
    if lead:
        batched = [bool(own) for own in leads]
        graph_of_all = batch_graph(graph, lead, batched)
        values = [
            broadcasted(value, lead + node.type.shape) if has else value
            for value, node, has in zip(values, graph.inputs, batched, strict=True)
        ]
        return _copied(recorder, graph_of_all, values)
    return _copied(recorder, graph, values)


def _in_dtypes(
    graph: Graph, given: Sequence[Any], contents: Sequence[Any], values: Sequence[Value]
) -> Graph:
    """Return the graph in the precision of its arguments, as a call of it would run."""
    moving = [
        value.type.dtype
        for content, value in zip(contents, values, strict=True)
        if isinstance(content, Value) and value.type.is_inexact
    ]
    if not moving:
        return graph
    common = np.result_type(*moving)
    types = [
        node.type
        if not node.type.is_inexact
        else make_type(node.type.shape, common if type(argument) in (int, float) else own)
        for node, argument, own in zip(
            graph.inputs,
            given,
            [np.result_type(value.type.dtype, np.float32) for value in values],
            strict=True,
        )
    ]
    same = all(node.type == type for node, type in zip(graph.inputs, types, strict=True))
    return graph if same else retype(graph, types)


def _lead(graph: Graph, node: Node, value: Value) -> tuple[int, ...]:
    """Return the leading axes that an argument has beyond those of its input."""
    shape, own = value.shape, node.type.shape
    depth = len(shape) - len(own)
    if depth < 0 or shape[depth:] != own:
        raise InputError(
            f"graph {graph.name} takes {node.attrs[0]} of shape {own}, after any leading axes; "
            f"given was the shape {shape}"
        )
    return shape[:depth]


def _copied(recorder: Recorder, graph: Graph, values: Sequence[Value]) -> Any:
    builder = recorder.builder
    bindings: dict[int, Node] = {}
    for node, value in zip(graph.inputs, values, strict=True):
        try:
            bindings[node.id] = cast_to(value, node.type.dtype).node
        except TraceError as error:
            raise InputError(f"input {node.attrs[0]} of graph {graph.name}: {error}") from None
    here = builder.origin
    fresh = copy_nodes(builder, graph, None, bindings)
    builder.origin = here
    recorder.check_size()
    made = [recorder.wrap(Value(builder, fresh[node.id]), ordered=True) for node in graph.outputs]
    return map_tree(graph.tree, made)
