"""A scan of many points at once, of other dtypes, and written out step by step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphad.builder import Builder, Value, copy_nodes
from graphad.constant import Span
from graphad.control.bodies import batched, dependent, flat_graph, inlined
from graphad.control.layout import axis_behind, axis_first, converted, spread_to
from graphad.control.scan_form import Scan
from graphad.cost import operations
from graphad.errors import PassError
from graphad.evaluate.retyping import retype
from graphad.op import OPS, Attrs, Operand
from graphad.ops.factories import reshape_to
from graphad.ops.slicing import full_span
from graphad.types import Type, make_type

UNROLLED = 5_000
"""Most operations that a loop becomes when it is written out step by step."""


def batch(
    lead: tuple[int, ...], args: Sequence[Operand], flags: Sequence[bool], attrs: Attrs
) -> Operand:
    """Return the scan with leading axes on some operands: of bodies with such axes."""
    form = Scan(*attrs)
    depth = len(lead)
    marks, wanted = form.settled(flags, dependent)
    body = batched(form.body, lead, marks, wanted)
    fixed, carried, rows = form.split(range(len(args)))
    operands = [args[i] for i in fixed]
    for i in carried:
        type = form.body.inputs[i].type
        operands.append(spread_to(args[i], lead, type, flags[i]) if marks[i] else args[i])
    operands += [axis_first(args[i], depth) if flags[i] else args[i] for i in rows]
    wide = form._replace(body=body)
    made = wide(operands)
    parts = wide.layout.parts(made)
    marked = [*wanted, *[marks[i] for i in carried]]
    found: list[Operand | None] = []
    for n, (part, type) in enumerate(zip(parts, form.layout.types, strict=True)):
        if marked[n] and n >= form.carries:
            part = axis_behind(part, depth)
        found.append(spread_to(part, lead, type, marked[n]))
    joined = form.layout.joined(found, lead)
    assert joined is not None
    return joined


def refit(args: Sequence[Operand], attrs: Attrs) -> Operand:
    """The scan on operands of other dtypes; what is carried is promoted until it stays."""
    form = Scan(*attrs)
    fixed, carried, rows = form.split(args)
    types = [arg.type for arg in carried]
    while True:
        given = [arg.type for arg in fixed] + types
        given += [arg.type.with_shape(arg.shape[1:]) for arg in rows]
        body = retype(form.body, given)
        wider = [
            make_type(type.shape, np.result_type(type.dtype, node.type.dtype))
            for type, node in zip(types, body.outputs, strict=False)
        ]
        if wider == types:
            break
        types = wider
    begun = [converted(arg, type.dtype) for arg, type in zip(carried, types, strict=True)]
    outputs: list[Value] = []
    builder = Builder()
    fresh = copy_nodes(builder, body)
    for n, node in enumerate(body.outputs):
        out = builder.value(fresh[node.id])
        made = converted(out, types[n].dtype) if n < form.carries else out
        assert isinstance(made, Value)
        outputs.append(made)
    body = flat_graph(builder, body.name, outputs)
    return form._replace(body=body)([*fixed, *begun, *rows])


def expand(args: Sequence[Operand], attrs: Attrs) -> Operand:
    """Each step written out.

    Raises
    ------
    PassError
        If there would be too many operations.
    """
    form = Scan(*attrs)
    count = form.length * (operations(form.body) + 1)
    if count > UNROLLED:
        raise PassError(
            f"a scan of {form.length:,} steps would be {count:,} operations written out, more than "
            f"{UNROLLED:,}; keep the array graph, which takes it step by step"
        )
    fixed, carried, rows = form.split(args)
    results: list[list[Operand]] = [[] for _ in form.body.outputs[form.carries :]]
    kept: list[list[Operand]] = [[] for _ in carried]
    order = range(form.length)
    for i in reversed(order) if form.reverse else order:
        slices = [_row(row, i) for row in rows]
        for held, item in zip(kept, carried, strict=True):
            held.append(item)
        outputs = inlined(form.body, [*fixed, *carried, *slices])
        carried = outputs[: form.carries]
        for held, item in zip(results, outputs[form.carries :], strict=True):
            held.append(item)
    lists = results + (kept if form.history else [])
    types = form.layout.types[form.carries :]
    parts: list[Operand | None] = list(carried)
    for items, type in zip(lists, types, strict=True):
        ordered = items[::-1] if form.reverse else items
        parts.append(_rows_joined(ordered, type))
    joined = form.layout.joined(parts)
    if joined is None:  # no step, and nothing carried
        first = args[0]
        assert isinstance(first, Value)
        return first.builder.constant(np.zeros(form.layout.type.shape, form.layout.dtype))
    return joined


def _rows_joined(items: list[Operand], type: Type) -> Operand | None:
    if not items:
        return None
    if type.ndim == 1:
        return OPS["pack"](*items, shape=type.shape)
    return OPS["concatenate"](*[reshape_to(item, (1, *item.shape)) for item in items], axis=0)


def _row(rows: Operand, i: int) -> Operand:
    """Return one row of an array."""
    if rows.ndim == 1:
        return OPS["element"](rows, index=(i,))
    spans = (Span(i, i + 1, 1), *map(full_span, rows.shape[1:]))
    return reshape_to(OPS["slice"](rows, spans=spans), rows.shape[1:])
