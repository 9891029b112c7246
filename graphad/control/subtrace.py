"""Bodies of control flow, traced to graphs of their own within the trace that is going on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphad.builder import Value
from graphad.control.bodies import fresh_names, with_inputs
from graphad.control.nesting import Tree, map_tree, taken_apart
from graphad.errors import TraceError
from graphad.ir import INPUT, Graph
from graphad.tracing.advice import refusal
from graphad.tracing.examples import function_name
from graphad.tracing.outcomes import is_number, line_of_function
from graphad.tracing.recorder import Recorder
from graphad.tracing.storage import Content
from graphad.tracing.trace import ACTIVE
from graphad.types import Type, make_type


@dataclass(frozen=True, slots=True)
class Argument:
    """What a body is given as one of its arguments: types of values, and how they nest."""

    name: str
    types: tuple[Type, ...]
    tree: Tree

    @property
    def names(self) -> list[str]:
        """Return a name for each value."""
        if len(self.types) == 1:
            return [self.name]
        return [f"{self.name}{i}" for i in range(len(self.types))]


@dataclass(frozen=True, slots=True)
class Body:
    """A body as a graph.

    Parameters
    ----------
    graph : Graph
        Its first inputs stand for `outer`, the others for the arguments.
    outer : tuple of Value
        Values of the enclosing trace that the body uses.
    result : Tree
        How what it returns nests.
    """

    graph: Graph
    outer: tuple[Value, ...]
    result: Tree

    def retargeted(self, outer: Sequence[Value]) -> Graph:
        """Return the graph with inputs for all of `outer`, of which this body's are some."""
        if tuple(outer) == self.outer:
            return self.graph
        own = len(self.outer)
        nodes = [value.node for value in self.outer]
        order = [nodes.index(value.node) if value.node in nodes else -1 for value in outer]
        rest = list(range(own, len(self.graph.inputs)))
        wanted = [
            value.node.attrs[0] if value.node.op is INPUT else f"outer{i}"
            for i, value in enumerate(outer)
        ]
        names = fresh_names(wanted, self.graph.input_names[own:])
        types = [value.type for value in outer]
        return with_inputs(self.graph, [*order, *rest], list(zip(names, types, strict=True)))


def joined_outer(bodies: Sequence[Body]) -> list[Value]:
    """Return the values of the enclosing trace that any of these bodies uses, each once."""
    found = {value.node: value for body in bodies for value in body.outer}
    return list(found.values())


def current() -> Recorder | None:
    """Return the trace that is going on in this thread, the innermost one."""
    recorder = ACTIVE.get()
    return None if recorder is None or recorder.closed else recorder.innermost()


def argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """Return the names of a function's parameters, to name inputs by."""
    try:
        found = [name for name in inspect.signature(function).parameters if name.isidentifier()]
    except (ValueError, TypeError):
        found = []
    plain = [f"x{i}" for i in range(count)]
    return found[:count] if len(found) >= count else plain


@contextmanager
def _within(recorder: Recorder) -> Iterator[Recorder]:
    """Begin a trace within another one."""
    inner = Recorder(recorder.budget, recorder)
    recorder.inner = inner
    token = ACTIVE.set(inner)
    try:
        yield inner
    finally:
        inner.close()
        ACTIVE.reset(token)
        recorder.inner = None


def trace_body(
    recorder: Recorder, function: Callable[..., Any], arguments: Sequence[Argument]
) -> Body:
    """Return the graph of a body of control flow.

    Parameters
    ----------
    recorder : Recorder
        The trace in which it is used.
    function : callable
        The body. It is run once.
    arguments : sequence of Argument
        What it is given.

    Raises
    ------
    TraceError
        If it cannot be traced, or does not return numbers and arrays.
    """
    with _within(recorder) as inner:
        given = []
        names = fresh_names([name for argument in arguments for name in argument.names])
        inner.taken.update(names)
        unused = iter(names)
        for argument in arguments:
            inputs = [inner.input(next(unused), type) for type in argument.types]
            given.append(map_tree(argument.tree, inputs))
        source = getattr(function, "__globals__", {})
        result = inner.rebinder.rebind(function, source, direct=True)(*given)
        if inner.refusal is not None:
            raise TraceError(
                f"{inner.refusal}\nthe function caught this error and went on, by a way that it "
                "may not take for other inputs; do not catch it"
            )
        leaves, tree = taken_apart(result)
        for leaf in leaves:
            if not is_number(leaf):
                raise refusal(
                    f"{function_name(function)} returns a {type(leaf).__name__}, which is no "
                    "number",
                    "return numbers, arrays, or tuples, lists and dictionaries of them",
                    line_of_function(function),
                )
        values = [inner.lift(inner.content_of(leaf)) for leaf in leaves]
        captured = list(inner.captured.items())
        count = sum(len(argument.types) for argument in arguments)
        name = function_name(function)
        graph: Graph = inner.builder.finish(name, values, tuple(range(len(values))))
    uses = graph.use_counts()
    # Inputs stand in the order they were made: arguments first, then what was captured.
    kept = [i for i in range(len(captured)) if uses[graph.inputs[count + i].id]]
    order = [count + i for i in kept] + list(range(count))
    outer = tuple([Value(recorder.builder, captured[i][0]) for i in kept])
    return Body(with_inputs(graph, order), outer, tree)


def contents(recorder: Recorder, leaves: Sequence[Any]) -> list[Content]:
    """Return what values hold: values of the graph, or arrays."""
    return [recorder.content_of(leaf) for leaf in leaves]


def types_of(items: Sequence[Content]) -> tuple[Type, ...]:
    """Return the types of values."""
    return tuple([_type(item) for item in items])


def _type(item: Content) -> Type:
    return item.type if isinstance(item, Value) else make_type(item.shape, item.dtype)


def wrapped(recorder: Recorder, parts: Sequence[Any]) -> list[Any]:
    """Return results as values of the trace."""
    return [
        recorder.wrap(part, ordered=True)
        if isinstance(part, Value)
        else recorder.constant(np.asarray(part)[()])
        for part in parts
    ]
