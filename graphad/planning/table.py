"""The table of a plan: every way, what it costs, and which one was taken."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphad.errors import DerivativeError
from graphad.planning.candidates import Candidate
from graphad.planning.target import Target

KINDS = {
    "add": ("add", "subtract", "sum", "cumsum"),
    "mul": ("multiply", "integer_power"),
    "div": ("divide", "reciprocal"),
}
REPEATS = 5
LONGEST = 80
LEGEND = "(live: values held at once; rays, cond: directions, and the condition of their system)"


def table(
    target: Target,
    layout: str,
    candidates: Sequence[Candidate],
    winner: Candidate,
    reason: str,
    analyze: bool = False,
    at: Any = None,
) -> str:
    """Return the table of candidates as text.

    Parameters
    ----------
    target : Target
        What is asked for.
    layout : str
        In what form.
    candidates : sequence of Candidate
        The rows.
    winner : Candidate
        The one that was taken.
    reason : str
        Why.
    analyze : bool
        Whether to run each candidate and add the time of a call.
    at : array_like or tuple of array_like, optional
        Where to run.
    """
    head = ["", "strategy", "grain", "nodes", "operations", "add", "mul", "div", "other"]
    head += ["depth", "live", "rays", "cond", "derive"]
    if analyze:
        head.append("call")
        point = _point(target, at)
    rows = [head]
    for item in candidates:
        mark = "*" if item is winner else ""
        if item.cost is None:
            rows.append([mark, item.name, item.grain, item.note])
            continue
        kinds = _kinds(item.cost.by_op)
        rows.append(
            [
                mark,
                item.name,
                item.grain,
                f"{item.cost.nodes:,}",
                f"{item.cost.total:,}",
                *[f"{count:,}" for count in kinds],
                f"{item.cost.depth:,}",
                f"{item.cost.peak_live:,}",
                f"{item.rays:,}" if item.rays else "",
                f"{item.condition:.3g}" if item.condition else "",
                _shown(item.seconds) if item.seconds else "",
            ]
        )
        if analyze:
            rows[-1].append(_shown(_measured(item.graph, point)))
    title = (
        f"order {target.order} of {target.base.name}: "
        f"{counted(target.variables, 'variable')}, "
        f"{counted(target.rows, 'output element')}, layout {layout}"
    )
    if target.order == 0:
        title = f"{target.base.name} itself: {counted(target.rows, 'output element')}, {layout}"
    details = [f"{winner.name}: {shortened(winner.detail)}"] if winner.detail else []
    return "\n".join([title, *_aligned(rows), reason, *details, LEGEND])


def shortened(text: str) -> str:
    """Return a text that fits into a line, cut if it is too long."""
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def counted(number: int, noun: str) -> str:
    """Return a number of things, one or several.

    Examples
    --------
    >>> counted(1, "variable"), counted(1200, "row")
    ('1 variable', '1,200 rows')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _kinds(by_op: dict[str, int]) -> list[int]:
    """Additions, multiplications, divisions and the rest."""
    found = [sum(by_op.get(name, 0) for name in names) for names in KINDS.values()]
    return [*found, sum(by_op.values()) - sum(found)]


def _shown(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{1e6 * seconds:.0f} µs"
    return f"{1e3 * seconds:.0f} ms" if seconds < 1.0 else f"{seconds:.1f} s"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Set columns, numbers to the right; a note fills what is left of its row."""
    full = [row for row in rows if len(row) > 4]
    widths = [max(len(row[i]) for row in full if i < len(row)) for i in range(len(rows[0]))]
    widths[1:3] = [max(len(row[i]) for row in rows) for i in (1, 2)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if i < 3 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        if len(row) <= 4:
            cells[3] = row[3]
        lines.append("  ".join(cells).rstrip())
    return lines


def _point(target: Target, at: Any) -> tuple[Any, ...]:
    """Return where to run: what was given, or numbers between 0.3 and 0.7.

    Raises
    ------
    DerivativeError
        If there is not one array for each input.
    """
    inputs = target.base.inputs
    if at is not None:
        given = at if isinstance(at, tuple) else (at,)
        if len(given) != len(inputs):
            raise DerivativeError(
                f"{target.base.name} has {len(inputs)} inputs, and at= gives {len(given)}; "
                "give a tuple of one array for each"
            )
        return given
    return tuple(
        [
            np.linspace(0.3, 0.7, node.type.size).reshape(node.type.shape).astype(node.type.dtype)
            for node in inputs
        ]
    )


def _measured(graph: Any, point: tuple[Any, ...]) -> float:
    """Return the least time of a few calls in the interpreter, in seconds."""
    best = float("inf")
    with np.errstate(all="ignore"):
        for _ in range(REPEATS):
            start = time.perf_counter()
            graph(*point)
            best = min(best, time.perf_counter() - start)
    return best
