"""Several orders of a derivative at once, sharing what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphad.builder import Builder, copy_nodes, paused_gc
from graphad.cost import operations
from graphad.errors import DerivativeError, GraphadError
from graphad.ir import Tree
from graphad.op import Operand
from graphad.ops import OPS
from graphad.passes.jvp import shifted
from graphad.passes.pipeline import OPTIMIZE, Pipeline
from graphad.planning.candidates import derived, estimate
from graphad.planning.finishing import Draft, draft_of, finish_all
from graphad.planning.gathering import gathered
from graphad.planning.layouts import arranged, check_layout
from graphad.planning.planner import MEMORY, check_size
from graphad.planning.strategies import STRATEGIES, Strategy
from graphad.planning.target import Target
from graphad.planning.worth import Effort, weight

ONE = ("taylor",)
"""The strategy for functions of one variable."""
FEW, HIGHEST = 2_000, 3
"""Arrays are looked at from so many operations of the function on, and up to this order; others
only if scalars do not do."""
WAYS = ("compose", "edge-pushing", "multivariate")
"""Strategies that are tried: those that derive all orders by what lower ones are made of."""
LAYOUTS = ("dense", "packed", "distinct")


def joint_graph(targets: Sequence[Target], layout: str) -> Any:
    """Return the graph of derivatives of several orders, a tuple of them, in a layout.

    Each way derives all orders into one graph, where they share; the cheapest is taken. Where no
    way at scalar grain can pay, or none leads there, it is the derivatives at array grain.

    Parameters
    ----------
    targets : sequence of Target
        One for each order, of one function.
    layout : {"dense", "packed", "distinct"}
        Of each.

    Raises
    ------
    DerivativeError
        If there is no order, a layout does not fit, a result would be too large, or no way leads
        there.
    """
    if layout not in LAYOUTS:
        raise DerivativeError(
            f'several orders at once come in the layouts {", ".join(LAYOUTS)}, and not "{layout}"'
        )
    if not targets:
        raise DerivativeError("orders= names no order; write orders=(0, 1, 2), say")
    for target in targets:
        check_layout(target, layout)
        check_size(target, layout, MEMORY)
    joined = None
    if layout != "distinct" and _looks_large(targets):
        joined = joined_arrays(targets, layout)
    drafts, note = _drafts(targets, None if joined is None else operations(joined))
    if layout != "distinct" and joined is None and not drafts:
        joined = joined_arrays(targets, layout)
    with paused_gc():
        found = [item for item in finish_all(drafts) if item.graph is not None]
    if found:
        best = min(found, key=lambda item: item.operations)
        if joined is None or weight(best.operations, len(best.graph.nodes)) <= operations(joined):
            return _laid_out(best.graph, targets, layout)
    if joined is None:
        orders = ", ".join(str(target.order) for target in targets)
        raise DerivativeError(
            f"the orders {orders} of {targets[0].base.name} at once have no form in the layout "
            f'"{layout}": {note}; ask for the layout "dense" or "packed"'
        )
    return joined


def _looks_large(targets: Sequence[Target]) -> bool:
    """Whether arrays are looked at first: of large functions, and orders that arrays serve."""
    highest = max([target.order for target in targets], default=0)
    return highest <= HIGHEST and operations(targets[0].base) > FEW


def _drafts(targets: Sequence[Target], arrays: int | None) -> tuple[list[Draft], str]:
    """Return what the ways at scalar grain derive; or none, and why.

    Parameters
    ----------
    targets : sequence of Target
        One for each order.
    arrays : int, optional
        Operations of the graph of arrays.
    """
    base = targets[0].base
    effort = Effort(base, targets[0].rows, arrays)
    note = effort.against_function()
    if note:
        return [], note
    try:
        size = sum([estimate(target, target.needed()) for target in targets])
    except GraphadError as error:
        return [], str(error)
    note = effort.against_scalars(size)
    if note:
        return [], note
    single = all(target.variables <= 1 for target in targets)
    drafts: list[Draft] = []
    for strategy in effort.in_order([STRATEGIES[n] for n in (ONE if single else WAYS)], size):
        reason = effort.against(strategy, size, [draft.raw for draft in drafts])
        if reason:
            note = reason
            continue
        limit = effort.most([len(draft.graph.nodes) for draft in drafts])
        try:
            draft = draft_of(_derived(targets, strategy, limit))
        except GraphadError as error:
            note = str(error)
            effort.spend(limit if strategy.bounded else 0)
            continue
        drafts.append(draft)
        effort.spend(len(draft.graph.nodes))
    return drafts, note


def joined_arrays(targets: Sequence[Target], layout: str) -> Any:
    """Return the graph of several derivatives at array grain, a tuple of them, sharing values.

    Parameters
    ----------
    targets : sequence of Target
        One for each order, of one function.
    layout : {"dense", "packed"}
        Of each.
    """
    builder = Builder()
    base: Any = targets[0].base
    by_order, latest = {}, base
    for order in range(max([target.order for target in targets]) + 1):
        latest = latest.diff() if order else base
        by_order[order] = latest
    given = {node.attrs[0]: builder.input(*node.attrs).node for node in base.inputs}
    outputs: list[Operand] = []
    trees: list[Tree] = []
    with paused_gc():
        for target in targets:
            graph = by_order[target.order]
            if layout == "packed":
                graph = gathered(graph, target, target.needed(), packed=True)
            bound = {node.id: given[node.attrs[0]] for node in graph.inputs}
            fresh = copy_nodes(builder, graph, given=bound)
            trees.append(shifted(graph.tree, len(outputs)))
            outputs.extend(builder.value(fresh[node.id]) for node in graph.outputs)
        made = builder.finish(base.name, outputs, tuple(trees), make=type(base))
        return Pipeline(OPTIMIZE)(made)


def _derived(targets: Sequence[Target], strategy: Strategy, limit: float) -> Any:
    """Derive all orders in one way, as one vector of entries."""
    builder = Builder()
    base = targets[0].base
    given = {node.attrs[0]: builder.input(*node.attrs).node for node in base.inputs}
    values: list[Operand] = []
    with paused_gc():
        for target in targets:
            made = derived(strategy, target, target.needed(), limit).graph
            bound = {node.id: given[node.attrs[0]] for node in made.inputs}
            fresh = copy_nodes(builder, made, given=bound)
            (packed,) = made.outputs
            values.extend(builder.value(fresh[node.id]) for node in packed.inputs)
        whole = OPS["pack"](*values, shape=(len(values),))
        return builder.finish(base.name, [whole], make=type(base))


def _laid_out(graph: Any, targets: Sequence[Target], layout: str) -> Any:
    """Lay each order out, and put them side by side."""
    builder = Builder()
    fresh = copy_nodes(builder, graph)
    (packed,) = graph.outputs
    values = [fresh[node.id] for node in packed.inputs]
    zero = builder.constant(packed.type.dtype.type(0))
    outputs: list[Operand] = []
    trees: list[Tree] = []
    start = 0
    for target in targets:
        entries = target.needed()
        given = dict(zip(entries, values[start : start + len(entries)], strict=True))
        laid = arranged(target, given, layout, zero)
        trees.append(shifted(laid.tree, len(outputs)))
        outputs.extend(laid.outputs)
        start += len(entries)
    made = builder.finish(graph.name, outputs, tuple(trees), make=type(graph))
    return Pipeline("schedule")(made)
