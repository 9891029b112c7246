"""The op `cond`: one of two graphs, chosen by a condition; the other one is not evaluated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from graphad.builder import Builder, Value, copy_nodes, paused_gc
from graphad.control.bodies import (
    Marks,
    batched,
    dependent,
    flat_graph,
    fresh_names,
    inlined,
    moved,
    node_marks,
    optimized,
    pushed,
    used_inputs,
    with_inputs,
)
from graphad.control.layout import Layout, converted, spread_to
from graphad.cost import operations
from graphad.errors import TypeRuleError
from graphad.evaluate.interpreter import program_of
from graphad.evaluate.retyping import retype
from graphad.ir import Graph, Node
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import reshape_to
from graphad.passes.jvp import zeros
from graphad.passes.transpose import copy_primal, pull_back
from graphad.types import FLOAT64, Type, common_dtype

_BOOL = np.dtype(np.bool_)


class Cond(NamedTuple):
    """Attributes of a cond: two graphs of the same inputs and outputs.

    The op takes the condition and the inputs, and gives the outputs.
    """

    then: Graph
    otherwise: Graph

    @property
    def layout(self) -> Layout:
        """How results lie in the value of the op."""
        return Layout([node.type for node in self.then.outputs])

    @property
    def graphs(self) -> tuple[Graph, Graph]:
        """Both graphs."""
        return self.then, self.otherwise

    def __call__(self, condition: Operand, args: Sequence[Operand | Array]) -> Operand:
        """Emit the op; inputs that neither graph uses are left out."""
        uses = [used_inputs(graph) for graph in self.graphs]
        order = [i for i in range(len(args)) if uses[0][i] or uses[1][i]]
        then, otherwise = (with_inputs(graph, order) for graph in self.graphs)
        names = fresh_names(then.input_names)
        own = [(name, node.type) for name, node in zip(names, then.inputs, strict=True)]
        otherwise = with_inputs(otherwise, range(len(order)), own)
        chosen = [args[i] for i in order]
        return OPS["cond"](condition, *chosen, then=then, otherwise=otherwise)


# --- types and values ----------------------------------------------------------------------------


def _infer(types: Sequence[Type], attrs: Attrs) -> Type:
    form = Cond(*attrs)
    if types[0].shape != () or types[0].dtype != _BOOL:
        raise TypeRuleError(f"the condition of a cond is bool[], not {types[0]}")
    for graph in form.graphs:
        expected = [node.type for node in graph.inputs]
        if expected != list(types[1:]):
            raise TypeRuleError(
                f"{graph.name} in a cond takes {', '.join(map(str, expected)) or 'nothing'}, "
                f"not {', '.join(map(str, types[1:])) or 'nothing'}"
            )
    one, other = ([node.type for node in graph.outputs] for graph in form.graphs)
    if one != other or not one:
        raise TypeRuleError(
            f"the graphs of a cond give {', '.join(map(str, one))} and "
            f"{', '.join(map(str, other))}; they must be alike, and something"
        )
    return form.layout.type


def _interpret(program: Callable[[Graph], Any], *args: Any) -> Array:
    condition, *arrays, then, otherwise = args
    form = Cond(then, otherwise)
    return form.layout.packed(program(then if condition else otherwise)(*arrays))


def _cost(types: Sequence[Type], out: Type, attrs: Attrs) -> int:
    return max([operations(graph) for graph in Cond(*attrs).graphs])


# --- derivatives ---------------------------------------------------------------------------------


def _jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """The tangent is a cond of the tangents of both graphs."""
    form = Cond(*attrs)
    marks = [tangent is not None for tangent in tangents[1:]]
    wanted = [any(pair) for pair in zip(*[moved(g, marks) for g in form.graphs], strict=True)]
    if not any(wanted):
        return None
    pair = Cond(*[pushed(graph, marks, wanted) for graph in form.graphs])
    moving = [tangent for tangent in tangents[1:] if tangent is not None]
    made = pair(args[0], [*args[1:], *moving])
    parts = iter(pair.layout.parts(made))
    return form.layout.joined([next(parts) if want else None for want in wanted])


def _transpose(
    cotangent: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    """The cotangent is a cond of the transposes of both graphs."""
    form = Cond(*attrs)
    condition = args[0]
    assert condition is not None
    marks = [arg is None for arg in args[1:]]
    shares = form.layout.shares(cotangent)
    arriving = [share is not None for share in shares]
    pair = Cond(*[_pulled(graph, marks, arriving) for graph in form.graphs])
    known = [arg for arg in args[1:] if arg is not None]
    made = pair(condition, [*known, *[share for share in shares if share is not None]])
    parts = iter(pair.layout.parts(made))
    return [None, *[next(parts) if mark else None for mark in marks]]


def _pulled(graph: Graph, marks: Marks, arriving: Marks) -> Graph:
    """Return the transpose: inputs that are not marked, then cotangents, to those of the marked."""
    builder = Builder()
    with paused_gc():
        pairs = list(zip(graph.inputs, marks, strict=True))
        primals = {n.id: builder.input(*n.attrs).node for n, mark in pairs if not mark}
        nodes = [node for node, has in zip(graph.outputs, arriving, strict=True) if has]
        names = fresh_names([f"ct{i}" for i in range(len(nodes))], graph.input_names)
        given = [
            (node, builder.input(name, node.type)) for node, name in zip(nodes, names, strict=True)
        ]
        linear = node_marks(graph, marks)
        fresh = copy_primal(builder, graph, linear, primals)
        found = pull_back(builder, graph, linear, fresh, given)
        outputs = [found[n.id] or zeros(builder, n.type) for n, mark in pairs if mark]
        return optimized(flat_graph(builder, graph.name, outputs))


# --- batches, other dtypes, and both graphs ------------------------------------------------------


def _batch(
    lead: tuple[int, ...], args: Sequence[Operand], flags: Sequence[bool], attrs: Attrs
) -> Operand:
    form = Cond(*attrs)
    marks = list(flags[1:])
    if flags[0]:
        return _batch_of_both(lead, args, flags, form)
    reached = [dependent(graph, marks) for graph in form.graphs]
    wanted = [any(pair) for pair in zip(*reached, strict=True)]
    wide = Cond(*[batched(graph, lead, marks, wanted) for graph in form.graphs])
    made = wide(args[0], args[1:])
    parts = [
        spread_to(part, lead, type, has)
        for part, type, has in zip(wide.layout.parts(made), form.layout.types, wanted, strict=True)
    ]
    joined = form.layout.joined(parts, lead)
    assert joined is not None
    return joined


def _batch_of_both(
    lead: tuple[int, ...], args: Sequence[Operand], flags: Sequence[bool], form: Cond
) -> Operand:
    """Evaluate both graphs, and select: the condition differs from point to point."""
    marks = flags[1:]
    wanted = [True] * len(form.then.outputs)
    results = [inlined(batched(g, lead, marks, wanted), args[1:], args[0]) for g in form.graphs]
    parts: list[Operand | None] = []
    for one, other in zip(*results, strict=True):
        own = one.ndim - len(lead)
        condition = reshape_to(args[0], lead + (1,) * own)
        parts.append(OPS["where"](condition, one, other))
    joined = form.layout.joined(parts, lead)
    assert joined is not None
    return joined


def _refit(args: Sequence[Operand], attrs: Attrs) -> Operand:
    """The cond on operands of other dtypes; results are promoted to a common one."""
    types = [arg.type for arg in args[1:]]
    graphs = [retype(graph, types) for graph in Cond(*attrs).graphs]
    pairs = zip(*[graph.outputs for graph in graphs], strict=True)
    dtypes = [common_dtype([node.type for node in pair]) for pair in pairs]
    made = []
    for graph in graphs:
        builder = Builder()
        fresh = copy_nodes(builder, graph)
        values: list[Value | Node] = []
        for node, dtype in zip(graph.outputs, dtypes, strict=True):
            value = converted(builder.value(fresh[node.id]), dtype)
            assert isinstance(value, Value)
            values.append(value)
        made.append(flat_graph(builder, graph.name, values))
    return Cond(*made)(args[0], args[1:])


def _expand(args: Sequence[Operand], attrs: Attrs) -> Operand:
    """Both graphs, and a selection of their results."""
    form = Cond(*attrs)
    results = [inlined(graph, args[1:], args[0]) for graph in form.graphs]
    parts = [OPS["where"](args[0], one, other) for one, other in zip(*results, strict=True)]
    joined = form.layout.joined(parts)
    assert joined is not None
    return joined


# --- the op --------------------------------------------------------------------------------------


def _sample(op: str) -> Graph:
    """Return a graph of the samples."""
    builder = Builder()
    x, y = builder.input("x", FLOAT64), builder.input("y", FLOAT64.with_shape((2,)))
    found = OPS[op](x * y)
    assert isinstance(found, Value)
    return flat_graph(builder, op, [found, builder.value(x.node)])


_BRANCHES = Cond(_sample("sin"), _sample("negative"))

cond = OPS.enter(
    Op(
        "cond",
        _infer,
        partial(_interpret, program_of),
        attrs=Cond._fields,
        arity=None,
        jvp=_jvp,
        transpose=_transpose,
        batch=_batch,
        cost=_cost,
        interpret=_interpret,
        refit=_refit,
        expand=_expand,
        samples=(
            Sample(((), (), (2,)), attrs=_BRANCHES, constants={0: np.array(True)}),
            Sample(((), (), (2,)), attrs=_BRANCHES, constants={0: np.array(False)}),
        ),
        identity="one of two graphs, by a condition",
    )
)
