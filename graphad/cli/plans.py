"""The commands about plans of derivatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from graphad.cli.files import function_or_graph, write_text
from graphad.cli.output import table, write, writes_graph
from graphad.cli.sources import listed_inputs, traced
from graphad.cli.values import Points, arguments, once, value_lines
from graphad.errors import InputError
from graphad.ir import Tree
from graphad.op import Array
from graphad.planning import STRATEGIES, Plan


def run_plan(options: Any) -> None:
    """Plan a derivative, and write what ways there are, the graph that runs, or its values."""
    if not options.order and options.wrt is not None:
        raise InputError("--wrt says how to differentiate; say how often with --order 1")
    points = once(options.at, "--at")
    entries = listed_entries(options.entries)
    with function_or_graph(options.function) as function:
        base = traced(function, once(options.shape, "--shape"), options.dtype, points)
        at = arguments(base, points) if points else None
        plan = base.diff(listed_inputs(options.wrt), order=options.order).plan(
            options.layout,
            options.mode,
            entries,
            seconds=options.seconds,
            nodes=options.nodes,
            memory=options.memory,
        )
    told = plan.explain(options.analyze, at)
    lines = plan_lines(plan, points) if points and not options.analyze else None
    if options.emit != "stats" and (options.analyze or not (points or writes_graph(options))):
        lines = iter(told.splitlines())
    write(options, plan.graph, told, lines)


def list_strategies(options: Any) -> None:
    """Print name and summary of each strategy, and at which orders it is tried."""
    head = ("strategy", "tried at order", "what it does")
    rows = []
    for name, strategy in STRATEGIES.items():
        first, last = strategy.lowest, strategy.highest
        orders = f"{first}" if first == last else f"from {first} on" if first > 1 else "any"
        rows.append((name, orders, strategy.summary))
    write_text(table([head, *rows]))


def listed_entries(
    given: Sequence[str | list[tuple[int, ...]]] | None,
) -> str | list[tuple[int, ...]] | None:
    """Return the entries of all ``--entries``.

    Raises
    ------
    InputError
        If the diagonal is one of several.
    """
    if given is None:
        return None
    found: list[tuple[int, ...]] = []
    for part in given:
        if isinstance(part, str):
            if len(given) > 1:
                raise InputError(f"--entries {part} stands alone; give indices, or only that")
            return part
        found.extend(part)
    return found


def plan_lines(plan: Plan, points: Points) -> Iterator[str]:
    """Yield lines with the values of a plan in its layout; sparse ones with an index each.

    Raises
    ------
    InputError
        If the points are not those of the graph's inputs.
    DerivativeError
        If there are several points, and the layout is sparse.
    """
    if plan.layout not in {"coo", "csr"}:
        yield from value_lines(plan.graph, points)
        return
    result = plan(*arguments(plan.graph, points))
    for place, values, coordinates in sparse_parts(plan.target.tree, result):
        if not len(values):
            yield f"out{place} = 0" + (" everywhere" if coordinates else "")
        for value, *index in zip(values, *coordinates, strict=True):
            at = f"[{', '.join(map(str, index))}]" if index else ""
            yield f"out{place}{at} = {value}"


def sparse_parts(tree: Tree, result: Any) -> Iterator[tuple[str, Array, tuple[Array, ...]]]:
    """Yield place, values and coordinates of each array of a sparse result."""
    stack = [("", tree, result)]
    while stack:
        place, tree, item = stack.pop()
        if isinstance(tree, tuple):
            parts = [(f"{place}[{i}]", tree[i], part) for i, part in enumerate(item)]
            stack.extend(reversed(parts))
        elif isinstance(item, tuple):  # numbers, and arrays that SciPy has no type for
            yield place, *item
        else:
            made = item.tocoo()
            axes = made.coords if hasattr(made, "coords") else (made.row, made.col)
            yield place, made.data, axes
