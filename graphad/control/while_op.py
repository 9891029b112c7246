"""The op `while_loop`: a graph applied for as long as another one says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn

import numpy as np

from graphad.builder import Builder, Value, copy_nodes
from graphad.control.bodies import (
    Marks,
    batched,
    dependent,
    flat_graph,
    inlined,
    moved,
    pushed,
    settled,
    used_inputs,
    with_inputs,
)
from graphad.control.layout import Layout, converted, filled, spread_to
from graphad.cost import operations
from graphad.errors import DerivativeError, PassError, TypeRuleError
from graphad.evaluate.interpreter import program_of
from graphad.evaluate.retyping import retype
from graphad.ir import Graph
from graphad.op import OPS, Array, Attrs, Op, Operand, Sample
from graphad.ops.factories import reshape_to
from graphad.types import FLOAT64, Type, make_type

_BOOL = make_type((), np.dtype(np.bool_))
_INTEGER = make_type((), np.dtype(np.int16))


class While(NamedTuple):
    """Attributes of a while loop.

    Inputs of both graphs are fixed values, then what is carried. `test` gives a truth value, and
    `body` what is carried on. The op takes the same as the graphs, and gives what is carried at the
    end.
    """

    carries: int
    test: Graph
    body: Graph

    @property
    def fixed(self) -> int:
        """How many inputs are the same at each step."""
        return len(self.body.inputs) - self.carries

    @property
    def layout(self) -> Layout:
        """How results lie in the value of the op."""
        return Layout([node.type for node in self.body.outputs])

    def __call__(self, args: Sequence[Operand | Array]) -> Operand:
        """Emit the op; fixed inputs that neither graph uses are left out."""
        uses = [used_inputs(graph) for graph in (self.test, self.body)]
        fixed = self.fixed
        order = [i for i in range(len(args)) if i >= fixed or uses[0][i] or uses[1][i]]
        names = [(node.attrs[0], node.type) for node in self.body.inputs]
        own = [names[i] for i in order]
        test, body = (with_inputs(graph, order, own) for graph in (self.test, self.body))
        chosen = [args[i] for i in order]
        return OPS["while_loop"](*chosen, carries=self.carries, test=test, body=body)

    def settled(self, marks: Marks, reach: Callable[..., list[bool]]) -> Any:
        """Return marks of inputs and outputs of the body, round the loop."""
        return settled(marks, self.fixed, self.carries, partial(reach, self.body))


# --- types and values ----------------------------------------------------------------------------


def _infer(types: Sequence[Type], attrs: Attrs) -> Type:
    form = While(*attrs)
    for graph in (form.test, form.body):
        expected = [node.type for node in graph.inputs]
        if expected != list(types):
            raise TypeRuleError(
                f"{graph.name} in a while_loop takes {', '.join(map(str, expected))}, "
                f"not {', '.join(map(str, types))}"
            )
    if [node.type for node in form.test.outputs] != [_BOOL]:
        raise TypeRuleError("the test of a while_loop gives bool[]")
    given = [node.type for node in form.body.outputs]
    if not 0 < form.carries <= len(types) or given != list(types[len(types) - form.carries :]):
        raise TypeRuleError(
            f"a while_loop that carries {form.carries} values gives {', '.join(map(str, given))}"
        )
    return form.layout.type


def _interpret(program: Callable[[Graph], Any], *args: Any) -> Array:
    form = While(*args[-3:])
    arrays = args[:-3]
    fixed, carried = arrays[: form.fixed], list(arrays[form.fixed :])
    test, step = program(form.test), program(form.body)
    while test(*fixed, *carried)[0]:
        carried = step(*fixed, *carried)
    return form.layout.packed(carried)


def _cost(types: Sequence[Type], out: Type, attrs: Attrs) -> int:
    """One step; how many there are is not known."""
    form = While(*attrs)
    return operations(form.test) + operations(form.body)


# --- derivatives ---------------------------------------------------------------------------------


def _jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """Tangents are carried beside the values, by one loop with the same test."""
    form = While(*attrs)
    marks, wanted = form.settled([tangent is not None for tangent in tangents], moved)
    if not any(wanted):
        return None
    body = pushed(form.body, marks, wanted, values=True)
    count = len(args)
    place = iter(range(count, len(body.inputs)))
    of_tangent = {i: next(place) for i, mark in enumerate(marks) if mark}
    fixed, carried = range(form.fixed), range(form.fixed, count)
    order = [*fixed, *[of_tangent[i] for i in fixed if marks[i]]]
    order += [*carried, *[of_tangent[i] for i in carried if marks[i]]]
    values: dict[int, Operand | Array] = dict(enumerate(args))
    for i, position in of_tangent.items():
        values[position] = filled(tangents[i], args[i].type)
    own = [(node.attrs[0], node.type) for node in with_inputs(body, order).inputs]
    test = with_inputs(form.test, [i if i < count else -1 for i in order], own)
    both = While(form.carries + sum(wanted), test, with_inputs(body, order))
    made = both([values[position] for position in order])
    parts = iter(both.layout.parts(made)[form.carries :])
    return form.layout.joined([next(parts) if want else None for want in wanted])


def _transpose(*args: object) -> NoReturn:
    raise DerivativeError(
        "reverse mode through a while_loop needs a bound on its steps, as it goes back along them: "
        'write while_loop(test, body, init, max_steps=n); or differentiate with mode="forward"'
    )


# --- batches, other dtypes, and writing out ------------------------------------------------------


def _batch(
    lead: tuple[int, ...], args: Sequence[Operand], flags: Sequence[bool], attrs: Attrs
) -> Operand:
    form = While(*attrs)
    marks, wanted = form.settled(flags, dependent)
    if dependent(form.test, marks)[0]:
        marks = [*marks[: form.fixed], *[True] * form.carries]
        wide = _until_all(lead, form, marks)
    else:
        test = batched(form.test, lead, marks, [False])
        wide = form._replace(test=test, body=batched(form.body, lead, marks, wanted))
    operands = [
        spread_to(arg, lead, node.type, has) if mark else arg
        for arg, node, has, mark in zip(args, form.body.inputs, flags, marks, strict=True)
    ]
    parts = [
        spread_to(part, lead, node.type, mark)
        for part, node, mark in zip(
            wide.layout.parts(wide(operands)), form.body.outputs, marks[form.fixed :], strict=True
        )
    ]
    joined = form.layout.joined(parts, lead)
    assert joined is not None
    return joined


def _until_all(lead: tuple[int, ...], form: While, marks: Marks) -> While:
    """Return the loop that goes on while one of many points does; the others keep their values."""
    wide_test = batched(form.test, lead, marks, [True])
    wide_body = batched(form.body, lead, marks, [True] * form.carries)
    tester, stepper = Builder(), Builder()
    given = [tester.input(*node.attrs) for node in wide_test.inputs]
    going = inlined(wide_test, given)[0]
    any_going = OPS["max"](going, axes=tuple(range(len(lead))))
    given = [stepper.input(*node.attrs) for node in wide_body.inputs]
    going = inlined(wide_test, given)[0]
    outputs = []
    for old, new in zip(given[form.fixed :], inlined(wide_body, given), strict=True):
        condition = reshape_to(going, lead + (1,) * (new.ndim - len(lead)))
        made = OPS["where"](condition, new, old)
        assert isinstance(made, Value)
        outputs.append(made)
    assert isinstance(any_going, Value)
    return While(
        form.carries,
        flat_graph(tester, form.test.name, [any_going]),
        flat_graph(stepper, form.body.name, outputs),
    )


def _refit(args: Sequence[Operand], attrs: Attrs) -> Operand:
    """The loop on operands of other dtypes; what is carried is promoted until it stays."""
    form = While(*attrs)
    fixed, carried = list(args[: form.fixed]), list(args[form.fixed :])
    types = [arg.type for arg in carried]
    while True:
        given = [arg.type for arg in fixed] + types
        body = retype(form.body, given)
        wider = [
            make_type(type.shape, np.result_type(type.dtype, node.type.dtype))
            for type, node in zip(types, body.outputs, strict=True)
        ]
        if wider == types:
            break
        types = wider
    builder = Builder()
    fresh = copy_nodes(builder, body)
    outputs = []
    for node, type in zip(body.outputs, types, strict=True):
        made = converted(builder.value(fresh[node.id]), type.dtype)
        assert isinstance(made, Value)
        outputs.append(made)
    begun = [converted(arg, type.dtype) for arg, type in zip(carried, types, strict=True)]
    graph = flat_graph(builder, body.name, outputs)
    return While(form.carries, retype(form.test, given), graph)([*fixed, *begun])


def _expand(*args: object) -> NoReturn:
    raise PassError(
        "a while_loop takes as many steps as its values ask for, so it is not made of scalars; "
        "keep the array graph, or give max_steps"
    )


# --- the op --------------------------------------------------------------------------------------


def _sample() -> While:
    """Return the loop of the samples: three steps of a recurrence, and a counter."""
    tester, stepper = Builder(), Builder()
    for builder in (tester, stepper):
        builder.input("x", FLOAT64)
        builder.input("y", FLOAT64)
        builder.input("n", _INTEGER)
    _, _, n = (tester.value(node) for node in tester.nodes)
    tested = OPS["less"](n, 3)
    x, y, n = (stepper.value(node) for node in stepper.nodes)
    outputs = [OPS["sin"](x * y), n + 1]
    assert isinstance(tested, Value)
    return While(
        2,
        flat_graph(tester, "test", [tested]),
        flat_graph(stepper, "step", [item for item in outputs if isinstance(item, Value)]),
    )


while_loop = OPS.enter(
    Op(
        "while_loop",
        _infer,
        partial(_interpret, program_of),
        attrs=While._fields,
        arity=None,
        jvp=_jvp,
        transpose=_transpose,
        batch=_batch,
        cost=_cost,
        interpret=_interpret,
        refit=_refit,
        expand=_expand,
        samples=(Sample(((), (), ()), attrs=_sample(), constants={2: np.array(0, np.int16)}),),
        identity="a graph applied for as long as another one says so",
    )
)
