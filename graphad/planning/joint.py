"""Several orders of a derivative at once, sharing what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphad.builder import Builder, copy_nodes, paused_gc
from graphad.errors import DerivativeError, GraphadError
from graphad.ir import Tree
from graphad.op import Operand
from graphad.ops import OPS
from graphad.passes.jvp import shifted
from graphad.passes.pipeline import Pipeline
from graphad.planning.finishing import draft_of, finish_all
from graphad.planning.layouts import arranged, check_layout
from graphad.planning.planner import MEMORY, check_size
from graphad.planning.strategies import STRATEGIES
from graphad.planning.target import Target

WAYS = ("compose", "edge-pushing", "multivariate")
"""Strategies that are tried: those that derive all orders by what lower ones are made of."""
LAYOUTS = ("dense", "packed", "distinct")


def joint_graph(targets: Sequence[Target], layout: str) -> Any:
    """Return the graph of derivatives of several orders, a tuple of them, in a layout.

    Each way derives all orders into one graph, where they share; the cheapest is taken.

    Parameters
    ----------
    targets : sequence of Target
        One for each order, of one function.
    layout : {"dense", "packed", "distinct"}
        Of each.

    Raises
    ------
    DerivativeError
        If a layout does not fit, a result would be too large, or no way leads there.
    """
    if layout not in LAYOUTS:
        raise DerivativeError(
            f'several orders at once come in the layouts {", ".join(LAYOUTS)}, and not "{layout}"'
        )
    for target in targets:
        check_layout(target, layout)
        check_size(target, layout, MEMORY)
    drafts, notes = [], []
    single = all(target.variables <= 1 for target in targets)
    for name in ("taylor",) if single else WAYS:
        try:
            drafts.append(draft_of(_derived(targets, name)))
        except GraphadError as error:
            notes.append(f"{name}: {error}")
    if not drafts:
        raise DerivativeError(f"no way leads to these derivatives: {'; '.join(notes)}")
    with paused_gc():
        found = [item for item in finish_all(drafts) if item.graph is not None]
    return _laid_out(min(found, key=lambda item: item.operations).graph, targets, layout)


def _derived(targets: Sequence[Target], name: str) -> Any:
    """Derive all orders in one way, as one vector of entries."""
    builder = Builder()
    base = targets[0].base
    given = {node.attrs[0]: builder.input(*node.attrs).node for node in base.inputs}
    values: list[Operand] = []
    with paused_gc():
        for target in targets:
            derive = STRATEGIES[name].derive
            made = derive(base, target.order, target.wrt, target.needed()).graph
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
