"""The op `custom`: a graph whose derivative is given by another graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graphad.builder import Builder, Value
from graphad.cost import operations
from graphad.custom.tangents import applied, inlined
from graphad.errors import TypeRuleError
from graphad.evaluate.batching import batch_graph
from graphad.evaluate.interpreter import program_of
from graphad.evaluate.retyping import retype
from graphad.ir import Graph
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.types import FLOAT64, Type


def _infer(types: Sequence[Type], attrs: Attrs) -> Type:
    body, rule = attrs
    wanted = [node.type for node in body.inputs]
    if list(types) != wanted:
        listed = " and ".join(map(str, types))
        raise TypeRuleError(f"custom {body.name} takes {', '.join(map(str, wanted))}, not {listed}")
    out = body.outputs[0].type
    if len(body.outputs) != 1 or [node.type for node in rule.outputs] != [out]:
        raise TypeRuleError(f"custom {body.name}: its rule does not give {out}")
    given: Type = out
    return given


def _interpret(program: Callable[[Graph], Callable[..., Any]], *args: Any) -> Array:
    *arrays, body, _ = args
    found: Array = program(body)(*arrays)[0]
    return found


def _evaluate(*args: Any) -> Array:
    return _interpret(program_of, *args)


def _jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """Apply the rule."""
    return applied(attrs[1], args, tangents, out)


def _batch(
    lead: tuple[int, ...], args: Sequence[Operand], batched: Sequence[bool], attrs: Attrs
) -> Operand:
    body, rule = attrs
    marks = [mark for mark, arg in zip(batched, body.inputs, strict=True) if arg.type.is_inexact]
    wide = batch_graph(rule, lead, [*batched, *marks, True])
    return custom_op(*args, body=batch_graph(body, lead, batched), rule=wide)


def _refit(args: Sequence[Operand], attrs: Attrs) -> Operand:
    types = [arg.type for arg in args]
    moving = [type for type in types if type.is_inexact]
    body: Graph = retype(attrs[0], types)
    rule: Graph = retype(attrs[1], [*types, *moving, body.outputs[0].type])
    return custom_op(*args, body=body, rule=rule)


def expand(args: Sequence[Operand], attrs: Attrs) -> Operand:
    """Return the value by the operations that it is made of, which do not know the rule.

    Not `Op.expand`: that one is used before derivatives are taken.
    """
    values = [arg for arg in args if isinstance(arg, Value)]
    return inlined(values[0].builder, attrs[0], [value.node for value in values])


def _sample() -> tuple[Graph, Graph]:
    """Return sin(x)·y and its rule."""
    builder = Builder()
    x, y = builder.input("x", FLOAT64), builder.input("y", FLOAT64)
    body = _graph(builder, "f", OPS["sin"](x) * y)
    builder = Builder()
    x, y, dx, dy, _ = [builder.input(name, FLOAT64) for name in ("x", "y", "dx", "dy", "out")]
    tangent = OPS["cos"](x) * y * dx + OPS["sin"](x) * dy
    return body, _graph(builder, "jvp", tangent)


def _graph(builder: Builder, name: str, result: Operand) -> Graph:
    assert isinstance(result, Value)
    return builder.finish(name, [result])


custom_op: Op = OPS.enter(
    Op(
        "custom",
        _infer,
        _evaluate,
        attrs=("body", "rule"),
        arity=None,
        jvp=_jvp,
        batch=_batch,
        cost=lambda types, out, attrs: operations(attrs[0]),
        interpret=_interpret,
        refit=_refit,
        samples=(Sample(((), ()), attrs=_sample()),),
        identity="a function with a derivative rule of the user's",
    )
)
