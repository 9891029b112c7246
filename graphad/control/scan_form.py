"""What a scan is: its attributes, its type rule, and its evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from graphad.control.bodies import Marks, settled
from graphad.control.layout import Layout, stacked
from graphad.cost import operations
from graphad.errors import TypeRuleError
from graphad.ir import Graph
from graphad.op import OPS, Array, Attrs, Operand
from graphad.types import Type, make_type


class Scan(NamedTuple):
    """Attributes of a scan.

    The inputs of `body` are fixed values, then what is carried from step to step, then slices. Its
    outputs are what is carried on, then results of the step. The op takes the fixed values, the
    first carried values, and arrays whose rows are the slices; it gives the last carried values,
    the results of all steps as rows of arrays, and with `history` the values that came into each
    step.
    """

    carries: int
    slices: int
    length: int
    reverse: bool
    history: bool
    body: Graph

    @property
    def fixed(self) -> int:
        """How many inputs of the body are the same at each step."""
        return len(self.body.inputs) - self.carries - self.slices

    @property
    def carried(self) -> list[Type]:
        """Types of what is carried."""
        nodes = self.body.inputs[self.fixed : self.fixed + self.carries]
        return [node.type for node in nodes]

    @property
    def layout(self) -> Layout:
        """How results lie in the value of the op."""
        own = self.body.outputs[self.carries :]
        types = self.carried + [stacked(node.type, self.length) for node in own]
        if self.history:
            types += [stacked(type, self.length) for type in self.carried]
        return Layout(types)

    def __call__(self, args: Sequence[Operand | Array]) -> Operand:
        """Emit the op."""
        return OPS["scan"](*args, **self._asdict())

    def settled(self, marks: Marks, reach: Callable[..., list[bool]]) -> Any:
        """Return marks of inputs and outputs of the body, round the loop."""
        found = partial(reach, self.body)
        return settled(marks, self.fixed, self.carries, found)

    def split(self, items: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """Return what belongs to fixed inputs, carried ones, and slices."""
        first, last = self.fixed, self.fixed + self.carries
        return list(items[:first]), list(items[first:last]), list(items[last:])


# --- types and values ----------------------------------------------------------------------------


def infer(types: Sequence[Type], attrs: Attrs) -> Type:
    """Return the type of a scan's value, and refuse a body that does not fit."""
    form = Scan(*attrs)
    body = form.body
    counts = (form.carries, form.slices, form.length, form.fixed)
    if min(counts) < 0 or len(body.outputs) < form.carries or not body.outputs:
        raise TypeRuleError(
            f"scan of {form.carries} carried values and {form.slices} slices does not fit {body!r}"
        )
    _, _, rows = form.split(body.inputs)
    first = len(body.inputs) - len(rows)
    expected = [node.type for node in body.inputs[:first]]
    expected += [stacked(node.type, form.length) for node in rows]
    if list(types) != expected:
        raise TypeRuleError(
            f"scan takes {', '.join(map(str, expected))}, not {', '.join(map(str, types))}"
        )
    for given, node in zip(form.carried, body.outputs, strict=False):
        if given != node.type:
            raise TypeRuleError(f"the body of a scan carries {given}, and gives {node.type}")
    return form.layout.type


def interpret(program: Callable[[Graph], Any], *args: Any) -> Array:
    """Return the value of a scan, step by step."""
    form = Scan(*args[-6:])
    fixed, carried, rows = form.split(args[:-6])
    step = program(form.body)
    outputs = form.body.outputs[form.carries :]
    kept = [np.asarray(array) for array in carried] if form.history else []
    buffers: list[Any] = []
    order = range(form.length)
    for i in reversed(order) if form.reverse else order:
        results = step(*fixed, *carried, *[row[i] for row in rows])
        stored = results[form.carries :] + (list(carried) if form.history else [])
        if not buffers:
            buffers = [_buffer(form.length, result) for result in stored]
        for buffer, result in zip(buffers, stored, strict=True):
            buffer[i, ...] = result
        carried = results[: form.carries]
    if not form.length:
        types = [node.type for node in outputs] + [make_type(x.shape, x.dtype) for x in kept]
        buffers = [np.empty((0, *type.shape), type.dtype) for type in types]
    return form.layout.packed([*carried, *buffers])


def _buffer(length: int, row: Any) -> Array:
    array = np.asarray(row)
    return np.empty((length, *array.shape), array.dtype)


def cost(types: Sequence[Type], out: Type, attrs: Attrs) -> int:
    """Return the operations of all steps."""
    form = Scan(*attrs)
    return form.length * operations(form.body)
