"""Derivatives of a scan are scans: of tangents along the history, of cotangents back along it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphad.builder import Builder, Value, paused_gc
from graphad.control.bodies import (
    Marks,
    dependent,
    flat_graph,
    fresh_names,
    moved,
    node_marks,
    optimized,
    pushed,
    used_inputs,
    with_inputs,
    with_outputs,
)
from graphad.control.layout import filled
from graphad.control.scan_form import Scan
from graphad.errors import DerivativeError
from graphad.ir import CONST, Graph, Node
from graphad.op import OPS, Array, Attrs, Operand
from graphad.passes.jvp import zeros
from graphad.passes.transpose import copy_primal, pull_back
from graphad.types import Type


def _histories(out: Operand, args: Sequence[Operand], form: Scan) -> list[Operand]:
    """Return the values that each step was given, from a scan that keeps them."""
    kept = form._replace(history=True)
    full = out if form.history else kept(args)
    layout = kept.layout
    first = len(layout.types) - form.carries
    return [layout.part(full, first + i) for i in range(form.carries)]


def jvp(
    out: Operand, args: Sequence[Operand], tangents: Sequence[Operand | None], attrs: Attrs
) -> Operand | None:
    """Tangents are carried by a scan of their own, linear, along the history of the values."""
    form = Scan(*attrs)
    marks, wanted = form.settled([tangent is not None for tangent in tangents], moved)
    if not any(wanted):
        return None
    body = pushed(form.body, marks, wanted)
    count = len(form.body.inputs)
    place = iter(range(count, len(body.inputs)))
    of_tangent = [next(place) if mark else -1 for mark in marks]
    fixed, carried, rows = form.split(range(count))
    used = used_inputs(body)

    def both(positions: list[int]) -> list[int]:
        found = [i for i in positions if used[i]]
        return found + [of_tangent[i] for i in positions if marks[i] and used[of_tangent[i]]]

    moving = [of_tangent[i] for i in carried if marks[i]]
    history = [i for i in carried if used[i]]
    slices = history + both(rows)
    order = both(fixed) + moving + slices
    values: dict[int, Operand | Array] = dict(enumerate(args))
    for i, position in enumerate(of_tangent):
        if position >= 0:
            values[position] = filled(tangents[i], args[i].type)
    if history:
        before = _histories(out, args, form)
        values.update({i: before[i - form.fixed] for i in history})
    pushed_form = form._replace(
        carries=len(moving), slices=len(slices), body=with_inputs(body, order)
    )
    made = pushed_form([values[position] for position in order])
    if pushed_form.layout.types == form.layout.types:  # all results move
        return made
    parts = iter(pushed_form.layout.parts(made))
    found: list[Operand | None] = [next(parts) if want else None for want in wanted]
    if form.history:
        found += [next(parts) if marks[i] else None for i in carried]
    return form.layout.joined(found)


def transpose(
    cotangent: Operand, args: Sequence[Operand | None], types: Sequence[Type], attrs: Attrs
) -> Sequence[Operand | None]:
    """Cotangents are carried by a scan in the other direction, of the transposed body."""
    form = Scan(*attrs)
    marks, _ = form.settled([arg is None for arg in args], dependent)
    _check_linear(form, marks, args)
    fixed, carried, rows = form.split(range(len(marks)))
    shares = form.layout.shares(cotangent)
    last = [i for i in carried if marks[i]]
    linear_fixed = [i for i in fixed if marks[i]]
    values: dict[int, Operand] = {i: arg for i, arg in enumerate(args) if arg is not None}
    still = [i for i in carried if not marks[i]]
    if still:  # carried beside the linear ones, such as a counter
        values.update(_kept(form, still, values))
    body, sources = _pulled(form, marks, shares)
    operands: list[Operand | Array] = []
    for kind, i in sources:
        if kind == "value":
            operands.append(values[i])
        elif kind == "share":
            given = shares[i]
            assert given is not None
            operands.append(given)
        elif kind == "last":
            operands.append(filled(shares[i - form.fixed], types[i]))
        else:
            operands.append(np.zeros(types[i].shape, types[i].dtype))
    kinds = [kind for kind, _ in sources]
    carries = kinds.count("last") + kinds.count("sum")
    constant = sum(kind == "value" and i < form.fixed for kind, i in sources)
    slices = len(sources) - constant - carries
    pulled = Scan(carries, slices, form.length, not form.reverse, False, body)
    made = pulled(operands)
    parts = iter(pulled.layout.parts(made))
    found: list[Operand | None] = [None] * len(args)
    for i in (*last, *linear_fixed, *[i for i in rows if marks[i]]):
        found[i] = next(parts)
    return [part if arg is None else None for part, arg in zip(found, args, strict=True)]


def _check_linear(form: Scan, marks: Marks, args: Sequence[Operand | None]) -> None:
    """Refuse a linear carried value that begins with a number other than zero.

    Raises
    ------
    DerivativeError
        If there is one.
    """
    for i in range(form.fixed, form.fixed + form.carries):
        arg = args[i]
        if marks[i] and isinstance(arg, Value) and not is_zero(arg.node):
            raise DerivativeError(
                f"a scan carries {form.body.inputs[i].attrs[0]} on from {arg.node!r}, which is no "
                "zero, beside a linear operand; that is affine and not linear, so it has no "
                "transpose"
            )


def is_zero(node: Node) -> bool:
    """Return whether a node is a constant of zeros, or one repeated."""
    while node.op in (OPS["broadcast_to"], OPS["reshape"]):
        node = node.inputs[0]
    return node.op is CONST and not node.attrs[0].array.any()


def _kept(form: Scan, still: list[int], values: dict[int, Operand]) -> dict[int, Operand]:
    """Return the histories of carried values that no linear operand reaches."""
    places = [i - form.fixed for i in still]
    body = with_outputs(form.body, places)
    used = used_inputs(body)
    fixed, _, rows = form.split(range(len(used)))
    fixed = [i for i in fixed if used[i]]
    rows = [i for i in rows if used[i]]
    order = fixed + still + rows
    own = Scan(len(still), len(rows), form.length, form.reverse, True, with_inputs(body, order))
    made = own([values[i] for i in order])
    return {i: own.layout.part(made, len(still) + n) for n, i in enumerate(still)}


def _pulled(
    form: Scan, marks: Marks, shares: Sequence[Operand | None]
) -> tuple[Graph, list[tuple[str, int]]]:
    """Return the transposed body, and what its inputs are.

    Inputs: fixed values, cotangents that are carried, sums of cotangents of fixed linear values,
    values of each step, and cotangents that enter at each step.
    """
    body = form.body
    count = len(body.inputs)
    fixed, carried, rows = form.split(range(count))
    results = [n for n in range(form.carries, len(body.outputs)) if shares[n] is not None]
    first = len(body.outputs)
    kept = [
        first + i - form.fixed
        for i in carried
        if form.history and marks[i] and shares[first + i - form.fixed] is not None
    ]
    builder = Builder()
    with paused_gc():
        primals: dict[int, Node] = {}
        sources: list[tuple[str, int]] = []
        names = iter(fresh_names([f"ct{n}" for n in range(2 * count + first)], body.input_names))

        def value(i: int) -> None:
            node = body.inputs[i]
            primals[node.id] = builder.input(*node.attrs).node
            sources.append(("value", i))

        def entering(kind: str, i: int, type: Type) -> Value:
            sources.append((kind, i))
            return builder.input(next(names), type)

        for i in fixed:
            if not marks[i]:
                value(i)
        last = {i: entering("last", i, body.inputs[i].type) for i in carried if marks[i]}
        sums = {i: entering("sum", i, body.inputs[i].type) for i in fixed if marks[i]}
        for i in (*carried, *rows):
            if not marks[i]:
                value(i)
        given = [(body.outputs[i - form.fixed], ct) for i, ct in last.items()]
        given += [(body.outputs[n], entering("share", n, body.outputs[n].type)) for n in results]
        extra = {
            n - first + form.fixed: entering("share", n, form.carried[n - first]) for n in kept
        }
        linear = node_marks(body, marks)
        fresh = copy_primal(builder, body, linear, primals)
        pulled = pull_back(builder, body, linear, fresh, given)

        def total(i: int, more: Value | None) -> Value:
            own = pulled[body.inputs[i].id]
            if own is None:
                return zeros(builder, body.inputs[i].type) if more is None else more
            made = own if more is None else own + more
            assert isinstance(made, Value)
            return made

        outputs = [total(i, extra.get(i)) for i in last]
        outputs += [total(i, sums[i]) for i in sums]
        outputs += [total(i, None) for i in rows if marks[i]]
        made = optimized(flat_graph(builder, body.name, outputs))
    used = used_inputs(made)
    order = [n for n, (kind, _) in enumerate(sources) if used[n] or kind in ("last", "sum")]
    return with_inputs(made, order), [sources[n] for n in order]
