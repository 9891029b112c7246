"""What the planner gives: the graph that runs, in a layout, and why it was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from graphad.cost import Cost, cost
from graphad.errors import DerivativeError
from graphad.ir import map_tree
from graphad.op import Array
from graphad.planning.candidates import Candidate
from graphad.planning.compiling import compiled_form, compiled_plan
from graphad.planning.layouts import (
    Layout,
    packed_shapes,
    sparse_array,
    spread_distinct,
    unpacked,
)
from graphad.planning.table import table
from graphad.planning.target import Target
from graphad.structures import values_in

FORMS = {
    "scalars": "scalar machine code",
    "arrays": "array machine code",
    "interpreted": "interpreted",
}
"""What a graph is compiled to, in words."""


class Plan:
    """How a derivative will be computed: the least costly of several ways.

    Plans come from `Graph.plan`.

    Parameters
    ----------
    target : Target
        What is asked for.
    layout : Layout
        The winner's graph, laid out.
    winner : Candidate
        The way that was taken.
    candidates : sequence of Candidate
        All ways that were looked at, the winner among them.
    reason : str
        Why the winner won.

    Examples
    --------
    >>> import numpy as np, graphad as ga
    >>> g = ga.trace(lambda x: x[0] * x[1] * x[2], np.zeros(3))
    >>> plan = g.diff(order=2).plan(layout="packed")
    >>> plan(np.array([2.0, 3.0, 5.0])).tolist()
    [0.0, 5.0, 3.0, 0.0, 2.0, 0.0]
    >>> plan.cost().total
    0
    """

    def __init__(
        self,
        target: Target,
        layout: Layout,
        winner: Candidate,
        candidates: Sequence[Candidate],
        reason: str,
    ) -> None:
        self.target = target
        self._layout = layout
        self.winner = winner
        self.candidates = tuple(candidates)
        self.reason = reason

    @property
    def graph(self) -> Any:
        """The graph that runs: printable, drawable, callable."""
        return self._layout.graph

    @property
    def strategy(self) -> str:
        """Name of the way that was taken."""
        return self.winner.name

    @property
    def layout(self) -> str:
        """In what form values are given."""
        return self._layout.name

    def cost(self) -> Cost:
        """Count the operations of what runs, by the rule of `graphad.cost`."""
        return cost(self.graph)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate, and give the result in the plan's layout.

        Returns
        -------
        numpy.ndarray, or nested tuples of them
            For ``dense``, ``packed``, ``distinct`` and listed entries. Leading axes of arguments
            are a batch.
        scipy.sparse array
            For ``coo`` and ``csr``; a tuple of values and coordinates where SciPy has no such
            array.

        Raises
        ------
        InputError
            If arguments do not fit, or a batch is asked for in a sparse layout.
        """
        return self.read(self.graph(*args, **kwargs))

    def compile(self, opt: int | str = "auto") -> Any:
        """Return machine code for the graph of this plan; see `Graph.compile`.

        Returns
        -------
        Compiled
            For dense, packed and distinct layouts and for entries.
        CompiledPlan
            For sparse ones: it gives SciPy's arrays.
        Interpreted
            Where the graph is too large for machine code, or not of double precision.
        """
        return compiled_plan(self, opt)

    def read(self, result: Any) -> Any:
        """Return what the graph gave in the plan's layout: values and coordinates put together."""
        if not self._layout.sparse:
            return result
        made = []
        for values, where in zip(values_in(result), self._layout.sparse, strict=True):
            if np.ndim(values) != 1:
                raise DerivativeError(
                    f'the layout "{self.layout}" takes one point at a time: call it for each, or '
                    'ask for "packed" or "distinct"'
                )
            made.append(sparse_array(np.asarray(values), where, self.layout))
        return map_tree(self.target.tree, made)

    def unpack(self, values: Any) -> Any:
        """Return the dense derivative from what a plan of layout packed or distinct gave.

        Parameters
        ----------
        values : numpy.ndarray, or nested tuples of them
            What calling the plan gave; leading axes are a batch.

        Returns
        -------
        numpy.ndarray, or nested tuples of them
            As the derivative graph nests them.

        Raises
        ------
        DerivativeError
            If the plan has another layout.
        """
        target = self.target
        if self.layout not in {"packed", "distinct"}:
            raise DerivativeError(
                f'unpack is for the layouts "packed" and "distinct"; this plan gives {self.layout}'
            )
        parts = values_in(values)
        if self.layout == "distinct":
            parts = self._packed_parts(np.asarray(parts[0]))
        made = [unpacked(target, np.asarray(parts[block.output]), block) for block in target.blocks]
        return map_tree(target.tree, made)

    def _packed_parts(self, values: Array) -> list[Array]:
        distinct = self._layout.distinct
        assert distinct is not None
        whole = spread_distinct(distinct, values)
        parts, start = [], 0
        for shape in packed_shapes(self.target):
            size = prod(shape)
            parts.append(whole[..., start : start + size].reshape((*values.shape[:-1], *shape)))
            start += size
        return parts

    @property
    def index_map(self) -> tuple[Array, Array]:
        """Position and sign of the distinct value of each packed entry; sign 0 is a zero.

        Raises
        ------
        DerivativeError
            If the layout is not ``distinct``.
        """
        distinct = self._layout.distinct
        if distinct is None:
            raise DerivativeError('only the layout "distinct" has an index map')
        return distinct.position, distinct.sign

    def explain(self, analyze: bool = False, at: Any = None) -> str:
        """Say which ways there were, what each costs, and why one was taken.

        The last line says what `compile` will make of it: scalar machine code, array machine code,
        or nothing, so that NumPy evaluates the graph.

        Parameters
        ----------
        analyze : bool
            Whether to run each candidate, and add the time of a call in the interpreter.
        at : array_like or tuple of array_like, optional
            The point to run at; numbers between 0.3 and 0.7 if not given.
        """
        target, name = self.target, self.layout
        shown = table(target, name, self.candidates, self.winner, self.reason, analyze, at)
        return f"{shown}\n{evaluation(self.graph)}"

    def __str__(self) -> str:
        return self.explain()

    def __repr__(self) -> str:
        return (
            f"<plan of order {self.target.order} of {self.target.base.name}: {self.strategy}, "
            f"{self.layout}, {self.cost().total:,} operations>"
        )


def evaluation(graph: Any) -> str:
    """Say what `Plan.compile` makes of a graph, and why; nothing is compiled.

    Examples
    --------
    >>> import numpy as np, graphad as ga
    >>> evaluation(ga.trace(lambda x: x * x, np.zeros(3)))
    'evaluation: scalar machine code: 3 operations are written out one by one'
    """
    kind, reason = compiled_form(graph)
    return f"evaluation: {FORMS[kind]}: {reason}"
