"""Derivative rules of the user's as graphs: from values and tangents to the tangent of the result.

A rule is traced like any function, so that it is differentiated again like any function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphad.builder import Builder, Value, copy_nodes
from graphad.errors import DerivativeError, GraphadError
from graphad.evaluate.interpreter import Program
from graphad.ir import CONST, INPUT, Graph, Node
from graphad.op import Operand
from graphad.passes.jvp import push_forward, zeros
from graphad.passes.transpose import linear_marks, transpose
from graphad.tracing.trace import trace_function
from graphad.types import Type


def moving_positions(types: Sequence[Type]) -> list[int]:
    """Return the operands that can have tangents."""
    return [i for i, type in enumerate(types) if type.is_inexact]


def rule_names(types: Sequence[Type]) -> tuple[list[str], list[str]]:
    """Return the names of a rule's inputs: values, and the tangents of those that can move."""
    return (
        [f"x{i}" for i in range(len(types))],
        [f"dx{i}" for i in moving_positions(types)],
    )


def traced_jvp(name: str, rule: Callable[..., Any], types: Sequence[Type], out: Type) -> Graph:
    """Return the graph of a rule ``jvp(primals, tangents)`` of the user's.

    Parameters
    ----------
    name : str
        Of what the rule is for.
    rule : callable
        Takes a tuple of values and a tuple of tangents, zeros where nothing moves, and returns the
        tangent of the result. A third parameter named ``out`` is given the result.
    types : sequence of Type
        Of the values.
    out : Type
        Of the result.

    Returns
    -------
    Graph
        Inputs: values, tangents of those that are floating point, and the result.

    Raises
    ------
    DerivativeError
        If what the rule returns is not of the result's type.
    """
    moving = moving_positions(types)
    count = len(types)

    def flat(*items: Any) -> Any:
        given = dict(zip(moving, items[count:-1], strict=True))
        tangents = tuple([given.get(i, 0.0) for i in range(count)])
        if takes_out(rule):
            return rule(items[:count], tangents, items[-1])
        return rule(items[:count], tangents)

    names, tangent_names = rule_names(types)
    _name(flat, [*names, *tangent_names, "out"])
    examples = [*types, *[types[i] for i in moving], out]
    graph: Graph = trace_function(flat, examples, check=False, name=f"jvp of {name}")
    return checked(name, "jvp", graph, [out])


def traced_vjp(name: str, rule: Callable[..., Any], types: Sequence[Type], out: Type) -> Graph:
    """Return the graph of tangents by a rule ``vjp(primals, cotangent)``, which is transposed.

    Parameters
    ----------
    name, types, out
        As for `traced_jvp`.
    rule : callable
        Takes a tuple of values and the cotangent of the result, and returns the cotangents of all
        values, ``None`` for zero. A third parameter named ``out`` is given the result.

    Raises
    ------
    DerivativeError
        If what the rule returns does not fit, or is not linear in the cotangent.
    """
    moving = moving_positions(types)
    count = len(types)

    def flat(*items: Any) -> Any:
        *values, result, cotangent = items
        rest = (result,) if takes_out(rule) else ()
        found = rule(tuple(values), cotangent, *rest)
        listed = found if isinstance(found, tuple | list) else (found,)
        if len(listed) != count:
            raise DerivativeError(
                f"the vjp of {name} returns {len(listed)} cotangents, and there are {count} values"
            )
        return tuple(
            [np.zeros(types[i].shape) * 1.0 if listed[i] is None else listed[i] for i in moving]
        )

    _name(flat, [*rule_names(types)[0], "out", "ct"])
    examples = [*types, out, out]
    graph: Graph = trace_function(flat, examples, check=False, name=f"vjp of {name}")
    checked(name, "vjp", graph, [types[i] for i in moving])
    try:
        pushed = transpose(graph, [graph.input_names[-1]])
    except DerivativeError as error:
        raise DerivativeError(
            f"the vjp of {name} cannot be turned round for forward mode: {error}"
        ) from None
    builder = Builder()
    values = [builder.input(f"x{i}", type) for i, type in enumerate(types)]
    tangents = [builder.input(f"dx{i}", types[i]) for i in moving]
    result = builder.input("out", out)
    given = {
        node.id: value.node
        for node, value in zip(pushed.inputs, [*values, result, *tangents], strict=True)
    }
    fresh = copy_nodes(builder, pushed, given=given)
    return builder.finish(f"jvp of {name}", [fresh[pushed.outputs[0].id]])


def _name(function: Any, names: Sequence[str]) -> None:
    """Give names to the parameters of a function that takes any."""
    kind = inspect.Parameter.POSITIONAL_ONLY
    function.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])


def takes_out(rule: Callable[..., Any]) -> bool:
    """Return whether a rule wants the result too."""
    try:
        return "out" in inspect.signature(rule).parameters
    except (TypeError, ValueError):
        return False


def checked(name: str, what: str, graph: Graph, types: Sequence[Type]) -> Graph:
    """Return a graph whose outputs are of these types.

    Raises
    ------
    DerivativeError
        If they are not.
    """
    found = [node.type for node in graph.outputs]
    if found != list(types):
        wanted = ", ".join(map(str, types))
        raise DerivativeError(
            f"the {what} of {name} returns {', '.join(map(str, found))}, and should return {wanted}"
        )
    return graph


def check_linear(name: str, graph: Graph, types: Sequence[Type]) -> None:
    """Refuse a rule that is not linear in its tangents, as seen at a point where it is finite.

    Raises
    ------
    DerivativeError
        If twice the tangents do not give twice the result.
    """
    chance = np.random.default_rng(7)
    moving = moving_positions(types)
    program = Program(graph)
    values = [np.asarray(chance.uniform(0.2, 0.9, type.shape), type.dtype) for type in types]
    tangents = [np.asarray(chance.uniform(0.5, 1, types[i].shape), types[i].dtype) for i in moving]
    out = np.asarray(
        chance.uniform(0.2, 0.9, graph.inputs[-1].type.shape), graph.inputs[-1].type.dtype
    )
    try:
        once = np.asarray(program(*values, *tangents, out)[0])
        twice = np.asarray(program(*values, *[2 * one for one in tangents], out)[0])
    except (GraphadError, ArithmeticError, ValueError, np.linalg.LinAlgError):
        return
    if np.all(np.isfinite(once)) and not np.allclose(twice, 2 * once, rtol=1e-4, atol=1e-30):
        raise DerivativeError(
            f"the jvp of {name} is not linear in the tangents: twice the tangents give "
            f"{_short(twice)}, and not twice {_short(once)}"
        )


def _short(array: Any) -> str:
    return np.array2string(np.asarray(array), threshold=6, precision=4).replace("\n", "")


def applied(
    graph: Graph,
    args: Sequence[Operand],
    tangents: Sequence[Operand | None],
    out: Operand,
) -> Operand | None:
    """Return the tangent that a rule gives, in the graph that is being built.

    Tangents that are structural zeros make no terms, as long as all in the rule is known to be
    linear in them; then, since the rule is linear, it is its own derivative.
    """
    if not isinstance(out, Value):
        return _on_operands(graph, args, tangents, out)
    builder = out.builder
    given = [_node(arg) for arg in args]
    moved: dict[int, Node] = {}
    missing = False
    for arg, tangent in zip(args, tangents, strict=True):
        if not arg.type.is_inexact:
            continue
        if tangent is None:
            missing = True
        else:
            moved[len(given)] = _node(tangent)
        given.append(_node(zeros(builder, arg.type) if tangent is None else tangent))
    if len(graph.inputs) > len(given):
        given.append(out.node)
    if not missing or not _is_linear(graph, [arg.type for arg in args]):
        return inlined(builder, graph, given)
    still = [
        _node(zeros(builder, one.type)) if i in moved else node
        for i, (node, one) in enumerate(zip(given, graph.inputs, strict=True))
    ]
    here = builder.origin
    bound = {node.id: one for node, one in zip(graph.inputs, still, strict=True)}
    fresh = copy_nodes(builder, graph, given=bound)
    by_id = {graph.inputs[i].id: node for i, node in moved.items()}
    (found,) = push_forward(builder, graph, fresh, by_id)
    builder.origin = here
    return None if found is None else builder.value(found)


def _on_operands(
    graph: Graph, args: Sequence[Operand], tangents: Sequence[Operand | None], out: Operand
) -> Operand | None:
    """Return what `applied` does, of operands that are no values, such as series."""
    given: list[Any] = list(args)
    for arg, tangent in zip(args, tangents, strict=True):
        if arg.type.is_inexact:
            given.append(still(arg) if tangent is None else tangent)
    given.append(out)
    found: dict[int, Any] = {node.id: item for node, item in zip(graph.inputs, given, strict=False)}
    for node in graph.nodes:
        if node.op is CONST:
            found[node.id] = node.attrs[0].array
        elif node.op is not INPUT:
            items = [found[operand.id] for operand in node.inputs]
            if any(isinstance(item, Operand) for item in items):
                named = dict(zip(node.op.attrs, node.attrs, strict=True))
                found[node.id] = node.op(*items, **named)
            else:
                found[node.id] = node.op.evaluate(*items, *node.attrs)
    result = found[graph.outputs[0].id]
    return result if isinstance(result, Operand) else None


def still(arg: Operand) -> Any:
    """Return zeros of an operand's type, for a tangent that is a structural zero."""
    if isinstance(arg, Value):
        return zeros(arg.builder, arg.type)
    return np.zeros(arg.type.shape, arg.type.dtype)


def _node(item: Operand) -> Node:
    assert isinstance(item, Value)
    return item.node


def _is_linear(graph: Graph, types: Sequence[Type]) -> bool:
    """Whether black boxes in a rule say that they are linear in what depends on the tangents."""
    count = len(types)
    own = graph.inputs[count : count + len(moving_positions(types))]
    tangents = [node.attrs[0] for node in own]
    marks = linear_marks(graph, tangents)
    for node in graph.nodes:
        owner = getattr(node.op.jvp, "__self__", None)
        if owner is not None and any(
            marks[operand.id] and i not in owner.linear for i, operand in enumerate(node.inputs)
        ):
            return False
    return True


def inlined(builder: Builder, graph: Graph, given: Sequence[Node]) -> Value:
    """Return the output of a graph on nodes of another one, by copying it there."""
    here = builder.origin
    bound = {node.id: one for node, one in zip(graph.inputs, given, strict=True)}
    fresh = copy_nodes(builder, graph, given=bound)
    builder.origin = here
    return builder.value(fresh[graph.outputs[0].id])
