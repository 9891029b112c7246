"""`cond`: a branch that stays one operation of a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphad.builder import Builder, Value, copy_nodes
from graphad.control.bodies import flat_graph
from graphad.control.cond_op import Cond
from graphad.control.layout import converted
from graphad.control.nesting import described, map_tree, taken_apart
from graphad.control.subtrace import (
    Argument,
    Body,
    argument_names,
    contents,
    current,
    joined_outer,
    trace_body,
    types_of,
    wrapped,
)
from graphad.errors import TraceError
from graphad.ir import Graph
from graphad.tracing.advice import refusal
from graphad.tracing.examples import function_name
from graphad.tracing.outcomes import line_of_function
from graphad.types import DType, common_dtype

Function = Callable[..., Any]


def cond(pred: Any, then: Function, otherwise: Function, *operands: Any) -> Any:
    """Return ``then(*operands)`` where a condition holds, and ``otherwise(*operands)`` elsewhere.

    In a function that is traced, both become graphs, and the branch is one operation: only the
    graph that is chosen is evaluated, and differentiated. Where many points are evaluated at once
    and the condition differs among them, both are evaluated, and their results selected.

    Parameters
    ----------
    pred : bool
        A comparison of scalars, say.
    then, otherwise : callable
        Return values of the same shapes, in the same structure. They may use values from around
        them, and must not change any.
    *operands : array_like, or tuples, lists and dictionaries of them
        What they are called with.

    Returns
    -------
    array, number, or structure of them

    Raises
    ------
    TraceError
        If the condition is not one truth value, or the branches return different shapes.

    Examples
    --------
    >>> import numpy as np, graphad as ga
    >>> g = ga.trace(lambda x: ga.cond(x > 1, np.log, lambda x: x - 1, x))
    >>> float(g.diff()(0.5)), float(g.diff()(2.0))
    (1.0, 0.5)
    """
    recorder = current()
    if recorder is None:
        return (then if _truth(pred) else otherwise)(*_copied(operands))
    recorder.locate()
    condition = recorder.content_of(pred)
    if not isinstance(condition, Value):
        return (then if _truth(condition) else otherwise)(*_copied(operands))
    if condition.shape != () or condition.type.dtype.kind != "b":
        raise _no_condition(str(condition.type), condition.shape)
    leaves, tree = taken_apart(operands)
    given = contents(recorder, leaves)
    types = iter(types_of(given))
    names = argument_names(then, len(operands))
    arguments = []
    parts = tree if isinstance(tree, tuple) else ()
    for name, part in zip(names, parts, strict=True):
        own = taken_apart(map_tree(part, leaves))
        arguments.append(Argument(name, tuple([next(types) for _ in own[0]]), own[1]))
    bodies = [trace_body(recorder, function, arguments) for function in (then, otherwise)]
    dtypes = _common(then, otherwise, bodies)
    if not dtypes:
        return map_tree(bodies[0].result, [])
    outer = joined_outer(bodies)
    form = Cond(*[_in_dtypes(body.retargeted(outer), dtypes) for body in bodies])
    made = form(condition, [recorder.lift(item) for item in (*outer, *given)])
    return map_tree(bodies[0].result, wrapped(recorder, form.layout.parts(made)))


def _copied(operands: tuple[Any, ...]) -> Any:
    """Return operands with arrays of their own, as a branch that is traced has them."""
    leaves, tree = taken_apart(operands)
    return map_tree(tree, [x.copy() if isinstance(x, np.ndarray) else x for x in leaves])


def _truth(pred: Any) -> bool:
    """Return the truth of a condition on plain numbers.

    Raises
    ------
    TraceError
        If it is an array, or no truth value.
    """
    array = np.asarray(pred)
    if array.shape != () or array.dtype.kind != "b":
        raise _no_condition(f"{array.dtype} of shape {array.shape}", array.shape)
    return bool(array)


def _no_condition(what: str, shape: tuple[int, ...]) -> TraceError:
    return refusal(
        f"the condition of a cond is one truth value, not {what}",
        "write np.where(condition, a, b), which chooses element by element; or np.all(...) or "
        "np.any(...) around the condition"
        if shape
        else "write a comparison, such as x > 0 or x != 0",
    )


def _common(then: Function, otherwise: Function, bodies: list[Body]) -> list[DType]:
    """Return the dtypes of the results of both branches.

    Raises
    ------
    TraceError
        If structures or shapes differ.
    """
    one, other = bodies
    names = f"{function_name(then)} and {function_name(otherwise)}"
    if one.result != other.result:
        raise refusal(
            f"the branches {names} return {described(one.result)} and {described(other.result)}",
            "return the same structure from both",
            line_of_function(otherwise),
        )
    dtypes = []
    for i, pair in enumerate(zip(one.graph.outputs, other.graph.outputs, strict=True)):
        left, right = (node.type for node in pair)
        if left.shape != right.shape:
            which = f"as value {i} " if len(one.graph.outputs) > 1 else ""
            raise refusal(
                f"the branches {names} return {which}{left} and {right}",
                "return the same shape from both: np.broadcast_to(value, shape) or "
                "np.full(shape, value) repeats a number",
                line_of_function(otherwise),
            )
        dtypes.append(common_dtype([left, right]))
    return dtypes


def _in_dtypes(graph: Graph, dtypes: list[DType]) -> Graph:
    """Return a graph with its outputs cast."""
    if [node.type.dtype for node in graph.outputs] == dtypes:
        return graph
    builder = Builder()
    fresh = copy_nodes(builder, graph)
    outputs: list[Value] = []
    for node, dtype in zip(graph.outputs, dtypes, strict=True):
        made = converted(builder.value(fresh[node.id]), dtype)
        assert isinstance(made, Value)
        outputs.append(made)
    return flat_graph(builder, graph.name, outputs)
